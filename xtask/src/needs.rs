//! What a word needs beyond Rust, how to tell whether it is there, and the Debian packages that bring it.

use crate::terminal::{program, run};
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// Something that must be on the machine.
#[derive(Clone, Copy)]
pub struct Need {
    pub name: &'static str,
    pub why: &'static str,
    packages: &'static str,
    there: fn() -> bool,
}

pub const C_COMPILER: Need = Need {
    name: "C compiler",
    why: "SQLite and the linker",
    packages: "gcc libc6-dev",
    there: || on_path("cc") && Path::new("/usr/include/stdio.h").exists(),
};
pub const PYTHON: Need = Need {
    name: "Python 3 with venv",
    why: "the Python package, independent checks of our files, the wheel with JavaRosa",
    packages: "python3 python3-venv",
    there: || works("python3", &["-c", "import venv, ensurepip"]),
};
pub const PROXIES: Need = Need {
    name: "nginx and Caddy",
    why: "the server behind the proxies of deploy/",
    packages: "nginx caddy",
    there: || (on_path("nginx") || Path::new("/usr/sbin/nginx").exists()) && on_path("caddy"),
};
pub const NODE: Need = Need {
    name: "Node and npm",
    why: "the coordinator's page in a real browser",
    packages: "nodejs npm",
    there: || works("node", &["--version"]) && works("npm", &["--version"]),
};
pub const CHROMIUM: Need = Need {
    name: "Chromium and fonts",
    why: "the coordinator's page in a real browser",
    packages: "chromium fonts-liberation fonts-dejavu-core",
    there: || on_path("chromium") && Path::new("/usr/share/fonts/truetype/liberation").exists(),
};
pub const JDK: Need = Need {
    name: "JDK 17 and Maven",
    why: "the Kotlin package, the Android sample and JavaRosa",
    packages: "openjdk-17-jdk-headless maven",
    there: || on_path("javac") && on_path("mvn"),
};
pub const ANDROID: Need = Need {
    name: "Android resource compiler",
    why: "the Android sample's screens",
    packages: "aapt android-framework-res",
    there: || on_path("aapt2") && Path::new("/usr/share/android-framework-res").exists(),
};
pub const SWIFT: Need = Need {
    name: "debootstrap, root, and leave to mount",
    why: "Swift 6, which lies in a folder of its own (bindings/swift/chroot.sh)",
    packages: "debootstrap",
    there: || Path::new("/usr/sbin/debootstrap").exists() && works("unshare", &["--mount", "true"]),
};
pub const ARM: Need = Need {
    name: "compiler and emulator for 64-bit ARM",
    why: "the vault's tests on what phones have",
    packages: "gcc gcc-aarch64-linux-gnu libc6-dev libc6-dev-arm64-cross qemu-user",
    there: || on_path("aarch64-linux-gnu-gcc") && on_path("qemu-aarch64") && on_path("cc"),
};

pub const SSH_KEYGEN: Need = Need {
    name: "ssh-keygen",
    why: "the signature of a release",
    packages: "openssh-client",
    there: || on_path("ssh-keygen"),
};

/// Whether a program can be called by its name.
pub fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

fn works(name: &str, words: &[&str]) -> bool {
    let silent = |c: &mut Command| c.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    silent(&mut program(name, words)).is_ok_and(|status| status.success())
}

/// Who allows to install: root, CI, `--yes`, or a `y` at the terminal.
pub struct Allow {
    given: bool,
}

impl Allow {
    pub fn from(words: &[String]) -> Self {
        let root = std::env::var("USER").is_ok_and(|u| u == "root") || works("sh", &["-c", "[ $(id -u) = 0 ]"]);
        Self { given: root || in_ci() || words.iter().any(|w| w == "--yes") }
    }

    /// Sees that everything is there; what is missing is installed, or the error says the one line to run.
    pub fn install(&self, needs: &[Need]) -> Result<(), String> {
        let missing: Vec<Need> = needs.iter().copied().filter(|n| !(n.there)()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        for need in &missing {
            println!("missing: {} (for {})", need.name, need.why);
        }
        let packages = missing.iter().map(|n| n.packages).collect::<Vec<_>>().join(" ");
        let line = format!("apt-get update && apt-get install -qy --no-install-recommends {packages}");
        if !on_path("apt-get") {
            return Err(format!("this is no Debian or Ubuntu: install what Debian calls {packages}"));
        }
        let sudo = if works("sh", &["-c", "[ $(id -u) = 0 ]"]) { "" } else { "sudo " };
        if !self.given && !ask(&packages) {
            return Err(format!("run: {sudo}sh -c '{line}'"));
        }
        println!("installing: {packages}");
        let quiet = format!("{sudo}sh -c '{line}' >/dev/null");
        run(program("sh", &["-c", &quiet]).env("DEBIAN_FRONTEND", "noninteractive"))?;
        match missing.iter().find(|n| !(n.there)()) {
            Some(need) => Err(format!("{} is still missing after the installation", need.name)),
            None => Ok(()),
        }
    }
}

/// Whether a skipped suite is a failure.
pub fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|v| !v.is_empty() && v != "false")
}

fn ask(packages: &str) -> bool {
    if !std::io::stdin().is_terminal() {
        return false;
    }
    print!("install {packages} with apt? [y/N] ");
    let mut answer = String::new();
    std::io::stdout().flush().is_ok()
        && std::io::stdin().read_line(&mut answer).is_ok()
        && answer.trim().eq_ignore_ascii_case("y")
}
