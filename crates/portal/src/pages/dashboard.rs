//! The dashboard: stock that runs low, stock levels and recent orders, fetched with the user's own token.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use client::Call;
use contract::{OrderOut, OrderStatusWord};
use jiff::{Timestamp, Unit};
use platform::http::{RequestId, TraceParent};

use super::{Header, Trouble, page};
use crate::Shared;
use crate::http::forms::FormToken;
use crate::http::session::SignedIn;
use crate::tokens::Token;
use crate::upstream::{Known, Overview};

#[derive(Template)]
#[template(path = "dashboard.html")]
struct DashboardPage<'a> {
    header: Header,
    token: FormToken,
    overview: Option<&'a Overview>,
    /// How old the figures are, when the services do not answer.
    age: Option<String>,
    away: bool,
}

pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    SignedIn { user, session, token: form }: SignedIn,
    axum::Extension(request_id): axum::Extension<RequestId>,
    trace: Option<axum::Extension<TraceParent>>,
) -> Result<Response, Trouble> {
    let published = shared.feed.now();
    let token = shared.minter(&published).for_user(&shared.database, user.id, Some(session.id)).await?;
    // The session ended since the request came.
    let Some(Token { access_token: token, .. }) = token else {
        return Ok(Redirect::to("/accounts/login/").into_response());
    };
    let traceparent = trace.as_ref().map(|trace| trace.0.0.as_str());
    let call = Call { token: &token, request_id: Some(&request_id.0), traceparent };
    let known = shared.upstream.overview(user.id, call).await;
    let (overview, away) = match &known {
        Known::Now(overview) => (Some(overview.as_ref()), false),
        Known::Before(overview) => (Some(overview.as_ref()), true),
        Known::Nothing => (None, true),
    };
    let age = overview.filter(|_| away).map(|overview| age_of(overview.at, Timestamp::now()));
    let header = Header::of(&user);
    Ok(page(StatusCode::OK, &DashboardPage { header, token: form, overview, age, away }))
}

fn age_of(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.since(then).ok().and_then(|span| span.total(Unit::Second).ok()).unwrap_or(0.0);
    match seconds {
        s if s < 90.0 => format!("{s:.0} seconds"),
        s if s < 5_400.0 => format!("{:.0} minutes", s / 60.0),
        s => format!("{:.0} hours", s / 3_600.0),
    }
}

impl DashboardPage<'_> {
    fn badge(&self, order: &OrderOut) -> &'static str {
        match order.status {
            OrderStatusWord::Draft => "bg-secondary-lt",
            OrderStatusWord::Submitted => "bg-blue-lt",
            OrderStatusWord::Fulfilled => "bg-green-lt",
            OrderStatusWord::Cancelled => "bg-orange-lt",
        }
    }

    fn status(&self, order: &OrderOut) -> &'static str {
        domain::order::OrderStatus::from(order.status).as_str()
    }

    fn time(&self, at: &Timestamp) -> String {
        at.strftime("%Y-%m-%d %H:%M").to_string()
    }
}
