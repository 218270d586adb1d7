//! The command: reads its arguments, runs the jobs, prints the tables.

use std::path::PathBuf;
use std::process::ExitCode;

use proc_daemon_bench::args::Args;
use proc_daemon_bench::runner::{Samplers, run};
use proc_daemon_bench::{madsim, plan, table};

fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(text) => {
            eprintln!("{text}");
            return ExitCode::from(64);
        }
    };
    if let Some(seed) = args.seed {
        fastrand::seed(seed);
    }
    let mut jobs = plan::jobs(args.scale, args.peer_all);
    jobs.retain(|job| job.matches(&args.words));
    if let Some(processes) = args.processes {
        jobs.iter_mut().for_each(|job| job.processes = processes);
    }
    if args.list {
        jobs.iter().for_each(|job| println!("{job}"));
        return ExitCode::SUCCESS;
    }
    let plain: PathBuf = env!("CARGO_BIN_EXE_sampler").into();
    let madsim = madsim::prepare(&mut jobs, &plain);
    let counted = env!("CARGO_BIN_EXE_sampler-counted").into();
    let samplers = Samplers { plain, counted, madsim: madsim.clone().ok().flatten() };
    let mut results = run(&jobs, &samplers, true);
    if let Err(error) = madsim {
        results.failed("madsim", error);
    }
    print!("{}", table::print(&results, args.format));
    ExitCode::SUCCESS
}
