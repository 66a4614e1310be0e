//! Archiving: old seals with all their entries go to files, and only then from the tables.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use jiff::Timestamp;
use platform::pg::{Database, Queries};
use seal::{Archive, Chain, Hash, HashWriter, Line, PublicKey, Seal, SealingKey, Signed, Statement, Time};
use serde_json::json;

use crate::error::AuditError;
use crate::log::Log;
use crate::row::{self, Instant};
use crate::state::{last_seal, seals_after};
use crate::verify::{archived, check_file};

/// How many entries one file has, unless one seal has more.
const ENTRIES: i64 = 100_000;
/// How many seals one file has at most.
const SEALS: i64 = 20_000;

/// What is to be archived, and how.
#[derive(Debug, Clone, Copy)]
pub struct Archiving<'a> {
    /// Seals that were made before this time.
    pub before: Timestamp,
    /// Where the files go.
    pub to: &'a Path,
    /// Signs the note of each file.
    pub key: &'a SealingKey,
    /// The keys that may have signed the seals.
    pub trusted: &'a [PublicKey],
}

/// Moves old seals of an audit with their entries to files, one after the other, by the role that owns its tables. Each
/// file is written, waited for, read again and verified against the seals; then one transaction notes it, says so in
/// the audit, and removes what it holds. Whatever ends the program, everything is in the table or in a verified file;
/// the next run goes on. The newest seal always stays.
///
/// `told` hears of each file.
///
/// # Errors
/// [`AuditError`]; files that were noted before it stay so.
pub async fn archive(
    database: &Database,
    log: &'static Log,
    archiving: &Archiving<'_>,
    told: &mut dyn FnMut(&Archive),
) -> Result<(), AuditError> {
    fs::create_dir_all(archiving.to).map_err(AuditError::file(archiving.to))?;
    while let Some(signed) = step(database, log, archiving).await? {
        told(&signed.statement);
    }
    Ok(())
}

async fn step(
    database: &Database,
    log: &'static Log,
    archiving: &Archiving<'_>,
) -> Result<Option<Signed<Archive>>, AuditError> {
    let snapshot = database.begin_snapshot().await?;
    let before = archived(&snapshot, log).await?.map(|signed| signed.statement);
    let (number, end) = before.as_ref().map_or((0, (0, Hash::NONE)), |a| (a.last, (a.through, a.seal)));
    let seals = old_seals(&snapshot, log, archiving, (number, end)).await?;
    let (Some(first), Some(last)) = (seals.first(), seals.last()) else {
        snapshot.rollback().await?;
        return Ok(None);
    };
    let (first, last) = (&first.statement, &last.statement);
    let entries = entries(&snapshot, log, first.after, last.through).await?;
    snapshot.rollback().await?;
    let file = format!("{}-{:012}-{:012}.jsonl", log.name, first.number, last.number);
    let path = archiving.to.join(&file);
    let digest = write(&path, log, archiving.trusted, &seals, &entries)?;
    let archive = Archive {
        log: log.name.to_owned(),
        first: first.number,
        last: last.number,
        through: last.through,
        entries: seals.iter().map(|seal| seal.statement.entries).sum(),
        seal: last.hash(),
        file,
        digest,
        at: Time::from(Timestamp::now()),
        key: archiving.key.public().id(),
    };
    if let Some(fault) = check_file(&path, &archive, Some(end), archiving.trusted)?.into_iter().next() {
        return Err(AuditError::Unsound { log: log.name, what: fault });
    }
    let archive = Signed::sign(archive, archiving.key);
    remove(database, log, first.after, &archive).await?;
    Ok(Some(archive))
}

/// The next seals that are old enough, as many as one file takes.
async fn old_seals(
    conn: &Queries,
    log: &'static Log,
    archiving: &Archiving<'_>,
    (number, end): (i64, (i64, Hash)),
) -> Result<Vec<Signed<Seal>>, AuditError> {
    let newest = last_seal(conn, log).await?.map_or(0, |signed| signed.statement.number);
    let before = Time::from(archiving.before);
    let mut chain = Chain::after(log.name, archiving.trusted, number, Some(end));
    let (mut seals, mut entries) = (Vec::new(), 0);
    for (number, seal, _) in seals_after(conn, log, number, SEALS).await? {
        let signed = seal.ok_or(AuditError::UnreadableSeal { log: log.name, number })?;
        let full = entries > 0 && entries + signed.statement.entries > ENTRIES;
        if full || number >= newest || signed.statement.at >= before {
            break;
        }
        if let Some(fault) = chain.follow(&signed).first() {
            return Err(AuditError::Unsound { log: log.name, what: format!("seal {number} {fault}") });
        }
        entries += signed.statement.entries;
        seals.push(signed);
    }
    Ok(seals)
}

/// An entry to be written.
#[derive(Debug)]
struct Text {
    id: i64,
    at: Option<Time>,
    text: String,
}

/// The entries of a range of ids in the order of seals.
async fn entries(conn: &Queries, log: &Log, after: i64, through: i64) -> Result<Vec<Text>, AuditError> {
    let mut rows = conn.stream(log.statements.entries, &[&after, &through]).await?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next().await? {
        entries.push(row::entry(&row, |entry| Text { id: entry.id, at: entry.at, text: entry.canonical() })?);
    }
    entries.sort_unstable_by_key(|entry| (entry.id, entry.at));
    Ok(entries)
}

/// Writes the file, under its name only when all of it is on disk; gives its SHA-256.
fn write(
    path: &Path,
    log: &Log,
    keys: &[PublicKey],
    seals: &[Signed<Seal>],
    entries: &[Text],
) -> Result<Hash, AuditError> {
    let partial = path.with_extension("partial");
    let file = File::create(&partial).map_err(AuditError::file(&partial))?;
    let mut out = BufWriter::new(file);
    let mut digest = HashWriter::default();
    let mut put = |line: &Line| -> std::io::Result<()> {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        digest.update(text.as_bytes());
        out.write_all(text.as_bytes())
    };
    let mut put_all = || {
        for key in keys.iter().filter(|key| seals.iter().any(|seal| seal.statement.key == key.id())) {
            put(&Line::key(key))?;
        }
        for signed in seals {
            put(&Line::Seal(signed.clone()))?;
            let Seal { after, through, number, .. } = signed.statement;
            let from = entries.partition_point(|entry| entry.id <= after);
            let to = entries.partition_point(|entry| entry.id <= through);
            for (index, entry) in (0..).zip(entries.get(from..to).unwrap_or_default()) {
                put(&Line::archived(log.name, number, index, &entry.text))?;
            }
        }
        Ok(())
    };
    put_all().map_err(AuditError::file(&partial))?;
    let file = out.into_inner().map_err(|error| AuditError::file(&partial)(error.into_error()))?;
    file.sync_all().map_err(AuditError::file(&partial))?;
    fs::rename(&partial, path).map_err(AuditError::file(path))?;
    let directory = path.parent().unwrap_or(Path::new("."));
    // The name is on disk when its directory is.
    File::open(directory).and_then(|dir| dir.sync_all()).map_err(AuditError::file(directory))?;
    Ok(digest.finish())
}

/// Notes the file and removes what it holds, in one transaction.
async fn remove(
    database: &Database,
    log: &'static Log,
    after: i64,
    signed: &Signed<Archive>,
) -> Result<(), AuditError> {
    let Signed { statement: archive, signature } = signed;
    let statements = &log.statements;
    let transaction = database.begin().await?;
    // One archives at a time: the second finds the first's note by its key.
    transaction.query_one(statements.lock, &[]).await?;
    transaction
        .execute(
            statements.insert_archive,
            &[
                &archive.first,
                &archive.last,
                &archive.through,
                &archive.entries,
                &archive.seal.0.as_slice(),
                &archive.file,
                &archive.digest.0.as_slice(),
                &Instant(archive.at),
                &archive.key,
                &signature.0.as_slice(),
            ],
        )
        .await?;
    let entries = transaction.execute(statements.delete_entries, &[&after, &archive.through]).await?;
    let seals = transaction.execute(statements.delete_seals, &[&archive.first, &archive.last]).await?;
    let expected = (archive.entries, archive.last - archive.first + 1);
    if (i64::try_from(entries), i64::try_from(seals)) != (Ok(expected.0), Ok(expected.1)) {
        let what = "entries or seals changed while they were being archived".to_owned();
        return Err(AuditError::Unsound { log: log.name, what });
    }
    let details = json!({
        "file": archive.file, "digest": archive.digest, "seals": seals, "entries": entries, "through": archive.through,
    });
    let range = format!("{}-{}", archive.first, archive.last);
    transaction.execute(statements.insert_entry, &[&range, &details]).await?;
    Ok(transaction.commit().await?)
}
