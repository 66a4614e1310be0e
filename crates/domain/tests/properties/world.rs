//! A small company without a database: what the posting engine keeps in tables is kept in maps here.

use std::collections::BTreeMap;

use domain::adjustment::{self, SetStock, StockFacts, Target};
use domain::order::{self, Order, OrderCommand, OrderLine, OrderStatus};
use domain::{BranchId, ItemId, Levels, Movement, OrderId, Posting, Quantity, Refusal, Short, StockKey};
use proptest::sample::Index;

pub const PLACES: i64 = 2;
pub const ITEMS: i64 = 4;
const OPENING: Quantity = Quantity::units(8);

/// Something that somebody wants.
#[derive(Debug, Clone)]
pub enum Step {
    Draft { place: i64, lines: Vec<(i64, Quantity)> },
    Order { order: Index, command: OrderCommand },
    Count { place: i64, item: i64, quantity: Quantity, override_negative: bool },
    Item { item: i64, active: bool },
    Branch { place: i64, active: bool },
}

/// What caused a movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Count,
    Order(usize),
}

#[derive(Debug, Clone, PartialEq)]
pub struct World {
    levels: BTreeMap<StockKey, (Quantity, Quantity)>,
    /// Levels that an Admin's override left below zero.
    overdrawn: BTreeMap<StockKey, bool>,
    ledger: Vec<(Cause, Movement)>,
    orders: Vec<Order>,
    active_items: [bool; ITEMS as usize],
    active_branches: [bool; PLACES as usize],
}

pub fn key(place: i64, item: i64) -> StockKey {
    StockKey { branch: BranchId(place), item: ItemId(item) }
}

impl World {
    /// Two branches, each with eight of every item.
    pub fn stocked() -> World {
        let mut world = World {
            levels: BTreeMap::new(),
            overdrawn: BTreeMap::new(),
            ledger: Vec::new(),
            orders: Vec::new(),
            active_items: [true; ITEMS as usize],
            active_branches: [true; PLACES as usize],
        };
        for (place, item) in (0..PLACES).flat_map(|place| (0..ITEMS).map(move |item| (place, item))) {
            world.count(place, item, OPENING, false).unwrap();
        }
        world
    }

    pub fn take(&mut self, step: &Step) -> Result<(), Refusal> {
        match step {
            Step::Draft { place, lines } => self.draft(*place, lines),
            Step::Order { order, command } => match self.chosen(*order) {
                Some(order) => return self.command(order, *command),
                None => return Err(Refusal::NotFound),
            },
            Step::Count { place, item, quantity, override_negative } => {
                return self.count(*place, *item, *quantity, *override_negative);
            }
            Step::Item { item, active } => self.active_items[*item as usize] = *active,
            Step::Branch { place, active } => self.active_branches[*place as usize] = *active,
        }
        Ok(())
    }

    fn draft(&mut self, place: i64, lines: &[(i64, Quantity)]) {
        let mut lines: Vec<OrderLine> = lines
            .iter()
            .map(|(item, requested)| OrderLine {
                item: ItemId(*item),
                item_active: true,
                requested: *requested,
            })
            .collect();
        lines.sort_by_key(|line| line.item);
        lines.dedup_by_key(|line| line.item);
        self.orders.push(Order {
            id: OrderId(self.orders.len() as i64),
            branch: BranchId(place),
            branch_active: true,
            status: OrderStatus::Draft,
            lines,
        });
    }

    fn chosen(&self, order: Index) -> Option<usize> {
        (!self.orders.is_empty()).then(|| order.index(self.orders.len()))
    }

    /// The order as the rules see it now.
    fn seen(&self, order: usize) -> Order {
        let mut seen = self.orders[order].clone();
        seen.branch_active = self.active_branches[seen.branch.0 as usize];
        for line in &mut seen.lines {
            line.item_active = self.active_items[line.item.0 as usize];
        }
        seen
    }

    pub fn command(&mut self, order: usize, command: OrderCommand) -> Result<(), Refusal> {
        let posting = order::decide(&self.seen(order), command, &self.as_levels())?;
        self.post(Cause::Order(order), &posting)?;
        self.orders[order].status = command.leads_to();
        Ok(())
    }

    fn count(
        &mut self,
        place: i64,
        item: i64,
        quantity: Quantity,
        override_negative: bool,
    ) -> Result<(), Refusal> {
        let facts = StockFacts {
            branch_active: self.active_branches[place as usize],
            item_active: self.active_items[item as usize],
            decimal_places: 3,
            undone: None,
        };
        let to = Target::Quantity(quantity);
        let set = SetStock { key: key(place, item), to, expected: None, override_negative };
        let posting = adjustment::decide(&set, facts, &self.as_levels())?;
        self.post(Cause::Count, &posting)
    }

    fn post(&mut self, cause: Cause, posting: &Posting) -> Result<(), Refusal> {
        let mut levels = self.as_levels();
        let movements = levels.post(posting)?;
        self.ledger.extend(movements.into_iter().map(|movement| (cause, movement)));
        for (key, level) in levels.iter() {
            self.levels.insert(key, (level.quantity, level.reserved));
        }
        for change in &posting.changes {
            let negative = levels.get(change.key).quantity.is_negative();
            let before = self.overdrawn.get(&change.key).copied().unwrap_or_default();
            self.overdrawn.insert(change.key, negative && (change.override_negative || before));
        }
        Ok(())
    }

    fn as_levels(&self) -> Levels {
        let level = |(key, (quantity, reserved)): (&StockKey, &(Quantity, Quantity))| {
            (*key, domain::StockLevel { quantity: *quantity, reserved: *reserved })
        };
        self.levels.iter().map(level).collect()
    }

    fn available(&self, key: StockKey) -> Quantity {
        let (quantity, reserved) = self.levels.get(&key).copied().unwrap_or_default();
        quantity.checked_sub(reserved).unwrap()
    }

    pub fn statuses(&self) -> impl Iterator<Item = OrderStatus> + '_ {
        self.orders.iter().map(|order| order.status)
    }

    pub fn submitted(&self) -> Vec<usize> {
        let submitted = |order: &usize| self.orders[*order].status == OrderStatus::Submitted;
        (0..self.orders.len()).filter(submitted).collect()
    }

    pub fn on_hand_covers(&self, order: usize) -> bool {
        let order = &self.orders[order];
        order.lines.iter().all(|line| {
            self.levels
                .get(&StockKey { branch: order.branch, item: line.item })
                .copied()
                .unwrap_or_default()
                .0
                >= line.requested
        })
    }

    /// The lines of the step's order that ask for more than they may have.
    pub fn short_lines(&self, step: &Step) -> Vec<Short> {
        let Step::Order { order, .. } = step else { return Vec::new() };
        let Some(order) = self.chosen(*order).map(|order| &self.orders[order]) else { return Vec::new() };
        let may_have = |line: &OrderLine| {
            let key = StockKey { branch: order.branch, item: line.item };
            match order.status {
                OrderStatus::Submitted => self.levels.get(&key).copied().unwrap_or_default().0,
                _ => self.available(key),
            }
        };
        order
            .lines
            .iter()
            .filter(|line| line.requested > may_have(line))
            .map(|line| Short { item: line.item, requested: line.requested, available: may_have(line) })
            .collect()
    }

    /// Whether the rules, as the contract words them, allow the step.
    pub fn expects(&self, step: &Step) -> bool {
        match step {
            Step::Draft { .. } | Step::Item { .. } | Step::Branch { .. } => true,
            Step::Count { place, item, quantity, override_negative } => {
                let active = self.active_branches[*place as usize] && self.active_items[*item as usize];
                let before =
                    self.levels.get(&key(*place, *item)).map_or(0, |(on_hand, _)| on_hand.thousandths());
                let after = quantity.thousandths();
                // What is left may be counted down, from below zero up to it.
                let counts_down =
                    before != 0 && after.signum() * before.signum() >= 0 && after.abs() <= before.abs();
                (active || counts_down) && (!quantity.is_negative() || *override_negative)
            }
            Step::Order { order, command } => {
                let Some(order) = self.chosen(*order).map(|order| self.seen(order)) else { return false };
                let active = order.branch_active && order.lines.iter().all(|line| line.item_active);
                let enough = self.short_lines(step).is_empty();
                match (command, order.status) {
                    (OrderCommand::Submit, OrderStatus::Draft) => active && enough,
                    (OrderCommand::Fulfil { override_negative }, OrderStatus::Draft) => {
                        active && (enough || *override_negative)
                    }
                    (OrderCommand::Fulfil { override_negative }, OrderStatus::Submitted) => {
                        enough || *override_negative
                    }
                    (OrderCommand::Cancel, OrderStatus::Draft | OrderStatus::Submitted) => true,
                    _ => false,
                }
            }
        }
    }

    pub fn assert_sound(&self, after: &Step) {
        for (key, (quantity, reserved)) in &self.levels {
            self.assert_level_is_sound(*key, *quantity, *reserved, after);
        }
        for (number, order) in self.orders.iter().enumerate() {
            let moved = self.ledger.iter().filter(|(cause, _)| *cause == Cause::Order(number));
            let moved: Vec<(ItemId, Quantity)> = moved.map(|(_, m)| (m.key.item, m.quantity)).collect();
            let asked: Vec<(ItemId, Quantity)> = match order.status {
                OrderStatus::Fulfilled => {
                    order.lines.iter().map(|line| (line.item, -line.requested)).collect()
                }
                _ => Vec::new(),
            };
            assert_eq!(moved, asked, "order {number} after {after:?}");
        }
    }

    fn assert_level_is_sound(&self, key: StockKey, quantity: Quantity, reserved: Quantity, after: &Step) {
        let movements: Vec<&Movement> =
            self.ledger.iter().map(|(_, movement)| movement).filter(|movement| movement.key == key).collect();
        let sum = movements.iter().fold(Quantity::ZERO, |sum, m| sum.checked_add(m.quantity).unwrap());
        assert_eq!(quantity, sum, "the sum of movements of {key:?} after {after:?}");
        let balance = movements.last().map_or(Quantity::ZERO, |movement| movement.balance);
        assert_eq!(quantity, balance, "the last balance of {key:?} after {after:?}");
        assert!(movements.iter().all(|movement| !movement.quantity.is_zero()));
        let promised = self
            .orders
            .iter()
            .filter(|order| order.status == OrderStatus::Submitted && order.branch == key.branch)
            .flat_map(|order| &order.lines)
            .filter(|line| line.item == key.item)
            .fold(Quantity::ZERO, |sum, line| sum.checked_add(line.requested).unwrap());
        assert_eq!(reserved, promised, "what is promised of {key:?} after {after:?}");
        let overdrawn = self.overdrawn.get(&key).copied().unwrap_or_default();
        assert!(!quantity.is_negative() || overdrawn, "{key:?} is below zero after {after:?}");
    }
}
