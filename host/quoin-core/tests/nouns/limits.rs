//! The limits of an installation.

use quoin_core::limits::{Limits, LimitsChange};
use serde_json::json;

/// The limits with one of them set.
fn with(name: &str, value: u32) -> Limits {
    serde_json::from_value(json!({ name: value })).unwrap()
}

#[test]
fn each_limit_is_from_one_to_its_ceiling() {
    assert_eq!(Limits::default().fault(), None);
    assert_eq!(Limits::CEILING.fault(), None);
    for (name, ceiling) in [
        ("memory-mib", 64),
        ("deadline-ms", 60_000),
        ("concurrency", 256),
        ("queue", 4_096),
        ("database-mib", 16_384),
    ] {
        for good in [1, ceiling] {
            assert_eq!(with(name, good).fault(), None, "{name} = {good}");
        }
        for bad in [0, ceiling + 1] {
            let told = with(name, bad).fault().unwrap();
            let expected = format!("the limit {name} is {bad}; use 1 to {ceiling}");
            assert_eq!(told, expected);
        }
    }
}

#[test]
fn what_a_manifest_does_not_limit_has_the_hosts_default() {
    let limits = with("queue", 7);
    assert_eq!((limits.queue, limits.memory_mib, limits.deadline_ms), (7, 32, 5_000));
    assert_eq!((limits.concurrency, limits.database_mib), (32, 512));
}

#[test]
fn a_change_changes_what_it_names_and_nothing_else() {
    let before = Limits::default();
    assert_eq!(LimitsChange::default().apply(before), before);
    for name in ["memory-mib", "deadline-ms", "concurrency", "queue", "database-mib"] {
        let change: LimitsChange = serde_json::from_value(json!({ name: 9 })).unwrap();
        assert_eq!(change.apply(before), with(name, 9), "{name}");
    }
}
