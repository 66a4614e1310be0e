//! What is in the database before a measurement, and what is made good and counted after one. All by SQL as
//! superuser, in sets.

use tokio_postgres::Client;

use crate::Result;
use crate::orders::{Orders, Shape};

/// Branches and items, and a schema for pgbench.
const COMPANY: &str = include_str!("../sql/company.sql");
/// Opening stock and no orders.
const RESET: &str = include_str!("../sql/reset.sql");
/// More of everything.
const RESTOCK: &str = include_str!("../sql/restock.sql");
/// The function that pgbench calls.
const FULFIL_FUNCTION: &str = include_str!("../sql/fulfil_function.sql");

/// Foreign keys are checked by triggers; they rest while drafts are made that are right anyway.
const WITHOUT_TRIGGERS: &str = "set local session_replication_role = replica";
const INSERT_ORDERS: &str = "
    with drafted as (
        insert into services_orders (branch_id, created_by)
        select u.branch_id, 'bench'
        from unnest($1::bigint[]) with ordinality u(branch_id, n)
        order by u.n
        returning id)
    select min(id), max(id) from drafted";
const INSERT_LINES: &str = "
    insert into services_order_lines (order_id, branch_id, item_id, requested_qty)
    select $1 + u.n, u.branch_id, u.item_id, 1
    from unnest($2::bigint[], $3::bigint[], $4::bigint[]) with ordinality u(n, branch_id, item_id, line)
    order by u.line";
/// The lines of an order `o`, as entries tell them.
macro_rules! lines {
    () => {
        "(select jsonb_agg(jsonb_build_object('id', l.id, 'item_id', l.item_id, 'requested_qty', l.requested_qty))
          from services_order_lines l
          where l.order_id = o.id and l.branch_id = o.branch_id)"
    };
}

const INSERT_CREATED: &str = concat!(
    "
    insert into services_audit_logs (at, actor, action, entity_type, entity_id, branch_id, details)
    select o.created_at, o.created_by, 'order.created', 'order', o.id::text, o.branch_id,
           jsonb_build_object('to', jsonb_build_object(
               'branch_id', o.branch_id, 'created_by', o.created_by, 'reference', o.reference, 'note', o.note,
               'created_at', to_char(o.created_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),
               'lines', ",
    lines!(),
    "))
    from services_orders o
    where o.id between $1 and $2
    order by o.id"
);
const INSERT_FULFILLED: &str = concat!(
    "
    insert into services_audit_logs (at, actor, action, entity_type, entity_id, branch_id, details)
    select o.fulfilled_at, 'pgbench', 'order.fulfilled', 'order', o.id::text, o.branch_id,
           jsonb_build_object('lines', ",
    lines!(),
    ")
    from services_orders o
    where o.id between $1 and $2 and o.status = 'fulfilled'
    order by o.id"
);
const FULFILLED: &str =
    "select count(*) from services_orders where id between $1 and $2 and status = 'fulfilled'";
const LAST_ORDER: &str = "select coalesce(max(id), 0) from services_orders";
const CREATED: &str = "select count(*) from services_orders where id > $1";

/// Orders whose ids follow each other.
#[derive(Debug, Clone, Copy)]
pub struct Drafts {
    /// The first id.
    pub first: i64,
    /// The last id.
    pub last: i64,
}

impl Drafts {
    /// No orders at all.
    pub const NONE: Drafts = Drafts { first: 1, last: 0 };
}

/// The database as its superuser sees it.
pub struct Fixtures {
    client: Client,
    /// Every set of drafts is another one, and the same in every run.
    seed: u64,
}

impl Fixtures {
    /// Makes branches, items and what pgbench needs, in a database that was migrated.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn make(client: Client) -> Result<Fixtures> {
        client.batch_execute(COMPANY).await?;
        client.batch_execute(FULFIL_FUNCTION).await?;
        Ok(Fixtures::of(client))
    }

    /// For a database that has a company.
    pub fn of(client: Client) -> Fixtures {
        Fixtures { client, seed: 0 }
    }

    /// Adds a thousand units of everything that orders ask for.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn restock(&self) -> Result<()> {
        Ok(self.client.batch_execute(RESTOCK).await?)
    }

    /// The connection, as superuser.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Puts everything back to opening stock and no orders.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn reset(&self) -> Result<()> {
        Ok(self.client.batch_execute(RESET).await?)
    }

    /// Makes drafts with their lines and audit entries.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn draft(&mut self, shape: Shape, count: usize) -> Result<Drafts> {
        self.seed += 1;
        let mut orders = Orders::new(shape, self.seed);
        let mut branches = Vec::with_capacity(count);
        let (mut line_orders, mut line_branches, mut line_items) = (Vec::new(), Vec::new(), Vec::new());
        for (n, (branch, items)) in (0_i64..).zip((0..count).map(|_| orders.another())) {
            branches.push(branch);
            for item in items {
                line_orders.push(n);
                line_branches.push(branch);
                line_items.push(item);
            }
        }
        let transaction = self.client.transaction().await?;
        transaction.batch_execute(WITHOUT_TRIGGERS).await?;
        let ids = transaction.query_one(INSERT_ORDERS, &[&branches]).await?;
        let drafts = Drafts { first: ids.try_get(0)?, last: ids.try_get(1)? };
        if usize::try_from(drafts.last - drafts.first + 1) != Ok(count) {
            return Err("somebody else made orders while drafts were made".into());
        }
        transaction
            .execute(INSERT_LINES, &[&drafts.first, &line_orders, &line_branches, &line_items])
            .await?;
        transaction.execute(INSERT_CREATED, &[&drafts.first, &drafts.last]).await?;
        transaction.commit().await?;
        Ok(drafts)
    }

    /// Lets a measurement begin as every other: statistics fresh, nothing for vacuum to do, nothing to be flushed.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn settle(&self) -> Result<()> {
        let tables = "services_stock, services_stock_movements, services_orders, services_order_lines, \
                      services_audit_logs, services_idempotency_keys";
        self.client.batch_execute(&format!("vacuum (analyze) {tables}")).await?;
        Ok(self.client.batch_execute("checkpoint").await?)
    }

    /// Tells pgbench's transactions where to begin with the drafts.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn offer(&self, drafts: Drafts) -> Result<()> {
        self.client.execute("select setval('bench.drafts', $1, false)", &[&drafts.first]).await?;
        Ok(())
    }

    /// Whether pgbench asked for more drafts than there were.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn ran_out(&self, drafts: Drafts) -> Result<bool> {
        let last: i64 =
            self.client.query_one("select last_value from bench.drafts", &[]).await?.try_get(0)?;
        Ok(last > drafts.last)
    }

    /// How many of the orders are fulfilled.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn fulfilled(&self, drafts: Drafts) -> Result<u64> {
        self.count(FULFILLED, &[&drafts.first, &drafts.last]).await
    }

    /// The id of the newest order.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn last_order(&self) -> Result<i64> {
        Ok(self.client.query_one(LAST_ORDER, &[]).await?.try_get(0)?)
    }

    /// How many orders are newer than this one.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn created_after(&self, order: i64) -> Result<u64> {
        self.count(CREATED, &[&order]).await
    }

    /// Writes the audit entries of orders that pgbench fulfilled, which its function does not.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn audit_fulfilled(&self, drafts: Drafts) -> Result<()> {
        self.client.execute(INSERT_FULFILLED, &[&drafts.first, &drafts.last]).await?;
        Ok(())
    }

    /// Writes the audit entries of orders newer than this one, which pgbench inserted without.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn audit_created(&self, after: i64) -> Result<()> {
        self.client.execute(INSERT_CREATED, &[&(after + 1), &i64::MAX]).await?;
        Ok(())
    }

    async fn count(&self, sql: &str, params: &[&(dyn tokio_postgres::types::ToSql + Sync)]) -> Result<u64> {
        let count: i64 = self.client.query_one(sql, params).await?.try_get(0)?;
        Ok(u64::try_from(count)?)
    }
}
