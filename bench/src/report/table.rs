//! Tables in Markdown, padded so that they read well at a terminal too.

use super::Row;
use super::goals::Goal;
use crate::figures::Figures;
use crate::growth;

/// A row for every workload and number of connections.
pub fn figures(rows: &[Row]) -> String {
    let head = [
        "workload",
        "connections",
        "rate /s",
        "p50",
        "p95",
        "p99",
        "max",
        "errors",
        "pgbench /s",
        "pgbench p50",
        "ratio",
    ];
    let mut ran_out = false;
    let cells = rows.iter().map(|row| {
        let figures = &row.services;
        ran_out |= figures.ran_out || row.pgbench.is_some_and(|plain| plain.ran_out);
        vec![
            row.workload.name().to_owned(),
            row.connections.to_string(),
            rate(figures.rate, figures.ran_out),
            time(figures.p50),
            time(figures.p95),
            time(figures.p99),
            time(figures.max),
            figures.errors.to_string(),
            row.pgbench.map_or_else(none, |plain| rate(plain.rate, plain.ran_out)),
            row.pgbench.map_or_else(none, |plain| time(plain.p50)),
            row.ratio().map_or_else(none, |ratio| format!("{ratio:.2}")),
        ]
    });
    let mut text = table(&head.map(str::to_owned), &cells.collect::<Vec<_>>(), 1);
    if ran_out {
        text.push_str("\n\\* In some round the drafts ran out before the time was over; counted is the time while they lasted.\n");
    }
    text
}

/// A row for every goal.
pub fn goals(goals: &[Goal]) -> String {
    let head = ["what", "goal", "found", "reached"].map(str::to_owned);
    let cells = goals.iter().map(|goal| {
        let reached = match goal.reached {
            None => "not measured",
            Some(true) => "yes",
            Some(false) => "NO",
        };
        vec![goal.what.clone(), goal.wanted.clone(), goal.found.clone(), reached.to_owned()]
    });
    table(&head, &cells.collect::<Vec<_>>(), 4)
}

/// A row for everything that was timed.
pub fn times(found: &[(&str, Figures)]) -> String {
    let cells = found.iter().map(|(what, figures)| {
        vec![(*what).to_owned(), time(figures.p50), time(figures.p95), time(figures.max)]
    });
    table(&["list", "p50", "p95", "max"].map(str::to_owned), &cells.collect::<Vec<_>>(), 1)
}

/// A row for everything that was measured at several numbers of orders.
pub fn growth(orders: &[i64], rows: &[growth::Row]) -> String {
    let mut head = vec!["what".to_owned()];
    head.extend(orders.iter().map(|orders| format!("{orders} orders")));
    head.push("growth".to_owned());
    let cells = rows.iter().map(|row| {
        let mut cells = vec![row.what.clone()];
        cells.extend(row.millis.iter().map(|millis| time(*millis)));
        cells.push(row.growth().map_or_else(none, |growth| format!("{growth:.2}")));
        cells
    });
    table(&head, &cells.collect::<Vec<_>>(), 1)
}

/// A row for every kind of fault: how often it struck, and what the clients waited, in milliseconds.
pub fn recovered(rows: &[(&str, u64, Figures, Figures)]) -> String {
    let head = ["fault", "times", "first p50", "first max", "all p50", "all max"].map(str::to_owned);
    let cells = rows.iter().map(|(what, count, first, all)| {
        let mut cells = vec![(*what).to_owned(), count.to_string()];
        cells.extend([first.p50, first.max, all.p50, all.max].map(|millis| format!("{millis:.0}")));
        cells
    });
    table(&head, &cells.collect::<Vec<_>>(), 1)
}

/// Cells in columns; from the `numbers`th column on they are aligned to the right.
fn table(head: &[String], rows: &[Vec<String>], numbers: usize) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).chain(head.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0).max(3)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if column < numbers { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        format!("| {} |\n", padded.collect::<Vec<_>>().join(" | "))
    };
    let rule: Vec<String> = widths
        .iter()
        .enumerate()
        .map(
            |(column, width)| {
                if column < numbers { "-".repeat(*width) } else { format!("{}:", "-".repeat(width - 1)) }
            },
        )
        .collect();
    let mut text = line(head) + &line(&rule);
    rows.iter().for_each(|row| text.push_str(&line(row)));
    text
}

fn rate(rate: f64, ran_out: bool) -> String {
    format!("{rate:.0}{}", if ran_out { "\\*" } else { "" })
}

fn time(millis: f64) -> String {
    match millis {
        ..0.1 => format!("{millis:.3}"),
        ..10.0 => format!("{millis:.2}"),
        _ => format!("{millis:.1}"),
    }
}

fn none() -> String {
    "–".to_owned()
}
