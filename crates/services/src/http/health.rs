//! `/health` and `/ready`.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use contract::health::{HealthOut, ReadyOut};
use platform::http::ready::{self, DATABASE_CHECKS, NotReady, Stopping};

use super::{App, Shared};
use crate::sealed::AUDIT;
use crate::{branches, migrations};

/// What is told of policies that are not in force; which and why is for the log, since anybody may ask here.
const REFUSED_POLICIES: &str =
    "policies: the newest of the folder are refused, those before stay in force; the log says why";

/// What is told of branches whose time zone is not known; which is for `verify`, since anybody may ask here.
const UNKNOWN_ZONES: &str =
    "time zones: a branch has one that is not known and counts as UTC; quartermaster verify names it";

/// How long that is looked for.
const ZONES_PATIENCE: Duration = Duration::from_secs(1);

/// The process lives. Never touches the database.
#[utoipa::path(get, path = "/health", tag = "health", security(()), responses((status = 200, body = HealthOut)))]
pub(super) async fn health() -> Response {
    axum::Json(HealthOut { status: "ok".to_owned() }).into_response()
}

/// The process can serve: it is not stopping, the queue has room, the database is there, current and tells the same time.
#[utoipa::path(get, path = "/ready", tag = "health", security(()), responses((status = 200, body = ReadyOut)))]
pub(super) async fn ready(State(app): Shared, stopping: Stopping) -> Response {
    match checked(&app, &stopping).await {
        Ok(()) => {
            let checks = DATABASE_CHECKS.into_iter().chain(["queue"]).map(str::to_owned).collect();
            let refused = app.services.authorizer.refused().map(|_| REFUSED_POLICIES.to_owned());
            let login = app.services.database.warning().map(str::to_owned);
            let zones = has_unknown_zones(&app).await.then(|| UNKNOWN_ZONES.to_owned());
            let warnings =
                refused.into_iter().chain(login).chain(zones).chain(late_seals(&app).await).collect();
            axum::Json(ReadyOut { status: "ready".to_owned(), checks, warnings }).into_response()
        }
        Err(not_ready) => not_ready.into_response(),
    }
}

/// Whether entries of the audit wait too long for their seal.
async fn late_seals(app: &App) -> Option<String> {
    let warning = async {
        let connection = app.services.database.get().await?;
        auditlog::warning(&connection, &AUDIT).await
    };
    warning.await.unwrap_or_else(|error: auditlog::AuditError| {
        tracing::warn!(%error, "how far the audit is sealed cannot be told");
        None
    })
}

/// Whether there is a branch whose time zone is not known. It only warns: where it cannot be found out, nothing is said.
async fn has_unknown_zones(app: &App) -> bool {
    let unknown = async {
        let connection = app.services.database.get().await.ok()?;
        branches::unknown_zones(&connection).await.ok()
    };
    let unknown = tokio::time::timeout(ZONES_PATIENCE, unknown).await.ok().flatten();
    unknown.is_some_and(|unknown| !unknown.is_empty())
}

async fn checked(app: &App, stopping: &Stopping) -> Result<(), NotReady> {
    stopping.check()?;
    if !app.services.engine.has_room() {
        return Err(NotReady::new("queue", "the posting queue is full"));
    }
    let latest = migrations::migrations().latest();
    ready::database(&app.services.database, latest, migrations::standing).await
}
