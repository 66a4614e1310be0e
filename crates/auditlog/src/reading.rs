//! Reading an audit page by page, for people and programs.

use std::net::IpAddr;

use contract::{AuditFilter, AuditOut};
use platform::http::keyset::Page;
use platform::pg::{Params, PgError, Queries, Row, Statement};
use platform::zones::OLDEST;

/// The columns of an entry `e`, in the order in which [`list`] reads them.
#[macro_export]
macro_rules! entry_columns {
    () => {
        "e.id, e.at, e.actor_user_id, e.actor, e.action, e.entity_type, e.entity_id, e.branch_id, e.ip,
         e.request_id, e.details"
    };
}

/// The same as lists show them.
#[macro_export]
macro_rules! shown_columns {
    () => {
        "e.id, e.at, e.actor_user_id, e.actor, e.action, e.entity_type, e.entity_id, e.branch_id, host(e.ip),
         e.request_id, e.details"
    };
}

/// The conditions of every list on an entry `e`: after the page before, from a time on, by each filter that is given.
/// A statement that finds the kind of entity otherwise gives another condition in the place of that filter.
#[macro_export]
macro_rules! entry_filters {
    () => {
        $crate::entry_filters!("and ($8::text is null or e.entity_type = $8)")
    };
    ($of_type:literal) => {
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

/// The condition that a caller may see an entry `e`.
#[macro_export]
macro_rules! entry_visible {
    () => {
        "($13::bigint[] is null or e.branch_id is null or e.branch_id = any($13))"
    };
}

/// A page of entries, newest first, by a statement over the conditions above; one more than the page shows where there
/// are more. `visible` are the branches whose entries are shown beside those of none; all where there is `None`.
///
/// # Errors
/// When the database refuses or is away.
pub async fn list(
    conn: &Queries,
    statement: &'static Statement,
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
    let texts = [&f.actor_user_id, &f.actor, &f.action, &f.entity_type, &f.entity_id, &f.request_id];
    // PostgreSQL's texts cannot hold a NUL.
    if texts.into_iter().flatten().any(|text| text.contains('\0')) {
        return Ok(Vec::new());
    }
    // No entry is older, and the database knows no times that are much older.
    let (from, to) = (f.from.map(|at| at.max(OLDEST)), f.to.map(|at| at.max(OLDEST)));
    let (before, before_id) = page.before(to);
    let limit = page.rows();
    let params: Params<'_> = &[
        &before,
        &before_id,
        &from,
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
    Ok(conn.query_anew(statement, params).await?.iter().map(answer).collect())
}

fn answer(row: &Row) -> AuditOut {
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
