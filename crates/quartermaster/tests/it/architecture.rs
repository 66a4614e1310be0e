//! The workspace as ARCHITECTURE.md draws it: who imports whom, how long a file is, where links lead.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Lines that a source file has at most, to be read in a sitting.
const LONGEST_FILE: usize = 500;
/// Licences that ours can be given together with.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn text(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn metadata(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Our own files, by what they end in.
fn files(ending: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let foreign = name.starts_with('.') || ["target", "vendor", "node_modules"].contains(&name);
            if path.is_dir() && !foreign {
                walk(&path, ending, found);
            } else if path.is_file() && name.ends_with(ending) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root(), ending, &mut found);
    found
}

/// The words in backquotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The rows of the table under a heading: the crate, and what stands in its second cell.
fn table(heading: &str) -> BTreeMap<String, BTreeSet<String>> {
    let map = text(root().join("ARCHITECTURE.md"));
    let section = map.split(&format!("## {heading}\n")).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        let name = quoted(cells[1])[0].trim_start_matches("crates/").to_owned();
        (name, quoted(cells[2]).into_iter().map(str::to_owned).collect())
    })
    .collect()
}

#[test]
fn crates_import_each_other_as_the_map_says() {
    let metadata = metadata(&["--no-deps"]);
    let packages = metadata["packages"].as_array().unwrap();
    let name = |package: &Value| package["name"].as_str().unwrap().to_owned();
    let ours: BTreeSet<String> = packages.iter().map(name).collect();
    let edges: BTreeMap<String, BTreeSet<String>> = packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap().iter().map(name);
            (name(package), dependencies.filter(|name| ours.contains(name)).collect())
        })
        .collect();
    assert_eq!(edges, table("Who may import whom"));
    let described = table("Folders");
    for name in ours {
        assert!(described.contains_key(&name), "{name} is not in the table of folders");
    }
}

#[test]
fn the_services_can_name_no_http_client_and_the_rules_no_io() {
    let metadata = metadata(&["--no-deps"]);
    let dependencies = |name: &str| -> Vec<String> {
        let packages = metadata["packages"].as_array().unwrap();
        let package = packages.iter().find(|package| package["name"] == name).unwrap();
        let own = package["dependencies"].as_array().unwrap().iter().filter(|d| d["kind"].is_null());
        own.map(|d| d["name"].as_str().unwrap().to_owned()).collect()
    };
    let services = dependencies("services");
    assert!(
        !services.iter().any(|name| matches!(name.as_str(), "reqwest" | "hyper" | "client")),
        "{services:?}"
    );
    assert_eq!(dependencies("domain"), ["thiserror"]);
}

#[test]
fn every_dependency_has_a_licence_that_fits_ours() {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let metadata = metadata(&["--filter-platform", &platform]);
    for package in metadata["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or_default();
        // One of those joined by OR is enough; each of those joined by AND is needed.
        let fits = licence.replace('/', " OR ").split(" AND ").all(|part| {
            let part = part.trim_matches(|c: char| c == '(' || c == ')' || c == ' ');
            part.split(" OR ").any(|one| LICENCES.contains(&one.trim().trim_matches(['(', ')'])))
        });
        assert!(fits, "{}: {licence:?}", package["name"]);
    }
}

#[test]
fn every_file_can_be_read_in_a_sitting() {
    for file in files(".rs") {
        let lines = text(&file).lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines", file.display());
    }
}

#[test]
fn what_the_documents_point_to_is_there() {
    let mut checked = 0;
    for file in files(".md") {
        let (folder, text) = (file.parent().unwrap(), text(&file));
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let path = folder.join(link.split('#').next().unwrap());
            assert!(path.exists(), "{}: {link}", file.display());
            checked += 1;
        }
        for path in
            quoted(&text).into_iter().filter(|word| word.starts_with("crates/") && !word.contains('<'))
        {
            assert!(root().join(path).exists(), "{}: {path}", file.display());
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked}");
}
