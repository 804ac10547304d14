//! Who serves a call: one, the one that the key names, or all.

use std::sync::Arc;
use std::time::Duration;

use quoin_core::manifest::OnFailure;
use quoin_runtime::{Binding, CallJsonError, FailureKind, Node, Target, call_json};
use serde_json::json;

use crate::guest::Step::{Call, Execute, Fail, Now, Pass, Query, Remaining, Spin, Trap, When};
use crate::{
    Plugin, Room, ask, asking, assert_kind, counted, error, failure, numbers, provider, request,
    until_called,
};

/// Two providers of `b` that return their numbers, unless the key tells the second to fail, and the sign
/// that it calls before it spins.
async fn providers(room: &Room) -> [Arc<Node>; 3] {
    let sign = room.sign().await;
    let first = vec![Execute("INSERT INTO first VALUES (1)"), Query("SELECT 11")];
    let second = vec![
        Execute("INSERT INTO second VALUES (1)"),
        When('f', vec![Fail]),
        When('t', vec![Trap]),
        When('s', vec![Call("s", "here-read"), Spin]),
        When('r', vec![Remaining]),
        Query("SELECT 22"),
        Query("SELECT 23"),
    ];
    let bare = vec![When('t', vec![Trap]), Query("SELECT 33")];
    let functions = |act| vec![("act", act), ("bare", bare.clone())];
    let first = room.install(Plugin::new("first", "b", functions(first))).await;
    let second = Plugin::new("second", "b", functions(second)).needs("s", &sign);
    [first, room.install(second).await, sign]
}

/// A plugin that calls `b`, bound so.
async fn caller(room: &Room, name: &'static str, binding: Binding) -> Arc<Node> {
    let functions = vec![
        ("act", vec![Pass("b", "act")]),
        ("go-on", vec![Call("b", "act"), Query("SELECT 7")]),
        ("bare-act", vec![Call("b", "bare"), Query("SELECT 7")]),
    ];
    room.install(Plugin::new(name, "a", functions).bound("b", binding)).await
}

fn all(providers: &[Arc<Node>], on_failure: OnFailure) -> Binding {
    Binding::All {
        providers: providers.iter().map(|node| provider("b", node)).collect(),
        deadline: Duration::from_millis(300_000),
        on_failure,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lists_of_all_providers_are_joined_in_their_order() {
    let room = Room::new();
    let [first, second, _] = providers(&room).await;
    let there = [first.clone(), second.clone()];
    let node = caller(&room, "there", all(&there, OnFailure::Fail)).await;
    assert_eq!(numbers(ask(&node, "act", "").await), [11, 22, 23]);
    let back = caller(&room, "back", all(&[second, first], OnFailure::Skip)).await;
    assert_eq!(numbers(ask(&back, "bare-act", "").await), [33, 33, 7]);
    let nobody = caller(&room, "nobody", all(&[], OnFailure::Fail)).await;
    assert_eq!(numbers(ask(&nobody, "go-on", "").await), [7]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_fails_is_left_out_where_that_was_chosen() {
    let room = Room::new();
    let [first, second, _] = providers(&room).await;
    let node = caller(&room, "high", all(&[second.clone(), first], OnFailure::Skip)).await;
    for (key, failures) in [("f", 0), ("t", 1)] {
        assert_eq!(numbers(ask(&node, "act", key).await), [11]);
        assert_eq!(counted(&second).1, failures);
        assert_eq!(room.kept("first").await, [1]);
        assert!(room.kept("second").await.is_empty());
        let lines = room.lines();
        assert_eq!(lines.last().unwrap(), "high: second was left out of act", "{lines:?}");
        room.clear("first").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_fails_ends_the_call_where_that_was_chosen() {
    let room = Room::new();
    let [first, second, _] = providers(&room).await;
    let node =
        caller(&room, "high", all(&[first.clone(), second.clone(), first], OnFailure::Fail)).await;
    assert_eq!(error(ask(&node, "act", "f").await).0, "refused");
    assert_eq!(error(ask(&node, "act", "t").await), ("unavailable".into(), "trap".into()));
    assert!(room.kept("first").await.is_empty());
    assert_eq!((counted(&node), counted(&second)), ((2, 0), (2, 1)));
    let trapped = failure(ask(&node, "bare-act", "t").await);
    assert_kind(&trapped, "first", |kind| matches!(kind, FailureKind::Trap(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_all_providers_has_the_time_of_the_binding() {
    let (room, hand) = Room::still();
    let [first, second, sign] = providers(&room).await;
    let node = caller(&room, "high", all(&[second.clone(), first], OnFailure::Skip)).await;
    assert_eq!(numbers(ask(&node, "act", "r").await), [300_000, 22, 23, 11]);
    room.clear("first").await;
    room.clear("second").await;
    let running = asking(&node, "act", "s");
    until_called(&sign, 1).await;
    hand.forward(Duration::from_millis(300_000));
    assert_eq!(numbers(running.await.unwrap()), [11]);
    assert_eq!(counted(&second), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_names_the_provider() {
    let room = Room::new();
    let [first, second, _] = providers(&room).await;
    let keyed = [("one", &first), ("more", &second), ("t", &second)];
    let keyed = keyed.map(|(key, node)| (key.into(), provider("b", node)));
    let node = caller(&room, "high", Binding::Keyed(keyed.into())).await;
    assert_eq!(numbers(ask(&node, "act", "one").await), [11]);
    assert_eq!(numbers(ask(&node, "act", "more").await), [22, 23]);
    assert_eq!(error(ask(&node, "act", "t").await), ("unavailable".into(), "trap".into()));
    assert_eq!(error(ask(&node, "act", "none").await).0, "not-found");
    let none = failure(ask(&node, "bare-act", "none").await);
    assert_kind(
        &none,
        "high",
        |kind| matches!(kind, FailureKind::Trap(why) if why.contains("no provider for this key")),
    );
    assert_eq!((counted(&first), counted(&second)), ((1, 0), (2, 1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_whose_own_time_is_over_does_not_go_on_with_that() {
    let (room, hand) = Room::still();
    let sign = room.sign().await;
    let low = vec![("act", vec![Call("s", "here-read"), Spin])];
    let low = room.install(Plugin::new("low", "b", low).needs("s", &sign)).await;
    let high = vec![("act", vec![Call("b", "act"), Now])];
    let high = Plugin::new("high", "a", high).needs("b", &low);
    let high = room.install(high).await;
    let running = asking(&high, "act", "");
    until_called(&sign, 1).await;
    hand.forward(Duration::from_millis(600_000));
    let ended = failure(running.await.unwrap());
    assert!(ended.kind == FailureKind::Timeout, "{ended:?}");
    assert_eq!(counted(&low), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_bound_fails_the_caller() {
    let room = Room::new();
    let high = vec![("act", vec![Call("b", "act")])];
    let low = room.install(Plugin::new("low", "c", vec![("other", vec![])])).await;
    let mut node = room.install(Plugin::new("high", "a", high).needs("b", &low)).await;
    // The provider lacks the function, and then there is none.
    for reason in ["low has no act", "room:test/b@0.1.0 is not bound"] {
        let told = failure(ask(&node, "act", "").await);
        assert_kind(
            &told,
            "high",
            |kind| matches!(kind, FailureKind::Trap(why) if why.contains(reason)),
        );
        node = Arc::new(Node { generation: node.generation.clone(), bindings: Default::default() });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_as_json_reads_its_parameters_and_shows_its_result() {
    let room = Room::new();
    let functions = vec![("act", vec![Query("SELECT 7"), When('f', vec![Fail])])];
    let node = room.install(Plugin::new("p", "a", functions)).await;
    let interface = crate::interface("a");
    let ask = async |function, params| {
        let target = Target { interface: &interface, function };
        call_json(&node, target, &params, request()).await
    };
    assert_eq!(ask("act", json!({ "key": "" })).await.unwrap(), Ok(json!([7])));
    let refused = ask("act", json!({ "key": "f" })).await.unwrap();
    assert_eq!(refused, Err(json!({ "tag": "refused" })));
    assert!(matches!(ask("act", json!({})).await, Err(CallJsonError::Json(_))));
    let none = ask("other", json!({ "key": "" })).await.unwrap_err().to_string();
    assert_eq!(none, "there is no function room:test/a@0.1.0#other");
}
