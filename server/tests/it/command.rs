//! The `healthbridge-server` command, from outside.

use std::path::Path;
use std::process::{Command, Output};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_healthbridge-server"));
    command.args(arguments).current_dir(folder).env_clear().output().unwrap()
}

#[test]
fn an_error_is_one_line_that_names_the_key() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("healthbridge.toml"), "public_url = 7").unwrap();
    let output = run(folder.path(), &["check-config"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(
        String::from_utf8(output.stderr).unwrap().trim_end(),
        @"healthbridge-server: `public_url` in the configuration file: expected a URL such as https://vault.example.org"
    );
}

#[test]
fn settings_that_can_be_used_are_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("other.toml"), "database = \"postgres://me:secret@db.example.org/vault\"")
        .unwrap();
    let output = run(folder.path(), &["check-config", "--config", "other.toml", "--data", "/nowhere/data"]);
    insta::assert_snapshot!(
        String::from_utf8(output.stdout).unwrap().trim_end(),
        @"All is well: http://localhost:3000 on 127.0.0.1:3000; secrets in /nowhere/data, database postgres://db.example.org/vault, blobs /nowhere/data/blobs"
    );
}

#[test]
fn migrating_makes_what_is_missing_and_may_be_repeated() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let output = run(folder.path(), &["migrate", "--data", "data"]);
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "The database is up to date.\n");
    }
    let data = folder.path().join("data");
    assert!(data.join("healthbridge.db").exists());
    assert_eq!(std::fs::metadata(data).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_server_without_its_site_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["serve", "--data", "data", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.starts_with("healthbridge-server: `site`: there is no target/site"), "{told}");
}
