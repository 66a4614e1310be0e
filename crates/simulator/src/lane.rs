//! A process's way through a batch: keys, orders and levels are locked and loaded in one order for all, then the
//! engine decides, then it is committed.

use std::collections::{BTreeSet, HashSet};

use domain::{BranchId, ItemId, StockKey};
use services::Command;
use services::engine::Request;
use services::engine::in_memory::{KeyRecord, LevelRecord, OrderRecord, Records, Written, decide};

use crate::fault::{self, Fault};
use crate::invariant::{Broken, Invariant};
use crate::plain::Known;
use crate::process::{Batch, Stage, Ticket};
use crate::store::{Collided, Lock, Store, Tx};
use crate::world::World;

impl World {
    /// One stage of a process's batch; an idle one takes up to `most` requests.
    pub(crate) fn advance(&mut self, process: u8, most: usize) -> Result<(), Broken> {
        let fault = self.fault;
        let Some(mut batch) = self.process(process).batch.take() else {
            self.take_batch(process, most);
            return Ok(());
        };
        match batch.stage {
            Stage::Keys => batch.load_keys(&mut self.store),
            Stage::Orders => batch.load_orders(&mut self.store, fault),
            Stage::Levels => batch.load_levels(&mut self.store, fault),
            Stage::Decide => batch.decide(&mut self.store, fault),
            Stage::Commit => {
                return match self.commit(&batch) {
                    Ok(judged) => {
                        let told = self.tell(batch);
                        judged.and(told)
                    }
                    Err(Collided) => {
                        self.process(process).batch = Some(batch);
                        self.again(process)
                    }
                };
            }
        }
        let (tx, blocked) = (batch.tx, batch.waits_for.is_some());
        if blocked {
            self.tally.count("waited for a lock");
        }
        self.process(process).batch = Some(batch);
        if blocked && self.waits_for_itself(tx) {
            return Err(Broken::new(Invariant::NoCircle, format!("process {process}")));
        }
        Ok(())
    }

    fn take_batch(&mut self, process: u8, most: usize) {
        let forgetful = self.fault == Some(Fault::RequestForgotten);
        let queue = &mut self.process(process).queue;
        let mut tickets: Vec<Ticket> = queue.drain(..most.min(queue.len())).collect();
        if tickets.is_empty() {
            return;
        }
        if forgetful && tickets.len() == usize::from(crate::step::BATCH) {
            tickets.pop();
        }
        let tx = self.store.begin();
        let mut batch = Batch::new(tickets, tx, 1);
        if let Some(fault) = self.fault {
            batch.tickets.iter_mut().for_each(|ticket| fault::on_request(fault, &mut ticket.request));
        }
        self.process(process).batch = Some(batch);
    }

    fn waits_for_itself(&self, tx: Tx) -> bool {
        let next = |tx: Tx| {
            let mut batches = self.processes.iter().filter_map(|process| process.batch.as_ref());
            batches.find(|batch| batch.tx == tx).and_then(|batch| batch.waits_for)
        };
        let mut at = next(tx);
        for _ in 0..self.processes.len() {
            match at {
                Some(waited) if waited == tx => return true,
                Some(waited) => at = next(waited),
                None => return false,
            }
        }
        false
    }
}

impl Batch {
    /// The levels that a command may touch, of the orders that are loaded.
    pub(crate) fn keys_of(&self, command: &Command) -> Vec<StockKey> {
        match command {
            Command::Draft(_) => Vec::new(),
            Command::SetStock(count) => vec![count.set.key],
            Command::Order(change) => {
                let orders = self.records.orders.iter().filter(|order| order.id == change.order);
                orders.flat_map(keys_of_order).collect()
            }
        }
    }

    /// The levels that the batch may touch, as they come.
    pub(crate) fn level_keys(&self) -> Vec<StockKey> {
        self.tickets.iter().flat_map(|ticket| self.keys_of(&ticket.request.command)).collect()
    }

    fn load_keys(&mut self, store: &mut Store) {
        let keys = self.tickets.iter().filter_map(|ticket| ticket.request.context.idempotency.as_ref());
        self.records.keys = keys.map(|key| store.key(self.tx, key)).collect();
        self.stage = Stage::Orders;
    }

    fn load_orders(&mut self, store: &mut Store, fault: Option<Fault>) {
        let ids: BTreeSet<i64> = self
            .tickets
            .iter()
            .filter_map(|ticket| match &ticket.request.command {
                Command::Order(change) => Some(change.order.0),
                _ => None,
            })
            .collect();
        let locks = ids.iter().map(|id| Lock::Order(*id));
        if fault != Some(Fault::OrdersNotLocked) && !self.lock_next(store, locks) {
            return;
        }
        self.records.orders = ids.iter().filter_map(|id| store.orders.get(id)).cloned().collect();
        self.known = Known { branches: store.branches.clone(), items: store.items.clone() };
        self.records.branches = store.branches.clone();
        self.records.items = store.items.clone();
        let drafts = || {
            self.tickets.iter().filter_map(|ticket| match &ticket.request.command {
                Command::Draft(draft) => Some(draft),
                _ => None,
            })
        };
        let counts =
            self.tickets.iter().filter(|t| matches!(t.request.command, Command::SetStock(_))).count();
        self.records.order_ids = store.numbers(drafts().count());
        self.records.line_ids = store.numbers(drafts().map(|draft| draft.lines.len()).sum::<usize>());
        self.records.adjustment_ids = store.numbers(counts);
        if fault == Some(Fault::LevelsReadBeforeLock) {
            self.records.levels = read_levels(&self.level_keys(), store);
        }
        self.stage = Stage::Levels;
    }

    fn load_levels(&mut self, store: &mut Store, fault: Option<Fault>) {
        let keys = self.levels.take().unwrap_or_else(|| {
            let mut keys = self.level_keys();
            if fault != Some(Fault::LocksInArrivalOrder) {
                keys.sort_unstable();
            }
            keys.retain(|key| store.levels.contains_key(key));
            keys
        });
        self.levels = Some(keys.clone());
        let locks = keys.iter().map(|key| Lock::Level(*key));
        if fault != Some(Fault::LevelsNotLocked) && !self.lock_next(store, locks) {
            return;
        }
        if fault != Some(Fault::LevelsReadBeforeLock) {
            self.records.levels = read_levels(&keys, store);
        }
        self.records.now = store.now;
        self.stage = Stage::Decide;
    }

    /// Takes the next of these locks, or waits for it; `true` when all of them are had. One at a time, since others
    /// may come in between.
    fn lock_next(&mut self, store: &mut Store, locks: impl Iterator<Item = Lock>) -> bool {
        let mut missing = locks.filter(|lock| !store.holds(self.tx, lock)).collect::<Vec<_>>().into_iter();
        self.waits_for = None;
        if let Some(lock) = missing.next() {
            self.waits_for = store.lock(self.tx, lock).err();
        }
        self.waits_for.is_none() && missing.next().is_none()
    }

    fn decide(&mut self, store: &mut Store, fault: Option<Fault>) {
        let requests: Vec<&Request> = self.tickets.iter().map(|ticket| &ticket.request).collect();
        let mut records = self.records.clone();
        if let Some(fault) = fault {
            fault::on_records(fault, &mut records, &requests);
        }
        let mut written = match fault {
            Some(Fault::BatchBlind) => decide_blindly(records, &requests),
            _ => decide(records, &requests),
        };
        if let Some(fault) = fault {
            fault::on_written(fault, &mut written, &self.records, &requests);
        }
        if fault == Some(Fault::LocksReleasedEarly) {
            store.release_levels(self.tx);
        }
        self.written = Some(written);
        self.stage = Stage::Commit;
    }
}

fn read_levels(keys: &[StockKey], store: &Store) -> Vec<LevelRecord> {
    let keys: BTreeSet<&StockKey> = keys.iter().collect();
    keys.iter().filter_map(|key| store.levels.get(key)).map(|level| level.record).collect()
}

fn keys_of_order(order: &OrderRecord) -> impl Iterator<Item = StockKey> + '_ {
    let key = |branch: BranchId, item: ItemId| StockKey { branch, item };
    order.lines.iter().map(move |(_, item, _)| key(order.branch, *item))
}

/// What is known of a request's key, where it has one.
fn next_of(request: &Request, keys: &mut impl Iterator<Item = KeyRecord>) -> Option<KeyRecord> {
    request.context.idempotency.as_ref().and_then(|_| keys.next())
}

/// Decides each request as if it were alone.
fn decide_blindly(mut records: Records, requests: &[&Request]) -> Written {
    let mut keys = std::mem::take(&mut records.keys).into_iter();
    let mut seen = HashSet::new();
    let mut all = decide(records.clone(), &[]);
    for request in requests {
        records.keys.clear();
        if let (Some(key), Some(mut known)) = (&request.context.idempotency, next_of(request, &mut keys)) {
            known.held &= seen.insert((&key.caller, &key.key));
            records.keys.push(known);
        }
        let mut one = decide(records.clone(), &[request]);
        records.order_ids.drain(..one.drafted.len());
        records.line_ids.drain(..one.drafted.iter().map(|order| order.lines.len()).sum::<usize>());
        if matches!(request.command, Command::SetStock(_)) {
            records.adjustment_ids.pop();
        }
        all.drafted.append(&mut one.drafted);
        all.changed.append(&mut one.changed);
        all.levels.append(&mut one.levels);
        all.movements.append(&mut one.movements);
        all.entries.append(&mut one.entries);
        all.answers.append(&mut one.answers);
        all.outcomes.append(&mut one.outcomes);
    }
    all
}
