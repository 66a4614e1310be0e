//! Branches in files, known by their name.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use contract::{BranchIn, BranchOut};
use domain::BranchId;
use platform::text::fold;
use serde_json::json;

use super::cells::Reader;
use super::faults::Faults;
use super::table::{Column, Columns, Row, Table};
use super::work::{Effect, Work, Written, bad_fields};
use super::{BadRow, BulkError, RowChange, fields_changed};
use crate::branches::{checked, fact, free_code, require_known_zone};
use crate::store::branches::{self as store, BranchValues};

pub(super) const COLUMNS: &[Column] = &[
    Column { name: "name", required: true },
    Column { name: "code", required: false },
    Column { name: "location", required: false },
    Column { name: "timezone", required: false },
    Column { name: "active", required: false },
];

/// Reads one row. An empty cell leaves what there is as it is, or where that is asked for clears what may be empty.
pub(super) fn parse(columns: &Columns, row: &Row) -> Result<BranchIn, Vec<BadRow>> {
    let mut reader = Reader::new(columns, row);
    let input = BranchIn {
        name: reader.required("name").into_owned(),
        code: reader.code("code").filter(|code| !code.is_empty()).map(Cow::into_owned),
        location: reader.optional("location").map(Cow::into_owned),
        timezone: reader.some_text("timezone").map(Cow::into_owned),
        active: reader.flag("active"),
    };
    reader.finish(input)
}

/// Branches are few: all are read, and each change is one statement.
pub(super) async fn write(
    work: &Work<'_>,
    table: &mut Table<'_>,
    faults: &mut Faults<'_>,
) -> Result<Written, BulkError> {
    let existing = store::lock_all(work.conn).await?;
    let mut codes: HashMap<String, String> =
        existing.iter().map(|row| (row.branch.code.clone(), key(&row.branch.name))).collect();
    let by_name: HashMap<String, BranchOut> =
        existing.into_iter().map(|row| (key(&row.branch.name), row.branch)).collect();
    let (mut seen, mut zones) = (HashSet::new(), HashSet::new());
    let mut written = Written::default();
    let mut row = Row::default();
    while table.next(&mut row)? {
        (work.done)(1);
        faults.settle().await?;
        let line = row.line;
        let input = match parse(&table.columns, &row) {
            Ok(input) => input,
            Err(bad) => {
                faults.extend(bad);
                continue;
            }
        };
        let name = key(&input.name);
        let before = by_name.get(&name);
        let mut values = match checked(&input, before) {
            Ok(values) => values,
            Err(error) => {
                faults.extend(bad_fields(error, line, COLUMNS)?);
                continue;
            }
        };
        if input.timezone.is_some() && !zones.contains(&values.timezone) {
            if let Err(error) = require_known_zone(work.conn, &values.timezone).await {
                faults.extend(bad_fields(error, line, COLUMNS)?);
                continue;
            }
            zones.insert(values.timezone.clone());
        }
        if values.code.is_empty() {
            values.code = free_code(&values.name, |code| codes.contains_key(code));
        }
        let mut fault = |column, reason: &str| {
            faults.add(BadRow { line, column: Some(column), reason: reason.to_owned() });
        };
        if !seen.insert(name.clone()) {
            fault("name", "stands in an earlier line too");
            continue;
        }
        if codes.get(&values.code).is_some_and(|holder| *holder != name) {
            fault("code", "is another branch's code");
            continue;
        }
        codes.insert(values.code.clone(), name);
        let effect = store_one(work, &values, before).await?;
        written.count(effect);
        if effect != Effect::Unchanged {
            let fields = before.map(|before| fields_changed(fields(before, &values))).unwrap_or_default();
            written.tell(|| RowChange { line, of: values.name.clone(), fields });
        }
    }
    Ok(written)
}

async fn store_one(
    work: &Work<'_>,
    values: &BranchValues,
    before: Option<&BranchOut>,
) -> Result<Effect, BulkError> {
    let (effect, row, action, details) = match before {
        None => {
            let row = store::insert(work.conn, values).await?;
            let details = json!({ "to": row.branch });
            (Effect::Created, row, "branch.created", details)
        }
        Some(before) if same(values, before) => return Ok(Effect::Unchanged),
        Some(before) => {
            let row = store::update(work.conn, BranchId(before.id), values).await?;
            let details = json!({ "from": before, "to": row.branch });
            (Effect::Changed, row, "branch.updated", details)
        }
    };
    work.tell(vec![fact(action, &row, details)]).await?;
    Ok(effect)
}

/// The columns of a branch, before and after.
fn fields(before: &BranchOut, values: &BranchValues) -> [(&'static str, String, String); 5] {
    [
        ("name", before.name.clone(), values.name.clone()),
        ("code", before.code.clone(), values.code.clone()),
        ("location", before.location.clone(), values.location.clone()),
        ("timezone", before.timezone.clone(), values.timezone.clone()),
        ("active", before.active.to_string(), values.active.to_string()),
    ]
}

fn same(values: &BranchValues, before: &BranchOut) -> bool {
    let BranchValues { code, name, location, timezone, active } = values;
    (code, name, location, timezone, *active)
        == (&before.code, &before.name, &before.location, &before.timezone, before.active)
}

/// Names are the same whatever their case.
fn key(name: &str) -> String {
    fold(name.trim())
}
