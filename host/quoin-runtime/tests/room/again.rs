//! A request that others took its transaction from runs again, and cannot tell.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use quoin_runtime::FailureKind;
use quoin_storage::{Error, Scope, Transaction};

use crate::guest::Step::{Call, Execute, Leave, Log, Now, Query, Random, Trap, When};
use crate::{
    MINUTE, Plugin, Room, ask, asking, assert_kind, counted, failure, numbers, poll_once, settled,
    until_called,
};

/// Functions that have proven short share a commit.
const PROVEN: usize = 8;
const ADD: &str = "INSERT INTO p SELECT count(*) + 1 FROM p";

async fn execute(room: &Room, transaction: &mut Transaction, sql: &str) -> bool {
    let scope = Scope {
        plugin: &Arc::from("near"),
        depth: 0,
        writes: true,
        deadline: room.clock.instant() + MINUTE,
        max_bytes: 64 << 20,
    };
    transaction.execute(&scope, sql, &[]).await.is_ok()
}

/// With the tables of the neighbour, who has proven short.
async fn room_with_neighbour() -> (Room, quoin_core::ManualClock) {
    let (room, hand) = Room::still();
    room.install(Plugin::new("near", "z", vec![("act", vec![])])).await;
    for _ in 0..PROVEN {
        drop(room.turn("near").await.unwrap());
    }
    (room, hand)
}

#[tokio::test]
async fn a_request_whose_neighbour_lost_the_transaction_runs_again_alone_and_finds_the_same() {
    let (room, hand) = room_with_neighbour().await;
    let sign = room.sign().await;
    let act = vec![
        Random,
        Now,
        Execute(ADD),
        Log("wrote"),
        Call("s", "here-read"),
        When('s', vec![Leave(599_000)]),
    ];
    let plugin = room.install(Plugin::new("p", "a", vec![("act", act)]).needs("s", &sign)).await;
    let running = asking(&plugin, "act", "s");
    until_called(&sign, 1).await;
    let mut next = Box::pin(room.turn("near"));
    assert!(poll_once(next.as_mut()).is_pending());
    hand.forward(MINUTE / 60);
    let mut shared = next.await.unwrap();
    assert!(!running.is_finished());
    assert!(execute(&room, &mut shared, "INSERT INTO near VALUES (1)").await);
    // Nobody joins it the second time, though somebody waits.
    let mut last = Box::pin(room.turn("near"));
    assert!(poll_once(last.as_mut()).is_pending());
    let fallen = tokio::spawn(async move {
        let _shared = shared;
        panic!("on purpose");
    });
    assert!(fallen.await.is_err());
    let lost = last.await.unwrap();
    assert!(!running.is_finished(), "it waits for its turn again");
    drop(lost);
    let outcome = numbers(running.await.unwrap());
    assert_eq!(outcome[1], 5_000, "the time is the same, too");
    assert_eq!(room.kept("p").await, [1]);
    assert!(room.kept("near").await.is_empty());
    assert_eq!(counted(&sign), (2, 0));
    assert_eq!(room.lines(), ["p: wrote"], "of the run that did not count, nothing is told");
    assert_eq!(counted(&plugin), (2, 0));
    // Another request has other randomness, and another time.
    let other = numbers(ask(&plugin, "act", "").await);
    assert_ne!(other[0], outcome[0]);
    assert_eq!(other[1], 6_000);
}

#[tokio::test]
async fn a_request_that_has_not_written_goes_on_while_others_are_committed() {
    let (room, hand) = room_with_neighbour().await;
    let sign = room.sign().await;
    let act = vec![
        Call("s", "here-read"),
        Query("SELECT count(*) FROM p"),
        When('s', vec![Log("computes"), Leave(599_000)]),
        Execute(ADD),
    ];
    let plugin = room.install(Plugin::new("p", "a", vec![("act", act)]).needs("s", &sign)).await;
    for _ in 0..PROVEN {
        numbers(ask(&plugin, "act", "").await);
    }
    let mut first = room.turn("near").await.unwrap();
    assert!(execute(&room, &mut first, "INSERT INTO near VALUES (1)").await);
    let running = asking(&plugin, "act", "s");
    until_called(&sign, PROVEN as u64 + 1).await;
    settled().await;
    let mut first: Pin<Box<dyn Future<Output = Result<(), Error>>>> = Box::pin(first.commit());
    assert!(matches!(poll_once(first.as_mut()), Poll::Pending), "it waits for the next one");
    first.await.unwrap();
    assert!(!running.is_finished());
    hand.forward(MINUTE / 60);
    assert_eq!(numbers(running.await.unwrap()), [8]);
    let lines = room.lines();
    assert_eq!(lines.iter().filter(|line| *line == "p: computes").count(), 1, "{lines:?}");
    assert_eq!(room.kept("p").await.len(), PROVEN + 1);
}

#[tokio::test]
async fn a_request_that_has_written_and_keeps_others_waiting_is_undone_and_runs_again_alone() {
    let (room, hand) = room_with_neighbour().await;
    let sign = room.sign().await;
    let act = vec![
        Call("s", "here-read"),
        Execute(ADD),
        Log("wrote"),
        Call("s", "here-read"),
        When('s', vec![Leave(599_000)]),
        When('t', vec![Leave(599_000), Trap]),
    ];
    let plugin = room.install(Plugin::new("p", "a", vec![("act", act)]).needs("s", &sign)).await;
    let (mut signs, mut rows) = (0, 0);
    for key in ["s", "t"] {
        for _ in 0..PROVEN {
            numbers(ask(&plugin, "act", "").await);
        }
        (signs, rows) = (signs + 2 * PROVEN as u64, rows + PROVEN as i64);
        let mut first = room.turn("near").await.unwrap();
        let sql = if key == "s" { "INSERT INTO near VALUES (1)" } else { "DELETE FROM near" };
        assert!(execute(&room, &mut first, sql).await);
        let running = asking(&plugin, "act", key);
        until_called(&sign, signs + 1).await;
        settled().await;
        let mut first: Pin<Box<dyn Future<Output = Result<(), Error>>>> = Box::pin(first.commit());
        assert!(poll_once(first.as_mut()).is_pending(), "it waits for the next one");
        // The next one has written by the time that it is to wait no longer.
        first.await.unwrap();
        assert_eq!(room.kept("near").await.is_empty(), key == "t");
        assert_eq!(room.kept("p").await.len() as i64, rows);
        until_called(&sign, signs + 4).await;
        assert!(!running.is_finished());
        assert_eq!(room.lines().len() as i64, rows, "nothing is told before it has ended");
        hand.forward(MINUTE / 60);
        let outcome = running.await.unwrap();
        signs += 4;
        assert_eq!(counted(&sign), (signs, 0), "it ran twice");
        if key == "s" {
            assert!(numbers(outcome).is_empty());
            rows += 1;
        } else {
            // What it has written into the log is told although it failed, once.
            assert_kind(&failure(outcome), "p", |kind| matches!(kind, FailureKind::Trap(_)));
            let lines = room.lines();
            assert!(lines[rows as usize + 1].starts_with("p: p trapped"), "{lines:?}");
            assert_eq!(lines.len() as i64, rows + 2);
        }
        assert_eq!(room.kept("p").await, (1..=rows).collect::<Vec<_>>());
        assert_eq!(room.lines().iter().filter(|line| *line == "p: wrote").count(), {
            rows as usize + usize::from(key == "t")
        });
    }
}
