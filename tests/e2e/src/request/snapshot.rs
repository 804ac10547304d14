//! A request that reads sees one moment of the whole shop.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use quoin_harness::{Host, Value, json};

use super::{look, run, shop};

/// What the two have together.
const TOGETHER: i64 = 2_000;
/// Movements from one to the other.
const MOVES: u32 = 150;

fn sums(told: &Value) -> [i64; 2] {
    let sum = |n: usize| told[n].as_str().and_then(|sum| sum.parse().ok()).expect("a sum");
    [sum(0), sum(1)]
}

#[test]
fn a_reader_of_two_plugins_never_sees_an_amount_on_its_way_between_them() {
    let host = Host::start();
    let shop = shop(
        &host,
        "amounts",
        &[("mover", &["b", "c"], ""), ("sums", &["b", "c"], ""), ("b", &[], ""), ("c", &[], "")],
    );
    let steps = "call b, write x, add x 1000, end, call c, write x, add x 1000, end";
    run(&shop, "mover", steps).ok();
    let (moving, seen) = (AtomicBool::new(true), AtomicU32::new(0));
    let kinds = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut kinds = BTreeSet::new();
                    while moving.load(Ordering::Relaxed) {
                        // Time for a writer between the two.
                        let told =
                            look(&shop, "sums", "look b, sum, end, busy 2, look c, sum, end");
                        let [b, c] = sums(&told.ok());
                        assert_eq!(b + c, TOGETHER, "{b} and {c}");
                        kinds.insert(b);
                        seen.fetch_add(1, Ordering::Relaxed);
                    }
                    kinds
                })
            })
            .collect();
        for n in 0..MOVES {
            let by = if n % 2 == 0 { n } else { n + 500 };
            let steps = format!("call b, add x -{by}, end, call c, add x {by}, end");
            run(&shop, "mover", &steps).ok();
            let back = format!("call c, add x -{by}, end, call b, add x {by}, end");
            run(&shop, "mover", &back).ok();
        }
        moving.store(false, Ordering::Relaxed);
        readers.into_iter().flat_map(|r| r.join().expect("a reader")).collect::<BTreeSet<_>>()
    });
    assert!(kinds.len() > 1, "{} readers saw no movement at all", seen.into_inner());
}

#[test]
fn a_request_that_writes_sees_what_its_own_calls_wrote_and_nobody_else_does_before_it_ends() {
    let host = Host::start();
    let shop = shop(&host, "own", &[("a", &["b"], ""), ("b", &[], "")]);
    let told = run(&shop, "a", "call b, write x, end, look b, texts, end, call b, texts, end").ok();
    assert_eq!(told, json!(["x", "x"]));
    std::thread::scope(|scope| {
        // It fails in the end, so that what it writes is never to be seen.
        let writer =
            scope.spawn(|| run(&shop, "a", "call b, write y, end, busy 300, refuse").status);
        while !writer.is_finished() {
            assert_eq!(look(&shop, "b", "texts").ok(), json!(["x"]));
        }
        assert_eq!(writer.join().expect("a client"), 409);
    });
    run(&shop, "a", "call b, write y, end").ok();
    assert_eq!(look(&shop, "b", "texts").ok(), json!(["x", "y"]));
}
