//! Branches: the use cases.

use contract::{BranchIn, BranchOut, RemainingOut};
use deunicode::deunicode;
use domain::BranchId;
use identity::{BranchScope, Caller};
use platform::pg::{Database, PgError, Queries};
use policy::{Action, Denied, Resource};
use serde_json::json;

use crate::answer::Answer;
use crate::error::{Error, on_constraint};
use crate::page::Page;
use crate::request::{IfMatch, RequestContext, require_version};
use crate::scope::visible_ids;
use crate::services::Services;
use crate::store::audit::Fact;
use crate::store::branches::{self as store, BranchRow, BranchValues};
use crate::store::remaining;
use crate::valid::{Faults, invalid};
use crate::work::{Begun, Work};

/// A page of the branches that the caller sees.
pub(crate) async fn list(services: &Services, caller: &Caller, page: Page) -> Result<Vec<BranchOut>, Error> {
    let permit = services.authorize(caller, Action::ViewBranches, Resource::Company)?;
    let ids = visible_ids(&permit);
    Ok(store::list(&*services.database.get().await?, ids.as_deref(), page).await?)
}

/// One branch with its version.
pub(crate) async fn get(services: &Services, caller: &Caller, id: BranchId) -> Result<BranchRow, Error> {
    services.authorize(caller, Action::ViewBranches, Resource::Branch(id))?;
    store::get(&*services.database.get().await?, id).await?.ok_or(Error::NotFound)
}

/// Creates a branch.
pub(crate) async fn create(
    services: &Services,
    caller: &Caller,
    context: &RequestContext,
    input: &BranchIn,
) -> Result<Answer, Error> {
    services.authorize(caller, Action::ManageBranches, Resource::Company)?;
    let mut values = checked(input, None)?;
    let work = match Work::begin(services, caller, context, Action::ViewBranches).await? {
        Begun::Answered(answer) => return Ok(answer),
        Begun::Work(work) => work,
    };
    let created = async {
        require_known_zone(work.conn(), &values.timezone).await?;
        if values.code.is_empty() {
            let taken = store::codes_like(work.conn(), &code_stem(&values.name)).await?;
            values.code = free_code(&values.name, |code| taken.iter().any(|taken| taken == code));
        }
        let row = store::insert(work.conn(), &values).await;
        let row = row.map_err(|error| on_constraint(error, duplicates()))?;
        let fact = fact("branch.created", &row, json!({ "to": row.branch }));
        let location = format!("/v1/branches/{}", row.branch.id);
        Ok((fact, Answer::json(201, &row.branch).with_version(row.version).with_location(location)))
    };
    let created = created.await;
    match work.finish(created).await {
        Err(error) => Err(as_seen(services, caller, None, &values, error).await),
        created => created,
    }
}

/// Changes a branch.
pub(crate) async fn update(
    services: &Services,
    caller: &Caller,
    context: &RequestContext,
    id: BranchId,
    if_match: Option<&IfMatch>,
    input: &BranchIn,
) -> Result<Answer, Error> {
    services.authorize(caller, Action::EditBranch, Resource::Branch(id))?;
    checked(input, None)?;
    let work = match Work::begin(services, caller, context, Action::ViewBranches).await? {
        Begun::Answered(answer) => return Ok(answer),
        Begun::Work(work) => work,
    };
    let mut written = None;
    let updated = async {
        let before = store::lock(work.conn(), id).await?.ok_or(Error::NotFound)?;
        require_version(if_match, before.version)?;
        let values = written.insert(checked(input, Some(&before.branch))?);
        if input.timezone.is_some() {
            require_known_zone(work.conn(), &values.timezone).await?;
        }
        let row = store::update(work.conn(), id, values).await;
        let row = row.map_err(|error| on_constraint(error, duplicates()))?;
        let fact = fact("branch.updated", &row, json!({ "from": before.branch, "to": row.branch }));
        let remaining = what_remains(services, caller, work.conn(), &row).await?;
        let out = BranchOut { remaining, ..row.branch };
        Ok((fact, Answer::json(200, &out).with_version(row.version).at(Some(id))))
    };
    let updated = updated.await;
    match (work.finish(updated).await, written) {
        (Err(error), Some(values)) => Err(as_seen(services, caller, Some(id), &values, error).await.at(id)),
        (updated, _) => updated.map_err(|error| error.at(id)),
    }
}

/// What there still is at a branch that is not active, for callers who may see its stock and orders.
async fn what_remains(
    services: &Services,
    caller: &Caller,
    conn: &Queries,
    row: &BranchRow,
) -> Result<Option<RemainingOut>, Error> {
    let id = BranchId(row.branch.id);
    let may = |action| services.authorizer.allows(caller, action, Resource::Branch(id));
    if row.branch.active || !may(Action::ViewStock) || !may(Action::ViewOrders) {
        return Ok(None);
    }
    Ok(Some(remaining::of_branch(conn, id).await?))
}

/// Removes a branch that nothing refers to.
pub(crate) async fn delete(
    services: &Services,
    caller: &Caller,
    context: &RequestContext,
    id: BranchId,
    if_match: Option<&IfMatch>,
) -> Result<Answer, Error> {
    services.authorize(caller, Action::ViewBranches, Resource::Branch(id))?;
    services.authorize(caller, Action::ManageBranches, Resource::Branch(id))?;
    let work = match Work::begin(services, caller, context, Action::ViewBranches).await? {
        Begun::Answered(answer) => return Ok(answer),
        Begun::Work(work) => work,
    };
    let deleted = async {
        let before = store::lock(work.conn(), id).await?.ok_or(Error::NotFound)?;
        require_version(if_match, before.version)?;
        store::delete(work.conn(), id).await.map_err(|error| on_constraint(error, references()))?;
        let fact = fact("branch.deleted", &before, json!({ "from": before.branch }));
        Ok((fact, Answer::empty(204).at(Some(id))))
    };
    let deleted = deleted.await;
    work.finish(deleted).await.map_err(|error| error.at(id))
}

pub(crate) fn fact(action: &'static str, row: &BranchRow, details: serde_json::Value) -> Fact {
    Fact {
        action,
        entity_type: "branch",
        entity_id: row.branch.id.to_string(),
        branch_id: Some(row.branch.id),
        details: details.to_string(),
    }
}

/// The columns for `input`; what it leaves out stays as in `before`, or gets its default. An absent code of a new
/// branch comes back empty, to be made from the name.
pub(crate) fn checked(input: &BranchIn, before: Option<&BranchOut>) -> Result<BranchValues, Error> {
    let mut faults = Faults::default();
    let name = faults.required_line("/name", &input.name, 200);
    let code = match &input.code {
        Some(code) => {
            let valid = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
            let code = faults.required_code("/code", code, 32).to_ascii_uppercase();
            if !code.chars().all(valid) || code.starts_with('-') {
                faults.add(
                    "/code",
                    "must be letters (A–Z), digits and dashes, beginning with a letter or digit",
                );
            }
            code
        }
        None => before.map_or_else(String::new, |branch| branch.code.clone()),
    };
    let location = match &input.location {
        Some(location) => faults.paragraph("/location", location, 500),
        None => before.map_or_else(String::new, |branch| branch.location.clone()),
    };
    let timezone = match &input.timezone {
        Some(timezone) => platform::zones::spelled(timezone).unwrap_or_else(|| {
            faults.add("/timezone", "must be an IANA time zone such as Europe/Berlin");
            timezone.clone()
        }),
        None => before.map_or_else(|| "UTC".to_owned(), |branch| branch.timezone.clone()),
    };
    let active = input.active.unwrap_or_else(|| before.is_none_or(|branch| branch.active));
    faults.finish()?;
    Ok(BranchValues { code, name, location, timezone, active })
}

/// Refuses a time zone that this program knows and the database does not, such as one that is newer than the server: reports
/// are counted by days there.
pub(crate) async fn require_known_zone(conn: &Queries, timezone: &str) -> Result<(), Error> {
    if store::knows_zone(conn, timezone).await? {
        return Ok(());
    }
    Err(invalid("/timezone", "is not known to the database server; choose a zone with the same clock"))
}

/// The branches whose time zones this program or the database does not know. They count as UTC until one is chosen.
pub(crate) async fn unknown_zones(conn: &Queries) -> Result<Vec<(BranchId, String)>, PgError> {
    let zones = store::zones(conn).await?.into_iter();
    let unknown = zones.filter(|(_, zone, known)| !known || platform::zones::named(zone).is_none());
    Ok(unknown.map(|(branch, zone, _)| (branch, zone)).collect())
}

/// A code made from the name: `HARBOUR-SHOP`, or `HARBOUR-SHOP-2` where that is taken.
pub(crate) fn free_code(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let stem = code_stem(name);
    let numbered = (2..).map(|n| format!("{stem}-{n}"));
    std::iter::once(stem.clone()).chain(numbered).find(|code| !taken(code)).unwrap_or_default()
}

/// What the codes made from a name begin with: its letters as ASCII has them, those of other scripts by their sounds.
fn code_stem(name: &str) -> String {
    let mut stem = String::new();
    for c in deunicode(name).chars() {
        if c.is_ascii_alphanumeric() {
            stem.push(c.to_ascii_uppercase());
        } else if !stem.is_empty() && !stem.ends_with('-') {
            stem.push('-');
        }
    }
    stem.truncate(24);
    match stem.trim_end_matches('-') {
        "" => "BRANCH".to_owned(),
        stem => stem.to_owned(),
    }
}

/// What a caller is told of a branch that could not be written. Names and codes are unique among all branches, so that
/// one which the caller does not see may be in the way. That the value is taken cannot be hidden then; which value and
/// whose is, and the attempt is a refusal that the audit knows of.
async fn as_seen(
    services: &Services,
    caller: &Caller,
    written: Option<BranchId>,
    values: &BranchValues,
    error: Error,
) -> Error {
    let Error::Duplicate { field, .. } = error else { return error };
    if *caller.scope() == BranchScope::All {
        return error;
    }
    let (names, codes) = match field {
        "name" => (vec![values.name.clone()], Vec::new()),
        _ => (Vec::new(), vec![values.code.clone()]),
    };
    let taken = async {
        let connection = services.database.get().await?;
        Ok::<_, Error>(store::by_name_or_code(&connection, &names, &codes).await?)
    };
    let taken = match taken.await {
        Ok(taken) => taken,
        Err(error) => return error,
    };
    let mut others = taken.iter().filter(|branch| Some(branch.id) != written);
    if others.any(|branch| caller.scope().contains(branch.id)) {
        return error;
    }
    let (action, resource) = match written {
        Some(id) => (Action::EditBranch, format!("branch:{id}")),
        None => (Action::ManageBranches, "company".to_owned()),
    };
    Error::HiddenDuplicate(Denied::absent(caller, action, resource))
}

fn duplicates() -> [(&'static str, Error); 2] {
    [
        ("services_branches_name_key", Error::Duplicate { entity: "branch", field: "name" }),
        ("services_branches_code_key", Error::Duplicate { entity: "branch", field: "code" }),
    ]
}

fn references() -> [(&'static str, Error); 2] {
    [
        ("services_stock_branch_id_fkey", Error::StillReferenced("branch")),
        ("services_orders_branch_id_fkey", Error::StillReferenced("branch")),
    ]
}

/// The branch of that name (whatever its case), code or id, for the operator's command line.
///
/// # Errors
/// When the database is away.
pub async fn find_branch(database: &Database, text: &str) -> Result<Option<BranchId>, Error> {
    let connection = database.get().await?;
    let (name, code) = (text.trim().to_owned(), text.trim().to_ascii_uppercase());
    let found = store::by_name_or_code(&connection, &[name], &[code]).await?;
    if let Some(branch) = found.first() {
        return Ok(Some(branch.id));
    }
    match text.trim().parse() {
        Ok(id) => Ok(store::get(&connection, BranchId(id)).await?.map(|row| BranchId(row.branch.id))),
        Err(_) => Ok(None),
    }
}
