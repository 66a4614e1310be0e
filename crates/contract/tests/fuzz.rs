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
