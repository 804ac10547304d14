//! What a call may not go beyond, and whose fault it is told to be.

use std::time::Duration;

use quoin_core::limits::{CALL_DEPTH_MAX, HOST_CALLS_MAX, RANDOM_BYTES_MAX};
use quoin_core::manifest::HostInterface;
use quoin_runtime::FailureKind;

use crate::guest::Step::{
    Call, Execute, ExecuteAndTrap, Fail, Large, Now, Pass, Query, RandomBytes, Repeat, Spin, Trap,
    When,
};
use crate::{
    Plugin, Room, ask, asking, assert_kind, counted, error, failure, numbers, until_called,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_does_not_end_is_stopped_at_its_deadline() {
    let (room, hand) = Room::still();
    let sign = room.sign().await;
    let spin = vec![Call("s", "here-read"), Spin];
    let plugin = room.install(Plugin::new("p", "a", vec![("act", spin)]).needs("s", &sign)).await;
    let running = asking(&plugin, "act", "");
    until_called(&sign, 1).await;
    hand.forward(Duration::from_millis(600_000));
    let ended = failure(running.await.unwrap());
    assert_kind(&ended, "p", |kind| *kind == FailureKind::Timeout);
    assert_eq!(ended.function, "room:test/a@0.1.0#act");
    assert_eq!(counted(&plugin), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_gives_up_when_it_is_told_that_its_time_is_over_did_not_trap() {
    let (room, hand) = Room::still();
    let sign = room.sign().await;
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
        SELECT count(*) FROM n";
    let low = vec![
        ("late", vec![Call("s", "here-read"), ExecuteAndTrap(endless)]),
        ("early", vec![ExecuteAndTrap("INSERT INTO low VALUES (1)")]),
    ];
    let low = Plugin::new("low", "b", low).needs("s", &sign).limits(|l| l.deadline_ms = 300_000);
    let low = room.install(low).await;
    let functions = vec![("late", vec![Pass("b", "late")]), ("early", vec![Pass("b", "early")])];
    let high = room.install(Plugin::new("high", "a", functions).needs("b", &low)).await;
    let running = asking(&high, "late", "");
    until_called(&sign, 1).await;
    hand.forward(Duration::from_millis(300_000));
    assert_eq!(error(running.await.unwrap()), ("unavailable".into(), "timeout".into()));
    assert_eq!(error(ask(&high, "early", "").await), ("unavailable".into(), "trap".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_nested_so_deep_and_no_deeper() {
    let room = Room::new();
    let end = vec![Execute("INSERT INTO p0 VALUES (1)"), Now];
    let mut node = room.install(Plugin::new("p0", "a", vec![("act", end)])).await;
    // Each needs as `c` what the one below it provides as `a`.
    for level in 1..=CALL_DEPTH_MAX + 1 {
        let name: &'static str = format!("p{level}").leak();
        let act = vec![Call("c", "act")];
        let provider = crate::provider("a", &node);
        let plugin = Plugin::new(name, "a", vec![("act", act)]);
        let below = node.clone();
        node = room.install(plugin.bound("c", quoin_runtime::Binding::One(provider))).await;
        if level == CALL_DEPTH_MAX {
            assert_eq!(numbers(ask(&node, "act", "").await).len(), 1);
            assert_eq!(room.kept("p0").await, [1]);
        }
        if level > CALL_DEPTH_MAX {
            // The deepest is refused, and the one above it goes on with that.
            assert_eq!(numbers(ask(&node, "act", "").await), [801]);
            assert_eq!(counted(&below).1, 0);
        }
    }
    let lines = room.lines();
    let told = |line: &&String| line.starts_with("p0: p0 went over a limit");
    assert_eq!(lines.iter().filter(told).count(), 1, "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_may_use_the_host_so_often_and_no_more() {
    let room = Room::new();
    let low = vec![("act", vec![Now])];
    let low = room.install(Plugin::new("low", "b", low)).await;
    let silent = vec![("act", vec![])];
    let silent = room.install(Plugin::new("silent", "c", silent)).await;
    let line = |times| Repeat(times, vec![RandomBytes(0)]);
    let functions = vec![
        ("as-many", vec![line(HOST_CALLS_MAX - 1), Call("b", "act")]),
        ("one-more", vec![line(HOST_CALLS_MAX), Call("b", "act")]),
        ("one-host-call-more", vec![line(HOST_CALLS_MAX + 1)]),
        ("calls", vec![Repeat(3, vec![Call("c", "act")])]),
    ];
    let plugin = Plugin::new("p", "a", functions).needs("b", &low).needs("c", &silent);
    let plugin = room.install(plugin).await;
    assert_eq!(numbers(ask(&plugin, "as-many", "").await).len(), 1);
    for function in ["one-more", "one-host-call-more"] {
        let ended = failure(ask(&plugin, function, "").await);
        let limit = format!("more than {HOST_CALLS_MAX} host calls");
        assert_kind(&ended, "p", |kind| *kind == FailureKind::Limit(limit));
    }
    assert!(numbers(ask(&plugin, "calls", "").await).is_empty());
    assert_eq!((counted(&plugin), counted(&low), counted(&silent)), ((4, 2), (1, 0), (3, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_crosses_at_once_and_random_bytes_are_bounded() {
    let room = Room::new();
    let functions = vec![
        ("small-read", vec![Large(1_000)]),
        ("large-read", vec![Large(300_000)]),
        ("random-read", vec![RandomBytes(RANDOM_BYTES_MAX)]),
        ("more-random-read", vec![RandomBytes(RANDOM_BYTES_MAX + 1)]),
    ];
    let plugin = room.install(Plugin::new("p", "a", functions)).await;
    assert_eq!(numbers(ask(&plugin, "small-read", "").await).len(), 1_000);
    assert!(numbers(ask(&plugin, "random-read", "").await).is_empty());
    for function in ["large-read", "more-random-read"] {
        let ended = failure(ask(&plugin, function, "").await);
        assert_kind(&ended, "p", |kind| matches!(kind, FailureKind::Limit(_)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_interface_without_a_grant_is_denied_by_name() {
    let room = Room::new();
    let functions = vec![("act", vec![Now]), ("sql", vec![Query("SELECT 7")])];
    let mut plugin = Plugin::new("p", "a", functions);
    plugin.grants.remove(&HostInterface::Clock);
    let plugin = room.install(plugin).await;
    let denied = failure(ask(&plugin, "act", "").await);
    assert_kind(&denied, "p", |kind| *kind == FailureKind::Denied("clock".into()));
    assert_eq!(numbers(ask(&plugin, "sql", "").await), [7]);
    assert_eq!(counted(&plugin), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_counted_for_the_plugin_that_failed_and_not_for_its_callers() {
    let room = Room::new();
    let low = vec![("bare", vec![Trap])];
    let low = room.install(Plugin::new("low", "b", low)).await;
    let high = vec![("act", vec![Execute("INSERT INTO high VALUES (1)"), Call("b", "bare")])];
    let high = room.install(Plugin::new("high", "a", high).needs("b", &low)).await;
    // Its caller has no place for the failure, so the request ends with it.
    let trapped = failure(ask(&high, "act", "").await);
    assert_kind(&trapped, "low", |kind| matches!(kind, FailureKind::Trap(_)));
    assert_eq!((counted(&high), counted(&low)), ((1, 0), (1, 1)));
    assert!(room.kept("high").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_provided_is_told_by_name() {
    let room = Room::new();
    let plugin = room.install(Plugin::new("p", "a", vec![("act", vec![])])).await;
    let none = failure(ask(&plugin, "other", "").await);
    let text = "p provides no function room:test/a@0.1.0#other";
    assert_kind(&none, "p", |kind| *kind == FailureKind::BadCall(text.into()));
    assert_eq!(counted(&plugin), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_because_there_was_no_room_is_told_as_that_and_nobodys_fault() {
    let room = Room::new();
    let write =
        vec![Execute("INSERT INTO low VALUES (1)"), When('t', vec![Trap]), When('f', vec![Fail])];
    let low = Plugin::new("low", "a", vec![("act", write.clone())]).and("b", vec![("act", write)]);
    let low = room.install(low.limits(|limits| limits.database_mib = 0)).await;
    let high = vec![
        ("act", vec![Pass("b", "act")]),
        ("go-on", vec![Call("b", "act"), Execute("INSERT INTO high VALUES (1)")]),
        ("trap", vec![Call("b", "act"), Trap]),
    ];
    let high = room.install(Plugin::new("high", "a", high).needs("b", &low)).await;
    let full = |kind: &FailureKind| matches!(kind, FailureKind::Full(_));
    // The guest may make the best of it, and so may its caller.
    assert_eq!(numbers(ask(&low, "act", "").await), [905]);
    assert_eq!(numbers(ask(&high, "go-on", "t").await), [801]);
    assert_eq!(room.kept("high").await, [1]);
    // Most trap, and their callers fail with them.
    assert_kind(&failure(ask(&low, "act", "t").await), "low", full);
    for function in ["act", "trap"] {
        let failed = failure(ask(&high, function, "t").await);
        assert_kind(&failed, "high", full);
    }
    // What is the business's own stays that.
    assert_eq!(error(ask(&high, "act", "f").await).0, "refused");
    assert_eq!((counted(&low).1, counted(&high).1), (0, 0));
}
