//! Pages of the documentation name the test behind each claim. A test that was renamed or removed is missed here.

use std::collections::HashSet;
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const PAGES: [&str; 5] = [
    "docs/security.md",
    "docs/security-signin.md",
    "docs/security-changes.md",
    "docs/audit.md",
    "docs/reliability.md",
];

/// Adds the name of every function of the Rust files below a folder.
fn functions(folder: &Path, names: &mut HashSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            functions(&path, names);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let declared = text.split("fn ").skip(1).map(|rest| {
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>()
            });
            names.extend(declared);
        }
    }
}

/// The names of tests in a page: what stands in backquotes and reads like a sentence. `…` stands for the rest.
fn named(page: &str) -> impl Iterator<Item = &str> {
    let is_name = |text: &&str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '…';
        text.chars().all(plain) && text.matches('_').count() >= 3 && !text.starts_with('_')
    };
    page.split('`').skip(1).step_by(2).filter(is_name)
}

#[test]
fn every_test_that_the_documents_name_exists() {
    let mut functions_there = HashSet::new();
    for folder in ["crates", "bench"] {
        functions(&Path::new(ROOT).join(folder), &mut functions_there);
    }
    let mut checked = 0;
    for path in PAGES {
        let page = std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap();
        for name in named(&page) {
            let (begin, end) = name.split_once('…').unwrap_or((name, ""));
            let is_there = if name.contains('…') {
                functions_there.iter().any(|there| there.starts_with(begin) && there.ends_with(end))
            } else {
                functions_there.contains(name)
            };
            assert!(is_there, "{path} names `{name}`, which is no test");
            checked += 1;
        }
    }
    assert!(checked > 100, "{checked}");
}
