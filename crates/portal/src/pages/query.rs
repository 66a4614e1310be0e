//! What a page's address asks for, read leniently: people edit addresses, follow old links and leave fields of a form
//! empty, and a page that shows everything is a better answer than an error.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use client::Paging;
use contract::Cursor;
use jiff::Timestamp;
use jiff::civil::Date;
use platform::zones;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

/// The query of an address; what cannot be read is as if it were not there.
#[derive(Debug)]
pub(crate) struct Asked<Q>(pub Q);

impl<S: Sync, Q: DeserializeOwned + Default> FromRequestParts<S> for Asked<Q> {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Asked<Q>, Self::Rejection> {
        let query = parts.uri.query().unwrap_or_default();
        let read = serde_html_form::from_str(query).or_else(|_| serde_html_form::from_str(&once(query)));
        Ok(Asked(read.unwrap_or_default()))
    }
}

/// A query in which each field stands once, as it stands last: what names a field twice means one value.
fn once(query: &str) -> String {
    let mut fields: Vec<(&str, &str)> = Vec::new();
    for pair in query.split('&') {
        let (name, _) = pair.split_once('=').unwrap_or((pair, ""));
        fields.retain(|(before, _)| *before != name);
        fields.push((name, pair));
    }
    fields.into_iter().map(|(_, pair)| pair).collect::<Vec<_>>().join("&")
}

/// For `deserialize_with`: a field that is empty or not of its kind is none.
pub(crate) fn lenient<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.trim().parse().ok()))
}

/// For `deserialize_with`: a text without what stands around it; none when nothing is left.
pub(crate) fn trimmed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}

/// An address: the path with the query.
pub(crate) fn address(path: &str, query: &impl Serialize) -> String {
    match serde_html_form::to_string(query) {
        Ok(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    }
}

/// From when and until when are the days that a list is of, by the calendar of a zone. Of the second moment on, nothing
/// belongs to them any more.
pub(crate) fn bounds(
    from: Option<Date>,
    to: Option<Date>,
    zone: &str,
) -> (Option<Timestamp>, Option<Timestamp>) {
    let zone = zones::or_utc(zone);
    (from.map(|day| zones::begin(day, &zone)), to.map(|day| zones::end(day, &zone)))
}

/// How many rows a page of a list has.
pub(crate) const ROWS: u16 = 50;

/// The page of a list that begins after a cursor, as an address has it; the first where there is none.
pub(crate) fn paging(cursor: Option<&str>) -> Paging {
    match cursor.and_then(Cursor::parse) {
        Some(cursor) => Paging::after(cursor, ROWS),
        None => Paging::first(ROWS),
    }
}

/// The query of a list that goes on page by page.
pub(crate) trait Listed: Clone + Serialize {
    /// Where the list is.
    const PATH: &'static str;

    /// Where the page before ended.
    fn cursor(&mut self) -> &mut Option<String>;

    /// The address of the page after this one, where the services say that there is one.
    fn next(&self, next: &Option<Cursor>) -> Option<String> {
        let next = next.as_ref()?;
        let mut query = self.clone();
        *query.cursor() = Some(next.to_string());
        Some(address(Self::PATH, &query))
    }

    /// The address of the first page, from any other.
    fn first(&self) -> Option<String> {
        let mut query = self.clone();
        query.cursor().take()?;
        Some(address(Self::PATH, &query))
    }
}
