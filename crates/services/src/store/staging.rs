//! `services_import_*`: where an import sorts its file. Its transaction is never committed.

use domain::order::ItemFacts;
use domain::{BranchId, ItemId, OrderId, Quantity};
use jiff::Timestamp;
use platform::pg::types::Type;
use platform::pg::{CopyIn, PgError, Queries, Row, Rows, Statement};
use platform::statement;

/// A count as the file has it. Absent is the branch or the item that does not exist.
#[derive(Debug, Clone)]
pub(crate) struct StagedCount {
    pub line: u64,
    pub branch: Option<BranchId>,
    pub item: Option<ItemId>,
    pub quantity: Quantity,
    pub reason: Option<String>,
    pub at: Option<Timestamp>,
    /// An earlier line counts the same level at the same time.
    pub repeated: bool,
    /// It stands as it is, whatever the rules for new counts.
    pub as_is: bool,
}

/// A count to sort.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CountWrite<'a> {
    pub line: u64,
    /// The branch, if there is one of that name.
    pub branch: Option<BranchId>,
    pub sku: &'a str,
    pub quantity: Quantity,
    pub reason: Option<&'a str>,
    pub at: Option<Timestamp>,
    pub as_is: bool,
}

/// The key by which a line of a file knows its order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OrderKey<'a> {
    /// The branch, or what the file calls it.
    pub branch: Result<BranchId, &'a str>,
    pub reference: Option<&'a str>,
    /// Its number where the file was written.
    pub number: Option<i64>,
}

/// An order line as the file has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineWrite<'a> {
    pub line: u64,
    pub order: OrderKey<'a>,
    pub sku: &'a str,
    pub requested: Quantity,
    /// The order stands as it is: nobody asks for stock.
    pub as_is: bool,
    /// What the line says of its order; `None` when the line is bad.
    pub head: Option<&'a str>,
    pub created_at: Timestamp,
    pub first_at: Option<Timestamp>,
    pub last_at: Option<Timestamp>,
}

impl<'a> LineWrite<'a> {
    /// A line that cannot be read, but whose order is known.
    pub(crate) fn bad(line: u64, order: OrderKey<'a>, now: Timestamp) -> LineWrite<'a> {
        LineWrite {
            line,
            order,
            sku: "",
            requested: Quantity::ZERO,
            as_is: false,
            head: None,
            created_at: now,
            first_at: None,
            last_at: None,
        }
    }
}

/// An order of the file, at one of the times it is posted.
#[derive(Debug, Clone)]
pub(crate) struct StagedOrder {
    /// The id it is to have.
    pub id: OrderId,
    pub branch: Option<BranchId>,
    pub reference: Option<String>,
    /// What its lines say of it; absent only when it is broken.
    pub head: Option<String>,
    pub created_at: Timestamp,
    /// The order is there already.
    pub is_there: bool,
    /// One of its lines is bad.
    pub is_broken: bool,
    /// Its lines in the file, all of them.
    pub lines: Vec<u64>,
    /// Those that say otherwise of the order than its first.
    pub other_lines: Vec<u64>,
    /// What its lines ask for, as many as an order may have.
    pub wanted: Vec<Wanted>,
    /// Whether it was posted once before.
    pub again: bool,
}

/// One line of an order to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// The id it is to have.
    pub id: i64,
    /// The item, if there is one of that SKU.
    pub item: Option<(ItemId, ItemFacts)>,
    pub requested: Quantity,
}

/// The columns of an order that [`ordered`] reads, but for the last.
macro_rules! order_columns {
    () => {
        "o.id, o.branch_id, o.reference, o.head, o.created_at, o.is_there, o.is_broken, o.lines,
         o.other_lines, o.item_ids, o.actives, o.places, o.requested, o.line_ids"
    };
}

/// The item of each row's SKU, `x`; of one that no item spells so, `y`, which spells it otherwise. Only for such rows the
/// code is made, and the others pass the second join without a look.
macro_rules! item_of {
    ($rows:literal) => {
        concat!(
            "
        left join services_items x on x.sku = ",
            $rows,
            ".sku
        left join services_item_codes c
          on c.code = case when x.id is null then services_code(",
            $rows,
            ".sku) end and c.twin = 0
        left join services_items y on y.id = c.item_id and services_code(y.sku) = c.code"
        )
    };
}

statement! {
    /// Counts in.
    COPY_STOCK: "services" = "
        copy services_import_stock (line, branch_id, sku, quantity, reason, at, as_is) from stdin binary";
    /// Counts out, by level and time.
    STOCK: "services" = concat!("
        select s.line, s.branch_id, s.item_id, s.quantity, s.reason, s.at,
               row_number() over (partition by s.branch_id, s.item_id, s.at order by s.line) > 1,
               s.as_is
        from (
            select s.line, s.branch_id, coalesce(x.id, y.id) as item_id, s.quantity, s.reason, s.at, s.as_is
            from services_import_stock s", item_of!("s"), ") s
        order by s.branch_id, s.item_id, s.at, s.line");
    /// The levels that are counted, by branch.
    STOCK_LEVELS: "services" = concat!("
        select s.branch_id, array_agg(distinct coalesce(x.id, y.id) order by coalesce(x.id, y.id))
        from services_import_stock s", item_of!("s"), "
        where s.branch_id is not null and (x.id is not null or y.id is not null)
        group by s.branch_id
        order by s.branch_id");
    /// Order lines in.
    COPY_LINES: "services" = "
        copy services_import_lines
            (line, branch_id, unknown_branch, reference, number, sku, requested, as_is, head, created_at, first_at,
             last_at)
        from stdin binary";
    /// Brings the lines of each order together. $1 is how many lines of an order are looked at. References of before are as
    /// they were typed, also decomposed; those of the file are composed.
    ///
    /// An order with a number is there where that number is an order of the branch with its time and reference. Exports of
    /// older versions have no numbers, and made references of them.
    GATHER: "services" = concat!("
        insert into services_import_orders
            (id, branch_id, reference, number, as_is, head, created_at, first_at, last_at, is_there, is_broken,
             lines, other_lines, item_ids, actives, places, requested, line_ids)
        select nextval('services_orders_id_seq'), g.branch_id, g.reference, g.number, g.as_is, g.head, g.created_at,
               g.first_at, g.last_at,
               case when g.number is null
                    then exists (select from services_orders o
                                 where o.branch_id = g.branch_id
                                   and o.reference = any(array[g.reference, normalize(g.reference, nfd)]))
                         or exists (select from services_orders o
                                    where o.id = case when g.reference ~ '^order-[0-9]{1,18}$'
                                                      then substr(g.reference, 7)::bigint end
                                      and o.branch_id = g.branch_id and o.created_at = g.created_at
                                      and o.reference is null)
                    else exists (select from services_orders o
                                 where o.id = g.number and o.branch_id = g.branch_id
                                   and o.created_at = g.created_at
                                   and o.reference is not distinct from g.reference)
                         or (g.reference is null
                             and exists (select from services_orders o
                                         where o.reference = 'order-' || g.number and o.branch_id = g.branch_id
                                           and o.created_at = g.created_at))
                    end,
               g.is_broken, g.lines, g.other_lines, g.item_ids, g.actives, g.places, g.requested,
               array(select nextval('services_order_lines_id_seq')
                     from generate_series(1, cardinality(g.item_ids)))
        from (
            select l.branch_id, l.reference, l.number, min(l.head) filter (where l.n = 1) as head,
                   bool_or(l.as_is) as as_is,
                   min(l.created_at) as created_at, min(l.first_at) as first_at, min(l.last_at) as last_at,
                   bool_or(l.head is null) as is_broken, min(l.line) as line,
                   array_agg(l.line) as lines,
                   array_agg(l.line) filter (where l.other) as other_lines,
                   array_agg(l.item_id) filter (where l.n <= $1) as item_ids,
                   array_agg(l.active) filter (where l.n <= $1) as actives,
                   array_agg(l.decimal_places) filter (where l.n <= $1) as places,
                   array_agg(l.requested) filter (where l.n <= $1) as requested
            from (
                select l.line, l.branch_id, l.unknown_branch, l.reference, l.number, l.requested, l.as_is, l.head,
                       l.created_at, l.first_at, l.last_at, coalesce(x.id, y.id) as item_id,
                       coalesce(x.active, y.active) as active,
                       coalesce(x.decimal_places, y.decimal_places) as decimal_places,
                       row_number() over same as n,
                       l.head <> first_value(l.head) over same as other
                from services_import_lines l", item_of!("l"), "
                window same as (partition by l.branch_id, l.unknown_branch, l.reference, l.number
                                order by l.head is null, l.line)) l
            group by l.branch_id, l.unknown_branch, l.reference, l.number
            order by created_at, number, line) g");
    /// Finds orders with numbers that have another number here, as many of one branch, reference and time as there are, and
    /// drafts that got another reference since.
    RECOGNISE: "services" = "
        with sought as (
            select f.id, f.number, f.branch_id, f.reference, f.created_at,
                   row_number() over (partition by f.branch_id, f.reference, f.created_at order by f.number) as n
            from services_import_orders f
            where f.number is not null and f.branch_id is not null and not f.is_there),
        found as (
            select o.id, o.branch_id, o.reference, o.created_at,
                   row_number() over (partition by o.branch_id, o.reference, o.created_at order by o.id) as n
            from (select distinct branch_id, created_at from sought) s
            join services_orders o on o.branch_id = s.branch_id and o.created_at = s.created_at
            where not exists (
                select from services_import_orders known
                where known.is_there and known.number = o.id and known.branch_id = o.branch_id
                  and known.created_at = o.created_at)),
        counted as (
            select s.id, o.id as order_id
            from sought s
            join found o on o.branch_id = s.branch_id and o.created_at = s.created_at and o.n = s.n
                        and o.reference is not distinct from s.reference),
        renamed as (
            select s.id
            from sought s
            join found o on o.id = s.number and o.branch_id = s.branch_id and o.created_at = s.created_at
            where not exists (select from counted c where c.id = s.id)
              and not exists (select from counted c where c.order_id = o.id))
        update services_import_orders f
        set is_there = true
        from (select id from counted union all select id from renamed) s
        where f.id = s.id";
    /// Whether orders stand as they are.
    HAS_AS_IS: "services" = "select exists (select from services_import_orders o where o.as_is and not o.is_there)";
    /// The levels that orders ask for, by branch.
    ORDER_LEVELS: "services" = "
        select o.branch_id, array_agg(distinct w.item_id order by w.item_id)
        from services_import_orders o
        cross join unnest(o.item_ids) w(item_id)
        where o.branch_id is not null and o.first_at is not null and w.item_id is not null
        group by o.branch_id
        order by o.branch_id";
    /// Orders out, as often as each is posted, by branch and time.
    ORDERS: "services" = concat!("select ", order_columns!(), ", s.again
        from services_import_orders o
        cross join lateral (values (false, coalesce(o.first_at, o.created_at)), (true, o.last_at)) s(again, at)
        where s.at is not null
        order by o.branch_id, s.at, o.id, s.again");
    /// Orders that are not there yet, each once.
    NEW_ORDERS: "services" = concat!("select ", order_columns!(), ", false
        from services_import_orders o
        where not o.is_there");
    /// Faults in.
    COPY_FAULTS: "services" = "
        copy services_import_faults (line, n, column_name, reason) from stdin binary";
    /// Faults out, by line.
    FAULTS: "services" = "
        select line, column_name, reason from services_import_faults order by line, n limit $1";
}

/// A COPY for counts: see [`count`].
pub(crate) async fn copy_counts(conn: &Queries) -> Result<CopyIn, PgError> {
    let types = [Type::INT8, Type::INT8, Type::TEXT, Type::INT8, Type::TEXT, Type::TIMESTAMPTZ, Type::BOOL];
    conn.copy_in(&COPY_STOCK, &types).await
}

/// Adds a count.
pub(crate) async fn count(copy: &mut CopyIn, write: &CountWrite<'_>) -> Result<(), PgError> {
    let CountWrite { line, branch, sku, quantity, reason, at, as_is } = write;
    let branch = branch.map(|branch| branch.0);
    copy.row(&[&signed(*line), &branch, sku, &quantity.thousandths(), reason, at, as_is]).await
}

/// The levels that are counted, in the order of their keys.
pub(crate) async fn counted_levels(conn: &Queries) -> Result<Vec<(BranchId, Vec<ItemId>)>, PgError> {
    levels(conn, &STOCK_LEVELS).await
}

/// Every count, those of a level one after the other and in the order of time.
pub(crate) async fn counts(conn: &Queries) -> Result<Rows, PgError> {
    conn.stream(&STOCK, &[]).await
}

/// One of [`counts`].
pub(crate) fn counted(row: &Row) -> StagedCount {
    StagedCount {
        line: unsigned(row.get(0)),
        branch: row.get::<_, Option<i64>>(1).map(BranchId),
        item: row.get::<_, Option<i64>>(2).map(ItemId),
        quantity: quantity(row.get(3)),
        reason: row.get(4),
        at: row.get(5),
        repeated: row.get(6),
        as_is: row.get(7),
    }
}

/// A COPY for order lines: see [`line`].
pub(crate) async fn copy_lines(conn: &Queries) -> Result<CopyIn, PgError> {
    let types = [
        Type::INT8,
        Type::INT8,
        Type::TEXT,
        Type::TEXT,
        Type::INT8,
        Type::TEXT,
        Type::INT8,
        Type::BOOL,
        Type::TEXT,
        Type::TIMESTAMPTZ,
        Type::TIMESTAMPTZ,
        Type::TIMESTAMPTZ,
    ];
    conn.copy_in(&COPY_LINES, &types).await
}

/// Adds an order line.
pub(crate) async fn line(copy: &mut CopyIn, write: &LineWrite<'_>) -> Result<(), PgError> {
    let LineWrite { line, order, sku, requested, as_is, head, created_at, first_at, last_at } = write;
    let OrderKey { branch, reference, number } = order;
    let (branch_id, unknown) = (branch.ok().map(|branch| branch.0), branch.err());
    copy.row(&[
        &signed(*line),
        &branch_id,
        &unknown,
        reference,
        number,
        sku,
        &requested.thousandths(),
        as_is,
        head,
        created_at,
        first_at,
        last_at,
    ])
    .await
}

/// Brings the lines of each order together, looking at `most` lines of each, and finds the orders that are there already.
pub(crate) async fn gather(conn: &Queries, most: usize) -> Result<(), PgError> {
    conn.execute(&GATHER, &[&i64::try_from(most).unwrap_or(i64::MAX)]).await?;
    conn.execute(&RECOGNISE, &[]).await?;
    Ok(())
}

/// Whether there are orders that stand as they are and are not there yet.
pub(crate) async fn has_as_is(conn: &Queries) -> Result<bool, PgError> {
    Ok(conn.query_one(&HAS_AS_IS, &[]).await?.get(0))
}

/// Every order that is not there yet, once.
pub(crate) async fn new_orders(conn: &Queries) -> Result<Rows, PgError> {
    conn.stream(&NEW_ORDERS, &[]).await
}

/// The levels that the orders ask for, in the order of their keys.
pub(crate) async fn order_levels(conn: &Queries) -> Result<Vec<(BranchId, Vec<ItemId>)>, PgError> {
    levels(conn, &ORDER_LEVELS).await
}

async fn levels(
    conn: &Queries,
    statement: &'static Statement,
) -> Result<Vec<(BranchId, Vec<ItemId>)>, PgError> {
    let mut rows = conn.stream(statement, &[]).await?;
    let mut levels = Vec::new();
    while let Some(row) = rows.next().await? {
        levels.push((BranchId(row.get(0)), row.get::<_, Vec<i64>>(1).into_iter().map(ItemId).collect()));
    }
    Ok(levels)
}

/// Every order as often as it is posted, those of a branch one after the other and in the order of time.
pub(crate) async fn orders(conn: &Queries) -> Result<Rows, PgError> {
    conn.stream(&ORDERS, &[]).await
}

/// One of [`orders`].
pub(crate) fn ordered(row: &Row) -> StagedOrder {
    let lines = |at: usize| -> Vec<u64> {
        row.get::<_, Option<Vec<i64>>>(at).unwrap_or_default().into_iter().map(unsigned).collect()
    };
    let items: Vec<Option<i64>> = row.get(9);
    let actives: Vec<Option<bool>> = row.get(10);
    let places: Vec<Option<i16>> = row.get(11);
    let requested: Vec<i64> = row.get(12);
    let ids: Vec<i64> = row.get(13);
    let items = items.into_iter().zip(actives).zip(places).map(|((id, active), places)| {
        let decimal_places = places.and_then(|places| u8::try_from(places).ok());
        let facts = ItemFacts { active: active?, decimal_places: decimal_places? };
        Some((ItemId(id?), facts))
    });
    let wanted = items.zip(requested).zip(ids);
    StagedOrder {
        id: OrderId(row.get(0)),
        branch: row.get::<_, Option<i64>>(1).map(BranchId),
        reference: row.get(2),
        head: row.get(3),
        created_at: row.get(4),
        is_there: row.get(5),
        is_broken: row.get(6),
        lines: lines(7),
        other_lines: lines(8),
        wanted: wanted
            .map(|((item, requested), id)| Wanted { id, item, requested: quantity(requested) })
            .collect(),
        again: row.get(14),
    }
}

/// Adds faults: line, number, column and reason of each.
pub(crate) async fn add_faults<'f>(
    conn: &Queries,
    faults: impl Iterator<Item = (u64, u64, Option<&'f str>, &'f str)>,
) -> Result<(), PgError> {
    let types = [Type::INT8, Type::INT8, Type::TEXT, Type::TEXT];
    let mut copy = conn.copy_in(&COPY_FAULTS, &types).await?;
    for (line, n, column, reason) in faults {
        copy.row(&[&signed(line), &signed(n), &column, &reason]).await?;
    }
    copy.finish().await?;
    Ok(())
}

/// The faults by line, so many at most.
pub(crate) async fn faults(conn: &Queries, most: i64) -> Result<Rows, PgError> {
    conn.stream(&FAULTS, &[&most]).await
}

/// One of [`faults`]: line, column and reason.
pub(crate) fn fault(row: &Row) -> (u64, Option<String>, String) {
    (unsigned(row.get(0)), row.get(1), row.get(2))
}

/// A column of `bigint` holds every line that a file can have.
fn signed(line: u64) -> i64 {
    i64::try_from(line).unwrap_or(i64::MAX)
}

fn unsigned(line: i64) -> u64 {
    u64::try_from(line).unwrap_or_default()
}

/// What was staged was a quantity.
fn quantity(thousandths: i64) -> Quantity {
    Quantity::from_thousandths(thousandths).unwrap_or_default()
}
