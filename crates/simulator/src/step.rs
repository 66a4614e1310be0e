//! What the scheduler can do: one step each. Steps are plain values, so that a case can be kept, cut down and played
//! again. Numbers in them are picks: they are taken modulo what there is, so every step fits every world.

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// How many processes post at once.
pub const PROCESSES: u8 = 3;
/// The most requests in a batch.
pub const BATCH: u8 = 4;
/// The most steps of a case.
pub const LONGEST_CASE: usize = 400;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// A client asks for a draft: item and quantity of each line.
    Draft { process: u8, branch: u8, lines: Vec<(u8, i8)>, keyed: bool },
    /// A client wants an order moved on; `order` counts from the newest, and [`NO_ORDER`] is one that there is not.
    Order { process: u8, order: u8, verb: Verb, keyed: bool },
    /// A client sets what is on hand.
    Count { process: u8, branch: u8, item: u8, quantity: i8, override_negative: bool, keyed: bool },
    /// A client repeats a request under its key; `request` counts from the newest with a key.
    Repeat { process: u8, request: u8 },
    /// A client uses the key of such a request for another request.
    Reuse { process: u8, request: u8 },
    /// A process goes one step on: takes a batch, locks, loads, decides or commits.
    Advance { process: u8, batch: u8 },
    /// Something fails in a process.
    Trouble { process: u8, trouble: Trouble },
    /// A branch is made active or inactive.
    Branch { branch: u8, active: bool },
    /// An item is made active or inactive.
    Item { item: u8, active: bool },
    /// The database's clock goes on, or is set back.
    Clock { seconds: i8 },
}

/// What can be done to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verb {
    /// Reserve its lines.
    Submit,
    /// Let its lines leave.
    Fulfil,
    /// Let its lines leave, below zero where need be.
    FulfilAnyway,
    /// End it.
    Cancel,
}

/// What can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trouble {
    /// The database gives the transaction up (a lock not had in time, a collision); the batch is tried again.
    Collision,
    /// The connection breaks before COMMIT is sent; callers are told that nothing changed.
    ConnectionLost,
    /// COMMIT is sent and its answer does not come, whether or not it was carried out; callers are told just that.
    AnswerLost { committed: bool },
    /// The process dies with all that waits in it; callers hear nothing.
    Crash { committed: bool },
}

/// A step, with the weights that a day has: mostly work, some trouble.
pub fn step() -> impl Strategy<Value = Step> {
    let process = 0..PROCESSES;
    let branch = prop_oneof![30 => 0_u8..2, 1 => Just(2_u8)];
    let item = prop_oneof![40 => 0_u8..3, 1 => Just(3_u8)];
    let quantity = prop_oneof![30 => 1_i8..=5, 1 => -1_i8..=0, 1 => Just(TOO_PRECISE)];
    let counted = prop_oneof![30 => 0_i8..=12, 2 => -3_i8..0, 1 => Just(TOO_PRECISE)];
    let verb = prop_oneof![
        6 => Just(Verb::Submit),
        5 => Just(Verb::Fulfil),
        1 => Just(Verb::FulfilAnyway),
        3 => Just(Verb::Cancel)
    ];
    let trouble = prop_oneof![
        3 => Just(Trouble::Collision),
        2 => Just(Trouble::ConnectionLost),
        2 => any::<bool>().prop_map(|committed| Trouble::AnswerLost { committed }),
        1 => any::<bool>().prop_map(|committed| Trouble::Crash { committed }),
    ];
    let lines = prop::collection::vec((item.clone(), quantity), 1..=3);
    let keyed = prop::bool::weighted(0.7);
    prop_oneof![
        9 => (process.clone(), branch.clone(), lines, keyed)
            .prop_map(|(process, branch, lines, keyed)| Step::Draft { process, branch, lines, keyed }),
        16 => (process.clone(), prop_oneof![40 => 0_u8..6, 1 => Just(NO_ORDER)], verb, keyed)
            .prop_map(|(process, order, verb, keyed)| Step::Order { process, order, verb, keyed }),
        6 => (process.clone(), branch, item, counted, prop::bool::weighted(0.2), keyed).prop_map(
            |(process, branch, item, quantity, override_negative, keyed)| {
                Step::Count { process, branch, item, quantity, override_negative, keyed }
            }
        ),
        5 => (process.clone(), 0_u8..6).prop_map(|(process, request)| Step::Repeat { process, request }),
        1 => (process.clone(), 0_u8..6).prop_map(|(process, request)| Step::Reuse { process, request }),
        52 => (process.clone(), 0..BATCH).prop_map(|(process, batch)| Step::Advance { process, batch }),
        3 => (process, trouble).prop_map(|(process, trouble)| Step::Trouble { process, trouble }),
        1 => (0_u8..2, prop::bool::weighted(0.93))
            .prop_map(|(branch, active)| Step::Branch { branch, active }),
        1 => (0_u8..3, prop::bool::weighted(0.93)).prop_map(|(item, active)| Step::Item { item, active }),
        1 => (-5_i8..20).prop_map(|seconds| Step::Clock { seconds }),
    ]
}

/// A pick for an order that does not exist.
pub const NO_ORDER: u8 = 255;
/// A quantity of one step of its item and one thousandth: finer than two of the three items allow.
pub const TOO_PRECISE: i8 = 100;
