//! Whatever an auditor's file or an altered table may hold.

use bolero::check;
use seal::{Checker, Entry, Hash, LeafRecord, Line, Time};

#[test]
fn a_file_is_checked_to_its_end_and_proves_nothing_without_a_key_that_is_trusted() {
    check!().for_each(|bytes: &[u8]| {
        // Lines that are no text cannot be read; what can be read is checked.
        let Ok(checked) = Checker::check(&[], bytes) else { return };
        assert!(checked.seals == 0 || !checked.faults.is_empty());
        assert!(checked.entries == 0 || checked.seals > 0);
        let _ = Checker::keys(bytes);
    });
}

#[test]
fn a_line_of_a_file_says_the_same_when_it_is_written_and_read_again() {
    check!().for_each(|bytes: &[u8]| {
        let Ok(line) = serde_json::from_slice::<Line>(bytes) else { return };
        let written = serde_json::to_string(&line).unwrap();
        assert_eq!(serde_json::from_str::<Line>(&written).unwrap(), line);
    });
}

#[test]
fn hashes_times_and_records_have_one_form_each() {
    check!().for_each(|bytes: &[u8]| {
        if let Some(records) = LeafRecord::decode(bytes) {
            assert_eq!(LeafRecord::encode(&records), bytes);
        }
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        if let Ok(hash) = text.parse::<Hash>() {
            assert_eq!(hash.to_string(), text);
        }
        if let Ok(time) = Time::try_from(text.to_owned()) {
            assert_eq!(time.to_string(), text);
        }
    });
}

/// The text that is hashed of an entry with these details.
fn hashed(details: &str) -> String {
    let entry = Entry {
        id: 1,
        at: None,
        actor_user_id: None,
        actor: Some(details),
        action: None,
        entity_type: None,
        entity_id: None,
        branch_id: None,
        ip: None,
        request_id: None,
        details: Some(details),
    };
    entry.canonical()
}

#[test]
fn the_details_of_an_entry_are_hashed_as_they_are_and_have_one_form() {
    check!().for_each(|bytes: &[u8]| {
        let Ok(details) = std::str::from_utf8(bytes) else { return };
        let text = hashed(details);
        let Ok(given) = serde_json::from_str::<serde_json::Value>(details) else { return };
        let entry: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(entry.get("details"), Some(&given));
        assert_eq!(entry.get("actor").and_then(|actor| actor.as_str()), Some(details));
    });
}

/// Each byte is a piece of JSON; its upper bits say how often it is repeated, so that a few bytes nest deep.
#[test]
fn no_nesting_of_an_entry_is_too_much() {
    const PIECES: [&str; 8] = ["[", "]", "{\"b\":", ",\"a\":1}", "\"", "1,", "null", "\\"];
    check!().for_each(|bytes: &[u8]| {
        let mut details = String::new();
        for byte in bytes {
            let piece = PIECES.get(usize::from(byte % 8)).copied().unwrap_or_default();
            details.push_str(&piece.repeat([1, 2, 3, 20, 127, 129, 1_000, 20_000][usize::from(byte / 32)]));
        }
        let text = hashed(&details);
        if serde_json::from_str::<serde_json::Value>(&details).is_ok() {
            assert_eq!(hashed(&details), text);
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
        }
        let line = format!("{{\"entry\":{details}}}\n");
        assert!(Checker::check(&[], line.as_bytes()).is_ok());
    });
}
