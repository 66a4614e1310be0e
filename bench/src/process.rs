//! Processes of the machine, by their ids.

use std::fs;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Result;

/// Sends a signal; one that has ended meanwhile does not matter.
///
/// # Errors
/// When that is not allowed.
pub fn signal(process: u32, signal: Signal) -> Result<()> {
    match kill(Pid::from_raw(i32::try_from(process)?), signal) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The processes that it started and that have not ended.
///
/// # Errors
/// When the machine's processes cannot be listed.
pub fn children(process: u32) -> Result<Vec<u32>> {
    let all = fs::read_dir("/proc")?.flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    Ok(ids.filter(|id| stat(*id).is_some_and(|(_, parent)| parent == process)).collect())
}

/// The process that started it, unless it has ended.
pub fn parent(process: u32) -> Option<u32> {
    stat(process).map(|(_, parent)| parent)
}

/// Whether it has ended; it may still be there for its parent to ask how.
pub fn has_ended(process: u32) -> bool {
    stat(process).is_none_or(|(state, _)| state == 'Z')
}

/// Its state and its parent (proc(5), `/proc/PID/stat`).
fn stat(process: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before may hold anything, brackets too.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_the_parent_that_started_it_and_has_ended_when_it_was_killed() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        assert!(children(std::process::id()).unwrap().contains(&child.id()));
        assert_eq!(parent(child.id()), Some(std::process::id()));
        assert!(!has_ended(child.id()));
        signal(child.id(), Signal::SIGKILL).unwrap();
        child.wait().unwrap();
        assert!(has_ended(child.id()));
        signal(child.id(), Signal::SIGCONT).unwrap();
    }
}
