//! `services_branches`.

use contract::BranchOut;
use domain::BranchId;
use platform::pg::{PgError, Queries, Row};
use platform::statement;

use crate::page::Page;

/// A branch and the version its ETag shows.
#[derive(Debug, Clone)]
pub(crate) struct BranchRow {
    pub branch: BranchOut,
    pub version: i64,
}

/// The columns that a write sets.
#[derive(Debug, Clone)]
pub(crate) struct BranchValues {
    pub code: String,
    pub name: String,
    pub location: String,
    pub timezone: String,
    pub active: bool,
}

statement! {
    /// One branch.
    GET: "services" = "
        select id, code, name, location, timezone, active, created_at, version
        from services_branches
        where id = $1";
    /// One branch, locked for a change.
    LOCK: "services" = "
        select id, code, name, location, timezone, active, created_at, version
        from services_branches
        where id = $1
        for update";
    /// A page of the branches that the caller sees.
    LIST: "services" = "
        select id, code, name, location, timezone, active, created_at, version
        from services_branches
        where id > $1
          and ($2::bigint[] is null or id = any($2))
        order by id
        limit $3";
    /// A new branch.
    INSERT: "services" = "
        insert into services_branches (code, name, location, timezone, active)
        values ($1, $2, $3, $4, $5)
        returning id, code, name, location, timezone, active, created_at, version";
    /// A changed branch.
    UPDATE: "services" = "
        update services_branches
        set code = $2, name = $3, location = $4, timezone = $5, active = $6,
            version = version + 1, updated_at = now()
        where id = $1
        returning id, code, name, location, timezone, active, created_at, version";
    /// Removes a branch that nothing refers to.
    DELETE: "services" = "delete from services_branches where id = $1";
    /// The codes that begin alike, to make another one.
    CODES_LIKE: "services" = "
        select code from services_branches where code = $1 or starts_with(code, $1 || '-')";
    /// Whether branches are active.
    ACTIVE: "services" = "select id, active from services_branches where id = any($1)";
    /// Every branch, locked for a change that leaves their ids alone.
    LOCK_ALL: "services" = "
        select id, code, name, location, timezone, active, created_at, version
        from services_branches
        order by id
        for no key update";
    /// What people call every branch.
    NAMES: "services" = "select id, name, code, active, timezone from services_branches";
    /// Whether the server knows time zones.
    KNOWN_ZONES: "services" = "
        select u.zone from unnest($1::text[]) u(zone) where services_zone(u.zone) = u.zone";
    /// Every branch's time zone, and whether the server knows it.
    ZONES: "services" = "
        select b.id, b.timezone, z.known
        from services_branches b
        join (
            select d.timezone, services_zone(d.timezone) = d.timezone as known
            from (select distinct timezone from services_branches) d) z on z.timezone = b.timezone
        order by b.id";
    /// Branches by what people call them, for files.
    BY_NAME_OR_CODE: "services" = "
        select id, name, code, active, timezone
        from services_branches
        where services_fold(name) = any(array(select services_fold(u.name) from unnest($1::text[]) u(name)))
           or code = any($2)";
}

fn row(row: &Row) -> BranchRow {
    BranchRow {
        branch: BranchOut {
            id: row.get(0),
            code: row.get(1),
            name: row.get(2),
            location: row.get(3),
            timezone: row.get(4),
            active: row.get(5),
            created_at: row.get(6),
            remaining: None,
        },
        version: row.get(7),
    }
}

pub(crate) async fn get(conn: &Queries, id: BranchId) -> Result<Option<BranchRow>, PgError> {
    Ok(conn.query_opt(&GET, &[&id.0]).await?.as_ref().map(row))
}

pub(crate) async fn lock(conn: &Queries, id: BranchId) -> Result<Option<BranchRow>, PgError> {
    Ok(conn.query_opt(&LOCK, &[&id.0]).await?.as_ref().map(row))
}

pub(crate) async fn list(
    conn: &Queries,
    visible: Option<&[i64]>,
    page: Page,
) -> Result<Vec<BranchOut>, PgError> {
    let rows = conn.query(&LIST, &[&page.after(0).first, &visible, &page.rows()]).await?;
    Ok(rows.iter().map(|r| row(r).branch).collect())
}

pub(crate) async fn insert(conn: &Queries, values: &BranchValues) -> Result<BranchRow, PgError> {
    let BranchValues { code, name, location, timezone, active } = values;
    Ok(row(&conn.query_one(&INSERT, &[code, name, location, timezone, active]).await?))
}

pub(crate) async fn update(
    conn: &Queries,
    id: BranchId,
    values: &BranchValues,
) -> Result<BranchRow, PgError> {
    let BranchValues { code, name, location, timezone, active } = values;
    Ok(row(&conn.query_one(&UPDATE, &[&id.0, code, name, location, timezone, active]).await?))
}

pub(crate) async fn delete(conn: &Queries, id: BranchId) -> Result<u64, PgError> {
    conn.execute(&DELETE, &[&id.0]).await
}

/// The codes `stem` and `stem-…` that are taken.
pub(crate) async fn codes_like(conn: &Queries, stem: &str) -> Result<Vec<String>, PgError> {
    Ok(conn.query(&CODES_LIKE, &[&stem]).await?.iter().map(|r| r.get(0)).collect())
}

/// Whether each of the branches that exist is active.
pub(crate) async fn active(conn: &Queries, ids: &[i64]) -> Result<Vec<(BranchId, bool)>, PgError> {
    Ok(conn.query(&ACTIVE, &[&ids]).await?.iter().map(|r| (BranchId(r.get(0)), r.get(1))).collect())
}

/// Every branch, locked.
pub(crate) async fn lock_all(conn: &Queries) -> Result<Vec<BranchRow>, PgError> {
    Ok(conn.query(&LOCK_ALL, &[]).await?.iter().map(row).collect())
}

/// A branch as files name it.
#[derive(Debug, Clone)]
pub(crate) struct BranchName {
    pub id: BranchId,
    pub name: String,
    pub code: String,
    pub active: bool,
    pub timezone: String,
}

/// The branches whose name, whatever its case, or whose code is among those given.
pub(crate) async fn by_name_or_code(
    conn: &Queries,
    names: &[String],
    codes: &[String],
) -> Result<Vec<BranchName>, PgError> {
    Ok(conn.query(&BY_NAME_OR_CODE, &[&names, &codes]).await?.iter().map(name_row).collect())
}

/// What every branch is called.
pub(crate) async fn names(conn: &Queries) -> Result<Vec<BranchName>, PgError> {
    Ok(conn.query(&NAMES, &[]).await?.iter().map(name_row).collect())
}

fn name_row(row: &Row) -> BranchName {
    BranchName {
        id: BranchId(row.get(0)),
        name: row.get(1),
        code: row.get(2),
        active: row.get(3),
        timezone: row.get(4),
    }
}

/// Whether the server knows a time zone.
pub(crate) async fn knows_zone(conn: &Queries, zone: &str) -> Result<bool, PgError> {
    Ok(!conn.query(&KNOWN_ZONES, &[&[zone].as_slice()]).await?.is_empty())
}

/// Every branch's time zone, and whether the server knows it.
pub(crate) async fn zones(conn: &Queries) -> Result<Vec<(BranchId, String, bool)>, PgError> {
    let zone = |row: &Row| (BranchId(row.get(0)), row.get(1), row.get(2));
    Ok(conn.query(&ZONES, &[]).await?.iter().map(zone).collect())
}
