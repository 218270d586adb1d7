//! When a configuration is read, and what cannot be used of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use proc_daemon::sim::{Faults, Life, Sim, Stage};
use proc_daemon::{Daemon, ReloadErrorKind, Section, Signal, SubsystemEvent};

use super::{Notes, Part, daemon, idle, kind, live};
use crate::expectations::expect;
use crate::kinds::MS;
use crate::obedient::exact;

/// A watched file that is edited again and again: it is read when it is left alone, and at last after 2 s.
pub(super) fn touched(sim: Sim) -> Life {
    let (gap, edits) = (sim.choose(6, "gap") * 60 * MS, 1 + sim.choose(40, "edits"));
    let reads = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&reads);
    let section = Section::<Part>::new("a").check(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok::<_, &str>(())
    });
    let daemon = Daemon::new().with_settings(section).with_task("companion", idle);
    let head = "hot_reload = true\n";
    let sim = exact(sim).daemon(daemon).config_text(&(head.to_owned() + &live(1, 1)));
    sim.script(move |stage| async move {
        stage.until_ready().await;
        let number = move |stage: &Stage| stage.daemon().settings::<Part>().map(|part| part.n);
        let began = stage.now();
        for n in 0..edits {
            stage.edit_config(&(head.to_owned() + &live(1, u64::from(100 + n))));
            stage.advance(gap).await;
            let since = stage.now().since(began);
            let known = number(&stage) != Some(1) || since <= 2000 * MS;
            expect(known, "read at last", || format!("nothing was read for {since:?}"));
        }
        let most = 2 + if gap < 250 * MS { edits * gap.as_millis() as u32 / 2000 } else { edits };
        stage.advance(250 * MS).await;
        stage.advance(MS).await;
        let (is, reads) = (number(&stage), reads.load(Ordering::Relaxed));
        let last = Some(u64::from(99 + edits));
        expect(is == last, "the last edit wins", || format!("{is:?}, not {last:?}"));
        expect(reads <= most, "left alone first", || format!("{reads} readings of {edits} edits"));
    })
}

/// What cannot be used, or not in this process, changes nothing.
pub(super) fn unusable(sim: Sim) -> Life {
    use ReloadErrorKind::{Invalid, NeedsNewProcess};
    let notes = Notes::default();
    let daemon = daemon(&sim, 1, &notes);
    let sim = exact(sim).daemon(daemon).config_text(&live(1, 1));
    sim.script(move |stage| async move {
        stage.until_ready().await;
        let before = stage.daemon().config_snapshot();
        let (bad, expected) = [
            ("[a".to_owned(), Invalid),
            (live(1, 2).replace("n = 2", "n = -2"), Invalid),
            (live(1, 2) + "[b]\n", Invalid),
            (format!("name = 'other'\n{}", live(1, 2)), NeedsNewProcess),
            (format!("hot_reload = true\n{}", live(1, 1)), NeedsNewProcess),
        ][stage.choose(5, "how unusable") as usize]
            .clone();
        stage.edit_config(&bad);
        let done = stage.daemon().reload().await;
        expect(kind(&done) == Some(expected), "refused", || format!("{done:?}"));
        let same = Arc::ptr_eq(&before, &stage.daemon().config_snapshot());
        expect(same, "nothing has changed", || format!("{done:?}"));
        let last = stage.daemon().status().last_reload.map(|last| last.to_string());
        let error = done.err().map(|error| error.to_string());
        expect(last == error, "told in the status", || format!("{last:?}, not {error:?}"));
        stage.advance(MS).await;
        expect(notes.last("a") == Some((1, 1)), "seen by all", || "what was refused".to_owned());
        stage.edit_config(&live(1, 2));
        let done = stage.daemon().reload().await.ok();
        let last = stage.daemon().status().last_reload.and_then(|last| last.result.ok());
        expect(done.is_some() && last == done, "told in the status", || format!("{last:?}"));
    })
}

/// A reading that does not come to its end is given up after 30 s, and nothing is read meanwhile.
pub(super) fn unread(sim: Sim) -> Life {
    let notes = Notes::default();
    let daemon = daemon(&sim, 1, &notes);
    let sim = exact(sim).daemon(daemon).config_text(&live(1, 1));
    sim.faults(Faults::none().stuck_blocking(1.0)).script(async move |stage: Stage| {
        stage.until_ready().await;
        stage.edit_config(&live(1, 2));
        for limit in [30_000, 0] {
            let began = stage.now();
            let done = stage.daemon().reload().await;
            let took = stage.now().since(began);
            expect(kind(&done) == Some(ReloadErrorKind::Unread), "unread", || format!("{done:?}"));
            expect(took == limit * MS, "given up in time", || format!("after {took:?}"));
        }
        stage.raise(Signal::Terminate);
        stage.finish().await;
    })
}

/// A watched file tells why it cannot be used once for each reason; a call tells it always.
pub(super) fn told(sim: Sim) -> Life {
    let notes = Notes::default();
    let daemon = daemon(&sim, 1, &notes);
    let head = "hot_reload = true\n";
    let good = move |n| head.to_owned() + &live(1, n);
    let sim = exact(sim).daemon(daemon).config_text(&good(1));
    sim.script(move |stage| async move {
        let mut events = stage.daemon().subscribe_events();
        stage.until_ready().await;
        let (mut last, mut number) = (None, 1);
        for _ in 0..2 + stage.choose(6, "edits") {
            let which = stage.choose(4, "which");
            let text = match which {
                0 => head.to_owned() + "[a",
                1 => good(1).replace("n = 1", "n = -1"),
                2 => good(number + 1),
                _ => good(number),
            };
            stage.edit_config(&text);
            let asked = stage.choose(3, "asked for") == 0;
            if asked {
                let _ = stage.daemon().reload().await;
            }
            stage.advance(300 * MS).await;
            let mut told = 0;
            while let Some(event) = events.try_next_event() {
                told += u32::from(matches!(
                    event,
                    SubsystemEvent::ReloadFailed { .. } | SubsystemEvent::Reloaded { .. }
                ));
            }
            // Once for the call; the touch comes after it.
            let bad = which < 2 && (asked || last != Some(which));
            let expected = u32::from(bad || which == 2);
            expect(told == expected, "told once", || format!("{told} times, edit {which}"));
            let known = stage.daemon().status().last_reload;
            let failed = known.is_some_and(|last| last.result.is_err());
            expect(failed == (which < 2), "what the file says is told", || format!("edit {which}"));
            last = (which < 2).then_some(which);
            number += u64::from(which == 2);
        }
    })
}
