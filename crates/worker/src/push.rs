//! Telling others the head of an audit, so that they can hold it against us.

use std::time::Duration;

use reqwest::Client;
use seal::{Seal, Signed};
use thiserror::Error;

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a head did not arrive.
#[derive(Debug, Error)]
pub enum PushError {
    /// The receiver could not be reached or did not answer in time.
    #[error("the head could not be sent")]
    Unreached(#[from] reqwest::Error),
    /// It answered something else than success.
    #[error("the receiver of heads answered {0}")]
    Refused(u16),
}

/// Posts a seal as JSON, in the form of a line of the file of heads.
///
/// # Errors
/// When it did not arrive within 10 s. It may be posted again: a head says the same however often.
pub async fn push(url: &str, head: &Signed<Seal>) -> Result<(), PushError> {
    let http = Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build()?;
    let answer = http.post(url).json(head).send().await?;
    if answer.status().is_success() { Ok(()) } else { Err(PushError::Refused(answer.status().as_u16())) }
}
