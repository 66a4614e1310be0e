//! Seeded cases: made, played, and cut down where an invariant breaks.

use std::fmt;

use proptest::collection::VecStrategy;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::invariant::Broken;
use crate::step::{LONGEST_CASE, Step, step};
use crate::world::{Tally, World};

/// A sequence of steps that can be kept in a file and played again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The fault that is planted, where one is.
    pub fault: Option<Fault>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// A case that broke an invariant.
#[derive(Debug, Clone)]
pub struct Found {
    /// The seed that it comes of.
    pub seed: u64,
    /// Which case of that seed.
    pub number: u64,
    /// How many steps were made until it was found, those of earlier cases included.
    pub steps: u64,
    /// The case, cut down.
    pub case: Case,
    /// What it breaks.
    pub broken: Broken,
}

/// What a hunt did.
#[derive(Debug, Clone)]
pub struct Hunt {
    /// How many steps were made.
    pub steps: u64,
    /// How many cases they made.
    pub cases: u64,
    /// What happened in them.
    pub tally: Tally,
    /// What was found.
    pub found: Option<Found>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "BROKEN: {} ({})", self.broken.invariant, self.broken.detail)?;
        writeln!(f, "found after {} steps; cut down to {}:", self.steps, self.case.steps.len())?;
        for (n, step) in self.case.steps.iter().enumerate() {
            writeln!(f, "{n:>4}  {step:?}")?;
        }
        write!(f, "again: cargo run --package simulator -- --seed {} --case {}", self.seed, self.number)?;
        match self.case.fault {
            Some(fault) => write!(f, " --fault {fault:?}"),
            None => Ok(()),
        }
    }
}

impl Case {
    /// Plays the steps, then lets everything come to rest.
    pub fn play(&self) -> Played {
        let mut world = World::new(self.fault);
        let (mut steps, mut broken) = (0, None);
        for step in &self.steps {
            steps += 1;
            broken = world.step(step).err();
            if broken.is_some() {
                break;
            }
        }
        let broken = broken.or_else(|| world.settle().err());
        Played { steps, tally: world.tally, broken }
    }
}

/// What became of a case.
#[derive(Debug)]
pub struct Played {
    /// How many steps were made.
    pub steps: usize,
    /// What happened.
    pub tally: Tally,
    /// The invariant that broke, where one did.
    pub broken: Option<Broken>,
}

/// Plays cases of a seed until `steps` are made or an invariant breaks.
pub fn hunt(seed: u64, steps: u64, fault: Option<Fault>) -> Hunt {
    let strategy = cases();
    let mut hunt = Hunt { steps: 0, cases: 0, tally: Tally::default(), found: None };
    while hunt.steps < steps && hunt.found.is_none() {
        hunt.found = play_one(&strategy, seed, &mut hunt, fault);
        hunt.cases += 1;
    }
    hunt
}

/// Plays one case of a seed.
pub fn one(seed: u64, number: u64, fault: Option<Fault>) -> Hunt {
    let mut hunt = Hunt { steps: 0, cases: number, tally: Tally::default(), found: None };
    hunt.found = play_one(&cases(), seed, &mut hunt, fault);
    hunt
}

fn cases() -> VecStrategy<impl Strategy<Value = Step>> {
    proptest::collection::vec(step(), 1..=LONGEST_CASE)
}

fn play_one(
    strategy: &impl Strategy<Value = Vec<Step>>,
    seed: u64,
    hunt: &mut Hunt,
    fault: Option<Fault>,
) -> Option<Found> {
    let number = hunt.cases;
    let steps = strategy.new_tree(&mut runner(seed, number)).ok()?.current();
    let mut case = Case { fault, steps };
    let played = case.play();
    hunt.steps += played.steps as u64;
    hunt.tally.add(&played.tally);
    let broken = played.broken?;
    case.steps.truncate(played.steps);
    let (case, broken) = shrink(fault, case.steps, broken);
    Some(Found { seed, number, steps: hunt.steps, case, broken })
}

/// Each case has a generator of its own, so that it can be made without those before it.
fn runner(seed: u64, number: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&number.to_le_bytes());
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// Delta debugging: leaves out halves, quarters and so on down to single steps, as long as the same invariant breaks.
fn shrink(fault: Option<Fault>, steps: Vec<Step>, broken: Broken) -> (Case, Broken) {
    let mut best = (Case { fault, steps }, broken);
    let mut chunk = best.0.steps.len().div_ceil(2);
    loop {
        let before = best.0.steps.len();
        let mut from = 0;
        while from < best.0.steps.len() {
            let until = (from + chunk).min(best.0.steps.len());
            let steps = [&best.0.steps[..from], &best.0.steps[until..]].concat();
            let case = Case { fault, steps };
            match case.play() {
                Played { broken: Some(broken), .. } if broken.invariant == best.1.invariant => {
                    best = (case, broken);
                }
                _ => from = until,
            }
        }
        let shorter = best.0.steps.len() < before;
        match chunk {
            1 if !shorter => return best,
            _ => chunk = (chunk / 2).max(1),
        }
    }
}
