//! What becomes of a request whose client goes away.

use std::time::Duration;

use crate::guest::Step::{Call, Execute, Leave, Log, Spin};
use crate::{Plugin, Room, ask, asking, counted, numbers, poll_once, until, until_called};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_reads_ends_with_its_client() {
    let room = Room::new();
    let functions = vec![("spin-read", vec![Log("spins"), Spin])];
    let plugin = room.install(Plugin::new("p", "a", functions)).await;
    let running = asking(&plugin, "spin-read", "");
    room.line(1).await;
    assert_eq!(plugin.generation.stats().running, 1);
    running.abort();
    until(&plugin, |stats| stats.running == 0).await;
    assert_eq!(plugin.generation.stats().failures, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_writes_and_has_begun_is_finished_without_its_client() {
    let (room, hand) = Room::still();
    let sign = room.sign().await;
    let put = vec![Execute("INSERT INTO p VALUES (1)"), Call("s", "here-read"), Leave(599_000)];
    let next = vec![Execute("INSERT INTO p SELECT count(*) + 1 FROM p")];
    let plugin = Plugin::new("p", "a", vec![("put", put), ("next", next)]).needs("s", &sign);
    let plugin = room.install(plugin).await;
    let running = asking(&plugin, "put", "");
    until_called(&sign, 1).await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    assert!(room.kept("p").await.is_empty());
    hand.forward(Duration::from_millis(1_000));
    // The next one has its turn when that one is committed.
    assert!(numbers(ask(&plugin, "next", "").await).is_empty());
    assert_eq!(room.kept("p").await, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_for_a_place_is_given_up_with_its_client() {
    let (room, hand) = Room::still();
    let hold = vec![Log("has the place"), Leave(599_000)];
    let put = vec![Execute("INSERT INTO p VALUES (1)")];
    let plugin = Plugin::new("p", "a", vec![("hold-read", hold), ("put", put)]);
    let plugin = room.install(plugin.limits(|l| l.concurrency = 1)).await;
    let holding = asking(&plugin, "hold-read", "");
    room.line(1).await;
    let mut waiting = Box::pin(ask(&plugin, "put", ""));
    assert!(poll_once(waiting.as_mut()).is_pending());
    until(&plugin, |stats| stats.waiting == 1).await;
    drop(waiting);
    until(&plugin, |stats| stats.waiting == 0).await;
    hand.forward(Duration::from_millis(1_000));
    assert!(numbers(holding.await.unwrap()).is_empty());
    until(&plugin, |stats| stats.running == 0).await;
    assert!(room.kept("p").await.is_empty());
    // The place is free again.
    assert!(numbers(ask(&plugin, "put", "").await).is_empty());
    assert_eq!(room.kept("p").await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_for_the_writer_is_given_up_with_its_client() {
    let room = Room::new();
    let sign = room.sign().await;
    let put = vec![
        Log("asks"),
        Call("s", "here-read"),
        Execute("INSERT INTO p SELECT count(*) + 1 FROM p"),
    ];
    let plugin = room.install(Plugin::new("p", "a", vec![("put", put)]).needs("s", &sign)).await;
    let writer = room.turn("near").await.unwrap();
    let running = asking(&plugin, "put", "");
    until_called(&sign, 1).await;
    assert_eq!(plugin.generation.stats().running, 1);
    running.abort();
    // It is gone while somebody else still has the writer.
    until(&plugin, |stats| stats.running == 0).await;
    drop(writer);
    assert!(numbers(ask(&plugin, "put", "").await).is_empty());
    assert_eq!(room.kept("p").await, [1]);
    assert_eq!(room.lines(), ["p: asks"], "there is nothing to tell of what was given up");
    assert_eq!(counted(&plugin), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_may_write_and_computes_without_having_written_ends_with_its_client() {
    let room = Room::new();
    let sign = room.sign().await;
    let put = vec![Call("s", "here-read"), Spin, Execute("INSERT INTO p VALUES (1)")];
    let plugin = room.install(Plugin::new("p", "a", vec![("put", put)]).needs("s", &sign)).await;
    let running = asking(&plugin, "put", "");
    until_called(&sign, 1).await;
    running.abort();
    until(&plugin, |stats| stats.running == 0).await;
    assert!(room.kept("p").await.is_empty());
}
