//! `cargo xtask release`: what people install who have no Rust. A Debian package of both programs with the units and pages of
//! `deploy/`, its checksum and, with a key, a signature, all in `out/release`. Nothing of it depends on the building machine's
//! folders or clock.

use crate::needs::{self, Allow};
use crate::terminal::{cargo, program, run, target};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// Where the package goes.
pub const OUT: &str = "out/release";
/// The file of an SSH key that signs (`ssh-keygen -Y`), in the environment.
const KEY: &str = "TABARA_RELEASE_KEY";
const SUMS: &str = "SHA256SUMS";

const PROGRAMS: [&str; 2] = ["tabara-server", "tabara-desk"];
/// Files of the repository, and their folders on the machine.
const FILES: [(&[&str], &str); 4] = [
    (
        &[
            "deploy/tabara-server.service",
            "deploy/tabara-backup.service",
            "deploy/tabara-backup.timer",
            "deploy/tabara-notify.service",
            "deploy/tabara-notify.timer",
        ],
        "usr/lib/systemd/system",
    ),
    (
        &[
            "deploy/README.md",
            "deploy/days.md",
            "deploy/keys.md",
            "deploy/data-protection.md",
            "deploy/certificate.conf",
            "deploy/nginx.conf",
            "deploy/Caddyfile",
            "CHANGELOG.md",
            "SECURITY.md",
        ],
        "usr/share/doc/tabara",
    ),
    (
        &[
            "questionnaires/returnee-screening.md",
            "questionnaires/first-line.md",
            "questionnaires/hotline-intake.md",
            "questionnaires/referral-follow-up.md",
            "questionnaires/assistance-given.md",
            "questionnaires/activity-report.md",
            "questionnaires/law-enforcement-figures.md",
        ],
        "usr/share/tabara/questionnaires",
    ),
    (&["xtask/debian/postinst", "xtask/debian/prerm", "xtask/debian/postrm"], "DEBIAN"),
];

/// Builds the package, and signs its checksum if there is a key.
pub fn release(allow: &Allow) -> Result<(), String> {
    allow.install(&[needs::C_COMPILER])?;
    if !needs::on_path("dpkg-deb") {
        return Err("a Debian package is made on Debian or Ubuntu: dpkg-deb is missing".into());
    }
    build()?;
    let root = Path::new(OUT).join("root");
    let _ = fs::remove_dir_all(OUT);
    for name in PROGRAMS {
        put(Path::new(&target("release")).join(name).as_path(), &root.join("usr/bin"), 0o755)?;
    }
    for (files, folder) in FILES {
        let mode = if folder == "DEBIAN" { 0o755 } else { 0o644 };
        files.iter().try_for_each(|file| put(Path::new(file), &root.join(folder), mode))?;
    }
    put(Path::new("LICENSE"), &root.join("usr/share/doc/tabara"), 0o644)?;
    let doc = root.join("usr/share/doc/tabara");
    fs::rename(doc.join("LICENSE"), doc.join("copyright")).map_err(|e| at(&doc, e))?;
    let control = root.join("DEBIAN/control");
    fs::write(&control, self::control(&root)?).map_err(|e| at(&control, e))?;

    let version = env!("CARGO_PKG_VERSION");
    let package = format!("tabara_{version}_amd64.deb");
    let mut pack = program("dpkg-deb", &["--root-owner-group", "-Zxz", "--build"]);
    run(pack.arg(&root).arg(Path::new(OUT).join(&package)).env("SOURCE_DATE_EPOCH", committed()?))?;
    fs::remove_dir_all(&root).map_err(|e| at(&root, e))?;
    let sums = program("sha256sum", &[&package]).current_dir(OUT).output().map_err(|e| format!("sha256sum: {e}"))?;
    fs::write(Path::new(OUT).join(SUMS), sums.stdout).map_err(|e| format!("{SUMS}: {e}"))?;
    match std::env::var_os(KEY) {
        Some(key) => sign(Path::new(&key))?,
        None => println!("not signed: {KEY} names no SSH key (ssh-keygen -t ed25519)"),
    }
    println!("{OUT}/{package}");
    Ok(())
}

/// Both programs, each built alone, without a folder of this machine in them.
fn build() -> Result<(), String> {
    let here = std::env::current_dir().map_err(|e| e.to_string())?;
    let home = std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")));
    let remap = format!("--remap-path-prefix={}=/src", here.display());
    let remap = home.map_or(remap.clone(), |home| format!("--remap-path-prefix={home}=/cargo {remap}"));
    for name in PROGRAMS {
        println!("building {name} (the first time takes a quarter of an hour)");
        let strip = "profile.release.strip=\"symbols\"";
        let mut build = cargo(&["build", "-q", "--release", "--locked", "--config", strip, "-p", name]);
        run(build.env("RUSTFLAGS", &remap))?;
    }
    Ok(())
}

fn put(file: &Path, folder: &Path, mode: u32) -> Result<(), String> {
    let to = folder.join(file.file_name().expect("a file has a name"));
    let put = || {
        fs::create_dir_all(folder)?;
        fs::copy(file, &to)?;
        fs::set_permissions(&to, fs::Permissions::from_mode(mode))
    };
    put().map_err(|e| at(file, e))
}

fn control(root: &Path) -> Result<String, String> {
    let mut newest = (2, 0);
    for name in PROGRAMS {
        let file = root.join("usr/bin").join(name);
        newest = newest.max(glibc(&fs::read(&file).map_err(|e| at(&file, e))?));
    }
    let (version, (major, minor)) = (env!("CARGO_PKG_VERSION"), newest);
    Ok(format!(
        "Package: tabara\nVersion: {version}\nArchitecture: amd64\nMaintainer: Tabara developers <tabara@example.org>\n\
         Depends: libc6 (>= {major}.{minor}), libgcc-s1\nSection: net\nPriority: optional\n\
         Description: screening of returnees for signs of human trafficking\n \
         The server takes in sealed records and counts coded facts; it can open no case. The desk makes keys, cards and\n \
         catalogs on a machine that is never on a network. Begin with /usr/share/doc/tabara/days.md.\n"
    ))
}

/// The newest version of glibc of which a program asks a symbol.
fn glibc(binary: &[u8]) -> (u32, u32) {
    const NAME: &[u8] = b"GLIBC_2.";
    let found = binary.windows(NAME.len()).enumerate().filter(|(_, window)| *window == NAME).map(|(at, _)| {
        let digits = binary[at + NAME.len()..].iter().take_while(|byte| byte.is_ascii_digit()).take(3);
        (2, digits.fold(0, |number, byte| number * 10 + u32::from(byte - b'0')))
    });
    found.max().unwrap_or((2, 0))
}

/// When the source was committed: the package's time.
fn committed() -> Result<String, String> {
    let told = program("git", &["log", "-1", "--format=%ct"]).output().map_err(|e| format!("git: {e}"))?;
    let time = String::from_utf8_lossy(&told.stdout).trim().to_owned();
    if time.is_empty() { Err("a release is built from a clone of the repository".into()) } else { Ok(time) }
}

/// Signs the checksums; `release.signers` names the key for `ssh-keygen -Y verify`.
fn sign(key: &Path) -> Result<(), String> {
    let sums = Path::new(OUT).join(SUMS);
    run(program("ssh-keygen", &["-q", "-Y", "sign", "-n", "tabara", "-f"]).arg(key).arg(&sums))?;
    let public = key.with_added_extension("pub");
    let public = fs::read_to_string(&public).map_err(|e| at(&public, e))?;
    let signers = Path::new(OUT).join("release.signers");
    fs::write(&signers, format!("tabara namespaces=\"tabara\" {public}")).map_err(|e| at(&signers, e))
}

/// The suite: a package that a throw-away key signed is verified and installed on a machine that has no Rust, as the pages say it,
/// and the operator's days are played there.
pub fn steps(shared: &Path) -> Result<Vec<Command>, String> {
    let key = target("release-key");
    for file in [key.clone(), format!("{key}.pub")] {
        let _ = fs::remove_file(file);
    }
    run(&mut program("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", &key]))?;
    let mut make = program(&std::env::current_exe().map_err(|e| e.to_string())?.to_string_lossy(), &["release"]);
    make.env(KEY, std::path::absolute(&key).map_err(|e| e.to_string())?);
    let mut days = Command::new(shared.join("fresh-machine.sh"));
    days.args([".", "sh tests/release.sh"]).env("FRESH_RUST", "0").env("FRESH_OUT", OUT);
    Ok(vec![make, program("echo", &["release built: ok"]), days])
}

fn at(file: &Path, e: std::io::Error) -> String {
    format!("{}: {e}", file.display())
}
