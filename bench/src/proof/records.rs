//! What the database says of a part of the proof: what became of its orders, and whether anything is half done that
//! `verify` does not look at.

use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use crate::fixtures::Drafts;
use crate::program::Program;
use crate::report::goals::Goal;
use crate::{Result, process};

/// A new item with a few units, and drafts for them.
const RACE: &str = include_str!("../../sql/race.sql");
const FULFILLED: &str = "
    select count(*) from services_orders where id between $1 and $2 and status = 'fulfilled'";
const LEFT: &str = "select quantity::bigint from services_stock where branch_id = $1 and item_id = $2";
/// The program's own connections: at work, in a transaction that waits for its client, in one older than a second.
const BACKENDS: &str = "
    select count(*) filter (where state <> 'idle'),
           count(*) filter (where state like 'idle in transaction%'
                               or clock_timestamp() - xact_start > interval '1 second')
    from pg_stat_activity
    where backend_type = 'client backend' and application_name like 'quartermaster%'";
const NOT_REACHED: &str = "
    select format('order %s not %s', u.id, u.status)
    from unnest($1::bigint[], $2::text[]) u(id, status)
    left join services_orders o on o.id = u.id
    where case u.status when 'submitted' then o.submitted_at
                        when 'fulfilled' then o.fulfilled_at
                        when 'cancelled' then o.cancelled_at
                        else o.created_at end is null";
const MOVEMENTS: &str = "
    select count(*)
    from services_stock_movements
    where document_type = 'order' and document_id between $1 and $2";
const CHANGES: &str = "select count(*) from services_audit_logs where actor_user_id is not null";
const TOUCHED: &str = "
    select count(*) from services_orders where id = any($1) and (status <> 'draft' or version <> 1)";
const UNMARKED: &str = "
    select u.mark
    from unnest($1::text[]) u(mark)
    where not exists (select from services_orders o where o.reference = u.mark)
      and not exists (select from services_stock_movements m where m.reason = u.mark)";
const MARKED: &str = "
    select (select count(*) from services_orders where reference = any($1))
         + (select count(*) from services_stock_movements where reason = any($1))";

/// What must not be found, beyond what `verify` looks for.
const HALF_DONE: &[(&str, &str)] = &[
    (
        "answers kept under a key whose order is not as they say",
        "select count(*)
         from (
            select convert_from(body, 'utf8')::jsonb as body
            from services_idempotency_keys
            where status in (200, 201)) k
         left join services_orders o on o.id = (k.body ->> 'id')::bigint
         where k.body ? 'lines'
           and case k.body ->> 'status'
                   when 'submitted' then o.submitted_at is distinct from (k.body ->> 'submitted_at')::timestamptz
                   when 'fulfilled' then o.fulfilled_at is distinct from (k.body ->> 'fulfilled_at')::timestamptz
                   when 'cancelled' then o.cancelled_at is distinct from (k.body ->> 'cancelled_at')::timestamptz
                   else o.created_at is distinct from (k.body ->> 'created_at')::timestamptz
               end",
    ),
    (
        "answers kept under a key whose stock never was as they say",
        "select count(*)
         from (
            select convert_from(body, 'utf8')::jsonb as body
            from services_idempotency_keys
            where status = 200) k
         where k.body ? 'quantity'
           and not exists (
            select from services_stock_movements m
            where m.branch_id = (k.body ->> 'branch_id')::bigint
              and m.item_id = (k.body ->> 'item_id')::bigint
              and m.balance = (k.body ->> 'quantity')::numeric
              and m.at = (k.body ->> 'updated_at')::timestamptz)",
    ),
    (
        "drafts without some of their lines",
        "select count(*)
         from services_orders o
         where o.reference is not null
           and (select count(*) from services_order_lines l
                where l.order_id = o.id and l.branch_id = o.branch_id) <> 3",
    ),
    (
        "requests that drafted or set stock twice",
        "select (select count(*) from (
                    select from services_orders where reference is not null
                    group by reference having count(*) > 1) o)
              + (select count(*) from (
                    select from services_stock_movements where reason is not null
                    group by reason having count(*) > 1) m)",
    ),
];

/// A new item at a branch, and the drafts that want it.
pub struct Wanted {
    /// Where it is.
    pub branch: i64,
    /// What it is.
    pub item: i64,
    /// Who wants it.
    pub drafts: Drafts,
}

/// The program's connections to the database.
pub struct Backends {
    /// Those that do something, be it to wait for their client within a transaction.
    pub busy: u64,
    /// Those in a transaction that waits for its client, or that is older than a second.
    pub in_transaction: u64,
}

/// The database as its superuser reads it.
pub struct Records {
    client: Client,
}

impl Records {
    /// By this connection.
    pub fn new(client: Client) -> Records {
        Records { client }
    }

    /// The process of PostgreSQL that starts its others, where it is on this machine.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn server_process(&self) -> Result<Option<u32>> {
        let own: i32 = self.client.query_one("select pg_backend_pid()", &[]).await?.try_get(0)?;
        Ok(process::parent(u32::try_from(own)?))
    }

    /// Makes a new item of which `units` are at `branch`, and drafts of one unit each.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn want(&self, sku: &str, branch: i64, units: i64, drafts: i64) -> Result<Wanted> {
        let row = self.client.query_one(RACE, &[&sku, &branch, &drafts, &units]).await?;
        let made = Drafts { first: row.try_get(1)?, last: row.try_get(2)? };
        if made.last - made.first + 1 != drafts {
            return Err("somebody else made orders while drafts were made".into());
        }
        Ok(Wanted { branch, item: row.try_get(0)?, drafts: made })
    }

    /// How many units are left of what was wanted, and how many of the drafts are fulfilled.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn left(&self, wanted: &Wanted) -> Result<(i64, u64)> {
        let left = self.client.query_one(LEFT, &[&wanted.branch, &wanted.item]).await?.try_get(0)?;
        Ok((left, self.count(FULFILLED, &[&wanted.drafts.first, &wanted.drafts.last]).await?))
    }

    /// What the program's connections do now.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn backends(&self) -> Result<Backends> {
        let row = self.client.query_one(BACKENDS, &[]).await?;
        let (busy, in_transaction): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        Ok(Backends { busy: u64::try_from(busy)?, in_transaction: u64::try_from(in_transaction)? })
    }

    /// Those of these orders that never reached the status that an answer told of, in words.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn not_reached(&self, told: &[(i64, &str)]) -> Result<Vec<String>> {
        let (ids, statuses): (Vec<i64>, Vec<&str>) = told.iter().copied().unzip();
        self.texts(NOT_REACHED, &[&ids, &statuses]).await
    }

    /// Those of these marks that no order and no movement carries.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn unmarked(&self, marks: &[String]) -> Result<Vec<String>> {
        self.texts(UNMARKED, &[&marks]).await
    }

    /// How many movements the orders made.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn movements(&self, drafts: Drafts) -> Result<u64> {
        self.count(MOVEMENTS, &[&drafts.first, &drafts.last]).await
    }

    /// How many changes the program made.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn changes(&self) -> Result<u64> {
        self.count(CHANGES, &[]).await
    }

    /// How many of these orders are no longer the drafts that they were.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn touched(&self, orders: &[i64]) -> Result<u64> {
        self.count(TOUCHED, &[&orders]).await
    }

    /// How many orders and movements carry one of these references or reasons.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn marked(&self, marks: &[String]) -> Result<u64> {
        self.count(MARKED, &[&marks]).await
    }

    /// What is half done, in words.
    ///
    /// # Errors
    /// When the server refuses.
    async fn half_done(&self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for (words, sql) in HALF_DONE {
            let count = self.count(sql, &[]).await?;
            if count > 0 {
                found.push(format!("{count} {words}"));
            }
        }
        Ok(found)
    }

    /// That every invariant holds and nothing is half done.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn hold(&self, program: &Program) -> Result<Goal> {
        // A PostgreSQL that has just been killed knows nothing of how large its tables are.
        self.client.batch_execute("analyze").await?;
        let mut wrong = self.half_done().await?;
        wrong.extend(program.verify().await?);
        let found = if wrong.is_empty() { "all".to_owned() } else { wrong.join("; ").replace('\n', " ") };
        Ok(Goal::seen("invariants, by verify and beyond it", "all", found, wrong.is_empty()))
    }

    async fn texts(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<String>> {
        let rows = self.client.query(sql, params).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<std::result::Result<_, _>>()?)
    }

    async fn count(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64> {
        let count: i64 = self.client.query_one(sql, params).await?.try_get(0)?;
        Ok(u64::try_from(count)?)
    }
}
