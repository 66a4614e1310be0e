//! One connection and the statements prepared on it.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{AsyncMessage, Client, Row};

use super::shortage::Shortage;
use super::{CopyIn, DatabaseConfig, PgError, Rows, STATEMENTS, Statement};

/// The values of a statement's parameters, in order.
pub type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// How long a COMMIT may take before its outcome counts as unknown.
const COMMIT_PATIENCE: Duration = Duration::from_secs(30);

/// A connection, with its cache of prepared statements.
pub struct Queries {
    client: Client,
    prepared: Mutex<HashMap<usize, tokio_postgres::Statement>>,
    /// Whether every statement of an owner is prepared.
    all_prepared: AtomicBool,
    /// How many rounds of writes it has seen.
    rounds: AtomicU64,
    /// How many WARNINGs the server has sent: one that comes with a COMMIT puts its outcome in doubt.
    warnings: Arc<AtomicU64>,
    shortage: Arc<Shortage>,
}

impl std::fmt::Debug for Queries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queries").field("closed", &self.client.is_closed()).finish_non_exhaustive()
    }
}

impl Queries {
    /// Connects and drives the connection in a task of its own until either side closes it.
    pub(super) async fn connect(
        config: &DatabaseConfig,
        settings: &[(&str, &str)],
        shortage: &Arc<Shortage>,
    ) -> Result<Queries, PgError> {
        let driver = config.driver_config(settings);
        let connecting = driver.connect(config.tls.clone());
        let (client, mut connection) = tokio::time::timeout(config.connect_timeout, connecting)
            .await
            .map_err(|_| PgError::Unavailable(None))?
            .map_err(|error| shortage.noted(PgError::connecting(error)))?;
        let warnings = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&warnings);
        tokio::spawn(async move {
            while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
                match message {
                    Ok(AsyncMessage::Notice(notice)) if notice.severity() == "WARNING" => {
                        counter.fetch_add(1, Ordering::AcqRel);
                        tracing::warn!(code = notice.code().code(), "PostgreSQL: {}", notice.message());
                    }
                    Ok(_) => {}
                    Err(error) => {
                        tracing::debug!(%error, "a database connection ended");
                        break;
                    }
                }
            }
        });
        Ok(Queries {
            client,
            prepared: Mutex::default(),
            all_prepared: AtomicBool::new(false),
            rounds: AtomicU64::new(0),
            warnings,
            shortage: Arc::clone(shortage),
        })
    }

    /// The same, for one who has no [`Database`](super::Database).
    pub(super) async fn connect_alone(
        config: &DatabaseConfig,
        settings: &[(&str, &str)],
    ) -> Result<Queries, PgError> {
        Queries::connect(config, settings, &Arc::default()).await
    }

    /// The rows that a statement gives.
    ///
    /// # Errors
    /// [`PgError`], also for the methods below.
    pub async fn query(
        &self,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<Vec<Row>, PgError> {
        let prepared = self.prepare(statement).await?;
        self.client.query(&prepared, params).await.map_err(|error| self.noted(error))
    }

    /// The rows that a statement gives, planned for these values at each execution: for statements whose best plan
    /// depends on which of the parameters are null, where a plan that is kept would have to fit them all.
    ///
    /// # Errors
    /// [`PgError`].
    pub async fn query_anew(
        &self,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<Vec<Row>, PgError> {
        let prepared = self.prepare(statement).await?;
        let types = prepared.params().iter().cloned();
        let typed: Vec<(&(dyn ToSql + Sync), Type)> = params.iter().copied().zip(types).collect();
        self.client.query_typed(statement.sql, &typed).await.map_err(|error| self.noted(error))
    }

    /// The rows of a statement that is not ours, on a database that is not either.
    pub(super) async fn query_text(&self, sql: &str) -> Result<Vec<Row>, PgError> {
        Ok(self.client.query(sql, &[]).await?)
    }

    /// The one row, or none.
    ///
    /// # Errors
    /// [`PgError`], also when there is more than one row.
    pub async fn query_opt(
        &self,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<Option<Row>, PgError> {
        let prepared = self.prepare(statement).await?;
        self.client.query_opt(&prepared, params).await.map_err(|error| self.noted(error))
    }

    /// The one row.
    ///
    /// # Errors
    /// [`PgError`], also when there is none, or more than one.
    pub async fn query_one(&self, statement: &'static Statement, params: Params<'_>) -> Result<Row, PgError> {
        let prepared = self.prepare(statement).await?;
        self.client.query_one(&prepared, params).await.map_err(|error| self.noted(error))
    }

    /// How many rows a statement changed.
    ///
    /// # Errors
    /// [`PgError`].
    pub async fn execute(&self, statement: &'static Statement, params: Params<'_>) -> Result<u64, PgError> {
        let prepared = self.prepare(statement).await?;
        self.client.execute(&prepared, params).await.map_err(|error| self.noted(error))
    }

    /// The rows that a statement gives, one after the other: however many there are, few are held here. What is asked of
    /// the connection meanwhile waits for the last of them.
    ///
    /// # Errors
    /// [`PgError`].
    pub async fn stream(&self, statement: &'static Statement, params: Params<'_>) -> Result<Rows, PgError> {
        let prepared = self.prepare(statement).await?;
        Ok(Rows::new(self.client.query_raw(&prepared, params.iter().copied()).await?))
    }

    /// Begins a `copy … from stdin binary` whose columns have these types. Nothing else can be asked of the connection
    /// until it is finished.
    ///
    /// # Errors
    /// [`PgError`].
    pub async fn copy_in(&self, statement: &'static Statement, types: &[Type]) -> Result<CopyIn, PgError> {
        let prepared = self.prepare(statement).await?;
        Ok(CopyIn::new(self.client.copy_in(&prepared).await?, types))
    }

    /// Prepares every registered statement of `owner`, the one whose role the connection has. Calls that are polled
    /// together keep their order only when their statements are prepared already: a transaction that pipelines its
    /// BEGIN or COMMIT does this first.
    ///
    /// # Errors
    /// [`PgError`] when one cannot be prepared.
    pub async fn prepare_all(&self, owner: &str) -> Result<(), PgError> {
        if !self.all_prepared.load(Ordering::Acquire) {
            try_join_all(STATEMENTS.iter().filter(|s| s.owner == owner).map(|s| self.prepare(s))).await?;
            self.all_prepared.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// The prepared form of a statement; without a round trip, and without yielding, once it is known.
    async fn prepare(&self, statement: &'static Statement) -> Result<tokio_postgres::Statement, PgError> {
        let key = std::ptr::from_ref(statement).addr();
        let known = self.prepared.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(prepared) = known {
            return Ok(prepared);
        }
        let prepared = self.client.prepare(statement.sql).await?;
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner).insert(key, prepared.clone());
        Ok(prepared)
    }

    /// Called after each round of writes, it has the server plan every statement anew after 1, 2, 4, 8 … rounds, so
    /// that no plan is kept for tables much more than twice as large as those it was made for: one made for an empty
    /// table may read a large one from end to end.
    ///
    /// # Errors
    /// [`PgError`].
    pub async fn replan_as_tables_grow(&self) -> Result<(), PgError> {
        let rounds = self.rounds.fetch_add(1, Ordering::Relaxed) + 1;
        if rounds.is_power_of_two() { self.run("discard plans").await } else { Ok(()) }
    }

    /// The error of a statement.
    fn noted(&self, error: tokio_postgres::Error) -> PgError {
        self.shortage.noted(error.into())
    }

    /// Whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    pub(super) async fn run(&self, command: &str) -> Result<(), PgError> {
        Ok(self.client.batch_execute(command).await?)
    }

    /// Sends COMMIT. The caller has seen, or sees in the same join, that every statement before it succeeded.
    pub(super) async fn commit(&self) -> Result<(), PgError> {
        let warnings = self.warnings.load(Ordering::Acquire);
        match tokio::time::timeout(COMMIT_PATIENCE, self.client.batch_execute("commit")).await {
            Err(_) => Err(PgError::UnknownOutcome),
            Ok(Err(error)) => Err(self.shortage.noted(PgError::committing(error))),
            Ok(Ok(())) if self.warnings.load(Ordering::Acquire) != warnings => Err(PgError::UnknownOutcome),
            Ok(Ok(())) => Ok(()),
        }
    }
}
