//! What a call says besides its path and body.

use contract::Cursor;
use serde::{Serialize, Serializer};

/// On whose behalf a call is made.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The caller's own token.
    pub token: &'a str,
    /// The id of the request that this call serves.
    pub request_id: Option<&'a str>,
    /// The W3C `traceparent` that it came with.
    pub traceparent: Option<&'a str>,
}

/// The Idempotency-Key of one change: however often the change is sent under it, it is made once. A page keeps it in
/// its form, so that a form sent twice is one change too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// A key that was never used.
    #[must_use]
    pub fn fresh() -> Key {
        Key(format!("{:032x}", rand::random::<u128>()))
    }

    /// A key that was kept: 1 to 255 visible ASCII characters.
    pub fn parse(text: &str) -> Option<Key> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        (visible && (1..=255).contains(&text.len())).then(|| Key(text.to_owned()))
    }

    /// The key that a form kept, or a fresh one where it kept none that can be one.
    #[must_use]
    pub fn kept(text: &str) -> Key {
        Key::parse(text).unwrap_or_else(Key::fresh)
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which page of a list.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Paging {
    /// How many rows at most, 1 to 500; what the services give when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
    /// Where the page before ended; the first page when absent.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub cursor: Option<Cursor>,
}

impl Paging {
    /// The first `limit` rows.
    pub const fn first(limit: u16) -> Paging {
        Paging { limit: Some(limit), cursor: None }
    }

    /// The `limit` rows after the page that ended there.
    pub const fn after(cursor: Cursor, limit: u16) -> Paging {
        Paging { limit: Some(limit), cursor: Some(cursor) }
    }
}

fn as_text<S: Serializer>(cursor: &Option<Cursor>, serializer: S) -> Result<S::Ok, S::Error> {
    match cursor {
        Some(cursor) => serializer.collect_str(cursor),
        None => serializer.serialize_none(),
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// Where it ended, when there are more.
    pub next: Option<Cursor>,
}

/// A thing as it was read or left by a change, with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The thing.
    pub value: T,
    /// Its ETag, to be sent as `If-Match` with a change of it.
    pub etag: String,
}

/// The query of a list: its filter and its page.
#[derive(Debug, Serialize)]
pub(crate) struct Listing<'a, F: Serialize> {
    #[serde(flatten)]
    pub filter: &'a F,
    #[serde(flatten)]
    pub paging: Paging,
}
