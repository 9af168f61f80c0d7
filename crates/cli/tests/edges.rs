//! What the program says before it reaches a server: exit codes, and errors in one line on standard error.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};

fn healthbridge(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_healthbridge"));
    command.env_clear().envs(environment.iter().copied()).arg("--home").arg(home.path()).args(arguments);
    command.output().unwrap()
}

/// Port 9 of this machine discards; nothing listens there.
const NOWHERE: (&str, &str) = ("HEALTHBRIDGE_SERVER", "http://127.0.0.1:9");

#[test]
fn help_is_an_answer_and_a_wrong_word_is_not() {
    let help = healthbridge(&["--help"], &[]);
    assert!(help.status.success());
    let text = String::from_utf8(help.stdout).unwrap();
    for command in ["signup", "login", "upload", "list", "share", "revoke", "activity", "export", "verify", "demo"] {
        assert!(text.contains(command), "{command} in {text}");
    }
    assert!(!text.contains("decode"), "what the program asks itself is nobody else's: {text}");
    let wrong = healthbridge(&["frobnicate"], &[]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(wrong.stdout.is_empty() && !wrong.stderr.is_empty());
}

#[test]
fn a_missing_command_is_said_in_words() {
    for arguments in [&[][..], &["--json"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_healthbridge")).env_clear().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said, "healthbridge: a command is missing; see healthbridge --help\n");
    }
}

#[test]
fn every_failure_is_one_line_on_standard_error() {
    for arguments in [
        &["list"][..],
        &["verify"],
        &["upload", "/nowhere/at/all"],
        &["login", "--email", "maya@example.org"],
        &["show", "not-an-id"],
        &["share", "--all", "--with", "ito@example.org", "--until", "yesterday-ish"],
    ] {
        let output =
            healthbridge(arguments, &[NOWHERE, ("HEALTHBRIDGE_PASSWORD", "quiet otter paints seven lanterns")]);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.lines().count(), 1, "{arguments:?} said {said}");
        assert!(said.starts_with("healthbridge: "), "{said}");
        assert!(!said.contains("quiet otter"), "the password is never shown");
    }
}
