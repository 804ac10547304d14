//! A request is one transaction, whatever becomes of the calls in it.

use std::sync::Arc;
use std::time::Duration;

use quoin_runtime::{Check, FailureKind, Node, Value};

use crate::guest::Step::{
    Call, Execute, Fail, Leave, Log, Now, Pass, Query, Remaining, Served, Spin, Trap, When,
};
use crate::{
    Plugin, Room, ask, ask_checked, asking, assert_kind, counted, error, failure, numbers,
    until_called,
};

/// A plugin above another one that writes around its call, then that one, which writes and ends as its key
/// says, and the sign that it calls before it spins.
async fn pair(room: &Room) -> (Arc<Node>, Arc<Node>, Arc<Node>) {
    let sign = room.sign().await;
    let ends = vec![
        Execute("INSERT INTO low VALUES (1)"),
        When('f', vec![Fail]),
        When('t', vec![Trap]),
        When('s', vec![Call("s", "here-read"), Spin]),
    ];
    let low = Plugin::new("low", "b", vec![("act", ends)]).needs("s", &sign);
    let low = room.install(low.limits(|l| l.deadline_ms = 300_000)).await;
    let act = vec![
        Execute("INSERT INTO high VALUES (1)"),
        Call("b", "act"),
        Execute("INSERT INTO high VALUES (2)"),
        When('F', vec![Fail]),
        When('T', vec![Trap]),
    ];
    let high = Plugin::new("high", "a", vec![("act", act)]).needs("b", &low);
    (room.install(high).await, low, sign)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_all_calls_of_a_request_wrote_is_committed_when_it_returns_ok() {
    let room = Room::new();
    let (high, ..) = pair(&room).await;
    assert!(numbers(ask(&high, "act", "").await).is_empty());
    assert_eq!(room.kept("high").await, [1, 2]);
    assert_eq!(room.kept("low").await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_of_a_request_that_returns_an_error_or_traps() {
    let room = Room::new();
    let (high, low, _) = pair(&room).await;
    assert_eq!(error(ask(&high, "act", "F").await).0, "refused");
    let trapped = failure(ask(&high, "act", "T").await);
    assert_kind(&trapped, "high", |kind| matches!(kind, FailureKind::Trap(_)));
    assert!(room.kept("high").await.is_empty() && room.kept("low").await.is_empty());
    assert_eq!((counted(&high), counted(&low)), ((2, 1), (2, 0)));
    assert!(room.lines().iter().any(|line| line.starts_with("high: high trapped in room:test/a")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_before_the_commit_is_whether_the_answer_can_be_passed_on() {
    let room = Room::new();
    let (high, ..) = pair(&room).await;
    let no_errors: Check = |value| match value {
        Value::Result(Ok(_)) => Ok(()),
        _ => Err("it is an error".into()),
    };
    numbers(ask_checked(&high, "act", "", no_errors).await);
    assert_eq!(room.kept("low").await, [1]);
    let refused = failure(ask_checked(&high, "act", "F", no_errors).await);
    assert_kind(&refused, "high", |kind| matches!(kind, FailureKind::Inexpressible(_)));
    // A request without an answer has none to ask about.
    let trapped = ask_checked(&high, "act", "T", |_| panic!("on purpose")).await;
    assert_kind(&failure(trapped), "high", |kind| matches!(kind, FailureKind::Trap(_)));
    assert_eq!(counted(&high), (3, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_the_host_leaves_nothing_of_the_request_and_the_shop_goes_on() {
    let room = Room::new();
    let functions = vec![
        ("act", vec![Execute("INSERT INTO p SELECT count(*) + 1 FROM p"), Log("wrote")]),
        ("act-read", vec![Query("SELECT count(*) FROM p"), Log("looked")]),
    ];
    let plugin = room.install(Plugin::new("p", "a", functions)).await;
    for (function, line) in [("act", "p: wrote"), ("act-read", "p: looked")] {
        let fallen = failure(ask_checked(&plugin, function, "", |_| panic!("on purpose")).await);
        assert_kind(&fallen, "p", |kind| {
            *kind == FailureKind::Host("the call ended in a fault".into())
        });
        assert_eq!(room.lines().last().unwrap(), line);
    }
    assert!(room.kept("p").await.is_empty());
    assert!(numbers(ask(&plugin, "act", "").await).is_empty());
    assert_eq!(numbers(ask(&plugin, "act-read", "").await), [1]);
    assert_eq!(counted(&plugin), (4, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_callee_lost_the_whole_transaction_fails_whatever_it_returns() {
    let room = Room::new();
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
        INSERT INTO low SELECT i FROM n";
    let low = room.install(Plugin::new("low", "b", vec![("act", vec![Execute(endless)])])).await;
    let act =
        vec![Served, Execute("INSERT INTO high VALUES (1)"), When('f', vec![Call("b", "act")])];
    let high = Plugin::new("high", "a", vec![("act", act)]).needs("b", &low).reuse(100);
    let high = room.install(high.limits(|l| l.write_ms = 40)).await;
    let ended = failure(ask(&high, "act", "f").await);
    assert_kind(&ended, "high", |kind| *kind == FailureKind::WriterTimeout(40));
    assert!(room.kept("high").await.is_empty() && room.kept("low").await.is_empty());
    assert!(room.lines().last().unwrap().starts_with("high: high had the shop's writer for"));
    // Nobody meets the instance that takes its row for written.
    assert_eq!(numbers(ask(&high, "act", "").await), [1]);
    assert_eq!((counted(&high).0, room.kept("high").await), (2, vec![1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_of_a_request_whose_result_cannot_be_passed_on() {
    let room = Room::new();
    let (high, ..) = pair(&room).await;
    let refused = failure(ask_checked(&high, "act", "", |_| Err("too wide".into())).await);
    assert_kind(&refused, "high", |kind| *kind == FailureKind::Inexpressible("too wide".into()));
    assert!(room.kept("high").await.is_empty() && room.kept("low").await.is_empty());
    assert!(room.lines().iter().any(|line| line.contains("too wide")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_fails_is_undone_alone_and_its_caller_goes_on() {
    let room = Room::new();
    let (high, low, _) = pair(&room).await;
    assert_eq!(numbers(ask(&high, "act", "f").await), [802]);
    assert_eq!(room.kept("high").await, [1, 2]);
    assert!(room.kept("low").await.is_empty());
    assert_eq!(counted(&low), (1, 0), "an error of its own is not a failure");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_traps_is_undone_alone_and_counted_for_its_plugin() {
    let room = Room::new();
    let (high, low, _) = pair(&room).await;
    assert_eq!(numbers(ask(&high, "act", "t").await), [801]);
    assert_eq!(room.kept("high").await, [1, 2]);
    assert!(room.kept("low").await.is_empty());
    assert_eq!((counted(&high), counted(&low)), ((1, 0), (1, 1)));
    let lines = room.lines();
    assert!(lines.iter().any(|line| line.starts_with("low: low trapped")), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_stopped_in_the_middle_leaves_the_transaction_to_its_caller() {
    let (room, hand) = Room::still();
    let (high, low, sign) = pair(&room).await;
    let running = asking(&high, "act", "s");
    until_called(&sign, 1).await;
    hand.forward(Duration::from_millis(300_000));
    assert_eq!(numbers(running.await.unwrap()), [801]);
    assert_eq!(room.kept("high").await, [1, 2]);
    assert!(room.kept("low").await.is_empty());
    assert_eq!((counted(&high), counted(&low)), ((1, 0), (1, 1)));
    assert!(room.lines().iter().any(|line| line.contains("low did not finish")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callee_whose_time_is_over_is_undone_with_all_below_it_and_its_caller_goes_on() {
    // It is stopped while it computes, or dropped where it waits: only the time on the timer passes then.
    // Either it computes, or the one below it.
    for (deadline_ms, key) in [(300_000, "s"), (300_000, "d"), (100, "s"), (100, "d")] {
        let (room, hand) = Room::still();
        let sign = room.sign().await;
        let spin = |letter| When(letter, vec![Call("s", "here-read"), Spin]);
        let lowest = vec![
            ("act", vec![Execute("INSERT INTO lowest VALUES (1)"), spin('d')]),
            ("put", vec![Execute("INSERT INTO lowest VALUES (1)")]),
        ];
        let lowest = room.install(Plugin::new("lowest", "c", lowest).needs("s", &sign)).await;
        let low = vec![Execute("INSERT INTO low VALUES (1)"), Call("c", "act"), spin('s'), Spin];
        let low = Plugin::new("low", "b", vec![("act", low)]).needs("c", &lowest).needs("s", &sign);
        let low = room.install(low.limits(|l| l.deadline_ms = deadline_ms)).await;
        let act = vec![
            Execute("INSERT INTO high VALUES (1)"),
            Call("b", "act"),
            Call("c", "put"),
            Query("SELECT count(*) FROM high"),
        ];
        let high =
            Plugin::new("high", "a", vec![("act", act)]).needs("b", &low).needs("c", &lowest);
        let high = room.install(high).await;
        let running = asking(&high, "act", key);
        if deadline_ms > 1_000 {
            until_called(&sign, 1).await;
            hand.forward(Duration::from_millis(u64::from(deadline_ms)));
        }
        // That the row can be inserted again shows that the first one is gone.
        assert_eq!(numbers(running.await.unwrap()), [801, 1]);
        assert_eq!((room.kept("high").await, room.kept("lowest").await), (vec![1], vec![1]));
        assert!(room.kept("low").await.is_empty());
        assert_eq!(counted(&high), (1, 0));
        assert!(room.lines().iter().any(|line| line.contains("did not finish")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_call_below_one_that_failed_had_written_is_undone_with_it() {
    let room = Room::new();
    let lowest = vec![("act", vec![Execute("INSERT INTO lowest VALUES (1)")])];
    let lowest = room.install(Plugin::new("lowest", "c", lowest)).await;
    let low = vec![("act", vec![Call("c", "act"), Query("SELECT 7"), Fail])];
    let low = room.install(Plugin::new("low", "b", low).needs("c", &lowest)).await;
    let act = vec![
        Execute("INSERT INTO high VALUES (1)"),
        Call("b", "act"),
        Call("c", "act"),
        Query("SELECT count(*) FROM high"),
    ];
    let high = Plugin::new("high", "a", vec![("act", act)]).needs("b", &low).needs("c", &lowest);
    let high = room.install(high).await;
    // That it can be inserted shows that the first one is gone.
    assert_eq!(numbers(ask(&high, "act", "").await), [802, 1]);
    assert_eq!(room.kept("high").await, [1]);
    assert_eq!(room.kept("lowest").await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_fails_does_not_end_the_call() {
    let room = Room::new();
    let twice = vec![
        Execute("INSERT INTO high VALUES (1)"),
        Execute("INSERT INTO high VALUES (1)"),
        Query("SELECT n FROM nowhere"),
        Query("SELECT max(n) FROM high"),
    ];
    let high = room.install(Plugin::new("high", "a", vec![("act", twice)])).await;
    let told = numbers(ask(&high, "act", "").await);
    assert_eq!((told[0], told[2]), (900, 1));
    assert!((901..907).contains(&told[1]), "{told:?}");
    assert_eq!(room.kept("high").await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_reads_sees_one_snapshot_and_can_call_nothing_that_writes() {
    let (room, hand) = Room::still();
    let functions = vec![
        ("put", vec![Execute("INSERT INTO low SELECT count(*) + 1 FROM low")]),
        (
            "count-read",
            vec![Query("SELECT count(*) FROM low"), Execute("INSERT INTO low VALUES (7)")],
        ),
    ];
    let low = room.install(Plugin::new("low", "b", functions.clone()).and("a", functions)).await;
    let twice =
        vec![Call("b", "count-read"), Log("read once"), Leave(599_000), Call("b", "count-read")];
    let writes = vec![Call("b", "put")];
    let mixed = vec![Call("b", "count-read"), Call("b", "put"), Call("b", "count-read")];
    let high = vec![("twice-read", twice), ("wrong-read", writes), ("mixed", mixed)];
    let high = room.install(Plugin::new("high", "a", high).needs("b", &low)).await;
    let reading = asking(&high, "twice-read", "");
    room.line(1).await;
    assert!(numbers(ask(&low, "put", "").await).is_empty());
    hand.forward(Duration::from_millis(1_000));
    let read = numbers(reading.await.unwrap());
    assert_eq!((read[0], read[2]), (0, 0));
    assert!(read[1] >= 900 && read[3] >= 900, "a function that is declared to read wrote");
    assert_eq!(numbers(ask(&low, "count-read", "").await)[0], 1);
    let refused = failure(ask(&high, "wrong-read", "").await);
    assert_kind(&refused, "low", |kind| *kind == FailureKind::Writes);
    assert_eq!(room.kept("low").await, [1]);
    // In a request that writes, a function that is declared to read may not, and its caller may again.
    let told = numbers(ask(&high, "mixed", "").await);
    assert!(told.len() == 4 && told[0] == 1 && told[2] == 2, "{told:?}");
    assert!(told[1] >= 900 && told[3] >= 900, "{told:?}");
    assert_eq!(room.kept("low").await, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_writers_time_is_over_for_code_that_computes_while_it_has_the_writer() {
    let room = Room::new();
    let low = vec![("act", vec![Execute("INSERT INTO low VALUES (1)"), Spin])];
    let put = vec![("put", vec![Execute("INSERT INTO low VALUES (2)")])];
    let low = room.install(Plugin::new("low", "b", low).and("a", put)).await;
    let functions = vec![
        ("hold", vec![Execute("INSERT INTO high VALUES (1)"), Spin]),
        ("below", vec![Call("b", "act")]),
        ("spin-read", vec![Query("SELECT count(*) FROM high"), Spin]),
    ];
    let high = Plugin::new("high", "a", functions).needs("b", &low);
    let high = room.install(high.limits(|l| l.write_ms = 40)).await;
    for function in ["hold", "below"] {
        let ended = failure(ask(&high, function, "").await);
        assert_kind(&ended, "high", |kind| *kind == FailureKind::WriterTimeout(40));
    }
    assert!(room.kept("high").await.is_empty() && room.kept("low").await.is_empty());
    let told = room.lines().iter().filter(|line| line.contains("for more than 40 ms")).count();
    assert_eq!(told, 2);
    assert!(numbers(ask(&low, "put", "").await).is_empty());
    assert_eq!(room.kept("low").await, [2]);
    assert_eq!((counted(&high), counted(&low)), ((2, 2), (2, 0)));
    // One that reads has its deadline alone.
    let reading = asking(&high, "spin-read", "");
    let waited = tokio::time::timeout(Duration::from_millis(100), reading).await;
    assert!(waited.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_writers_time_is_over_for_a_statement_that_does_not_end() {
    let room = Room::new();
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
        INSERT INTO high SELECT i FROM n";
    let hold = vec![Execute(endless)];
    let high = Plugin::new("high", "a", vec![("hold", hold)]).limits(|l| l.write_ms = 40);
    let high = room.install(high).await;
    let ended = failure(ask(&high, "hold", "").await);
    assert_kind(&ended, "high", |kind| *kind == FailureKind::WriterTimeout(40));
    assert!(room.kept("high").await.is_empty());
    assert_eq!(counted(&high), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_error_of_a_callee_can_be_passed_on_and_undoes_the_whole_request() {
    let room = Room::new();
    let low = vec![("act", vec![Execute("INSERT INTO low VALUES (1)"), Trap])];
    let low = room.install(Plugin::new("low", "b", low)).await;
    let act = vec![Execute("INSERT INTO high VALUES (1)"), Pass("b", "act")];
    let high = room.install(Plugin::new("high", "a", vec![("act", act)]).needs("b", &low)).await;
    assert_eq!(error(ask(&high, "act", "").await), ("unavailable".into(), "trap".into()));
    assert!(room.kept("high").await.is_empty() && room.kept("low").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn all_calls_of_a_request_find_the_time_when_it_began() {
    let (room, hand) = Room::still();
    let sign = room.sign().await;
    let low = vec![("act", vec![Now, Remaining])];
    let low = Plugin::new("low", "b", low).limits(|l| l.deadline_ms = 300_000);
    let low = room.install(low).await;
    let act = vec![
        Now,
        Remaining,
        Call("b", "act"),
        Call("s", "here-read"),
        Leave(200_000),
        Now,
        Call("b", "act"),
    ];
    let high = Plugin::new("high", "a", vec![("act", act)]).needs("b", &low).needs("s", &sign);
    let high = room.install(high).await;
    let running = asking(&high, "act", "");
    until_called(&sign, 1).await;
    hand.forward(Duration::from_millis(400_000));
    // A callee has its own time, and what its caller has left, at most.
    let first = [5_000, 600_000, 5_000, 300_000, 5_000, 5_000, 200_000];
    assert_eq!(numbers(running.await.unwrap()), first);
    let running = asking(&high, "act", "");
    until_called(&sign, 2).await;
    hand.forward(Duration::from_millis(500_000));
    let second = [405_000, 600_000, 405_000, 300_000, 405_000, 405_000, 100_000];
    assert_eq!(numbers(running.await.unwrap()), second);
}
