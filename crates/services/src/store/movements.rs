//! `services_stock_movements`: the ledger.

use contract::MovementOut;
use domain::Movement;
use jiff::Timestamp;
use platform::pg::{PgError, Queries, Row};
use platform::statement;

use super::Num;
use crate::page::Page;
use crate::request::Actor;

/// Movements of one document.
#[derive(Debug, Clone)]
pub(crate) struct MovementWrite {
    pub movement: Movement,
    pub at: Timestamp,
    pub document_type: &'static str,
    pub document_id: i64,
    pub actor: Actor,
    pub reason: Option<String>,
    pub request_id: Option<String>,
}

/// Which movements a list shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct MovementFilter {
    pub branch_id: Option<i64>,
    pub item_id: Option<i64>,
    pub kind: Option<String>,
    pub document_type: Option<String>,
    pub document_id: Option<i64>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

statement! {
    /// Adds to the ledger.
    INSERT: "services" = "
        insert into services_stock_movements
            (at, branch_id, item_id, kind, quantity, balance, document_type, document_id,
             actor_user_id, actor, reason, request_id)
        select u.at, u.branch_id, u.item_id, u.kind, u.quantity, u.balance, u.document_type, u.document_id,
               u.actor_user_id, u.actor, u.reason, u.request_id
        from unnest($1::timestamptz[], $2::bigint[], $3::bigint[], $4::text[], $5::numeric[], $6::numeric[],
                    $7::text[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[])
            with ordinality
            u(at, branch_id, item_id, kind, quantity, balance, document_type, document_id,
              actor_user_id, actor, reason, request_id, n)
        order by u.n";
    /// A page of the ledger, newest first.
    LIST: "services" = "
        select id, at, branch_id, item_id, kind, quantity, balance, document_type, document_id, actor, reason
        from services_stock_movements
        where id < $1
          and ($2::bigint[] is null or branch_id = any($2))
          and ($3::bigint is null or branch_id = $3)
          and ($4::bigint is null or item_id = $4)
          and ($5::text is null or kind = $5)
          and ($6::text is null or document_type = $6)
          and ($7::bigint is null or document_id = $7)
          and ($8::timestamptz is null or at >= $8)
          and ($9::timestamptz is null or at < $9)
        order by id desc
        limit $10";
}

/// Appends the movements, in order.
pub(crate) async fn insert(conn: &Queries, writes: &[MovementWrite]) -> Result<(), PgError> {
    if writes.is_empty() {
        return Ok(());
    }
    let at: Vec<Timestamp> = writes.iter().map(|w| w.at).collect();
    let branches: Vec<i64> = writes.iter().map(|w| w.movement.key.branch.0).collect();
    let items: Vec<i64> = writes.iter().map(|w| w.movement.key.item.0).collect();
    let kinds: Vec<&str> = writes.iter().map(|w| w.movement.kind.as_str()).collect();
    let quantities: Vec<Num> = writes.iter().map(|w| Num(w.movement.quantity)).collect();
    let balances: Vec<Num> = writes.iter().map(|w| Num(w.movement.balance)).collect();
    let document_types: Vec<&str> = writes.iter().map(|w| w.document_type).collect();
    let document_ids: Vec<i64> = writes.iter().map(|w| w.document_id).collect();
    let user_ids: Vec<Option<&str>> = writes.iter().map(|w| w.actor.user_id.as_deref()).collect();
    let actors: Vec<&str> = writes.iter().map(|w| w.actor.name.as_ref()).collect();
    let reasons: Vec<Option<&str>> = writes.iter().map(|w| w.reason.as_deref()).collect();
    let requests: Vec<Option<&str>> = writes.iter().map(|w| w.request_id.as_deref()).collect();
    conn.execute(
        &INSERT,
        &[
            &at,
            &branches,
            &items,
            &kinds,
            &quantities,
            &balances,
            &document_types,
            &document_ids,
            &user_ids,
            &actors,
            &reasons,
            &requests,
        ],
    )
    .await?;
    Ok(())
}

/// A page of the ledger, newest first.
pub(crate) async fn list(
    conn: &Queries,
    visible: Option<&[i64]>,
    filter: &MovementFilter,
    page: Page,
) -> Result<Vec<MovementOut>, PgError> {
    let MovementFilter { branch_id, item_id, kind, document_type, document_id, from, to } = filter;
    let before = page.after(i64::MAX).first;
    let rows = conn
        .query(
            &LIST,
            &[
                &before,
                &visible,
                branch_id,
                item_id,
                kind,
                document_type,
                document_id,
                from,
                to,
                &page.rows(),
            ],
        )
        .await?;
    let out = |row: &Row| MovementOut {
        id: row.get(0),
        at: row.get(1),
        branch_id: row.get(2),
        item_id: row.get(3),
        kind: row.get(4),
        quantity: row.get::<_, Num>(5).0,
        balance: row.get::<_, Num>(6).0,
        document_type: row.get(7),
        document_id: row.get(8),
        actor: row.get(9),
        reason: row.get(10),
    };
    Ok(rows.iter().map(out).collect())
}
