//! Time zones by their names in the IANA database, and the days of their calendars.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// PostgreSQL knows no times of before 4713 BC; nothing here is older than this.
pub const OLDEST: Timestamp = Timestamp::constant(-62_135_596_800, 0);

/// Files of a machine's time zone folder that are not zones that a place is in.
const NO_PLACES: [&str; 3] = ["localtime", "posixrules", "Factory"];
/// Folders of it that have every zone once more.
const COPIES: [&str; 2] = ["posix/", "right/"];

/// What this program itself brings along, for names that the machine's folder does not have.
static BUNDLED: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone of that name, whatever its case; none where the name is not one of the IANA database, such as `Etc/Unknown`,
/// which browsers give when they know none.
pub fn named(name: &str) -> Option<TimeZone> {
    let is_copy = COPIES
        .iter()
        .any(|folder| name.get(..folder.len()).is_some_and(|start| start.eq_ignore_ascii_case(folder)));
    if is_copy || NO_PLACES.iter().any(|file| file.eq_ignore_ascii_case(name)) {
        return None;
    }
    let zone = TimeZone::get(name).or_else(|_| BUNDLED.get(name)).ok()?;
    zone.iana_name().is_some().then_some(zone)
}

/// The same, as the IANA database spells it.
pub fn spelled(name: &str) -> Option<String> {
    named(name)?.iana_name().map(str::to_owned)
}

/// The names to choose from.
pub fn names() -> Vec<String> {
    let known = jiff::tz::db().available().map(|name| name.to_string());
    known.filter(|name| spelled(name).is_some()).collect()
}

/// The zone of that name; UTC where there is none.
pub fn or_utc(name: &str) -> TimeZone {
    named(name).unwrap_or(TimeZone::UTC)
}

/// When a day begins in a zone: at midnight, or where clocks skip that, at the first moment after it. A day that a zone
/// skipped begins with the day after it. Days before our era all begin together.
pub fn begin(day: Date, zone: &TimeZone) -> Timestamp {
    match day.to_zoned(zone.clone()) {
        Ok(zoned) => zoned.timestamp().max(OLDEST),
        // Only days at the very ends of the calendar are no moments.
        Err(_) if day.year() < 0 => OLDEST,
        Err(_) => Timestamp::MAX,
    }
}

/// When a day ends in a zone: the first moment that no longer belongs to it.
pub fn end(day: Date, zone: &TimeZone) -> Timestamp {
    day.tomorrow().map_or(Timestamp::MAX, |next| begin(next, zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(day: &str, zone: &str) -> (String, String) {
        let (day, zone) = (day.parse().unwrap(), named(zone).unwrap());
        (begin(day, &zone).to_string(), end(day, &zone).to_string())
    }

    #[test]
    fn names_that_are_no_zone_of_a_place_are_refused_whatever_their_case() {
        for name in ["Etc/Unknown", "etc/unknown", "localtime", "posixrules", "Factory", "FACTORY"] {
            assert_eq!(spelled(name), None, "{name}");
        }
        for name in [
            "posix/Europe/Berlin",
            "right/UTC",
            "Posix/UTC",
            "",
            " ",
            "CEST",
            "+02:00",
            "Mars/Base",
            "../UTC",
        ] {
            assert_eq!(spelled(name), None, "{name}");
        }
        assert!(names().iter().all(|name| named(name).is_some()));
        assert!(!names().iter().any(|name| name == "Factory"));
    }

    #[test]
    fn names_are_spelled_as_the_database_has_them() {
        for (name, spelling) in
            [("europe/berlin", "Europe/Berlin"), ("utc", "UTC"), ("Asia/Kolkata", "Asia/Kolkata")]
        {
            assert_eq!(spelled(name).as_deref(), Some(spelling));
        }
    }

    #[test]
    fn days_are_23_to_25_hours_long_where_clocks_change_and_none_where_the_zone_skipped_them() {
        let cases = [
            ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
            ("2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
            // Midnight does not exist that day, or exists twice.
            ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"),
            ("2026-11-01", "America/Havana", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"),
            ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"),
        ];
        for (day, zone, from, to) in cases {
            assert_eq!(bounds(day, zone), (from.to_owned(), to.to_owned()), "{day} {zone}");
        }
    }

    #[test]
    fn the_first_and_last_days_of_the_calendar_have_bounds() {
        for zone in ["Pacific/Kiritimati", "Etc/GMT+12", "UTC"] {
            let zone = named(zone).unwrap();
            assert!(begin(Date::MIN, &zone) <= end(Date::MIN, &zone));
            assert!(begin(Date::MAX, &zone) <= end(Date::MAX, &zone));
        }
    }
}
