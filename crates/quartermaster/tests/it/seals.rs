//! The sealed audit: nothing is skipped, nothing can be changed unseen, nothing is lost when it is moved.

mod archiving;
mod commands;
mod exporting;
mod finality;
mod heads;
mod sealing;
mod standing;
mod tampering;
mod tricks;

use std::path::PathBuf;

use auditlog::{Heads, HeadsAsOf, Log, Report, Sealer, Trust};
use platform::pg::{Database, DatabaseConfig, RolePair};
use seal::{PublicKey, Seal, SealingKey, Signed};

use crate::support::TestDatabase;

/// An audit with its sealing key and its file of heads.
struct Sealed {
    database: TestDatabase,
    pool: Database,
    log: &'static Log,
    key: SealingKey,
    keys: [PublicKey; 1],
    dir: tempfile::TempDir,
    sealer: Sealer,
    heads: Heads,
}

impl Sealed {
    async fn new() -> Sealed {
        Sealed::on(TestDatabase::new().await, &services::AUDIT, services::ROLES)
    }

    fn on(database: TestDatabase, log: &'static Log, roles: RolePair) -> Sealed {
        let key = SealingKey::generate().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let pool = database.pool(roles);
        Sealed {
            keys: [*key.public()],
            sealer: Sealer::new(log, pool.clone()),
            heads: Heads::new(dir.path().join("seal.heads")),
            database,
            pool,
            log,
            key,
            dir,
        }
    }

    /// Seals what is final, without looking twice.
    async fn seal(&mut self) -> Vec<Signed<Seal>> {
        let seals = self.sealer.seal(&self.key).await.unwrap();
        self.heads.catch_up(&self.pool.get().await.unwrap(), self.log, &self.keys).await.unwrap();
        seals
    }

    fn heads_file(&self) -> PathBuf {
        self.dir.path().join("seal.heads")
    }

    async fn verify(&self) -> Report {
        self.verify_with(None).await
    }

    async fn verify_with(&self, archives: Option<&std::path::Path>) -> Report {
        let heads = HeadsAsOf::now(self.heads_file()).ok();
        let trust = Trust { keys: &self.keys, heads: heads.as_ref(), archives };
        let conn = self.pool.dedicated(self.log.name, auditlog::READING).await.unwrap();
        conn.begin().await.unwrap();
        auditlog::verify(&conn, self.log, &trust).await.unwrap()
    }

    /// Adds entries as the program would; each is its own transaction.
    async fn add(&self, count: usize) {
        let client = self.database.connect(&format!("qm_{}_app", self.log.name)).await;
        for _ in 0..count {
            client.batch_execute(&entry(self.log, "now()")).await.unwrap();
        }
    }

    /// A pool of who may do anything.
    fn superuser(&self) -> Database {
        Database::open(DatabaseConfig::new(self.database.superuser(), "superuser")).unwrap()
    }

    async fn count(&self, table: &str) -> i64 {
        self.database.value(&format!("select count(*) from {}_{table}", self.log.name)).await
    }
}

/// A statement that adds an entry with something in every column.
fn entry(log: &Log, at: &str) -> String {
    format!(
        "insert into {}_audit_logs
            (at, actor_user_id, actor, action, entity_type, entity_id, branch_id, ip, request_id, details)
         values ({at}, 'id-7', 'Mia', 'thing.moved', 'thing', '12', 3, '10.1.2.3', 'till-7',
                 '{{\"from\": \"here\", \"to\": \"there\", \"quantity\": 1.500, \"lines\": [1, 2, {{}}]}}')",
        log.name
    )
}
