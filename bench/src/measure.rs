//! One workload with one number of connections: the services, then pgbench, on the same server and rows.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::figures::Figures;
use crate::fixtures::{Drafts, Fixtures};
use crate::load::load;
use crate::orders::Shape;
use crate::pgbench::{self, Pgbench};
use crate::program::{Program, Served};
use crate::workload::{Source, Workload};
use crate::{Result, output};

/// How many orders are there to be read.
const KNOWN_ORDERS: usize = 20_000;
/// How many times the rate seen before drafts are made for, so that they last.
const MARGIN: f64 = 1.6;

/// Who did the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The program, over HTTP.
    Services,
    /// pgbench.
    Pgbench,
}

/// What is measured: a workload with a number of connections, on one side.
pub type Case = (Workload, u32, Side);

/// Everything that measures, and what was measured so far.
pub struct Bench {
    /// The program's commands.
    pub program: Program,
    /// The program while it serves.
    pub served: Served,
    /// The database.
    pub fixtures: Fixtures,
    /// pgbench.
    pub pgbench: Pgbench,
    /// Seconds of each measurement.
    pub time: Duration,
    /// Whether everything that changes something carries an Idempotency-Key.
    pub keys: bool,
    /// The figures of every round.
    pub figures: BTreeMap<Case, Vec<Figures>>,
    /// What went wrong in the services' answers, and how often.
    pub faults: BTreeMap<String, u64>,
    known: Drafts,
}

impl Bench {
    /// Ready to measure.
    pub fn new(
        (program, served): (Program, Served),
        fixtures: Fixtures,
        pgbench: Pgbench,
        time: Duration,
        keys: bool,
    ) -> Bench {
        let (figures, faults) = (BTreeMap::new(), BTreeMap::new());
        Bench { program, served, fixtures, pgbench, time, keys, figures, faults, known: Drafts::NONE }
    }

    /// Measures a workload once with every number of connections, then checks that everything holds.
    ///
    /// # Errors
    /// When something cannot be run, or does not hold.
    pub async fn workload(&mut self, workload: Workload, connections: &[u32]) -> Result<()> {
        self.fixtures.reset().await?;
        self.known = self.fixtures.draft(Shape::Spread, KNOWN_ORDERS).await?;
        for &count in connections {
            output::begin(format_args!("{:<14}{count:>4}  ", workload.name()));
            let services = self.services(workload, count).await?;
            output::begin(format_args!("{}  ", brief(&services)));
            self.figures.entry((workload, count, Side::Services)).or_default().push(services);
            match pgbench::script(workload) {
                None => output::line(""),
                Some(script) => {
                    let plain = self.plain(workload, script, count).await?;
                    self.figures.entry((workload, count, Side::Pgbench)).or_default().push(plain);
                    let ratio = services.rate / plain.rate.max(1e-6);
                    output::line(format_args!("pgbench {}  {ratio:.2} x", brief(&plain)));
                }
            }
        }
        match self.program.verify().await? {
            None => Ok(()),
            Some(said) => Err(format!("after {} not everything holds:\n{said}", workload.name()).into()),
        }
    }

    async fn services(&mut self, workload: Workload, connections: u32) -> Result<Figures> {
        let drafts = self.drafts(workload, connections, Side::Services).await?;
        let token = self.program.token().await?;
        let before = self.fixtures.last_order().await?;
        self.fixtures.settle().await?;
        // Ids of orders only rise, so no two measurements that change something share a seed, and with it their keys.
        let source = Source::new(workload, token, self.keys, drafts, self.known, before.unsigned_abs());
        let loaded = load(self.served.addr, source, connections, self.time).await?;
        self.served.require_alive()?;
        for (words, count) in loaded.faults {
            *self.faults.entry(format!("{} {connections}: {words}", workload.name())).or_default() += count;
        }
        // Of a request that failed it is not known here whether it had its effect; of every other it is.
        let unknown = loaded.figures.errors;
        let fulfilled = self.fixtures.fulfilled(drafts).await?;
        require_effects("fulfilments", loaded.fulfilled, fulfilled, unknown)?;
        let created = self.fixtures.created_after(before).await?;
        require_effects("creations", loaded.created, created, unknown)?;
        Ok(loaded.figures)
    }

    /// pgbench leaves no audit entries; they are made good here, so that the invariants can be checked.
    async fn plain(&mut self, workload: Workload, script: &str, clients: u32) -> Result<Figures> {
        let drafts = self.drafts(workload, clients, Side::Pgbench).await?;
        self.fixtures.offer(drafts).await?;
        let before = self.fixtures.last_order().await?;
        self.fixtures.settle().await?;
        let ran = self.pgbench.run(script, self.known, clients, self.time).await?;
        let mut figures = ran.figures;
        if workload.fulfils().is_some() {
            figures.ran_out = self.fixtures.ran_out(drafts).await?;
            if figures.ran_out {
                // A client that found no draft ended; that is no error.
                figures.errors = 0;
            }
            require_effects(
                "pgbench's fulfilments",
                ran.transactions,
                self.fixtures.fulfilled(drafts).await?,
                0,
            )?;
            self.fixtures.audit_fulfilled(drafts).await?;
        }
        if workload == Workload::Create {
            require_effects(
                "pgbench's creations",
                ran.transactions,
                self.fixtures.created_after(before).await?,
                0,
            )?;
            self.fixtures.audit_created(before).await?;
        }
        if figures.errors > 0 {
            let words = format!("{} {clients}: pgbench's clients that ended", workload.name());
            *self.faults.entry(words).or_default() += figures.errors;
        }
        Ok(figures)
    }

    /// Drafts for one measurement: for the rate seen before with a margin, or for a generous one.
    async fn drafts(&mut self, workload: Workload, connections: u32, side: Side) -> Result<Drafts> {
        let Some(shape) = workload.fulfils() else { return Ok(Drafts::NONE) };
        let seen = self.figures.get(&(workload, connections, side)).into_iter().flatten();
        let seen = seen.map(|figures| figures.rate).fold(0.0, f64::max);
        let rate = if seen > 0.0 { seen * MARGIN } else { generous(workload, connections, side) };
        let count = rate * self.time.as_secs_f64() * workload.drafts_an_answer();
        // Every connection may hold one more.
        let count = whole(count) + 2 * usize::try_from(connections)?;
        self.fixtures.draft(shape, count).await
    }
}

/// Answers a second that are hardly reached.
fn generous(workload: Workload, connections: u32, side: Side) -> f64 {
    match (workload, connections, side) {
        (_, 1, _) => 4_000.0,
        (Workload::FulfilHot, _, Side::Services) => 30_000.0,
        _ => 10_000.0,
    }
}

/// A count of drafts: a number between nothing and some millions.
fn whole(count: f64) -> usize {
    format!("{:.0}", count.ceil().clamp(0.0, 1e7)).parse().unwrap_or(0)
}

/// What was said to be done must have been done, once each.
fn require_effects(what: &str, said: u64, done: u64, unknown: u64) -> Result<()> {
    if (said..=said + unknown).contains(&done) {
        return Ok(());
    }
    Err(format!("{what}: {said} were acknowledged, {unknown} answers are not known, {done} were made").into())
}

fn brief(figures: &Figures) -> String {
    let Figures { rate, p50, p99, errors, .. } = figures;
    let mut text = format!("{rate:>8.0}/s p50 {p50:>7.2} ms p99 {p99:>7.2} ms");
    if *errors > 0 {
        text.push_str(&format!(" {errors} errors"));
    }
    if figures.ran_out {
        text.push_str(" (drafts ran out)");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_must_match_what_was_acknowledged() {
        assert!(require_effects("x", 10, 10, 0).is_ok());
        assert!(require_effects("x", 10, 11, 1).is_ok());
        assert!(require_effects("x", 10, 11, 0).is_err(), "an effect that nobody was told of");
        assert!(require_effects("x", 10, 9, 3).is_err(), "an acknowledged order was lost");
    }
}
