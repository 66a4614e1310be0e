//! Whatever a client may ask for in an address or a header.

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, HeaderValue, Request, Uri};
use bolero::check;
use futures_util::FutureExt;
use platform::http::Query;
use serde::de::DeserializeOwned;

use super::{audit, batches, branches, head, items, lists, orders, reports, stock};
use crate::IfMatch;

/// The query, where it is read as such.
fn read<Q: DeserializeOwned>(uri: &Uri) -> Option<Q> {
    let (mut parts, ()) = Request::builder().uri(uri.clone()).body(()).unwrap().into_parts();
    let read = Query::<Q>::from_request_parts(&mut parts, &()).now_or_never().unwrap();
    read.ok().map(|Query(query)| query)
}

#[test]
fn every_list_takes_or_refuses_its_query() {
    check!().for_each(|query: &[u8]| {
        let Ok(uri) = Uri::try_from([b"/v1/x?", query].concat()) else { return };
        let _: Option<audit::ListQuery> = read(&uri);
        let _: Option<branches::ListQuery> = read(&uri);
        let _: Option<items::ListQuery> = read(&uri);
        let _: Option<orders::ListQuery> = read(&uri);
        let _: Option<orders::OneQuery> = read(&uri);
        let _: Option<batches::BatchQuery> = read(&uri);
        let _: Option<orders::ElsewhereQuery> = read(&uri);
        let _: Option<stock::StockQuery> = read(&uri);
        let _: Option<stock::SummaryQuery> = read(&uri);
        let _: Option<stock::ChangesQuery> = read(&uri);
        let _: Option<stock::MovementsQuery> = read(&uri);
        let _: Option<reports::OverviewQuery> = read(&uri);
        let _: Option<reports::DailyQuery> = read(&uri);
        let _: Option<reports::MoversQuery> = read(&uri);
        let _: Option<reports::HeatMapQuery> = read(&uri);
        let _: Option<reports::HistoryQuery> = read(&uri);
    });
}

#[test]
fn a_page_is_that_of_its_limit_and_cursor_or_none() {
    check!().with_type::<(Option<u16>, Option<String>)>().for_each(|(limit, cursor)| {
        let Ok(page) = lists::page(*limit, cursor.as_deref()) else { return };
        assert!((1..=contract::page::MAX_LIMIT).contains(&page.limit));
        assert_eq!(page.cursor.is_some(), cursor.is_some());
    });
}

#[test]
fn an_idempotency_key_is_taken_as_it_is_or_refused() {
    check!().for_each(|bytes: &[u8]| {
        let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
        let mut headers = HeaderMap::new();
        headers.insert("idempotency-key", value);
        if let Ok(key) = head::idempotency_key(&headers) {
            let key = key.unwrap();
            assert_eq!(key.as_bytes(), bytes);
            assert!((1..=255).contains(&key.len()) && !key.contains('\0'));
        }
        headers.append("idempotency-key", HeaderValue::from_static("another"));
        assert!(head::idempotency_key(&headers).is_err(), "two keys are none");
    });
}

#[test]
fn a_condition_admits_the_versions_it_names_and_no_others() {
    check!().with_type::<(String, i64)>().for_each(|(text, version)| {
        let tag = crate::answer::etag(*version);
        let named = text.split(',').any(|one| one.trim() == tag) || text.trim() == "*";
        assert_eq!(IfMatch::parse(text).admits(*version), named);
        assert!(IfMatch::parse(&format!("{tag}, {text}")).admits(*version));
        assert!(!IfMatch::parse(&format!("W/{tag}")).admits(*version), "weak tags never match");
    });
}
