//! TLS with a certificate that is read anew when its files change.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// What is wrong with a certificate or its key.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read as PEM.
    #[error("{path}: is no PEM file with a {what}")]
    Pem {
        /// Which file.
        path: PathBuf,
        /// What it should have.
        what: &'static str,
        /// Why.
        #[source]
        source: pem::Error,
    },
    /// Others can read or change the key.
    #[error(transparent)]
    Key(files::Fault),
    /// The certificate file has none.
    #[error("{0}: has no certificate")]
    NoCertificate(PathBuf),
    /// They cannot be used together, such as a key that is another certificate's.
    #[error("{certificate} and {key} cannot be used together")]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        #[source]
        source: rustls::Error,
    },
    /// TLS itself cannot be set up.
    #[error("TLS cannot be set up")]
    Setup(#[source] rustls::Error),
}

/// The server's side of TLS (1.2 and 1.3) with one certificate. Cheap to clone; clones share the certificate.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    current: Arc<Current>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("files", &self.current.files).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// The certificate in use. A new connection gets it; those that run keep what they have.
#[derive(Debug)]
struct Current {
    files: Files,
    certified: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.certified.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Tls {
    /// TLS with the chain in `certificate` (PEM, the server's own first) and its private `key` (PEM).
    ///
    /// # Errors
    /// Names the file that cannot be used.
    pub fn load(certificate: &Path, key: &Path) -> Result<Tls, TlsError> {
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        let certified = RwLock::new(Arc::new(files.load()?));
        let current = Arc::new(Current { files, certified });
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Current>::clone(&current);
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Setup)?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), current })
    }

    /// Reads the files anew whenever they change, until `stop`. Files that cannot be used leave the certificate as it
    /// is and are said in the log.
    pub async fn follow_files(self, stop: CancellationToken) {
        let files = &self.current.files;
        let mut seen = files.state().await;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            let state = files.state().await;
            if state == seen {
                continue;
            }
            seen = state;
            match files.load() {
                Ok(certified) => {
                    let mut current = self.current.certified.write().unwrap_or_else(PoisonError::into_inner);
                    *current = Arc::new(certified);
                    tracing::info!(certificate = %files.certificate.display(), "a new certificate is in use");
                }
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::error!(error, "the new certificate cannot be used; the old one stays in use");
                }
            }
        }
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }
}

impl Files {
    fn load(&self) -> Result<CertifiedKey, TlsError> {
        let pem = |path: &Path, what| {
            let path = path.to_owned();
            move |source| TlsError::Pem { path, what, source }
        };
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(pem(&self.certificate, "certificate"))?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate(self.certificate.clone()));
        }
        let key = files::read_private(&self.key).map_err(|fault| match fault {
            files::Fault::Io { path, source } => pem(&path, "private key")(pem::Error::Io(source)),
            fault @ files::Fault::Exposed { .. } => TlsError::Key(fault),
        })?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(pem(&self.key, "private key"))?;
        CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(|source| {
            TlsError::Unusable { certificate: self.certificate.clone(), key: self.key.clone(), source }
        })
    }

    /// What tells one version of the files from the next, also where a link is turned to another file.
    async fn state(&self) -> [Option<(u64, u64, i64, i64)>; 2] {
        let state = async |path: &Path| {
            let file = tokio::fs::metadata(path).await.ok()?;
            Some((file.ino(), file.len(), file.mtime(), file.mtime_nsec()))
        };
        [state(&self.certificate).await, state(&self.key).await]
    }
}
