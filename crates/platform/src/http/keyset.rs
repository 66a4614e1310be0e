//! Keyset pages, as every list over HTTP has them: what `limit` and `cursor` ask for, and where the next page is.

use axum::http::Uri;
use contract::page::{DEFAULT_LIMIT, MAX_LIMIT};
use contract::{Cursor, FieldError};
use jiff::Timestamp;

use crate::zones::OLDEST;

/// Which rows a list shows: those after `cursor`, `limit` of them.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// How many.
    pub limit: u16,
    /// After which; from the first where there is none.
    pub cursor: Option<Cursor>,
}

impl Page {
    /// The page that the parameters `limit` and `cursor` ask for.
    ///
    /// # Errors
    /// Names each parameter that is wrong.
    pub fn asked(limit: Option<u16>, cursor: Option<&str>) -> Result<Page, Vec<FieldError>> {
        let mut faults = Vec::new();
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            faults.push(FieldError::new("?limit", format!("must be between 1 and {MAX_LIMIT}")));
        }
        let parsed = cursor.map(Cursor::parse);
        if parsed == Some(None) {
            faults.push(FieldError::new("?cursor", "must be taken from a Link header as it is"));
        }
        if faults.is_empty() { Ok(Page { limit, cursor: parsed.flatten() }) } else { Err(faults) }
    }

    /// The sort key that the page's rows come after; `start` comes before every first page's first row.
    pub fn after(self, start: i64) -> Cursor {
        self.cursor.unwrap_or(Cursor { first: start, second: start })
    }

    /// The time and id that the rows of a list by time, newest first, come before: those of the last page's last row,
    /// or the end of the time asked for. No time is the end of all time.
    pub fn before(self, end: Option<Timestamp>) -> (Option<Timestamp>, i64) {
        let end = end.map(|end| (end, i64::MIN));
        let last = self.cursor.and_then(|cursor| Some((cursor.time()?.max(OLDEST), cursor.second)));
        let nearest = end.into_iter().chain(last).min();
        nearest.map_or((None, i64::MAX), |(time, id)| (Some(time), id))
    }

    /// How many rows to ask for: one more than is shown tells whether there is a next page.
    pub fn rows(self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Takes the row too many away; gives the last one that is left where there are more.
    pub fn cut<T>(self, rows: &mut Vec<T>) -> Option<&T> {
        let limit = usize::from(self.limit);
        let more = rows.len() > limit;
        rows.truncate(limit);
        rows.last().filter(|_| more)
    }
}

/// The value of `Link` for the next page: the same path and query with another cursor (RFC 8288).
pub fn next_link(uri: &Uri, cursor: Cursor) -> String {
    let mut query: String = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="))
        .map(|pair| format!("{pair}&"))
        .collect();
    query.push_str(&format!("cursor={cursor}"));
    format!("<{}?{query}>; rel=\"next\"", uri.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_keeps_the_query_and_replaces_the_cursor() {
        let uri = "/v1/stock?branch_id=7&cursor=old&limit=2".parse().unwrap();
        let cursor = Cursor { first: 7, second: 10 };
        assert_eq!(next_link(&uri, cursor), "</v1/stock?branch_id=7&limit=2&cursor=c7-a>; rel=\"next\"");
        let uri = "/v1/items".parse().unwrap();
        assert_eq!(next_link(&uri, Cursor::of(1)), "</v1/items?cursor=c1-0>; rel=\"next\"");
    }
}
