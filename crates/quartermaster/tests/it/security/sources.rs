//! What holds of the sources and of what they are built from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(path: PathBuf) -> String {
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The folders of our own crates.
fn crates() -> Vec<PathBuf> {
    let folders = std::fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    folders.chain([root().join("bench")]).filter(|folder| folder.join("Cargo.toml").exists()).collect()
}

fn sources(folder: PathBuf) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(path) } else { vec![path] }).collect()
}

#[test]
fn unsafe_code_is_forbidden_in_every_crate_of_ours() {
    assert!(text(root().join("Cargo.toml")).contains("unsafe_code = \"forbid\""));
    for folder in crates() {
        let manifest = text(folder.join("Cargo.toml"));
        assert!(manifest.contains("[lints]\nworkspace = true"), "{} has lints of its own", folder.display());
    }
}

/// The address of the connection is the proxy's where there is one.
#[test]
fn the_clients_address_is_had_from_the_server_alone() {
    let bare = concat!("Connect", "Info");
    for file in crates().into_iter().flat_map(|folder| sources(folder.join("src"))) {
        if file.extension().is_some_and(|ending| ending == "rs") {
            let code = text(file.clone());
            assert!(!code.contains(bare), "{}: take platform::http::Client", file.display());
        }
    }
}

/// As far as the index of crates on this machine knows: it is as new as the last time that something was fetched.
#[test]
fn no_dependency_was_withdrawn_by_its_makers() {
    let lock: toml::Table = text(root().join("Cargo.lock")).parse().unwrap();
    let locked = lock["package"].as_array().unwrap().iter().filter(|package| package.get("source").is_some());
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let Some(Ok(indices)) = home.map(|home| std::fs::read_dir(home.join("registry/index"))) else { return };
    let indices: Vec<PathBuf> = indices.map(|index| index.unwrap().path().join(".cache")).collect();
    for package in locked {
        let (name, version) = (package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
        for index in &indices {
            let Ok(bytes) = std::fs::read(index.join(place(name))) else { continue };
            let known = versions(&bytes);
            assert_ne!(known.get(version), Some(&true), "{name} {version} was withdrawn; run cargo update");
        }
    }
}

/// Where the index keeps a crate: by the length of its name and its first letters.
fn place(name: &str) -> PathBuf {
    let name = name.to_lowercase();
    match name.len() {
        1 | 2 => [&name.len().to_string(), name.as_str()].iter().collect(),
        3 => ["3", &name[..1], &name].iter().collect(),
        _ => [&name[..2], &name[2..4], &name].iter().collect(),
    }
}

/// Each version of a crate, and whether it was withdrawn. The JSON of each stands between NULs.
fn versions(entry: &[u8]) -> BTreeMap<String, bool> {
    let parts = entry.split(|byte| *byte == 0).filter_map(|part| serde_json::from_slice::<Value>(part).ok());
    parts.filter_map(|part| Some((part["vers"].as_str()?.to_owned(), part["yanked"].as_bool()?))).collect()
}

#[test]
fn a_withdrawn_version_is_found_in_the_index() {
    let entry = b"\x03\x02\0\0\0etag: \"x\"\x001.0.0\0{\"vers\":\"1.0.0\",\"yanked\":true}\0\
                  1.0.1\0{\"vers\":\"1.0.1\",\"yanked\":false}\0";
    let known = versions(entry);
    assert_eq!((known["1.0.0"], known["1.0.1"]), (true, false));
    assert_eq!(place("hyper-util"), Path::new("hy/pe/hyper-util"));
    assert_eq!(place("URL"), Path::new("3/u/url"));
}
