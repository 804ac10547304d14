//! One plugin takes the writer for as long as it may, again and again: the others get their turn.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use quoin_harness::{Host, Shop, json};

use super::{look, run, shop, texts};

/// How long the plugin holds the writer.
const LIMIT: Duration = Duration::from_millis(100);
/// How many clients it does that for.
const CLIENTS: u32 = 16;
/// Requests that are timed.
const TIMED: usize = 30;

/// How long each of some requests took, sorted.
fn times(mut request: impl FnMut(usize)) -> Vec<Duration> {
    let mut times: Vec<_> = (0..TIMED)
        .map(|n| {
            let began = Instant::now();
            request(n);
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    times
}

fn median(times: &[Duration]) -> Duration {
    times[times.len() / 2]
}

/// Does `work` while all clients hold the writer in turn.
fn while_hogged(shop: &Shop, work: impl FnOnce()) {
    let (over, hogged) = (AtomicBool::new(false), std::sync::atomic::AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    // Its turn is over, or it waited for longer than its deadline.
                    let status = run(shop, "hog", "write gone, spin").status;
                    assert!(matches!(status, 503 | 504), "{status}");
                    hogged.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        quoin_harness::until("the writer is taken in turn", || {
            (hogged.load(Ordering::Relaxed) >= 2).then_some(())
        });
        // A test that fails must not go on for ever.
        let end = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        over.store(true, Ordering::Relaxed);
        if let Err(panic) = end {
            std::panic::resume_unwind(panic);
        }
    });
    assert_eq!(texts(shop, "hog"), json!([]));
}

#[test]
fn others_write_after_a_turn_or_two_and_readers_and_neighbours_do_not_notice() {
    let host = Host::start();
    let limits = format!("write-ms = {}", LIMIT.as_millis());
    let hogged = shop(&host, "hogged", &[("hog", &[], &limits), ("b", &[], "")]);
    let neighbour = host.apply(&super::shop_file("neighbour", &[("b", &[], "")]));
    let write = |shop: &Shop, n: &str| run(shop, "b", &format!("write {n}")).ok();
    let alone = times(|n| drop(write(&neighbour, &format!("alone-{n}"))));
    while_hogged(&hogged, || {
        let writes = times(|n| drop(write(&hogged, &format!("write-{n}"))));
        // Not after a turn of every client that waits.
        assert!(median(&writes) < LIMIT * CLIENTS / 2, "{writes:?}");
        let reads = times(|_| drop(look(&hogged, "b", "texts").ok()));
        // They wait for no turn at all; what they need is the processor that the others keep busy.
        assert!(median(&reads) < LIMIT * 3, "{reads:?}");
        let beside = times(|n| drop(write(&neighbour, &format!("beside-{n}"))));
        let most = median(&alone) * 10 + LIMIT / 2;
        assert!(median(&beside) < most, "{beside:?} after {alone:?}");
    });
    assert_eq!(texts(&hogged, "b").as_array().map(Vec::len), Some(TIMED));
    assert_eq!(texts(&neighbour, "b").as_array().map(Vec::len), Some(2 * TIMED));
}
