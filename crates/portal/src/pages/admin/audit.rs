//! The audit of the portal: who signed in, who let whom do what, and every other way in.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use contract::page::MAX_LIMIT;
use contract::{AuditFilter, AuditOut, Cursor};
use jiff::civil::Date;
use platform::http::keyset::Page;
use serde::{Deserialize, Serialize};

use super::{Tab, Tabs, open};
use crate::Shared;
use crate::audit_entries;
use crate::http::on_behalf::OnBehalf;
use crate::pages::audit_details::{Detail, details};
use crate::pages::audit_file::columns;
use crate::pages::audit_seal::SealPage;
use crate::pages::frame::{Frame, Section};
use crate::pages::query::{Asked, Listed, ROWS, address, bounds, lenient, trimmed};
use crate::pages::{Trouble, page};
use crate::table::{Format, Table};

/// What entries are about, by word and message.
const KINDS: [(&str, &str); 4] = [
    ("user", "portal-audit-user"),
    ("group", "group"),
    ("client", "portal-audit-client"),
    ("signing_key", "portal-audit-key"),
];

/// The facts that entries tell, by word and message; those that are missing stand as the word.
const FACTS: [(&str, &str); 19] = [
    ("username", "login-name"),
    ("name", "portal-fact-name"),
    ("roles", "roles"),
    ("branches", "branches-title"),
    ("active", "portal-fact-active"),
    ("sessions_ended", "portal-fact-sessions"),
    ("session", "portal-fact-session"),
    ("first_password", "user-first-password"),
    ("password_fingerprint", "portal-fact-password"),
    ("password_hashed_anew", "portal-fact-rehashed"),
    ("secret_fingerprint", "portal-fact-secret"),
    ("second_factor", "nav-second-factor"),
    ("recovery_codes_left", "portal-fact-codes"),
    ("required", "factor-required"),
    ("wrong", "portal-fact-wrong"),
    ("os_user", "portal-fact-os-user"),
    ("token", "portal-fact-token"),
    ("expires_at", "portal-fact-expires"),
    ("more", "portal-fact-more"),
];

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PortalAuditQuery {
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    entity_type: Option<String>,
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    entity_id: Option<String>,
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    from: Option<Date>,
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    to: Option<Date>,
    #[serde(deserialize_with = "trimmed", skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

impl PortalAuditQuery {
    fn filter(&self) -> AuditFilter {
        let (from, to) = bounds(self.from, self.to, "UTC");
        AuditFilter {
            actor: self.person.clone(),
            action: self.action.clone(),
            entity_type: self.entity_type.clone(),
            entity_id: self.entity_id.clone(),
            request_id: self.request.clone(),
            from,
            to,
            ..AuditFilter::default()
        }
    }

    fn page(&self, limit: u16) -> Page {
        Page { limit, cursor: self.cursor.as_deref().and_then(Cursor::parse) }
    }
}

impl Listed for PortalAuditQuery {
    const PATH: &'static str = "/admin/audit/";

    fn cursor(&mut self) -> &mut Option<String> {
        &mut self.cursor
    }
}

#[derive(Template)]
#[template(path = "admin/audit.html")]
struct PortalAuditPage {
    frame: Frame,
    tabs: Tabs,
    query: PortalAuditQuery,
    entries: Vec<AuditOut>,
    next: Option<Cursor>,
}

/// The page for who may see the audit of the portal. To who may nothing else here, it is a part of the audit.
fn opened(visitor: OnBehalf) -> Result<(OnBehalf, Tabs), Trouble> {
    let (visitor, tabs) = open(visitor, Tab::Audit)?;
    let section = if tabs.open.len() == 1 { Section::Audit } else { Section::Admin };
    Ok((visitor.within(section), tabs))
}

pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    visitor: OnBehalf,
    Asked(query): Asked<PortalAuditQuery>,
) -> Result<Response, Trouble> {
    let (visitor, tabs) = opened(visitor)?;
    let asked = query.page(ROWS);
    let mut entries = audit_entries::list(&shared.database, &query.filter(), asked).await?;
    let next = asked.cut(&mut entries).map(|last| Cursor::at(last.at, last.id));
    let frame = visitor.frame;
    Ok(page(StatusCode::OK, &PortalAuditPage { frame, tabs, query, entries, next }))
}

/// The entries of the list, in its order, as a file for a spreadsheet.
pub(crate) async fn file(
    State(shared): State<Arc<Shared>>,
    visitor: OnBehalf,
    format: Format,
    Asked(query): Asked<PortalAuditQuery>,
) -> Result<Response, Trouble> {
    let (visitor, _) = opened(visitor)?;
    let filter = query.filter();
    let table = Table { name: "portal-audit", title: "audit-title", zone: "UTC", columns: columns("UTC") };
    let mut file = table.begin(format, visitor.frame.words)?;
    let mut asked = Page { limit: MAX_LIMIT, cursor: None };
    loop {
        let mut entries = audit_entries::list(&shared.database, &filter, asked).await?;
        let next = asked.cut(&mut entries).map(|last| Cursor::at(last.at, last.id));
        if !file.rows(&entries, next.is_some())? {
            break;
        }
        asked.cursor = next;
    }
    file.finish().await
}

/// Whether an entry is as it was sealed.
pub(crate) async fn seal(
    State(shared): State<Arc<Shared>>,
    visitor: OnBehalf,
    Path(id): Path<i64>,
) -> Result<Response, Trouble> {
    let (visitor, _) = opened(visitor)?;
    let seal = audit_entries::seal(&shared.database, id).await?.ok_or(Trouble::NoSuchPage)?;
    let (frame, list) = (visitor.frame, PortalAuditQuery::PATH);
    Ok(page(StatusCode::OK, &SealPage { frame, id, seal: Some(Arc::new(seal)), list }))
}

impl PortalAuditPage {
    fn text<'a>(&self, field: &'a Option<String>) -> &'a str {
        field.as_deref().unwrap_or_default()
    }

    fn day(&self, day: &Option<Date>) -> String {
        day.map(|day| day.to_string()).unwrap_or_default()
    }

    fn kinds(&self) -> [(&'static str, &'static str); 4] {
        KINDS
    }

    fn is_kind(&self, word: &str) -> bool {
        self.text(&self.query.entity_type) == word
    }

    /// The address of the whole list as a file.
    fn file(&self, ending: &str) -> String {
        address(&format!("/admin/audit/{ending}"), &PortalAuditQuery { cursor: None, ..self.query.clone() })
    }

    /// What an entry is about, in words, and the page of it.
    fn about(&self, entry: &AuditOut) -> (String, Option<String>) {
        let kind = KINDS.iter().find(|(word, _)| *word == entry.entity_type);
        let kind = kind.map_or_else(|| entry.entity_type.clone(), |(_, message)| self.frame.say(message));
        let is_user = entry.entity_type == "user" && entry.entity_id.parse::<i64>().is_ok();
        let link = is_user.then(|| format!("/admin/users/{}/", entry.entity_id));
        (format!("{kind} {}", entry.entity_id), link.filter(|_| self.tabs.open.contains(&Tab::Users)))
    }

    fn details(&self, entry: &AuditOut) -> Vec<Detail> {
        let every_branch = |text: String| if text == "*" { self.frame.say("all-branches") } else { text };
        let named = details(entry).into_iter().map(|detail| {
            let detail = match detail.name.as_str() {
                "branches" => Detail {
                    before: detail.before.map(every_branch),
                    after: every_branch(detail.after),
                    ..detail
                },
                _ => detail,
            };
            let fact = FACTS.iter().find(|(word, _)| *word == detail.name);
            Detail { name: fact.map_or(detail.name, |(_, message)| self.frame.say(message)), ..detail }
        });
        named.collect()
    }
}
