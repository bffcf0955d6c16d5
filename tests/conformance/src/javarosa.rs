//! JavaRosa as another program, which plays forms (`java/JavaRosa.java`). It is the one inside the wheel of pyxform, which
//! `cargo xtask test` installs; where it is absent there is nothing to run.

use serde_json::{Value as Json, json};
use std::io::{BufRead, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tabara_core::interview::InterviewConfig;
use tabara_support::target;

/// What an interview beside JavaRosa begins with: its clock is two hours east.
pub fn setting() -> InterviewConfig {
    InterviewConfig { now: 1_795_372_200, seed: 7, offset: 120, ..InterviewConfig::default() }
}

/// ODK Validate, which holds JavaRosa: of the tests' own virtual environment.
fn jar() -> Option<PathBuf> {
    let library = target().join("venv/lib").read_dir().ok()?.flatten().next()?.path();
    let jar = library.join("site-packages/pyxform/validators/odk_validate/bin/ODK_Validate.jar");
    jar.is_file().then_some(jar)
}

/// JavaRosa, which waits for forms.
pub struct JavaRosa {
    java: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl JavaRosa {
    /// None where it is not installed.
    pub fn start() -> Option<Self> {
        let (jar, driver) = (jar()?, Path::new(env!("CARGO_MANIFEST_DIR")).join("java/JavaRosa.java"));
        let mut java = Command::new("java")
            .args(["-XX:TieredStopAtLevel=1", "-Duser.timezone=GMT+02:00", "-cp"])
            .args([&jar, &driver])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("java");
        let to = java.stdin.take().expect("piped");
        let from = BufReader::new(java.stdout.take().expect("piped")).lines();
        Some(Self { java, to, from })
    }

    /// All states of a form.
    pub fn play(&mut self, xform: &str, steps: &Json, choices: &[String]) -> Json {
        let asked = json!({ "xform": xform, "steps": steps, "choices": choices });
        writeln!(self.to, "{asked}").expect("java reads");
        serde_json::from_str(&self.from.next().expect("java answers").expect("text")).expect("JSON")
    }

    pub fn end(self) {
        let Self { mut java, to, .. } = self;
        drop(to);
        java.wait().expect("java ends");
    }
}
