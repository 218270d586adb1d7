//! Does one job of the harness, with an allocator that counts.

use std::alloc::System;
use std::process::ExitCode;

use proc_daemon_bench::Heap;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> ExitCode {
    proc_daemon_bench::sampler::main(Some(|| {
        let stats = ALLOCATOR.stats();
        let live = |made: usize, gone: usize| made.saturating_sub(gone) as u64;
        Heap {
            bytes: live(stats.bytes_allocated, stats.bytes_deallocated),
            blocks: live(stats.allocations, stats.deallocations),
            made: (stats.allocations + stats.reallocations) as u64,
        }
    }))
}
