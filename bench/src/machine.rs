//! What the figures were measured on.

use std::fs;
use std::process::Command;

/// The machine and the source that was measured.
pub struct Machine {
    /// How many cores this program may use.
    pub cores: usize,
    /// What the processor calls itself.
    pub processor: String,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// The commit that is checked out, with a mark when files differ from it.
    pub commit: String,
}

impl Machine {
    /// Looks at this machine; what cannot be found out is `unknown`.
    pub fn look() -> Machine {
        let unknown = || "unknown".to_owned();
        Machine {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: field("/proc/cpuinfo", "model name").unwrap_or_else(unknown),
            memory_mib: memory_mib(),
            commit: commit().unwrap_or_else(unknown),
        }
    }
}

/// Memory in MiB; 0 when that cannot be found out.
pub fn memory_mib() -> u64 {
    field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .map_or(0, |kib| kib / 1_024)
}

fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let (_, value) =
        text.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.trim() == name)?;
    Some(value.trim().to_owned())
}

fn commit() -> Option<String> {
    let id = git(&["rev-parse", "--short=12", "HEAD"])?;
    // Results of an earlier run are no change of what is measured.
    let changed =
        git(&["status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/*.md", ":!bench/*.svg"])?;
    Some(if changed.is_empty() { id } else { format!("{id} with changes") })
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
