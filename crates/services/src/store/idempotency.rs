//! `services_idempotency_keys`, and the locks that tell whether the first request still runs.

use jiff::Timestamp;
use platform::pg::{PgError, Queries};
use platform::statement;

use crate::answer::Answer;
use crate::request::IdempotencyKey;

/// A first answer, and the request it answered.
#[derive(Debug, Clone)]
pub(crate) struct StoredAnswer {
    pub request_hash: Vec<u8>,
    pub answer: Answer,
}

/// A first answer to keep.
#[derive(Debug, Clone)]
pub(crate) struct AnswerWrite<'a> {
    pub key: &'a IdempotencyKey,
    pub answer: &'a Answer,
}

statement! {
    /// Tries to take the keys until the transaction ends; the answers are in the order of the keys.
    TRY_LOCK: "services" = "
        select pg_try_advisory_xact_lock(u.lock)
        from unnest($1::bigint[]) with ordinality u(lock, n)
        order by u.n";
    /// The answers that were given already.
    FIND: "services" = "
        select u.n, k.request_hash, k.status, k.headers, k.body, k.branch_id
        from unnest($1::text[], $2::text[]) with ordinality u(caller, key, n)
        join services_idempotency_keys k on k.caller = u.caller and k.key = u.key";
    /// Keeps first answers.
    INSERT: "services" = "
        insert into services_idempotency_keys (caller, key, request_hash, status, headers, body, branch_id)
        select u.caller, u.key, u.request_hash, u.status, u.headers::jsonb, u.body, u.branch_id
        from unnest($1::text[], $2::text[], $3::bytea[], $4::smallint[], $5::text[], $6::bytea[], $7::bigint[])
            u(caller, key, request_hash, status, headers, body, branch_id)";
    /// Forgets some of the answers given before a time.
    DELETE_BEFORE: "services" = "
        delete from services_idempotency_keys
        where (caller, key) in (
            select caller, key from services_idempotency_keys where created_at < $1 limit $2)";
}

/// Tries to take each key until the transaction ends; `false` where another transaction holds it.
pub(crate) async fn try_lock(conn: &Queries, keys: &[&IdempotencyKey]) -> Result<Vec<bool>, PgError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let locks: Vec<i64> = keys.iter().map(|key| key.lock_number()).collect();
    Ok(conn.query(&TRY_LOCK, &[&locks]).await?.iter().map(|row| row.get(0)).collect())
}

/// The stored answer of each key, in the order of the keys.
pub(crate) async fn find(
    conn: &Queries,
    keys: &[&IdempotencyKey],
) -> Result<Vec<Option<StoredAnswer>>, PgError> {
    let mut found = vec![None; keys.len()];
    if keys.is_empty() {
        return Ok(found);
    }
    let callers: Vec<&str> = keys.iter().map(|key| key.caller.as_str()).collect();
    let names: Vec<&str> = keys.iter().map(|key| key.key.as_str()).collect();
    for row in conn.query(&FIND, &[&callers, &names]).await? {
        let n: i64 = row.get(0);
        let status: i16 = row.get(2);
        let answer = Answer::from_stored(status, row.get(3), row.get(4), row.get(5));
        if let Some(slot) = usize::try_from(n - 1).ok().and_then(|index| found.get_mut(index)) {
            *slot = Some(StoredAnswer { request_hash: row.get(1), answer });
        }
    }
    Ok(found)
}

/// Keeps the answers.
pub(crate) async fn insert(conn: &Queries, writes: &[AnswerWrite<'_>]) -> Result<(), PgError> {
    if writes.is_empty() {
        return Ok(());
    }
    let callers: Vec<&str> = writes.iter().map(|w| w.key.caller.as_str()).collect();
    let keys: Vec<&str> = writes.iter().map(|w| w.key.key.as_str()).collect();
    let hashes: Vec<&[u8]> = writes.iter().map(|w| w.key.request_hash.as_slice()).collect();
    let statuses: Vec<i16> = writes.iter().map(|w| w.answer.stored_status()).collect();
    let headers: Vec<String> = writes.iter().map(|w| w.answer.stored_headers()).collect();
    let bodies: Vec<&[u8]> = writes.iter().map(|w| w.answer.body.as_ref()).collect();
    let branches: Vec<Option<i64>> = writes.iter().map(|w| w.answer.branch.map(|branch| branch.0)).collect();
    conn.execute(&INSERT, &[&callers, &keys, &hashes, &statuses, &headers, &bodies, &branches]).await?;
    Ok(())
}

/// Forgets at most `limit` answers given before `time`; says how many.
pub(crate) async fn delete_before(conn: &Queries, time: Timestamp, limit: i64) -> Result<u64, PgError> {
    conn.execute(&DELETE_BEFORE, &[&time, &limit]).await
}
