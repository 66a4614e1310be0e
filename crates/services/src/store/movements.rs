//! `services_stock_movements`: the ledger.

use std::collections::HashMap;

use contract::MovementOut;
use domain::adjustment::{Before, Undone};
use domain::{BranchId, ItemId, Movement, MovementId, MovementKind, Quantity, StockKey};
use jiff::Timestamp;
use platform::pg::types::Type;
use platform::pg::{Params, PgError, Queries, Row};
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
    /// The movement that it undoes.
    pub reverses: Option<MovementId>,
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

/// The columns that lists show.
macro_rules! columns {
    () => {
        "m.id, m.at, m.branch_id, m.item_id, m.kind, m.quantity, m.balance, m.document_type, m.document_id, m.actor,
         m.reason, m.reverses_id"
    };
}

/// The movement that undid `m`.
macro_rules! reversed_by {
    () => {
        "(select r.id from services_stock_movements r where r.reverses_id = m.id and r.reverses_id is not null)"
    };
}

/// What comes after the page before, from a time on.
macro_rules! since {
    () => {
        "(m.at, m.id) < (coalesce($1::timestamptz, 'infinity'), $2::bigint)
         and m.at >= coalesce($3::timestamptz, '-infinity')"
    };
}

statement! {
    /// Adds to the ledger.
    INSERT: "services" = "
        insert into services_stock_movements
            (at, branch_id, item_id, kind, quantity, balance, document_type, document_id,
             actor_user_id, actor, reason, request_id, reverses_id)
        select u.at, u.branch_id, u.item_id, u.kind, u.quantity, u.balance, u.document_type, u.document_id,
               u.actor_user_id, u.actor, u.reason, u.request_id, u.reverses_id
        from unnest($1::timestamptz[], $2::bigint[], $3::bigint[], $4::text[], $5::numeric[], $6::numeric[],
                    $7::text[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[],
                    $13::bigint[])
            with ordinality
            u(at, branch_id, item_id, kind, quantity, balance, document_type, document_id,
              actor_user_id, actor, reason, request_id, reverses_id, n)
        order by u.n";
    /// Adds much to the ledger.
    COPY: "services" = "
        copy services_stock_movements
            (at, branch_id, item_id, kind, quantity, balance, document_type, document_id,
             actor_user_id, actor, reason, request_id, reverses_id)
        from stdin binary";
    /// How far adjustments moved levels in the last 24 hours, ups and downs added: those of these levels that were adjusted.
    ADJUSTED: "services" = "
        select k.branch_id, k.item_id, least(m.moved, 999999999999.999)
        from unnest($1::bigint[], $2::bigint[]) k(branch_id, item_id)
        cross join lateral (
            select sum(abs(m.quantity)) as moved
            from services_stock_movements m
            where m.branch_id = k.branch_id and m.item_id = k.item_id and m.kind = 'adjustment'
              and m.at > statement_timestamp() - interval '24 hours') m
        where m.moved is not null";
    /// What was on hand at levels at some time, and when each last moved: of those that ever moved.
    PAST: "services" = "
        select k.n, coalesce(b.balance, 0), m.at
        from unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) with ordinality k(branch_id, item_id, at, n)
        cross join lateral (
            select m.at
            from services_stock_movements m
            where m.branch_id = k.branch_id and m.item_id = k.item_id
            order by m.at desc, m.id desc
            limit 1) m
        left join lateral (
            select m.balance
            from services_stock_movements m
            where m.branch_id = k.branch_id and m.item_id = k.item_id and m.at <= k.at
            order by m.at desc, m.id desc
            limit 1) b on true";
    /// A page of the ledger, newest first.
    LIST: "services" = concat!("select ", columns!(), ", ", reversed_by!(), "
        from services_stock_movements m
        where ", since!(), "
        order by m.at desc, m.id desc
        limit $4");
    /// The same of some kinds, and of each branch or some: merged from the newest of each branch and kind.
    LIST_BY_KIND: "services" = concat!("select ", columns!(), ", ", reversed_by!(), "
        from services_branches b
        cross join unnest($5::text[]) k(kind)
        cross join lateral (
            select ", columns!(), "
            from services_stock_movements m
            where m.branch_id = b.id and m.kind = k.kind
              and ", since!(), "
            order by m.at desc, m.id desc
            limit $4) m
        where $6::bigint[] is null or b.id = any($6)
        order by m.at desc, m.id desc
        limit $4");
    /// The same of one item, and of each branch no more than `$8`. Which movements the page shows, an index alone tells where
    /// every kind is asked for; only those are read.
    LIST_BY_ITEM: "services" = concat!("select ", columns!(), ", ", reversed_by!(), "
        from (
            select m.at, m.id
            from services_branches b
            cross join lateral (
                select m.at, m.id
                from services_stock_movements m
                where m.branch_id = b.id and m.item_id = $7 and ($5::text[] is null or m.kind = any($5))
                  and ", since!(), "
                order by m.at desc, m.id desc
                limit $8) m
            where $6::bigint[] is null or b.id = any($6)
            order by m.at desc, m.id desc
            limit $4) page
        join services_stock_movements m on m.at = page.at and m.id = page.id
        order by m.at desc, m.id desc");
    /// The same of one document.
    LIST_BY_DOCUMENT: "services" = concat!("select ", columns!(), ", ", reversed_by!(), "
        from services_stock_movements m
        where m.document_type = any($8::text[]) and m.document_id = $9
          and m.kind = any($5::text[])
          and ", since!(), "
          and ($6::bigint[] is null or m.branch_id = any($6))
          and ($7::bigint is null or m.item_id = $7)
        order by m.at desc, m.id desc
        limit $4");
    /// Adjustments of levels by their ids, each with the movement that undid it. Ids and times of a level rise together, so
    /// that the newest with no higher id is the one, if it is there.
    UNDONE: "services" = "
        select u.branch_id, u.item_id, m.id, m.quantity,
               (select r.id from services_stock_movements r where r.reverses_id = m.id and r.reverses_id is not null)
        from unnest($1::bigint[], $2::bigint[], $3::bigint[]) u(branch_id, item_id, id)
        cross join lateral (
            select m.id, m.kind, m.quantity
            from services_stock_movements m
            where m.branch_id = u.branch_id and m.item_id = u.item_id and m.id <= u.id
            order by m.at desc, m.id desc
            limit 1) m
        where m.id = u.id and m.kind = 'adjustment'";
}

/// How far adjustments moved these levels in the last 24 hours on the database's clock, ups and downs added. Exact once the
/// levels are locked.
pub(crate) async fn adjusted(
    conn: &Queries,
    keys: &[StockKey],
) -> Result<HashMap<StockKey, Quantity>, PgError> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let branches: Vec<i64> = keys.iter().map(|key| key.branch.0).collect();
    let items: Vec<i64> = keys.iter().map(|key| key.item.0).collect();
    let rows = conn.query(&ADJUSTED, &[&branches, &items]).await?;
    let moved = |row: &Row| {
        let key = StockKey { branch: BranchId(row.get(0)), item: ItemId(row.get(1)) };
        (key, row.get::<_, Num>(2).0)
    };
    Ok(rows.iter().map(moved).collect())
}

/// A level at a time of the past, by the ledger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Past {
    /// The quantity on hand then.
    pub balance: Quantity,
    /// When the level last moved.
    pub moved_at: Timestamp,
}

/// What was on hand at each of the levels at its time, and when each last moved; `None` of those that never moved. Exact
/// once the levels are locked.
pub(crate) async fn past(
    conn: &Queries,
    levels: &[(StockKey, Timestamp)],
) -> Result<Vec<Option<Past>>, PgError> {
    if levels.is_empty() {
        return Ok(Vec::new());
    }
    let branches: Vec<i64> = levels.iter().map(|(key, _)| key.branch.0).collect();
    let items: Vec<i64> = levels.iter().map(|(key, _)| key.item.0).collect();
    let times: Vec<Timestamp> = levels.iter().map(|(_, at)| *at).collect();
    let mut past = vec![None; levels.len()];
    for row in &conn.query(&PAST, &[&branches, &items, &times]).await? {
        let place = usize::try_from(row.get::<_, i64>(0) - 1).ok();
        if let Some(of) = place.and_then(|place| past.get_mut(place)) {
            *of = Some(Past { balance: row.get::<_, Num>(1).0, moved_at: row.get(2) });
        }
    }
    Ok(past)
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
    let reverses: Vec<Option<i64>> = writes.iter().map(|w| w.reverses.map(|id| id.0)).collect();
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
            &reverses,
        ],
    )
    .await?;
    Ok(())
}

/// Appends the movements, in order, by COPY.
pub(crate) async fn copy(conn: &Queries, writes: &[MovementWrite]) -> Result<(), PgError> {
    let types = [
        Type::TIMESTAMPTZ,
        Type::INT8,
        Type::INT8,
        Type::TEXT,
        Type::NUMERIC,
        Type::NUMERIC,
        Type::TEXT,
        Type::INT8,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::INT8,
    ];
    if writes.is_empty() {
        return Ok(());
    }
    let mut copy = conn.copy_in(&COPY, &types).await?;
    for write in writes {
        let MovementWrite { movement, at, document_type, document_id, reverses, actor, reason, request_id } =
            write;
        copy.row(&[
            at,
            &movement.key.branch.0,
            &movement.key.item.0,
            &movement.kind.as_str(),
            &Num(movement.quantity),
            &Num(movement.balance),
            document_type,
            document_id,
            &actor.user_id.as_deref(),
            &actor.name.as_ref(),
            reason,
            request_id,
            &reverses.map(|id| id.0),
        ])
        .await?;
    }
    copy.finish().await?;
    Ok(())
}

/// What is known of the movements to undo: those that are adjustments of the level named with them. Exact once the levels
/// are locked.
pub(crate) async fn undone(
    conn: &Queries,
    undoes: &[(StockKey, MovementId)],
) -> Result<HashMap<(StockKey, MovementId), Undone>, PgError> {
    if undoes.is_empty() {
        return Ok(HashMap::new());
    }
    let branches: Vec<i64> = undoes.iter().map(|(key, _)| key.branch.0).collect();
    let items: Vec<i64> = undoes.iter().map(|(key, _)| key.item.0).collect();
    let ids: Vec<i64> = undoes.iter().map(|(_, movement)| movement.0).collect();
    let known = |row: &Row| {
        let key = StockKey { branch: BranchId(row.get(0)), item: ItemId(row.get(1)) };
        let by: Option<i64> = row.get(4);
        let before = by.map_or(Before::No, |by| Before::By(MovementId(by)));
        ((key, MovementId(row.get(2))), Undone { quantity: row.get::<_, Num>(3).0, before })
    };
    Ok(conn.query(&UNDONE, &[&branches, &items, &ids]).await?.iter().map(known).collect())
}

/// A page of the ledger, newest first.
pub(crate) async fn list(
    conn: &Queries,
    visible: Option<&[i64]>,
    filter: &MovementFilter,
    page: Page,
) -> Result<Vec<MovementOut>, PgError> {
    let MovementFilter { branch_id, item_id, kind, document_type, document_id, from, to } = filter;
    let wanted = |wanted: &Option<String>, word: &str| wanted.as_deref().is_none_or(|wanted| wanted == word);
    let asked: Vec<MovementKind> = MovementKind::ALL
        .into_iter()
        .filter(|k| wanted(kind, k.as_str()) && wanted(document_type, k.document_type()))
        .collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let kinds: Vec<&str> = asked.iter().map(|kind| kind.as_str()).collect();
    let types: Vec<&str> = asked.iter().map(|kind| kind.document_type()).collect();
    let only = branch_id.as_ref().map(std::slice::from_ref).or(visible);
    let (before, before_id) = page.before(*to);
    let limit = page.rows();
    let is_any_kind = asked.len() == MovementKind::ALL.len();
    let some_kinds = (!is_any_kind).then_some(&kinds);
    let params: Params<'_> =
        &[&before, &before_id, from, &limit, &kinds, &only, item_id, &types, document_id];
    let rows = if document_id.is_some() {
        conn.query_anew(&LIST_BY_DOCUMENT, params).await?
    } else if item_id.is_some() {
        let of_item = async |most: i64| {
            let params: Params<'_> = &[&before, &before_id, from, &limit, &some_kinds, &only, item_id, &most];
            conn.query_anew(&LIST_BY_ITEM, params).await
        };
        // Where it is moved at many branches, a third of a page is seldom one branch's.
        let most = if only.is_some() { limit } else { limit / 3 + 1 };
        let rows = of_item(most).await?;
        if most < limit && is_cut_off(&rows, most) { of_item(limit).await? } else { rows }
    } else if only.is_some() || !is_any_kind {
        conn.query_anew(&LIST_BY_KIND, &params[..6]).await?
    } else {
        conn.query_anew(&LIST, &params[..4]).await?
    };
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
        reverses: row.get(11),
        reversed_by: row.get(12),
    };
    Ok(rows.iter().map(out).collect())
}

/// Whether rows may be wanting, merged from the newest `most` of each branch: a branch with fewer of them among these has no
/// other that is as new.
fn is_cut_off(rows: &[Row], most: i64) -> bool {
    let mut counts: HashMap<i64, i64> = HashMap::new();
    rows.iter().any(|row| {
        let count = counts.entry(row.get(2)).or_default();
        *count += 1;
        *count >= most
    })
}
