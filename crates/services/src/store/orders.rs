//! `services_orders` and `services_order_lines`.

use std::collections::HashMap;

use contract::{LineOut, OrderOut};
use domain::order::{DraftLine, OrderStatus};
use domain::{BranchId, OrderId, Quantity};
use jiff::Timestamp;
use platform::pg::types::Type;
use platform::pg::{Params, PgError, Queries, Row};
use platform::statement;
use serde::Serialize;

use super::Num;
use super::audit::Fact;
use super::references::Reference;
use super::sought::{Sought, sought};
use crate::answer::as_json;
use crate::request::Actor;

/// An order without its lines, and the version its ETag shows.
#[derive(Debug, Clone)]
pub(crate) struct OrderRow {
    pub id: OrderId,
    pub branch: BranchId,
    pub status: OrderStatus,
    pub reference: Option<String>,
    pub note: Option<String>,
    pub created_by: String,
    pub created_at: Timestamp,
    pub submitted_at: Option<Timestamp>,
    pub fulfilled_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    pub version: i64,
    /// The id of the user that drafted it, where it was a user.
    pub created_by_user_id: Option<String>,
    /// The id of the user that submitted it, where it was a user. Lists do not read it.
    pub submitted_by_user_id: Option<String>,
}

/// One stored line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineRow {
    pub id: i64,
    pub item_id: i64,
    pub requested: Quantity,
}

impl OrderRow {
    /// A draft that says nothing yet.
    pub(crate) fn draft(id: OrderId, branch: BranchId, actor: &Actor, created_at: Timestamp) -> OrderRow {
        OrderRow {
            id,
            branch,
            status: OrderStatus::Draft,
            reference: None,
            note: None,
            created_by: actor.name.to_string(),
            created_at,
            submitted_at: None,
            fulfilled_at: None,
            cancelled_at: None,
            version: 1,
            created_by_user_id: actor.user_id.as_deref().map(str::to_owned),
            submitted_by_user_id: None,
        }
    }

    /// What the audit is to tell of it.
    pub(crate) fn fact(&self, action: &'static str, details: &impl Serialize) -> Fact {
        Fact {
            action,
            entity_type: "order",
            entity_id: self.id.to_string(),
            branch_id: Some(self.branch.0),
            details: as_json(details),
        }
    }

    /// The order as the wire shows it. A fulfilled order's lines left whole, any other's not at all.
    pub(crate) fn out(&self, lines: &[LineRow]) -> OrderOut {
        let fulfilled = self.status == OrderStatus::Fulfilled;
        let line_out = |line: &LineRow| LineOut {
            id: line.id,
            item_id: line.item_id,
            requested_qty: line.requested,
            fulfilled_qty: if fulfilled { line.requested } else { Quantity::ZERO },
            item: None,
        };
        OrderOut {
            id: self.id.0,
            branch_id: self.branch.0,
            status: self.status.into(),
            reference: self.reference.clone(),
            note: self.note.clone(),
            created_by: self.created_by.clone(),
            created_at: self.created_at,
            submitted_at: self.submitted_at,
            fulfilled_at: self.fulfilled_at,
            cancelled_at: self.cancelled_at,
            lines: lines.iter().map(line_out).collect(),
        }
    }
}

/// What a draft says.
#[derive(Debug, Clone)]
pub struct DraftWrite {
    /// The branch that it is for.
    pub branch: BranchId,
    /// The branch's or the customer's own word for it.
    pub reference: Option<String>,
    /// Whether no other order of the branch may have that reference.
    pub is_unique: bool,
    /// What else is to be said.
    pub note: Option<String>,
    /// What it asks for: at least one line.
    pub lines: Vec<DraftLine>,
}

impl DraftWrite {
    /// Its reference, where no other order of the branch may have that.
    pub(crate) fn unique_reference(&self) -> Option<Reference> {
        let text = self.reference.as_ref().filter(|_| self.is_unique)?;
        Some(Reference { branch: self.branch, text: text.clone() })
    }
}

/// The columns of an order.
macro_rules! columns {
    () => {
        "o.id, o.branch_id, o.status, o.reference, o.note, o.created_by, o.created_at, o.submitted_at, o.fulfilled_at,
         o.cancelled_at, o.version, o.created_by_user_id, o.submitted_by_user_id"
    };
}
pub(super) use columns;

/// Orders with their lines, a row a line. Here and below lines come in no order, since sorting a few in the program costs
/// less than a plan with a sort in it.
macro_rules! with_lines {
    () => {
        concat!(
            "select ",
            columns!(),
            ", l.id, l.item_id, l.requested_qty
         from services_orders o
         join services_order_lines l on l.order_id = o.id and l.branch_id = o.branch_id"
        )
    };
}

statement! {
    /// One order with its lines, at one of the branches given or at any.
    GET: "services" = concat!(with_lines!(), " where o.id = $1 and ($2::bigint[] is null or o.branch_id = any($2))");
    /// Orders with their lines, at one of the branches given or at any.
    GET_MANY: "services" = concat!(with_lines!(), "
        where o.id = any($1) and ($2::bigint[] is null or o.branch_id = any($2))");
    /// Orders locked by id, with whether their branch is active.
    LOCK: "services" = concat!("select ", columns!(), ", b.active
        from services_orders o
        join services_branches b on b.id = o.branch_id
        where ", sought!("o.id", "o.branch_id"), "
        order by o.id
        for update of o");
    /// Lines of orders.
    LINES: "services" = "
        select l.order_id, l.id, l.item_id, l.requested_qty
        from services_order_lines l
        where l.order_id = any($1)";
    /// Lines of orders, with whether their items are active: each looked up by its key. As a join, a plan for few
    /// items and kept reads every item to find three.
    LINES_WITH_ITEMS: "services" = concat!("
        select l.order_id, l.id, l.item_id, l.requested_qty,
               (select i.active from services_items i where i.id = l.item_id)
        from services_order_lines l
        where ", sought!("l.order_id", "l.branch_id"));
    /// Numbers for new orders and new lines.
    NUMBERS: "services" = "
        select array(select nextval('services_orders_id_seq') from generate_series(1, $1::bigint)),
               array(select nextval('services_order_lines_id_seq') from generate_series(1, $2::bigint))";
    /// New drafts under numbers that were taken for them.
    INSERT_ORDERS: "services" = "
        insert into services_orders (id, branch_id, reference, note, created_by, created_by_user_id, created_at)
        overriding system value
        select u.id, u.branch_id, u.reference, u.note, u.created_by, u.created_by_user_id, u.created_at
        from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
            u(id, branch_id, reference, note, created_by, created_by_user_id, created_at)";
    /// Their lines.
    INSERT_ORDERS_LINES: "services" = "
        insert into services_order_lines (id, order_id, branch_id, item_id, requested_qty)
        overriding system value
        select u.id, u.order_id, u.branch_id, u.item_id, u.requested_qty
        from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::numeric[])
            u(id, order_id, branch_id, item_id, requested_qty)";
    /// New words on a draft.
    UPDATE_DRAFT: "services" = "
        update services_orders
        set reference = $3, note = $4, version = version + 1
        where id = $1 and branch_id = $2
        returning version";
    /// Takes a draft's lines away, to put others there.
    DELETE_LINES: "services" = "delete from services_order_lines where order_id = $1 and branch_id = $2";
    /// New lines of a draft.
    INSERT_LINES: "services" = "
        insert into services_order_lines (order_id, branch_id, item_id, requested_qty)
        select $1, $2, u.item_id, u.requested_qty
        from unnest($3::bigint[], $4::numeric[]) with ordinality u(item_id, requested_qty, n)
        order by u.n
        returning id, item_id, requested_qty";
    /// Removes a draft; its lines go with it.
    DELETE: "services" = "delete from services_orders where id = $1 and branch_id = $2";
    /// Moves orders on in their life.
    UPDATE_STATUS: "services" = "
        update services_orders o
        set status = u.status, submitted_at = u.submitted_at, fulfilled_at = u.fulfilled_at,
            cancelled_at = u.cancelled_at, version = u.version, submitted_by_user_id = u.submitted_by_user_id
        from unnest($1::bigint[], $2::bigint[], $3::text[], $4::timestamptz[], $5::timestamptz[],
                    $6::timestamptz[], $7::bigint[], $8::text[])
            u(id, branch_id, status, submitted_at, fulfilled_at, cancelled_at, version, submitted_by_user_id)
        where o.id = u.id and o.branch_id = u.branch_id";
    /// Many orders, as they stand, under ids that were drawn for them.
    COPY: "services" = "
        copy services_orders
            (id, branch_id, status, reference, note, created_by, created_by_user_id, created_at, submitted_at,
             fulfilled_at, cancelled_at, version)
        from stdin binary";
    /// Their lines.
    COPY_LINES: "services" = "
        copy services_order_lines (id, order_id, branch_id, item_id, requested_qty) from stdin binary";
}

/// An order from its columns.
pub(super) fn order_row(row: &Row) -> OrderRow {
    let status: &str = row.get(2);
    OrderRow {
        id: OrderId(row.get(0)),
        branch: BranchId(row.get(1)),
        // A check keeps the column to the four words.
        status: OrderStatus::parse(status).unwrap_or(OrderStatus::Cancelled),
        reference: row.get(3),
        note: row.get(4),
        created_by: row.get(5),
        created_at: row.get(6),
        submitted_at: row.get(7),
        fulfilled_at: row.get(8),
        cancelled_at: row.get(9),
        version: row.get(10),
        created_by_user_id: row.get(11),
        submitted_by_user_id: row.get(12),
    }
}

fn line_row(row: &Row, first: usize) -> LineRow {
    LineRow { id: row.get(first), item_id: row.get(first + 1), requested: row.get::<_, Num>(first + 2).0 }
}

/// One order and its lines, at one of the branches given or at any; an order has at least one line.
pub(crate) async fn get(
    conn: &Queries,
    id: OrderId,
    visible: Option<&[i64]>,
) -> Result<Option<(OrderRow, Vec<LineRow>)>, PgError> {
    let rows = conn.query(&GET, &[&id.0, &visible]).await?;
    let mut lines: Vec<LineRow> = rows.iter().map(|row| line_row(row, 13)).collect();
    lines.sort_unstable_by_key(|line| line.id);
    Ok(rows.first().map(|order| (order_row(order), lines)))
}

/// The orders that there are at the branches given or at any, with their lines.
pub(crate) async fn get_many(
    conn: &Queries,
    ids: &[i64],
    visible: Option<&[i64]>,
) -> Result<HashMap<OrderId, (OrderRow, Vec<LineRow>)>, PgError> {
    let mut orders: HashMap<OrderId, (OrderRow, Vec<LineRow>)> = HashMap::with_capacity(ids.len());
    for row in &conn.query(&GET_MANY, &[&ids, &visible]).await? {
        let id = OrderId(row.get(0));
        orders.entry(id).or_insert_with(|| (order_row(row), Vec::new())).1.push(line_row(row, 13));
    }
    orders.values_mut().for_each(|(_, lines)| lines.sort_unstable_by_key(|line| line.id));
    Ok(orders)
}

/// Locks the orders in the order of their ids; says whether each one's branch is active.
pub(crate) async fn lock(conn: &Queries, sought: &Sought) -> Result<Vec<(OrderRow, bool)>, PgError> {
    let rows = conn.query(&LOCK, &sought.params()).await?;
    Ok(rows.iter().map(|row| (order_row(row), row.get(13))).collect())
}

/// The lines of each order, in the order of their ids.
pub(crate) async fn lines(conn: &Queries, ids: &[i64]) -> Result<HashMap<OrderId, Vec<LineRow>>, PgError> {
    let mut lines: HashMap<OrderId, Vec<LineRow>> = HashMap::with_capacity(ids.len());
    for row in &conn.query(&LINES, &[&ids]).await? {
        lines.entry(OrderId(row.get(0))).or_default().push(line_row(row, 1));
    }
    lines.values_mut().for_each(|lines| lines.sort_unstable_by_key(|line| line.id));
    Ok(lines)
}

/// The lines of each order, in the order of their ids, and whether each one's item is active.
pub(crate) async fn lines_with_items(
    conn: &Queries,
    sought: &Sought,
) -> Result<HashMap<OrderId, Vec<(LineRow, bool)>>, PgError> {
    let mut lines: HashMap<OrderId, Vec<(LineRow, bool)>> = HashMap::with_capacity(sought.ids.len());
    for row in &conn.query(&LINES_WITH_ITEMS, &sought.params()).await? {
        lines.entry(OrderId(row.get(0))).or_default().push((line_row(row, 1), row.get(4)));
    }
    lines.values_mut().for_each(|lines| lines.sort_unstable_by_key(|(line, _)| line.id));
    Ok(lines)
}

/// Takes numbers for so many new orders and lines, each rising.
pub(crate) async fn numbers(
    conn: &Queries,
    orders: usize,
    lines: usize,
) -> Result<(Vec<i64>, Vec<i64>), PgError> {
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let row = conn.query_one(&NUMBERS, &[&count(orders), &count(lines)]).await?;
    Ok((row.get(0), row.get(1)))
}

/// Stores new drafts with their lines, under numbers taken for them.
pub(crate) async fn insert_all(conn: &Queries, drafts: &[(OrderRow, Vec<LineRow>)]) -> Result<(), PgError> {
    if drafts.is_empty() {
        return Ok(());
    }
    let orders = || drafts.iter().map(|(order, _)| order);
    let ids: Vec<i64> = orders().map(|o| o.id.0).collect();
    let branches: Vec<i64> = orders().map(|o| o.branch.0).collect();
    let references: Vec<Option<&str>> = orders().map(|o| o.reference.as_deref()).collect();
    let notes: Vec<Option<&str>> = orders().map(|o| o.note.as_deref()).collect();
    let makers: Vec<&str> = orders().map(|o| o.created_by.as_str()).collect();
    let maker_ids: Vec<Option<&str>> = orders().map(|o| o.created_by_user_id.as_deref()).collect();
    let created: Vec<Timestamp> = orders().map(|o| o.created_at).collect();

    let lines = || drafts.iter().flat_map(|(order, lines)| lines.iter().map(move |line| (order, line)));
    let line_ids: Vec<i64> = lines().map(|(_, line)| line.id).collect();
    let line_orders: Vec<i64> = lines().map(|(order, _)| order.id.0).collect();
    let line_branches: Vec<i64> = lines().map(|(order, _)| order.branch.0).collect();
    let items: Vec<i64> = lines().map(|(_, line)| line.item_id).collect();
    let quantities: Vec<Num> = lines().map(|(_, line)| Num(line.requested)).collect();

    // Orders come before their lines, which refer to them.
    let order_params: Params<'_> = &[&ids, &branches, &references, &notes, &makers, &maker_ids, &created];
    let line_params: Params<'_> = &[&line_ids, &line_orders, &line_branches, &items, &quantities];
    futures_util::try_join!(
        conn.execute(&INSERT_ORDERS, order_params),
        conn.execute(&INSERT_ORDERS_LINES, line_params),
    )?;
    Ok(())
}

/// Replaces what a draft says; gives its new version and lines.
pub(crate) async fn replace(
    conn: &Queries,
    id: OrderId,
    draft: &DraftWrite,
) -> Result<(i64, Vec<LineRow>), PgError> {
    let version =
        conn.query_one(&UPDATE_DRAFT, &[&id.0, &draft.branch.0, &draft.reference, &draft.note]).await?.get(0);
    conn.execute(&DELETE_LINES, &[&id.0, &draft.branch.0]).await?;
    let items: Vec<i64> = draft.lines.iter().map(|line| line.item.0).collect();
    let quantities: Vec<Num> = draft.lines.iter().map(|line| Num(line.requested)).collect();
    let rows = conn.query(&INSERT_LINES, &[&id.0, &draft.branch.0, &items, &quantities]).await?;
    Ok((version, rows.iter().map(|row| line_row(row, 0)).collect()))
}

/// Removes an order and its lines.
pub(crate) async fn delete(conn: &Queries, id: OrderId, branch: BranchId) -> Result<u64, PgError> {
    conn.execute(&DELETE, &[&id.0, &branch.0]).await
}

/// Stores where each order stands now.
pub(crate) async fn update_status(conn: &Queries, orders: &[&OrderRow]) -> Result<(), PgError> {
    if orders.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = orders.iter().map(|o| o.id.0).collect();
    let branches: Vec<i64> = orders.iter().map(|o| o.branch.0).collect();
    let statuses: Vec<&str> = orders.iter().map(|o| o.status.as_str()).collect();
    let submitted: Vec<Option<Timestamp>> = orders.iter().map(|o| o.submitted_at).collect();
    let fulfilled: Vec<Option<Timestamp>> = orders.iter().map(|o| o.fulfilled_at).collect();
    let cancelled: Vec<Option<Timestamp>> = orders.iter().map(|o| o.cancelled_at).collect();
    let versions: Vec<i64> = orders.iter().map(|o| o.version).collect();
    let submitters: Vec<Option<&str>> = orders.iter().map(|o| o.submitted_by_user_id.as_deref()).collect();
    conn.execute(
        &UPDATE_STATUS,
        &[&ids, &branches, &statuses, &submitted, &fulfilled, &cancelled, &versions, &submitters],
    )
    .await?;
    Ok(())
}

/// Stores orders with their lines, as they stand, under the ids they have, by COPY.
pub(crate) async fn copy(conn: &Queries, orders: &[(OrderRow, Vec<LineRow>)]) -> Result<(), PgError> {
    let (id, text, time) = (Type::INT8, Type::TEXT, Type::TIMESTAMPTZ);
    let types =
        [&id, &id, &text, &text, &text, &text, &text, &time, &time, &time, &time, &id].map(Type::clone);
    if orders.is_empty() {
        return Ok(());
    }
    let mut copy = conn.copy_in(&COPY, &types).await?;
    for (o, _) in orders {
        copy.row(&[
            &o.id.0,
            &o.branch.0,
            &o.status.as_str(),
            &o.reference,
            &o.note,
            &o.created_by,
            &o.created_by_user_id,
            &o.created_at,
            &o.submitted_at,
            &o.fulfilled_at,
            &o.cancelled_at,
            &o.version,
        ])
        .await?;
    }
    copy.finish().await?;
    let types = [&id, &id, &id, &id, &Type::NUMERIC].map(Type::clone);
    let mut copy = conn.copy_in(&COPY_LINES, &types).await?;
    for (order, lines) in orders {
        for line in lines {
            let requested = Num(line.requested);
            copy.row(&[&line.id, &order.id.0, &order.branch.0, &line.item_id, &requested]).await?;
        }
    }
    copy.finish().await?;
    Ok(())
}
