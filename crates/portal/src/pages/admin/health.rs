//! How the parts of the program are, as far as the portal can see: itself, its database, the services, the audit's
//! seals, the policies.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use client::ClientError;
use contract::OverviewOut;
use contract::health::ReadyOut;
use jiff::Timestamp;
use platform::statement;

use super::{Tab, Tabs, open};
use crate::Shared;
use crate::error::Error;
use crate::http::on_behalf::{Asking, OnBehalf};
use crate::pages::frame::Frame;
use crate::pages::{Trouble, page};
use crate::sealed::AUDIT;

statement! {
    /// The server's version.
    VERSION: "portal" = "select current_setting('server_version')";
}

/// A line of the page.
struct Check {
    name: String,
    /// What is to be said of it.
    words: String,
    /// Whether it is as it should be.
    well: bool,
}

#[derive(Template)]
#[template(path = "admin/health.html")]
struct HealthPage {
    frame: Frame,
    tabs: Tabs,
    checks: Vec<Check>,
}

pub(crate) async fn get(State(shared): State<Arc<Shared>>, visitor: OnBehalf) -> Result<Response, Trouble> {
    let (visitor, tabs) = open(visitor, Tab::Health)?;
    let asking = visitor.asking();
    let (ready, totals) = tokio::join!(ready(&shared, &asking), totals(&shared, &asking));
    let frame = visitor.frame;
    let mut checks = of_portal(&shared, &frame).await?;
    checks.push(of_services(&frame, &ready));
    checks.push(of_totals(&frame, totals));
    checks.push(of_policies(&shared, &frame));
    Ok(page(StatusCode::OK, &HealthPage { frame, tabs, checks }))
}

async fn ready(shared: &Shared, asking: &Asking) -> Result<ReadyOut, ClientError> {
    shared.upstream.in_time(asking.services().ready(asking.call())).await
}

async fn totals(shared: &Shared, asking: &Asking) -> Option<OverviewOut> {
    shared.upstream.in_time(asking.services().report_overview(asking.call(), None)).await.ok()
}

async fn of_portal(shared: &Shared, frame: &Frame) -> Result<Vec<Check>, Error> {
    let connection = shared.database.get().await?;
    let server: String = connection.query_one(&VERSION, &[]).await?.get(0);
    let program =
        Check { name: frame.say("health-program"), words: env!("CARGO_PKG_VERSION").to_owned(), well: true };
    let database =
        Check { name: frame.say("health-database"), words: format!("PostgreSQL {server}"), well: true };
    let sealed = auditlog::state(&connection, &AUDIT).await;
    let (words, well) = match sealed {
        Ok(auditlog::SealState { late: Some(seconds), .. }) => {
            (frame.about("health-seals-late", "seconds", seconds), false)
        }
        Ok(auditlog::SealState { last: Some((number, at)), lag, .. }) => {
            let age = frame.age(at, Timestamp::now());
            let facts: [(&str, &dyn std::fmt::Display); 3] =
                [("number", &number), ("age", &age), ("waiting", &lag)];
            (frame.about_all("health-sealed", &facts), true)
        }
        Ok(_) => (frame.say("health-unsealed"), false),
        Err(error) => {
            tracing::warn!(%error, "the state of the seals cannot be told");
            (frame.say("health-seal-broken"), false)
        }
    };
    Ok(vec![program, database, Check { name: frame.say("health-seals"), words, well }])
}

fn of_services(frame: &Frame, ready: &Result<ReadyOut, ClientError>) -> Check {
    let name = frame.say("health-services");
    match ready {
        Ok(ready) => {
            let told = ready.checks.iter().chain(&ready.warnings).cloned().collect::<Vec<_>>().join(", ");
            Check { name, words: frame.about("health-ready", "checks", told), well: true }
        }
        Err(error) => {
            let detail = error.problem().map(|problem| problem.detail.clone()).unwrap_or_default();
            Check { name, words: format!("{} {detail}", frame.say("away")), well: false }
        }
    }
}

fn of_totals(frame: &Frame, totals: Option<OverviewOut>) -> Check {
    let name = frame.say("health-totals");
    match totals.and_then(|totals| totals.as_of) {
        Some(at) => {
            let age = frame.age(at, Timestamp::now());
            // The worker looks every two seconds.
            let well = Timestamp::now().duration_since(at).as_secs() < 60;
            Check { name, words: frame.about("ago", "age", age), well }
        }
        None => Check { name, words: frame.say("never"), well: false },
    }
}

fn of_policies(shared: &Shared, frame: &Frame) -> Check {
    let count = shared.authorizer.policies().all().len();
    let refused = shared.authorizer.refused();
    Check {
        name: frame.say("admin-policies"),
        words: match &refused {
            Some(bad) => format!("{} {bad}", frame.say("policy-refused")),
            None => frame.count("health-policies", count),
        },
        well: refused.is_none(),
    }
}
