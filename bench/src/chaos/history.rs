//! What the clients were told, and whether the database agrees.

use std::collections::BTreeMap;

use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use crate::Result;
use crate::report::goals::Goal;

/// What every order's reference begins with.
pub const MARK: &str = "chaos ";

/// Orders that were acknowledged under a reference that they do not have.
const NOT_CREATED: &str = "
    select format('order %s of %s', u.id, u.reference)
    from unnest($1::bigint[], $2::text[]) u(id, reference)
    left join services_orders o on o.id = u.id and o.reference = u.reference
    where o.id is null";
/// Orders that are not where the last acknowledgement left them.
const NOT_LED: &str = "
    select format('order %s is %s, not %s', u.id, o.status, u.status)
    from unnest($1::bigint[], $2::text[]) u(id, status)
    left join services_orders o on o.id = u.id
    where o.status is distinct from u.status";
/// Orders that changed more often, or less, than was acknowledged: each change raises the version by one.
const NOT_AS_OFTEN: &str = "
    select format('order %s has version %s, not %s', u.id, o.version, u.version)
    from unnest($1::bigint[], $2::bigint[]) u(id, version)
    left join services_orders o on o.id = u.id
    where o.version is distinct from u.version";
/// Orders of which the audit tells more, or less, than was acknowledged.
const NOT_AUDITED: &str = "
    select format('order %s has %s entries, not %s', u.id, coalesce(a.entries, 0), u.version)
    from unnest($1::bigint[], $2::bigint[]) u(id, version)
    left join (
        select entity_id, count(*) as entries
        from services_audit_logs
        where entity_type = 'order'
        group by entity_id) a on a.entity_id = u.id::text
    where a.entries is distinct from u.version";
/// Orders that nobody was told of.
const UNTOLD: &str = "
    select format('order %s of %s', o.id, o.reference)
    from services_orders o
    where o.reference like $2 and o.id <> all($1)";

/// An order, as its client was told.
#[derive(Debug)]
struct Told {
    reference: String,
    status: &'static str,
    changes: i64,
}

/// What all clients were told.
#[derive(Debug, Default)]
pub struct History {
    orders: BTreeMap<i64, Told>,
    /// Two clients were told that they had drafted the same order.
    shared: Vec<String>,
}

impl History {
    /// An order was acknowledged.
    pub fn created(&mut self, order: i64, reference: String) {
        let told = Told { reference, status: "draft", changes: 1 };
        if let Some(before) = self.orders.insert(order, told) {
            self.shared.push(format!("order {order} of {}", before.reference));
        }
    }

    /// A change was acknowledged.
    pub fn led(&mut self, order: i64, status: &'static str) {
        if let Some(told) = self.orders.get_mut(&order) {
            (told.status, told.changes) = (status, told.changes + 1);
        }
    }

    /// How many changes were acknowledged, new orders too.
    pub fn changes(&self) -> u64 {
        self.orders.values().map(|told| told.changes.unsigned_abs()).sum()
    }

    /// Compares it with the database.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn judge(&self, client: &Client) -> Result<Vec<Goal>> {
        let ids: Vec<i64> = self.orders.keys().copied().collect();
        let references: Vec<&str> = self.orders.values().map(|told| told.reference.as_str()).collect();
        let statuses: Vec<&str> = self.orders.values().map(|told| told.status).collect();
        let changes: Vec<i64> = self.orders.values().map(|told| told.changes).collect();
        let mut goals = vec![Goal::nothing("orders of which two clients were told", &self.shared)];
        let mark = format!("{MARK}%");
        let checks: [(&str, &str, [&(dyn ToSql + Sync); 2]); 5] = [
            ("acknowledged orders that are lost", NOT_CREATED, [&ids, &references]),
            ("acknowledged changes that are lost", NOT_LED, [&ids, &statuses]),
            ("changes done twice, or without being told", NOT_AS_OFTEN, [&ids, &changes]),
            ("changes that the audit does not tell, or twice", NOT_AUDITED, [&ids, &changes]),
            ("orders that nobody was told of", UNTOLD, [&ids, &mark]),
        ];
        for (what, sql, params) in checks {
            let rows = client.query(sql, &params).await?;
            let found =
                rows.iter().map(|row| row.try_get(0)).collect::<std::result::Result<Vec<String>, _>>()?;
            goals.push(Goal::nothing(what, &found));
        }
        Ok(goals)
    }
}
