//! Operations of the disk fail during a sale: the first, the second … until a sale needs no more.

use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use quoin_faults::{Disk, Fault, Moments, Operation, Replay, Why, scratch};
use quoin_harness::sale::{AFTERWARDS, BUYING, Sale, Step, stock};
use quoin_harness::{Reply, Shop, Size};
use tempfile::TempDir;

use crate::books;
use crate::host::Host;
use crate::state::State;

/// Everything that SQLite does with a file.
const OPERATIONS: [Operation; 5] =
    [Operation::Open, Operation::Read, Operation::Write, Operation::Truncate, Operation::Sync];

/// Panics of the host's threads, whoever caught them; those of tests tell themselves.
static PANICS: AtomicU64 = AtomicU64::new(0);

fn panics() -> u64 {
    static COUNTED: Once = Once::new();
    COUNTED.call_once(|| {
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // The thread of a test is called like it, or `main`.
            let thread = std::thread::current();
            let is_test = thread.name().is_some_and(|name| name == "main" || name.contains("::"));
            PANICS.fetch_add(u64::from(!is_test), Ordering::Relaxed);
            told(panic);
        }));
    });
    PANICS.load(Ordering::Relaxed)
}

struct Running {
    data: TempDir,
    disk: Disk,
    host: Host,
    shop: Shop,
    mug: String,
}

fn start() -> Running {
    let data = tempfile::tempdir().expect("a folder");
    let disk = Disk::of(data.path());
    let host = Host::open(data.path());
    let shop = host.shop();
    let [mug, _] = stock(&shop, 1_000_000);
    Running { data, disk, host, shop, mug }
}

impl Running {
    fn state(&self) -> State {
        State::of(self.data.path()).expect("a sound database")
    }

    /// A sale with a fault set before it; each request that fails is asked again once the fault is gone.
    /// Returns how many operations failed.
    fn sale(&self, number: u64, fault: &Fault) -> u64 {
        let mut sale = Sale::of(&self.mug, 1, format!("sale-{number}"));
        self.disk.fail(fault.clone());
        let mut failed = 0;
        for step in BUYING.into_iter().chain(AFTERWARDS) {
            let reply = sale.step(&self.shop, step).expect("an answer");
            if reply.status < 300 {
                continue;
            }
            refused(&reply, fault.why, step, number);
            if fault.why == Why::Full {
                // What is there can still be read.
                self.shop.get("/products").ok();
            }
            failed += self.disk.heal();
            let faults = books::faults(self.data.path()).expect("the shop's tables");
            assert!(faults.is_empty(), "{number}, {step:?}: {faults:?}");
            let again = sale.step(&self.shop, step).expect("an answer");
            assert!(
                again.status < 300,
                "{number}, {step:?} again: {} {}",
                again.status,
                again.text
            );
        }
        failed + self.disk.heal()
    }
}

#[track_caller]
fn refused(reply: &Reply, why: Why, step: Step, number: u64) {
    let told = format!("operation {number}, {step:?}: {} {}", reply.status, reply.text);
    assert_eq!(reply.header("content-type"), "application/problem+json", "{told}");
    assert!(reply.body["code"].is_string(), "{told}");
    match why {
        Why::Full => assert_eq!(reply.status, 507, "{told}"),
        Why::Broken => assert!((500..600).contains(&reply.status), "{told}"),
    }
}

/// Lets each operation of a sale fail in turn, until a sale needs no more of them.
fn every_operation(times: u64, why: Why) {
    let before = panics();
    let size = Size::of("errors", 2_000);
    let running = start();
    let mut sold = 0;
    for number in size.rounds() {
        let fault = Fault { of: OPERATIONS.into(), from: number, times, why };
        let failed = running.sale(number, &fault);
        sold += 1;
        if failed == 0 {
            break;
        }
        assert!(number + 1 < size.get(), "a sale has more than {} operations", size.get());
    }
    let faults = books::faults(running.data.path()).expect("the shop's tables");
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(orders(&running.shop), sold);
    assert_eq!(panics(), before, "something panicked");
    // What is in memory is what is on the disk.
    let state = running.state();
    let Running { data, disk, host, .. } = running;
    host.close();
    drop(disk);
    assert_eq!(State::of(data.path()).expect("a sound database"), state);
    assert!(sold > 20, "a sale of {sold} operations");
}

#[test]
fn an_operation_that_fails_once_fails_its_request_and_nothing_else() {
    every_operation(1, Why::Broken);
}

#[test]
fn a_disk_that_breaks_at_any_operation_and_is_mended_leaves_no_half_sale() {
    every_operation(u64::MAX, Why::Broken);
}

#[test]
fn a_full_disk_refuses_what_writes_and_heals() {
    every_operation(u64::MAX, Why::Full);
}

#[test]
fn what_is_answered_after_a_sync_that_failed_is_durable() {
    let running = start();
    let after = scratch();
    let mut moments = Moments::new(0xd0);
    // Each sync of a sale fails once, in a sale of its own, and the request is asked again.
    for number in 0.. {
        let fault = Fault { of: vec![Operation::Sync], from: number, times: 1, why: Why::Broken };
        let failed = running.sale(number, &fault);
        let now = running.state();
        let log = running.disk.log();
        let mut replay = Replay::new(&log);
        while replay.step() {}
        for image in replay.images(2, &mut moments) {
            image.write(running.data.path(), after.path()).expect("an image");
            let left = State::of(after.path()).unwrap_or_else(|e| panic!("sync {number}: {e}"));
            assert!(left == now, "sync {number} failed, and later:\n{}", left.difference(&now));
        }
        if failed == 0 {
            break;
        }
        assert!(number < 1_000, "a sale has no end");
    }
    running.host.close();
}

/// How many orders the shop tells, page by page.
fn orders(shop: &Shop) -> u64 {
    let mut count = 0;
    let mut path = "/admin/orders?limit=100".to_owned();
    loop {
        let page = shop.admin().get(&path).ok();
        count += page["items"].as_array().expect("a list").len() as u64;
        match page["next"].as_str() {
            Some(next) => path = format!("/admin/orders?limit=100&cursor={next}"),
            None => return count,
        }
    }
}
