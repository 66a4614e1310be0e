//! Keyset pages, as the store needs them.

use contract::Cursor;

/// Which rows a list shows: those after `cursor`, `limit` of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    pub limit: u16,
    pub cursor: Option<Cursor>,
}

impl Page {
    /// The sort key that the page's rows come after; `start` comes before every first page's first row.
    pub(crate) fn after(self, start: i64) -> Cursor {
        self.cursor.unwrap_or(Cursor { first: start, second: start })
    }

    /// How many rows to ask for: one more than is shown tells whether there is a next page.
    pub(crate) fn rows(self) -> i64 {
        i64::from(self.limit) + 1
    }
}
