//! The pool of connections, and what it lends.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use deadpool::managed::{Manager, Metrics, Object, Pool, QueueMode, RecycleError, RecycleResult, Timeouts};

use super::shortage::Shortage;
use super::{DatabaseConfig, Dedicated, PgError, Queries, Transaction};

/// What pooled connections ask of the server: a process that stands still within a transaction (a paused machine) loses
/// its locks, which others may wait for.
const SETTINGS: &[(&str, &str)] = &[("idle_in_transaction_session_timeout", "30s")];

/// What long statements ask of the server: time, and memory for their sorts.
const LONG: &str = "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0; set local work_mem = '64MB'; set local jit = off";

/// A database under one role: a pool of connections, made when first needed.
#[derive(Clone)]
pub struct Database {
    pool: Pool<Connector>,
    config: DatabaseConfig,
    shortage: Arc<Shortage>,
    warning: Arc<Mutex<Option<&'static str>>>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("role", &self.config.role).finish_non_exhaustive()
    }
}

/// A pooled connection for reads, given back when dropped.
#[derive(Debug)]
pub struct Connection(pub(super) Object<Connector>);

impl Deref for Connection {
    type Target = Queries;
    fn deref(&self) -> &Queries {
        &self.0
    }
}

/// Makes connections for the pool.
#[derive(Debug)]
pub(super) struct Connector {
    config: DatabaseConfig,
    shortage: Arc<Shortage>,
}

impl Manager for Connector {
    type Type = Queries;
    type Error = PgError;

    async fn create(&self) -> Result<Queries, PgError> {
        Queries::connect(&self.config, SETTINGS, &self.shortage).await
    }

    async fn recycle(&self, connection: &mut Queries, _: &Metrics) -> RecycleResult<PgError> {
        if connection.is_closed() { Err(RecycleError::message("closed")) } else { Ok(()) }
    }
}

impl Database {
    /// A pool for `config`. Nothing is connected yet.
    ///
    /// # Errors
    /// [`PgError::Unavailable`] when called outside a runtime.
    pub fn open(config: DatabaseConfig) -> Result<Database, PgError> {
        let timeouts =
            Timeouts { wait: Some(config.wait_timeout), create: Some(config.connect_timeout), recycle: None };
        let shortage = Arc::default();
        let connector = Connector { config: config.clone(), shortage: Arc::clone(&shortage) };
        let pool = Pool::builder(connector)
            .max_size(config.pool_size.max(1))
            .queue_mode(QueueMode::Lifo)
            .runtime(deadpool::Runtime::Tokio1)
            .timeouts(timeouts)
            .build()
            .map_err(|_| PgError::Unavailable(None))?;
        Ok(Database { pool, config, shortage, warning: Arc::default() })
    }

    /// A connection for reads.
    ///
    /// # Errors
    /// [`PgError::Busy`] when none becomes free in time, [`PgError::Unavailable`] when the server is away.
    pub async fn get(&self) -> Result<Connection, PgError> {
        Ok(Connection(self.pool.get().await?))
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// As [`Database::get`].
    pub async fn begin(&self) -> Result<Transaction, PgError> {
        Transaction::begin(self.get().await?, "begin").await
    }

    /// A transaction whose BEGIN is still to be sent, in one join with its first statements. Every statement of `owner`
    /// is prepared, as such a join needs.
    ///
    /// # Errors
    /// As [`Database::get`].
    pub async fn begin_joined(&self, owner: &str) -> Result<Transaction, PgError> {
        let connection = self.get().await?;
        connection.prepare_all(owner).await?;
        Ok(Transaction::unbegun(connection))
    }

    /// Begins a read-only transaction that sees one snapshot of the database throughout.
    ///
    /// # Errors
    /// As [`Database::get`].
    pub async fn begin_snapshot(&self) -> Result<Transaction, PgError> {
        Transaction::begin(self.get().await?, "begin isolation level repeatable read, read only").await
    }

    /// Begins so many of them, which see the same snapshot, for long statements that run at the same time.
    ///
    /// # Errors
    /// As [`Database::get`].
    pub async fn begin_snapshots(&self, count: usize) -> Result<Vec<Transaction>, PgError> {
        let first = self.begin_snapshot().await?;
        let rows = first.query_text("select pg_export_snapshot()").await?;
        let name: String = rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
        let mut all = vec![first];
        for _ in 1..count.min(self.config.pool_size) {
            let next = self.begin_snapshot().await?;
            // A name that the server made: digits, letters and dashes.
            next.run(&format!("set transaction snapshot '{name}'")).await?;
            all.push(next);
        }
        for transaction in &all {
            transaction.run(LONG).await?;
        }
        Ok(all)
    }

    /// A connection outside the pool, with further server settings and every statement of `owner` prepared.
    ///
    /// # Errors
    /// [`PgError::Unavailable`] when the server is away.
    pub async fn dedicated(&self, owner: &str, settings: &[(&str, &str)]) -> Result<Dedicated, PgError> {
        let queries = Queries::connect(&self.config, settings, &self.shortage).await?;
        queries.prepare_all(owner).await?;
        Ok(Dedicated(queries))
    }

    /// What the server was out of when a connection of this database last met it, if that was in the last two seconds.
    pub fn shortage(&self) -> Option<&'static str> {
        self.shortage.now()
    }

    /// What an operator should look at in how this database is reached; shared by clones.
    pub fn warning(&self) -> Option<&'static str> {
        *self.warning.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets what [`Database::warning`] gives.
    pub fn set_warning(&self, warning: Option<&'static str>) {
        *self.warning.lock().unwrap_or_else(PoisonError::into_inner) = warning;
    }

    /// Whether every pooled connection is lent.
    pub fn is_exhausted(&self) -> bool {
        let status = self.pool.status();
        status.size >= status.max_size && status.available == 0
    }

    /// Closes the pool: what is lent is closed when it comes back.
    pub fn close(&self) {
        self.pool.close();
    }
}
