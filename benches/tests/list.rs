//! Every row of the harness works, on every backend, with a handful of subsystems.

use std::collections::BTreeSet;

use proc_daemon_bench::job::Row;
use proc_daemon_bench::plan::{Scale, jobs};
use proc_daemon_bench::runner::{Samplers, run};
use proc_daemon_bench::table::{Format, print};

#[test]
fn every_job_yields_every_figure_it_names() {
    let samplers = Samplers {
        plain: env!("CARGO_BIN_EXE_sampler").into(),
        counted: env!("CARGO_BIN_EXE_sampler-counted").into(),
    };
    let jobs = jobs(Scale::Smoke, false);
    let results = run(&jobs, &samplers, false);
    let text = print(&results, Format::Text);
    for format in [Format::Markdown, Format::Json] {
        assert!(!print(&results, format).is_empty());
    }

    let found: BTreeSet<_> = results
        .keys()
        .map(|key| (key.row, key.backend, key.n, key.variant.as_str(), key.metric.as_str()))
        .collect();
    for job in &jobs {
        for variant in job.variants.iter().filter(|variant| *variant != "peer") {
            for (metric, _) in job.row.metrics() {
                let elsewhere = job.row == Row::Memory && !cfg!(target_os = "linux");
                let what = (job.row, job.backend, job.n, variant.as_str(), *metric);
                assert!(elsewhere || found.contains(&what), "{what:?} is missing\n{text}");
            }
        }
    }
    // The peer is not ours to fix: what it does not do is shown, not asserted.
    let ours = results.failures().iter().find(|(what, _)| !what.contains("peer"));
    assert_eq!(ours, None, "{text}");
}
