//! The rules and the engine's deciding hold through a million random steps, and the simulator sees when they do not.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test says what it found and stops there")]

use std::collections::BTreeMap;
use std::thread;

use simulator::{Case, Fault, Hunt, hunt, one};

/// Where the tests' randomness starts, unless `SIMULATOR_SEED` says otherwise.
const SEED: u64 = 2_026;
/// How many steps a fault has to be seen in.
const STEPS_FOR_A_FAULT: u64 = 400_000;

fn seed() -> u64 {
    std::env::var("SIMULATOR_SEED").map_or(SEED, |seed| seed.parse().unwrap())
}

/// What must happen again and again in a million steps.
const REACHED: &[&str] = &[
    "answered as before",
    "below zero",
    "carried out",
    "given up",
    "inactive",
    "invalid draft",
    "key in flight",
    "key of another request",
    "not found",
    "outcome unknown",
    "short",
    "too precise",
    "tried again",
    "waited for a lock",
    "wrong state",
];

#[test]
fn everything_holds_after_each_of_a_million_steps() {
    let hunts: Vec<Hunt> = thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|n| scope.spawn(move || hunt(seed() + n, 500_000, None))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut happened: BTreeMap<&str, u64> = BTreeMap::new();
    for Hunt { steps, cases, tally, found } in &hunts {
        println!("seed {}: {steps} steps in {cases} cases", seed());
        if let Some(found) = found {
            panic!("{found}\nas a file for --replay: {}", serde_json::to_string(&found.case).unwrap());
        }
        for (what, times) in tally.iter() {
            *happened.entry(what).or_default() += times;
        }
    }
    println!("{happened:#?}");
    assert!(hunts.iter().map(|hunt| hunt.steps).sum::<u64>() >= 1_000_000);
    for what in REACHED {
        assert!(happened.get(what).is_some_and(|times| *times >= 100), "{what}: {happened:?}");
    }
}

#[test]
fn planted_faults_are_caught() {
    let seed = seed();
    let halves = Fault::ALL.chunks(Fault::ALL.len().div_ceil(2));
    let hunts: Vec<(Fault, Hunt)> = thread::scope(|scope| {
        let hunt_each = |faults: &'static [Fault]| {
            move || {
                faults
                    .iter()
                    .map(|fault| (*fault, hunt(seed, STEPS_FOR_A_FAULT, Some(*fault))))
                    .collect::<Vec<_>>()
            }
        };
        let threads: Vec<_> = halves.map(|faults| scope.spawn(hunt_each(faults))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let mut missed = Vec::new();
    println!("| fault | caught by | after steps | cut down to |\n|---|---|---|---|");
    for (fault, hunt) in &hunts {
        match &hunt.found {
            Some(found) => {
                let (invariant, length) = (found.broken.invariant, found.case.steps.len());
                println!("| {fault} | {invariant} | {} | {length} |", found.steps);
            }
            None => {
                println!("| {fault} | not caught | {} | |", hunt.steps);
                missed.push(*fault);
            }
        }
    }
    let caught = hunts.len() - missed.len();
    assert!(hunts.len() >= 20);
    assert!(caught * 100 >= hunts.len() * 95, "{caught} of {} were caught; not: {missed:?}", hunts.len());
}

#[test]
fn a_broken_case_breaks_again_from_its_seed_and_from_its_file() {
    let found = hunt(seed(), STEPS_FOR_A_FAULT, Some(Fault::LevelsNotLocked)).found.unwrap();
    let again = one(found.seed, found.number, Some(Fault::LevelsNotLocked)).found.unwrap();
    assert_eq!(again.case, found.case);
    let file = serde_json::to_string(&found.case).unwrap();
    let played = serde_json::from_str::<Case>(&file).unwrap().play();
    assert_eq!(played.broken, Some(found.broken));
    let healthy = Case { fault: None, steps: found.case.steps };
    assert_eq!(healthy.play().broken, None);
}
