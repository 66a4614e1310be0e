//! Migrations: each owner its own, under its own role, with its own history table.

use refinery::Runner;
use thiserror::Error;
use tokio_postgres::NoTls;

use super::{DatabaseConfig, PgError, Queries, RolePair};

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
        let mut runner = runner;
        runner.set_migration_table_name(history);
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
        let (mut client, connection) = driver.connect(NoTls).await.map_err(PgError::connecting)?;
        let connection = tokio::spawn(connection);
        let lock = format!("select pg_advisory_lock(hashtext('{}'))", self.history);
        client.batch_execute(&lock).await.map_err(PgError::from)?;
        self.refuse_newer(&client).await?;
        let report = self
            .runner
            .run_async(&mut client)
            .await
            .map_err(|error| MigrateError::Migration(Box::new(error)))?;
        let grant = format!("grant select on {} to {}", self.history, self.roles.running);
        client.batch_execute(&grant).await.map_err(PgError::from)?;
        // The lock ends with the connection.
        drop(client);
        let _ = connection.await;
        Ok(report.applied_migrations().iter().map(ToString::to_string).collect())
    }

    async fn refuse_newer(&self, client: &tokio_postgres::Client) -> Result<(), MigrateError> {
        let exists = format!("select to_regclass('{}') is not null", self.history);
        let exists: bool = client.query_one(&exists, &[]).await.map_err(PgError::from)?.get(0);
        if !exists {
            return Ok(());
        }
        let newest = format!("select coalesce(max(version), 0)::bigint from {}", self.history);
        let found: i64 = client.query_one(&newest, &[]).await.map_err(PgError::from)?.get(0);
        let known = self.latest();
        if found > known {
            return Err(MigrateError::Newer { history: self.history, found, known });
        }
        Ok(())
    }
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
    Queries::connect(&config, &[]).await?.run(ANALYSE_OWN_TABLES).await
}
