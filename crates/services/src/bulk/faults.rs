//! What is wrong with a file: counted and marked here, its reasons kept in the database.

use platform::pg::{Database, Dedicated, PgError, Rows};

use super::BadRow;
use super::import::STAGING_SETTINGS;
use super::table::Column;
use crate::store::staging;

/// How many faults are held before they are put away.
const HELD: usize = 1_000;

/// The faults of a file. In memory are one bit for each line, and few reasons.
pub(super) struct Faults<'a> {
    database: &'a Database,
    columns: &'static [Column],
    /// Has a transaction open that is never committed, once there are faults to put away.
    conn: Option<Dedicated>,
    held: Vec<BadRow>,
    told: u64,
    bad: Lines,
    left_out: Lines,
}

impl<'a> Faults<'a> {
    pub(super) fn new(database: &'a Database, columns: &'static [Column]) -> Faults<'a> {
        let (bad, left_out) = (Lines::default(), Lines::default());
        Faults { database, columns, conn: None, held: Vec::new(), told: 0, bad, left_out }
    }

    /// Notes a fault; its row is left out.
    pub(super) fn add(&mut self, bad: BadRow) {
        self.bad.insert(bad.line);
        self.left_out.insert(bad.line);
        self.held.push(bad);
        self.told += 1;
    }

    /// Notes faults.
    pub(super) fn extend(&mut self, bad: impl IntoIterator<Item = BadRow>) {
        bad.into_iter().for_each(|bad| self.add(bad));
    }

    /// Leaves out a row that has no fault of its own.
    pub(super) fn leave_out(&mut self, line: u64) {
        self.left_out.insert(line);
    }

    /// Whether the row of that line is left out.
    pub(super) fn leaves_out(&self, line: u64) -> bool {
        self.left_out.contains(line)
    }

    /// How many faults there are.
    pub(super) fn told(&self) -> u64 {
        self.told
    }

    /// How many rows have a fault of their own.
    pub(super) fn rows(&self) -> u64 {
        self.bad.len
    }

    /// Puts away what is held, if it is much.
    pub(super) async fn settle(&mut self) -> Result<(), PgError> {
        if self.held.len() < HELD { Ok(()) } else { self.put_away().await }
    }

    async fn put_away(&mut self) -> Result<(), PgError> {
        let conn = match &self.conn {
            Some(conn) => conn,
            None => {
                let conn = self.database.dedicated("services", STAGING_SETTINGS).await?;
                conn.begin().await?;
                self.conn.insert(conn)
            }
        };
        let first = self.told - u64::try_from(self.held.len()).unwrap_or_default();
        let numbered = (first..).zip(&self.held);
        staging::add_faults(conn, numbered.map(|(n, bad)| (bad.line, n, bad.column, bad.reason.as_str())))
            .await?;
        self.held.clear();
        Ok(())
    }

    /// The first faults, by line.
    pub(super) async fn first(&mut self, most: usize) -> Result<Vec<BadRow>, PgError> {
        let mut faults = self.by_line(i64::try_from(most).unwrap_or(i64::MAX)).await?;
        let mut first = Vec::new();
        while let Some(fault) = faults.next().await? {
            first.push(fault);
        }
        Ok(first)
    }

    /// The faults, by line, so many at most.
    pub(super) async fn by_line(&mut self, most: i64) -> Result<ByLine, PgError> {
        if self.told == 0 {
            return Ok(ByLine { columns: self.columns, rows: None });
        }
        self.put_away().await?;
        let rows = match &self.conn {
            Some(conn) => Some(staging::faults(conn, most).await?),
            None => None,
        };
        Ok(ByLine { columns: self.columns, rows })
    }
}

/// Faults on their way back.
pub(super) struct ByLine {
    columns: &'static [Column],
    rows: Option<Rows>,
}

impl ByLine {
    pub(super) async fn next(&mut self) -> Result<Option<BadRow>, PgError> {
        let Some(rows) = &mut self.rows else { return Ok(None) };
        let Some(row) = rows.next().await? else { return Ok(None) };
        let (line, column, reason) = staging::fault(&row);
        let names = || self.columns.iter().map(|known| known.name);
        let column = column.and_then(|column| names().find(|name| *name == column));
        Ok(Some(BadRow { line, column, reason }))
    }
}

/// A set of lines: one bit each.
#[derive(Debug, Default)]
struct Lines {
    words: Vec<u64>,
    len: u64,
}

impl Lines {
    fn insert(&mut self, line: u64) {
        let (word, bit) = Lines::place(line);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        if let Some(word) = self.words.get_mut(word) {
            self.len += u64::from(*word & bit == 0);
            *word |= bit;
        }
    }

    fn contains(&self, line: u64) -> bool {
        let (word, bit) = Lines::place(line);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    fn place(line: u64) -> (usize, u64) {
        (usize::try_from(line / 64).unwrap_or_default(), 1 << (line % 64))
    }
}
