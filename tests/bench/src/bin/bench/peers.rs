//! The field's own engines as child programs (`tests/peers`; xtask puts together what they need). A peer gets the folder
//! of the forms, says `ready` when it has loaded them, and answers each row that it is asked for with one number, or
//! `-` where it does nothing of the kind. A peer that cannot be had is absent, with the reason.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tabara_support::{root, target};

pub struct Peer {
    pub name: &'static str,
    /// Why it cannot be asked.
    pub absent: Option<String>,
    child: Option<(Child, ChildStdin, BufReader<ChildStdout>)>,
}

/// All peers, each ready or absent. pyxform comes first: it writes the XForms of the others and brings JavaRosa's jar.
pub fn peers(folder: &Path) -> Vec<Peer> {
    let file = |path: &str| root().join(path).into_os_string();
    let start = |name, program: PathBuf, words: &[std::ffi::OsString]| {
        println!("starting {name}");
        Peer::start(name, Command::new(program).args(words).arg(folder))
    };
    let (pyxform, jar) =
        start("pyxform", target().join("venv/bin/python"), &[file("tests/bench/peers/pyxform_peer.py")]);
    let mut peers = vec![];
    for (name, program, words) in [
        ("JavaRosa", "java".into(), vec!["-cp".into(), jar.into(), file("tests/bench/peers/JavaRosa.java")]),
        ("web-forms", "node".into(), vec!["--expose-gc".into(), file("tests/bench/peers/web_forms.mjs")]),
        ("rxform/rxeval", target().join("peers/release/peers"), vec![]),
    ] {
        peers.push(match &pyxform.absent {
            None => start(name, program, &words).0,
            Some(_) => Peer { name, absent: Some("it needs the XForms that pyxform writes".into()), child: None },
        });
    }
    peers.insert(1, pyxform);
    peers
}

impl Peer {
    /// Starts a peer and waits until it is ready; with what it says besides.
    pub fn start(name: &'static str, command: &mut Command) -> (Self, String) {
        let absent = |why: String| (Self { name, absent: Some(why), child: None }, String::new());
        let mut child = match command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() {
            Ok(child) => child,
            Err(e) => return absent(format!("{}: {e}", command.get_program().to_string_lossy())),
        };
        let (asks, says) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let mut peer = Self { name, absent: None, child: Some((child, asks, BufReader::new(says))) };
        match peer.line() {
            Some(line) if line.starts_with("ready") => (peer, line[5..].trim().to_owned()),
            _ => absent(peer.last_words()),
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.child.as_mut()?.2.read_line(&mut line);
        read.is_ok_and(|bytes| bytes > 0).then(|| line.trim().to_owned())
    }

    /// What it wrote last before it ended.
    fn last_words(&mut self) -> String {
        let ended = self.child.take().and_then(|(child, asks, _)| {
            drop(asks);
            child.wait_with_output().ok()
        });
        let text = ended.map(|output| String::from_utf8_lossy(&output.stderr).into_owned()).unwrap_or_default();
        text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it ended without a word").trim().to_owned()
    }

    /// Its figure for a row: a median in microseconds, or MB; none where it has none.
    pub fn ask(&mut self, row: &str) -> Option<f64> {
        let (_, asks, _) = self.child.as_mut()?;
        let asked = writeln!(asks, "{row}").and_then(|()| asks.flush());
        let Some(line) = asked.ok().and_then(|()| self.line()) else {
            self.absent = Some(format!("it ended at {row}: {}", self.last_words()));
            return None;
        };
        if line != "-" && line.parse::<f64>().is_err() {
            println!("{} at {row}: {line}", self.name);
        }
        line.parse().ok()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Some((mut child, asks, _)) = self.child.take() {
            drop(asks);
            let _ = child.wait();
        }
    }
}
