//! `services_outbox`: every fact that the audit gets goes out as an event too.

use jiff::Timestamp;
use platform::pg::{PgError, Queries};
use platform::statement;

use super::audit::AuditWrite;

statement! {
    /// Adds events.
    INSERT: "services" = "
        insert into services_outbox (at, kind, branch_id, entity_type, entity_id, payload)
        select u.at, u.kind, u.branch_id, u.entity_type, u.entity_id, u.payload::jsonb
        from unnest($1::timestamptz[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[])
            with ordinality u(at, kind, branch_id, entity_type, entity_id, payload, n)
        order by u.n";
}

/// Appends one event an entry, in order.
pub(crate) async fn insert(conn: &Queries, entries: &[AuditWrite]) -> Result<(), PgError> {
    if entries.is_empty() {
        return Ok(());
    }
    let at: Vec<Timestamp> = entries.iter().map(|e| e.at).collect();
    let kinds: Vec<&str> = entries.iter().map(|e| e.action).collect();
    let branches: Vec<Option<i64>> = entries.iter().map(|e| e.branch_id).collect();
    let entity_types: Vec<&str> = entries.iter().map(|e| e.entity_type).collect();
    let entity_ids: Vec<&str> = entries.iter().map(|e| e.entity_id.as_str()).collect();
    let payloads: Vec<&str> = entries.iter().map(|e| e.details.as_str()).collect();
    conn.execute(&INSERT, &[&at, &kinds, &branches, &entity_types, &entity_ids, &payloads]).await?;
    Ok(())
}
