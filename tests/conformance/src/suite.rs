//! What the conformance suites share: the recorded cases, and how a suite counts and tells what it found.

use flate2::read::GzDecoder;
use serde_json::Value as Json;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use tabara_core::expression::moment;
use tabara_support::{root, target};

/// The shared folder; `None` where it is absent (a public clone): there is nothing to run then.
pub fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("TABARA_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    folder.join("forms/cases").is_dir().then_some(folder)
}

/// The recorded cases of a scope.
pub fn cases(file: &str, scope: &str) -> Option<Vec<Json>> {
    let packed = std::fs::File::open(shared()?.join("forms/cases").join(file)).ok()?;
    let lines = BufReader::new(GzDecoder::new(packed)).lines();
    let all = lines.map(|line| serde_json::from_str::<Json>(&line.expect("text")).expect("JSON"));
    Some(all.filter(|case| case["scope"] == scope).collect())
}

/// Cases that passed, of how many; what failed, with its reason.
pub struct Suite {
    name: String,
    passed: usize,
    total: usize,
    failures: String,
}

impl Suite {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), passed: 0, total: 0, failures: String::new() }
    }
    /// Counts a case, and gives back whether it passed.
    pub fn count(&mut self, passed: bool, why: impl FnOnce() -> String) -> bool {
        self.total += 1;
        self.passed += usize::from(passed);
        if !passed {
            self.failures += &(why() + "\n");
        }
        passed
    }
    /// Prints the line of the suite, writes its failures to a file, and fails below so many percent.
    pub fn tell(&self, least: f64) {
        println!("conformance {}: {}/{}", self.name, self.passed, self.total);
        let folder = target().join("conformance");
        std::fs::create_dir_all(&folder).expect("a folder for the list of failures");
        let file = folder.join(format!("{}.txt", self.name.replace(' ', "-")));
        std::fs::write(&file, &self.failures).expect("the list of failures");
        println!("  failures: {}", file.display());
        let share = 100.0 * self.passed as f64 / self.total.max(1) as f64;
        assert!(share >= least, "{}: {share:.1} % passed, less than {least}", self.name);
    }
}

/// A path of an XForm as one of ours: without the form's name and prefixes.
pub fn ours(path: &str) -> String {
    let inner = path.trim_start_matches('/').split_once('/').map_or("", |(_, rest)| rest);
    inner.split('/').map(|part| part.rsplit(':').next().unwrap_or(part)).collect::<Vec<_>>().join("/")
}

/// The same number, moment or place, however it is written.
pub fn same(a: &str, b: &str) -> bool {
    let numbers = |text: &str| {
        let parts = text.split([' ', ';']).filter(|part| !part.is_empty()).map(|part| part.parse::<f64>().ok());
        parts.collect::<Option<Vec<_>>>().filter(|all| !all.is_empty())
    };
    let moments = (moment::parse_moment(a, 0), moment::parse_moment(b, 0));
    a == b
        || numbers(a).is_some_and(|a| numbers(b).is_some_and(|b| a == b))
        || matches!(moments, (Some(a), Some(b)) if a.ms == b.ms)
}
