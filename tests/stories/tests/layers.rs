//! Modules form layers: within a crate no two modules import each other, and crates use each other only along the arrows
//! of the design. This test reads the sources and the manifests; it does not compile them.
//!
//! A module is a file. It imports another one by a `use` line or by a path in its code. A name that a module re-exports
//! (`pub use`) counts as an import of the module that defines it, so that a parent may list its children and re-export
//! from them while they import each other's leaves. Code under `#[cfg(test)]` does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Crates by folder, with the crates of ours that each may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("core/forms", &[]),
    ("core/protocol", &[]),
    ("core", &["tabara-forms", "tabara-protocol"]),
    ("bindings", &["tabara-core"]),
    ("server", &["tabara-protocol"]),
    ("desk", &["tabara-core", "tabara-forms", "tabara-protocol"]),
    ("xtask", &[]),
];

/// The modules of a crate by their paths; the root is "".
struct Sources(BTreeMap<String, String>);

type Imports = BTreeMap<String, BTreeSet<String>>;

impl Sources {
    /// Files by their paths below `src/`. Programs (`main.rs`, `bin/`) are crates of their own.
    fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let module = |file: &str| {
            let path = file.strip_suffix(".rs").unwrap_or(file).replace('/', "::");
            if path == "lib" { String::new() } else { path.trim_end_matches("::mod").to_owned() }
        };
        let library = files.into_iter().filter(|(file, _)| *file != "main.rs" && !file.starts_with("bin/"));
        let mut modules: BTreeMap<String, String> = library.map(|(file, text)| (module(file), plain(text))).collect();
        let declared_for_tests: Vec<String> = modules
            .iter()
            .flat_map(|(path, text)| test_modules(text).into_iter().map(move |name| join(path, &name)))
            .collect();
        let is_test =
            |path: &str| declared_for_tests.iter().any(|test| path == test || path.starts_with(&format!("{test}::")));
        modules.retain(|path, _| !is_test(path));
        modules.values_mut().for_each(|text| *text = without_tests(text));
        Self(modules)
    }

    fn read(folder: &Path) -> Self {
        fn walk(folder: &Path, below: &str, files: &mut Vec<(String, String)>) {
            let mut entries: Vec<_> = std::fs::read_dir(folder).expect("sources").flatten().collect();
            entries.sort_by_key(|entry| entry.file_name());
            for entry in entries {
                let name = format!("{below}{}", entry.file_name().to_string_lossy());
                if entry.path().is_dir() {
                    walk(&entry.path(), &format!("{name}/"), files);
                } else if name.ends_with(".rs") {
                    files.push((name, std::fs::read_to_string(entry.path()).expect("a source")));
                }
            }
        }
        let mut files = Vec::new();
        walk(folder, "", &mut files);
        Self::new(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
    }

    /// What each module imports.
    fn imports(&self) -> Imports {
        let re_exports: BTreeMap<&str, Vec<(String, String)>> =
            self.0.iter().map(|(path, text)| (path.as_str(), self.re_exports(path, text))).collect();
        let mut all = Imports::new();
        for (path, text) in &self.0 {
            let found = all.entry(path.clone()).or_default();
            for (public, names) in uses(text) {
                let targets = names.iter().filter(|_| !public).filter_map(|(name, _)| self.absolute(path, name));
                found.extend(targets.map(|name| self.definer(&name, &re_exports)));
            }
            let targets = inline(text).into_iter().filter_map(|name| self.absolute(path, &name));
            found.extend(targets.map(|name| self.definer(&name, &re_exports)));
            found.remove(path);
        }
        all
    }

    /// Names that a module re-exports: what they are called, and where they come from.
    fn re_exports(&self, path: &str, text: &str) -> Vec<(String, String)> {
        let public = uses(text).into_iter().filter(|(public, _)| *public).flat_map(|(_, names)| names);
        public.filter_map(|(name, called)| Some((called, self.absolute(path, &name)?))).collect()
    }

    /// A path of this crate from its root; none for a path into another crate.
    fn absolute(&self, from: &str, name: &str) -> Option<String> {
        let (first, rest) = name.split_once("::").unwrap_or((name, ""));
        match first {
            "crate" => Some(rest.to_owned()),
            "self" => Some(join(from, rest)),
            "super" => {
                let parent = from.rsplit_once("::").map_or("", |(parent, _)| parent);
                let inside = rest == "super" || rest.starts_with("super::");
                if inside { self.absolute(parent, rest) } else { Some(join(parent, rest)) }
            }
            _ if self.0.contains_key(&join(from, first)) => Some(join(from, name)),
            _ => None,
        }
    }

    /// The module that defines a name: followed through re-exports.
    fn definer(&self, name: &str, re_exports: &BTreeMap<&str, Vec<(String, String)>>) -> String {
        let mut name = name.to_owned();
        for _ in 0..8 {
            let mut module = name.as_str();
            while !self.0.contains_key(module) {
                module = module.rsplit_once("::").map_or("", |(parent, _)| parent);
            }
            let rest = name[module.len()..].trim_start_matches("::");
            let (item, below) = rest.split_once("::").unwrap_or((rest, ""));
            let Some((_, from)) = re_exports[module].iter().find(|(called, _)| !item.is_empty() && called == item)
            else {
                return module.to_owned();
            };
            name = join(from, below);
        }
        panic!("{name} is re-exported in a circle");
    }
}

fn join(path: &str, name: &str) -> String {
    [path, name].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("::")
}

/// The text without comments and the content of literals.
fn plain(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    let skip =
        |rest: &str, end: &str, from: usize| rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len());
    while let Some(next) = rest.chars().next() {
        let raw = rest.strip_prefix('r').map(|r| r.len() - r.trim_start_matches('#').len());
        let length = match next {
            '/' if rest.starts_with("//") => skip(rest, "\n", 2),
            '/' if rest.starts_with("/*") => skip(rest, "*/", 2),
            'r' if raw.is_some_and(|hashes| rest[1 + hashes..].starts_with('"'))
                && !out.ends_with(|c: char| c.is_alphanumeric() || c == '_') =>
            {
                let hashes = raw.unwrap_or(0);
                skip(rest, &format!("\"{}", "#".repeat(hashes)), hashes + 2)
            }
            '"' => {
                let mut escaped = false;
                let end = rest[1..].find(|c| {
                    let ends = c == '"' && !escaped;
                    escaped = c == '\\' && !escaped;
                    ends
                });
                end.map_or(rest.len(), |at| at + 2)
            }
            '\'' if rest.starts_with("'\\") => skip(rest, "'", 3),
            '\'' if rest.chars().nth(2) == Some('\'') => rest.char_indices().nth(3).map_or(rest.len(), |(at, _)| at),
            _ => {
                out.push(next);
                rest = &rest[next.len_utf8()..];
                continue;
            }
        };
        out.push(' ');
        rest = &rest[length..];
    }
    out
}

/// Modules in files of their own that are compiled for tests alone.
fn test_modules(text: &str) -> Vec<String> {
    let after = text.split("#[cfg(test)]").skip(1).map(str::trim_start);
    let names = after.filter_map(|rest| rest.trim_start_matches("pub ").strip_prefix("mod "));
    names
        .filter_map(|rest| rest.split_once(';'))
        .map(|(name, _)| name.trim().to_owned())
        .filter(|n| is_name(n))
        .collect()
}

/// The text without items under `#[cfg(test)]`.
fn without_tests(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("#[cfg(test)]") {
        out.push_str(&rest[..at]);
        let item = &rest[at..];
        let (mut depth, mut end) = (0, item.len());
        for (at, c) in item.char_indices() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if depth == 0 && (c == '}' || c == ';') {
                end = at + 1;
                break;
            }
        }
        rest = &item[end..];
    }
    out + rest
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The `use` items: where each stands, whether it is a re-export, and its tree.
fn use_items(text: &str) -> Vec<(std::ops::Range<usize>, bool, &str)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("use ") {
        let before = &text[..at];
        if before.ends_with(|c: char| !c.is_whitespace()) {
            continue;
        }
        let end = text[at..].find(';').map_or(text.len(), |end| at + end);
        let item = before.trim_end().rsplit([';', '{', '}', ']']).next().unwrap_or_default();
        found.push((at..end, item.trim_start().starts_with("pub"), &text[at + 4..end]));
    }
    found
}

/// The `use` items: whether each is a re-export, and its paths with the names that they get.
fn uses(text: &str) -> Vec<(bool, Vec<(String, String)>)> {
    use_items(text).into_iter().map(|(_, public, tree)| (public, expand("", tree))).collect()
}

/// The paths of a use tree.
fn expand(prefix: &str, tree: &str) -> Vec<(String, String)> {
    let tree = tree.trim();
    if let Some(open) = tree.find('{') {
        let below = join(prefix, tree[..open].trim().trim_end_matches("::"));
        let inside = &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())];
        let (mut depth, mut start, mut all) = (0, 0, Vec::new());
        for (at, c) in inside.char_indices().chain([(inside.len(), ',')]) {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if c == ',' && depth == 0 {
                all.extend(expand(&below, &inside[start..at]));
                start = at + 1;
            }
        }
        return all;
    }
    let (path, called) = tree.split_once(" as ").map_or((tree, None), |(path, name)| (path.trim(), Some(name.trim())));
    if path.is_empty() {
        return Vec::new();
    }
    let whole = if path == "self" { prefix.to_owned() } else { join(prefix, path) };
    let called = called.unwrap_or_else(|| whole.rsplit("::").next().unwrap_or_default());
    vec![(whole.clone(), called.to_owned())]
}

/// Paths in the code outside of `use` items.
fn inline(text: &str) -> Vec<String> {
    let mut code = text.to_owned();
    for (range, ..) in use_items(text).into_iter().rev() {
        code.replace_range(range, " ");
    }
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    code.split(|c| !is_path(c))
        .filter(|word| word.contains("::"))
        .map(|word| word.trim_matches(':').to_owned())
        .collect()
}

/// Sets of modules that import each other, directly or through others.
fn circles(imports: &Imports) -> Vec<BTreeSet<String>> {
    let reach: BTreeMap<&String, BTreeSet<&String>> = imports
        .keys()
        .map(|from| {
            let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
            while let Some(at) = open.pop() {
                open.extend(imports.get(at).into_iter().flatten().filter(|to| seen.insert(*to)));
            }
            (from, seen)
        })
        .collect();
    let mut found: Vec<BTreeSet<String>> = Vec::new();
    for (from, seen) in &reach {
        let with: BTreeSet<String> = seen
            .iter()
            .filter(|to| reach.get(**to).is_some_and(|back| back.contains(from)))
            .map(|to| (*to).clone())
            .collect();
        if with.len() > 1 && !found.contains(&with) {
            found.push(with);
        }
    }
    found
}

/// The imports between the modules at the crate's top.
fn at_the_top(imports: &Imports) -> Imports {
    let top = |path: &str| path.split("::").next().unwrap_or_default().to_owned();
    let mut all = Imports::new();
    for (from, to) in imports.iter().filter(|(from, _)| !from.is_empty()) {
        let found = all.entry(top(from)).or_default();
        found.extend(to.iter().filter(|to| !to.is_empty()).map(|to| top(to)));
        found.remove(&top(from));
    }
    all
}

/// Circles of a crate, each with the imports that make it.
fn report(imports: &Imports) -> Vec<(BTreeSet<String>, String)> {
    let name = |path: &String| if path.is_empty() { "lib".to_owned() } else { path.clone() };
    let tell = |imports: &Imports, circle: BTreeSet<String>| {
        let inside =
            |from: &String| imports[from].iter().filter(|to| circle.contains(*to)).map(name).collect::<Vec<_>>();
        let lines = circle.iter().map(|from| format!("    {} imports {}\n", name(from), inside(from).join(", ")));
        let text = lines.collect();
        (circle, text)
    };
    let top = at_the_top(imports);
    let files = circles(imports).into_iter().map(|circle| tell(imports, circle));
    files.chain(circles(&top).into_iter().map(|circle| tell(&top, circle))).collect()
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn no_two_modules_of_a_crate_import_each_other() {
    let mut faults = String::new();
    for (folder, _) in ARROWS.iter().filter(|(folder, _)| root().join(folder).join("src/lib.rs").exists()) {
        for (_, text) in report(&Sources::read(&root().join(folder).join("src")).imports()) {
            faults += &format!("{folder}: these modules import each other\n{text}");
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn crates_use_each_other_along_the_arrows_of_the_design() {
    for (folder, allowed) in ARROWS.iter().filter(|(folder, _)| root().join(folder).join("Cargo.toml").exists()) {
        let manifest = std::fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("a manifest");
        for used in ours(&manifest) {
            assert!(allowed.contains(&used.as_str()), "{folder} must not use {used}");
        }
    }
}

/// The crates of ours under `[dependencies]`.
fn ours(manifest: &str) -> Vec<String> {
    let section = manifest.split("\n[").find_map(|part| part.strip_prefix("dependencies]")).unwrap_or_default();
    let names = section.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
    names.filter(|name| name.starts_with("tabara-")).map(str::to_owned).collect()
}

/// The circles of a crate of these files.
fn found(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let circles = report(&Sources::new(files.iter().copied()).imports()).into_iter();
    circles.map(|(circle, _)| circle.into_iter().collect()).collect()
}

#[test]
fn a_circle_is_found_by_use_lines_and_by_paths_in_the_code() {
    let both = vec![vec!["a".to_owned(), "b".to_owned()]; 2];
    let lib = ("lib.rs", "mod a; mod b;");
    assert_eq!(found(&[lib, ("a.rs", "use crate::b::B;"), ("b.rs", "use super::a::{C, D};")]), both);
    assert_eq!(found(&[lib, ("a.rs", "use crate::{b::{self, B}};"), ("b.rs", "fn f() { crate::a::g(); }")]), both);
    assert_eq!(found(&[lib, ("a.rs", "use crate::b::B;"), ("b.rs", "fn f() { g() }")]), [] as [Vec<String>; 0]);
}

#[test]
fn a_circle_of_three_and_one_between_folders_are_found() {
    let three =
        [("lib.rs", ""), ("a.rs", "use crate::b::B;"), ("b.rs", "use crate::c::C;"), ("c.rs", "use crate::a::A;")];
    assert_eq!(found(&three)[0], ["a", "b", "c"]);
    let folders = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub mod x; pub mod y;"),
        ("a/x.rs", "use crate::b::z::Z;"),
        ("a/y.rs", ""),
        ("b.rs", "pub mod z;"),
        ("b/z.rs", "use crate::a::y::Y;"),
    ];
    assert_eq!(found(&folders), [["a", "b"]], "no two files import each other, but their folders do");
}

#[test]
fn a_parent_that_lists_its_children_is_no_circle_and_one_that_both_uses_and_serves_them_is() {
    let child = ("a/x.rs", "use super::Y;");
    let leaf = ("a/y.rs", "pub struct Y;");
    let lists = [("lib.rs", "mod a;"), ("a.rs", "mod x; mod y; pub use x::f; pub use y::Y;"), child, leaf];
    assert_eq!(found(&lists), [] as [Vec<String>; 0]);
    let serves = [("lib.rs", "mod a;"), ("a.rs", "mod x; pub struct Y; fn g() { x::f() }"), child];
    assert_eq!(found(&serves), [["a", "a::x"]]);
    let root = [("lib.rs", "mod a; pub struct Y; fn g() { a::f() }"), ("a.rs", "use crate::Y;")];
    assert_eq!(found(&root), [["", "a"]]);
}

#[test]
fn tests_comments_and_texts_do_not_count() {
    let files = [
        ("lib.rs", "mod a; mod b; #[cfg(test)] mod tests;"),
        ("a.rs", "use crate::b::B; #[cfg(test)]\nmod tests { use super::*; fn t() { if x { y() } } }"),
        (
            "b.rs",
            "// crate::a::A\nconst T: &str = \"crate::a::A\"; const R: &str = r#\"\"crate::a::A\"#; #[cfg(test)]\nmod tests { use crate::a::A; }",
        ),
        ("tests.rs", "use crate::a::A; use crate::Lib;"),
    ];
    assert_eq!(found(&files), [] as [Vec<String>; 0]);
}

#[test]
fn an_arrow_that_the_design_does_not_have_is_seen() {
    let manifest = "[package]\nname = \"x\"\n\n[dependencies]\ntabara-core = { workspace = true }\nserde.workspace = true\n\n[dev-dependencies]\ntabara-desk.workspace = true\n";
    assert_eq!(ours(manifest), ["tabara-core"]);
}
