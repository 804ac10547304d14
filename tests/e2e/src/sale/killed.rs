//! A host that is killed while many buyers check out loses nothing, doubles nothing and leaves nothing
//! behind. What must be true is known from what clients were told, and from what the shop says then.

mod ledger;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quoin_harness::sale::{self, BUYING, Sale, Step};
use quoin_harness::{Host, Shop, Size, until};

use ledger::{Attempt, Ledger};

/// Buyers at once: several requests share a commit, and some wait for their turn.
const BUYERS: u64 = 8;
/// Pieces of what is sold: more than can be sold meanwhile, so that every attempt could succeed.
const PIECES: u64 = 100_000_000;

/// Requests that are answered before the host is killed, at most: two whole sales of each buyer.
const ANSWERED_MAX: u64 = BUYERS * 8;
/// How long after that the host is killed, at most: some requests on a fast disk, so that every part of
/// one is hit.
const MOMENT_MAX: Duration = Duration::from_millis(10);

/// When to kill the host: moments that look random and are the same in every run.
struct Moments(u64);

impl Moments {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end.max(1)
    }

    fn next(&mut self) -> (u64, Duration) {
        let within = u64::try_from(MOMENT_MAX.as_micros()).unwrap_or(u64::MAX);
        (self.below(ANSWERED_MAX), Duration::from_micros(self.below(within)))
    }
}

#[test]
fn a_host_killed_under_checkouts_leaves_no_half_sale_and_loses_none() {
    let size = Size::of("kills", 100);
    let mut host = Host::start();
    let shop = host.apply(sale::SHOP);
    let [mug, bowl] = sale::stock(&shop, PIECES);
    // The key is made before the host is killed for the first time.
    shop.key();
    let mut moments = Moments(0x5a1e);
    let mut ledger = Ledger::of(&[&mug, &bowl]);
    ledger.look(&shop);
    for round in size.rounds() {
        let attempts = killed_at(&mut host, &shop, round, moments.next(), &[&mug, &bowl]);
        ledger.told(attempts);
        ledger.look(&shop);
        if round % 8 == 7 {
            // What has an unknown outcome can be asked for again, and is there once.
            ledger.ask_again(&shop);
            ledger.look(&shop);
        }
    }
    ledger.ask_again(&shop);
    ledger.look_at_all(&shop);
    println!("{} kills: {}", size.get(), ledger.summary());
    assert!(ledger.is_telling(), "nothing was interrupted: {}", ledger.summary());
}

/// Buyers buy one thing after the other until the host is killed, so long after so many answers, and
/// the host starts again. Returns what each buyer was told last of each attempt.
fn killed_at(
    host: &mut Host,
    shop: &Shop,
    round: u64,
    (answers, moment): (u64, Duration),
    variants: &[&str],
) -> Vec<Attempt> {
    let (attempts, answered) = (Mutex::new(Vec::new()), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for buyer in 0..BUYERS {
            let (attempts, answered) = (&attempts, &answered);
            scope.spawn(move || {
                for number in 0.. {
                    let variant = variants[(buyer + number) as usize % variants.len()];
                    let key = format!("{round}-{buyer}-{number}");
                    let sale = Sale::of(variant, 1 + buyer as u32 % 3, key);
                    let attempt = buy(shop, sale, answered);
                    let gone = !attempt.is_answered;
                    attempts.lock().unwrap_or_else(|e| e.into_inner()).push(attempt);
                    if gone {
                        break;
                    }
                }
            });
        }
        until("buyers are answered", || {
            (answered.load(Ordering::Relaxed) >= answers).then_some(())
        });
        std::thread::sleep(moment);
        host.kill_process();
    });
    host.restart();
    attempts.into_inner().unwrap_or_else(|e| e.into_inner())
}

/// Buys as far as the host lets one.
fn buy(shop: &Shop, sale: Sale, answered: &AtomicU64) -> Attempt {
    let mut attempt = Attempt { sale, asked: Step::Create, is_answered: true };
    for step in BUYING {
        attempt.asked = step;
        match attempt.sale.step(shop, step) {
            Ok(reply) => {
                assert!(reply.status < 300, "{step:?}: {} {}", reply.status, reply.text);
                answered.fetch_add(1, Ordering::Relaxed);
            }
            // The host is gone.
            Err(_) => {
                attempt.is_answered = false;
                break;
            }
        }
    }
    attempt
}
