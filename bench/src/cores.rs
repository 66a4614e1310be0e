//! Which cores a load has, and which what it loads has. Where both share them, a load that is too much for one is too much
//! for the other: it never comes.

use std::fs;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::{Result, process};

/// While it lives, this program has a core of its own, and the processes that it loads, with those that they start, have
/// the others.
pub struct Apart {
    loaded: Vec<u32>,
    all: CpuSet,
}

impl Apart {
    /// Parts them; nothing where there is one core alone.
    ///
    /// # Errors
    /// When the cores of a process cannot be read or set.
    pub fn part(loaded: Vec<u32>) -> Result<Option<Apart>> {
        let all = sched_getaffinity(Pid::from_raw(0))?;
        let (mut own, mut others, mut count) = (CpuSet::new(), CpuSet::new(), 0);
        for core in (0..CpuSet::count()).filter(|core| all.is_set(*core).unwrap_or(false)) {
            count += 1;
            if count == 1 { own.set(core)? } else { others.set(core)? }
        }
        if count < 2 {
            return Ok(None);
        }
        let apart = Apart { loaded, all };
        apart.give(&others)?;
        give(std::process::id(), &own)?;
        Ok(Some(apart))
    }

    fn give(&self, cores: &CpuSet) -> Result<()> {
        for root in &self.loaded {
            give(*root, cores)?;
            for child in process::children(*root)? {
                give(child, cores)?;
            }
        }
        Ok(())
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        // Whatever it is that cannot be given them has ended, or goes on with what it has.
        let _ = self.give(&self.all);
        let _ = give(std::process::id(), &self.all);
    }
}

/// Gives a process these cores: all its threads. One that has ended needs none.
fn give(process: u32, cores: &CpuSet) -> Result<()> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Ok(()) };
    for thread in threads.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()) {
        match sched_setaffinity(Pid::from_raw(thread), cores) {
            Ok(()) | Err(nix::errno::Errno::ESRCH) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
