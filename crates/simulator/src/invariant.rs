//! What must hold after every step.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use domain::order::OrderStatus;
use domain::{MovementKind, StockKey};

use crate::store::Store;

/// Something that must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Invariant {
    /// Quantity = sum of movements.
    QuantityIsSum,
    /// Each balance follows from the one before, and the last is the quantity.
    BalancesFollow,
    /// The ledger of a level never goes back in time.
    TimeNeverGoesBack,
    /// Reserved = sum over submitted orders.
    ReservedIsSum,
    /// Nothing below zero without an override; nothing reserved below zero.
    NeverBelowZero,
    /// A fulfilled order moved each line exactly once; no other order moved anything.
    FulfilledOnce,
    /// One audit entry a change of an order, one an adjustment.
    AuditedOnce,
    /// What is acknowledged is there.
    AcknowledgedIsThere,
    /// What is refused changed nothing.
    RefusalChangesNothing,
    /// What is called failed changed nothing.
    FailedChangesNothing,
    /// A repeated request gets the same bytes.
    SameAnswer,
    /// The answer to a request with a key is kept.
    AnswerKept,
    /// A request under a key is carried out once.
    KeyedOnce,
    /// A key is refused only to another request than its first.
    KeyIsOfOneRequest,
    /// Batches never wait for each other in a circle.
    NoCircle,
    /// Every outcome and figure is that of a plain model, one command after another.
    Plain,
    /// When all is quiet, every client has heard, and every request with a key has its answer.
    NothingLost,
}

impl Invariant {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Invariant::QuantityIsSum => "quantity is the sum of its movements",
            Invariant::BalancesFollow => "balances follow from each other up to the quantity",
            Invariant::TimeNeverGoesBack => "movements never go back in time",
            Invariant::ReservedIsSum => "reserved is the sum over submitted orders",
            Invariant::NeverBelowZero => "nothing is below zero without an override",
            Invariant::FulfilledOnce => "a fulfilled order moved each line once, and no other anything",
            Invariant::AuditedOnce => "one audit entry a change",
            Invariant::AcknowledgedIsThere => "what is acknowledged is there",
            Invariant::RefusalChangesNothing => "a refusal changes nothing",
            Invariant::FailedChangesNothing => "what is called failed changed nothing",
            Invariant::SameAnswer => "a repeated request gets the same answer",
            Invariant::AnswerKept => "the answer under a key is kept",
            Invariant::KeyedOnce => "a request under a key is carried out once",
            Invariant::KeyIsOfOneRequest => "a key is refused only to another request",
            Invariant::NoCircle => "batches never wait in a circle",
            Invariant::Plain => "outcomes and figures are those of a plain model",
            Invariant::NothingLost => "in the end every client has its answer",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// An invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub invariant: Invariant,
    /// Where.
    pub detail: String,
}

impl Broken {
    /// With where it was seen.
    pub fn new(invariant: Invariant, detail: String) -> Broken {
        Broken { invariant, detail }
    }
}

/// Holds the tables against every invariant that they alone can tell.
///
/// # Errors
/// The first that does not hold.
pub fn check(store: &Store) -> Result<(), Broken> {
    ledger(store)?;
    reserved(store)?;
    fulfilments(store)?;
    audit(store)
}

fn ledger(store: &Store) -> Result<(), Broken> {
    let mut last: BTreeMap<StockKey, (i64, i64, jiff::Timestamp)> = BTreeMap::new();
    for written in &store.movements {
        let movement = &written.movement;
        let (sum, balance, at) = last.entry(movement.key).or_insert((0, 0, written.at));
        *sum += movement.quantity.thousandths();
        let follows = *balance + movement.quantity.thousandths() == movement.balance.thousandths();
        *balance = movement.balance.thousandths();
        if !follows {
            return Err(Broken::new(Invariant::BalancesFollow, format!("{:?}", movement.key)));
        }
        if written.at < *at {
            return Err(Broken::new(Invariant::TimeNeverGoesBack, format!("{:?}", movement.key)));
        }
        *at = written.at;
    }
    for (key, level) in &store.levels {
        let quantity = level.record.level.quantity.thousandths();
        let (sum, balance) = last.remove(key).map_or((0, 0), |(sum, balance, _)| (sum, balance));
        if quantity != sum {
            return Err(Broken::new(
                Invariant::QuantityIsSum,
                format!("{key:?}: {quantity}, movements {sum}"),
            ));
        }
        if quantity != balance {
            return Err(Broken::new(
                Invariant::BalancesFollow,
                format!("{key:?}: {quantity}, last {balance}"),
            ));
        }
        if (quantity < 0 && !level.overdrawn) || level.record.level.reserved.is_negative() {
            return Err(Broken::new(Invariant::NeverBelowZero, format!("{key:?}: {:?}", level.record.level)));
        }
    }
    match last.keys().next() {
        Some(key) => {
            Err(Broken::new(Invariant::QuantityIsSum, format!("{key:?} has movements and no level")))
        }
        None => Ok(()),
    }
}

fn reserved(store: &Store) -> Result<(), Broken> {
    let mut asked: BTreeMap<StockKey, i64> = BTreeMap::new();
    for order in store.orders.values().filter(|order| order.status == OrderStatus::Submitted) {
        for (_, item, requested) in &order.lines {
            *asked.entry(StockKey { branch: order.branch, item: *item }).or_default() +=
                requested.thousandths();
        }
    }
    for (key, level) in &store.levels {
        let sum = asked.remove(key).unwrap_or(0);
        let reserved = level.record.level.reserved.thousandths();
        if reserved != sum {
            let detail = format!("{key:?}: {reserved}, submitted orders ask for {sum}");
            return Err(Broken::new(Invariant::ReservedIsSum, detail));
        }
    }
    match asked.keys().next() {
        Some(key) => {
            Err(Broken::new(Invariant::ReservedIsSum, format!("{key:?} is asked for and has no level")))
        }
        None => Ok(()),
    }
}

fn fulfilments(store: &Store) -> Result<(), Broken> {
    let mut moved: HashMap<(i64, StockKey), (u32, i64)> = HashMap::new();
    for written in store.movements.iter().filter(|m| m.movement.kind == MovementKind::Fulfilment) {
        let (times, sum) = moved.entry((written.document, written.movement.key)).or_default();
        *times += 1;
        *sum += written.movement.quantity.thousandths();
    }
    for order in store.orders.values().filter(|order| order.status == OrderStatus::Fulfilled) {
        for (_, item, requested) in &order.lines {
            let key = StockKey { branch: order.branch, item: *item };
            if moved.remove(&(order.id.0, key)) != Some((1, -requested.thousandths())) {
                let detail = format!("order {} did not move {item} once", order.id);
                return Err(Broken::new(Invariant::FulfilledOnce, detail));
            }
        }
    }
    match moved.keys().next() {
        Some((order, _)) => {
            Err(Broken::new(Invariant::FulfilledOnce, format!("order {order} moved what it did not ask for")))
        }
        None => Ok(()),
    }
}

fn audit(store: &Store) -> Result<(), Broken> {
    let mut entries: HashMap<&str, i64> = HashMap::new();
    let mut adjusted = 0_usize;
    for entry in &store.entries {
        match (entry.entity_type, entry.action) {
            ("order", _) => *entries.entry(&entry.entity_id).or_default() += 1,
            (_, "stock.adjusted") => adjusted += 1,
            _ => {}
        }
    }
    for order in store.orders.values() {
        let found = entries.remove(order.id.to_string().as_str()).unwrap_or(0);
        let steps = [order.submitted_at, order.fulfilled_at, order.cancelled_at];
        let changes = 1 + i64::try_from(steps.iter().flatten().count()).unwrap_or(0);
        if found != order.version || found != changes {
            let detail =
                format!("order {}: version {}, {changes} changes, {found} entries", order.id, order.version);
            return Err(Broken::new(Invariant::AuditedOnce, detail));
        }
    }
    if let Some(order) = entries.keys().next() {
        return Err(Broken::new(Invariant::AuditedOnce, format!("order {order} is not there")));
    }
    let counts = store.movements.iter().filter(|m| m.movement.kind == MovementKind::Adjustment).count();
    if adjusted != counts {
        return Err(Broken::new(Invariant::AuditedOnce, format!("{counts} adjustments, {adjusted} entries")));
    }
    Ok(())
}
