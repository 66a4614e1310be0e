//! A world: clients, processes and a database, moved by steps and held against every invariant after each.

use std::collections::BTreeMap;

use domain::adjustment::{SetStock, Target};
use domain::order::{DraftLine, OrderCommand};
use domain::{BranchId, ItemId, OrderId, Quantity, StockKey};
use jiff::SignedDuration;
use services::Command;
use services::engine::Outcome;
use services::engine::in_memory::{DraftWrite, OrderChange, StockCount};

use crate::clients::{Clients, NoOutcome};
use crate::fault::Fault;
use crate::invariant::{self, Broken, Invariant};
use crate::plain::{Plain, word};
use crate::process::{Batch, Process, Stage, TRIES, Ticket};
use crate::step::{NO_ORDER, PROCESSES, Step, TOO_PRECISE, Trouble, Verb};
use crate::store::{Collided, Store};

/// Everything there is.
#[derive(Debug)]
pub struct World {
    pub(crate) store: Store,
    pub(crate) processes: Vec<Process>,
    pub(crate) fault: Option<Fault>,
    clients: Clients,
    pub(crate) tally: Tally,
    plain: Plain,
    checked: u64,
}

/// What happened, and how often: a simulator that never gets somewhere proves nothing about it.
#[derive(Debug, Clone, Default)]
pub struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    /// One more.
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    /// The sums of both.
    pub(crate) fn add(&mut self, other: &Tally) {
        for (what, times) in &other.0 {
            *self.0.entry(what).or_default() += times;
        }
    }

    /// What happened, and how often.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.0.iter().map(|(what, times)| (*what, *times))
    }
}

impl World {
    /// An empty company, with a fault or without.
    pub fn new(fault: Option<Fault>) -> World {
        World {
            store: Store::new(fault),
            processes: (0..PROCESSES).map(|_| Process::default()).collect(),
            fault,
            clients: Clients::default(),
            tally: Tally::default(),
            plain: Plain::default(),
            checked: 0,
        }
    }

    /// One step, and every invariant after it. Where nothing was written, what was found before still holds.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub fn step(&mut self, step: &Step) -> Result<(), Broken> {
        let acted = self.act(step);
        if self.store.revision != self.checked {
            self.checked = self.store.revision;
            invariant::check(&self.store)?;
            self.clients.check_once(&self.store)?;
            acted?;
            return self.plain.check(&self.store);
        }
        acted
    }

    /// Lets everything come to rest without further trouble: batches end, and what has a key is repeated until it is
    /// answered.
    ///
    /// # Errors
    /// The first invariant that does not hold, or what never came to an answer.
    pub fn settle(&mut self) -> Result<(), Broken> {
        for _ in 0..8 {
            self.drain()?;
            let open: Vec<usize> =
                (0..self.clients.intentions.len()).filter(|n| self.clients.is_open(*n)).collect();
            if open.is_empty() {
                return self.clients.check_heard();
            }
            for intention in open {
                self.request(0, intention);
            }
        }
        Err(Broken::new(Invariant::NothingLost, "a request with a key has no answer".to_owned()))
    }

    fn drain(&mut self) -> Result<(), Broken> {
        for _ in 0..4_000 {
            let mut busy = false;
            for process in 0..PROCESSES {
                let of = self.process(process);
                if of.batch.is_some() || !of.queue.is_empty() {
                    busy = true;
                    self.step(&Step::Advance { process, batch: 3 })?;
                }
            }
            if !busy {
                return Ok(());
            }
        }
        Err(Broken::new(Invariant::NothingLost, "batches do not end".to_owned()))
    }

    fn act(&mut self, step: &Step) -> Result<(), Broken> {
        match step {
            Step::Draft { process, branch, lines, keyed } => {
                let line = |(item, quantity): &(u8, i8)| DraftLine {
                    item: ItemId(i64::from(*item) + 1),
                    requested: amount(*item, *quantity),
                };
                let lines = lines.iter().map(line).collect();
                let branch = BranchId(i64::from(*branch) + 1);
                let draft = DraftWrite { branch, reference: None, is_unique: false, note: None, lines };
                self.want(*process, Command::Draft(draft), *keyed);
            }
            Step::Order { process, order, verb, keyed } => {
                let command = self.order_command(*order, *verb);
                self.want(*process, command, *keyed);
            }
            Step::Count { process, branch, item, quantity, override_negative, keyed } => {
                let command = count(*branch, *item, *quantity, *override_negative);
                self.want(*process, command, *keyed);
            }
            Step::Repeat { process, request } => {
                if let Some(intention) = self.clients.keyed(*request) {
                    self.request(*process, intention);
                }
            }
            Step::Reuse { process, request } => {
                let command = count(0, 0, 7, false);
                let reused = self.clients.keyed(*request).and_then(|of| self.clients.reuse(of, command));
                if let Some(intention) = reused {
                    self.request(*process, intention);
                }
            }
            Step::Advance { process, batch } => return self.advance(*process, usize::from(*batch) + 1),
            Step::Trouble { process, trouble } => return self.trouble(*process, *trouble),
            Step::Branch { branch, active } => {
                if let Some(branch) = self.store.branches.get_mut(usize::from(*branch)) {
                    branch.1 = *active;
                }
            }
            Step::Item { item, active } => {
                if let Some(item) = self.store.items.get_mut(usize::from(*item)) {
                    item.1.active = *active;
                }
            }
            Step::Clock { seconds } => self.store.now += SignedDuration::from_secs(i64::from(*seconds)),
        }
        Ok(())
    }

    fn order_command(&self, pick: u8, verb: Verb) -> Command {
        let count = self.store.orders.len().max(1);
        let order = match pick {
            NO_ORDER => None,
            pick => self.store.orders.keys().rev().nth(usize::from(pick) % count).copied(),
        };
        let command = match verb {
            Verb::Submit => OrderCommand::Submit,
            Verb::Fulfil => OrderCommand::Fulfil { override_negative: false },
            Verb::FulfilAnyway => OrderCommand::Fulfil { override_negative: true },
            Verb::Cancel => OrderCommand::Cancel,
        };
        let order = OrderId(order.unwrap_or(0));
        Command::Order(OrderChange { order, command, only: None, at: None, as_is: false })
    }

    fn want(&mut self, process: u8, command: Command, keyed: bool) {
        let intention = self.clients.want(command, keyed);
        self.request(process, intention);
    }

    fn request(&mut self, process: u8, intention: usize) {
        if let Some((attempt, request)) = self.clients.attempt(intention) {
            self.process(process).queue.push_back(Ticket { attempt, request });
        }
    }

    pub(crate) fn process(&mut self, process: u8) -> &mut Process {
        let count = self.processes.len();
        &mut self.processes[usize::from(process) % count]
    }

    fn trouble(&mut self, process: u8, trouble: Trouble) -> Result<(), Broken> {
        let at_commit =
            self.process(process).batch.as_ref().is_some_and(|batch| batch.stage == Stage::Commit);
        match trouble {
            Trouble::Collision => self.again(process),
            Trouble::ConnectionLost => match self.process(process).batch.take() {
                Some(batch) => self.give_up(batch, NoOutcome::Unavailable),
                None => Ok(()),
            },
            Trouble::AnswerLost { committed } if at_commit => self.answer_lost(process, committed),
            Trouble::AnswerLost { .. } => Ok(()),
            Trouble::Crash { committed } => {
                let queue = std::mem::take(&mut self.process(process).queue);
                for ticket in queue {
                    self.clients.hear_nothing(ticket.attempt, NoOutcome::Unknown, &self.store)?;
                }
                let Some(batch) = self.process(process).batch.take() else { return Ok(()) };
                let torn = self.fault == Some(Fault::TornCommit);
                match (&batch.written, committed) {
                    (Some(written), true) if torn => {
                        self.store.write_documents(written);
                        self.give_up(batch, NoOutcome::Unknown)
                    }
                    (Some(_), true) => {
                        // A collision that the dead process never hears of is a rollback.
                        let judged = self.commit(&batch).unwrap_or(Ok(()));
                        self.give_up(batch, NoOutcome::Unknown)?;
                        judged
                    }
                    _ => self.give_up(batch, NoOutcome::Unknown),
                }
            }
        }
    }

    fn answer_lost(&mut self, process: u8, committed: bool) -> Result<(), Broken> {
        let Some(batch) = self.process(process).batch.take() else { return Ok(()) };
        let judged = match committed.then(|| self.commit(&batch)) {
            None => Ok(()),
            Some(Ok(judged)) => judged,
            Some(Err(Collided)) => {
                self.process(process).batch = Some(batch);
                return self.again(process);
            }
        };
        judged?;
        match (self.fault, committed) {
            (Some(Fault::UnknownCalledDone), false) => {
                self.store.release(batch.tx);
                self.tell(batch)
            }
            (Some(Fault::UnknownCalledFailed), true) => self.give_up(batch, NoOutcome::Unavailable),
            _ => self.give_up(batch, NoOutcome::Unknown),
        }
    }

    /// Ends a batch without outcomes.
    fn give_up(&mut self, batch: Batch, why: NoOutcome) -> Result<(), Broken> {
        self.tally.count(match why {
            NoOutcome::Unavailable => "given up",
            NoOutcome::Unknown => "outcome unknown",
        });
        self.roll_back(&batch);
        for ticket in &batch.tickets {
            self.clients.hear_nothing(ticket.attempt, why, &self.store)?;
        }
        Ok(())
    }

    fn roll_back(&mut self, batch: &Batch) {
        if let (Some(Fault::RollbackKeepsWrites), Some(written)) = (self.fault, &batch.written) {
            self.store.write_documents(written);
        }
        self.store.release(batch.tx);
    }

    /// Tries a batch again from its beginning, until it was tried often enough.
    pub(crate) fn again(&mut self, process: u8) -> Result<(), Broken> {
        let Some(batch) = self.process(process).batch.take() else { return Ok(()) };
        if batch.tries >= TRIES {
            return self.give_up(batch, NoOutcome::Unavailable);
        }
        self.tally.count("tried again");
        self.roll_back(&batch);
        let (mut tickets, tries) = (batch.tickets, batch.tries + 1);
        match self.fault {
            Some(Fault::RetryForgetsKey) => {
                tickets.iter_mut().for_each(|ticket| ticket.request.context.idempotency = None);
            }
            Some(Fault::RetryPostsTwice) => tickets.extend(tickets.first().cloned()),
            _ => {}
        }
        let tx = self.store.begin();
        self.process(process).batch = Some(Batch::new(tickets, tx, tries));
        Ok(())
    }

    /// Commits a decided batch, and holds it against the plain model; `Err` when another transaction was first.
    pub(crate) fn commit(&mut self, batch: &Batch) -> Result<Result<(), Broken>, Collided> {
        let Some(written) = &batch.written else { return Ok(Ok(())) };
        // Levels that were not there to be locked, and have come since: what was refused for their lack was right then.
        let came_since: Vec<StockKey> = batch
            .level_keys()
            .into_iter()
            .filter(|key| batch.records.levels.iter().all(|level| level.key != *key))
            .filter(|key| self.store.levels.contains_key(key))
            .collect();
        self.store.commit(batch.tx, written)?;
        let mut drafted = written.drafted.iter();
        for (ticket, outcome) in batch.tickets.iter().zip(&written.outcomes) {
            let command = &ticket.request.command;
            self.tally.count(what_became(outcome));
            let found = match outcome {
                Outcome::Answered(answer) | Outcome::Refused(_, answer) if answer.replayed => continue,
                Outcome::Answered(_) => Ok(()),
                Outcome::Refused(refusal, _) => Err(word(refusal)),
                Outcome::Denied(_) | Outcome::KeyReused(_) | Outcome::KeyInFlight => continue,
            };
            let touched = batch.keys_of(command);
            if found.is_err() && touched.iter().any(|key| came_since.contains(key)) {
                continue;
            }
            // What the client asked for, whatever became of it on the way.
            let asked = self.clients.command_of(ticket.attempt).unwrap_or(command);
            let expected = self.plain.carry_out(asked, &batch.known);
            if found != expected {
                let detail = format!("{asked:?}: {found:?}, should be {expected:?}");
                return Ok(Err(Broken::new(Invariant::Plain, detail)));
            }
            if let (Command::Draft(draft), Ok(())) = (asked, found)
                && let Some(order) = drafted.next()
            {
                self.plain.drafted(draft, order);
            }
        }
        Ok(Ok(()))
    }

    /// Tells the clients of a committed batch.
    pub(crate) fn tell(&mut self, batch: Batch) -> Result<(), Broken> {
        let Some(written) = &batch.written else { return Ok(()) };
        for (ticket, outcome) in batch.tickets.iter().zip(&written.outcomes) {
            self.clients.hear(ticket.attempt, outcome, &self.store)?;
        }
        Ok(())
    }
}

fn what_became(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Answered(answer) if answer.replayed => "answered as before",
        Outcome::Answered(_) => "carried out",
        Outcome::Refused(refusal, _) => word(refusal),
        Outcome::Denied(_) => "denied",
        Outcome::KeyReused(_) => "key of another request",
        Outcome::KeyInFlight => "key in flight",
    }
}

fn count(branch: u8, item: u8, quantity: i8, override_negative: bool) -> Command {
    let key = StockKey { branch: BranchId(i64::from(branch) + 1), item: ItemId(i64::from(item) + 1) };
    let to = Target::Quantity(amount(item, quantity));
    let set = SetStock { key, to, expected: None, override_negative };
    Command::SetStock(StockCount { set, reason: None, at: None, as_is: false })
}

/// So many of the smallest steps of an item: units, tenths or thousandths.
fn amount(item: u8, steps: i8) -> Quantity {
    let step = match item {
        0 => 1_000,
        1 => 100,
        _ => 1,
    };
    let thousandths = if steps == TOO_PRECISE { step + 1 } else { step * i64::from(steps) };
    Quantity::from_thousandths(thousandths).unwrap_or(Quantity::ZERO)
}
