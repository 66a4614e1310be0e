//! The file of heads: every seal once more, outside the database, where no superuser of it can reach.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use platform::pg::Queries;
use seal::{Chain, PublicKey, Seal, Signed, Statement, Time};
use serde_json::json;

use crate::error::AuditError;
use crate::log::Log;
use crate::state::{last_seal, seals_after};
use crate::verify::archived;

/// How many seals are read and appended at a time.
const PAGE: i64 = 1_000;
/// How old a seal is, in microseconds, when its head has been missing for too long to be on its way.
const PATIENCE: i64 = 60_000_000;

/// The action of an entry that says that heads were missing in their file.
pub(crate) const PUT_BACK: &str = "audit.heads_put_back";
/// The action of an entry that says why.
pub(crate) const ACKNOWLEDGED: &str = "audit.heads_acknowledged";

/// A file that is only appended to: a line of JSON for each seal of each audit. Several programs may share it.
#[derive(Debug, Default)]
pub struct Heads {
    path: PathBuf,
    /// How far it was read.
    offset: u64,
    /// Of each audit, the last seal in it.
    last: HashMap<String, Signed<Seal>>,
    /// Of each audit, the number of the last seal that was ever seen in it.
    seen: HashMap<String, i64>,
}

/// What became of the heads of an audit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaughtUp {
    /// How many were appended.
    pub appended: u64,
    /// The first and the last number of those that should have been in the file before.
    pub put_back: Option<(i64, i64)>,
}

impl Heads {
    /// The file at `path`, made when there is something to append.
    pub fn new(path: impl Into<PathBuf>) -> Heads {
        Heads { path: path.into(), ..Heads::default() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends the seals of an audit that are not in the file yet, and waits until they are on disk. Each must be chained
    /// to the one before it in the file and be signed by one of these keys. Heads that should have been in the file before
    /// are appended too; an entry of the audit says which, and a verification names them until
    /// [`acknowledge`] says why.
    ///
    /// # Errors
    /// When the file cannot be written, the database is away, or the two do not fit together: somebody altered or
    /// restored one of them.
    pub async fn catch_up(
        &mut self,
        conn: &Queries,
        log: &'static Log,
        keys: &[PublicKey],
    ) -> Result<CaughtUp, AuditError> {
        self.work(Heads::refresh).await?;
        let newest = last_seal(conn, log).await?.map(|signed| signed.statement);
        if let Some(mine) = self.last.get(log.name).map(|signed| &signed.statement) {
            let there = newest.as_ref().map_or(0, |seal| seal.number);
            let changed = newest.as_ref().is_some_and(|seal| seal.number == mine.number && seal != mine);
            if there < mine.number || changed {
                let what = format!("the file of heads has another seal {} than the table", mine.number);
                return Err(AuditError::Heads { log: log.name, what });
            }
        }
        let mut done = CaughtUp::default();
        let seen = self.seen.get(log.name).copied().unwrap_or_default();
        let due = Time::from(Timestamp::now()).0.saturating_sub(PATIENCE);
        loop {
            let mut chain = self.chain(conn, log, keys).await?;
            let mut page = Vec::new();
            for (number, seal, _) in seals_after(conn, log, chain.number(), PAGE).await? {
                let seal = seal.ok_or(AuditError::UnreadableSeal { log: log.name, number })?;
                if let Some(fault) = chain.follow(&seal).first() {
                    let what = format!("seal {number} {fault}");
                    return Err(AuditError::Heads { log: log.name, what });
                }
                page.push(seal);
            }
            let missing = |signed: &&Signed<Seal>| {
                let seal = &signed.statement;
                seal.number <= seen || seal.at.0 < due
            };
            let missing = || page.iter().filter(missing).map(|signed| signed.statement.number);
            if let (Some(first), Some(last)) = (missing().min(), missing().max()) {
                done.put_back = Some((done.put_back.map_or(first, |(first, _)| first), last));
            }
            if !page.is_empty() {
                done.appended += self.work(move |heads| heads.append(&page)).await?;
                continue;
            }
            if let Some((first, last)) = done.put_back {
                let details =
                    json!({ "first": first, "last": last, "file": self.path.display().to_string() });
                conn.execute(log.statements.note, &[&"quartermaster worker", &PUT_BACK, &details]).await?;
            }
            return Ok(done);
        }
    }

    /// The chain where the file ends; where archives go beyond it, where they end.
    async fn chain<'k>(
        &self,
        conn: &Queries,
        log: &'static Log,
        keys: &'k [PublicKey],
    ) -> Result<Chain<'k>, AuditError> {
        let archived = archived(conn, log).await?.map(|archive| archive.statement);
        let last = self.last.get(log.name).map(|signed| &signed.statement);
        Ok(match (last, archived) {
            (last, Some(archive)) if last.is_none_or(|seal| seal.number < archive.last) => {
                Chain::after(log.name, keys, archive.last, Some((archive.through, archive.seal)))
            }
            (Some(seal), _) => Chain::after(log.name, keys, seal.number, Some((seal.through, seal.hash()))),
            (None, _) => Chain::from_the_start(log.name, keys),
        })
    }

    /// Works on the file where waiting for a disk holds nobody up.
    async fn work<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Heads) -> io::Result<T> + Send + 'static,
    ) -> Result<T, AuditError> {
        let mut heads = std::mem::take(self);
        let path = heads.path.clone();
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&mut heads);
            (heads, done)
        });
        match done.await {
            Ok((heads, done)) => {
                *self = heads;
                done.map_err(AuditError::file(&path))
            }
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    fn refresh(&mut self) -> io::Result<()> {
        match File::open(&self.path) {
            Ok(mut file) => self.read(&mut file).map(|_| ()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                (self.offset, self.last) = (0, HashMap::new());
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Reads what was appended since, also by others. Gives where the last whole line ends.
    fn read(&mut self, file: &mut File) -> io::Result<u64> {
        if file.metadata()?.len() < self.offset {
            // Another file stands in its place.
            (self.offset, self.last) = (0, HashMap::new());
        }
        file.seek(SeekFrom::Start(self.offset))?;
        let mut lines = BufReader::new(&mut *file);
        let mut line = String::new();
        while lines.read_line(&mut line)? > 0 && line.ends_with('\n') {
            self.offset += line.len() as u64;
            if let Ok(seal) = serde_json::from_str::<Signed<Seal>>(&line) {
                let name = &seal.statement.log;
                let seen = self.seen.entry(name.clone()).or_default();
                *seen = seal.statement.number.max(*seen);
                self.last.insert(name.clone(), seal);
            }
            line.clear();
        }
        Ok(self.offset)
    }

    fn append(&mut self, seals: &[Signed<Seal>]) -> io::Result<u64> {
        let mut file = File::options().read(true).append(true).create(true).mode(0o644).open(&self.path)?;
        file.lock()?;
        let whole = self.read(&mut file)?;
        // What a crash left half-written was never waited for.
        file.set_len(whole)?;
        let number = |log: &str| self.last.get(log).map_or(0, |seal| seal.statement.number);
        let new: Vec<&Signed<Seal>> =
            seals.iter().filter(|seal| seal.statement.number > number(&seal.statement.log)).collect();
        let mut text = String::new();
        for seal in &new {
            text.push_str(&serde_json::to_string(seal)?);
            text.push('\n');
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        let appended = new.len() as u64;
        self.read(&mut file)?;
        Ok(appended)
    }
}

/// Says why heads were missing in their file and were put back; gives how many times they were since somebody said so
/// last. Nothing is written where they were not.
///
/// # Errors
/// When the database is away.
pub async fn acknowledge(
    conn: &Queries,
    log: &'static Log,
    actor: &str,
    reason: &str,
) -> Result<usize, AuditError> {
    let notes = conn.query(log.statements.notes, &[]).await?;
    let open =
        notes.iter().rev().map(|row| row.get::<_, &str>(1)).take_while(|action| *action != ACKNOWLEDGED);
    let open = open.filter(|action| *action == PUT_BACK).count();
    if open > 0 {
        let details = json!({ "reason": reason });
        conn.execute(log.statements.note, &[&actor, &ACKNOWLEDGED, &details]).await?;
    }
    Ok(open)
}

/// A file of heads as it stands at a moment: what is appended later is not looked at.
#[derive(Debug)]
pub struct HeadsAsOf {
    path: PathBuf,
    length: u64,
}

impl HeadsAsOf {
    /// The file as it stands now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn now(path: impl Into<PathBuf>) -> Result<HeadsAsOf, AuditError> {
        let path = path.into();
        let length = std::fs::metadata(&path).map_err(AuditError::file(&path))?.len();
        Ok(HeadsAsOf { path, length })
    }

    /// Goes through the heads: the number of each line and its seal, `None` where the line is none.
    pub(crate) fn each(&self, mut then: impl FnMut(u64, Option<Signed<Seal>>)) -> Result<(), AuditError> {
        let file = File::open(&self.path).map_err(AuditError::file(&self.path))?;
        let mut lines = BufReader::new(file.take(self.length));
        let (mut line, mut number) = (Vec::new(), 0);
        while lines.read_until(b'\n', &mut line).map_err(AuditError::file(&self.path))? > 0 {
            number += 1;
            // The end of a line that was not written to its end was never waited for.
            if line.ends_with(b"\n") {
                then(number, serde_json::from_slice(&line).ok());
            }
            line.clear();
        }
        Ok(())
    }
}
