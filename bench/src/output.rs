//! What the run prints for whoever waits for it.

use std::io::Write;

/// Prints a line to standard output. A reader that went away is no error.
pub fn line(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints the beginning of a line that [`line()`] ends.
pub fn begin(text: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}
