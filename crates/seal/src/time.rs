//! Times as PostgreSQL keeps them.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Microseconds from 1970 to 2000, where PostgreSQL begins to count.
const EPOCH: i64 = 946_684_800_000_000;

/// The first microsecond of the year 0, from 1970: years have four digits.
const YEAR_0: i64 = -62_167_219_200_000_000;

/// A time: microseconds since 2000-01-01 00:00 UTC, also those that no calendar has, such as infinity.
///
/// It is written `2026-11-23T10:00:00.000000Z`, always with six digits; beyond the years 0 to 9999 `infinity`,
/// `-infinity` or `micros:` and the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Time(pub i64);

impl Time {
    /// The time, where the calendar has it.
    pub fn timestamp(self) -> Option<Timestamp> {
        let micros = self.0.checked_add(EPOCH).filter(|micros| *micros >= YEAR_0)?;
        Timestamp::from_microsecond(micros).ok()
    }
}

impl From<Timestamp> for Time {
    fn from(timestamp: Timestamp) -> Time {
        Time(timestamp.as_microsecond().saturating_sub(EPOCH))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.timestamp(), self.0) {
            (Some(timestamp), _) => write!(f, "{timestamp:.6}"),
            (None, i64::MAX) => f.write_str("infinity"),
            (None, i64::MIN) => f.write_str("-infinity"),
            (None, micros) => write!(f, "micros:{micros}"),
        }
    }
}

impl From<Time> for String {
    fn from(time: Time) -> String {
        time.to_string()
    }
}

impl TryFrom<String> for Time {
    type Error = String;

    fn try_from(text: String) -> Result<Time, String> {
        let time = match text.as_str() {
            "infinity" => Some(Time(i64::MAX)),
            "-infinity" => Some(Time(i64::MIN)),
            _ => match text.strip_prefix("micros:") {
                Some(micros) => micros.parse().ok().map(Time),
                None => text.parse::<Timestamp>().ok().map(Time::from),
            },
        };
        // One time has one text: what is signed is the text.
        time.filter(|time| time.to_string() == text)
            .ok_or_else(|| format!("{text:?} is no time as in 2026-11-23T10:00:00.000000Z"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_has_one_text_and_comes_back_from_it() {
        let now: Timestamp = "2026-11-23T10:00:00.5Z".parse().unwrap();
        assert_eq!(Time::from(now).to_string(), "2026-11-23T10:00:00.500000Z");
        assert_eq!(Time(0).to_string(), "2000-01-01T00:00:00.000000Z");
        for micros in
            [0, -1, 1, 999_999, i64::MAX, i64::MIN, i64::MAX - 1, i64::MIN + 1, 253_000_000_000_000_000]
        {
            let time = Time(micros);
            assert_eq!(Time::try_from(time.to_string()), Ok(time));
        }
        for wrong in ["", "2026-11-23T10:00:00Z", "2026-11-23T11:00:00.000000+01:00", "micros:0", "micros:x"]
        {
            assert!(Time::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
