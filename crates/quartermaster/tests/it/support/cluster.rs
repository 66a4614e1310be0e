//! One PostgreSQL for the run, one database for each test.

use std::future::Future;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use platform::pg::{Database, DatabaseConfig, PrivateServer, RolePair, bootstrap_login, bootstrap_roles};

use super::until;

const TEMPLATE: &str = "migrated";
/// What the program is served with.
pub const RUN_LOGIN: &str = "qm_run";

/// A server that ends with this process, however it ends.
struct Cluster {
    server: PrivateServer,
}

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| outside(Cluster::start))
}

/// Runs a future on a thread and a runtime of its own, for places that have none or must not block theirs.
fn outside<T: Send + 'static, F: Future<Output = T>>(future: impl FnOnce() -> F + Send + 'static) -> T {
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(future())
    });
    thread.join().unwrap()
}

impl Cluster {
    async fn start() -> Cluster {
        let dir = tempfile::Builder::new().prefix("qm-it-").tempdir().unwrap().keep();
        // Nothing here has to survive a power cut, and no plan depends on whether autovacuum came by in time.
        let fast = [
            ("fsync", "off"),
            ("full_page_writes", "off"),
            ("synchronous_commit", "off"),
            ("autovacuum", "off"),
            ("max_prepared_transactions", "4"),
        ];
        let server = PrivateServer::open(&dir, &fast).await.unwrap();
        stop_with_this_process(&dir);
        let cluster = Cluster { server };
        cluster.run("postgres", &format!("create database {TEMPLATE}")).await;
        let config = DatabaseConfig::new(cluster.superuser(TEMPLATE), "migrate");
        bootstrap_roles(&config, &[services::ROLES, portal::ROLES]).await.unwrap();
        let running = [services::ROLES.running, portal::ROLES.running];
        bootstrap_login(&config, RUN_LOGIN, &running).await.unwrap();
        services::migrations().run(&config).await.unwrap();
        portal::migrations().run(&config).await.unwrap();
        cluster
    }

    fn superuser(&self, database: &str) -> tokio_postgres::Config {
        let mut config = self.server.superuser();
        config.dbname(database);
        config
    }

    async fn run(&self, database: &str, sql: &str) {
        let (client, connection) = self.superuser(database).connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
    }
}

/// A child waits at a pipe that only this process holds open; when the process is gone, the child ends the server.
fn stop_with_this_process(dir: &std::path::Path) {
    let script =
        r#"read _; kill -QUIT "$(head -n 1 "$1/postgres/data/postmaster.pid")"; sleep 1; rm -rf "$1""#;
    let child = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::mem::forget(child);
}

/// A migrated database, dropped at the end.
pub struct TestDatabase {
    pub name: String,
}

impl TestDatabase {
    pub async fn new() -> TestDatabase {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let create = format!("create database {name} template {TEMPLATE}");
        tokio::task::spawn_blocking(|| {
            outside(|| async move { cluster().run("postgres", &create).await });
        })
        .await
        .unwrap();
        TestDatabase { name }
    }

    /// A copy of this database as it is now. Whoever is connected to this one is thrown out.
    pub async fn copy(&self) -> TestDatabase {
        let copy = TestDatabase::new().await;
        let name = &self.name;
        cluster().run("postgres", &format!("drop database {}", copy.name)).await;
        let ended =
            format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");
        cluster().run("postgres", &ended).await;
        until("nobody to be connected", async || {
            let count = format!("select count(*) from pg_stat_activity where datname = '{name}'");
            let (client, connection) =
                cluster().superuser("postgres").connect(tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            client.query_one(&count, &[]).await.unwrap().get::<_, i64>(0) == 0
        })
        .await;
        cluster().run("postgres", &format!("create database {} template {name}", copy.name)).await;
        copy
    }

    /// An empty database, where nothing was migrated.
    pub async fn empty() -> TestDatabase {
        let database = TestDatabase::new().await;
        let (drop, create) =
            (format!("drop database {}", database.name), format!("create database {}", database.name));
        cluster().run("postgres", &drop).await;
        cluster().run("postgres", &create).await;
        database
    }

    /// How to reach it as superuser.
    pub fn superuser(&self) -> tokio_postgres::Config {
        cluster().superuser(&self.name)
    }

    /// How to reach it as this role.
    pub fn config(&self, role: &str) -> DatabaseConfig {
        let mut server = cluster().server.config(role);
        server.dbname(&self.name);
        DatabaseConfig { pool_size: 8, ..DatabaseConfig::new(server, "test") }
    }

    /// A pool of the running role of one half of the program.
    pub fn pool(&self, roles: RolePair) -> Database {
        Database::open(self.config(roles.running)).unwrap()
    }

    /// The same, reached by a login that takes the role on.
    pub fn pool_of(&self, login: &str, roles: RolePair) -> Database {
        Database::open(self.config(login).with_role(roles.running)).unwrap()
    }

    /// A setting for the program to use this database.
    pub fn url(&self) -> String {
        self.url_of("quartermaster")
    }

    /// The same for another login.
    pub fn url_of(&self, login: &str) -> String {
        let config = self.superuser();
        let host = match &config.get_hosts()[0] {
            tokio_postgres::config::Host::Unix(path) => path.display().to_string(),
            tokio_postgres::config::Host::Tcp(host) => host.clone(),
        };
        format!("host={host} user={login} dbname={}", self.name)
    }

    /// A plain connection as this role.
    pub async fn connect(&self, role: &str) -> tokio_postgres::Client {
        let (client, connection) = self.config(role).server.connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Runs SQL as superuser.
    pub async fn run(&self, sql: &str) {
        cluster().run(&self.name, sql).await;
    }

    /// Runs SQL as superuser in another database, for what cannot be done from within.
    pub async fn run_elsewhere(&self, sql: &str) {
        cluster().run("postgres", sql).await;
    }

    /// One value, as superuser.
    pub async fn value<T: for<'a> tokio_postgres::types::FromSql<'a>>(&self, sql: &str) -> T {
        self.connect("quartermaster").await.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// How many sessions wait for a lock.
    pub async fn waiting(&self) -> i64 {
        self.value(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
        .await
    }

    /// Returns once so many sessions wait for a lock; fails when they never do.
    pub async fn until_waiting(&self, count: i64) {
        until(&format!("{count} sessions to wait for a lock"), async || self.waiting().await >= count).await;
    }

    /// Everything that must hold, holds.
    pub async fn assert_sound(&self) {
        let mut findings = services::verify::verify(&self.pool(services::ROLES)).await.unwrap();
        findings.extend(portal::verify::verify(&self.pool(portal::ROLES)).await.unwrap());
        let broken: Vec<_> = findings.iter().filter(|finding| finding.is_broken()).collect();
        assert!(broken.is_empty(), "{broken:#?}");
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let sql = format!("drop database if exists {} with (force)", self.name);
        outside(|| async move { cluster().run("postgres", &sql).await });
    }
}
