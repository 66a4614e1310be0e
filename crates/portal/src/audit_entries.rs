//! Reading `portal_audit_logs`: a page of entries, and how one stands to the seals.

use std::net::IpAddr;

use auditlog::{AuditError, Standing, standing};
use contract::{AuditOut, AuditSealOut};
use jiff::Timestamp;
use platform::http::keyset::Page;
use platform::pg::{Database, Params, Row};
use platform::statement;

use crate::error::Error;
use crate::sealed::AUDIT;

/// The columns of an entry.
macro_rules! columns {
    () => {
        "e.id, e.at, e.actor_user_id, e.actor, e.action, e.entity_type, e.entity_id, e.branch_id, e.ip, e.request_id,
         e.details"
    };
}

/// The same as lists show them.
macro_rules! shown {
    () => {
        "e.id, e.at, e.actor_user_id, e.actor, e.action, e.entity_type, e.entity_id, e.branch_id, host(e.ip),
         e.request_id, e.details"
    };
}

/// What every list asks for.
macro_rules! filters {
    () => {
        "(e.at, e.id) < (coalesce($1::timestamptz, 'infinity'), $2::bigint)
         and e.at >= coalesce($3::timestamptz, '-infinity')
         and ($5::text is null or e.actor_user_id = $5)
         and ($6::text is null or e.actor = $6)
         and ($7::text is null or e.action = $7)
         and ($8::text is null or e.entity_type = $8)
         and ($9::text is null or e.entity_id = $9)
         and ($10::inet is null or e.ip = $10)
         and ($11::text is null or e.request_id = $11)"
    };
}

statement! {
    /// A page of entries, newest first.
    LIST: "portal" = concat!("select ", shown!(), "
        from portal_audit_logs e
        where ", filters!(), "
        order by e.at desc, e.id desc
        limit $4");
    /// The same on one entity or of one request, which are few: found first and sorted then, whatever the planner takes
    /// their number for.
    LIST_OF_FEW: "portal" = concat!("select ", shown!(), "
        from (select ", columns!(), " from portal_audit_logs e where ", filters!(), " offset 0) e
        order by e.at desc, e.id desc
        limit $4");
}

/// Which entries a list shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub actor_user_id: Option<String>,
    pub actor: Option<String>,
    pub action: Option<String>,
    pub entity_type: Option<String>,
    pub entity_id: Option<String>,
    pub ip: Option<String>,
    pub request_id: Option<String>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// A page of entries, newest first: one more than the page shows where there are more.
pub(crate) async fn list(database: &Database, filter: &Filter, page: Page) -> Result<Vec<AuditOut>, Error> {
    let f = filter;
    let ip: Option<IpAddr> = match f.ip.as_deref().map(str::parse).transpose() {
        Ok(ip) => ip,
        // Nothing comes from what is no address.
        Err(_) => return Ok(Vec::new()),
    };
    let texts = [&f.actor_user_id, &f.actor, &f.action, &f.entity_type, &f.entity_id, &f.request_id];
    // PostgreSQL's texts cannot hold a NUL.
    if texts.into_iter().flatten().any(|text| text.contains('\0')) {
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
        &ip,
        &f.request_id,
    ];
    let connection = database.get().await?;
    let few = f.entity_id.is_some() || f.request_id.is_some();
    let rows = connection.query_anew(if few { &LIST_OF_FEW } else { &LIST }, params).await?;
    Ok(rows.iter().map(entry).collect())
}

fn entry(row: &Row) -> AuditOut {
    AuditOut {
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
    }
}

/// How an entry stands to the seals; `None` where there is no such entry.
pub(crate) async fn seal(database: &Database, id: i64) -> Result<Option<AuditSealOut>, Error> {
    let connection = database.get().await?;
    let found = standing(&connection, &AUDIT, id).await.map_err(|error| match error {
        AuditError::Database(error) => Error::Database(error),
        other => Error::Audit(other),
    })?;
    Ok(found.map(|(_, standing)| match standing {
        Standing::Unsealed => {
            AuditSealOut { sealed: false, seal_number: None, sealed_at: None, key_id: None, intact: None }
        }
        Standing::Sealed { number, at, key, intact } => AuditSealOut {
            sealed: true,
            seal_number: Some(number),
            sealed_at: at,
            key_id: Some(key),
            intact: Some(intact),
        },
    }))
}
