//! Instances that serve several calls, and what they may remember.

use std::sync::Arc;

use quoin_runtime::{Node, Value};

use crate::guest::Step::{Call, Execute, Fail, Now, Pass, Repeat, Served, Trap, When};
use crate::{Plugin, Room, ask, ask_checked, counted, error, failure, numbers};

const ADD: &str = "INSERT INTO p SELECT count(*) + 1 FROM p";

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_kept_serves_so_many_calls_and_none_after_a_failure() {
    let room = Room::new();
    let functions = vec![("act", vec![Now, Served]), ("trap", vec![Trap])];
    let plugin = room.install(Plugin::new("p", "a", functions).reuse(2)).await;
    for served in [1, 2, 1] {
        assert_eq!(numbers(ask(&plugin, "act", "").await)[1], served);
    }
    // It trapped in its second call, so the next one is served by a fresh one.
    failure(ask(&plugin, "trap", "").await);
    assert_eq!(numbers(ask(&plugin, "act", "").await)[1], 1);
    assert_eq!(counted(&plugin), (5, 1));
}

/// Functions that end as their key says: one that writes, one that reads, and one that does neither.
async fn plugin(room: &Room) -> Arc<Node> {
    let ends = |steps: Vec<_>| [vec![Served, When('f', vec![Fail])], steps].concat();
    let functions = vec![
        ("act", [vec![Execute(ADD)], ends(vec![])].concat()),
        ("look-read", [vec![crate::guest::Step::Query("SELECT 0")], ends(vec![])].concat()),
        ("plain", ends(vec![])),
    ];
    room.install(Plugin::new("p", "a", functions).reuse(100)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_remembers_what_was_not_kept_serves_nobody_else() {
    let room = Room::new();
    let plugin = plugin(&room).await;
    let served = async || numbers(ask(&plugin, "plain", "").await)[0];
    assert_eq!(numbers(ask(&plugin, "act", "").await), [1]);
    assert_eq!(served().await, 2);
    error(ask(&plugin, "act", "f").await);
    assert_eq!(served().await, 1, "the request returned an error");
    failure(ask_checked(&plugin, "act", "", |_| Err("too wide".into())).await);
    assert_eq!(served().await, 1, "its answer did not pass");
    assert_eq!(room.kept("p").await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_has_written_nothing_serves_on_after_an_error_of_its_own() {
    let room = Room::new();
    let plugin = plugin(&room).await;
    assert_eq!(numbers(ask(&plugin, "plain", "").await), [1]);
    error(ask(&plugin, "look-read", "f").await);
    assert_eq!(numbers(ask(&plugin, "look-read", "").await), [0, 3]);
    error(ask(&plugin, "plain", "f").await);
    assert_eq!(numbers(ask(&plugin, "plain", "").await), [5]);
    // Nobody could pass this on, and nothing was written.
    let only_errors: quoin_runtime::Check = |value| match value {
        Value::Result(Ok(_)) => Err("not an error".into()),
        _ => Ok(()),
    };
    failure(ask_checked(&plugin, "look-read", "", only_errors).await);
    assert_eq!(numbers(ask(&plugin, "look-read", "").await), [0, 7]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_below_a_call_that_was_undone_serves_nobody_else_though_the_request_is_kept() {
    let room = Room::new();
    let lowest = vec![("act", vec![Execute("INSERT INTO lowest VALUES (1)")])];
    let served = vec![("act", vec![Served])];
    let lowest = Plugin::new("lowest", "c", lowest).and("a", served.clone()).reuse(100);
    let lowest = room.install(lowest).await;
    let low = vec![("act", vec![Pass("c", "act"), When('f', vec![Fail])])];
    let low = Plugin::new("low", "b", low).needs("c", &lowest).and("a", served).reuse(100);
    let low = room.install(low).await;
    let act = vec![("act", vec![Execute(ADD), Call("b", "act"), Call("c", "act")])];
    let high = Plugin::new("p", "a", act).needs("b", &low).needs("c", &lowest);
    let high = room.install(high).await;
    // What the first one wrote is undone, so the second one is another instance, and it is kept.
    assert_eq!(numbers(ask(&high, "act", "f").await), [802]);
    assert_eq!(room.kept("lowest").await, [1]);
    assert_eq!(numbers(ask(&low, "act", "").await), [1]);
    assert_eq!(numbers(ask(&lowest, "act", "").await), [2]);
    assert_eq!(numbers(ask(&lowest, "act", "").await), [3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_a_request_are_served_by_one_instance_of_a_plugin_as_often_as_it_may() {
    let room = Room::new();
    let served = vec![("act", vec![Served])];
    let low = room.install(Plugin::new("low", "b", served).without_data().reuse(4)).await;
    let calls = |count| vec![Repeat(count, vec![Call("b", "act")])];
    let functions = vec![("ten", calls(10)), ("three", calls(3))];
    let high = room.install(Plugin::new("p", "a", functions).needs("b", &low)).await;
    assert_eq!(numbers(ask(&high, "ten", "").await), [1, 2, 3, 4, 1, 2, 3, 4, 1, 2]);
    // The last one serves other requests, too.
    assert_eq!(numbers(ask(&high, "three", "").await), [3, 4, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_call_that_was_undone_the_request_goes_on_with_another_instance() {
    let room = Room::new();
    let low = vec![("act", vec![Execute("INSERT INTO low SELECT count(*) + 1 FROM low"), Served])];
    let undone = vec![("act", vec![Execute("INSERT INTO low VALUES (99)"), Fail])];
    let low = room.install(Plugin::new("low", "b", low).and("c", undone).reuse(100)).await;
    let act = ["b", "b", "c", "b"].map(|interface| Call(interface, "act")).to_vec();
    let high = Plugin::new("p", "a", vec![("act", act)]).needs("b", &low).needs("c", &low);
    let high = room.install(high).await;
    // The third call took the instance that had served two, and nobody gets it again.
    assert_eq!(numbers(ask(&high, "act", "").await), [1, 2, 802, 1]);
    assert_eq!(room.kept("low").await, [1, 2, 3]);
}
