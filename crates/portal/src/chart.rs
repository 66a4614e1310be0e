//! Charts of a value by day, drawn here as SVG: they need no script, follow the page's colours, and say their figures in
//! a table beside them.

use std::fmt::Write;

use domain::Quantity;
use jiff::civil::Date;

use crate::words::Words;

/// The drawing's width, in its own units; it is 180 high.
const WIDTH: f64 = 640.0;
/// Where the plot begins: left of it stand the values, below it the days.
const LEFT: f64 = 56.0;
const BOTTOM: f64 = 158.0;
const TOP: f64 = 10.0;

/// A chart of one value by day.
#[derive(Debug)]
pub(crate) struct Chart {
    /// The line, or the bars, as an SVG path.
    pub path: String,
    /// Whether the path is a line, and not bars.
    pub is_line: bool,
    /// The values at the side: where, and in words.
    pub values: Vec<(String, String)>,
    /// The days below: where, and in words.
    pub days: Vec<(String, String)>,
    /// Each day with its value, in words, the newest first.
    pub table: Vec<(String, String)>,
}

impl Chart {
    /// A line through what was at the end of each day.
    pub(crate) fn line(words: &Words, days: &[(Date, Quantity)]) -> Option<Chart> {
        Chart::draw(words, days, true)
    }

    /// A bar for each day.
    pub(crate) fn bars(words: &Words, days: &[(Date, Quantity)]) -> Option<Chart> {
        Chart::draw(words, days, false)
    }

    fn draw(words: &Words, days: &[(Date, Quantity)], is_line: bool) -> Option<Chart> {
        let (first, last) = (days.first()?, days.last()?);
        let thousandths = |(_, quantity): &(Date, Quantity)| quantity.thousandths();
        let most = round_up(days.iter().map(thousandths).max()?.max(1_000));
        let least = -round_up(-days.iter().map(thousandths).min()?.min(0));
        let height = |value: i64| {
            BOTTOM - (BOTTOM - TOP) * as_f64(value.saturating_sub(least)) / as_f64((most - least).max(1))
        };
        let step = (WIDTH - LEFT) / as_f64(i64::try_from(days.len()).ok()?);
        let mut path = String::new();
        let zero = height(0);
        for ((_, quantity), x) in days.iter().zip((0..).map(|n| LEFT + step * f64::from(n))) {
            let y = height(quantity.thousandths());
            // Writing into memory cannot fail.
            let _ = if is_line {
                let command = if path.is_empty() { 'M' } else { 'L' };
                write!(path, "{command}{:.1} {y:.1}", x + step / 2.0)
            } else {
                write!(path, "M{:.1} {zero:.1}V{y:.1}h{:.1}V{zero:.1}z", x + step * 0.15, step * 0.7)
            };
        }
        let quantity = |value| Quantity::from_thousandths(value).unwrap_or(Quantity::ZERO);
        let mut values = vec![most, 0];
        if least < 0 {
            values.push(least);
        }
        let value = |value: i64| (format!("{:.1}", height(value)), words.quantity(&quantity(value)));
        let middle = &days[days.len() / 2];
        let day = |at: &(Date, Quantity), x: f64| (format!("{x:.0}"), words.day(at.0));
        Some(Chart {
            path,
            is_line,
            values: values.into_iter().map(value).collect(),
            days: vec![day(first, LEFT), day(middle, (LEFT + WIDTH) / 2.0), day(last, WIDTH)],
            table: days.iter().rev().map(|(day, value)| (words.day(*day), words.quantity(value))).collect(),
        })
    }
}

/// The next number that reads well at the side of a chart, in thousandths.
fn round_up(value: i64) -> i64 {
    let mut step: i64 = 1;
    loop {
        for times in [1, 2, 3, 4, 5, 6, 8] {
            if step.saturating_mul(times) >= value {
                return if value == 0 { 0 } else { step.saturating_mul(times) };
            }
        }
        step = step.saturating_mul(10);
    }
}

/// A drawing is not exact, and needs not be.
#[expect(clippy::cast_precision_loss, reason = "for a drawing")]
fn as_f64(value: i64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    #[test]
    fn the_side_of_a_chart_ends_with_a_round_number() {
        for (value, round) in [(0, 0), (1, 1), (7, 8), (8_001, 10_000), (20_000, 20_000), (20_001, 30_000)] {
            assert_eq!(round_up(value), round);
        }
    }

    #[test]
    fn a_chart_has_a_mark_for_every_day_and_says_its_figures() {
        let day = |day: i8, quantity: i32| (jiff::civil::date(2026, 7, day), Quantity::units(quantity));
        let words = Words(Language::English);
        let chart = Chart::bars(&words, &[day(1, 4), day(2, 0), day(3, 9)]).unwrap();
        assert_eq!(chart.path.matches('z').count(), 3);
        assert_eq!(chart.values[0].1, "10");
        assert_eq!(chart.table[0], ("3 Jul 2026".to_owned(), "9".to_owned()));
        assert!(Chart::line(&words, &[]).is_none());
        let below = Chart::line(&words, &[day(1, -3), day(2, 4)]).unwrap();
        assert_eq!(below.values[2].1, "−3");
    }
}
