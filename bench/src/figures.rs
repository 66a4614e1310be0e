//! Figures of one measurement, and medians of several.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::Result;

/// The longest time that is told apart; longer ones count as this.
const LONGEST: Duration = Duration::from_secs(120);

/// Times, counted.
pub struct Times(Histogram<u64>);

impl Times {
    /// No times yet.
    ///
    /// # Errors
    /// When the bounds are not usable, which would be a defect.
    pub fn new() -> Result<Times> {
        Ok(Times(Histogram::new_with_bounds(1, micros(LONGEST), 3)?))
    }

    /// Counts one.
    pub fn add(&mut self, time: Duration) {
        self.0.saturating_record(micros(time));
    }

    /// The time that this share (0 to 1) of all did not exceed, in milliseconds.
    fn quantile(&self, share: f64) -> f64 {
        millis(self.0.value_at_quantile(share))
    }
}

/// What one measurement gave.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// Answers, or transactions, a second.
    pub rate: f64,
    /// Median time of one, in milliseconds.
    pub p50: f64,
    /// Time that 95% did not exceed, in milliseconds.
    pub p95: f64,
    /// Time that 99% did not exceed, in milliseconds.
    pub p99: f64,
    /// The longest, in milliseconds.
    pub max: f64,
    /// Answers that were not as they should be, and broken connections.
    pub errors: u64,
    /// The drafts ran out before the time was over: the rate is that of the time while they lasted.
    pub ran_out: bool,
}

impl Figures {
    /// From so many answers in that time.
    pub fn new(answers: u64, time: Duration, times: &Times) -> Figures {
        let seconds = time.as_secs_f64().max(1e-6);
        Figures {
            rate: as_f64(answers) / seconds,
            p50: times.quantile(0.50),
            p95: times.quantile(0.95),
            p99: times.quantile(0.99),
            max: times.quantile(1.0),
            errors: 0,
            ran_out: false,
        }
    }

    /// The medians of several measurements; of the longest time the longest, and of errors the sum, since neither may
    /// hide behind better rounds.
    pub fn median(rounds: &[Figures]) -> Figures {
        Figures {
            rate: median(rounds, |figures| figures.rate),
            p50: median(rounds, |figures| figures.p50),
            p95: median(rounds, |figures| figures.p95),
            p99: median(rounds, |figures| figures.p99),
            max: rounds.iter().map(|figures| figures.max).fold(0.0, f64::max),
            errors: rounds.iter().map(|figures| figures.errors).sum(),
            ran_out: rounds.iter().any(|figures| figures.ran_out),
        }
    }
}

fn median(rounds: &[Figures], value: impl Fn(&Figures) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    let (lower, upper) = (values.len().saturating_sub(1) / 2, values.len() / 2);
    match (values.get(lower), values.get(upper)) {
        (Some(lower), Some(upper)) => f64::midpoint(*lower, *upper),
        _ => 0.0,
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn millis(micros: u64) -> f64 {
    as_f64(micros) / 1e3
}

/// Counts of one measurement, and its microseconds, fit 32 bits.
fn as_f64(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(rate: f64, max: f64, errors: u64) -> Figures {
        Figures { rate, max, errors, ..Figures::default() }
    }

    #[test]
    fn the_median_is_the_middle_and_hides_neither_errors_nor_the_longest_time() {
        let all = Figures::median(&[round(10.0, 9.0, 0), round(30.0, 1.0, 2), round(20.0, 2.0, 1)]);
        assert_eq!((all.rate, all.max, all.errors), (20.0, 9.0, 3));
        assert_eq!(Figures::median(&[round(10.0, 0.0, 0), round(20.0, 0.0, 0)]).rate, 15.0);
    }

    #[test]
    fn times_are_told_in_milliseconds() {
        let mut times = Times::new().unwrap();
        (1..=100).for_each(|ms| times.add(Duration::from_millis(ms)));
        let figures = Figures::new(100, Duration::from_secs(2), &times);
        assert_eq!(figures.rate, 50.0);
        assert!((figures.p50 - 50.0).abs() < 0.1 && (figures.p99 - 99.0).abs() < 0.1, "{figures:?}");
        assert!((figures.max - 100.0).abs() < 0.1, "{figures:?}");
    }
}
