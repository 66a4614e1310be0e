//! TLS to the server, as `sslmode` and `sslrootcert` of the database URL ask. What is asked for is always verified: that
//! the server's certificate is of an authority that is believed, and has the host's name.

use std::error::Error;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tokio_postgres::Socket;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

type Failure = Box<dyn Error + Send + Sync>;

/// How connections to one server are protected. Clones share what was read.
#[derive(Clone, Default)]
pub struct ServerTls {
    asked: bool,
    /// The authorities that are believed; the system's when absent.
    root: Option<PathBuf>,
    read: Arc<OnceLock<MakeRustlsConnect>>,
}

impl std::fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerTls")
            .field("asked", &self.asked)
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

impl ServerTls {
    /// Takes from a URL, or from words with values, what is about TLS; gives the rest for the driver. `None` when the
    /// `sslmode` is none that is kept to, or has no use for `sslrootcert`; the driver refuses both.
    pub(super) fn of(url: &str) -> Option<(ServerTls, String)> {
        let (mut mode, mut root) = (String::new(), None);
        let rest = without(url, &mut |name, value| match name {
            "sslmode" => {
                value.clone_into(&mut mode);
                true
            }
            "sslrootcert" => {
                root = Some(PathBuf::from(value));
                true
            }
            _ => false,
        });
        let asked = match mode.as_str() {
            "" | "disable" | "allow" | "prefer" => false,
            "require" | "verify-full" => true,
            _ => return None,
        };
        (asked || root.is_none()).then(|| (ServerTls { asked, root, read: Arc::default() }, rest))
    }

    /// TLS that believes nobody.
    pub(super) fn unusable() -> ServerTls {
        ServerTls { asked: true, root: Some(PathBuf::new()), read: Arc::default() }
    }

    /// What the driver is to do: nothing is left to what the server offers.
    pub(super) fn mode(&self) -> SslMode {
        if self.asked { SslMode::Require } else { SslMode::Disable }
    }

    fn connector(&self) -> Result<MakeRustlsConnect, Failure> {
        if let Some(read) = self.read.get() {
            return Ok(read.clone());
        }
        let mut roots = RootCertStore::empty();
        match &self.root {
            _ if !self.asked => {}
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
            Some(path) => {
                let text = files::read_trusted(path)?;
                for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
                    roots.add(certificate?)?;
                }
                if roots.is_empty() {
                    return Err(format!("{}: has no certificate", path.display()).into());
                }
            }
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(self.read.get_or_init(|| MakeRustlsConnect::new(config)).clone())
    }
}

impl MakeTlsConnect<Socket> for ServerTls {
    type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;
    type TlsConnect = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;
    type Error = Failure;

    fn make_tls_connect(&mut self, host: &str) -> Result<Self::TlsConnect, Failure> {
        Ok(MakeTlsConnect::<Socket>::make_tls_connect(&mut self.connector()?, host)?)
    }
}

/// The text without those of its parameters that `take` takes.
fn without(url: &str, take: &mut impl FnMut(&str, &str) -> bool) -> String {
    if url.contains("://") {
        let Some((before, parameters)) = url.split_once('?') else { return url.to_owned() };
        let kept = parameters.split('&').filter(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
            !take(name, &value)
        });
        let kept: Vec<&str> = kept.collect();
        return if kept.is_empty() { before.to_owned() } else { format!("{before}?{}", kept.join("&")) };
    }
    // A value may be in quotes, and a backslash takes the next character as it is; the driver reads the rest.
    let mut kept = String::new();
    let mut rest = url.trim_start();
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let quoted = after.starts_with('\'');
        let (mut value, mut escaped, mut end) = (String::new(), false, after.len());
        for (place, character) in after.char_indices().skip(usize::from(quoted)) {
            match character {
                _ if escaped => {
                    value.push(character);
                    escaped = false;
                }
                '\\' => escaped = true,
                '\'' if quoted => {
                    end = place + 1;
                    break;
                }
                c if c.is_whitespace() && !quoted => {
                    end = place;
                    break;
                }
                _ => value.push(character),
            }
        }
        let (written, next) = after.split_at(end);
        if !take(name.trim(), &value) {
            kept.push_str(&format!("{}={written} ", name.trim()));
        }
        rest = next.trim_start();
    }
    kept.push_str(rest);
    kept.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_tls_is_taken_from_the_url_and_the_rest_left_as_it_is() {
        for (url, rest, asked, root) in [
            ("postgres://u:p@h/d", "postgres://u:p@h/d", false, None),
            (
                "postgres://h/d?sslmode=disable&connect_timeout=3",
                "postgres://h/d?connect_timeout=3",
                false,
                None,
            ),
            ("postgres://h/d?sslmode=prefer", "postgres://h/d", false, None),
            ("postgres://h/d?sslmode=require", "postgres://h/d", true, None),
            (
                "postgres://h/d?a=b&sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem&c=d",
                "postgres://h/d?a=b&c=d",
                true,
                Some("/etc/ca.pem"),
            ),
            (
                "host=h user = u password='a b\\' sslmode=x'",
                "host=h user=u password='a b\\' sslmode=x'",
                false,
                None,
            ),
            (
                "host=h sslmode=verify-full sslrootcert='/a b.pem' dbname=d",
                "host=h dbname=d",
                true,
                Some("/a b.pem"),
            ),
        ] {
            let (tls, left) = ServerTls::of(url).unwrap();
            assert_eq!((left.as_str(), tls.mode() == SslMode::Require), (rest, asked), "{url}");
            assert_eq!(tls.root, root.map(PathBuf::from), "{url}");
        }
    }

    #[test]
    fn protection_that_is_not_kept_to_is_refused() {
        for url in
            ["postgres://h/d?sslmode=verify-ca", "host=h sslmode=yes", "postgres://h/d?sslrootcert=/ca.pem"]
        {
            assert!(ServerTls::of(url).is_none() && url.parse::<tokio_postgres::Config>().is_err(), "{url}");
        }
    }
}
