//! Drafting the orders of a file and posting them to where they stand, in the order of time.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::order::{DraftLine, ItemFacts, MAX_LINES, OrderCommand, OrderStatus, line_faults};
use domain::{BranchId, ItemId, OrderId, Quantity, Refusal, StockKey};
use jiff::Timestamp;
use platform::pg::{PgError, Queries};

use super::opening::Openings;
use super::read::Head;
use crate::Command;
use crate::bulk::faults::Faults;
use crate::bulk::names::Branches;
use crate::bulk::work::{CHUNK, Effect, Work, Written};
use crate::bulk::{BadRow, BulkError};
use crate::codes;
use crate::documents::drafts::created;
use crate::documents::orders::{OrderChange, OrderFacts, Orders};
use crate::documents::{Documents, Loaded};
use crate::engine::{Outcome, Request, batch};
use crate::store::movements;
use crate::store::orders::{self as store, LineRow, OrderRow};
use crate::store::staging::{self, StagedOrder, Wanted};
use crate::store::stock::{self as levels, LevelRow, LevelWrite};

/// Writes the orders, branch after branch, since the stock of one is nothing to another, and within each in the order
/// of time. An order is written once, as it stands after its last posting.
pub(in crate::bulk) async fn write(
    work: &Work<'_>,
    staged: &Queries,
    faults: &mut Faults<'_>,
) -> Result<Written, BulkError> {
    let branches = Branches::load(work.conn).await?;
    let keys = staging::order_levels(staged).await?;
    let mut desk = Desk::new(work, &branches, keys);
    if staging::has_as_is(staged).await? {
        desk.look_ahead(staged, faults).await?;
    }
    let mut rows = staging::orders(staged).await?;
    let mut chunk = rows.chunk(CHUNK).await?;
    while !chunk.is_empty() {
        let orders: Vec<StagedOrder> = chunk.iter().map(staging::ordered).collect();
        // The next rows come while these are written.
        let (_, next) = futures_util::try_join!(desk.post(&orders, faults), async {
            rows.chunk(CHUNK).await.map_err(BulkError::from)
        })?;
        faults.settle().await?;
        chunk = next;
    }
    desk.leave().await?;
    Ok(desk.written)
}

/// One posting of an order, or its drafting when it stays a draft.
struct Step<'r> {
    order: &'r StagedOrder,
    head: Head,
    command: Option<(OrderCommand, Option<Timestamp>)>,
}

impl Step<'_> {
    /// Whether nothing comes after it.
    fn is_last(&self) -> bool {
        self.command.is_none_or(|(command, _)| command.leads_to() == self.head.status)
    }

    /// When it takes what it asks for, where the file says when it does.
    fn taken_at(&self) -> Option<Timestamp> {
        let (command, at) = self.command?;
        at.filter(|_| matches!(command, OrderCommand::Fulfil { .. }))
    }

    /// The levels that it asks for, line by line.
    fn keys(&self, branch: BranchId) -> impl Iterator<Item = StockKey> {
        // Lines without an item were refused before.
        self.order.wanted.iter().filter_map(move |wanted| Some(StockKey { branch, item: wanted.item?.0 }))
    }
}

/// Where the orders of a branch are posted.
struct Desk<'w> {
    work: &'w Work<'w>,
    branches: &'w Branches,
    /// The levels that the orders of each branch ask for; those of branches done are gone.
    keys: BTreeMap<BranchId, Vec<ItemId>>,
    branch: Option<BranchId>,
    /// The locked levels of the branch, as they stand after the postings so far.
    levels: HashMap<StockKey, LevelRow>,
    /// Those that are to be written when the branch is left.
    changed: HashSet<StockKey>,
    /// When levels last moved before the import: those of them that changed after an order of the file took of them.
    moved: HashMap<StockKey, Timestamp>,
    openings: Openings,
    /// When the orders were submitted that are posted once more.
    open: HashMap<OrderId, Timestamp>,
    now: Timestamp,
    /// The faults of quantities in the chunk that are codes of items.
    scans: HashMap<Quantity, String>,
    written: Written,
}

impl<'w> Desk<'w> {
    fn new(work: &'w Work<'w>, branches: &'w Branches, keys: Vec<(BranchId, Vec<ItemId>)>) -> Desk<'w> {
        Desk {
            work,
            branches,
            keys: keys.into_iter().collect(),
            branch: None,
            levels: HashMap::new(),
            changed: HashSet::new(),
            moved: HashMap::new(),
            openings: Openings::default(),
            open: HashMap::new(),
            now: work.now,
            scans: HashMap::new(),
            written: Written::default(),
        }
    }

    /// Looks at every order before any is posted: what those take that stand as they are is put on hand before.
    async fn look_ahead(&mut self, staged: &Queries, faults: &mut Faults<'_>) -> Result<(), BulkError> {
        let mut rows = staging::new_orders(staged).await?;
        loop {
            let chunk = rows.chunk(CHUNK).await?;
            if chunk.is_empty() {
                return Ok(());
            }
            for order in chunk.iter().map(staging::ordered) {
                if order.is_broken || order.lines.iter().any(|line| faults.leaves_out(*line)) {
                    continue;
                }
                let bad = self.faults_of(&order);
                if bad.is_empty() {
                    self.openings.add(&order, self.now)?;
                } else {
                    leave_out(&order, bad, faults);
                }
            }
            faults.settle().await?;
        }
    }

    async fn post(&mut self, orders: &[StagedOrder], faults: &mut Faults<'_>) -> Result<(), BulkError> {
        let wanted = orders.iter().flat_map(|order| &order.wanted);
        let quantities: Vec<Quantity> = wanted.map(|wanted| wanted.requested).collect();
        let scans = codes::faults_of(self.work.conn, &quantities).await?.into_iter();
        let scans = quantities.into_iter().zip(scans);
        self.scans = scans.filter_map(|(quantity, fault)| Some((quantity, fault?))).collect();
        for orders in orders.chunk_by(|one, other| one.branch == other.branch) {
            let steps: Vec<Step<'_>> =
                orders.iter().filter_map(|order| self.checked(order, faults)).collect();
            let Some(branch) = orders.first().and_then(|order| order.branch) else { continue };
            if self.branch != Some(branch) {
                self.leave().await?;
                self.enter(branch).await?;
            }
            self.post_steps(branch, &steps, faults).await?;
        }
        Ok(())
    }

    /// Locks every level that the branch's orders ask for at once and in key order, branches in the order of their ids:
    /// this waits for posting lanes, but never in a circle.
    async fn enter(&mut self, branch: BranchId) -> Result<(), BulkError> {
        self.branch = Some(branch);
        let items = self.keys.remove(&branch).unwrap_or_default();
        let mut locked = self.work.lock(branch, &items).await?;
        if self.openings.are_at(branch) {
            self.openings.post(self.work, branch, &locked).await?;
            locked = self.work.lock(branch, &items).await?;
        }
        self.moved.clear();
        self.levels = locked.into_iter().map(|row| (row.key, row)).collect();
        self.now = levels::clock(self.work.conn).await?;
        Ok(())
    }

    /// Writes the levels of the branch.
    async fn leave(&mut self) -> Result<(), PgError> {
        let mut writes: Vec<LevelWrite> = self
            .changed
            .drain()
            .filter_map(|key| self.levels.get(&key))
            .map(|row| LevelWrite {
                key: row.key,
                level: row.level,
                override_negative: false,
                at: row.updated_at,
            })
            .collect();
        writes.sort_unstable_by_key(|write| write.key);
        levels::write(self.work.conn, &writes, &[]).await
    }

    /// What is to be done of an order now; `None` when it is there already, is left out, or is bad, which is noted.
    fn checked<'r>(&mut self, order: &'r StagedOrder, faults: &mut Faults<'_>) -> Option<Step<'r>> {
        let first = *order.lines.first()?;
        if order.is_there && !order.is_broken && order.other_lines.is_empty() {
            if !order.again {
                self.written.count(Effect::Unchanged);
                (self.work.done)(order.lines.len());
            }
            return None;
        }
        if faults.leaves_out(first) {
            return None;
        }
        if !order.again {
            (self.work.done)(order.lines.len());
            let bad = self.faults_of(order);
            let good = bad.is_empty() && !order.is_broken;
            if !good {
                leave_out(order, bad, faults);
                return None;
            }
        }
        let head = Head::parse(order.head.as_deref()?)?;
        let command = head.steps().get(usize::from(order.again)).copied();
        Some(Step { order, head, command })
    }

    /// What is wrong with an order before anything is posted.
    fn faults_of(&self, order: &StagedOrder) -> Vec<BadRow> {
        if let (Some(first), false) = (order.lines.first(), order.other_lines.is_empty()) {
            let reason = format!(
                "says otherwise of this order than its first line, {first}: status, note and times must be the same"
            );
            let bad = |line: &u64| BadRow { line: *line, column: Some("reference"), reason: reason.clone() };
            return order.other_lines.iter().map(bad).collect();
        }
        if order.is_broken {
            return Vec::new();
        }
        let mut faults = Vec::new();
        let as_is = order.head.as_deref().and_then(Head::parse).is_some_and(|head| head.as_is);
        match order.branch.and_then(|branch| self.branches.is_active(branch)) {
            None => faults.push((0, "branch", "there is no such branch".to_owned())),
            Some(false) if !as_is => faults.push((0, "branch", "the branch is not active".to_owned())),
            Some(_) => {}
        }
        if order.lines.len() > MAX_LINES {
            faults.push((MAX_LINES, "reference", format!("the order has more than {MAX_LINES} lines")));
        }
        let facts =
            |(item, facts): (ItemId, ItemFacts)| (item, ItemFacts { active: facts.active || as_is, ..facts });
        let known: HashMap<_, _> = order.wanted.iter().filter_map(|wanted| wanted.item).map(facts).collect();
        let line = |wanted: &Wanted| DraftLine {
            // No item has the id 0: ids start at 1.
            item: wanted.item.map_or(ItemId(0), |(item, _)| item),
            requested: wanted.requested,
        };
        let lines: Vec<DraftLine> = order.wanted.iter().map(line).collect();
        for (index, fault) in line_faults(&lines, &[], |item| known.get(&item).copied()) {
            let column = if fault.is_of_item() { "sku" } else { "requested_qty" };
            faults.push((index, column, fault.to_string()));
        }
        let scans = order.wanted.iter().enumerate();
        let scans = scans
            .filter_map(|(n, wanted)| Some((n, "requested_qty", self.scans.get(&wanted.requested)?.clone())));
        faults.extend(scans.filter(|_| !as_is));
        bad_rows(order, faults)
    }

    /// Asks the rules, in the order of time, and writes what they decide.
    async fn post_steps(
        &mut self,
        branch: BranchId,
        steps: &[Step<'_>],
        faults: &mut Faults<'_>,
    ) -> Result<(), BulkError> {
        self.now = levels::clock(self.work.conn).await?;
        self.refuse_late(branch, steps, faults).await?;
        let good = |step: &&Step<'_>| !step.order.lines.iter().any(|line| faults.leaves_out(*line));
        let commands =
            steps.iter().filter(good).filter_map(|step| step.command.map(|command| (step, command)));
        let (posted, requests): (Vec<&Step<'_>>, Vec<Request>) = commands
            .map(|(step, (command, at))| {
                let (order, as_is) = (step.order.id, step.head.as_is);
                // Of an order whose first posting was refused, nothing is posted.
                let only = step.order.again.then_some(OrderStatus::Submitted);
                let change = OrderChange { order, command, only, at, as_is };
                (step, self.work.request(Command::Order(change)))
            })
            .unzip();
        let loaded = batch::Loaded::of(self.load(branch, &posted), requests.len());
        let requests: Vec<&Request> = requests.iter().collect();
        let decided = batch::decide(loaded, &requests);
        for (step, outcome) in posted.iter().zip(&decided.outcomes) {
            if let Outcome::Refused(refusal, _) = outcome {
                self.refuse(step, refusal, faults);
            }
        }
        self.keep(&decided.existing_levels);
        let good = |step: &&Step<'_>| !step.order.lines.iter().any(|line| faults.leaves_out(*line));
        let created: Vec<_> = steps
            .iter()
            .filter(|step| !step.order.again)
            .filter(good)
            .map(|step| {
                let (draft, lines) = (self.row(branch, step), lines(step.order));
                self.work.entry(created(&draft, &draft.out(&lines)), self.now)
            })
            .collect();
        created.iter().for_each(|_| self.written.count(Effect::Created));
        let entries: Vec<_> = created.into_iter().chain(decided.entries).collect();
        let finished: HashSet<OrderId> =
            steps.iter().filter(|step| step.is_last()).map(|step| step.order.id).collect();
        let drafts = steps.iter().filter(|step| step.command.is_none()).filter(good);
        let mut rows: Vec<_> = drafts.map(|step| (self.row(branch, step), lines(step.order))).collect();
        for (row, lines) in decided.documents.into_orders() {
            if finished.contains(&row.id) {
                rows.push((row, lines));
            } else if let Some(at) = row.submitted_at {
                self.open.insert(row.id, at);
            }
        }
        rows.sort_unstable_by_key(|(row, _)| row.id);
        store::copy(self.work.conn, &rows).await?;
        self.work.append(&decided.movements, &entries).await?;
        Ok(())
    }

    /// The orders as they stand, and the levels they ask for.
    fn load(&mut self, branch: BranchId, steps: &[&Step<'_>]) -> Loaded {
        let mut rows: BTreeMap<OrderId, OrderFacts> = BTreeMap::new();
        let mut wanted = HashMap::new();
        for step in steps {
            if rows.contains_key(&step.order.id) {
                continue;
            }
            let mut row = self.row(branch, step);
            if step.order.again {
                row.status = OrderStatus::Submitted;
                row.submitted_at = self.open.remove(&row.id);
                row.version += 1;
            }
            for item in step.order.wanted.iter().filter_map(|wanted| wanted.item) {
                let key = StockKey { branch, item: item.0 };
                wanted.extend(self.levels.get(&key).map(|level| (key, *level)));
            }
            // What is not active was refused before.
            let lines = lines(step.order).into_iter().map(|line| (line, true)).collect();
            rows.insert(row.id, (row, true, lines));
        }
        let documents = Documents::of(Orders::of(rows.into_values()));
        Loaded { documents, levels: wanted.into_values().collect(), now: self.now }
    }

    /// An order as a draft.
    fn row(&self, branch: BranchId, step: &Step<'_>) -> OrderRow {
        OrderRow {
            reference: step.order.reference.clone(),
            note: step.head.note.clone(),
            ..OrderRow::draft(step.order.id, branch, &self.work.actor, step.order.created_at)
        }
    }

    /// Keeps what was posted to levels. All of them exist: nothing can be taken from, or promised of, one that does
    /// not, and those of orders that stand as they are were opened before.
    fn keep(&mut self, writes: &[LevelWrite]) {
        for LevelWrite { key, level, at, .. } in writes {
            self.levels.insert(*key, LevelRow { key: *key, level: *level, updated_at: *at });
            self.changed.insert(*key);
        }
    }

    /// Refuses what the file dates before a movement that there was already: the ledger never goes back in time.
    async fn refuse_late(
        &mut self,
        branch: BranchId,
        steps: &[Step<'_>],
        faults: &mut Faults<'_>,
    ) -> Result<(), PgError> {
        let mut asked: HashMap<StockKey, Timestamp> = HashMap::new();
        for (step, at) in steps.iter().filter_map(|step| Some((step, step.taken_at()?))) {
            for key in step.keys(branch).filter(|key| !self.moved.contains_key(key)) {
                if self.levels.get(&key).is_some_and(|level| at < level.updated_at) {
                    asked.insert(key, at);
                }
            }
        }
        let asked: Vec<(StockKey, Timestamp)> = asked.into_iter().collect();
        let past = movements::past(self.work.conn, &asked).await?;
        let moved = asked
            .iter()
            .zip(past)
            .map(|((key, _), past)| (*key, past.map_or(Timestamp::MIN, |p| p.moved_at)));
        self.moved.extend(moved);
        for (step, at) in steps.iter().filter_map(|step| Some((step, step.taken_at()?))) {
            let order = step.order;
            if order.lines.iter().any(|line| faults.leaves_out(*line)) {
                continue;
            }
            let late = step.keys(branch).enumerate().filter_map(|(index, key)| {
                let moved = self.moved.get(&key).filter(|moved| **moved > at)?;
                let reason = format!(
                    "is before the stock of this item last moved, at {moved}; import orders before the counts that \
                     know of them"
                );
                Some((index, "fulfilled_at", reason))
            });
            let late = bad_rows(order, late.collect());
            if !late.is_empty() {
                self.written.spoilt |= order.again || step.head.as_is;
                leave_out(order, late, faults);
            }
        }
        Ok(())
    }

    /// Notes why the rules refused an order: its short lines, or its first line.
    fn refuse(&mut self, step: &Step<'_>, refusal: &Refusal, faults: &mut Faults<'_>) {
        let order = step.order;
        if order.lines.iter().any(|line| faults.leaves_out(*line)) {
            return;
        }
        self.written.spoilt |= order.again || step.head.as_is;
        let verb = match step.command {
            Some((OrderCommand::Submit, _)) | None => "submitted",
            Some((OrderCommand::Fulfil { .. }, _)) => "fulfilled",
            Some((OrderCommand::Cancel, _)) => "cancelled",
        };
        let bad = match refusal {
            Refusal::InsufficientStock(short) => {
                let of = |wanted| {
                    order.wanted.iter().position(|line| line.item.is_some_and(|(item, _)| item == wanted))
                };
                let faults = short.iter().filter_map(|short| {
                    let reason = format!(
                        "cannot be {verb}: asks for {}, available {}",
                        short.requested, short.available
                    );
                    Some((of(short.item)?, "requested_qty", reason))
                });
                bad_rows(order, faults.collect())
            }
            _ => bad_rows(order, vec![(0, "status", format!("cannot be {verb}: {refusal}"))]),
        };
        leave_out(order, bad, faults);
    }
}

/// The lines of an order to be.
fn lines(order: &StagedOrder) -> Vec<LineRow> {
    let line = |wanted: &Wanted| {
        let (item, _) = wanted.item?;
        Some(LineRow { id: wanted.id, item_id: item.0, requested: wanted.requested })
    };
    order.wanted.iter().filter_map(line).collect()
}

/// Faults of an order's lines, by their index.
fn bad_rows(order: &StagedOrder, faults: Vec<(usize, &'static str, String)>) -> Vec<BadRow> {
    let line = |index: usize| order.lines.get(index).copied().unwrap_or_default();
    let bad = |(index, column, reason)| BadRow { line: line(index), column: Some(column), reason };
    faults.into_iter().map(bad).collect()
}

/// An order is taken whole or not at all.
fn leave_out(order: &StagedOrder, bad: Vec<BadRow>, faults: &mut Faults<'_>) {
    faults.extend(bad);
    order.lines.iter().for_each(|line| faults.leave_out(*line));
}
