//! Whether a process can serve, and if not, why: what `/ready` of every surface says.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use contract::ProblemKind;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::ProblemResponse;
use crate::pg::{Database, PgError, Queries};

/// How long the database may take to answer before the process counts as not ready.
const PATIENCE: Duration = Duration::from_secs(1);

/// How far the process's clock may be from the database's. Two processes are so at most a minute apart, as much as
/// tokens allow.
const CLOCK_DIFFERENCE: SignedDuration = SignedDuration::from_secs(30);

/// What a database says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// The version of the newest migration that was applied.
    pub version: i64,
    /// Its clock.
    pub clock: Timestamp,
}

/// The check that fails, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotReady {
    check: &'static str,
    why: String,
}

impl NotReady {
    /// The check of that name fails.
    pub fn new(check: &'static str, why: impl Into<String>) -> NotReady {
        NotReady { check, why: why.into() }
    }
}

impl IntoResponse for NotReady {
    fn into_response(self) -> Response {
        let detail = format!("Not ready: {}: {}.", self.check, self.why);
        ProblemResponse::new(ProblemKind::Unavailable, detail).into_response()
    }
}

/// Whether the process was told to stop, in the extensions of each request. For the time of `shutdown_delay` it goes on
/// serving, so that proxies have the time to see it and to ask elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Stopping(pub CancellationToken);

impl Stopping {
    /// The first check of all.
    ///
    /// # Errors
    /// When the process was told to stop.
    pub fn check(&self) -> Result<(), NotReady> {
        if self.0.is_cancelled() { Err(NotReady::new("process", "it is stopping")) } else { Ok(()) }
    }
}

impl<S: Sync> FromRequestParts<S> for Stopping {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Stopping, Self::Rejection> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

/// The checks of the database that [`database`] makes, in order.
pub const DATABASE_CHECKS: [&str; 3] = ["database", "migrations", "clock"];

/// Whether a database can be worked with by a program whose newest migration is `latest`; `standing` asks it.
///
/// # Errors
/// The check that fails: the database is away, or out of something; it is older than the program; its clock and the
/// process's differ.
pub async fn database(
    database: &Database,
    latest: i64,
    standing: impl AsyncFnOnce(&Queries) -> Result<Standing, PgError>,
) -> Result<(), NotReady> {
    let asked = Timestamp::now();
    let asking = async { standing(&*database.get().await?).await };
    let Standing { version, clock } = match tokio::time::timeout(PATIENCE, asking).await {
        Ok(Ok(standing)) => standing,
        Ok(Err(PgError::Exhausted { what, .. })) => return Err(NotReady::new("database", what)),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            return Err(NotReady::new("database", "it does not answer"));
        }
        Err(_) if database.is_exhausted() => {
            return Err(NotReady::new("database", "every connection of the pool is in use"));
        }
        Err(_) => return Err(NotReady::new("database", "it does not answer within a second")),
    };
    if let Some(what) = database.shortage() {
        return Err(NotReady::new("database", what));
    }
    if version < latest {
        return Err(NotReady::new(
            "migrations",
            "the database is older than this program; run quartermaster migrate",
        ));
    }
    let answered = Timestamp::now();
    // What the question took is no difference of clocks.
    let (early, late) = (asked - CLOCK_DIFFERENCE, answered + CLOCK_DIFFERENCE);
    if !(early..=late).contains(&clock) {
        let seconds = answered.duration_since(clock).as_secs();
        let way = if seconds < 0 { "behind" } else { "ahead of" };
        let why =
            format!("this machine's is {} s {way} the database's; set the wrong one right", seconds.abs());
        return Err(NotReady::new("clock", why));
    }
    Ok(())
}
