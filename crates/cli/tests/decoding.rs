//! Files are looked at in another process. It may hang, break, or say what makes no sense: the file is kept all the same,
//! and the next one is looked at.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cli::decoder::COMMAND;
use cli::decoding::{Decoder, Unread};
use client::draft::{examine, unread};
use client::upload::Draft;

const PROGRAM: &str = env!("CARGO_BIN_EXE_healthbridge");

/// Long enough for any file here, on a machine that has other things to do.
const PATIENT: fn(usize) -> Duration = |_| Duration::from_mins(1);

/// Too short for what never comes to an end.
const SHORT: fn(usize) -> Duration = |_| Duration::from_secs(2);

/// The command's own decoder.
fn decoder(time: fn(usize) -> Duration) -> Decoder {
    Decoder::new(PROGRAM.into(), &[COMMAND], time)
}

async fn look(decoder: &Decoder, name: &str, content: &[u8]) -> (Draft, Option<Unread>) {
    decoder.examine(name, content, content.len() as u64, 7).await
}

/// Looks at a file, which comes out as it would here.
async fn look_well(decoder: &Decoder, name: &str, content: &[u8]) {
    let (draft, why) = look(decoder, name, content).await;
    let here = examine(name, content, content.len() as u64, 7);
    assert!(why.is_none() && draft.metadata == here.metadata, "{name}");
    assert!(
        (draft.fingerprint, draft.thumbnail, draft.text) == (here.fingerprint, here.thumbnail, here.text),
        "{name}"
    );
}

/// Looks at a file, of which only its name tells anything.
async fn look_in_vain(decoder: &Decoder, name: &str, content: &[u8]) -> Unread {
    let (draft, why) = look(decoder, name, content).await;
    let kept = unread(name, content, content.len() as u64, 7);
    assert!(draft.metadata == kept.metadata && draft.fingerprint == kept.fingerprint, "{name}");
    assert!(draft.thumbnail.is_none() && decoder.process().is_none(), "{name}");
    why.unwrap()
}

/// A document of a page with this on it, and more objects, from the sixth on.
fn document(content: &str, more: &[String]) -> Vec<u8> {
    let mut file = format!(
        "%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Count 1/Kids[3 0 R]>>\nendobj\n\
        3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 200]/Contents 4 0 R/Resources<</XObject<</F 6 0 R>>>>>>\nendobj\n\
        4 0 obj\n<</Length {}>>\nstream\n{content}\nendstream\nendobj\n5 0 obj\n<</Title(Discharge letter)>>\nendobj\n",
        content.len()
    );
    for (place, object) in more.iter().enumerate() {
        file += &format!("{} 0 obj\n{object}\nendobj\n", place + 6);
    }
    file += &format!("trailer\n<</Root 1 0 R/Info 5 0 R/Size {}>>\n%%EOF\n", more.len() + 6);
    file.into_bytes()
}

/// A document whose page draws a form eight times, which draws another one eight times, and so on: four million million
/// times nothing.
fn endless() -> Vec<u8> {
    const DEPTH: usize = 14;
    let draw = "/F Do ".repeat(8);
    let form = |level: usize| {
        let (content, resources) = if level + 1 < DEPTH {
            (draw.as_str(), format!("/Resources<</XObject<</F {} 0 R>>>>", level + 7))
        } else {
            ("n", String::new())
        };
        let length = content.len();
        format!(
            "<</Type/XObject/Subtype/Form/BBox[0 0 100 200]{resources}/Length {length}>>\nstream\n{content}\nendstream"
        )
    };
    document(&draw, &(0..DEPTH).map(form).collect::<Vec<_>>())
}

#[tokio::test]
async fn one_process_looks_at_many_files_as_the_command_itself_would() {
    let decoder = decoder(PATIENT);
    assert_eq!(decoder.process(), None, "it is started when it is needed");
    look_well(&decoder, "scan0001.pdf", &document("1 0 0 rg 0 0 50 50 re f", &[])).await;
    let (draft, _) = look(&decoder, "scan0001.pdf", &document("1 0 0 rg 0 0 50 50 re f", &[])).await;
    assert!(draft.metadata.title == "Discharge letter" && draft.thumbnail.is_some());
    let first = decoder.process();
    assert!(first.is_some());
    look_well(&decoder, "Letter 2026-11-03.txt", b"Dear Maya").await;
    look_well(&decoder, "empty", b"").await;
    look_well(&decoder, "large.bin", &vec![7; 3 << 20]).await;
    look_well(&decoder, "no picture.png", b"\x89PNG\r\n\x1A\nthis is no picture").await;
    assert_eq!(decoder.process(), first);
}

#[tokio::test]
async fn a_document_that_takes_for_ever_is_kept_and_the_next_one_looked_at() {
    let decoder = decoder(|bytes| Duration::from_secs(if bytes > 1000 { 2 } else { 60 }));
    look_well(&decoder, "Letter.txt", b"Dear Maya").await;
    let first = decoder.process();
    let endless = endless();
    assert!(endless.len() > 1000);
    assert_eq!(look_in_vain(&decoder, "Endless 2026-11-03.pdf", &endless).await, Unread::TooLong);
    look_well(&decoder, "Letter.txt", b"Dear Maya").await;
    assert_ne!(decoder.process(), first);
}

#[tokio::test]
async fn what_broke_over_an_earlier_file_is_no_fault_of_the_next() {
    let decoder = decoder(PATIENT);
    look_well(&decoder, "Letter.txt", b"Dear Maya").await;
    let first = decoder.process().unwrap();
    assert!(Command::new("/bin/sh").args(["-c", &format!("kill -KILL {first}")]).status().unwrap().success());
    look_well(&decoder, "Other.txt", b"Dear Ines").await;
    assert_ne!(decoder.process(), Some(first));
}

#[tokio::test]
async fn whatever_stands_in_for_a_decoder_the_file_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("note");
    for (what, script, why) in [
        ("hangs", "echo $$ > NOTE; exec sleep 60", Unread::TooLong),
        ("breaks", "exit 3", Unread::Broke),
        ("is killed", "kill -KILL $$", Unread::Broke),
        ("ends as if all were well", "exec cat > /dev/null < /dev/null", Unread::Broke),
        ("says more than it may", r"printf '\377\377\377\377'; exec cat > /dev/null", Unread::Broke),
        ("says less than it promised", r"printf '\000\000\000\010abc'", Unread::Broke),
        ("says nothing, at length", r"printf '\000\000\000\000'; exec cat > /dev/null", Unread::Broke),
        ("says what is no answer", r"printf '\000\000\000\004abcd'; exec cat > /dev/null", Unread::Broke),
        ("says what it was asked", "exec cat", Unread::Broke),
        ("says things without end", "exec cat /dev/zero", Unread::Broke),
    ] {
        let script = script.replace("NOTE", note.to_str().unwrap());
        let time = if why == Unread::TooLong { SHORT } else { PATIENT };
        let decoder = Decoder::new("/bin/sh".into(), &["-c", &script], time);
        assert_eq!(look_in_vain(&decoder, "Letter 2026-11-03.txt", b"Dear Maya").await, why, "{what}");
    }
    let pid = fs::read_to_string(note).unwrap();
    assert!(!Path::new("/proc").join(pid.trim()).exists(), "what hung is gone");
}

#[tokio::test]
async fn one_that_does_not_listen_holds_up_no_large_file() {
    let decoder = Decoder::new("/bin/sh".into(), &["-c", "exec sleep 60"], SHORT);
    assert_eq!(look_in_vain(&decoder, "large.bin", &vec![7; 4 << 20]).await, Unread::TooLong);
}

#[tokio::test]
async fn a_file_over_which_a_new_process_breaks_is_not_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("note");
    let script = format!("echo begun >> {}; exit 1", note.to_str().unwrap());
    let decoder = Decoder::new("/bin/sh".into(), &["-c", &script], PATIENT);
    assert_eq!(look_in_vain(&decoder, "Letter.txt", b"Dear Maya").await, Unread::Broke);
    assert_eq!(fs::read_to_string(&note).unwrap(), "begun\n");
    let nowhere = Decoder::new("/nowhere/at/all".into(), &[COMMAND], PATIENT);
    assert_eq!(look_in_vain(&nowhere, "Letter.txt", b"Dear Maya").await, Unread::Broke);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn it_is_told_nothing_but_the_file_and_may_take_no_more_than_it_needs() {
    let decoder = decoder(PATIENT);
    look_well(&decoder, "Letter.txt", b"Dear Maya").await;
    let about = Path::new("/proc").join(decoder.process().unwrap().to_string());
    assert_eq!(fs::read(about.join("environ")).unwrap(), b"", "no environment");
    let line = fs::read(about.join("cmdline")).unwrap();
    assert_eq!(line, format!("{PROGRAM}\0{COMMAND}\0").into_bytes(), "no file's name");
    let limits = fs::read_to_string(about.join("limits")).unwrap();
    let limit = |what: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(what)).unwrap();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(limit("Max address space"), ["2147483648", "2147483648", "bytes"]);
    assert_eq!(limit("Max core file size"), ["0", "0", "bytes"]);
}

#[test]
fn when_the_command_is_gone_its_decoder_ends_whatever_it_does() {
    let mut child = Command::new(PROGRAM)
        .arg(COMMAND)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let file = endless();
    // The question in CBOR: an array of the name and the size, which has two bytes.
    let mut ask = b"\x82\x65a.pdf\x19".to_vec();
    ask.extend(u16::try_from(file.len()).unwrap().to_be_bytes());
    let mut input = child.stdin.take().unwrap();
    for piece in [&ask, &file] {
        input.write_all(&u32::try_from(piece.len()).unwrap().to_be_bytes()).unwrap();
        input.write_all(piece).unwrap();
    }
    std::thread::sleep(Duration::from_millis(500));
    drop(input);
    #[expect(clippy::disallowed_methods, reason = "a process of its own knows no paused time")]
    let closed = Instant::now();
    while closed.elapsed() < Duration::from_secs(30) {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            let mut said = Vec::new();
            child.stdout.take().unwrap().read_to_end(&mut said).unwrap();
            assert!(said.is_empty(), "it was still at work");
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    panic!("it goes on although nobody waits for it");
}
