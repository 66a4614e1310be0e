//! Adjustments as documents: setting what is on hand.

use std::collections::HashMap;

use contract::StockOut;
use domain::adjustment::{Before, SetStock, StockFacts, Target, Undone};
use domain::{Levels, MovementId, MovementKind, Posting, Quantity, Refusal, StockKey};
use jiff::Timestamp;
use platform::pg::{Params, PgError, Queries};
use platform::statement;
use policy::{Action, Resource};
use serde::Serialize;

use super::{Declined, Effective, Facts, Posted};
use crate::answer::{Answer, as_json};
use crate::asker::Asker;
use crate::store::audit::Fact;

/// A count or a correction.
#[derive(Debug, Clone)]
pub struct StockCount {
    /// What to set.
    pub set: SetStock,
    /// Why.
    pub reason: Option<String>,
    /// When it took effect, where a file tells of the past. Not before the level last moved.
    pub at: Option<Timestamp>,
    /// It is what stood elsewhere: nobody asks whether branch and item are active.
    pub as_is: bool,
}

/// What the audit keeps of an adjustment.
#[derive(Debug, Serialize)]
struct Details<'a> {
    adjustment: i64,
    quantity: Moved,
    #[serde(skip_serializing_if = "Option::is_none")]
    undoes: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    override_negative: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    as_is: bool,
    /// When it took effect, where that was not when it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct Moved {
    #[serde(with = "contract::quantity")]
    from: Quantity,
    #[serde(with = "contract::quantity")]
    to: Quantity,
}

/// What the adjustments of a batch need: numbers for them, and facts about their branches and items.
#[derive(Debug, Default)]
pub(crate) struct Adjustments {
    numbers: Vec<i64>,
    facts: Facts,
    /// How far adjustments of the last 24 hours moved the levels, those of this batch included.
    adjusted: HashMap<StockKey, Quantity>,
    /// The movements to undo that are adjustments of the level they are to be undone at.
    undone: HashMap<(StockKey, MovementId), Undone>,
}

statement! {
    /// Numbers for adjustments.
    NUMBERS: "services" = "
        select nextval('services_adjustment_ids') from generate_series(1, $1::bigint)";
}

impl Adjustments {
    pub(crate) async fn load(
        conn: &Queries,
        keys: &[StockKey],
        count: usize,
    ) -> Result<Adjustments, PgError> {
        if keys.is_empty() {
            return Ok(Adjustments::default());
        }
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let params: Params<'_> = &[&count];
        let (numbers, facts) = futures_util::try_join!(
            conn.query(&NUMBERS, params),
            Facts::load(conn, keys.iter().map(|key| key.branch), keys.iter().map(|key| key.item)),
        )?;
        Ok(Adjustments::of(numbers.iter().map(|row| row.get(0)).collect(), facts))
    }

    /// With as many numbers as there are adjustments.
    pub(crate) fn of(numbers: Vec<i64>, facts: Facts) -> Adjustments {
        Adjustments { numbers, facts, ..Adjustments::default() }
    }

    /// Takes down how far adjustments of the last 24 hours moved the levels, and what is known of the movements to undo.
    pub(crate) fn know(
        &mut self,
        adjusted: HashMap<StockKey, Quantity>,
        undone: HashMap<(StockKey, MovementId), Undone>,
    ) {
        (self.adjusted, self.undone) = (adjusted, undone);
    }

    fn earlier(&self, key: StockKey) -> Quantity {
        self.adjusted.get(&key).copied().unwrap_or(Quantity::ZERO)
    }

    fn undone(&self, set: &SetStock) -> Option<Undone> {
        set.undoes().and_then(|movement| self.undone.get(&(set.key, movement))).copied()
    }

    pub(crate) fn decide(
        &self,
        count: &StockCount,
        asker: &Asker,
        levels: &Levels,
    ) -> Result<Posting, Declined> {
        let (undone, earlier) = (self.undone(&count.set), self.earlier(count.set.key));
        require_permit(count, asker, undone, levels, earlier)?;
        let StockKey { branch, item } = count.set.key;
        let branch_active = self.facts.branch_active(branch).ok_or(Refusal::NotFound)?;
        let item = self.facts.item(item).ok_or(Refusal::NotFound)?;
        let facts = StockFacts {
            branch_active: branch_active || count.as_is,
            item_active: item.active || count.as_is,
            decimal_places: item.decimal_places,
            undone,
        };
        Ok(domain::adjustment::decide(&count.set, facts, levels)?)
    }

    pub(crate) fn posted(
        &mut self,
        count: &StockCount,
        posting: &Posting,
        levels: &Levels,
        effective: Effective,
    ) -> Result<Posted, Refusal> {
        let key = count.set.key;
        let document_id = self.numbers.pop().ok_or(Refusal::Inconsistent)?;
        let level = levels.get(key);
        let reverses = count.set.undoes();
        if let Some(undone) = reverses.and_then(|movement| self.undone.get_mut(&(key, movement))) {
            undone.before = Before::JustNow;
        }
        let out = StockOut {
            branch_id: key.branch.0,
            item_id: key.item.0,
            quantity: level.quantity,
            reserved: level.reserved,
            available: level.available(),
            updated_at: effective.at,
        };
        let difference =
            posting.changes.iter().map(|change| change.quantity).find(|change| !change.is_zero());
        if let Some(difference) = difference {
            self.adjusted.insert(key, together(self.earlier(key), difference));
        }
        let fact = difference.map(|difference| {
            let before = level.quantity.checked_sub(difference).unwrap_or(level.quantity);
            let details = Details {
                adjustment: document_id,
                quantity: Moved { from: before, to: level.quantity },
                undoes: reverses.map(|movement| movement.0),
                reason: count.reason.as_deref(),
                override_negative: count.set.override_negative,
                as_is: count.as_is,
                at: effective.told,
            };
            Fact {
                action: "stock.adjusted",
                entity_type: "stock",
                entity_id: format!("{}:{}", key.branch, key.item),
                branch_id: Some(key.branch.0),
                details: as_json(&details),
            }
        });
        Ok(Posted {
            document_type: MovementKind::Adjustment.document_type(),
            document_id,
            reverses,
            reason: count.reason.clone(),
            fact,
            answer: Answer::json(200, &out),
        })
    }
}

/// How far both move a level, ups and downs added; as much as a quantity can be where that is more.
fn together(one: Quantity, other: Quantity) -> Quantity {
    let sum = one.thousandths().saturating_abs().saturating_add(other.thousandths().saturating_abs());
    Quantity::from_thousandths(sum).unwrap_or(Quantity::MAX)
}

/// May they set this level to this? A difference outside the range counts as the largest there is: that it is outside is
/// for the rule to say, to callers who may. So is that there is nothing to undo.
fn require_permit(
    count: &StockCount,
    asker: &Asker,
    undone: Option<Undone>,
    levels: &Levels,
    earlier: Quantity,
) -> Result<(), Declined> {
    let SetStock { key, to, override_negative, .. } = count.set;
    let change = match to {
        Target::Quantity(quantity) => quantity.saturating_sub(levels.get(key).quantity),
        Target::Undo { .. } => undone.map_or(Quantity::ZERO, |undone| -undone.quantity),
    };
    let resource = Resource::Stock { key, change, earlier };
    asker.authorize(Action::AdjustStock, resource)?;
    if override_negative {
        asker.authorize(Action::OverrideNegative, resource)?;
    }
    Ok(())
}
