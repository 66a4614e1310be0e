//! Migrations: each owner its own, under its own role, with its own history table.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::time::Duration;

use refinery::{Migration, Runner, Target};
use thiserror::Error;

use super::{DatabaseConfig, PgError, Queries, RolePair};

/// How long a migration waits for a table. All who come to the table meanwhile wait behind it, so it gives up soon and
/// comes again.
const LOCK_TIMEOUT: &str = "set lock_timeout = '800ms'";
/// After which pause it comes again, and how often: for ten minutes in all.
const PAUSE: Duration = Duration::from_secs(2);
const TRIES: u32 = 200;

/// After which pause a program asks whether another still migrates.
const TURN_PAUSE: Duration = Duration::from_millis(50);

/// Begins the name of a migration whose statements cannot run in a transaction, such as `create index concurrently`.
/// They are apart by an empty line, and do no harm when they are run again: one that fails leaves those before it.
const CONCURRENTLY: &str = "concurrently_";
/// These take no lock that anybody who reads or writes waits for, and may wait for long themselves.
const LONG_LOCK_TIMEOUT: &str = "set lock_timeout = '10min'";

/// A migration that a database does not have yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Its version and name.
    pub name: String,
    /// What it runs.
    pub sql: String,
}

/// The migrations of one owner.
pub struct Migrations {
    roles: RolePair,
    history: &'static str,
    runner: Runner,
}

impl std::fmt::Debug for Migrations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Migrations").field("history", &self.history).finish_non_exhaustive()
    }
}

/// Why the schema could not be brought up to date.
#[derive(Debug, Error)]
pub enum MigrateError {
    /// The database refused or is away.
    #[error("the database could not be reached for migrating")]
    Database(#[from] PgError),
    /// A migration failed; those before it stay.
    #[error("a migration failed")]
    Migration(#[source] Box<refinery::Error>),
    /// A table was in use for all of ten minutes.
    #[error("a table has been in use for ten minutes; end what holds it, or migrate at a quieter time")]
    Locked,
    /// The database was migrated by a newer program.
    #[error(
        "the database is at version {found} of {history}, newer than this program's {known}: use the newer program"
    )]
    Newer {
        /// The history table.
        history: &'static str,
        /// The version in the database.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
}

impl Migrations {
    /// Migrations that `roles.owner` runs and notes in the table `history`.
    pub fn new(roles: RolePair, history: &'static str, runner: Runner) -> Migrations {
        Migrations { roles, history, runner }
    }

    /// The newest version this program knows.
    pub fn latest(&self) -> i64 {
        self.runner.get_migrations().iter().map(|migration| i64::from(migration.version())).max().unwrap_or(0)
    }

    /// Applies what is missing, one program at a time; gives the names of what was applied.
    ///
    /// # Errors
    /// [`MigrateError`].
    pub async fn run(&self, config: &DatabaseConfig) -> Result<Vec<String>, MigrateError> {
        let mut config = config.clone();
        config.statement_timeout = None;
        config.role = Some(self.roles.owner.to_owned());
        let driver = config.driver_config(&[]);
        let (mut client, connection) =
            driver.connect(config.tls.clone()).await.map_err(PgError::connecting)?;
        let connection = tokio::spawn(connection);
        self.wait_for_turn(&client).await?;
        self.refuse_newer(&client).await?;
        client.batch_execute(LOCK_TIMEOUT).await.map_err(PgError::from)?;
        let before = self.applied(&client).await?;
        self.run_all(&before, &mut client).await?;
        let grant = format!("grant select on {} to {}", self.history, self.roles.running);
        client.batch_execute(&grant).await.map_err(PgError::from)?;
        // The lock ends with the connection.
        drop(client);
        let _ = connection.await;
        let applied =
            self.runner.get_migrations().iter().filter(|m| !before.contains(&i64::from(m.version())));
        Ok(applied.map(ToString::to_string).collect())
    }

    /// Waits until no other program migrates. It asks again and again: an index that the other makes beside the requests
    /// waits for every statement that runs, and one that waited for the other would be among them.
    async fn wait_for_turn(&self, client: &tokio_postgres::Client) -> Result<(), MigrateError> {
        let lock = format!("select pg_try_advisory_lock(hashtext('{}'))", self.history);
        while !client.query_one(&lock, &[]).await.map_err(PgError::from)?.get::<_, bool>(0) {
            tokio::time::sleep(TURN_PAUSE).await;
        }
        Ok(())
    }

    /// Applies what is missing beyond `applied`, in order.
    async fn run_all(
        &self,
        applied: &BTreeSet<i64>,
        client: &mut tokio_postgres::Client,
    ) -> Result<(), MigrateError> {
        let mut alone: Vec<&Migration> = self.runner.get_migrations().iter().collect();
        alone.retain(|m| m.name().starts_with(CONCURRENTLY) && !applied.contains(&i64::from(m.version())));
        alone.sort_by_key(|migration| migration.version());
        for migration in alone {
            self.run_to(Target::Version(migration.version() - 1), client).await?;
            client.batch_execute(LONG_LOCK_TIMEOUT).await.map_err(PgError::from)?;
            for statement in migration.sql().unwrap_or_default().split("\n\n") {
                client.batch_execute(statement).await.map_err(PgError::from)?;
            }
            client.batch_execute(LOCK_TIMEOUT).await.map_err(PgError::from)?;
            // Writes into the history that it was applied.
            self.run_to(Target::FakeVersion(migration.version()), client).await?;
        }
        self.run_to(Target::Latest, client).await
    }

    /// Applies what is missing up to there. Each migration is a transaction of its own: one that did not get its locks
    /// left nothing, and is tried again.
    async fn run_to(&self, target: Target, client: &mut tokio_postgres::Client) -> Result<(), MigrateError> {
        let mut runner = Runner::new(self.runner.get_migrations()).set_target(target);
        runner.set_migration_table_name(self.history);
        for _ in 0..TRIES {
            match runner.run_async(client).await {
                Ok(_) => return Ok(()),
                Err(error) if waited_for_a_lock(&error) => {
                    tracing::warn!("a table is in use; the migration waits so that nobody waits for it");
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(MigrateError::Migration(Box::new(error))),
            }
        }
        Err(MigrateError::Locked)
    }

    /// What [`Migrations::run`] would apply, in order. Changes nothing.
    ///
    /// # Errors
    /// [`MigrateError`].
    pub async fn pending(&self, config: &DatabaseConfig) -> Result<Vec<Pending>, MigrateError> {
        let driver = config.driver_config(&[]);
        let (client, connection) = driver.connect(config.tls.clone()).await.map_err(PgError::connecting)?;
        let connection = tokio::spawn(connection);
        // A login that inherits nothing reads the history as the role that it takes on; before the first migration there
        // is neither.
        let _ = client.batch_execute(&format!("set role {}", self.roles.running)).await;
        self.refuse_newer(&client).await?;
        let applied = self.applied(&client).await?;
        drop(client);
        let _ = connection.await;
        let pending =
            self.runner.get_migrations().iter().filter(|m| !applied.contains(&i64::from(m.version())));
        let mut pending: Vec<_> = pending.collect();
        pending.sort_by_key(|migration| migration.version());
        let described = |migration: &&refinery::Migration| Pending {
            name: migration.to_string(),
            sql: migration.sql().unwrap_or_default().to_owned(),
        };
        Ok(pending.iter().map(described).collect())
    }

    /// The versions that the database has.
    async fn applied(&self, client: &tokio_postgres::Client) -> Result<BTreeSet<i64>, MigrateError> {
        if !self.has_history(client).await? {
            return Ok(BTreeSet::new());
        }
        let versions = format!("select version::bigint from {}", self.history);
        let rows = client.query(&versions, &[]).await.map_err(PgError::from)?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    async fn has_history(&self, client: &tokio_postgres::Client) -> Result<bool, MigrateError> {
        let exists = format!("select to_regclass('{}') is not null", self.history);
        Ok(client.query_one(&exists, &[]).await.map_err(PgError::from)?.get(0))
    }

    async fn refuse_newer(&self, client: &tokio_postgres::Client) -> Result<(), MigrateError> {
        let found = self.applied(client).await?.last().copied().unwrap_or(0);
        let known = self.latest();
        if found > known {
            return Err(MigrateError::Newer { history: self.history, found, known });
        }
        Ok(())
    }
}

/// Whether a migration failed since it waited too long for a table.
fn waited_for_a_lock(error: &refinery::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        let code = error.downcast_ref::<tokio_postgres::Error>().and_then(tokio_postgres::Error::code);
        if code == Some(&tokio_postgres::error::SqlState::LOCK_NOT_AVAILABLE) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Looks at the tables of the connecting role that hold anything for good. One that is looked at while it is empty is
/// taken for empty for a long time; unlogged ones hold what is there for one transaction alone.
const ANALYSE_OWN_TABLES: &str = "
    do $$
    declare
        own regclass;
    begin
        for own in
            select c.oid::regclass
            from pg_class c
            join pg_roles r on r.oid = c.relowner
            where r.rolname = current_user and c.relkind in ('r', 'p') and c.relpersistence = 'p'
              and pg_relation_size(c.oid) > 0
        loop
            execute format('analyze %s', own);
        end loop;
    end
    $$";

/// Has the server look at what the tables of the configuration's role hold, so that it plans for what is there.
///
/// # Errors
/// When the database refuses or is away.
pub async fn analyse(config: &DatabaseConfig) -> Result<(), PgError> {
    let mut config = config.clone();
    config.statement_timeout = None;
    Queries::connect_alone(&config, &[]).await?.run(ANALYSE_OWN_TABLES).await
}
