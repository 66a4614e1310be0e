//! `services_audit_logs`, which is the outbox too: what the audit is told is what the outside may hear.

use std::net::IpAddr;

use auditlog::{entry_columns, entry_filters, entry_visible, shown_columns};
use contract::{AuditFilter, AuditOut};
use jiff::Timestamp;
use platform::pg::types::Type;
use platform::pg::{PgError, Queries};
use platform::statement;

use super::JsonText;
use crate::page::Page;
use crate::request::{Actor, RequestContext};

/// One entry to write.
#[derive(Debug, Clone)]
pub(crate) struct AuditWrite {
    pub at: Timestamp,
    pub actor: Actor,
    pub action: &'static str,
    pub entity_type: &'static str,
    pub entity_id: String,
    pub branch_id: Option<i64>,
    pub ip: Option<IpAddr>,
    pub request_id: Option<String>,
    /// JSON.
    pub details: String,
}

/// What a change tells the audit, before it is known when and by whom it was made.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    /// `order.fulfilled`.
    pub action: &'static str,
    pub entity_type: &'static str,
    pub entity_id: String,
    pub branch_id: Option<i64>,
    /// JSON.
    pub details: String,
}

impl Fact {
    /// The audit entry of this fact.
    pub(crate) fn entry(self, at: Timestamp, actor: &Actor, context: &RequestContext) -> AuditWrite {
        AuditWrite {
            at,
            actor: actor.clone(),
            action: self.action,
            entity_type: self.entity_type,
            entity_id: self.entity_id,
            branch_id: self.branch_id,
            ip: context.ip,
            request_id: context.request_id.clone(),
            details: in_request(self.details, context.server_request_id.as_deref()),
        }
    }
}

/// The details, a JSON object, with the id that the server made for a request whose own id the client chose.
fn in_request(mut details: String, server_request_id: Option<&str>) -> String {
    let Some(id) = server_request_id else { return details };
    if details.ends_with('}') {
        details.pop();
        let comma = if details.ends_with('{') { "" } else { "," };
        // Of hexadecimal digits and dashes, so that nothing has to be escaped.
        details.push_str(&format!("{comma}\"server_request_id\":\"{id}\"}}"));
    }
    details
}

statement! {
    /// Adds entries.
    INSERT: "services" = "
        insert into services_audit_logs
            (at, actor_user_id, actor, action, entity_type, entity_id, branch_id, ip, request_id, details)
        select u.at, u.actor_user_id, u.actor, u.action, u.entity_type, u.entity_id, u.branch_id, u.ip::inet, u.request_id,
               u.details::jsonb
        from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
                    $8::text[], $9::text[], $10::text[])
            with ordinality
            u(at, actor_user_id, actor, action, entity_type, entity_id, branch_id, ip, request_id, details, n)
        order by n";
    /// Adds many entries.
    COPY: "services" = "
        copy services_audit_logs
            (at, actor_user_id, actor, action, entity_type, entity_id, branch_id, ip, request_id, details)
        from stdin binary";
    /// A page of entries, newest first.
    LIST: "services" = concat!("select ", shown_columns!(), "
        from services_audit_logs e
        where ", entry_filters!(), "
          and ", entry_visible!(), "
        order by e.at desc, e.id desc
        limit $4");
    /// The same on one entity or of one request, which are few: found first and sorted then, whatever the planner takes
    /// their number for.
    LIST_OF_FEW: "services" = concat!("select ", shown_columns!(), "
        from (
            select ", entry_columns!(), "
            from services_audit_logs e
            where ", entry_filters!(), "
              and ", entry_visible!(), "
            offset 0) e
        order by e.at desc, e.id desc
        limit $4");
    /// The same of some branches and of what belongs to none, merged from the newest of each.
    LIST_BY_BRANCH: "services" = concat!("select ", shown_columns!(), "
        from (
            select ", entry_columns!(), "
            from unnest($13::bigint[]) b(id)
            cross join lateral (
                select ", entry_columns!(), "
                from services_audit_logs e
                where e.branch_id = b.id
                  and ", entry_filters!(), "
                order by e.at desc, e.id desc
                limit $4) e
            union all (
                select ", entry_columns!(), "
                from services_audit_logs e
                where e.branch_id is null
                  and ", entry_filters!(), "
                order by e.at desc, e.id desc
                limit $4)) e
        order by e.at desc, e.id desc
        limit $4");
    /// The same of one kind of entity, merged from the newest of each of its actions: from each action that was ever
    /// taken, one step in the index leads to the next. A check keeps the action's first word to the kind of entity.
    LIST_BY_TYPE: "services" = concat!("
        with recursive taken(action) as (
            (select action from services_audit_logs where action > $8 || '.' order by action limit 1)
            union all
            select (select e.action from services_audit_logs e where e.action > t.action order by e.action limit 1)
            from taken t
            where starts_with(t.action, $8 || '.'))
        select ", shown_columns!(), "
        from taken t
        cross join lateral (
            select ", entry_columns!(), "
            from services_audit_logs e
            where e.action = t.action
              and ", entry_filters!(""), "
              and ", entry_visible!(), "
            order by e.at desc, e.id desc
            limit $4) e
        where starts_with(t.action, $8 || '.')
        order by e.at desc, e.id desc
        limit $4");
}

/// Appends the entries, in order.
pub(crate) async fn insert(conn: &Queries, writes: &[AuditWrite]) -> Result<(), PgError> {
    if writes.is_empty() {
        return Ok(());
    }
    let at: Vec<Timestamp> = writes.iter().map(|w| w.at).collect();
    let user_ids: Vec<Option<&str>> = writes.iter().map(|w| w.actor.user_id.as_deref()).collect();
    let actors: Vec<&str> = writes.iter().map(|w| w.actor.name.as_ref()).collect();
    let actions: Vec<&str> = writes.iter().map(|w| w.action).collect();
    let entity_types: Vec<&str> = writes.iter().map(|w| w.entity_type).collect();
    let entity_ids: Vec<&str> = writes.iter().map(|w| w.entity_id.as_str()).collect();
    let branches: Vec<Option<i64>> = writes.iter().map(|w| w.branch_id).collect();
    let ips: Vec<Option<String>> = writes.iter().map(|w| w.ip.map(|ip| ip.to_string())).collect();
    let requests: Vec<Option<&str>> = writes.iter().map(|w| w.request_id.as_deref()).collect();
    let details: Vec<&str> = writes.iter().map(|w| w.details.as_str()).collect();
    conn.execute(
        &INSERT,
        &[
            &at,
            &user_ids,
            &actors,
            &actions,
            &entity_types,
            &entity_ids,
            &branches,
            &ips,
            &requests,
            &details,
        ],
    )
    .await?;
    Ok(())
}

/// The same by COPY.
pub(crate) async fn copy(conn: &Queries, writes: &[AuditWrite]) -> Result<(), PgError> {
    let types = [
        Type::TIMESTAMPTZ,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::INT8,
        Type::INET,
        Type::TEXT,
        Type::JSONB,
    ];
    if writes.is_empty() {
        return Ok(());
    }
    let mut copy = conn.copy_in(&COPY, &types).await?;
    for w in writes {
        copy.row(&[
            &w.at,
            &w.actor.user_id.as_deref(),
            &w.actor.name.as_ref(),
            &w.action,
            &w.entity_type,
            &w.entity_id,
            &w.branch_id,
            &w.ip,
            &w.request_id,
            &JsonText(&w.details),
        ])
        .await?;
    }
    copy.finish().await?;
    Ok(())
}

/// A page of entries, newest first.
pub(crate) async fn list(
    conn: &Queries,
    visible: Option<&[i64]>,
    filter: &AuditFilter,
    page: Page,
) -> Result<Vec<AuditOut>, PgError> {
    let f = filter;
    if let (Some(action), Some(kind)) = (&f.action, &f.entity_type)
        && action.strip_prefix(kind.as_str()).is_none_or(|verb| !verb.starts_with('.'))
    {
        return Ok(Vec::new());
    }
    let statement = if f.entity_id.is_some() || f.request_id.is_some() {
        &LIST_OF_FEW
    } else if f.entity_type.is_some() && f.action.is_none() {
        &LIST_BY_TYPE
    } else if visible.is_some() && f.branch_id.is_none() {
        &LIST_BY_BRANCH
    } else {
        &LIST
    };
    auditlog::list(conn, statement, visible, filter, page).await
}
