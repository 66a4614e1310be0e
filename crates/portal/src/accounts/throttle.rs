//! Guesses are few: of passwords, and of codes of the second factor, over all portals of the company.
//!
//! A guess is counted before it is checked, under a lock of what it counts against, so that however many come at once
//! no more are checked than may be. One that was right is taken back. Nobody is made to wait here: who comes too early is
//! told when to come back.

use std::net::IpAddr;
use std::time::Duration;

use platform::pg::{Database, PgError, Transaction};
use platform::statement;
use sha2::{Digest, Sha256};

statement! {
    /// Lets one guess of a bucket be counted at a time.
    LOCK: "portal" = "select pg_advisory_xact_lock($1)";
    /// How many guesses of a bucket there are, and for how many seconds the newest and the oldest.
    COUNT: "portal" = "
        select count(*),
               coalesce(extract(epoch from clock_timestamp() - max(at)), 0)::float8,
               coalesce(extract(epoch from clock_timestamp() - min(at)), 0)::float8
        from portal_guesses
        where bucket = $1 and at > clock_timestamp() - interval '15 minutes'";
    /// Counts a guess.
    INSERT: "portal" = "insert into portal_guesses (bucket) values ($1) returning id";
    /// Takes back what was counted.
    DELETE: "portal" = "delete from portal_guesses where id = any($1)";
    /// Forgets guesses that count no longer.
    PURGE: "portal" = "delete from portal_guesses where at < now() - interval '15 minutes'";
}

/// As in the statements above.
const WINDOW: Duration = Duration::from_secs(900);

/// How many guesses are checked in [`WINDOW`], and how many of them without a wait in between.
struct Limit {
    most: u32,
    at_once: u32,
}

/// Of one account, from devices that are not known to it together, or from one that is.
const ACCOUNT: Limit = Limit { most: 10, at_once: 3 };
/// Of one address, for all accounts together: behind it may be a whole shop.
const ADDRESS: Limit = Limit { most: 100, at_once: 100 };

impl Limit {
    /// How long to wait before the next guess, after `count` of which the newest and the oldest are that old.
    fn wait(&self, count: u32, newest: Duration, oldest: Duration) -> Duration {
        let until = if count >= self.most {
            WINDOW.saturating_sub(oldest)
        } else if count >= self.at_once {
            // 2 s, 4 s, 8 s … between guesses: nothing to who mistypes, hours to who tries a list.
            Duration::from_secs(2 << (count - self.at_once).min(10)).saturating_sub(newest)
        } else {
            Duration::ZERO
        };
        // Clocks may step; nobody waits for longer than it takes to begin anew.
        until.min(WINDOW)
    }
}

/// Who guesses, at what, from where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guesser<'a> {
    /// The name that is tried, whether or not anybody has it.
    pub username: &'a str,
    /// The id of the browser, where it is known to the account.
    pub device: Option<&'a str>,
    /// Where the request is from.
    pub ip: IpAddr,
}

/// A guess that may be checked.
#[derive(Debug)]
#[must_use]
pub(crate) struct Guess(Vec<i64>);

impl Guesser<'_> {
    /// Counts a guess, or says how long to wait for the next.
    pub(crate) async fn count(&self, database: &Database) -> Result<Result<Guess, Duration>, PgError> {
        let username = self.username.to_lowercase();
        let transaction = database.begin().await?;
        let mut ids = Vec::with_capacity(2);
        // Always the address first, so that no two wait for each other.
        let buckets = match self.device {
            Some(device) => vec![(bucket(&["device", device, &username]), ACCOUNT)],
            None => vec![
                (bucket(&["address", &network(self.ip)]), ADDRESS),
                (bucket(&["account", &username]), ACCOUNT),
            ],
        };
        for (bucket, limit) in buckets {
            match count(&transaction, &bucket, &limit).await? {
                Ok(id) => ids.push(id),
                Err(wait) => {
                    transaction.rollback().await?;
                    return Ok(Err(wait));
                }
            }
        }
        transaction.commit().await?;
        Ok(Ok(Guess(ids)))
    }
}

impl Guess {
    /// It was right, and does not count.
    pub(crate) async fn was_right(self, database: &Database) -> Result<(), PgError> {
        database.get().await?.execute(&DELETE, &[&self.0]).await?;
        Ok(())
    }
}

async fn count(
    transaction: &Transaction,
    bucket: &[u8],
    limit: &Limit,
) -> Result<Result<i64, Duration>, PgError> {
    let key = bucket.first_chunk().map_or(0, |first| i64::from_be_bytes(*first));
    transaction.query(&LOCK, &[&key]).await?;
    let row = transaction.query_one(&COUNT, &[&bucket]).await?;
    let count = u32::try_from(row.get::<_, i64>(0)).unwrap_or(u32::MAX);
    let age = |index: usize| Duration::try_from_secs_f64(row.get(index)).unwrap_or_default();
    match limit.wait(count, age(1), age(2)) {
        Duration::ZERO => Ok(Ok(transaction.query_one(&INSERT, &[&bucket]).await?.get(0))),
        wait => Ok(Err(wait)),
    }
}

/// Forgets guesses that count no longer.
pub(crate) async fn purge(database: &Database) -> Result<u64, PgError> {
    database.get().await?.execute(&PURGE, &[]).await
}

/// One household or shop has one IPv4 address, or a /64 of IPv6.
fn network(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

fn bucket(parts: &[&str]) -> Vec<u8> {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    digest.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_first_guesses_are_free_and_the_waits_between_the_next_ones_grow() {
        for count in 0..3 {
            assert_eq!(ACCOUNT.wait(count, Duration::ZERO, Duration::ZERO), Duration::ZERO);
        }
        let waits: Vec<u64> =
            (3..10).map(|count| ACCOUNT.wait(count, Duration::ZERO, SECOND).as_secs()).collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128]);
        assert_eq!(ACCOUNT.wait(4, SECOND, SECOND), 3 * SECOND);
        assert_eq!(ACCOUNT.wait(4, 5 * SECOND, 5 * SECOND), Duration::ZERO);
    }

    #[test]
    fn after_the_last_one_the_wait_is_until_the_first_counts_no_longer() {
        assert_eq!(ACCOUNT.wait(10, 300 * SECOND, 400 * SECOND), 500 * SECOND);
        assert_eq!(ACCOUNT.wait(10, Duration::ZERO, Duration::ZERO), WINDOW);
        assert_eq!(ADDRESS.wait(99, Duration::ZERO, SECOND), Duration::ZERO);
        assert_eq!(ADDRESS.wait(100, Duration::ZERO, 100 * SECOND), 800 * SECOND);
    }

    #[test]
    fn addresses_of_one_network_count_together() {
        let network = |ip: &str| network(ip.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }
}
