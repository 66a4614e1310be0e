//! How much of the machine's memory the server keeps its pages in.

use sysinfo::System;

const MIB: u64 = 1024 * 1024;
/// PostgreSQL's own default.
const LEAST: u64 = 128 * MIB;
/// Of a larger machine's memory the system's own cache has the rest.
const MOST: u64 = 4096 * MIB;

/// The server's `shared_buffers`: an eighth of what the machine, or the container, has. PostgreSQL's manual (Resource
/// Consumption) begins with a quarter for a machine of its own; this one serves the programs too. Where the memory cannot
/// be found out, it is the least.
pub(super) fn shared_buffers() -> String {
    format!("{}MB", (memory() / 8).clamp(LEAST, MOST) / MIB)
}

/// Bytes; 0 when that cannot be found out.
fn memory() -> u64 {
    let Ok(mut system) = System::new() else { return 0 };
    system.refresh_memory();
    let machine = system.total_memory();
    system.cgroup_limits().map_or(machine, |container| container.total_memory.min(machine))
}

#[cfg(test)]
mod tests {
    #[test]
    fn pages_are_kept_in_an_eighth_of_the_memory_within_bounds() {
        let told = std::fs::read_to_string("/proc/meminfo").unwrap();
        let of_machine = told.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024 / 8;
        let buffers: u64 = super::shared_buffers().strip_suffix("MB").unwrap().parse().unwrap();
        assert!((128..=of_machine.clamp(128, 4096)).contains(&buffers), "{buffers} MB");
    }
}
