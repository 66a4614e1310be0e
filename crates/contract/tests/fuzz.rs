//! Whatever a client may send as a cursor or a body.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use bolero::check;
use contract::{BranchIn, Cursor, FulfillIn, ItemIn, OrderIn, Problem, SetStockIn};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[test]
fn what_is_read_as_a_cursor_is_written_and_read_as_the_same() {
    check!().for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        if let Some(cursor) = Cursor::parse(text) {
            assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor), "{text:?}");
            // A list by time takes it, whatever it says.
            let _ = cursor.time();
        }
    });
}

/// What is read says the same when it is written and read again: the client's types are the services'.
fn comes_back<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(bytes) else { return };
    let text = |value: &T| serde_json::to_string(value).unwrap();
    let written = text(&read);
    let again: T = serde_json::from_str(&written).unwrap();
    assert_eq!(text(&again), written);
}

#[test]
fn a_body_says_the_same_when_it_is_written_and_read_again() {
    check!().for_each(|bytes: &[u8]| {
        comes_back::<BranchIn>(bytes);
        comes_back::<ItemIn>(bytes);
        comes_back::<SetStockIn>(bytes);
        comes_back::<OrderIn>(bytes);
        comes_back::<FulfillIn>(bytes);
        comes_back::<Problem>(bytes);
    });
}

/// What a byte stands for: the pieces that JSON is nested with, so that a few bytes nest deep. The upper bits say how often
/// a piece is repeated.
fn nested(bytes: &[u8]) -> Vec<u8> {
    const PIECES: [&str; 8] = ["[", "]", "{\"lines\":", "}", "\"name\":", "1,", "null", " "];
    let mut text = String::new();
    for byte in bytes {
        let piece = PIECES.get(usize::from(byte % 8)).copied().unwrap_or_default();
        text.push_str(&piece.repeat([1, 2, 3, 20, 127, 129, 1_000, 50_000][usize::from(byte / 32)]));
    }
    text.into_bytes()
}

#[test]
fn no_nesting_of_a_body_is_too_much() {
    check!().for_each(|bytes: &[u8]| {
        let text = nested(bytes);
        comes_back::<OrderIn>(&text);
        comes_back::<ItemIn>(&text);
        comes_back::<Problem>(&text);
        let _ = serde_json::from_slice::<serde_json::Value>(&text);
    });
}
