//! Guesses are few: of passwords, and of codes of the second factor, over all portals of the company.
//!
//! A guess is counted before it is checked, under a lock of what it counts against, so that however many come at once
//! no more are checked than may be. One that was right is taken back. Nobody is made to wait here: who comes too early is
//! told when to come back.

use std::net::IpAddr;
use std::time::Duration;

use platform::http::Network;
use platform::pg::{Database, PgError};
use platform::statement;
use sha2::{Digest, Sha256};

use super::devices::Known;

statement! {
    /// Lets one guess of each of some buckets be counted at a time. Who comes with several comes in their order, so that no
    /// two wait for each other.
    LOCK: "portal" = "select pg_advisory_xact_lock(key) from unnest($1::bigint[]) key";
    /// How many guesses of each bucket there are, and for how many seconds the newest and the oldest.
    COUNT: "portal" = "
        select count(g.id),
               coalesce(extract(epoch from clock_timestamp() - max(g.at)), 0)::float8,
               coalesce(extract(epoch from clock_timestamp() - min(g.at)), 0)::float8
        from unnest($1::bytea[]) with ordinality b(bucket, number)
        left join portal_guesses g on g.bucket = b.bucket and g.at > clock_timestamp() - interval '15 minutes'
        group by b.number
        order by b.number";
    /// Counts a guess in each.
    INSERT: "portal" = "
        insert into portal_guesses (bucket)
        select b.bucket from unnest($1::bytea[]) with ordinality b(bucket, number) order by b.number
        returning id";
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

/// Of one account: from all networks that are not known to it together, from one that is, or from a device that is.
const ACCOUNT: Limit = Limit { most: 10, at_once: 3 };
/// Of one address, for all accounts together: behind it may be a whole shop.
const ADDRESS: Limit = Limit { most: 100, at_once: 100 };
/// Of a /56 of IPv6, and of a /48: what a provider gives to one customer, who has up to 65,536 addresses that count.
const AROUND: [Limit; 2] = [Limit { most: 200, at_once: 200 }, Limit { most: 400, at_once: 400 }];

impl Limit {
    /// How long to wait before the next guess, after `count` of which the newest and the oldest are that old.
    fn wait(&self, count: u32, newest: Duration, oldest: Duration) -> Duration {
        let until = if count >= self.most {
            WINDOW.saturating_sub(oldest)
        } else if count >= self.at_once {
            // 2 s, 4 s, 8 s … between guesses: a few typing errors cost nothing, trying a list of passwords takes hours.
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
    /// How the guesser is known to the account.
    pub known: Known<'a>,
    /// Where the request is from.
    pub ip: IpAddr,
}

/// A guess that may be checked.
#[derive(Debug)]
#[must_use]
pub(crate) struct Guess {
    of_addresses: Vec<i64>,
    of_account: Vec<i64>,
}

impl Guesser<'_> {
    /// Counts a guess, or says how long to wait for the next.
    pub(crate) async fn count(&self, database: &Database) -> Result<Result<Guess, Duration>, PgError> {
        let (addresses, account) = self.buckets();
        let limits: Vec<&Limit> = addresses.iter().map(|(_, limit)| *limit).chain([&ACCOUNT]).collect();
        let of_addresses = addresses.len();
        let buckets: Vec<Vec<u8>> =
            addresses.into_iter().map(|(bucket, _)| bucket).chain([account]).collect();
        let mut keys: Vec<i64> = buckets.iter().map(|bucket| lock_key(bucket)).collect();
        keys.sort_unstable();
        let transaction = database.begin().await?;
        transaction.query(&LOCK, &[&keys]).await?;
        let counts = transaction.query(&COUNT, &[&buckets]).await?;
        for (row, limit) in counts.iter().zip(limits) {
            let count = u32::try_from(row.get::<_, i64>(0)).unwrap_or(u32::MAX);
            let age = |index: usize| Duration::try_from_secs_f64(row.get(index)).unwrap_or_default();
            let wait = limit.wait(count, age(1), age(2));
            if !wait.is_zero() {
                transaction.rollback().await?;
                return Ok(Err(wait));
            }
        }
        let rows = transaction.query(&INSERT, &[&buckets]).await?;
        let mut of_account: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        transaction.commit().await?;
        let of_addresses = of_account.drain(..of_addresses.min(of_account.len())).collect();
        Ok(Ok(Guess { of_addresses, of_account }))
    }

    /// What a guess counts against: addresses, and the account.
    fn buckets(&self) -> (Vec<(Vec<u8>, &'static Limit)>, Vec<u8>) {
        let username = self.username.to_lowercase();
        if let Some(device) = self.known.device {
            return (Vec::new(), bucket(&["device", device, &username]));
        }
        let own = Network::of(self.ip);
        let around = Network::around(self.ip);
        let networks = [(own, &ADDRESS)].into_iter().chain(around.into_iter().zip(&AROUND));
        let addresses =
            networks.map(|(network, limit)| (bucket(&["address", &network.to_string()]), limit)).collect();
        let account = if self.known.network {
            bucket(&["network", &own.to_string(), &username])
        } else {
            bucket(&["account", &username])
        };
        (addresses, account)
    }
}

impl Guess {
    /// It was right, and does not count.
    pub(crate) async fn was_right(self, database: &Database) -> Result<(), PgError> {
        let ids = [self.of_addresses, self.of_account].concat();
        database.get().await?.execute(&DELETE, &[&ids]).await?;
        Ok(())
    }

    /// It was not checked, since its client has left. It tells nobody anything of the account, so it keeps nobody out of
    /// it; to the address it counts.
    pub(crate) async fn was_not_checked(self, database: &Database) -> Result<(), PgError> {
        database.get().await?.execute(&DELETE, &[&self.of_account]).await?;
        Ok(())
    }
}

fn lock_key(bucket: &[u8]) -> i64 {
    bucket.first_chunk().map_or(0, |first| i64::from_be_bytes(*first))
}

/// Forgets guesses that count no longer.
pub(crate) async fn purge(database: &Database) -> Result<u64, PgError> {
    database.get().await?.execute(&PURGE, &[]).await
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
    fn a_guess_from_ipv6_counts_against_the_larger_networks_too() {
        let buckets = |ip: &str| {
            let known = Known { device: None, network: false };
            let guesser = Guesser { username: "mia", known, ip: ip.parse().unwrap() };
            let (addresses, _) = guesser.buckets();
            addresses.into_iter().map(|(bucket, limit)| (bucket, limit.most)).collect::<Vec<_>>()
        };
        let (one, neighbour) = (buckets("2001:db8:1:2::1"), buckets("2001:db8:1:3::1"));
        assert_eq!(one.iter().map(|(_, most)| *most).collect::<Vec<_>>(), [100, 200, 400]);
        assert_ne!(one[0], neighbour[0]);
        assert_eq!(one[1..], neighbour[1..]);
        assert_eq!(buckets("192.0.2.1").len(), 1);
        assert_eq!(buckets("::ffff:192.0.2.1"), buckets("192.0.2.1"));
    }
}
