//! A database in memory: tables, transactions that hold locks to their end, and commits that are all or nothing.

use std::collections::{BTreeMap, HashMap};

use domain::order::ItemFacts;
use domain::{BranchId, ItemId, StockKey};
use jiff::{SignedDuration, Timestamp};
use services::IdempotencyKey;
use services::engine::in_memory::{
    Answer, EntryWritten, KeyRecord, LevelRecord, MovementWritten, OrderRecord, Written,
};

use crate::fault::Fault;

/// Which transaction.
pub type Tx = u64;

/// What a transaction can lock.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Lock {
    /// An Idempotency-Key of a caller.
    Key(String, String),
    /// An order.
    Order(i64),
    /// A stock level.
    Level(StockKey),
}

/// A stored level.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    /// Its figures.
    pub record: LevelRecord,
    /// An Admin's override left it below zero.
    pub overdrawn: bool,
}

/// Another transaction has stored the same key first.
#[derive(Debug)]
pub struct Collided;

/// The tables as they are committed, and the locks of running transactions.
#[derive(Debug)]
pub struct Store {
    /// Orders by id.
    pub orders: BTreeMap<i64, OrderRecord>,
    /// Levels by branch and item.
    pub levels: BTreeMap<StockKey, Level>,
    /// The ledger.
    pub movements: Vec<MovementWritten>,
    /// The audit.
    pub entries: Vec<EntryWritten>,
    /// Branches, and whether each is active.
    pub branches: Vec<(BranchId, bool)>,
    /// Items.
    pub items: Vec<(ItemId, ItemFacts)>,
    /// The database's clock.
    pub now: Timestamp,
    /// How often something was written.
    pub revision: u64,
    answers: HashMap<(String, String), (Vec<u8>, Answer)>,
    locks: HashMap<Lock, Tx>,
    numbers: i64,
    transactions: Tx,
    fault: Option<Fault>,
}

impl Store {
    /// Two branches, three items with 0, 1 and 3 decimal places, and nothing else.
    pub fn new(fault: Option<Fault>) -> Store {
        let item = |id, decimal_places| (ItemId(id), ItemFacts { active: true, decimal_places });
        Store {
            orders: BTreeMap::new(),
            levels: BTreeMap::new(),
            movements: Vec::new(),
            entries: Vec::new(),
            branches: vec![(BranchId(1), true), (BranchId(2), true)],
            items: vec![item(1, 0), item(2, 1), item(3, 3)],
            now: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * 50),
            revision: 0,
            answers: HashMap::new(),
            locks: HashMap::new(),
            numbers: 0,
            transactions: 0,
            fault,
        }
    }

    /// Begins a transaction.
    pub fn begin(&mut self) -> Tx {
        self.transactions += 1;
        self.transactions
    }

    /// Takes a lock, or says who has it.
    pub fn lock(&mut self, tx: Tx, lock: Lock) -> Result<(), Tx> {
        match self.locks.get(&lock) {
            Some(holder) if *holder != tx => Err(*holder),
            _ => {
                self.locks.insert(lock, tx);
                Ok(())
            }
        }
    }

    /// Whether a transaction has a lock.
    pub fn holds(&self, tx: Tx, lock: &Lock) -> bool {
        self.locks.get(lock) == Some(&tx)
    }

    /// Gives all locks of a transaction free.
    pub fn release(&mut self, tx: Tx) {
        self.locks.retain(|_, holder| *holder != tx);
    }

    /// Gives the locks of levels free before the transaction ends: only a fault asks for it.
    pub fn release_levels(&mut self, tx: Tx) {
        self.locks.retain(|lock, holder| *holder != tx || !matches!(lock, Lock::Level(_)));
    }

    /// So many numbers of a sequence.
    pub fn numbers(&mut self, count: usize) -> Vec<i64> {
        (0..count)
            .map(|_| {
                self.numbers += 1;
                self.numbers
            })
            .collect()
    }

    /// Tries to lock a key and looks for the answer under it.
    pub fn key(&mut self, tx: Tx, key: &IdempotencyKey) -> KeyRecord {
        let name = self.name(key);
        let held = self.fault == Some(Fault::KeysNotLocked)
            || self.lock(tx, Lock::Key(name.0.clone(), name.1.clone())).is_ok();
        let answered = self.answers.get(&name).map(|(hash, answer)| {
            let mut answer = Answer { replayed: true, ..answer.clone() };
            if self.fault == Some(Fault::StoredHeadersLost) {
                answer.headers.etag = None;
            }
            let hash = if self.fault == Some(Fault::KeyOfAnyRequest) {
                key.request_hash.to_vec()
            } else {
                hash.clone()
            };
            (hash, answer)
        });
        KeyRecord { held, answered }
    }

    /// Whether an answer is kept under the key.
    pub fn is_answered(&self, key: &IdempotencyKey) -> bool {
        self.answers.contains_key(&self.name(key))
    }

    fn name(&self, key: &IdempotencyKey) -> (String, String) {
        let caller =
            if self.fault == Some(Fault::KeyOfAnyCaller) { String::new() } else { key.caller.clone() };
        (caller, key.key.clone())
    }

    /// Commits: all of it, or nothing where another transaction was first.
    pub fn commit(&mut self, tx: Tx, written: &Written) -> Result<(), Collided> {
        let exists = |write: &services::engine::in_memory::LevelWritten| {
            write.new && self.levels.contains_key(&write.record.key)
        };
        let collides = written.levels.iter().any(exists) && self.fault != Some(Fault::InsertOverwrites);
        let repeated = written.answers.iter().any(|(key, _)| self.is_answered(key))
            && self.fault != Some(Fault::KeysNotLocked);
        if collides || repeated {
            return Err(Collided);
        }
        self.write_documents(written);
        self.write_records(written);
        self.release(tx);
        Ok(())
    }

    /// Stores orders, levels and the ledger.
    pub fn write_documents(&mut self, written: &Written) {
        for order in written.drafted.iter().chain(&written.changed) {
            self.orders.insert(order.id.0, order.clone());
        }
        for write in &written.levels {
            let before = self.levels.get(&write.record.key).is_some_and(|level| level.overdrawn);
            let below = write.record.level.quantity.is_negative();
            let overdrawn = below && (write.override_negative || before);
            self.levels.insert(write.record.key, Level { record: write.record, overdrawn });
        }
        self.movements.extend(written.movements.iter().cloned());
        self.revision += 1;
    }

    /// Stores the audit and the answers.
    pub fn write_records(&mut self, written: &Written) {
        self.entries.extend(written.entries.iter().cloned());
        for (key, answer) in &written.answers {
            let name = self.name(key);
            self.answers.insert(name, (key.request_hash.to_vec(), answer.clone()));
        }
    }
}
