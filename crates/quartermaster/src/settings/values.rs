//! The kinds of values that settings have: how each is read and shown.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use platform::http::IpNet;
use platform::telemetry::LogFormat;

/// A kind of value.
pub trait Value: Sized {
    /// Reads it; an error says what it must be.
    fn parse(text: &str) -> Result<Self, String>;
    /// Shows it as the TOML file would have it, secrets masked.
    fn show(&self) -> toml::Value;
}

impl Value for String {
    fn parse(text: &str) -> Result<String, String> {
        if text.trim().is_empty() { Err("must not be empty".to_owned()) } else { Ok(text.to_owned()) }
    }
    fn show(&self) -> toml::Value {
        self.clone().into()
    }
}

impl Value for PathBuf {
    fn parse(text: &str) -> Result<PathBuf, String> {
        String::parse(text).map(PathBuf::from)
    }
    fn show(&self) -> toml::Value {
        self.to_string_lossy().into_owned().into()
    }
}

impl Value for SocketAddr {
    fn parse(text: &str) -> Result<SocketAddr, String> {
        text.parse().map_err(|_| "must be an IP address and a port, as in 127.0.0.1:8000".to_owned())
    }
    fn show(&self) -> toml::Value {
        self.to_string().into()
    }
}

impl Value for NonZeroUsize {
    fn parse(text: &str) -> Result<NonZeroUsize, String> {
        text.parse().map_err(|_| "must be a whole number of at least 1".to_owned())
    }
    fn show(&self) -> toml::Value {
        i64::try_from(self.get()).unwrap_or(i64::MAX).into()
    }
}

impl Value for NonZeroU32 {
    fn parse(text: &str) -> Result<NonZeroU32, String> {
        text.parse().map_err(|_| "must be a whole number of at least 1".to_owned())
    }
    fn show(&self) -> toml::Value {
        i64::from(self.get()).into()
    }
}

impl Value for u32 {
    fn parse(text: &str) -> Result<u32, String> {
        text.parse().map_err(|_| "must be a whole number, or 0".to_owned())
    }
    fn show(&self) -> toml::Value {
        i64::from(*self).into()
    }
}

impl Value for bool {
    fn parse(text: &str) -> Result<bool, String> {
        text.parse().map_err(|_| "must be true or false".to_owned())
    }
    fn show(&self) -> toml::Value {
        (*self).into()
    }
}

impl Value for Duration {
    fn parse(text: &str) -> Result<Duration, String> {
        let time = text.parse::<jiff::SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
        time.filter(|time| !time.is_zero())
            .ok_or_else(|| "must be a time such as 500ms, 30s or 2h".to_owned())
    }
    fn show(&self) -> toml::Value {
        match jiff::SignedDuration::try_from(*self) {
            Ok(time) => format!("{time:#}").into(),
            Err(_) => format!("{}s", self.as_secs()).into(),
        }
    }
}

impl Value for LogFormat {
    fn parse(text: &str) -> Result<LogFormat, String> {
        match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err("must be text or json".to_owned()),
        }
    }
    fn show(&self) -> toml::Value {
        match self {
            LogFormat::Text => "text".into(),
            LogFormat::Json => "json".into(),
        }
    }
}

impl<T: Value> Value for Option<T> {
    fn parse(text: &str) -> Result<Option<T>, String> {
        if text.is_empty() { Ok(None) } else { T::parse(text).map(Some) }
    }
    fn show(&self) -> toml::Value {
        self.as_ref().map_or_else(|| "".into(), Value::show)
    }
}

/// The URL of a database. Shown without its password.
#[derive(Clone)]
pub struct DatabaseUrl(pub String);

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl DatabaseUrl {
    /// Whether a text is such a URL and has a password in it.
    pub fn has_password(text: &str) -> bool {
        let config = platform::pg::DatabaseConfig::from_url(text, "");
        config.is_ok_and(|config| config.server.get_password().is_some())
    }

    /// The same database, for a login with this password. Both are letters, digits, `_` and `-`.
    ///
    /// # Errors
    /// When the URL names its user or password behind a question mark, where they would win.
    pub fn with_login(&self, login: &str, password: &str) -> Result<DatabaseUrl, String> {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            // Of words that come twice, the last counts.
            return Ok(DatabaseUrl(format!("{} user={login} password={password}", self.0)));
        };
        // As the driver reads it: what stands before the first @ is the login.
        let place = rest.split_once('@').map_or(rest, |(_, place)| place);
        let parameters = place.split_once('?').map_or("", |(_, parameters)| parameters);
        let named = |part: &str| matches!(part.split('=').next(), Some("user" | "password"));
        if parameters.split('&').any(named) {
            return Err(
                "put the user of database_url before the host, as in postgres://user:password@host/database"
                    .to_owned(),
            );
        }
        Ok(DatabaseUrl(format!("{scheme}://{login}:{password}@{place}")))
    }

    /// `postgres://user:***@host/database`. What is not of that form may hide a password anywhere.
    fn masked(&self) -> String {
        let parts = self.0.split_once("://").map(|(scheme, rest)| {
            let (user, place) = rest.rsplit_once('@').unwrap_or(("", rest));
            let place = place.split_once('?').map_or(place, |(place, _)| place);
            let user = match user.split_once(':') {
                Some((name, _)) => format!("{name}:***@"),
                None if user.is_empty() => String::new(),
                None => format!("{user}@"),
            };
            format!("{scheme}://{user}{place}")
        });
        parts.unwrap_or_else(|| "***".to_owned())
    }
}

impl Value for DatabaseUrl {
    fn parse(text: &str) -> Result<DatabaseUrl, String> {
        let wrong = "must be as in postgres://user:password@host:5432/database, where it has an sslmode with disable, \
                     require or verify-full";
        platform::pg::DatabaseConfig::from_url(text, "").map_err(|_| wrong.to_owned())?;
        Ok(DatabaseUrl(text.to_owned()))
    }
    fn show(&self) -> toml::Value {
        self.masked().into()
    }
}

/// A key of 32 bytes. Never shown.
#[derive(Clone)]
pub struct Key(pub [u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Value for Key {
    fn parse(text: &str) -> Result<Key, String> {
        let bytes = BASE64_STANDARD.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(Key)
            .ok_or_else(|| "must be 32 random bytes in base64, as `openssl rand -base64 32` gives".to_owned())
    }
    fn show(&self) -> toml::Value {
        "***".into()
    }
}

/// An http or https URL without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(pub String);

impl BaseUrl {
    /// Whether it is plain http on this machine.
    pub fn is_plain_loopback(&self) -> bool {
        let Ok(url) = self.0.parse::<http::Uri>() else { return false };
        let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
        let loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        loopback && url.scheme_str() == Some("http")
    }
}

impl Value for BaseUrl {
    fn parse(text: &str) -> Result<BaseUrl, String> {
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        let usable = rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace));
        if !usable {
            return Err("must be an http or https URL, as in https://stock.example.com".to_owned());
        }
        Ok(BaseUrl(text.trim_end_matches('/').to_owned()))
    }
    fn show(&self) -> toml::Value {
        self.0.clone().into()
    }
}

/// Networks and single addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

impl Value for Networks {
    fn parse(text: &str) -> Result<Networks, String> {
        let networks = text.split(',').map(str::trim).filter(|network| !network.is_empty());
        let network = |text: &str| {
            let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
            text.parse::<IpNet>().ok().or_else(address).ok_or_else(|| {
                "must be networks or addresses such as 10.0.0.0/8 or 2001:db8::7, separated by commas"
                    .to_owned()
            })
        };
        networks.map(network).collect::<Result<_, _>>().map(Networks)
    }
    fn show(&self) -> toml::Value {
        self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(",").into()
    }
}

/// Origins of web pages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(pub Vec<String>);

impl Value for Origins {
    fn parse(text: &str) -> Result<Origins, String> {
        let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        let origin = |origin: &str| match BaseUrl::parse(origin) {
            Ok(BaseUrl(url)) => Ok(url),
            Err(_) if origin == "*" => Ok(origin.to_owned()),
            Err(_) => {
                Err("must be origins such as https://shop.example.com, separated by commas, or *".to_owned())
            }
        };
        origins.map(origin).collect::<Result<_, _>>().map(Origins)
    }
    fn show(&self) -> toml::Value {
        self.0.join(",").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_url_is_shown_without_its_password() {
        for (url, shown) in [
            (
                "postgres://qm:s3cr:et@db.example:5432/qm?connect_timeout=3",
                "postgres://qm:***@db.example:5432/qm",
            ),
            ("postgres://qm@db/qm", "postgres://qm@db/qm"),
            ("postgres://db/qm", "postgres://db/qm"),
            ("host=db user=qm password=secret", "***"),
        ] {
            let url = DatabaseUrl::parse(url).unwrap();
            assert_eq!(url.show(), toml::Value::from(shown));
            assert_eq!(format!("{url:?}"), shown);
        }
    }

    #[test]
    fn a_database_url_for_another_login_is_the_same_but_for_the_login() {
        for (url, other) in [
            (
                "postgres://qm:s3cret@db.example:5432,db2/qm?connect_timeout=3",
                "postgres://run:new@db.example:5432,db2/qm?connect_timeout=3",
            ),
            ("postgres://qm@/qm?host=/run/postgresql", "postgres://run:new@/qm?host=/run/postgresql"),
            ("postgres:///qm", "postgres://run:new@/qm"),
            (
                "host=db user=qm password=secret dbname=qm",
                "host=db user=qm password=secret dbname=qm user=run password=new",
            ),
        ] {
            let DatabaseUrl(made) = DatabaseUrl(url.to_owned()).with_login("run", "new").unwrap();
            assert_eq!(made, other);
            let config = platform::pg::DatabaseConfig::from_url(&made, "").unwrap().server;
            assert_eq!((config.get_user(), config.get_password()), (Some("run"), Some(b"new".as_slice())));
            assert_eq!(config.get_dbname(), Some("qm"));
        }
        assert!(DatabaseUrl("postgres://db/qm?user=me".to_owned()).with_login("run", "new").is_err());
    }

    #[test]
    fn plain_http_on_this_machine_is_told_from_all_else() {
        for (url, plain) in [
            ("http://127.0.0.1:8000", true),
            ("http://localhost", true),
            ("http://[::1]:8000", true),
            ("https://localhost", false),
            ("http://stock.example.com", false),
            ("http://localhost.example.com", false),
            ("http://127.0.0.1@evil.example", false),
        ] {
            assert_eq!(BaseUrl::parse(url).unwrap().is_plain_loopback(), plain, "{url}");
        }
    }

    #[test]
    fn proxies_are_networks_or_single_addresses() {
        let networks = Networks::parse("10.0.0.0/8, 2001:db8::7,192.0.2.1").unwrap();
        assert_eq!(networks.show(), toml::Value::from("10.0.0.0/8,2001:db8::7/128,192.0.2.1/32"));
        assert_eq!(Networks::parse(""), Ok(Networks::default()));
        for text in ["proxy.example.com", "10.0.0.0/33", "10.0.0.1:80"] {
            assert!(Networks::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        assert_eq!(Duration::parse("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(Duration::parse("1h 30m"), Ok(Duration::from_secs(5_400)));
        for text in ["", "30", "0s", "-1s", "soon"] {
            assert!(Duration::parse(text).is_err(), "{text}");
        }
    }
}
