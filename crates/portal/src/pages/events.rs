//! Tells an open dashboard when its figures have changed (server-sent events), so that it fetches itself anew.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::header;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use contract::OverviewOut;
use futures_util::stream;

use super::dashboard::DashboardQuery;
use super::query::Asked;
use crate::http::on_behalf::{Asking, OnBehalf};

/// How often the services are asked.
const EVERY: Duration = Duration::from_secs(3);
/// After so many questions the browser connects again, with a token that is new then.
const MOST: u32 = 200;

/// What the stream remembers.
struct Watch {
    asking: Asking,
    branch: Option<i64>,
    asked: u32,
    known: Option<OverviewOut>,
}

pub(crate) async fn get(visitor: OnBehalf, Asked(query): Asked<DashboardQuery>) -> Response {
    let watch = Watch { asking: visitor.asking(), branch: query.branch, asked: 0, known: None };
    let events = stream::unfold(watch, |mut watch| async {
        while watch.asked < MOST {
            if watch.asked > 0 {
                tokio::time::sleep(EVERY).await;
            }
            watch.asked += 1;
            let Watch { asking, branch, .. } = &watch;
            let overview = asking.services().report_overview(asking.call(), *branch).await;
            // While the services are away there is nothing new to tell.
            let Ok(overview) = overview else { continue };
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
