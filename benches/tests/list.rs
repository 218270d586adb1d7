//! Every row of the harness works, on every backend, with a handful of subsystems.

use std::collections::BTreeSet;

use proc_daemon_bench::job::Row;
use proc_daemon_bench::plan::{Scale, jobs};
use proc_daemon_bench::results::{Key, Results};
use proc_daemon_bench::runner::{Samplers, run};
use proc_daemon_bench::table::{Format, print};

#[test]
fn every_job_yields_every_figure_it_names() {
    let samplers = Samplers {
        plain: env!("CARGO_BIN_EXE_sampler").into(),
        counted: env!("CARGO_BIN_EXE_sampler-counted").into(),
        madsim: None,
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
    few_polls(&results, &text);
    no_allocations(&results, &text);
}

/// What the daemon adds to a life: its start, its driver, its stop.
fn few_polls(results: &Results, text: &str) {
    let polls = |variant: &str| {
        let is_it = |key: &&Key| (key.row, &*key.metric) == (Row::Lives, "polls");
        let key = results.keys().filter(is_it).find(|key| key.variant == variant);
        key.and_then(|key| results.value(key)).map(|value| value.median).expect("a count")
    };
    let more = polls("daemon") - polls("bare");
    assert!((0.0..16.0).contains(&more), "{more} polls more than by hand\n{text}");
}

/// A subsystem reads the configuration in force without allocating.
fn no_allocations(results: &Results, text: &str) {
    let is_it = |key: &&Key| (key.row, &*key.metric) == (Row::Snapshot, "allocations");
    let most = results.keys().filter(is_it).filter_map(|key| results.value(key));
    let most = most.map(|value| value.greatest).reduce(f64::max).expect("a count");
    assert!(most < 1.0, "{most} allocations\n{text}");
}
