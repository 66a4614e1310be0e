//! The plain model: what each command should do, one after another, said as shortly as it can be and without a line
//! of the rules that it judges. Amounts are thousandths.

use std::collections::BTreeMap;

use domain::adjustment::Target;
use domain::order::{ItemFacts, OrderCommand, OrderStatus};
use domain::{BranchId, ItemId, Refusal, StockKey};
use services::Command;
use services::engine::in_memory::{DraftWrite, OrderRecord, StockCount};

use crate::invariant::{Broken, Invariant};
use crate::store::Store;

/// Which branches and items there were when a batch was loaded.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Branches, and whether each is active.
    pub branches: Vec<(BranchId, bool)>,
    /// Items.
    pub items: Vec<(ItemId, ItemFacts)>,
}

impl Known {
    fn branch(&self, id: BranchId) -> Option<bool> {
        self.branches.iter().find(|(branch, _)| *branch == id).map(|(_, active)| *active)
    }

    fn item(&self, id: ItemId) -> Option<ItemFacts> {
        self.items.iter().find(|(item, _)| *item == id).map(|(_, facts)| *facts)
    }
}

/// Where it takes its stock, what it asks for, and where it stands.
type Order = (BranchId, Vec<(ItemId, i64)>, OrderStatus);

/// Orders and levels as they should be.
#[derive(Debug, Default)]
pub struct Plain {
    orders: BTreeMap<i64, Order>,
    /// On hand and reserved.
    levels: BTreeMap<StockKey, (i64, i64)>,
}

impl Plain {
    /// Carries a command out, or says in a word why not.
    pub fn carry_out(&mut self, command: &Command, known: &Known) -> Result<(), &'static str> {
        match command {
            Command::Draft(draft) => draft_is_valid(draft, known).then_some(()).ok_or("invalid draft"),
            Command::Order(change) => self.order(change.order.0, change.command, known),
            Command::SetStock(count) => self.count(count, known),
        }
    }

    /// The order that came of a draft.
    pub fn drafted(&mut self, draft: &DraftWrite, order: &OrderRecord) {
        let lines = draft.lines.iter().map(|line| (line.item, line.requested.thousandths())).collect();
        self.orders.insert(order.id.0, (draft.branch, lines, OrderStatus::Draft));
    }

    fn level(&self, key: StockKey) -> (i64, i64) {
        self.levels.get(&key).copied().unwrap_or_default()
    }

    fn order(&mut self, id: i64, command: OrderCommand, known: &Known) -> Result<(), &'static str> {
        let (branch, lines, status) = self.orders.get(&id).cloned().ok_or("not found")?;
        let draft = status == OrderStatus::Draft;
        let open = draft || status == OrderStatus::Submitted;
        let (allowed, checked, left) = match command {
            OrderCommand::Submit => (draft, true, OrderStatus::Submitted),
            OrderCommand::Fulfil { override_negative } => (open, !override_negative, OrderStatus::Fulfilled),
            OrderCommand::Cancel => (open, false, OrderStatus::Cancelled),
        };
        if !allowed {
            return Err("wrong state");
        }
        if draft && command != OrderCommand::Cancel {
            let items = || lines.iter().map(|(item, _)| known.item(*item).is_some_and(|item| item.active));
            if known.branch(branch) != Some(true) || items().any(|active| !active) {
                return Err("inactive");
            }
        }
        let short = lines.iter().any(|(item, asked)| {
            let (quantity, reserved) = self.level(StockKey { branch, item: *item });
            // A submitted order has its own reservation, so what is on hand is its limit.
            *asked > if draft { quantity - reserved } else { quantity }
        });
        if checked && short {
            return Err("short");
        }
        for (item, asked) in &lines {
            let (quantity, reserved) = self.levels.entry(StockKey { branch, item: *item }).or_default();
            match left {
                OrderStatus::Submitted => *reserved += asked,
                OrderStatus::Fulfilled => *quantity -= asked,
                _ => {}
            }
            if !draft {
                *reserved -= asked;
            }
        }
        self.orders.insert(id, (branch, lines, left));
        Ok(())
    }

    fn count(&mut self, count: &StockCount, known: &Known) -> Result<(), &'static str> {
        let (branch, item) = (known.branch(count.set.key.branch), known.item(count.set.key.item));
        let (Some(branch_active), Some(item)) = (branch, item) else { return Err("not found") };
        let Target::Quantity(quantity) = count.set.to else { return Err("not undoable") };
        let quantity = quantity.thousandths();
        let before = self.level(count.set.key).0;
        let counts_down = match before {
            1.. => (0..=before).contains(&quantity),
            0 => false,
            _ => (before..=0).contains(&quantity),
        };
        match () {
            () if !(branch_active && item.active || counts_down) => Err("inactive"),
            () if !is_precise(quantity, item) => Err("too precise"),
            () if quantity < 0 && !count.set.override_negative => Err("below zero"),
            () => {
                self.levels.entry(count.set.key).or_default().0 = quantity;
                Ok(())
            }
        }
    }

    /// Holds the tables against what should be there.
    ///
    /// # Errors
    /// The first difference.
    pub fn check(&self, store: &Store) -> Result<(), Broken> {
        let differs = |detail| Err(Broken::new(Invariant::Plain, detail));
        for (key, level) in &store.levels {
            let found =
                (level.record.level.quantity.thousandths(), level.record.level.reserved.thousandths());
            if found != self.level(*key) {
                return differs(format!("{key:?}: found {found:?}, should be {:?}", self.level(*key)));
            }
        }
        if let Some((key, _)) =
            self.levels.iter().find(|(key, level)| **level != (0, 0) && !store.levels.contains_key(key))
        {
            return differs(format!("{key:?} is not there"));
        }
        if self.orders.len() != store.orders.len() {
            return differs(format!("{} orders, should be {}", store.orders.len(), self.orders.len()));
        }
        for (id, (branch, lines, status)) in &self.orders {
            let same = store.orders.get(id).is_some_and(|order| {
                let found = order.lines.iter().map(|(_, item, requested)| (*item, requested.thousandths()));
                order.branch == *branch && order.status == *status && found.eq(lines.iter().copied())
            });
            if !same {
                return differs(format!("order {id} should be {status}, found {:?}", store.orders.get(id)));
            }
        }
        Ok(())
    }
}

/// The word for a refusal.
pub fn word(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NotFound => "not found",
        Refusal::WrongState { .. } => "wrong state",
        Refusal::InsufficientStock(_) => "short",
        Refusal::InactiveBranch | Refusal::InactiveItems(_) => "inactive",
        Refusal::InvalidDraft { .. } => "invalid draft",
        Refusal::ReferenceTaken { .. } | Refusal::ReferenceShared => "reference taken",
        Refusal::BelowZero => "below zero",
        Refusal::Changed { .. } => "changed",
        Refusal::NotUndoable | Refusal::UndoLeaves(_) => "not undoable",
        Refusal::UndoneBefore { .. } => "undone before",
        Refusal::TooPrecise { .. } => "too precise",
        Refusal::OutOfRange => "out of range",
        Refusal::Inconsistent => "inconsistent",
    }
}

fn draft_is_valid(draft: &DraftWrite, known: &Known) -> bool {
    let line_is_valid = |n: usize, item: ItemId, asked: i64| {
        let repeated = draft.lines.iter().take(n).any(|line| line.item == item);
        let valid = |facts: ItemFacts| facts.active && is_precise(asked, facts);
        !repeated && asked > 0 && known.item(item).is_some_and(valid)
    };
    let mut lines = draft.lines.iter().enumerate();
    known.branch(draft.branch) == Some(true)
        && lines.all(|(n, line)| line_is_valid(n, line.item, line.requested.thousandths()))
}

fn is_precise(thousandths: i64, item: ItemFacts) -> bool {
    let step = 10_i64.pow(3 - u32::from(item.decimal_places));
    thousandths % step == 0
}
