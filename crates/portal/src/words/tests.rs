//! The languages say the same, and nothing more than the pages ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use fluent_bundle::FluentResource;

use super::*;

/// Each message's id, and the names it takes.
fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages = BTreeMap::new();
    for (area, source) in language.sources() {
        if let Err((_, errors)) = FluentResource::try_new((*source).to_owned()) {
            panic!("{}/{area}.ftl: {errors:?}", language.tag());
        }
        let mut current = String::new();
        for line in source.lines() {
            if let Some((id, _)) =
                line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
            {
                current = id.to_owned();
                let known = messages.insert(current.clone(), BTreeSet::new());
                assert!(known.is_none(), "{}: {id} is there twice", language.tag());
            }
            for part in line.split('$').skip(1) {
                let name: String =
                    part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
                messages.entry(current.clone()).or_default().insert(name);
            }
        }
    }
    messages
}

/// Every file below `folder`, as one text; the inputs of fuzz targets say nothing.
fn read_all(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("__fuzz__") {
            continue;
        }
        if path.is_dir() {
            read_all(&path, text);
        } else {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_language_has_every_message_about_the_same_things() {
    let english = messages(Language::English);
    for language in Language::ALL {
        assert_eq!(messages(language), english, "{}", language.tag());
    }
}

#[test]
fn every_message_is_said_somewhere_and_all_that_is_said_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = String::new();
    read_all(&root.join("src"), &mut pages);
    read_all(&root.join("templates"), &mut pages);
    let english = messages(Language::English);
    for id in english.keys() {
        let said = match id.strip_prefix("done-") {
            Some(done) => [format!("done={done}\""), format!("\"{done}\"")],
            None if id.starts_with("not-done-") => {
                let word = id.replacen("not-done-", "not-done=", 1);
                [format!("\"{word}\""), format!("{word}\"")]
            }
            None => [format!("\"{id}\""), format!("\"{id}\"")],
        };
        assert!(said.iter().any(|said| pages.contains(said)), "nothing says {id}");
    }
    for call in ["say(\"", "about(\"", "about_all(\"", "count(\""] {
        for said in pages.split(call).skip(1) {
            let id = said.split('"').next().unwrap();
            assert!(english.contains_key(id) || id.contains('{'), "{id} is said and not there");
        }
    }
}

#[test]
fn the_language_is_the_one_that_the_browser_likes_best() {
    for (accepted, language) in [
        ("", Language::English),
        ("de", Language::German),
        ("de-CH, en;q=0.8", Language::German),
        ("fr, en;q=0.5, de;q=0.7", Language::German),
        ("en-GB,en;q=0.9,de;q=0.8", Language::English),
        ("xx;q=nonsense", Language::English),
        ("de; q=0.9, en;q=0.8", Language::German),
        ("en ; q=0.3 , de ; Q = 0.4", Language::German),
        ("de;q=0", Language::English),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, accepted.parse().unwrap());
        assert_eq!(Language::preferred(&headers), language, "{accepted}");
    }
}

#[test]
fn quantities_are_written_as_each_language_writes_them() {
    for (quantity, english, german) in [
        ("0", "0", "0"),
        ("999", "999", "999"),
        ("1234.5", "1,234.5", "1.234,5"),
        ("-1000000", "−1,000,000", "−1.000.000"),
    ] {
        let quantity: Quantity = quantity.parse().unwrap();
        assert_eq!(Words(Language::English).quantity(&quantity), english);
        assert_eq!(Words(Language::German).quantity(&quantity), german);
    }
}

#[test]
fn times_are_those_of_the_branch() {
    let at: Timestamp = "2026-07-01T23:30:00Z".parse().unwrap();
    assert_eq!(Words(Language::English).time(&at, "Europe/Berlin"), "2 Jul 2026, 01:30 CEST");
    assert_eq!(Words(Language::German).time(&at, "Europe/Berlin"), "02.07.2026, 01:30 MESZ");
    assert_eq!(Words(Language::English).time(&at, "no such zone"), "1 Jul 2026, 23:30 UTC");
    assert_eq!(Words(Language::English).time(&at, "America/Sao_Paulo"), "1 Jul 2026, 20:30 UTC-03");
}
