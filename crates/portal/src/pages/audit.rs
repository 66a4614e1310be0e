//! The audit of the services: who did what.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use client::{ClientError, Page};
use contract::{AuditFilter, AuditOut};
use jiff::civil::Date;
use policy::{Action, Resource};
use serde::{Deserialize, Serialize};

use crate::directory::Directory;
use crate::http::on_behalf::{Asking, OnBehalf};
use crate::pages::audit_details::{Detail, details};
use crate::pages::frame::{Frame, Section};
use crate::pages::query::{Asked, Listed, address, bounds, lenient, paging, trimmed};
use crate::pages::{Trouble, page};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct AuditQuery {
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    entity_type: Option<String>,
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    entity_id: Option<String>,
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub(super) branch: Option<i64>,
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    from: Option<Date>,
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    to: Option<Date>,
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

impl AuditQuery {
    pub(super) fn filter(&self, directory: &Directory) -> AuditFilter {
        let (from, to) = bounds(self.from, self.to, directory.zone_of(&self.branch));
        AuditFilter {
            actor_user_id: None,
            actor: self.person.clone(),
            action: self.action.clone(),
            entity_type: self.entity_type.clone(),
            entity_id: self.entity_id.clone(),
            branch_id: self.branch,
            ip: None,
            request_id: self.request.clone(),
            from,
            to,
        }
    }
}

/// What the services say.
struct Shown {
    directory: Directory,
    entries: Page<AuditOut>,
}

impl Listed for AuditQuery {
    const PATH: &'static str = "/audit/";

    fn cursor(&mut self) -> &mut Option<String> {
        &mut self.cursor
    }
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    query: AuditQuery,
    shown: Option<Arc<Shown>>,
    /// Whether the audit of people, programs and keys is open to them too.
    sees_portal: bool,
}

pub(crate) async fn get(visitor: OnBehalf, Asked(query): Asked<AuditQuery>) -> Result<Response, Trouble> {
    let mut visitor = visitor.within(Section::Audit);
    let shown = visitor.known(ask(visitor.asking(), &query)).await?;
    let sees_portal = visitor.may(Action::ViewPortalAudit, Resource::Company);
    Ok(page(StatusCode::OK, &AuditPage { frame: visitor.frame, query, shown, sees_portal }))
}

async fn ask(asking: Asking, query: &AuditQuery) -> Result<Shown, ClientError> {
    let directory = Directory::read(&asking).await?;
    let filter = query.filter(&directory);
    let paging = paging(query.cursor.as_deref());
    let entries = asking.services().list_audit(asking.call(), &filter, paging).await?;
    Ok(Shown { directory, entries })
}

impl AuditPage {
    fn text<'a>(&self, field: &'a Option<String>) -> &'a str {
        field.as_deref().unwrap_or_default()
    }

    fn day(&self, day: &Option<Date>) -> String {
        day.map(|day| day.to_string()).unwrap_or_default()
    }

    fn branch(&self, shown: &Shown, entry: &AuditOut) -> String {
        entry.branch_id.map_or_else(|| "–".to_owned(), |branch| shown.directory.name(&branch))
    }

    fn time(&self, shown: &Shown, entry: &AuditOut) -> String {
        self.frame.time(&entry.at, shown.directory.zone_of(&entry.branch_id))
    }

    /// The page of what an entry is about.
    fn link(&self, entry: &AuditOut) -> Option<String> {
        match entry.entity_type.as_str() {
            "order" => Some(format!("/orders/{}/", entry.entity_id)),
            "item" => Some(format!("/items/{}/", entry.entity_id)),
            _ => None,
        }
    }

    /// The address of the whole list as a file.
    fn file(&self, ending: &str) -> String {
        address(&format!("/audit/{ending}"), &AuditQuery { cursor: None, ..self.query.clone() })
    }

    fn details(&self, entry: &AuditOut) -> Vec<Detail> {
        details(entry)
    }
}
