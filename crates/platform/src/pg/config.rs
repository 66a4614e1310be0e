//! Where the database is and how its connections behave.

use super::{PgError, ServerTls};
use std::time::Duration;

/// How to reach a database and how many connections to keep.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// Host, port, user, password and database.
    pub server: tokio_postgres::Config,
    /// How connections to it are protected.
    pub tls: ServerTls,
    /// What `pg_stat_activity` shows.
    pub application_name: String,
    /// The role that every connection takes on at its start; the user's own when absent.
    pub role: Option<String>,
    /// The most pooled connections, at least 1.
    pub pool_size: usize,
    /// How long a caller waits for a pooled connection before it gets [`PgError::Busy`].
    pub wait_timeout: Duration,
    /// How long a connection may take to be made before it counts as [`PgError::Unavailable`].
    pub connect_timeout: Duration,
    /// How long one statement may run before the server cancels it; no limit when absent.
    pub statement_timeout: Option<Duration>,
    /// Further server settings of every connection, such as `("plan_cache_mode", "force_generic_plan")`.
    pub settings: Vec<(String, String)>,
}

impl DatabaseConfig {
    /// A configuration with the defaults: 16 connections, 5 s to wait, 5 s to connect, 30 s a statement.
    pub fn new(server: tokio_postgres::Config, application_name: impl Into<String>) -> Self {
        DatabaseConfig {
            server,
            tls: ServerTls::default(),
            application_name: application_name.into(),
            role: None,
            pool_size: 16,
            wait_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Some(Duration::from_secs(30)),
            settings: Vec::new(),
        }
    }

    /// The same from a URL (`postgres://user:password@host/database`) or a key-value string, with TLS where `sslmode` is
    /// `require` or `verify-full`.
    ///
    /// # Errors
    /// [`PgError::Other`] when the text is neither.
    pub fn from_url(url: &str, application_name: impl Into<String>) -> Result<Self, PgError> {
        let Some((tls, rest)) = ServerTls::of(url) else {
            // The driver says what is wrong with it. What it took would be reached by TLS or not at all.
            let config = DatabaseConfig::new(url.parse::<tokio_postgres::Config>()?, application_name);
            return Ok(DatabaseConfig { tls: ServerTls::unusable(), ..config });
        };
        Ok(DatabaseConfig {
            tls,
            ..DatabaseConfig::new(rest.parse::<tokio_postgres::Config>()?, application_name)
        })
    }

    /// The same configuration under another role.
    #[must_use]
    pub fn with_role(mut self, role: impl Into<String>) -> Self {
        self.role = Some(role.into());
        self
    }

    /// What the driver is given: the server with every setting as a start-up option, so that no connection needs a
    /// round trip, nor can forget one, before its first use.
    pub(super) fn driver_config(&self, more_settings: &[(&str, &str)]) -> tokio_postgres::Config {
        let mut driver = self.server.clone();
        let mut options = driver.get_options().unwrap_or_default().to_owned();
        let mut set = |name: &str, value: &str| {
            options.push_str(" -c ");
            options.push_str(name);
            options.push('=');
            options.push_str(&escape_option(value));
        };
        if let Some(role) = &self.role {
            set("role", role);
        }
        if let Some(limit) = self.statement_timeout {
            set("statement_timeout", &limit.as_millis().to_string());
        }
        for (name, value) in &self.settings {
            set(name, value);
        }
        for (name, value) in more_settings {
            set(name, value);
        }
        driver
            .application_name(&self.application_name)
            .ssl_mode(self.tls.mode())
            .options(options.trim_start())
            .connect_timeout(self.connect_timeout)
            .keepalives_idle(Duration::from_secs(15))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3)
            .tcp_user_timeout(Duration::from_secs(30));
        driver
    }
}

/// In the options string a space ends a word and a backslash takes the next character as it is.
fn escape_option(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        if character == '\\' || character.is_whitespace() {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_become_startup_options_with_spaces_escaped() {
        let mut config = DatabaseConfig::from_url("postgres://u@h/d?options=-c%20a%3D1", "test").unwrap();
        config.role = Some("some role".into());
        config.statement_timeout = Some(Duration::from_secs(2));
        let driver = config.driver_config(&[("plan_cache_mode", "force_generic_plan")]);
        assert_eq!(
            driver.get_options(),
            Some(
                r"-c a=1 -c role=some\ role -c statement_timeout=2000 -c plan_cache_mode=force_generic_plan"
            )
        );
    }
}
