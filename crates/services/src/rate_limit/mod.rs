//! Rate limits that hold over all processes together.
//!
//! What is left of each caller's rate is one row of the database. A process takes a tenth of a second's worth from it
//! at a time and answers requests from what it took, asking for more before that is gone: so the counting is shared,
//! and a request waits for the database only where a caller has nothing left here. Without limits none of this is
//! there.

mod bucket;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use platform::http::Network;
use platform::pg::{Database, PgError};
use quick_cache::sync::Cache;

use crate::store::rate_leases;
use bucket::{Bucket, Taken};

/// How many callers, and how many addresses, a process remembers. Who is forgotten loses what was taken for it.
const REMEMBERED: usize = 50_000;
/// A lease is worth this much time.
const LEASE_TIME: Duration = Duration::from_millis(100);
/// So many leases apart, rows of those who have not asked for long are removed.
const SWEEP_EVERY: u64 = 1_000;

/// How many requests one caller may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// On average.
    pub per_minute: NonZeroU32,
    /// At once, after a pause.
    pub burst: NonZeroU32,
}

/// The limits in force.
#[derive(Debug, Clone, Default)]
pub struct RateLimits {
    /// For each caller with a valid token, wherever it calls from.
    pub caller: Option<Limit>,
    /// For the requests without a valid token of each address; an IPv6 network of 64 bits counts as one address.
    pub address: Option<Limit>,
    /// What time it is.
    pub clock: Clock,
}

/// What time it is.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The database's clock, and this process's own for what is not shared.
    #[default]
    Real,
    /// A clock that is set from outside.
    Set(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// The time to tell the database; `None` lets it look at its own clock.
    fn told(&self) -> Option<Timestamp> {
        match self {
            Clock::Real => None,
            Clock::Set(time) => Some(*time.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    /// The time since `start`, or since 1970 for a clock that is set.
    fn since(&self, start: Instant) -> Duration {
        match self.told() {
            None => start.elapsed(),
            Some(time) => Duration::try_from(time.as_duration()).unwrap_or_default(),
        }
    }
}

/// Why a request is turned away.
#[derive(Debug)]
pub(crate) enum Turned {
    /// Too many requests; the next one may come after this time.
    Wait(Duration),
    /// It cannot be counted now.
    Uncounted(PgError),
}

/// Counts requests against the limits.
#[derive(Debug)]
pub(crate) struct Limiter {
    database: Database,
    caller: Option<Rate>,
    address: Option<Rate>,
    clock: Clock,
    start: Instant,
    leases: AtomicU64,
}

/// One limit, and what this process has taken of it for whom.
struct Rate {
    kind: &'static str,
    /// Between two requests at the even rate.
    every: Duration,
    burst: u32,
    /// The worth of a lease, in requests.
    block: u32,
    buckets: Cache<String, Arc<Bucket>>,
}

impl std::fmt::Debug for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct(self.kind)
            .field("every", &self.every)
            .field("burst", &self.burst)
            .finish_non_exhaustive()
    }
}

impl Rate {
    fn new(kind: &'static str, limit: Limit) -> Rate {
        let every = Duration::from_secs(60) / limit.per_minute.get();
        let burst = limit.burst.get();
        // Several processes take from the same burst.
        let most = (burst / 4).max(1);
        let block = LEASE_TIME.as_nanos() / every.as_nanos().max(1);
        let block = u32::try_from(block).unwrap_or(u32::MAX).clamp(1, most);
        Rate { kind, every, burst, block, buckets: Cache::new(REMEMBERED) }
    }

    fn bucket(&self, who: &str) -> Arc<Bucket> {
        if let Some(bucket) = self.buckets.get(who) {
            return bucket;
        }
        let new = || Ok::<_, std::convert::Infallible>(Arc::default());
        match self.buckets.get_or_insert_with(who, new) {
            Ok(bucket) => bucket,
        }
    }
}

impl Limiter {
    /// A limiter for these limits; `None` where there are none.
    pub(crate) fn new(database: &Database, limits: &RateLimits) -> Option<Arc<Limiter>> {
        limits.caller.or(limits.address)?;
        Some(Arc::new(Limiter {
            database: database.clone(),
            caller: limits.caller.map(|limit| Rate::new("caller", limit)),
            address: limits.address.map(|limit| Rate::new("address", limit)),
            clock: limits.clock.clone(),
            start: Instant::now(),
            leases: AtomicU64::new(0),
        }))
    }

    /// Counts a request of a known caller.
    pub(crate) async fn admit_caller(self: &Arc<Self>, subject: &str) -> Result<(), Turned> {
        self.admit(|limiter| limiter.caller.as_ref(), subject).await
    }

    /// Counts a request without a valid token.
    pub(crate) async fn admit_address(self: &Arc<Self>, ip: IpAddr) -> Result<(), Turned> {
        self.admit(|limiter| limiter.address.as_ref(), &Network::of(ip).to_string()).await
    }

    async fn admit(self: &Arc<Self>, which: fn(&Limiter) -> Option<&Rate>, who: &str) -> Result<(), Turned> {
        let Some(rate) = which(self) else { return Ok(()) };
        let bucket = rate.bucket(who);
        loop {
            match bucket.take(self.clock.since(self.start)) {
                Taken::One { left } => {
                    // Where a lease is one request, what one process held ahead another would miss.
                    if left > 0 && left <= rate.block / 2 && !bucket.is_leasing() {
                        let (limiter, who) = (Arc::clone(self), who.to_owned());
                        tokio::spawn(async move { limiter.lease_ahead(which, &who, &bucket).await });
                    }
                    return Ok(());
                }
                Taken::Wait(time) => return Err(Turned::Wait(time)),
                Taken::Nothing => {
                    let _leasing = bucket.leasing().await;
                    // Whoever leased before may have left enough, or found out that there is none.
                    if bucket.is_empty(self.clock.since(self.start)) {
                        self.lease(rate, who, &bucket).await.map_err(Turned::Uncounted)?;
                    }
                }
            }
        }
    }

    /// Takes a lease behind the requests, unless one is being taken.
    async fn lease_ahead(&self, which: fn(&Limiter) -> Option<&Rate>, who: &str, bucket: &Bucket) {
        let Some(rate) = which(self) else { return };
        let Some(_leasing) = bucket.try_leasing() else { return };
        if let Err(error) = self.lease(rate, who, bucket).await {
            tracing::debug!(%error, "a rate could not be leased ahead");
        }
    }

    async fn lease(&self, rate: &Rate, who: &str, bucket: &Bucket) -> Result<(), PgError> {
        let connection = self.database.get().await?;
        let key = format!("{}:{who}", rate.kind);
        let (terms, told) = ((rate.every, rate.burst), self.clock.told());
        let lease = rate_leases::lease(&connection, &key, rate.block, terms, told).await?;
        let now = self.clock.since(self.start);
        if lease.granted > 0 {
            bucket.add(lease.granted);
        } else {
            // The next request is earned when only burst − 1 are outstanding. Asking in every moment until then would
            // load the database, and asking each time that one is earned would too.
            let earned = lease.used_for.saturating_sub(rate.every * (rate.burst - 1));
            bucket.wait_until(now + earned.max(LEASE_TIME));
        }
        if self.leases.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            let removed = rate_leases::delete_idle(&connection, told).await?;
            tracing::debug!(removed, "idle callers' rates were forgotten");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_worth_a_tenth_of_a_second_and_at_most_a_quarter_of_the_burst() {
        let block = |per_minute, burst| {
            let new = |n| NonZeroU32::new(n).unwrap();
            Rate::new("caller", Limit { per_minute: new(per_minute), burst: new(burst) }).block
        };
        assert_eq!([block(60, 10), block(6_000, 100), block(60_000, 1_000)], [1, 10, 100]);
        assert_eq!([block(60_000, 40), block(60_000, 1)], [10, 1]);
    }
}
