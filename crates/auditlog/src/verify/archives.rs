//! What was moved to files: the notes of it in the database, and the files themselves.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use platform::pg::Queries;
use seal::{Archive, Checker, FileError, Hash, HashWriter, PublicKey, Signed};

use super::findings::{Finding, Findings};
use super::{Base, Trust, signature_fault};
use crate::error::AuditError;
use crate::log::Log;
use crate::row;

/// The newest archive.
pub(crate) async fn archived(
    conn: &Queries,
    log: &'static Log,
) -> Result<Option<Signed<Archive>>, AuditError> {
    let rows = conn.query(log.statements.archives, &[]).await?;
    let Some(row) = rows.last() else { return Ok(None) };
    let unreadable = || AuditError::UnreadableSeal { log: log.name, number: row.get(1) };
    Ok(Some(row::archive(log.name, row)?.ok_or_else(unreadable)?))
}

/// Verifies the notes of archives, and the files where a directory is given; gives where the table's chain begins.
pub(super) async fn verify(
    conn: &Queries,
    log: &'static Log,
    trust: &Trust<'_>,
    findings: &mut Findings,
) -> Result<Base, AuditError> {
    let mut base = Base { verified: trust.archives.is_some(), ..Base::default() };
    for row in conn.query(log.statements.archives, &[]).await? {
        let last: i64 = row.get(1);
        let Some(signed) = row::archive(log.name, &row)? else {
            findings.push(Finding::Archive { last, what: "its note was altered".to_owned() });
            (base.number, base.hash) = (last, None);
            continue;
        };
        let archive = &signed.statement;
        if let Some(fault) = signature_fault(&signed, trust.keys) {
            findings.push(Finding::Archive { last, what: format!("its note {fault}") });
        }
        if archive.first != base.number + 1 {
            let what =
                format!("its note begins with seal {}, where {} follows", archive.first, base.number + 1);
            findings.push(Finding::Archive { last, what });
        }
        if let Some(directory) = trust.archives {
            let path = directory.join(&archive.file);
            for what in check_file(&path, archive, base.end(), trust.keys)? {
                findings.push(Finding::Archive { last, what });
            }
        }
        base = Base {
            entries: base.entries + archive.entries,
            number: last,
            through: archive.through,
            hash: Some(archive.seal),
            verified: base.verified,
        };
    }
    Ok(base)
}

impl Base {
    /// The end of what comes before, where it is known.
    fn end(&self) -> Option<(i64, Hash)> {
        match self.number {
            0 => Some((0, Hash::NONE)),
            _ => self.hash.map(|hash| (self.through, hash)),
        }
    }
}

/// What is wrong with the file of an archive, which goes on where the seal before it ends.
pub(crate) fn check_file(
    path: &Path,
    archive: &Archive,
    end: Option<(i64, Hash)>,
    keys: &[PublicKey],
) -> Result<Vec<String>, AuditError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return Ok(vec![format!("its file {} cannot be read ({error})", path.display())]),
    };
    let mut faults = Vec::new();
    let mut hashing = Hashing { file, digest: HashWriter::default() };
    let mut checker = Checker::new(keys);
    checker.go_on(&archive.log, archive.first - 1, end);
    let checked = match checker.check_all(BufReader::new(&mut hashing)) {
        Ok(checked) => checked,
        Err(FileError::Read(error)) => {
            return Ok(vec![format!("its file {} cannot be read ({error})", path.display())]);
        }
    };
    if hashing.digest.finish() != archive.digest {
        faults.push("its file was altered: it has another SHA-256 than was signed".to_owned());
    }
    faults
        .extend(checked.faults.iter().map(|fault| format!("its file, line {}: {}", fault.line, fault.what)));
    let seals = u64::try_from(archive.last - archive.first + 1).unwrap_or_default();
    let entries = u64::try_from(archive.entries).unwrap_or_default();
    let ends_there = checked.heads.iter().any(|head| {
        head.log == archive.log
            && (head.number, head.through, head.hash) == (archive.last, archive.through, archive.seal)
    });
    if (checked.seals, checked.whole, checked.entries) != (seals, seals, entries) || !ends_there {
        faults.push("its file does not hold what was archived".to_owned());
    }
    Ok(faults)
}

/// A file that is hashed while it is read.
#[derive(Debug)]
struct Hashing {
    file: File,
    digest: HashWriter,
}

impl Read for &mut Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.digest.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}
