//! What strikes the company: a part of it, and how.

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

/// A part that runs on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// One of the two services processes: the first or the second.
    Services(usize),
    /// The portal.
    Portal,
    /// The worker.
    Worker,
    /// PostgreSQL, with all its processes.
    Postgres,
}

/// What happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stroke {
    /// `kill -9`, and a new start.
    Kill,
    /// SIGSTOP, and SIGCONT after a while.
    Pause,
    /// It is asked to end, and starts anew.
    Restart,
}

/// What happens to which part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The part.
    pub part: Part,
    /// What happens to it.
    pub stroke: Stroke,
}

impl Fault {
    /// Every kind.
    pub fn all() -> Vec<Fault> {
        let parts = [Part::Services(0), Part::Services(1), Part::Portal, Part::Worker, Part::Postgres];
        let strokes = [Stroke::Kill, Stroke::Pause, Stroke::Restart];
        strokes.into_iter().flat_map(|stroke| parts.map(|part| Fault { part, stroke })).collect()
    }

    /// So many faults in a random order, each kind as often as any other, give or take one.
    pub fn series(count: usize, random: &mut ChaCha8Rng) -> Vec<Fault> {
        let mut series = Vec::with_capacity(count);
        while series.len() < count {
            let mut turn = Fault::all();
            turn.shuffle(random);
            series.extend(turn);
        }
        series.truncate(count);
        series
    }

    /// What kind it is in words; the two services processes are alike.
    pub fn words(self) -> &'static str {
        match (self.part, self.stroke) {
            (Part::Services(_), Stroke::Kill) => "services: kill -9",
            (Part::Services(_), Stroke::Pause) => "services: SIGSTOP, SIGCONT",
            (Part::Services(_), Stroke::Restart) => "services: restart",
            (Part::Portal, Stroke::Kill) => "portal: kill -9",
            (Part::Portal, Stroke::Pause) => "portal: SIGSTOP, SIGCONT",
            (Part::Portal, Stroke::Restart) => "portal: restart",
            (Part::Worker, Stroke::Kill) => "worker: kill -9",
            (Part::Worker, Stroke::Pause) => "worker: SIGSTOP, SIGCONT",
            (Part::Worker, Stroke::Restart) => "worker: restart",
            (Part::Postgres, Stroke::Kill) => "PostgreSQL: kill -9",
            (Part::Postgres, Stroke::Pause) => "PostgreSQL: SIGSTOP, SIGCONT",
            (Part::Postgres, Stroke::Restart) => "PostgreSQL: restart",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand::SeedableRng;

    use super::*;

    #[test]
    fn every_kind_strikes_as_often_as_any_other_and_the_same_seed_gives_the_same_series() {
        let series = |seed| Fault::series(45, &mut ChaCha8Rng::seed_from_u64(seed));
        let mut counts: BTreeMap<Fault, u32> = BTreeMap::new();
        series(1).into_iter().for_each(|fault| *counts.entry(fault).or_default() += 1);
        assert_eq!(counts.len(), 15);
        assert!(counts.values().all(|count| *count == 3), "{counts:?}");
        assert_eq!(series(1), series(1));
        assert_ne!(series(1), series(2));
    }
}
