//! What is full: places among the calls of an installation, the queue before them, the shop's readers and
//! its one writer.

use std::pin::Pin;
use std::sync::Arc;

use quoin_core::manifest::OnFailure;
use quoin_runtime::{Binding, FailureKind, Node};
use quoin_storage::{Error, Transaction};

use crate::guest::Step::{Call, Execute, Leave, Log, Pass, Query};
use crate::{
    MINUTE, Plugin, Room, ask, asking, assert_kind, counted, error, failure, numbers, poll_once,
    provider, settled, until, until_called,
};

/// Requests of one plugin that may wait for the writer.
const WRITERS_QUEUE: usize = 256;
/// Requests that read at once in a shop.
const READERS: usize = 8;

/// A plugin without data that has one place and room for so many that wait, and whose `hold-read` keeps
/// the place until a second has passed.
async fn narrow(room: &Room, queue: u32) -> Arc<Node> {
    let hold = vec![Log("has the place"), Leave(599_000)];
    let functions = vec![("hold-read", hold), ("act", vec![Query("SELECT 7")])];
    let low = Plugin::new("low", "a", functions.clone()).and("b", functions).without_data();
    let limits = |l: &mut quoin_core::limits::Limits| (l.concurrency, l.queue) = (1, queue);
    room.install(low.limits(limits)).await
}

/// A caller of it, with the key for an error that it passes on.
async fn caller(room: &Room, name: &'static str, binding: Binding) -> Plugin {
    let act = vec![("act", vec![Pass("b", "act")])];
    let _ = room;
    Plugin::new(name, "a", act).bound("b", binding)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_waits_for_a_place_and_is_refused_where_as_many_wait_as_may() {
    let (room, hand) = Room::still();
    let low = vec![("hold-read", vec![Log("has the place"), Leave(599_000)]), ("act", vec![])];
    let limits = |l: &mut quoin_core::limits::Limits| (l.concurrency, l.queue) = (1, 2);
    let low = room.install(Plugin::new("low", "a", low).limits(limits)).await;
    let holding = asking(&low, "hold-read", "");
    room.line(1).await;
    let waiting = [asking(&low, "act", ""), asking(&low, "act", "")];
    until(&low, |stats| stats.waiting == 2).await;
    let refused = failure(ask(&low, "act", "").await);
    assert_kind(&refused, "low", |kind| {
        *kind == FailureKind::Overload("2 calls wait already".into())
    });
    assert_eq!((refused.code(), low.generation.stats().waiting), ("overload", 2));
    hand.forward(MINUTE / 60);
    assert!(numbers(holding.await.unwrap()).is_empty());
    for waiting in waiting {
        assert!(numbers(waiting.await.unwrap()).is_empty());
    }
    assert_eq!(counted(&low), (4, 0), "that it is busy is no fault of the plugin");
    assert!(room.lines().iter().any(|line| line == "low: low is busy: 2 calls wait already"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_a_transaction_waits_for_a_place_and_its_caller_goes_on_if_there_is_none() {
    let (room, hand) = Room::still();
    let low = narrow(&room, 0).await;
    let binding = Binding::One(provider("b", &low));
    let high = caller(&room, "high", binding).await.without_data();
    let high = room.install(high).await;
    let holding = asking(&low, "hold-read", "");
    room.line(1).await;
    assert_eq!(error(ask(&high, "act", "").await), ("unavailable".into(), "overload".into()));
    assert_eq!((counted(&high), counted(&low)), ((1, 0), (2, 0)));
    hand.forward(MINUTE / 60);
    numbers(holding.await.unwrap());
    // It uses SQL and has no data, so it is at fault itself now.
    assert_eq!(error(ask(&high, "act", "").await), ("unavailable".into(), "trap".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_turn_does_not_come_in_its_time_is_refused() {
    let (room, _hand) = Room::still();
    let low = narrow(&room, 1).await;
    let providers = vec![provider("b", &low)];
    let deadline = std::time::Duration::from_millis(50);
    let binding = Binding::All { providers, deadline, on_failure: OnFailure::Fail };
    let high = room.install(caller(&room, "high", binding).await.without_data()).await;
    let _holding = asking(&low, "hold-read", "");
    room.line(1).await;
    assert_eq!(error(ask(&high, "act", "").await), ("unavailable".into(), "overload".into()));
    assert!(room.lines().iter().any(|line| line.contains("passed before its turn came")));
    assert_eq!(low.generation.stats().waiting, 0);
}

/// A request that has a transaction takes no place that it would have to wait for, because those that have
/// the places may wait for it. How many more calls may run than have places is bounded by the
/// transactions that a shop can have at once: one that writes, and as many as there are readers.
#[tokio::test]
async fn calls_within_a_transaction_take_no_turn_and_are_as_many_as_transactions() {
    let (room, hand) = Room::still();
    let sign = room.sign().await;
    let slow = vec![Call("s", "here-read"), Leave(599_000), Query("SELECT 7")];
    let hold = vec![("hold-read", vec![Call("s", "here-read"), Leave(599_000)])];
    let low = Plugin::new("low", "b", vec![("slow-read", slow)]).and("a", hold);
    let limits = |l: &mut quoin_core::limits::Limits| (l.concurrency, l.queue) = (1, 1);
    let low = room.install(low.needs("s", &sign).limits(limits)).await;
    let functions = vec![
        ("look-read", vec![Query("SELECT 1"), Call("b", "slow-read")]),
        ("put", vec![Execute("INSERT INTO high SELECT 1"), Call("b", "slow-read")]),
    ];
    let high = room.install(Plugin::new("high", "a", functions).needs("b", &low)).await;
    let holding = asking(&low, "hold-read", "");
    until_called(&sign, 1).await;
    let mut requests = vec![(asking(&high, "put", ""), vec![7])];
    let read = || (asking(&high, "look-read", ""), vec![1, 7]);
    requests.extend(std::iter::repeat_with(read).take(READERS));
    // All of them are beyond its one place.
    let there = 1 + 1 + READERS as u64;
    until_called(&sign, there).await;
    assert_eq!((low.generation.stats().running, low.generation.stats().waiting), (1, 0));
    // The next ones wait for a reader, and do not come as far as to call it.
    requests.extend([read(), read()]);
    until(&high, |stats| stats.calls == there + 1).await;
    settled().await;
    assert_eq!(counted(&sign), (there, 0));
    hand.forward(MINUTE / 60);
    for (request, returned) in requests {
        assert_eq!(numbers(request.await.unwrap()), returned);
    }
    numbers(holding.await.unwrap());
    assert_eq!((counted(&sign), counted(&low)), ((there + 2, 0), (there + 2, 0)));
    assert_eq!(room.kept("high").await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_refused_when_as_many_of_its_plugin_wait_for_the_writer_as_may() {
    let room = Room::new();
    let low = vec![("act", vec![Execute("INSERT INTO low VALUES (1)")])];
    let low = room.install(Plugin::new("low", "b", low)).await;
    // One needs the writer itself, the other only because of the one that it calls.
    let own = vec![("act", vec![Log("asks"), Execute("INSERT INTO own VALUES (1)")])];
    let own = room.install(Plugin::new("own", "a", own)).await;
    let other = vec![("act", vec![Log("asks"), Pass("b", "act")])];
    let other =
        room.install(Plugin::new("other", "a", other).needs("b", &low).without_data()).await;
    let writer = room.turn("near").await.unwrap();
    type Waiting<'a> = Pin<Box<dyn Future<Output = Result<Transaction, Error>> + 'a>>;
    let mut waiting: Vec<Waiting<'_>> = Vec::new();
    for (name, plugin) in [("own", &own), ("other", &other)] {
        for _ in 0..WRITERS_QUEUE {
            let mut turn: Waiting<'_> = Box::pin(room.turn(name));
            assert!(poll_once(turn.as_mut()).is_pending());
            waiting.push(turn);
        }
        let refused = failure(ask(plugin, "act", "").await);
        assert_kind(
            &refused,
            name,
            |kind| matches!(kind, FailureKind::Overload(why) if why.contains("too many requests wait")),
        );
        assert_eq!(counted(plugin), (1, 0), "that the writer is busy is no fault of the plugin");
    }
    let lines = room.lines();
    assert_eq!(
        (lines.len(), lines[0].as_str(), lines[2].as_str()),
        (4, "own: asks", "other: asks")
    );
    // Who has gone away leaves its place to others.
    drop(waiting);
    let next = [asking(&own, "act", ""), asking(&other, "act", "")];
    drop(writer);
    for next in next {
        assert!(numbers(next.await.unwrap()).is_empty());
    }
    assert_eq!((room.kept("own").await, room.kept("low").await), (vec![1], vec![1]));
    assert_eq!(counted(&low), (1, 0));
}
