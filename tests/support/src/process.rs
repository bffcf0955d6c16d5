//! A server as a process of its own, and what Linux tells of a process.

use std::fmt::Display;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A server on its own core, where `taskset` is; this program then keeps to the other. It ends when it is dropped.
pub struct ServerProcess(Child);

impl ServerProcess {
    pub fn start(binary: &Path, folder: &Path, listen: &str) -> Self {
        let pinned = Command::new("taskset").args(["-c", "0", "true"]).status().is_ok_and(|s| s.success());
        let mut command = if pinned { Command::new("taskset") } else { Command::new(binary) };
        if pinned {
            command.args(["-c", "0"]).arg(binary);
            let me = std::process::id().to_string();
            let _ = Command::new("taskset").args(["-a", "-p", "-c", "1", &me]).stdout(Stdio::null()).status();
        }
        command.arg("--data").arg(folder).args(["serve", "--listen", listen]);
        Self(command.stderr(Stdio::null()).spawn().expect("the server starts"))
    }

    /// Fails the run if it has ended.
    pub fn must_run(&mut self) {
        assert!(self.0.try_wait().is_ok_and(|ended| ended.is_none()), "the server has ended");
    }

    /// Resident bytes now.
    pub fn memory(&self) -> f64 {
        memory(self.0.id(), "VmRSS").expect("it runs")
    }

    /// The most resident bytes so far.
    pub fn most_memory(&self) -> f64 {
        memory(self.0.id(), "VmHWM").expect("it runs")
    }

    /// CPU seconds so far.
    pub fn cpu(&self) -> f64 {
        cpu(self.0.id(), 11)
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Bytes in a line of the status of a process, its id or `self`.
pub fn memory(process: impl Display, line: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let value = status.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(':'))?;
    Some(value.trim().strip_suffix(" kB")?.parse::<f64>().ok()? * 1024.0)
}

/// CPU seconds of the child programs of this one that have ended.
pub fn cpu_of_children() -> f64 {
    cpu("self", 13)
}

/// The seconds in two fields, user's and system's, behind the name of a process.
fn cpu(process: impl Display, field: usize) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs");
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or("").split(' ').collect();
    let ticks = |at: usize| fields[at].parse::<f64>().expect("a number");
    (ticks(field) + ticks(field + 1)) / 100.0
}
