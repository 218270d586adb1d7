use std::fmt::Write;

use proc_daemon_runtime::Instant;

use super::Board;
use crate::duration::short;
use crate::state::SubsystemState;

/// The state of every subsystem, one line each, for a person at a terminal.
pub(crate) fn dump(board: &Board, now: Instant) -> String {
    let rows = board.rows().filter(|(_, row)| row.state() != SubsystemState::Removed);
    let rows: Vec<_> = rows.collect();
    let mut text = format!("state of {} subsystems:\n", rows.len());
    for (_, row) in rows {
        let since = now.since(row.since());
        let _ = write!(text, "  {}: {} for {}", row.name, row.state(), short(since));
        let _ = match row.life() {
            None => write!(text, ", never polled"),
            Some(life) if life.in_poll => {
                write!(text, ", in one poll for {}", short(now.since(life.polled)))
            }
            Some(life) => write!(text, ", last polled {} ago", short(now.since(life.polled))),
        };
        let _ = writeln!(text, ", from {}", row.location());
    }
    text
}

/// The subsystems that are alive, one line each: who is stuck, where it comes from, its last sign of life.
pub(crate) fn stuck(board: &Board, now: Instant) -> String {
    let mut text = String::new();
    for (_, row) in board.rows().filter(|(_, row)| row.state().is_alive()) {
        let _ = write!(text, "  stuck: `{}` ({}), from {}", row.name, row.state(), row.location());
        let _ = match row.life() {
            None => writeln!(text, ", never polled"),
            Some(life) if life.in_poll => {
                let ago = short(now.since(life.polled));
                writeln!(text, ", last sign of life {ago} ago, blocked in one poll since")
            }
            Some(life) => {
                writeln!(text, ", last sign of life {} ago", short(now.since(life.polled)))
            }
        };
    }
    text
}
