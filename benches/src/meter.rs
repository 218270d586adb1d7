//! What a process uses: processor time, resident memory, live allocations.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// What the allocator has counted.
#[derive(Clone, Copy, Debug)]
pub struct Heap {
    /// Bytes that are allocated now.
    pub bytes: u64,
    /// Blocks that are allocated now.
    pub blocks: u64,
    /// Allocations so far.
    pub made: u64,
}

/// Reads that. The process whose allocator counts has one.
pub type Counter = fn() -> Heap;

/// User and system time of all threads so far.
pub(crate) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Resident bytes of this process; none where the system has no `/proc`.
pub(crate) fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
