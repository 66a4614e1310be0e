//! `services_rate_leases`: what is left of a rate, shared by all processes.

use std::time::Duration;

use jiff::Timestamp;
use platform::pg::{PgError, Queries};
use platform::statement;

statement! {
    /// Takes up to $2 requests of a rate of one every $3 seconds and $4 at once. The time is the database's, which is
    /// the same for every process, unless $5 says another.
    LEASE: "services" = "
        insert into services_rate_leases as l (key, asked_at, used_until, granted)
        select $1, t.now, t.now + make_interval(secs => $3) * least($2::int, $4::int), least($2, $4)
        from (select coalesce($5::timestamptz, clock_timestamp()) as now) t
        on conflict (key) do update
        set (asked_at, used_until, granted) = (
            select excluded.asked_at, g.from_time + make_interval(secs => $3) * g.n, g.n
            from (select f.from_time,
                         greatest(0, least($2, floor($4 + 0.000001
                             - extract(epoch from f.from_time - excluded.asked_at)::float8 / $3)::int)) as n
                  from (select greatest(l.used_until, excluded.asked_at) as from_time) f) g)
        returning granted, extract(epoch from used_until - asked_at)::float8";
    /// Forgets those who have not asked for long: all of their rate is theirs again.
    DELETE_IDLE: "services" = "
        delete from services_rate_leases where key in (
            select key from services_rate_leases
            where asked_at < coalesce($1::timestamptz, clock_timestamp()) - interval '1 hour'
              and used_until < coalesce($1::timestamptz, clock_timestamp())
            limit 1000)";
}

/// What a lease gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lease {
    /// Requests that may be answered.
    pub granted: u32,
    /// How long until all that was taken so far would have been earned at the even rate.
    pub used_for: Duration,
}

/// Takes up to `wanted` requests for `key`.
pub(crate) async fn lease(
    conn: &Queries,
    key: &str,
    wanted: u32,
    (every, burst): (Duration, u32),
    now: Option<Timestamp>,
) -> Result<Lease, PgError> {
    let count = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let rows = conn.query(&LEASE, &[&key, &count(wanted), &every.as_secs_f64(), &count(burst), &now]).await?;
    let Some(row) = rows.first() else { return Ok(Lease { granted: 0, used_for: Duration::ZERO }) };
    Ok(Lease {
        granted: u32::try_from(row.get::<_, i32>(0)).unwrap_or(0),
        used_for: Duration::try_from_secs_f64(row.get(1)).unwrap_or(Duration::ZERO),
    })
}

/// Forgets some of those who have not asked for an hour.
pub(crate) async fn delete_idle(conn: &Queries, now: Option<Timestamp>) -> Result<u64, PgError> {
    conn.execute(&DELETE_IDLE, &[&now]).await
}
