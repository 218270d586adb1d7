use std::fmt::Write;

use super::check::guarded;
use super::life::Life;
use super::moment::Moment;
use super::subject::Sim;
use crate::backends::sim::{Kind, Record, Verdict};

/// Lives each seed twice and compares everything that happened.
///
/// Whether they go wrong is not asked, as long as they do so in the same way. A daemon whose two lives differ
/// depends on something that is not simulated: the real clock, a thread-local or a static that keeps a count, a
/// `HashMap`'s order, another thread. Such a daemon cannot be replayed.
///
/// # Panics
///
/// At the first seed whose lives part, with the moment, the task, where that was spawned, and what each of the
/// two did.
#[track_caller]
pub fn audit<F>(seeds: impl Iterator<Item = u64>, life: F)
where
    F: Fn(Sim) -> Life,
{
    for seed in seeds {
        let [first, second] = [(); 2].map(|()| guarded(Sim::new(seed).allow_panics(), &life));
        if first.trace().records().is_empty() {
            panic!("seed {seed}: nothing was lived: {}", first.verdict());
        }
        if let Some(parted) = parting(&first, &second).or_else(|| otherwise(&first, &second)) {
            panic!("seed {seed}: {}", Verdict::Nondeterminism(parted));
        }
    }
}

/// What differs of two lives in which the same happened; none if nothing does.
fn otherwise(first: &Life, second: &Life) -> Option<String> {
    let verdicts = [first, second].map(|life| life.verdict().to_string());
    if verdicts[0] != verdicts[1] {
        return Some(format!(
            "the same seed led to two verdicts\nonce:   {}\nagain:  {}\n",
            verdicts[0], verdicts[1]
        ));
    }
    let tapes = [first, second].map(|life| life.tape().to_string());
    let differs = tapes[0] != tapes[1];
    differs.then(|| "the same seed led to two tapes: something else chose\n".to_owned())
}

/// Where two lives part; none if they are the same.
pub(super) fn parting(first: &Life, second: &Life) -> Option<String> {
    let at = first.trace().parting(second.trace())?;
    let kept = first.trace().records().len().min(second.trace().records().len());
    let dropped = usize::try_from(first.trace().dropped()).unwrap_or(usize::MAX);
    if dropped > 0 && (at <= dropped || record(first, at).or(record(second, at)).is_none()) {
        return Some(format!(
            "the same seed led to two lives, and they part before the last {kept} records, which are kept: \
             make the life shorter, with `Sim::lasting` say\n"
        ));
    }
    let mut text = String::from("the same seed led to two lives\n");
    for (which, life) in [("once", first), ("again", second)] {
        let record = record(life, at);
        let _ = write!(text, "{which}:  ");
        let _ = match record {
            None => writeln!(text, "nothing more happened"),
            Some(record) => writeln!(text, "{}", describe(life, record)),
        };
    }
    text.push_str("before that:\n");
    for back in (1..=8).rev() {
        if let Some(record) = at.checked_sub(back).and_then(|index| record(first, index)) {
            let _ = writeln!(text, "  {}", describe(first, record));
        }
    }
    Some(text)
}

/// The record with this number in the life, if it was kept.
fn record(life: &Life, index: usize) -> Option<&Record> {
    let dropped = usize::try_from(life.trace().dropped()).ok()?;
    life.trace().records().get(index.checked_sub(dropped)?)
}

fn describe(life: &Life, record: &Record) -> String {
    let names = life.tasks();
    let who = match names.get(record.task as usize) {
        None => "between polls".to_owned(),
        Some(name) => match name.site() {
            Some(site) => format!("task #{} `{name}` spawned at {site}", record.task),
            None => format!("task #{} `{name}`", record.task),
        },
    };
    let what = match (record.kind, Moment::of(record)) {
        (_, Some(moment)) => format!("{moment:?}"),
        (Kind::Sleep, None) => {
            format!("sleeps until {:?}", proc_daemon_runtime::Instant::from_nanos(record.a))
        }
        (kind, None) => format!("{kind:?} {:x} {:x}", record.a, record.b),
    };
    format!("{:?}  {who}: {what}", record.at())
}
