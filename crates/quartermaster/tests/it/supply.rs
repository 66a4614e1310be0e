//! What the program is made of: its list of components, and the check of advisories.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn script(name: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(root().join("scripts").join(name));
    command.args(arguments).env("CARGO", env!("CARGO")).env_remove("ADVISORY_DB");
    command.output().unwrap()
}

/// The packages of Cargo.lock.
fn locked() -> Vec<toml::Table> {
    let lock: toml::Table = std::fs::read_to_string(root().join("Cargo.lock")).unwrap().parse().unwrap();
    lock["package"].as_array().unwrap().iter().map(|package| package.as_table().unwrap().clone()).collect()
}

#[test]
fn every_package_and_every_vendored_file_is_in_the_list_of_components_with_hash_and_licence() {
    let written = script("sbom", &[]);
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    assert_eq!(script("sbom", &[]).stdout, written.stdout, "the same sources give the same bytes");
    let document: Value = serde_json::from_slice(&written.stdout).unwrap();
    assert_eq!((&document["bomFormat"], &document["specVersion"]), (&"CycloneDX".into(), &"1.6".into()));
    let components = document["components"].as_array().unwrap();
    let find = |purl: &str| components.iter().find(|component| component["purl"] == purl);
    for package in locked() {
        let (name, version) = (package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
        let purl = format!("pkg:cargo/{name}@{version}");
        if name == "quartermaster" {
            assert_eq!(document["metadata"]["component"]["purl"], purl.as_str());
            continue;
        }
        let component = find(&purl).unwrap_or_else(|| panic!("{purl} is missing"));
        let hash = package.get("checksum").map(|checksum| checksum.as_str().unwrap());
        assert_eq!(component["hashes"][0]["content"].as_str(), hash, "{purl}");
        if component["scope"] == "required" {
            assert!(component["licenses"][0].is_object(), "{purl} has no licence");
        }
    }
    for (purl, file) in [
        ("pkg:npm/%40tabler/core@1.6.1", "crates/portal/static/vendor/tabler/tabler.min.css"),
        ("pkg:npm/dejavu-fonts-ttf@2.37.3", "crates/portal/data/fonts/DejaVuSans.ttf"),
        ("pkg:npm/swagger-ui-dist@5.35.0", "crates/services/static/vendor/swagger-ui/swagger-ui-bundle.js"),
    ] {
        let files = find(purl).unwrap()["components"].as_array().unwrap();
        let found =
            files.iter().find(|part| part["name"] == file).unwrap_or_else(|| panic!("{file} is missing"));
        assert_eq!(found["hashes"][0]["alg"], "SHA-256");
    }
    // Nothing refers to what is not there, and nothing is there twice.
    let references: Vec<&str> =
        components.iter().map(|component| component["bom-ref"].as_str().unwrap()).collect();
    let known: BTreeSet<&str> = references.iter().copied().collect();
    assert_eq!(known.len(), references.len());
    for dependency in document["dependencies"].as_array().unwrap() {
        for reference in dependency["dependsOn"].as_array().unwrap() {
            assert!(known.contains(reference.as_str().unwrap()), "{reference}");
        }
    }
}

#[test]
fn without_a_copy_of_the_advisories_it_is_said_that_nothing_was_checked() {
    let dir = tempfile::tempdir().unwrap();
    let scripts = dir.path().join("repository/scripts");
    std::fs::create_dir_all(&scripts).unwrap();
    for name in ["advisories", "advisories.toml"] {
        std::fs::copy(root().join("scripts").join(name), scripts.join(name)).unwrap();
    }
    let mut command = Command::new(scripts.join("advisories"));
    let output = command.env_remove("ADVISORY_DB").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && said.contains("not checked: there is no copy of the database at"),
        "{said}"
    );
    // A copy that was named and is not there is a mistake.
    let output = script("advisories", &["/nowhere"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("/nowhere: is no copy"), "{said}");
}

#[test]
fn each_advisory_that_is_let_pass_is_about_a_package_of_ours_with_its_reason_and_an_end() {
    let text = std::fs::read_to_string(root().join("scripts/advisories.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let packages: BTreeSet<String> =
        locked().iter().map(|package| package["name"].as_str().unwrap().to_owned()).collect();
    for exception in table["exception"].as_array().unwrap() {
        let text = |key: &str| exception[key].as_str().unwrap().to_owned();
        assert!(packages.contains(&text("package")), "{exception}");
        assert!(text("id").starts_with("RUSTSEC-") && text("reason").len() > 60, "{exception}");
        let day = |key: &str| exception[key].as_datetime().unwrap().date.unwrap();
        assert!(day("since") < day("until"), "{exception}");
    }
}
