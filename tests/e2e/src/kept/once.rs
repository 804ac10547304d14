//! What is asked again is answered without a call until what it was made from changes.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quoin_harness::{Host, json, until};

use super::{calls, kept, three};
use crate::request::{look, run};

#[test]
fn an_answer_is_made_once_until_a_table_changes_that_it_was_made_from() {
    let host = Host::start();
    let shop = three(&host);
    let steps = "texts, look b, texts, end";
    assert_eq!(look(&shop, "a", steps).ok(), json!([]));
    assert_eq!(look(&shop, "a", steps).ok(), json!([]));
    assert_eq!((calls(&shop, "a"), kept(&shop, "a")), (1, 1));
    // Not from this one.
    run(&shop, "c", "write z").ok();
    assert_eq!(look(&shop, "a", steps).ok(), json!([]));
    assert_eq!(kept(&shop, "a"), 2);
    run(&shop, "b", "write y").ok();
    assert_eq!(look(&shop, "a", steps).ok(), json!(["y"]));
    run(&shop, "a", "write x").ok();
    assert_eq!(look(&shop, "a", steps).ok(), json!(["x", "y"]));
    assert_eq!(kept(&shop, "a"), 2);
    // Two that ask something else.
    assert_eq!(look(&shop, "a", "texts").ok(), json!(["x"]));
    assert_eq!(kept(&shop, "a"), 2);
}

#[test]
fn what_was_undone_leaves_answers_as_they_are() {
    let host = Host::start();
    let shop = three(&host);
    look(&shop, "a", "texts").ok();
    run(&shop, "a", "write x, refuse").expect(409);
    assert_eq!(look(&shop, "a", "texts").ok(), json!([]));
    assert_eq!(kept(&shop, "a"), 1);
}

#[test]
fn many_who_ask_for_the_same_new_answer_cost_one_call() {
    let host = Host::start();
    let shop = three(&host);
    let long = "query WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 300000) \
        SELECT count(*) AS n FROM c";
    let start = Barrier::new(100);
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                start.wait();
                assert_eq!(look(&shop, "a", long).ok(), json!(["300000"]));
            });
        }
    });
    assert_eq!((calls(&shop, "a"), kept(&shop, "a")), (1, 99));
}

#[test]
fn what_depends_on_more_than_tables_is_made_each_time() {
    let host = Host::start();
    let shop = three(&host);
    for steps in ["random, texts", "now, texts", "look b, random, end"] {
        let first = look(&shop, "a", steps).ok();
        until("another answer", || (look(&shop, "a", steps).ok() != first).then_some(()));
    }
    assert_eq!(kept(&shop, "a"), 0);
}

#[test]
fn a_failure_is_not_kept() {
    let host = Host::start();
    let shop = three(&host);
    look(&shop, "a", "refuse").expect(409);
    look(&shop, "a", "refuse").expect(409);
    look(&shop, "a", "look b, refuse, end").ok();
    assert_eq!(kept(&shop, "a"), 0);
    assert_eq!(calls(&shop, "a"), 3);
}

#[test]
fn an_answer_that_asked_for_a_time_is_kept_until_it_has_passed() {
    let host = Host::start();
    let shop = three(&host);
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).expect("a time");
    let soon = (now() + Duration::from_millis(1_500)).as_millis();
    let steps = format!("passed 1000, passed {soon}, texts");
    assert_eq!(look(&shop, "a", &steps).ok(), json!(["true", "false"]));
    assert_eq!(look(&shop, "a", &steps).ok(), json!(["true", "false"]));
    assert_eq!(kept(&shop, "a"), 1);
    until("the time", || (now().as_millis() >= soon).then_some(()));
    assert_eq!(look(&shop, "a", &steps).ok(), json!(["true", "true"]));
    assert_eq!(kept(&shop, "a"), 1);
    assert_eq!(look(&shop, "a", &steps).ok(), json!(["true", "true"]));
    assert_eq!(kept(&shop, "a"), 2);
}
