//! The command: reads its arguments, runs the jobs, prints the tables.

use std::process::ExitCode;

use proc_daemon_bench::args::Args;
use proc_daemon_bench::runner::{Samplers, run};
use proc_daemon_bench::{plan, table};

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
    let samplers = Samplers {
        plain: env!("CARGO_BIN_EXE_sampler").into(),
        counted: env!("CARGO_BIN_EXE_sampler-counted").into(),
    };
    let results = run(&jobs, &samplers, true);
    print!("{}", table::print(&results, args.format));
    ExitCode::SUCCESS
}
