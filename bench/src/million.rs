//! The large company that `sql/million.sql` makes, of so many orders.

use contract::Cursor;
use jiff::{SignedDuration, Timestamp};

use crate::Result;
use crate::program::Program;
use crate::server::Server;

/// Fills an empty database.
const MILLION: &str = include_str!("../sql/million.sql");
/// The time between two orders, in milliseconds.
const STEP: i64 = 7_776;
/// When the last order is drafted.
const LAST: &str = "2026-04-01T00:00:00Z";
/// How many days a million orders take.
const DAYS: i64 = 90;

/// A company by the number of its orders; at any number it has as many branches, items and levels.
#[derive(Debug, Clone, Copy)]
pub struct Million {
    /// How many orders there are; their ids count from 1.
    pub orders: i64,
}

impl Million {
    /// Makes it in a new database of that server.
    ///
    /// # Errors
    /// When a command of the program or the server refuses.
    pub async fn fill(self, program: &Program, server: &Server) -> Result<()> {
        program.migrate().await?;
        program.add_user().await?;
        let client = server.connect().await?;
        client.batch_execute(&format!("set bench.orders = {}", self.orders)).await?;
        client.batch_execute(MILLION).await?;
        Ok(client.batch_execute("vacuum (analyze)").await?)
    }

    /// The order in the middle, which like half of all has a reference of its own.
    pub fn middle_order(self) -> i64 {
        self.orders / 2 + 1
    }

    /// The moment after so many of the 90 parts of its life.
    pub fn at(self, part: i64) -> Timestamp {
        let life = self.orders.saturating_mul(STEP);
        let last: Timestamp = LAST.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        last - SignedDuration::from_millis(life - life / DAYS * part)
    }

    /// Where a page of a list by time begins that comes before the moment of such a part.
    pub fn before(self, part: i64) -> String {
        Cursor::at(self.at(part), i64::MAX).to_string()
    }

    /// The same before the stock was counted at the third branch, with which everything began.
    pub fn before_counting(self) -> String {
        let counted = self.at(0) - SignedDuration::from_hours(31 * 24) + SignedDuration::from_mins(3);
        Cursor::at(counted, i64::MAX).to_string()
    }

    /// The same before nearly all orders: those that a file brought in later are drafted earlier.
    pub fn before_orders(self) -> String {
        let early = self.at(0) - SignedDuration::from_hours(27 * 24);
        Cursor::at(early, i64::MAX).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_orders_begin_with_the_year() {
        let million = Million { orders: 1_000_000 };
        assert_eq!(million.at(0).to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(million.at(55).to_string(), "2026-02-25T00:00:00Z");
        assert_eq!(Million { orders: 10_000_000 }.at(90).to_string(), LAST);
    }
}
