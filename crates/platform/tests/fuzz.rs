//! Whatever a request may have in its headers, query and body.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts};
use axum::http::{HeaderMap, HeaderValue, Request, Uri};
use axum::response::IntoResponse;
use bolero::check;
use contract::Problem;
use futures_util::FutureExt;
use platform::cells::{guarded, unguarded};
use platform::http::{Json, ProblemResponse, Query, TrustedProxies};
use serde::Deserialize;

#[test]
fn the_word_of_a_trusted_proxy_holds_whatever_the_client_wrote_before_it() {
    let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
    let (proxy, client): (IpAddr, IpAddr) = ([10, 0, 0, 1].into(), [203, 0, 113, 9].into());
    check!().for_each(|written: &[u8]| {
        let Ok(written) = HeaderValue::from_bytes(written) else { return };
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", written.clone());
        headers.append("x-forwarded-proto", written.clone());
        let as_written = proxies.client(proxy, false, &headers);
        assert!(proxies.client(client, false, &headers).ip == client);
        let more = [written.as_bytes(), b", 203.0.113.9"].concat();
        headers.insert("x-forwarded-for", HeaderValue::from_bytes(&more).unwrap());
        assert_eq!(proxies.client(proxy, false, &headers).ip, client, "{written:?}: {as_written:?}");
    });
}

/// Whether a program that begins cells after one of these finds a formula.
fn has_formula(text: &str, separators: &[char]) -> bool {
    let blank = |c: char| c.is_whitespace() || c == '"';
    text.split(separators)
        .any(|cell| cell.trim_start_matches(blank).starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']))
}

#[test]
fn no_cell_of_a_file_starts_a_formula_and_each_comes_back() {
    check!().for_each(|bytes: &[u8]| {
        // What matters is how few characters follow each other, so most of what is made has only those.
        let letters = ['=', '+', '-', '@', '＝', '\'', '"', ';', '\t', '|', '\r', '\n', ' ', '\u{feff}', 'a'];
        let made: String = bytes.iter().map(|byte| letters[usize::from(*byte) % letters.len()]).collect();
        assert_guarded(&made);
        if let Ok(text) = std::str::from_utf8(bytes) {
            assert_guarded(text);
        }
    });
}

fn assert_guarded(text: &str) {
    let written = guarded(text);
    for separators in [&[][..], &[';'], &['\t'], &['|'], &['\r', '\n'], &[';', '\t', '|', '\r', '\n']] {
        assert!(!has_formula(&written, separators), "{text:?}");
    }
    assert_eq!(unguarded(&written), text);
    // What people wrote without us is read without harm: nothing but apostrophes may go.
    assert_eq!(unguarded(text).replace('\'', ""), text.replace('\'', ""));
}

/// What a client is told that asked for something else.
fn problem(refused: ProblemResponse) -> Problem {
    let response = refused.into_response();
    assert!(response.status().is_client_error());
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).now_or_never().unwrap().unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "what is read is not looked at")]
struct Asked {
    limit: Option<u16>,
    cursor: Option<String>,
    ids: Option<Vec<i64>>,
    flag: Option<bool>,
}

#[test]
fn a_query_is_read_or_refused_by_the_name_of_its_parameter() {
    check!().for_each(|query: &[u8]| {
        let target = [b"/v1/x?", query].concat();
        let Ok(uri) = Uri::try_from(target) else { return };
        let (mut parts, ()) = Request::builder().uri(uri).body(()).unwrap().into_parts();
        let read = Query::<Asked>::from_request_parts(&mut parts, &()).now_or_never().unwrap();
        let Err(refused) = read else {
            let pairs: Vec<(String, String)> = serde_html_form::from_str(parts.uri.query().unwrap()).unwrap();
            let empty = pairs.iter().find(|(name, value)| name != "cursor" && value.is_empty());
            assert_eq!(empty, None, "neither numbers nor flags are empty");
            return;
        };
        let errors = problem(refused).errors;
        assert!(!errors.is_empty() && errors.iter().all(|error| error.pointer.starts_with('?')));
    });
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "what is read is not looked at")]
struct Sent {
    name: String,
    lines: Vec<Asked>,
}

#[test]
fn a_body_is_read_or_refused_as_no_json_or_by_the_pointer_of_its_field() {
    check!().for_each(|body: &[u8]| {
        let request = Request::builder().header("content-type", "application/json");
        let request = request.body(Body::from(body.to_vec())).unwrap();
        let read = Json::<Sent>::from_request(request, &()).now_or_never().unwrap();
        if let Err(refused) = read {
            let Problem { status, errors, .. } = problem(refused);
            assert_eq!(status == 422, !errors.is_empty());
            assert!(errors.iter().all(|error| error.pointer.is_empty() || error.pointer.starts_with('/')));
        }
    });
}
