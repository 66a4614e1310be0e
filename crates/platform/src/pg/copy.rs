//! Many rows in and out, few of them held at a time.

use std::pin::Pin;

use futures_util::stream::Fuse;
use futures_util::{StreamExt, TryStreamExt};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{CopyInSink, Row, RowStream};

use super::PgError;

/// A COPY that takes rows. Dropped before [`CopyIn::finish`], it takes none, and the transaction has failed.
pub struct CopyIn(Pin<Box<BinaryCopyInWriter>>);

impl std::fmt::Debug for CopyIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CopyIn").finish_non_exhaustive()
    }
}

impl CopyIn {
    pub(super) fn new(sink: CopyInSink<bytes::Bytes>, types: &[Type]) -> CopyIn {
        CopyIn(Box::pin(BinaryCopyInWriter::new(sink, types)))
    }

    /// Adds a row: a value for each of the types, in order.
    ///
    /// # Errors
    /// [`PgError`]; also for rows before this one, since they are sent together.
    pub async fn row(&mut self, values: &[&(dyn ToSql + Sync)]) -> Result<(), PgError> {
        Ok(self.0.as_mut().write(values).await?)
    }

    /// Ends it; gives the number of rows.
    ///
    /// # Errors
    /// [`PgError`].
    pub async fn finish(mut self) -> Result<u64, PgError> {
        Ok(self.0.as_mut().finish().await?)
    }
}

/// The rows of a statement, one after the other.
pub struct Rows(Pin<Box<Fuse<RowStream>>>);

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").finish_non_exhaustive()
    }
}

impl Rows {
    pub(super) fn new(rows: RowStream) -> Rows {
        // A stream of the driver must not be asked again after its end.
        Rows(Box::pin(rows.fuse()))
    }

    /// The next row, if there is one.
    ///
    /// # Errors
    /// [`PgError`].
    pub async fn next(&mut self) -> Result<Option<Row>, PgError> {
        Ok(self.0.try_next().await?)
    }

    /// The next rows, so many at most; none when all are read.
    ///
    /// # Errors
    /// [`PgError`].
    pub async fn chunk(&mut self, most: usize) -> Result<Vec<Row>, PgError> {
        let mut rows = Vec::new();
        while rows.len() < most
            && let Some(row) = self.next().await?
        {
            rows.push(row);
        }
        Ok(rows)
    }
}
