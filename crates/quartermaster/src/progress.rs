//! Progress bars, on a terminal alone.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar with rate and time left. Hidden where standard error is no terminal.
pub fn bar(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(length).unwrap_or_default());
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len}  {per_sec}  {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
