//! Keyset pages, as the store needs them.

pub(crate) use platform::http::keyset::Page;
