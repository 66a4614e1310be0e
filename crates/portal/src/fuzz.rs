//! Whatever a browser may send, or a person may type or upload.

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, HeaderValue, Request, Uri, header};
use bolero::check;
use futures_util::FutureExt;
use serde::de::DeserializeOwned;
use tabular::Format;
use url::Url;

use crate::accounts::passwords::django;
use crate::http::cookie;
use crate::http::local_path::{as_parameter, local_path};
use crate::http::token;
use crate::pages::items::import::rows;
use crate::pages::query::{Asked, Listed, address, paging};
use crate::pages::{audit, items, orders, scan, search, stock};
use crate::print::barcode;
use crate::words::{Language, Words};

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn headers(name: header::HeaderName, bytes: &[u8]) -> Option<HeaderMap> {
    let value = HeaderValue::from_bytes(bytes).ok()?;
    Some(HeaderMap::from_iter([(name, value)]))
}

#[test]
fn a_cookie_is_found_as_it_was_sent_and_is_never_another() {
    check!().for_each(|bytes: &[u8]| {
        let Some(headers) = headers(header::COOKIE, bytes) else { return };
        if let Some(value) = cookie::named("sid", &headers) {
            assert!(!value.is_empty() && !value.contains(';'));
            let sent = text(bytes).unwrap();
            assert!(sent.contains(&format!("sid={value}")), "{sent:?}");
        }
    });
}

#[test]
fn no_page_leads_to_another_site() {
    let portal = Url::parse("https://portal.example/login").unwrap();
    check!().for_each(|bytes: &[u8]| {
        let Some(next) = text(bytes) else { return };
        // A browser reads an address as the URL standard says.
        let led = portal.join(local_path(next)).unwrap();
        assert_eq!(led.origin(), portal.origin(), "{next:?}");
        let carried = portal.join(&format!("/login?next={}", as_parameter(next))).unwrap();
        let back = carried.query_pairs().find(|(name, _)| name == "next").unwrap().1;
        assert_eq!(back, next);
    });
}

/// The query of a page, whatever it says.
fn read<Q: DeserializeOwned + Default>(uri: &Uri) -> Q {
    let (mut parts, ()) = Request::builder().uri(uri.clone()).body(()).unwrap().into_parts();
    let Ok(Asked(query)) = Asked::from_request_parts(&mut parts, &()).now_or_never().unwrap();
    query
}

/// Whether the address that a list makes of its query leads to that query again.
fn leads_back<Q: Listed + DeserializeOwned + Default>(uri: &Uri) {
    let query: Q = read(uri);
    let first = address(Q::PATH, &query);
    let again: Q = read(&first.parse().unwrap());
    assert_eq!(address(Q::PATH, &again), first);
    let mut query = query;
    paging(query.cursor().as_deref());
}

#[test]
fn a_list_leads_back_to_what_was_asked_whatever_that_was() {
    check!().for_each(|query: &[u8]| {
        let Ok(uri) = Uri::try_from([b"/x?", query].concat()) else { return };
        leads_back::<stock::list::StockQuery>(&uri);
        leads_back::<stock::as_of::AsOfQuery>(&uri);
        leads_back::<orders::list::OrdersQuery>(&uri);
        leads_back::<items::list::ItemsQuery>(&uri);
        leads_back::<audit::AuditQuery>(&uri);
        let _: scan::ScanQuery = read(&uri);
        let _: search::SearchQuery = read(&uri);
    });
}

#[test]
fn a_quantity_that_is_typed_is_that_quantity_in_every_language_or_none() {
    check!().for_each(|bytes: &[u8]| {
        let Some(typed) = text(bytes) else { return };
        for words in Language::ALL.map(Words) {
            let Ok(quantity) = words.quantity_of(typed) else { continue };
            assert_eq!(words.quantity_of(&words.typed(&quantity)), Ok(quantity), "{typed:?}");
            assert!(!words.quantity(&quantity).is_empty());
        }
    });
}

#[test]
fn a_language_is_found_whatever_a_browser_likes() {
    check!().for_each(|bytes: &[u8]| {
        let Some(headers) = headers(header::ACCEPT_LANGUAGE, bytes) else { return };
        assert!(Language::ALL.contains(&Language::preferred(&headers)));
    });
}

#[test]
fn a_catalogue_is_read_or_refused_and_its_rows_have_numbers_of_their_own() {
    check!().for_each(|bytes: &[u8]| {
        let header = b"sku,name,unit,barcode,decimal_places,active\n";
        for file in [bytes.to_vec(), [header, bytes].concat()] {
            let Ok(text) = rows::text_of(&file, Format::default()) else { continue };
            let Ok(rows) = rows::read(&text, Format::default()) else { continue };
            assert!(rows.iter().is_sorted_by(|a, b| a.line < b.line));
            for row in rows {
                assert!(row.item.is_err() || !row.sku.is_empty());
            }
        }
    });
}

#[test]
fn a_hash_of_djangos_is_read_as_far_as_it_is_one() {
    check!().for_each(|bytes: &[u8]| {
        let Some(hash) = text(bytes).and_then(django::Hash::parse) else { return };
        assert!((1..=5_000_000).contains(&hash.iterations()));
    });
}

#[test]
fn credentials_are_found_in_the_header_or_in_the_form_and_never_in_both() {
    check!().with_type::<(String, Vec<(String, String)>)>().for_each(|(header, form)| {
        let Some(headers) = headers(header::AUTHORIZATION, header.as_bytes()) else { return };
        assert!(
            token::asked(&headers, form).is_err() || !form.iter().any(|(name, _)| name == "client_secret")
        );
        let _ = token::asked(&HeaderMap::new(), form);
    });
}

#[test]
fn a_barcode_is_drawn_or_not() {
    check!().for_each(|bytes: &[u8]| {
        let Some(code) = text(bytes) else { return };
        // It starts and ends with a bar.
        let ends = |bars: barcode::Bars| (bars.modules.first().copied(), bars.modules.last().copied());
        assert!(barcode::bars(code).is_none_or(|bars| ends(bars) == (Some(true), Some(true))));
        assert!(barcode::Square::of(code).is_none_or(|square| square.rows().count() < square.width()));
    });
}
