//! `/health` and `/ready`.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use contract::ProblemKind;
use contract::health::{HealthOut, ReadyOut};
use platform::http::ProblemResponse;

use super::Shared;
use crate::migrations;

/// How long the database may take to answer before the process counts as not ready.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is told of policies that are not in force; which and why is for the log, since anybody may ask here.
const REFUSED_POLICIES: &str =
    "policies: the newest of the folder are refused, those before stay in force; the log says why";

/// The process lives. Never touches the database.
#[utoipa::path(get, path = "/health", tag = "health", security(()), responses((status = 200, body = HealthOut)))]
pub(super) async fn health() -> Response {
    axum::Json(HealthOut { status: "ok".to_owned() }).into_response()
}

/// The process can serve: database reachable, migrations current, queue not full.
#[utoipa::path(get, path = "/ready", tag = "health", security(()), responses((status = 200, body = ReadyOut)))]
pub(super) async fn ready(State(app): Shared) -> Response {
    let not_ready = |check: &str, why: &str| {
        ProblemResponse::new(ProblemKind::Unavailable, format!("Not ready: {check}: {why}")).into_response()
    };
    if !app.services.engine.has_room() {
        return not_ready("queue", "the posting queue is full.");
    }
    let current = async {
        let connection = app.services.database.get().await?;
        migrations::is_current(&connection).await
    };
    match tokio::time::timeout(PATIENCE, current).await {
        Ok(Ok(true)) => {
            let checks = ["database", "migrations", "queue"].map(str::to_owned).to_vec();
            let refused = app.services.authorizer.refused().map(|_| REFUSED_POLICIES.to_owned());
            let warnings = refused.into_iter().collect();
            axum::Json(ReadyOut { status: "ready".to_owned(), checks, warnings }).into_response()
        }
        Ok(Ok(false)) => {
            not_ready("migrations", "the database is older than this program; run quartermaster migrate.")
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            not_ready("database", "it does not answer.")
        }
        Err(_) => not_ready("database", "it does not answer within a second."),
    }
}
