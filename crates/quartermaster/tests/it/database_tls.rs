//! TLS between the program and its database.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use platform::pg::{Database, DatabaseConfig, PrivateServer};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// A server that speaks TLS on an address of this machine of its own, where no other test listens.
struct Server {
    server: PrivateServer,
    dir: tempfile::TempDir,
    address: String,
}

impl Server {
    async fn start() -> Server {
        let dir = tempfile::tempdir().unwrap();
        set_mode(dir.path(), 0o755);
        let [a, b, c]: [u8; 3] = std::array::from_fn(|_| rand::random_range(1..=254));
        let address = format!("127.{a}.{b}.{c}");
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![address.clone()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            set_mode(&path, 0o600);
            path
        };
        write("ca.pem", &authority.pem());
        let other = CertifiedIssuer::self_signed(CertificateParams::default(), KeyPair::generate().unwrap());
        write("other.pem", &other.unwrap().pem());
        let files = [write("cert.pem", &certificate.pem()), write("key.pem", &key.serialize_pem())];
        for file in &files {
            give_to_server(file);
        }
        let [cert, key] = files.map(|file| file.to_str().unwrap().to_owned());
        let settings = [
            ("listen_addresses", address.as_str()),
            ("fsync", "off"),
            ("ssl", "on"),
            ("ssl_cert_file", &cert),
            ("ssl_key_file", &key),
        ];
        let server = PrivateServer::open(&dir.path().join("data"), &settings).await.unwrap();
        Server { server, dir, address }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Whether a connection by this URL is protected; why there is none.
    async fn protected(&self, host: &str, parameters: &str) -> Result<bool, String> {
        let url = format!("postgres://quartermaster@{host}/quartermaster?{parameters}");
        let config = DatabaseConfig::from_url(&url, "tls").map_err(|error| told(&error))?;
        let database = Database::open(config).unwrap();
        database.login().await.map_err(|error| told(&error))?;
        let (client, connection) = self.server.superuser().connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let sql =
            "select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'tls'";
        let protected = client.query_one(sql, &[]).await.unwrap().get(0);
        client.execute("select pg_terminate_backend(pid, 10000) from pg_stat_activity where application_name = 'tls'", &[]).await.unwrap();
        Ok(protected)
    }
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// PostgreSQL does not run as root, and reads no key of another user's.
fn give_to_server(file: &Path) {
    if nix::unistd::geteuid().is_root() {
        let user =
            ["postgres", "nobody"].iter().find_map(|name| nix::unistd::User::from_name(name).ok().flatten());
        chown(file, user.map(|user| user.uid.as_raw()), None).unwrap();
    }
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[tokio::test]
async fn connections_to_the_database_are_protected_as_the_url_asks_or_not_made() {
    let server = Server::start().await;
    let host = server.address.clone();
    let verified = |name: &str| format!("sslmode=verify-full&sslrootcert={}", server.path(name).display());
    assert_eq!(server.protected(&host, "").await, Ok(false));
    assert_eq!(server.protected(&host, "sslmode=disable").await, Ok(false));
    assert_eq!(server.protected(&host, &verified("ca.pem")).await, Ok(true));
    let required = verified("ca.pem").replace("verify-full", "require");
    assert_eq!(server.protected(&host, &required).await, Ok(true));
    // An authority that did not sign it, and the system's, which did not either.
    for parameters in [verified("other.pem"), "sslmode=verify-full".to_owned(), "sslmode=require".to_owned()]
    {
        let refused = server.protected(&host, &parameters).await.unwrap_err();
        assert!(refused.contains("certificate"), "{parameters}: {refused}");
    }
    let missing = server.protected(&host, &verified("none.pem")).await.unwrap_err();
    assert!(missing.contains("none.pem"), "{missing}");
    set_mode(&server.path("ca.pem"), 0o666);
    let refused = server.protected(&host, &verified("ca.pem")).await.unwrap_err();
    assert!(refused.contains("anybody on this machine can change it"), "{refused}");
    set_mode(&server.path("ca.pem"), 0o644);
    // Another name leads to the same server, whose certificate has it not.
    let by_name = format!("hostaddr={host}&{}", verified("ca.pem"));
    let refused = server.protected("db.example", &by_name).await.unwrap_err();
    assert!(refused.contains("not valid for name"), "{refused}");
    assert!(server.protected(&host, "sslmode=verify-ca").await.unwrap_err().contains("sslmode"));
    let Server { server, .. } = server;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_without_tls_is_not_reached_where_tls_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let [a, b, c]: [u8; 3] = std::array::from_fn(|_| rand::random_range(1..=254));
    let address = format!("127.{a}.{b}.{c}");
    let settings = [("listen_addresses", address.as_str()), ("fsync", "off")];
    let server = PrivateServer::open(&dir.path().join("data"), &settings).await.unwrap();
    for mode in ["require", "verify-full"] {
        let url = format!("postgres://quartermaster@{address}/quartermaster?sslmode={mode}");
        let refused = Database::open(DatabaseConfig::from_url(&url, "tls").unwrap()).unwrap().login().await;
        let refused = told(&refused.unwrap_err());
        assert!(refused.contains("does not support TLS"), "{refused}");
    }
    server.stop().await.unwrap();
}
