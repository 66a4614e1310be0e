//! `services_audit_logs`, which is the outbox too: what the audit is told is what the outside may hear.

use std::net::IpAddr;

use contract::AuditOut;
use jiff::Timestamp;
use platform::pg::types::Type;
use platform::pg::{Params, PgError, Queries, Row};
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

/// Which entries a list shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct AuditFilter {
    pub actor_user_id: Option<String>,
    pub actor: Option<String>,
    pub action: Option<String>,
    pub entity_type: Option<String>,
    pub entity_id: Option<String>,
    pub branch_id: Option<i64>,
    pub ip: Option<String>,
    pub request_id: Option<String>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// The columns of an entry.
macro_rules! columns {
    () => {
        "e.id, e.at, e.actor_user_id, e.actor, e.action, e.entity_type, e.entity_id, e.branch_id, e.ip,
         e.request_id, e.details"
    };
}

/// The same as lists show them.
macro_rules! shown {
    () => {
        "e.id, e.at, e.actor_user_id, e.actor, e.action, e.entity_type, e.entity_id, e.branch_id, host(e.ip),
         e.request_id, e.details"
    };
}

/// What every list asks for: what comes after the page before, from a time on, by each filter that is given. Whoever
/// has found the kind of entity otherwise leaves the filter by it out.
macro_rules! filters {
    ($of_type:expr) => {
        concat!(
            "(e.at, e.id) < (coalesce($1::timestamptz, 'infinity'), $2::bigint)
             and e.at >= coalesce($3::timestamptz, '-infinity')
             and ($5::text is null or e.actor_user_id = $5)
             and ($6::text is null or e.actor = $6)
             and ($7::text is null or e.action = $7) ",
            $of_type,
            " and ($9::text is null or e.entity_id = $9)
             and ($10::bigint is null or e.branch_id = $10)
             and ($11::inet is null or e.ip = $11)
             and ($12::text is null or e.request_id = $12)"
        )
    };
}

/// The filter by kind of entity.
macro_rules! of_any_type {
    () => {
        "and ($8::text is null or e.entity_type = $8)"
    };
}

/// What the caller may see.
macro_rules! visible {
    () => {
        "($13::bigint[] is null or e.branch_id is null or e.branch_id = any($13))"
    };
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
    LIST: "services" = concat!("select ", shown!(), "
        from services_audit_logs e
        where ", filters!(of_any_type!()), "
          and ", visible!(), "
        order by e.at desc, e.id desc
        limit $4");
    /// The same on one entity or of one request, which are few: found first and sorted then, whatever the planner takes
    /// their number for.
    LIST_OF_FEW: "services" = concat!("select ", shown!(), "
        from (
            select ", columns!(), "
            from services_audit_logs e
            where ", filters!(of_any_type!()), "
              and ", visible!(), "
            offset 0) e
        order by e.at desc, e.id desc
        limit $4");
    /// The same of some branches and of what belongs to none, merged from the newest of each.
    LIST_BY_BRANCH: "services" = concat!("select ", shown!(), "
        from (
            select ", columns!(), "
            from unnest($13::bigint[]) b(id)
            cross join lateral (
                select ", columns!(), "
                from services_audit_logs e
                where e.branch_id = b.id
                  and ", filters!(of_any_type!()), "
                order by e.at desc, e.id desc
                limit $4) e
            union all (
                select ", columns!(), "
                from services_audit_logs e
                where e.branch_id is null
                  and ", filters!(of_any_type!()), "
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
        select ", shown!(), "
        from taken t
        cross join lateral (
            select ", columns!(), "
            from services_audit_logs e
            where e.action = t.action
              and ", filters!(""), "
              and ", visible!(), "
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
    let ip: Option<IpAddr> = match f.ip.as_deref().map(str::parse).transpose() {
        Ok(ip) => ip,
        // Nothing comes from what is no address.
        Err(_) => return Ok(Vec::new()),
    };
    if let (Some(action), Some(kind)) = (&f.action, &f.entity_type)
        && action.strip_prefix(kind.as_str()).is_none_or(|verb| !verb.starts_with('.'))
    {
        return Ok(Vec::new());
    }
    let (before, before_id) = page.before(f.to);
    let limit = page.rows();
    let params: Params<'_> = &[
        &before,
        &before_id,
        &f.from,
        &limit,
        &f.actor_user_id,
        &f.actor,
        &f.action,
        &f.entity_type,
        &f.entity_id,
        &f.branch_id,
        &ip,
        &f.request_id,
        &visible,
    ];
    let rows = if f.entity_id.is_some() || f.request_id.is_some() {
        conn.query_anew(&LIST_OF_FEW, params).await?
    } else if f.entity_type.is_some() && f.action.is_none() {
        conn.query_anew(&LIST_BY_TYPE, params).await?
    } else if visible.is_some() && f.branch_id.is_none() {
        conn.query_anew(&LIST_BY_BRANCH, params).await?
    } else {
        conn.query_anew(&LIST, params).await?
    };
    let out = |row: &Row| AuditOut {
        id: row.get(0),
        at: row.get(1),
        actor_user_id: row.get(2),
        actor: row.get(3),
        action: row.get(4),
        entity_type: row.get(5),
        entity_id: row.get(6),
        branch_id: row.get(7),
        ip: row.get(8),
        request_id: row.get(9),
        details: row.get(10),
    };
    Ok(rows.iter().map(out).collect())
}
