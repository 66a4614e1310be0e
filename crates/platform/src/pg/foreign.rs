//! Other programs' databases, to be read from.

use std::time::Duration;

use tokio_postgres::Row;

use super::{DatabaseConfig, PgError, Queries};

/// How long one statement may take: what is imported may be much.
const PATIENCE: Duration = Duration::from_secs(600);

/// What a statement gives on another program's database. The connection can change nothing there, and its times are
/// read as UTC.
///
/// # Errors
/// [`PgError`] when the URL is none, the server is away, or the tables are not there.
pub async fn read_foreign(url: &str, sql: &str) -> Result<Vec<Row>, PgError> {
    let mut config = DatabaseConfig::from_url(url, "quartermaster import")?;
    config.statement_timeout = Some(PATIENCE);
    let settings = [("default_transaction_read_only", "on"), ("timezone", "UTC")];
    Queries::connect_alone(&config, &settings).await?.query_text(sql).await
}
