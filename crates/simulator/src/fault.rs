//! Planted faults: mistakes that stock systems are known for. None of them is in the product; each is put around the
//! engine's deciding, in what it is given, in what it decides, or in the database and processes of the simulator.

use std::fmt;

use domain::order::OrderStatus;
use domain::{ItemId, Quantity, StockKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use services::Command;
use services::engine::Request;
use services::engine::in_memory::{OrderRecord, Records, Written};

macro_rules! faults {
    ($($name:ident: $words:literal,)+) => {
        /// A mistake that can be switched on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Fault {
            $(#[doc = $words] $name,)+
        }

        impl Fault {
            /// Every fault there is.
            pub const ALL: &[Fault] = &[$(Fault::$name,)+];

            /// In words.
            pub const fn words(self) -> &'static str {
                match self {
                    $(Fault::$name => $words,)+
                }
            }

            /// The fault of that name.
            pub fn parse(name: &str) -> Option<Fault> {
                Fault::ALL.iter().copied().find(|fault| format!("{fault:?}") == name)
            }
        }
    };
}

faults! {
    LevelsNotLocked: "stock levels are read without a lock",
    OrdersNotLocked: "orders are read without a lock",
    KeysNotLocked: "Idempotency-Keys are neither locked nor unique",
    LevelsReadBeforeLock: "levels are read before they are locked",
    LocksInArrivalOrder: "levels are locked in the order of arrival",
    LocksReleasedEarly: "levels are unlocked before the commit",
    InsertOverwrites: "a first level overwrites one that another process made",
    TornCommit: "a crash leaves half a transaction",
    RollbackKeepsWrites: "what is rolled back stays written",
    UnknownCalledDone: "a commit without an answer is called done",
    UnknownCalledFailed: "a commit without an answer is called failed",
    BatchBlind: "requests of a batch do not see each other",
    RetryForgetsKey: "a batch that is tried again forgets its keys",
    RetryPostsTwice: "a batch that is tried again posts a request twice",
    RequestForgotten: "a full batch forgets a request",
    KeyOfAnyRequest: "a key answers whatever the request",
    KeyOfAnyCaller: "callers share their keys",
    StoredHeadersLost: "a kept answer loses its ETag",
    AnswersNotKept: "answers are not kept under their keys",
    RefusalsNotKept: "refusals are not kept under their keys",
    OneMoreThanThere: "off by one at zero: a thousandth more than there is",
    OneLessThanThere: "off by one at zero: a thousandth less than there is",
    ReservationsIgnored: "what is promised may be promised again",
    OverrideForAll: "everyone may go below zero",
    OverrideNotMarked: "an override is not marked on the level",
    InactiveIgnored: "what is inactive takes part",
    PrecisionIgnored: "quantities finer than their item allows",
    FulfilledAgain: "a fulfilled order may be fulfilled again",
    CancelledComesBack: "a cancelled order is a draft again",
    CancelKeepsReservation: "a cancellation releases nothing",
    CancelReleasesTwice: "a cancellation releases twice",
    FulfilmentKeepsReservation: "a fulfilment releases nothing",
    SubmitReservesNothing: "a submission reserves nothing",
    SubmitReservesFirstLine: "a submission reserves its first line alone",
    MovementLost: "a movement is not written",
    MovementDoubled: "a movement is written twice",
    BalanceOfBefore: "a movement has the balance from before it",
    LevelLost: "a level is not written",
    StatusLost: "an order's new status is not written",
    VersionKept: "a change leaves the version as it was",
    LineDoubled: "a draft has its first line twice",
    LineLost: "a draft loses its last line",
    EntryLost: "an audit entry is not written",
    EntryDoubled: "an audit entry is written twice",
    TimeOfRequest: "movements have the clock's time, also where it went back",
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

const THOUSANDTH: i64 = 1;

fn plus(quantity: Quantity, thousandths: i64) -> Quantity {
    Quantity::from_thousandths(quantity.thousandths() + thousandths).unwrap_or(quantity)
}

/// Perturbs a request.
pub fn on_request(fault: Fault, request: &mut Request) {
    use domain::order::OrderCommand;
    if fault != Fault::OverrideForAll {
        return;
    }
    match &mut request.command {
        Command::Order(change) => {
            if let OrderCommand::Fulfil { override_negative } = &mut change.command {
                *override_negative = true;
            }
        }
        Command::SetStock(count) => count.set.override_negative = true,
        Command::Draft(_) => {}
    }
}

/// How far the levels that the rules see are from those that there are. Counts are left alone: they set what is there.
fn error_at_zero(fault: Fault, requests: &[&Request]) -> i64 {
    let counts = requests.iter().any(|request| matches!(request.command, Command::SetStock(_)));
    match fault {
        Fault::OneMoreThanThere if !counts => THOUSANDTH,
        Fault::OneLessThanThere if !counts => -THOUSANDTH,
        _ => 0,
    }
}

/// Perturbs what a batch is given.
pub fn on_records(fault: Fault, records: &mut Records, requests: &[&Request]) {
    let error = error_at_zero(fault, requests);
    for level in &mut records.levels {
        level.level.quantity = plus(level.level.quantity, error);
        match fault {
            Fault::ReservationsIgnored => level.level.reserved = Quantity::ZERO,
            Fault::TimeOfRequest => level.updated_at = Timestamp::UNIX_EPOCH,
            _ => {}
        }
    }
    for order in &mut records.orders {
        order.status = match (fault, order.status) {
            (Fault::FulfilledAgain, OrderStatus::Fulfilled) => OrderStatus::Submitted,
            (Fault::CancelledComesBack, OrderStatus::Cancelled) => OrderStatus::Draft,
            (_, status) => status,
        };
    }
    if fault == Fault::InactiveIgnored {
        records.branches.iter_mut().for_each(|(_, active)| *active = true);
        records.items.iter_mut().for_each(|(_, facts)| facts.active = true);
    }
    if fault == Fault::PrecisionIgnored {
        records.items.iter_mut().for_each(|(_, facts)| facts.decimal_places = Quantity::MAX_DECIMAL_PLACES);
    }
}

/// Perturbs what a batch decided on what there was.
pub fn on_written(fault: Fault, written: &mut Written, truth: &Records, requests: &[&Request]) {
    let error = error_at_zero(fault, requests);
    let was_loaded = |key: StockKey| truth.levels.iter().any(|level| level.key == key);
    for write in written.levels.iter_mut().filter(|write| was_loaded(write.record.key)) {
        write.record.level.quantity = plus(write.record.level.quantity, -error);
    }
    for write in written.movements.iter_mut().filter(|write| was_loaded(write.movement.key)) {
        write.movement.balance = plus(write.movement.balance, -error);
    }
    match fault {
        Fault::ReservationsIgnored => {
            for write in &mut written.levels {
                let loaded = truth.levels.iter().find(|level| level.key == write.record.key);
                let reserved = loaded.map_or(0, |level| level.level.reserved.thousandths());
                write.record.level.reserved = plus(write.record.level.reserved, reserved);
            }
        }
        Fault::CancelKeepsReservation => re_reserve(written, truth, OrderStatus::Cancelled, 1),
        Fault::CancelReleasesTwice => re_reserve(written, truth, OrderStatus::Cancelled, -1),
        Fault::FulfilmentKeepsReservation => re_reserve(written, truth, OrderStatus::Fulfilled, 1),
        Fault::SubmitReservesNothing => unreserve(written, 0),
        Fault::SubmitReservesFirstLine => unreserve(written, 1),
        Fault::AnswersNotKept => written.answers.clear(),
        Fault::RefusalsNotKept => written.answers.retain(|(_, answer)| answer.status < 300),
        Fault::OverrideNotMarked => {
            written.levels.iter_mut().for_each(|write| write.override_negative = false);
        }
        Fault::VersionKept => written.changed.iter_mut().for_each(|order| order.version -= 1),
        _ => lose(fault, written),
    }
}

/// Loses, doubles or garbles one of what is written.
fn lose(fault: Fault, written: &mut Written) {
    match fault {
        Fault::MovementLost => drop(written.movements.pop()),
        Fault::MovementDoubled => written.movements.extend(written.movements.last().cloned()),
        Fault::BalanceOfBefore => {
            if let Some(write) = written.movements.last_mut() {
                write.movement.balance = plus(write.movement.balance, -write.movement.quantity.thousandths());
            }
        }
        Fault::LevelLost => drop(written.levels.pop()),
        Fault::StatusLost => written.changed.clear(),
        Fault::LineDoubled => {
            for order in &mut written.drafted {
                order.lines.extend(order.lines.first().copied());
            }
        }
        Fault::LineLost => {
            for order in written.drafted.iter_mut().filter(|order| order.lines.len() > 1) {
                order.lines.pop();
            }
        }
        Fault::EntryLost => drop(written.entries.pop()),
        Fault::EntryDoubled => written.entries.extend(written.entries.last().cloned()),
        _ => {}
    }
}

/// Changes what is reserved for orders that left the state of being submitted.
fn re_reserve(written: &mut Written, truth: &Records, left_to: OrderStatus, times: i64) {
    let was_submitted = |order: &OrderRecord| {
        truth.orders.iter().any(|before| before.id == order.id && before.status == OrderStatus::Submitted)
    };
    let left: Vec<OrderRecord> = written
        .changed
        .iter()
        .filter(|order| order.status == left_to && was_submitted(order))
        .cloned()
        .collect();
    for order in left {
        for (_, item, requested) in &order.lines {
            reserve(written, &order, *item, times * requested.thousandths());
        }
    }
}

/// Takes back what submitted orders reserved, but for their first lines.
fn unreserve(written: &mut Written, but: usize) {
    let submitted: Vec<OrderRecord> =
        written.changed.iter().filter(|order| order.status == OrderStatus::Submitted).cloned().collect();
    for order in submitted {
        for (_, item, requested) in order.lines.iter().skip(but) {
            reserve(written, &order, *item, -requested.thousandths());
        }
    }
}

fn reserve(written: &mut Written, order: &OrderRecord, item: ItemId, thousandths: i64) {
    let key = StockKey { branch: order.branch, item };
    for write in written.levels.iter_mut().filter(|write| write.record.key == key) {
        write.record.level.reserved = plus(write.record.level.reserved, thousandths);
    }
}
