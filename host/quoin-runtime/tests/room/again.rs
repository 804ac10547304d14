//! A request that others took its transaction from runs again, and cannot tell.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use quoin_storage::{Error, Scope, Transaction, Turn};

use crate::guest::Step::{Execute, Leave, Log, Now, Query, Random, Tell, When};
use crate::{MINUTE, Plugin, Room, ask, asking, counted, numbers, poll_once};

/// Functions that have proven short share a commit.
const PROVEN: usize = 8;
const ADD: &str = "INSERT INTO p SELECT count(*) + 1 FROM p";

/// A turn at the writer that is taken by hand, next to the requests of plugins.
async fn neighbour(room: &Room) -> Transaction {
    let turn = Turn {
        plugin: &Arc::from("near"),
        function: &Arc::from("act"),
        limit: 10 * MINUTE,
        alone: false,
        deadline: Instant::now() + MINUTE,
    };
    room.database.write(turn).await.unwrap()
}

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
        drop(neighbour(&room).await);
    }
    (room, hand)
}

/// What the plugin told of its randomness, run by run.
fn told(room: &Room) -> Vec<String> {
    let lines = room.lines().into_iter();
    lines.filter(|line| line.len() == "p: ".len() + 16 && line.starts_with("p: ")).collect()
}

#[tokio::test]
async fn a_request_whose_neighbour_lost_the_transaction_runs_again_alone_and_finds_the_same() {
    let (room, hand) = room_with_neighbour().await;
    let act = vec![Random, Tell, Now, Execute(ADD), Log("wrote"), When('s', vec![Leave(599_000)])];
    let plugin = room.install(Plugin::new("p", "a", vec![("act", act)])).await;
    let running = asking(&plugin, "act", "s");
    room.line(2).await;
    let mut next = Box::pin(neighbour(&room));
    assert!(poll_once(next.as_mut()).is_pending());
    hand.forward(MINUTE / 60);
    let mut shared = next.await;
    assert!(!running.is_finished());
    assert!(execute(&room, &mut shared, "INSERT INTO near VALUES (1)").await);
    // Nobody joins it the second time, though somebody waits.
    let mut last = Box::pin(neighbour(&room));
    assert!(poll_once(last.as_mut()).is_pending());
    let fallen = tokio::spawn(async move {
        let _shared = shared;
        panic!("on purpose");
    });
    assert!(fallen.await.is_err());
    let lost = last.await;
    assert!(!running.is_finished(), "it waits for its turn again");
    drop(lost);
    let outcome = numbers(running.await.unwrap());
    assert_eq!(outcome[1], 5_000, "the time is the same, too");
    assert_eq!(room.kept("p").await, [1]);
    assert!(room.kept("near").await.is_empty());
    let told_of_it = told(&room);
    assert_eq!(told_of_it.len(), 2);
    assert_eq!(told_of_it[0], told_of_it[1]);
    assert_eq!(counted(&plugin).1, 0);
    // Another request has other randomness, and another time.
    let other = numbers(ask(&plugin, "act", "").await);
    assert_ne!(other[0], outcome[0]);
    assert_eq!(other[1], 6_000);
    assert_ne!(told(&room)[2], told_of_it[0]);
}

#[tokio::test]
async fn a_request_that_has_not_written_goes_on_while_others_are_committed() {
    let (room, hand) = room_with_neighbour().await;
    let act = vec![
        Log("asks"),
        Query("SELECT count(*) FROM p"),
        When('s', vec![Log("computes"), Leave(599_000)]),
        Execute(ADD),
    ];
    let plugin = room.install(Plugin::new("p", "a", vec![("act", act)])).await;
    for _ in 0..PROVEN {
        numbers(ask(&plugin, "act", "").await);
    }
    let mut first = neighbour(&room).await;
    assert!(execute(&room, &mut first, "INSERT INTO near VALUES (1)").await);
    let running = asking(&plugin, "act", "s");
    room.line(PROVEN as u64 + 1).await;
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
