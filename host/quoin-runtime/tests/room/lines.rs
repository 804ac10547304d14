//! What a request writes into the shop's log, and when it is there.

use quoin_core::limits::{LOG_LINES_REQUEST_MAX, LOG_MESSAGE_BYTES_MAX};
use quoin_runtime::FailureKind;

use crate::guest::Step::{
    Call, Execute, Fail, Leave, Log, Pass, Query, Repeat, Spin, TellId, Trap, When,
};
use crate::{
    MINUTE, Plugin, Room, ask, ask_checked, asking, assert_kind, error, failure, numbers,
    until_called,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_a_request_that_fails_are_told_in_their_order_and_end_with_why() {
    let room = Room::new();
    let low = vec![Log("below"), When('l', vec![Trap])];
    let low = room.install(Plugin::new("low", "b", vec![("act", low)])).await;
    let act = vec![
        Execute("INSERT INTO high VALUES (1)"),
        Log("before"),
        Call("b", "act"),
        Log("after"),
        When('f', vec![Fail]),
        When('t', vec![Trap]),
    ];
    let high = room.install(Plugin::new("high", "a", vec![("act", act)]).needs("b", &low)).await;
    let mut seen = 0;
    let mut told = || {
        let lines = room.lines().split_off(seen);
        seen += lines.len();
        lines.into_iter().map(|line| line.chars().take(16).collect()).collect::<Vec<String>>()
    };
    error(ask(&high, "act", "f").await);
    assert_eq!(told(), ["high: before", "low: below", "high: after"]);
    failure(ask(&high, "act", "t").await);
    assert_eq!(told(), ["high: before", "low: below", "high: after", "high: high trapp"]);
    failure(ask_checked(&high, "act", "", |_| Err("too wide".into())).await);
    assert_eq!(told(), ["high: before", "low: below", "high: after", "high: high retur"]);
    numbers(ask(&high, "act", "l").await);
    assert_eq!(told(), ["high: before", "low: below", "low: low trapped", "high: after"]);
    // A line tells when it was written, and follows those that are there.
    let lines = room.log.after(0, usize::MAX);
    assert!(lines.windows(2).all(|two| two[0].number + 1 == two[1].number));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_lines_than_are_held_are_told_while_the_request_runs_and_in_their_order() {
    let (room, hand) = Room::still();
    let sign = room.sign().await;
    let long: &'static str = "x".repeat(LOG_MESSAGE_BYTES_MAX).leak();
    let act = vec![
        Execute("INSERT INTO p VALUES (1)"),
        Repeat(16, vec![Log(long)]),
        Call("s", "here-read"),
        Leave(599_000),
        Log("one more"),
        Log("last"),
        Call("s", "here-read"),
        Spin,
    ];
    let plugin = room.install(Plugin::new("p", "a", vec![("act", act)]).needs("s", &sign)).await;
    let running = asking(&plugin, "act", "");
    until_called(&sign, 1).await;
    assert!(room.lines().is_empty());
    hand.forward(MINUTE / 60);
    until_called(&sign, 2).await;
    let lines = room.lines();
    assert_eq!((lines.len(), lines[16].as_str()), (17, "p: one more"));
    hand.forward(10 * MINUTE);
    assert_kind(&failure(running.await.unwrap()), "p", |kind| *kind == FailureKind::Timeout);
    let lines = room.log.after(17, usize::MAX);
    assert_eq!((lines.len(), lines[0].message.as_str()), (2, "last"));
    assert_eq!((lines[0].at_ms, lines[1].at_ms), (6_000, 606_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_writes_so_many_lines_and_says_that_it_would_write_more() {
    let room = Room::new();
    let low = vec![("act", vec![Repeat(LOG_LINES_REQUEST_MAX, vec![Log("below")])])];
    let low = room.install(Plugin::new("low", "b", low)).await;
    let high =
        vec![Log("above"), Call("b", "act"), Log("above"), Log("above"), When('t', vec![Trap])];
    let high = room.install(Plugin::new("high", "a", vec![("act", high)]).needs("b", &low)).await;
    numbers(ask(&high, "act", "").await);
    let lines = room.lines();
    assert_eq!(lines.len(), LOG_LINES_REQUEST_MAX as usize + 1);
    assert_eq!(lines[LOG_LINES_REQUEST_MAX as usize - 1], "low: below");
    assert!(lines.last().unwrap().contains("the rest is dropped"), "{lines:?}");
    // Why the whole request failed is told in any case.
    failure(ask(&high, "act", "t").await);
    assert!(room.lines().last().unwrap().starts_with("high: high trapped"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_id_of_a_call_tells_its_place_in_the_tree() {
    let room = Room::new();
    let lowest = room.install(Plugin::new("lowest", "c", vec![("act", vec![TellId])])).await;
    let low = vec![TellId, Call("c", "act"), Query("SELECT 1"), Call("c", "act")];
    let low = room.install(Plugin::new("low", "b", vec![("act", low)]).needs("c", &lowest)).await;
    let act = vec![TellId, Pass("b", "act"), Call("b", "act")];
    let high = room.install(Plugin::new("high", "a", vec![("act", act)]).needs("b", &low)).await;
    numbers(ask(&high, "act", "").await);
    let lines = room.lines();
    let root = lines[0].strip_prefix("high: ").unwrap();
    assert!(root.len() == 32 && root.bytes().all(|b| b.is_ascii_hexdigit()), "{root}");
    let below = |of: &str, place: &str| format!("{of}: {root}.{place}");
    let told = [
        below("low", "1"),
        below("lowest", "1.1"),
        below("lowest", "1.2"),
        below("low", "2"),
        below("lowest", "2.1"),
        below("lowest", "2.2"),
    ];
    assert_eq!(lines[1..], told);
}
