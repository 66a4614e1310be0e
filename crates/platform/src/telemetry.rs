//! The log: one line an event, to standard error.

use std::io::IsTerminal;

use thiserror::Error;
use tracing_subscriber::EnvFilter;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: a JSON object a line.
    Json,
}

/// Why the log could not be set up.
#[derive(Debug, Error)]
#[error("log filter {filter:?} is not valid: write levels as in info,platform=debug")]
pub struct LogError {
    filter: String,
}

/// Starts the log. `filter` is a list of levels as in `info,platform=debug`.
///
/// # Errors
/// [`LogError`] when the filter cannot be read.
pub fn start(filter: &str, format: LogFormat) -> Result<(), LogError> {
    let levels = EnvFilter::try_new(filter).map_err(|_| LogError { filter: filter.to_owned() })?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(levels)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // A second start, as in tests, keeps the first one's settings.
    let _ = match format {
        LogFormat::Text => log.with_target(false).try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    Ok(())
}
