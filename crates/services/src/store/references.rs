//! References that one order of a branch alone may have: their locks, and the orders that have them.

use std::collections::{BTreeSet, HashMap};

use domain::{BranchId, OrderId};
use platform::pg::{Params, PgError, Queries};
use platform::statement;
use sha2::{Digest, Sha256};

/// A reference of orders of a branch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Reference {
    pub branch: BranchId,
    pub text: String,
}

impl Reference {
    /// The number of the advisory lock that stands for it. Two of the same number only wait for each other.
    fn lock_number(&self) -> i64 {
        let mut hash = Sha256::new();
        hash.update(b"order reference\0");
        hash.update(self.branch.0.to_be_bytes());
        hash.update(self.text.as_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        i64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

statement! {
    /// Takes references until the transaction ends, each once the transaction that has it has ended.
    LOCK: "services" = "
        select pg_advisory_xact_lock(u.lock)
        from unnest($1::bigint[]) with ordinality u(lock, n)
        order by u.n";
    /// The orders that have the references and are not cancelled, two of each at most.
    HOLDERS: "services" = "
        select u.n, o.id
        from unnest($1::bigint[], $2::text[]) with ordinality u(branch_id, reference, n)
        cross join lateral (
            select o.id
            from services_orders o
            where o.reference = u.reference and o.branch_id = u.branch_id and o.status <> 'cancelled'
            limit 2) o";
}

/// Takes the references until the transaction ends, so that nobody else gives one to an order meanwhile, and says which
/// orders have them, two of each at most. Both statements are sent at once, after keys and before orders are locked:
/// the second sees what those did that the first waited for.
pub(crate) async fn take(
    conn: &Queries,
    references: impl IntoIterator<Item = Reference>,
) -> Result<HashMap<Reference, Vec<OrderId>>, PgError> {
    let references: BTreeSet<Reference> = references.into_iter().collect();
    if references.is_empty() {
        return Ok(HashMap::new());
    }
    let mut locks: Vec<i64> = references.iter().map(Reference::lock_number).collect();
    locks.sort_unstable();
    let branches: Vec<i64> = references.iter().map(|reference| reference.branch.0).collect();
    let texts: Vec<&str> = references.iter().map(|reference| reference.text.as_str()).collect();
    let (lock_params, params): (Params<'_>, Params<'_>) = (&[&locks], &[&branches, &texts]);
    let (_, rows) = futures_util::try_join!(conn.query(&LOCK, lock_params), conn.query(&HOLDERS, params))?;
    let references: Vec<Reference> = references.into_iter().collect();
    let mut holders: HashMap<Reference, Vec<OrderId>> = HashMap::new();
    for row in rows {
        let n: i64 = row.get(0);
        if let Some(reference) = usize::try_from(n - 1).ok().and_then(|index| references.get(index)) {
            holders.entry(reference.clone()).or_default().push(OrderId(row.get(1)));
        }
    }
    Ok(holders)
}
