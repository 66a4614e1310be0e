//! Keyset pages, as the store needs them.

use contract::Cursor;
use jiff::Timestamp;

/// PostgreSQL knows no times of before 4713 BC; nothing here is older than this.
const OLDEST: Timestamp = Timestamp::constant(-62_135_596_800, 0);

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

    /// The time and id that the rows of a list by time, newest first, come before: those of the last page's last row,
    /// or the end of the time asked for. No time is the end of all time.
    pub(crate) fn before(self, end: Option<Timestamp>) -> (Option<Timestamp>, i64) {
        let end = end.map(|end| (end, i64::MIN));
        let last = self.cursor.and_then(|cursor| Some((cursor.time()?.max(OLDEST), cursor.second)));
        let nearest = end.into_iter().chain(last).min();
        nearest.map_or((None, i64::MAX), |(time, id)| (Some(time), id))
    }

    /// How many rows to ask for: one more than is shown tells whether there is a next page.
    pub(crate) fn rows(self) -> i64 {
        i64::from(self.limit) + 1
    }
}
