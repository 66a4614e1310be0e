//! The log: one line an event, to standard error.

use std::io::IsTerminal;

use thiserror::Error;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

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

/// Libraries that write into the log what passes through them when they tell more than this: values of SQL parameters
/// are digests of passwords and keys, and paths and bodies may have secrets that went astray.
const DISCREET: [&str; 3] = ["tokio_postgres", "tower_http", "axum"];

/// Starts the log. `filter` is a list of levels as in `info,platform=debug`. Secrets stay out of it at every level:
/// what libraries would tell of them is left out, and of a panic only its place is written, since its message may have
/// a caller's words in it.
///
/// # Errors
/// [`LogError`] when the filter cannot be read.
pub fn start(filter: &str, format: LogFormat) -> Result<(), LogError> {
    let levels = EnvFilter::try_new(filter).map_err(|_| LogError { filter: filter.to_owned() })?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = match format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let log = tracing_subscriber::registry().with(filter_fn(is_discreet)).with(levels).with(lines);
    // A second start, as in tests, keeps the first one's settings.
    if log.try_init().is_ok() {
        std::panic::set_hook(Box::new(|panic| match panic.location() {
            Some(place) => tracing::error!(%place, "a defect: the program panicked"),
            None => tracing::error!("a defect: the program panicked"),
        }));
    }
    Ok(())
}

fn is_discreet(event: &Metadata<'_>) -> bool {
    *event.level() <= Level::INFO || !DISCREET.iter().any(|library| event.target().starts_with(library))
}
