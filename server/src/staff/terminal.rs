//! Secrets typed at a terminal, or given as the first line of the input.

use std::io::{self, Error, IsTerminal as _};
use std::path::Path;
use std::process::Command;
use zeroize::Zeroizing;

/// A secret: the first line of a file, what is typed unseen, or the first line of the input where that is no terminal.
pub fn secret(prompt: &str, file: Option<&Path>) -> io::Result<Zeroizing<String>> {
    if let Some(file) = file {
        let text = Zeroizing::new(std::fs::read_to_string(file)?);
        return Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()));
    }
    if io::stdin().is_terminal() { hidden_line(prompt) } else { input_line() }
}

/// A new secret: at a terminal it is typed twice.
pub fn new_secret(prompt: &str, again: &str) -> io::Result<Zeroizing<String>> {
    let first = secret(prompt, None)?;
    if io::stdin().is_terminal() && *first != *hidden_line(again)? {
        return Err(Error::other("the two differ: nothing was changed"));
    }
    Ok(first)
}

fn input_line() -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    io::stdin().read_line(&mut line)?;
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// A line typed on a terminal that does not echo it.
fn hidden_line(prompt: &str) -> io::Result<Zeroizing<String>> {
    let echo = |state| Command::new("stty").arg(state).status().is_ok_and(|status| status.success());
    eprint!("{prompt}");
    if !echo("-echo") {
        return Err(Error::other("the terminal would show it: give it as the first line of the input"));
    }
    let line = input_line();
    echo("echo");
    eprintln!();
    line
}
