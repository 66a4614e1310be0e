//! How a call travels: deadline, one more try, the caller's token and request id.

use std::time::{Duration, Instant};

use contract::{Cursor, Problem, ProblemKind};
use reqwest::header::{ETAG, HeaderMap, IF_MATCH, LINK};
use reqwest::{Certificate, Client, Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;

use crate::breaker::Breaker;
use crate::call::{Call, Key, Page, Versioned};
use crate::error::ClientError;

/// No answer of ours is longer: a full page of 500 orders with 500 lines each takes about 25 MB.
const LONGEST_ANSWER: usize = 32 * 1024 * 1024;
/// A problem takes a few kB; one with 500 short lines or fields some tens. What is longer is not read.
const LONGEST_PROBLEM: usize = 256 * 1024;
/// Shorter than the services let a connection be idle (10 s), so that it is not ended just as it is used again.
const IDLE: Duration = Duration::from_secs(8);
/// Between the tries, so that many clients do not come back at the same instant, in milliseconds.
const PAUSE: std::ops::Range<u64> = 20..120;
/// A change waits so many times as long as a read: it may have to wait for others to the same stock.
const CHANGES_WAIT: u32 = 4;

/// How long to wait for the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For one try of a read; a change has four times as long.
    pub per_try: Duration,
    /// For all tries together, with the pause between them; a change has four times as long.
    pub in_all: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { per_try: Duration::from_millis(1_500), in_all: Duration::from_millis(3_500) }
    }
}

/// The way to one address.
#[derive(Debug)]
pub(crate) struct Transport {
    http: Client,
    base_url: String,
    patience: Patience,
    breaker: Breaker,
}

/// A change to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Change<'a> {
    pub method: Method,
    pub path: String,
    /// JSON.
    pub body: Option<Vec<u8>>,
    pub key: &'a Key,
    pub if_match: Option<&'a str>,
}

impl<'a> Change<'a> {
    pub(crate) fn new(method: Method, path: impl Into<String>, key: &'a Key) -> Change<'a> {
        Change { method, path: path.into(), body: None, key, if_match: None }
    }

    pub(crate) fn body<B: serde::Serialize>(mut self, body: &B) -> Result<Change<'a>, ClientError> {
        let body = serde_json::to_vec(body).map_err(|error| ClientError::NotUnderstood(Some(error)))?;
        self.body = Some(body);
        Ok(self)
    }

    pub(crate) fn if_match(mut self, etag: Option<&'a str>) -> Change<'a> {
        self.if_match = etag;
        self
    }
}

/// An answer of success.
#[derive(Debug)]
pub(crate) struct Reply {
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    /// What the body says.
    pub(crate) fn value<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_slice(&self.body).map_err(|error| ClientError::NotUnderstood(Some(error)))
    }

    /// What the body says, with its version.
    pub(crate) fn versioned<T: DeserializeOwned>(&self) -> Result<Versioned<T>, ClientError> {
        let etag = self.headers.get(ETAG).and_then(|value| value.to_str().ok());
        let etag = etag.ok_or(ClientError::NotUnderstood(None))?.to_owned();
        Ok(Versioned { value: self.value()?, etag })
    }

    fn page<T: DeserializeOwned>(&self) -> Result<Page<T>, ClientError> {
        let next = match self.headers.get(LINK) {
            None => None,
            Some(link) => {
                let cursor = link.to_str().ok().and_then(next_cursor);
                Some(cursor.ok_or(ClientError::NotUnderstood(None))?)
            }
        };
        Ok(Page { rows: self.value()?, next })
    }
}

/// The cursor of `</v1/…?cursor=c1-0>; rel="next"` (RFC 8288).
fn next_cursor(link: &str) -> Option<Cursor> {
    let (target, _) = link.strip_prefix('<')?.split_once(">; rel=\"next\"")?;
    let (_, query) = target.split_once('?')?;
    Cursor::parse(query.split('&').find_map(|pair| pair.strip_prefix("cursor="))?)
}

impl Transport {
    pub(crate) fn new(
        base_url: &str,
        patience: Patience,
        ca: Option<&[u8]>,
    ) -> Result<Transport, ClientError> {
        let mut http = Client::builder()
            .connect_timeout(patience.per_try)
            .pool_idle_timeout(IDLE)
            .redirect(reqwest::redirect::Policy::none());
        if let Some(ca) = ca {
            http = http.tls_certs_only(Certificate::from_pem_bundle(ca).map_err(ClientError::NoClient)?);
        }
        let http = http.build().map_err(ClientError::NoClient)?;
        let base_url = base_url.trim_end_matches('/').to_owned();
        Ok(Transport { http, base_url, patience, breaker: Breaker::default() })
    }

    /// Reads `path`.
    pub(crate) async fn get<Q, T>(&self, call: Call<'_>, path: &str, query: &Q) -> Result<T, ClientError>
    where
        Q: serde::Serialize + ?Sized,
        T: DeserializeOwned,
    {
        self.read(call, path, query).await?.value()
    }

    /// Reads a page of `path`.
    pub(crate) async fn page<Q, T>(
        &self,
        call: Call<'_>,
        path: &str,
        query: &Q,
    ) -> Result<Page<T>, ClientError>
    where
        Q: serde::Serialize + ?Sized,
        T: DeserializeOwned,
    {
        self.read(call, path, query).await?.page()
    }

    /// Reads the thing at `path`.
    pub(crate) async fn one<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
        path: &str,
    ) -> Result<Versioned<T>, ClientError> {
        self.read(call, path, &[(); 0]).await?.versioned()
    }

    async fn read<Q>(&self, call: Call<'_>, path: &str, query: &Q) -> Result<Reply, ClientError>
    where
        Q: serde::Serialize + ?Sized,
    {
        let url = format!("{}{path}", self.base_url);
        let request = || self.http.get(&url).query(query).timeout(self.patience.per_try);
        self.guarded(self.patience.in_all, self.try_twice(call, request)).await
    }

    /// Sends a change. It is tried once more under its key when it was not carried out, or when that is not known.
    pub(crate) async fn change(&self, call: Call<'_>, change: Change<'_>) -> Result<Reply, ClientError> {
        let url = format!("{}{}", self.base_url, change.path);
        let request = || {
            let mut request = self.http.request(change.method.clone(), &url);
            request = request.header("idempotency-key", change.key.as_str());
            if let Some(body) = &change.body {
                request = request.header("content-type", "application/json").body(body.clone());
            }
            if let Some(etag) = change.if_match {
                request = request.header(IF_MATCH, etag);
            }
            request.timeout(self.patience.per_try * CHANGES_WAIT)
        };
        let answered = self.guarded(self.patience.in_all * CHANGES_WAIT, self.try_twice(call, request)).await;
        match answered {
            // Whatever was sent first may have been carried out.
            Err(ClientError::NoAnswer(error)) if error.as_ref().is_none_or(|error| !error.is_connect()) => {
                Err(ClientError::OutcomeUnknown)
            }
            Err(error) if error.is(ProblemKind::OutcomeUnknown) => Err(ClientError::OutcomeUnknown),
            answered => answered,
        }
    }

    /// Asks unless the services are to be left to rest, for so long at most.
    async fn guarded(
        &self,
        deadline: Duration,
        asking: impl Future<Output = Result<Reply, ClientError>>,
    ) -> Result<Reply, ClientError> {
        if !self.breaker.admits(Instant::now()) {
            return Err(ClientError::Resting);
        }
        let tried = tokio::time::timeout(deadline, asking).await;
        let reply = tried.unwrap_or(Err(ClientError::NoAnswer(None)));
        self.breaker.note(!reply.as_ref().is_err_and(ClientError::is_away), Instant::now());
        reply
    }

    /// Tries once more, a little later, when the services are away. When the first try was sent and not answered, the
    /// second finds out only by an answer of its own: where it is told nothing, the first may have been carried out.
    async fn try_twice(
        &self,
        call: Call<'_>,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Reply, ClientError> {
        let first = match self.try_once(call, request()).await {
            Err(error) if error.is_away() => error,
            tried => return tried,
        };
        tracing::debug!(error = %first, "trying once more");
        tokio::time::sleep(Duration::from_millis(rand::random_range(PAUSE))).await;
        let was_sent = match &first {
            ClientError::NoAnswer(error) => error.as_ref().is_none_or(|error| !error.is_connect()),
            error => error.is(ProblemKind::OutcomeUnknown),
        };
        let tells_nothing = |second: &ClientError| {
            second.is_away() || second.is_unauthorized() || second.is(ProblemKind::IdempotencyInFlight)
        };
        match self.try_once(call, request()).await {
            Err(second) if was_sent && tells_nothing(&second) => Err(first),
            tried => tried,
        }
    }

    async fn try_once(&self, call: Call<'_>, request: RequestBuilder) -> Result<Reply, ClientError> {
        let answer = self.send(call, request).await?;
        let status = answer.status();
        if matches!(status, StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT) {
            let headers = answer.headers().clone();
            return Ok(Reply { headers, body: body(answer, LONGEST_ANSWER).await? });
        }
        Err(refusal(answer).await)
    }

    async fn send(&self, call: Call<'_>, request: RequestBuilder) -> Result<Response, ClientError> {
        let mut request = request.bearer_auth(call.token);
        for (name, value) in [("x-request-id", call.request_id), ("traceparent", call.traceparent)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        // A query may have anybody's words in it, and the error goes to the log.
        request.send().await.map_err(|error| ClientError::NoAnswer(Some(error.without_url())))
    }
}

/// What an answer that is no success says.
async fn refusal(answer: Response) -> ClientError {
    let status = answer.status();
    if !status.is_client_error() && !status.is_server_error() {
        return ClientError::NotUnderstood(None);
    }
    let problem = body(answer, LONGEST_PROBLEM).await.unwrap_or_default();
    let problem: Option<Box<Problem>> = serde_json::from_slice(&problem).ok();
    let is_refusal = status.is_client_error();
    let status = status.as_u16();
    if is_refusal {
        ClientError::Refused { status, problem }
    } else {
        ClientError::Unwell { status, problem }
    }
}

async fn body(mut answer: Response, longest: usize) -> Result<Vec<u8>, ClientError> {
    let mut body = Vec::new();
    while let Some(chunk) =
        answer.chunk().await.map_err(|error| ClientError::NoAnswer(Some(error.without_url())))?
    {
        if body.len() + chunk.len() > longest {
            return Err(ClientError::NotUnderstood(None));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests;
