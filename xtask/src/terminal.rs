//! Running other programs: their output is shown as it comes, and kept where a suite reads its counts from it.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;

/// Cargo, the one that runs us.
pub fn cargo(words: &[&str]) -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), words)
}

/// Where cargo builds to (`CARGO_TARGET_DIR`), and where the tools of the suites lie.
pub fn target(inner: &str) -> String {
    let folder = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    folder.join(inner).to_string_lossy().into_owned()
}

/// Any other program.
pub fn program(name: &str, words: &[&str]) -> Command {
    command(name.into(), words)
}

/// Without what cargo told us about xtask: ring and all that needs it would be compiled again after each call without xtask.
fn command(name: OsString, words: &[&str]) -> Command {
    let mut command = Command::new(name);
    for (name, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|ours| name.to_string_lossy().starts_with(ours)) {
            command.env_remove(name);
        }
    }
    command.args(words);
    command
}

/// Runs a program and waits; its failure is an error that names it.
pub fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|e| format!("{}: {e}", name(command)))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed ({status})", name(command))) }
}

/// Runs a program, shows what it prints, and returns its lines.
pub fn run_and_read(command: &mut Command) -> (Vec<String>, Result<(), String>) {
    let name = name(command);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(e) => return (Vec::new(), Err(format!("{name}: {e}"))),
    };
    let (send, lines) = mpsc::channel();
    let pipes: [Option<Box<dyn Read + Send>>; 2] =
        [child.stdout.take().map(|p| Box::new(p) as _), child.stderr.take().map(|p| Box::new(p) as _)];
    for pipe in pipes.into_iter().flatten() {
        let send = send.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                println!("{line}");
                if send.send(line).is_err() {
                    break;
                }
            }
        });
    }
    drop(send);
    let lines: Vec<String> = lines.into_iter().collect();
    let result = match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{name}` failed ({status})")),
        Err(e) => Err(format!("{name}: {e}")),
    };
    (lines, result)
}

fn name(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.take(8).map(|w| w.to_string_lossy().into_owned()).collect();
    let program = words[0].rsplit('/').next().unwrap_or_default().to_owned();
    std::iter::once(program).chain(words[1..].iter().cloned()).collect::<Vec<_>>().join(" ")
}
