//! How a call travels: deadline, one more try for reads, the caller's token and request id.

use std::time::{Duration, Instant};

use reqwest::{Certificate, Client, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;

use crate::breaker::Breaker;
use crate::error::ClientError;

/// No answer of ours is longer: a full page of 500 orders with 500 lines each takes about 25 MB.
const LONGEST_ANSWER: usize = 32 * 1024 * 1024;
/// A problem takes a few kB; what is longer is not read.
const LONGEST_PROBLEM: usize = 256 * 1024;
/// Between the tries, so that many clients do not come back at the same instant, in milliseconds.
const PAUSE: std::ops::Range<u64> = 20..120;

/// How long to wait for the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For one try.
    pub per_try: Duration,
    /// For all tries together, with the pause between them.
    pub in_all: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { per_try: Duration::from_millis(1_500), in_all: Duration::from_millis(3_500) }
    }
}

/// On whose behalf a call is made.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The caller's own token.
    pub token: &'a str,
    /// The id of the request that this call serves.
    pub request_id: Option<&'a str>,
    /// The W3C `traceparent` that it came with.
    pub traceparent: Option<&'a str>,
}

/// The way to one address.
#[derive(Debug)]
pub(crate) struct Transport {
    http: Client,
    base_url: String,
    patience: Patience,
    breaker: Breaker,
}

impl Transport {
    pub(crate) fn new(
        base_url: &str,
        patience: Patience,
        ca: Option<&[u8]>,
    ) -> Result<Transport, ClientError> {
        let mut http =
            Client::builder().connect_timeout(patience.per_try).redirect(reqwest::redirect::Policy::none());
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
        if !self.breaker.admits(Instant::now()) {
            return Err(ClientError::Resting);
        }
        let url = format!("{}{path}", self.base_url);
        let request = || self.http.get(&url).query(query).bearer_auth(call.token);
        let tried = tokio::time::timeout(self.patience.in_all, self.try_twice(call, request)).await;
        let body = tried.unwrap_or(Err(ClientError::NoAnswer(None)));
        self.breaker.note(!body.as_ref().is_err_and(ClientError::is_away), Instant::now());
        serde_json::from_slice(&body?).map_err(|error| ClientError::NotUnderstood(Some(error)))
    }

    async fn try_twice(
        &self,
        call: Call<'_>,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Vec<u8>, ClientError> {
        match self.try_once(call, request()).await {
            Err(error) if error.is_away() => {
                tracing::debug!(%error, "trying once more");
                tokio::time::sleep(Duration::from_millis(rand::random_range(PAUSE))).await;
                self.try_once(call, request()).await
            }
            tried => tried,
        }
    }

    async fn try_once(&self, call: Call<'_>, request: RequestBuilder) -> Result<Vec<u8>, ClientError> {
        let mut request = request.timeout(self.patience.per_try);
        for (name, value) in [("x-request-id", call.request_id), ("traceparent", call.traceparent)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let answer = request.send().await.map_err(|error| ClientError::NoAnswer(Some(error)))?;
        let status = answer.status();
        match status {
            StatusCode::OK => read(answer, LONGEST_ANSWER).await,
            _ if status.is_server_error() => Err(ClientError::Unwell { status: status.as_u16() }),
            _ if status.is_client_error() => {
                let problem = read(answer, LONGEST_PROBLEM).await.unwrap_or_default();
                let problem = serde_json::from_slice(&problem).ok();
                Err(ClientError::Refused { status: status.as_u16(), problem })
            }
            _ => Err(ClientError::NotUnderstood(None)),
        }
    }
}

async fn read(mut answer: Response, longest: usize) -> Result<Vec<u8>, ClientError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| ClientError::NoAnswer(Some(error)))? {
        if body.len() + chunk.len() > longest {
            return Err(ClientError::NotUnderstood(None));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests;
