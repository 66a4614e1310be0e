//! The goals, and whether the figures reach them.

use super::Row;
use crate::workload::Workload;

/// One goal and what was found.
pub struct Goal {
    /// What is looked at.
    pub what: String,
    /// What is wanted.
    pub wanted: String,
    /// What was found, at its worst.
    pub found: String,
    /// Whether it is reached; nothing when it was not measured.
    pub reached: Option<bool>,
}

impl Goal {
    /// One that was looked at.
    pub fn seen(what: &str, wanted: impl ToString, found: impl ToString, reached: bool) -> Goal {
        let (wanted, found) = (wanted.to_string(), found.to_string());
        Goal { what: what.to_owned(), wanted, found, reached: Some(reached) }
    }

    /// Something of which there must be nothing.
    pub fn none(what: &str, found: u64) -> Goal {
        Goal::seen(what, 0, found, found == 0)
    }

    /// Something of which there must be nothing, with the first few where there is.
    pub fn nothing(what: &str, found: &[String]) -> Goal {
        let mut words = found.len().to_string();
        if !found.is_empty() {
            words.push_str(&format!(
                " ({})",
                found.iter().take(EXAMPLES).cloned().collect::<Vec<_>>().join(", ")
            ));
        }
        Goal::seen(what, 0, words, found.is_empty())
    }
}

/// How many examples a goal that was missed shows.
const EXAMPLES: usize = 5;
/// Goals for the ratio of a workload: with so many connections, or with any number where none is named.
const RATIOS: &[(&str, Workload, Option<u32>, f64)] = &[
    ("fulfil spread, 32 connections", Workload::FulfilSpread, Some(32), 1.2),
    ("fulfil spread, 512 connections", Workload::FulfilSpread, Some(512), 2.0),
    ("fulfil hot, 32 connections", Workload::FulfilHot, Some(32), 6.0),
    ("fulfil hot, 512 connections", Workload::FulfilHot, Some(512), 18.0),
    ("order by id with lines, at its worst", Workload::Order, None, 0.5),
    ("create, at its worst", Workload::Create, None, 0.4),
    ("summary of 1,000 rows, at its worst", Workload::Summary, None, 0.5),
];
/// One connection's median time as a multiple of one pgbench client's.
const ALONE: f64 = 2.5;
/// p99 as a multiple of p50, with this many connections.
const TAIL: (f64, u32) = (5.0, 32);
/// The longest answer, in milliseconds.
const LONGEST: f64 = 1_000.0;

/// Holds the rows against the goals.
pub fn judge(rows: &[Row]) -> Vec<Goal> {
    let mut goals: Vec<Goal> = RATIOS.iter().map(|goal| ratio(rows, *goal)).collect();
    goals.push(hot_against_spread(rows));
    goals.push(alone(rows));
    goals.push(errors(rows));
    let (times, connections) = TAIL;
    let tails = rows.iter().filter(|row| row.connections == connections).map(|row| {
        let tail = row.services.p99 / row.services.p50.max(1e-6);
        worst(row, format!("{tail:.1} x"), tail)
    });
    let what = format!("p99 of every workload, {connections} connections");
    goals.push(at_most(&what, format!("at most {times} x p50"), tails, times));
    let longest = rows.iter().map(|row| worst(row, format!("{:.0} ms", row.services.max), row.services.max));
    goals.push(at_most("longest answer of every workload", format!("{LONGEST} ms"), longest, LONGEST));
    goals
}

fn ratio(rows: &[Row], (what, workload, connections, wanted): (&str, Workload, Option<u32>, f64)) -> Goal {
    let of = rows.iter().filter(|row| row.workload == workload);
    let of = of.filter(|row| connections.is_none_or(|connections| row.connections == connections));
    let lowest =
        of.filter_map(|row| Some((row.ratio()?, row.connections))).min_by(|a, b| a.0.total_cmp(&b.0));
    Goal {
        what: what.to_owned(),
        wanted: format!("at least {wanted} x pgbench"),
        found: lowest.map_or_else(String::new, |(ratio, connections)| {
            format!("{ratio:.2} x with {connections} ({:+.0}%)", (ratio / wanted - 1.0) * 100.0)
        }),
        reached: lowest.map(|(ratio, _)| ratio >= wanted),
    }
}

fn hot_against_spread(rows: &[Row]) -> Goal {
    let pairs = rows.iter().filter(|row| row.workload == Workload::FulfilHot).filter_map(|hot| {
        let spread =
            |row: &&Row| row.workload == Workload::FulfilSpread && row.connections == hot.connections;
        let spread = rows.iter().find(spread)?;
        Some((hot.services.rate / spread.services.rate.max(1e-6), hot.connections))
    });
    let lowest = pairs.min_by(|a, b| a.0.total_cmp(&b.0));
    Goal {
        what: "fulfil hot, at its worst".to_owned(),
        wanted: "never slower than spread".to_owned(),
        found: lowest
            .map_or_else(String::new, |(ratio, connections)| format!("{ratio:.2} x with {connections}")),
        reached: lowest.map(|(ratio, _)| ratio >= 1.0),
    }
}

fn alone(rows: &[Row]) -> Goal {
    let row = rows.iter().find(|row| row.workload == Workload::FulfilSpread && row.connections == 1);
    let times = row.and_then(|row| Some(row.services.p50 / row.pgbench?.p50.max(1e-6)));
    Goal {
        what: "fulfil spread, one connection, p50".to_owned(),
        wanted: format!("at most {ALONE} x pgbench's"),
        found: times.map_or_else(String::new, |times| format!("{times:.2} x")),
        reached: times.map(|times| times <= ALONE),
    }
}

fn errors(rows: &[Row]) -> Goal {
    let errors: u64 = rows.iter().map(|row| row.services.errors).sum();
    let at = rows.iter().filter(|row| row.services.errors > 0);
    let at: Vec<String> = at.map(|row| format!("{} {}", row.workload.name(), row.connections)).collect();
    Goal {
        what: "errors of every workload".to_owned(),
        wanted: "0".to_owned(),
        found: if errors == 0 { "0".to_owned() } else { format!("{errors} ({})", at.join(", ")) },
        reached: (!rows.is_empty()).then_some(errors == 0),
    }
}

/// A figure of a row, in words and as a number.
type Worst = (String, f64);

fn worst(row: &Row, words: String, value: f64) -> Worst {
    (format!("{words} ({} {})", row.workload.name(), row.connections), value)
}

fn at_most(what: &str, wanted: String, found: impl Iterator<Item = Worst>, most: f64) -> Goal {
    let highest = found.max_by(|a, b| a.1.total_cmp(&b.1));
    Goal {
        what: what.to_owned(),
        wanted,
        found: highest.as_ref().map_or_else(String::new, |(words, _)| words.clone()),
        reached: highest.map(|(_, value)| value <= most),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figures;

    fn row(workload: Workload, connections: u32, rate: f64, plain: f64) -> Row {
        let of = |rate| Figures { rate, p50: 1.0, p99: 2.0, max: 3.0, ..Figures::default() };
        Row { workload, connections, services: of(rate), pgbench: Some(of(plain)) }
    }

    fn found<'a>(goals: &'a [Goal], what: &str) -> &'a Goal {
        goals.iter().find(|goal| goal.what.starts_with(what)).unwrap()
    }

    #[test]
    fn goals_are_held_against_the_worst_figure() {
        let mut rows = vec![
            row(Workload::FulfilSpread, 32, 120.0, 100.0),
            row(Workload::FulfilHot, 32, 119.0, 10.0),
            row(Workload::Order, 1, 60.0, 100.0),
            row(Workload::Order, 512, 40.0, 100.0),
        ];
        rows[2].services.errors = 3;
        let goals = judge(&rows);
        for (what, reached) in [
            ("fulfil spread, 32", Some(true)),
            ("fulfil spread, 512", None),
            ("fulfil hot, 32", Some(true)),
            ("fulfil hot, at its worst", Some(false)),
            ("order by id", Some(false)),
            ("create", None),
            ("errors", Some(false)),
            ("p99", Some(true)),
            ("longest", Some(true)),
        ] {
            let goal = found(&goals, what);
            assert_eq!(goal.reached, reached, "{what}: {}", goal.found);
        }
        assert_eq!(found(&goals, "order by id").found, "0.40 x with 512 (-20%)");
        assert_eq!(found(&goals, "errors").found, "3 (order 1)");
    }
}
