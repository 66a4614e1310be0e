//! Exporting: entries with the proof that they were sealed, for whoever has no access to the database.

use std::io::Write;

use jiff::Timestamp;
use platform::pg::{Database, PgError};
use seal::{LeafRecord, Line, PublicKey, Seal, Signed, merkle};
use serde_json::{Value, json};

use crate::error::AuditError;
use crate::log::Log;
use crate::row;
use crate::state::{last_seal, seals_after};
use crate::verify::archived;

/// How many seals are read at a time.
const PAGE: i64 = 1_000;

/// Which entries are exported: all that fit each part that is given.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Made at this time or later.
    pub from: Option<Timestamp>,
    /// Made before this time.
    pub to: Option<Timestamp>,
    /// On this kind of entity.
    pub entity_type: Option<String>,
    /// On the entity of this id.
    pub entity_id: Option<String>,
}

impl Filter {
    /// What the entries are chosen by, as the file says it; nothing where all of them are.
    fn stated(&self) -> Option<Value> {
        let Filter { from, to, entity_type, entity_id } = self;
        let stated = json!({ "from": from, "to": to, "entity_type": entity_type, "entity_id": entity_id });
        let Value::Object(mut parts) = stated else { return None };
        parts.retain(|_, part| !part.is_null());
        (!parts.is_empty()).then_some(Value::Object(parts))
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exported {
    /// How many entries.
    pub entries: u64,
    /// How many seals, from the oldest that is needed to the newest.
    pub seals: u64,
}

/// A sealed entry's place.
#[derive(Debug)]
struct Open {
    seal: Seal,
    records: Vec<LeafRecord>,
    tree: merkle::Tree,
}

/// Writes the keys, what was asked for, the chain of seals from the oldest that is needed, and every sealed entry that
/// fits, each with the path from its leaf to the root of its seal: one JSON object a line. Each seal says how many entries
/// it has, so that an export of all of them proves that none is missing.
///
/// # Errors
/// [`AuditError`]; also when an entry is not in its seal, which a verification then explains.
pub async fn export(
    database: &Database,
    log: &'static Log,
    filter: &Filter,
    keys: &[PublicKey],
    out: &mut (dyn Write + Send),
) -> Result<Exported, AuditError> {
    let seals = database.get().await?;
    let Some(newest) = last_seal(&seals, log).await? else { return Ok(Exported::default()) };
    let after = archived(&seals, log).await?.map_or(0, |signed| signed.statement.through);
    let reading = database.dedicated(log.name, crate::READING).await?;
    reading.begin().await?;
    let through = newest.statement.through;
    let mut rows = reading
        .stream(
            log.statements.matching,
            &[&after, &through, &filter.from, &filter.to, &filter.entity_type, &filter.entity_id],
        )
        .await?;
    let mut written = Exported::default();
    let mut open: Option<Open> = None;
    let put = |out: &mut dyn Write, line: &Line| -> Result<(), AuditError> {
        let written =
            serde_json::to_string(line).map_err(Into::into).and_then(|text| writeln!(out, "{text}"));
        written.map_err(AuditError::file("the export".as_ref()))
    };
    while let Some(row) = rows.next().await? {
        let (id, text) = row::entry(&row, |entry| (entry.id, entry.canonical()))?;
        if open.as_ref().is_none_or(|open| id > open.seal.through) {
            let next = seal_of(&seals, log, id).await?;
            if open.is_none() {
                keys.iter().try_for_each(|key| put(out, &Line::key(key)))?;
                put(
                    out,
                    &Line::Range {
                        log: log.name.to_owned(),
                        first: next.seal.number,
                        last: newest.statement.number,
                        filter: filter.stated(),
                    },
                )?;
                let mut number = next.seal.number - 1;
                while number < newest.statement.number {
                    for (at, seal, _) in seals_after(&seals, log, number, PAGE).await? {
                        // One that was made meanwhile is not in this export.
                        if at > newest.statement.number {
                            break;
                        }
                        let seal = seal.ok_or(AuditError::UnreadableSeal { log: log.name, number: at })?;
                        put(out, &Line::Seal(seal))?;
                        (number, written.seals) = (at, written.seals + 1);
                    }
                }
            }
            open = Some(next);
        }
        let Some(Open { seal, records, tree }) = &open else { continue };
        let leaf = merkle::leaf(text.as_bytes());
        let place = records.iter().position(|record| record.id == id && record.leaf == leaf);
        let index = place.ok_or_else(|| AuditError::Unsound {
            log: log.name,
            what: format!("entry {id} is not as it was sealed"),
        })?;
        put(out, &Line::proved(log.name, seal.number, index as u64, &text, tree.path(index)))?;
        written.entries += 1;
    }
    if written.seals > 0 {
        put(out, &Line::End { log: log.name.to_owned(), entries: written.entries })?;
    }
    Ok(written)
}

/// The seal that covers an id, with its tree.
async fn seal_of(conn: &platform::pg::Queries, log: &'static Log, id: i64) -> Result<Open, AuditError> {
    let row = conn.query_one(log.statements.seal_of, &[&id]).await?;
    let seal: Option<Signed<Seal>> = row::seal(log.name, &row)?;
    let records = row.try_get::<_, Option<&[u8]>>(9).map_err(PgError::from)?.and_then(LeafRecord::decode);
    let (Some(signed), Some(records)) = (seal, records) else {
        return Err(AuditError::UnreadableSeal { log: log.name, number: row.get(0) });
    };
    let tree = merkle::Tree::new(records.iter().map(|record| record.leaf).collect());
    Ok(Open { seal: signed.statement, records, tree })
}
