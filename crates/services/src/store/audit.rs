//! `services_audit_logs` and `services_outbox`: every fact that the audit gets goes out as an event too.

use std::net::IpAddr;

use contract::AuditOut;
use jiff::Timestamp;
use platform::pg::{PgError, Queries, Row};
use platform::statement;

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

/// What a change tells the audit and the outbox, before it is known when and by whom it was made.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    /// `order.fulfilled`: also the kind of the outbox event.
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
            details: self.details,
        }
    }
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

statement! {
    /// Adds entries and their events. In one statement, the details are read as JSON once.
    INSERT: "services" = "
        with u as materialized (
            select u.at, u.actor_user_id, u.actor, u.action, u.entity_type, u.entity_id, u.branch_id,
                   u.ip::inet as ip, u.request_id, u.details::jsonb as details, u.n
            from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
                        $8::text[], $9::text[], $10::text[])
                with ordinality
                u(at, actor_user_id, actor, action, entity_type, entity_id, branch_id, ip, request_id, details, n)),
        entries as (
            insert into services_audit_logs
                (at, actor_user_id, actor, action, entity_type, entity_id, branch_id, ip, request_id, details)
            select at, actor_user_id, actor, action, entity_type, entity_id, branch_id, ip, request_id, details
            from u
            order by n)
        insert into services_outbox (at, kind, branch_id, entity_type, entity_id, payload)
        select at, action, branch_id, entity_type, entity_id, details
        from u
        order by n";
    /// A page of entries, newest first.
    LIST: "services" = "
        select id, at, actor_user_id, actor, action, entity_type, entity_id, branch_id, host(ip), request_id, details
        from services_audit_logs
        where id < $1
          and ($2::bigint[] is null or branch_id is null or branch_id = any($2))
          and ($3::text is null or actor_user_id = $3)
          and ($4::text is null or actor = $4)
          and ($5::text is null or action = $5)
          and ($6::text is null or entity_type = $6)
          and ($7::text is null or entity_id = $7)
          and ($8::bigint is null or branch_id = $8)
          and ($9::text is null or host(ip) = $9)
          and ($10::text is null or request_id = $10)
          and ($11::timestamptz is null or at >= $11)
          and ($12::timestamptz is null or at < $12)
        order by id desc
        limit $13";
}

/// Appends the entries, in order, and an event for each to the outbox.
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

/// A page of entries, newest first.
pub(crate) async fn list(
    conn: &Queries,
    visible: Option<&[i64]>,
    filter: &AuditFilter,
    page: Page,
) -> Result<Vec<AuditOut>, PgError> {
    let before = page.after(i64::MAX).first;
    let f = filter;
    let rows = conn
        .query(
            &LIST,
            &[
                &before,
                &visible,
                &f.actor_user_id,
                &f.actor,
                &f.action,
                &f.entity_type,
                &f.entity_id,
                &f.branch_id,
                &f.ip,
                &f.request_id,
                &f.from,
                &f.to,
                &page.rows(),
            ],
        )
        .await?;
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
