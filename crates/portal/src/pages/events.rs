//! Tells an open dashboard when its figures have changed (server-sent events), so that it fetches itself anew. A stream
//! ends within seconds of the session that began it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use contract::{OverviewOut, ProblemKind};
use futures_util::stream;
use platform::http::ProblemResponse;

use super::dashboard::DashboardQuery;
use super::query::Asked;
use crate::Shared;
use crate::accounts::sessions;
use crate::http::on_behalf::{Asking, OnBehalf};
use crate::http::streams::Stream;

/// How often the services are asked.
const EVERY: Duration = Duration::from_secs(3);
/// After so many questions the browser connects again, with a token that is new then.
const MOST: u32 = 200;

/// What the stream remembers.
struct Watch {
    shared: Arc<Shared>,
    session_id: i64,
    stream: Stream,
    asking: Asking,
    branch: Option<i64>,
    asked: u32,
    known: Option<OverviewOut>,
}

impl Watch {
    /// Waits until it is time to ask again. `false` when the stream is to end.
    async fn goes_on(&self) -> bool {
        if self.asked >= MOST {
            return false;
        }
        if self.asked > 0 {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = self.stream.ended() => return false,
            }
        }
        // Where that cannot be known, the browser connects again, and is told then.
        sessions::holds(&self.shared.database, self.session_id).await.unwrap_or(false)
    }
}

pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    visitor: OnBehalf,
    Asked(query): Asked<DashboardQuery>,
) -> Response {
    let Some(stream) = shared.streams.enter(visitor.user.id) else {
        let detail = "Too many dashboards are open. Load the page anew to see its figures.";
        return ProblemResponse::new(ProblemKind::Unavailable, detail)
            .retry_after(Duration::from_secs(60))
            .into_response();
    };
    let (session_id, asking) = (visitor.session_id, visitor.asking());
    let watch = Watch { shared, session_id, stream, asking, branch: query.branch, asked: 0, known: None };
    let events = stream::unfold(watch, |mut watch| async {
        while watch.goes_on().await {
            watch.asked += 1;
            let Watch { asking, branch, .. } = &watch;
            let overview = match asking.services().report_overview(asking.call(), *branch).await {
                Ok(overview) => overview,
                // The token was revoked: with the session, which ends the stream, or because another of the user's ended.
                Err(error) if error.is_unauthorized() => {
                    match watch.asking.clone().renewed().await {
                        Ok(Some(asking)) => watch.asking = asking,
                        Ok(None) => return None,
                        Err(error) => tracing::warn!(%error, "a stream of events has no token; tried again"),
                    }
                    continue;
                }
                // While the services are away there is nothing new to tell.
                Err(_) => continue,
            };
            // That the totals were looked at again is no news.
            let news = watch.known.as_ref().is_some_and(|known| {
                OverviewOut { as_of: None, counted_at: None, ..known.clone() }
                    != OverviewOut { as_of: None, counted_at: None, ..overview.clone() }
            });
            watch.known = Some(overview);
            if news {
                return Some((
                    Ok::<_, Infallible>(Event::default().event("changed").data("overview")),
                    watch,
                ));
            }
        }
        None
    });
    let events = Sse::new(events).keep_alive(KeepAlive::default());
    ([(header::CACHE_CONTROL, "no-store")], events).into_response()
}
