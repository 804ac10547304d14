//! The pool of instances that all shops share.

use std::sync::Arc;

use quoin_runtime::{FailureKind, Node};

use crate::guest::Step::{Call, Execute, Leave, Log, Pass, Served};
use crate::{
    MINUTE, Plugin, Room, ask, asking, assert_kind, counted, error, failure, numbers, until,
};

/// A plugin of a shop whose instances idle for the next call, and whose `hold-read` goes on until a second
/// has passed.
async fn plugin(room: &Room, shop: &'static str, name: &'static str) -> Arc<Node> {
    let hold = vec![Log("runs"), Leave(599_000)];
    let functions = vec![("act", vec![Served]), ("hold-read", hold)];
    let plugin = Plugin::new(name, "a", functions.clone()).and("b", functions);
    room.install(plugin.of(shop).reuse(100)).await
}

async fn served(node: &Arc<Node>) -> Vec<u64> {
    numbers(ask(node, "act", "").await)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_instance_that_idles_longest_makes_room_for_another_shop() {
    let (room, _hand) = Room::narrow(4);
    let mut plugins = Vec::new();
    for (shop, name) in [("one", "p"), ("one", "q"), ("two", "p"), ("two", "q")] {
        let plugin = plugin(&room, shop, name).await;
        assert_eq!(served(&plugin).await, [1]);
        plugins.push(plugin);
    }
    // The pool is full of instances that idle.
    let three = plugin(&room, "three", "p").await;
    assert_eq!(served(&three).await, [1]);
    assert_eq!(served(&three).await, [2]);
    for (plugin, times) in plugins.iter().zip([1, 2, 2, 2]).skip(1) {
        assert_eq!(served(plugin).await, [times]);
    }
    assert_eq!(served(&plugins[0]).await, [1], "its instance had idled longest");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_runs_as_much_as_it_may_is_refused_more_and_others_go_on() {
    let (room, hand) = Room::narrow(8);
    let hostile = [plugin(&room, "one", "p").await, plugin(&room, "one", "q").await];
    let neighbour = plugin(&room, "two", "p").await;
    assert_eq!(served(&hostile[1]).await, [1]);
    // The last of them takes the place of the one that idles. A fourth is for calls below requests.
    let holding: Vec<_> = (0..3).map(|_| asking(&hostile[0], "hold-read", "")).collect();
    room.line(3).await;
    for plugin in &hostile {
        let name = plugin.generation.installed.name.to_string();
        assert_kind(
            &failure(ask(plugin, "act", "").await),
            &name,
            |kind| matches!(kind, FailureKind::Overload(why) if why.contains("all 3 slots")),
        );
        assert_eq!(plugin.generation.stats().failures, 0, "that is no fault of the plugin");
    }
    let more: Vec<_> = (0..3).map(|_| asking(&neighbour, "hold-read", "")).collect();
    until(&neighbour, |stats| stats.running == 3).await;
    hand.forward(MINUTE / 60);
    for request in holding.into_iter().chain(more) {
        numbers(request.await.unwrap());
    }
    assert_eq!(served(&hostile[1]).await, [1], "there is room again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_for_whose_callee_there_is_no_room_is_told_and_does_not_wait() {
    let (room, _hand) = Room::narrow(2);
    let low = plugin(&room, "one", "low").await;
    let act = vec![("act", vec![Pass("b", "act")])];
    let high = Plugin::new("high", "a", act).of("one").needs("b", &low);
    let high = room.install(high).await;
    // A shop has one of two, and its caller runs in that.
    let low_is = ("unavailable".into(), "overload".into());
    assert_eq!(error(ask(&high, "act", "").await), low_is);
    assert_eq!(served(&low).await, [1]);
    assert_eq!(error(ask(&high, "act", "").await), low_is, "the idle one went for it");
    assert_eq!(served(&low).await, [1]);
    assert_eq!((counted(&high), counted(&low)), ((2, 0), (4, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_crowd_those_that_begin_find_room_for_what_they_call() {
    let (room, _hand) = Room::narrow(8);
    let low = vec![("act", vec![Execute("INSERT INTO low SELECT count(*) + 1 FROM low")])];
    let low = room.install(Plugin::new("low", "b", low)).await;
    // Each has its instance while it waits for the writer.
    let act = vec![Execute("INSERT INTO high SELECT count(*) + 1 FROM high"), Pass("b", "act")];
    let high = Plugin::new("high", "a", vec![("act", act)]).needs("b", &low);
    let high = room.install(high).await;
    let mut done = 0;
    for _ in 0..20 {
        let crowd: Vec<_> = (0..12).map(|_| asking(&high, "act", "")).collect();
        for request in crowd {
            match request.await.unwrap() {
                Err(failure) => {
                    assert!(matches!(failure.kind, FailureKind::Overload(_)), "{failure}");
                    assert_eq!(failure.plugin, "high", "it began, and found no room below");
                }
                outcome => {
                    assert_eq!(numbers(outcome), [] as [u64; 0]);
                    done += 1;
                }
            }
        }
    }
    assert!(done >= 20, "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_keeps_no_instances_for_later_where_its_shop_has_hardly_room_for_more() {
    let (room, _hand) = Room::narrow(8);
    // More than a shop can have at once.
    let callees = ["b", "c", "d", "e", "f", "g"];
    let act = vec![("act", callees.map(|callee| Call(callee, "act")).to_vec())];
    let mut high = Plugin::new("high", "a", act).of("one");
    for callee in callees {
        let served = vec![("act", vec![Served])];
        let low = Plugin::new(callee, callee, served).without_data().of("one").reuse(100);
        high = high.needs(callee, &room.install(low).await);
    }
    let high = room.install(high).await;
    assert_eq!(numbers(ask(&high, "act", "").await), [1; 6]);
}
