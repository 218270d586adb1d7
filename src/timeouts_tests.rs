use proptest::prelude::*;

use super::*;

const S: fn(u64) -> Option<Duration> = |s| Some(Duration::from_secs(s));
const NONE: Wanted = Wanted { grace: None, force: None, kill: None, lame_duck: None };

/// Grace, force, kill, lame duck in milliseconds.
fn millis(wanted: Wanted) -> [u128; 4] {
    assert_eq!(wanted.conflicts(), []);
    let t = wanted.resolve().unwrap();
    [t.grace(), t.force(), t.kill(), t.lame_duck()].map(|d| d.as_millis())
}

fn conflicts(wanted: Wanted) -> Vec<String> {
    wanted.conflicts().iter().map(|c| format!("{}: {}", c.key, c.expected)).collect()
}

#[test]
fn with_nothing_set_the_budget_is_25_seconds() {
    assert_eq!(NONE.resolve(), Some(ShutdownTimeouts::DEFAULT));
    assert_eq!(millis(NONE), [20_000, 22_000, 25_000, 0]);
}

#[test]
fn a_grace_alone_moves_force_and_kill_up() {
    assert_eq!(millis(Wanted { grace: S(30), ..NONE }), [30_000, 32_000, 35_000, 0]);
    assert_eq!(millis(Wanted { grace: S(0), ..NONE }), [0, 2_000, 5_000, 0]);
}

#[test]
fn a_kill_alone_shares_itself_out() {
    assert_eq!(millis(Wanted { kill: S(2), ..NONE }), [1_600, 1_760, 2_000, 0]);
    assert_eq!(millis(Wanted { kill: S(50), ..NONE }), [40_000, 44_000, 50_000, 0]);
}

#[test]
fn a_force_alone_moves_the_grace_down_and_the_kill_up() {
    assert_eq!(millis(Wanted { force: S(11), ..NONE }), [10_000, 11_000, 14_000, 0]);
    assert_eq!(millis(Wanted { force: S(0), ..NONE }), [0, 0, 3_000, 0]);
}

#[test]
fn a_force_between_a_grace_and_a_kill_stays_between_them() {
    assert_eq!(millis(Wanted { grace: S(10), kill: S(15), ..NONE }), [10_000, 12_000, 15_000, 0]);
    assert_eq!(millis(Wanted { grace: S(10), kill: S(11), ..NONE }), [10_000, 10_400, 11_000, 0]);
    assert_eq!(millis(Wanted { grace: S(10), kill: S(60), ..NONE }), [10_000, 12_000, 60_000, 0]);
}

#[test]
fn a_lame_duck_comes_before_the_grace_and_counts_in_force_and_kill() {
    assert_eq!(millis(Wanted { lame_duck: S(5), ..NONE }), [20_000, 27_000, 30_000, 5_000]);
    assert_eq!(
        millis(Wanted { lame_duck: S(5), kill: S(30), ..NONE }),
        [20_000, 27_000, 30_000, 5_000]
    );
}

#[test]
fn only_what_is_set_is_compared() {
    assert_eq!(conflicts(Wanted { grace: S(60), ..NONE }), [""; 0]);
    assert_eq!(conflicts(Wanted { kill: S(1), ..NONE }), [""; 0]);
}

#[test]
fn every_pair_out_of_order_is_named() {
    assert_eq!(
        conflicts(Wanted { grace: S(30), force: S(20), kill: S(10), lame_duck: None }),
        [
            "timeout_ms: expected at most shutdown.force_timeout_ms (20s)",
            "force_timeout_ms: expected at most shutdown.kill_timeout_ms (10s)",
        ]
    );
    assert_eq!(
        conflicts(Wanted { grace: S(90), kill: S(60), lame_duck: S(70), ..NONE }),
        [
            "timeout_ms: expected at most shutdown.kill_timeout_ms (1m)",
            "lame_duck_ms: expected at most shutdown.kill_timeout_ms (1m)",
        ]
    );
}

#[test]
fn a_lame_duck_that_leaves_no_room_for_the_grace_is_refused() {
    assert_eq!(
        conflicts(Wanted { grace: S(20), force: S(22), lame_duck: S(5), ..NONE }),
        ["lame_duck_ms: expected at most 2s, what shutdown.timeout_ms (20s) leaves of \
          shutdown.force_timeout_ms (22s)"]
    );
}

#[test]
fn one_that_is_above_the_longest_is_refused_whatever_the_others_are() {
    let long = Some(LONGEST + Duration::from_nanos(1));
    let each = |long| {
        [
            Wanted { grace: long, ..NONE },
            Wanted { force: long, ..NONE },
            Wanted { kill: long, ..NONE },
            Wanted { lame_duck: long, ..NONE },
        ]
    };
    assert!(each(long).iter().all(|wanted| wanted.resolve().is_none()));
    assert!(each(Some(LONGEST)).iter().all(|wanted| wanted.resolve().is_some()));
}

#[test]
fn what_was_set_is_named_by_its_key() {
    let wanted = Wanted { grace: S(1), force: S(2), kill: S(3), lame_duck: None };
    let set: Vec<_> = wanted.set().into_iter().flatten().collect();
    let keys = ["timeout_ms", "force_timeout_ms", "kill_timeout_ms"];
    assert_eq!(set, Vec::from_iter(keys.into_iter().zip([S(1), S(2), S(3)].into_iter().flatten())));
    let wanted = Wanted { lame_duck: S(4), ..NONE };
    assert_eq!(wanted.set()[3], S(4).map(|set| ("lame_duck_ms", set)));
}

fn maybe() -> impl Strategy<Value = Option<Duration>> {
    let longest = u64::try_from(LONGEST.as_nanos()).unwrap();
    let any = prop_oneof![0..6_u64, 0..30_000_000_000_u64, 0..=longest, Just(longest)];
    proptest::option::of(any.prop_map(Duration::from_nanos))
}

proptest! {
    #[test]
    fn what_is_derived_is_ordered_and_keeps_what_was_set(
        grace in maybe(), force in maybe(), kill in maybe(), lame_duck in maybe()
    ) {
        let wanted = Wanted { grace, force, kill, lame_duck };
        let zero = kill.is_some_and(|kill| kill.is_zero());
        let Some(t) = wanted.resolve() else {
            prop_assert!(zero || !wanted.conflicts().is_empty());
            return Ok(());
        };
        prop_assert!(!zero && wanted.conflicts().is_empty());
        prop_assert!(t.lame_duck() + t.grace() <= t.force());
        prop_assert!(t.force() <= t.kill());
        for (set, got) in
            [(grace, t.grace()), (force, t.force()), (kill, t.kill()), (lame_duck, t.lame_duck())]
        {
            prop_assert!(set.is_none_or(|set| set == got));
        }
    }
}
