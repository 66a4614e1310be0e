//! Whatever may lie in a folder of policies.

use bolero::check;
use policy::{Policies, PolicyFile};

/// What a byte stands for: the pieces that expressions are nested with, so that a few bytes nest deep.
const PIECES: [&str; 32] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "!",
    "-",
    "if ",
    " then ",
    " else ",
    " && ",
    " || ",
    " + ",
    " * ",
    ".a",
    " has ",
    " in ",
    " like \"*\"",
    " is User",
    "[\"a\"]",
    ".contains(",
    "true",
    "1",
    "principal",
    "context",
    "a: ",
    ",",
    ";",
    "//",
    "\r",
    "permit (principal, action, resource) when { ",
];

#[test]
fn no_text_of_policies_is_too_much() {
    check!().for_each(|bytes: &[u8]| {
        if let Ok(text) = std::str::from_utf8(bytes) {
            let _ = Policies::new(vec![PolicyFile::new("mine.cedar", text)]);
        }
    });
}

/// Each byte is a piece; its upper bits say how often it is repeated.
#[test]
fn no_nesting_of_policies_is_too_much() {
    check!().for_each(|bytes: &[u8]| {
        let mut text = String::from("permit (principal, action, resource) when { ");
        for byte in bytes {
            let piece = PIECES.get(usize::from(byte % 32)).copied().unwrap_or_default();
            text.push_str(&piece.repeat([1, 2, 3, 7, 20, 66, 300, 2_000][usize::from(byte / 32)]));
        }
        let _ = Policies::new(vec![PolicyFile::new("mine.cedar", text)]);
    });
}
