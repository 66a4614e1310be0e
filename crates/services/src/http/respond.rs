//! Answers, errors and pages as HTTP responses.

use std::error::Error as StdError;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::Cursor;
use platform::http::ProblemResponse;
use platform::http::keyset::next_link;
use serde::Serialize;
use utoipa::PartialSchema;

use super::App;
use super::fields::Fields;
use super::head::Head;
use crate::answer::{Answer, etag};
use crate::error::Error;
use crate::page::Page;
use crate::problem;
use crate::request::RequestContext;
use crate::work::keep_refusal;

const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The response to a request that changes something. A refusal that would be the same if asked again is kept under
/// the request's Idempotency-Key.
pub(crate) async fn settle(app: &App, context: &RequestContext, result: Result<Answer, Error>) -> Response {
    let error = match result {
        Ok(answer) => return answered(answer),
        Err(error) => error,
    };
    log(&error);
    let problem = problem::of_error(&error, context);
    let answer = || Answer::problem(&problem).at(error.parts().0);
    if error.is_final()
        && let Err(error) = keep_refusal(app.services.database(), context, &answer()).await
    {
        tracing::warn!(%error, "a refusal could not be kept under its key");
    }
    refused(problem, &error)
}

fn answered(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kept = [
        (header::CONTENT_TYPE, answer.headers.content_type),
        (header::LOCATION, answer.headers.location),
        (header::ETAG, answer.headers.etag),
    ];
    for (name, value) in kept {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    if answer.replayed {
        response.headers_mut().insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// The response to a read that failed.
pub(crate) fn failed(head: &Head, error: &Error) -> Response {
    log(error);
    refused(problem::of_error(error, &head.context(&[])), error)
}

/// A problem as a response; of a refusal of authorization the router is told, which has the audit written.
fn refused(problem: contract::Problem, error: &Error) -> Response {
    let mut response = ProblemResponse::from(problem).into_response();
    if let Some(denied) = error.denied() {
        response.extensions_mut().insert(denied.clone());
    }
    response
}

/// The log tells the whole chain once; clients never see it.
fn log(error: &Error) {
    let Error::Internal(_) = error.parts().1 else { return };
    let mut chain = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        chain.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    tracing::error!("{chain}");
}

/// One thing with its ETag; 304 when the client has this version.
pub(crate) fn one(head: &Head, version: i64, body: &impl Serialize) -> Response {
    let etag = etag(version);
    let known = head.if_none_match.as_deref().is_some_and(|tags| {
        tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
    });
    if known {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        if let Ok(value) = HeaderValue::from_str(&etag) {
            response.headers_mut().insert(header::ETAG, value);
        }
        return response;
    }
    answered(Answer::json(200, body).with_version(version))
}

/// One thing with its ETag, shown with other things whose versions are not in it: the client's version says nothing.
pub(crate) fn one_expanded(version: i64, body: &impl Serialize) -> Response {
    answered(Answer::json(200, body).with_version(version))
}

/// A report, or why there is none.
pub(crate) fn report<T: Serialize>(head: &Head, result: Result<T, Error>) -> Response {
    match result {
        Ok(report) => answered(Answer::json(200, &report)),
        Err(error) => failed(head, &error),
    }
}

/// A page of rows, and where the next one is: there is one when the store found a row more than was asked for. Of each row
/// the answer has the fields that `?fields=` names, or all.
pub(crate) fn list<T: Serialize + PartialSchema>(
    head: &Head,
    page: Page,
    fields: Option<&str>,
    result: Result<Vec<T>, Error>,
    cursor: impl Fn(&T) -> Cursor,
) -> Response {
    let asked = fields.map(Fields::asked::<T>).transpose();
    let (mut rows, fields) = match result.and_then(|rows| Ok((rows, asked?))) {
        Ok(found) => found,
        Err(error) => return failed(head, &error),
    };
    let next = page.cut(&mut rows).map(cursor);
    let answer = match fields {
        None => Answer::json(200, &rows),
        Some(fields) => Answer::json(200, &rows.iter().map(|row| fields.of(row)).collect::<Vec<_>>()),
    };
    let mut response = answered(answer);
    let link = next.and_then(|next| HeaderValue::from_str(&next_link(&head.uri, next)).ok());
    if let Some(value) = link {
        response.headers_mut().insert(header::LINK, value);
    }
    response
}
