//! A host that is killed while many buyers check out loses nothing, doubles nothing and leaves nothing
//! behind. What must be true is known from what clients were told, and from what the shop says then.

mod ledger;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use quoin_harness::sale::{self, BUYING, Sale, Step};
use quoin_harness::{Host, Shop, Size};

use ledger::{Attempt, Ledger};

/// Buyers at once: several requests share a commit, and some wait for their turn.
const BUYERS: u64 = 8;
/// Pieces of what is sold: more than can be sold meanwhile, so that every attempt could succeed.
const PIECES: u64 = 100_000_000;

/// Moments that look random and are the same in every run.
struct Moments(u64);

impl Moments {
    fn within(&mut self, time: Duration) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        time.mul_f64((self.0 % 1_000) as f64 / 1_000.0)
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
    let usual = usual(&shop, &mug);
    let mut moments = Moments(0x5a1e);
    let mut ledger = Ledger::of(&[&mug, &bowl]);
    ledger.look(&shop);
    for round in size.rounds() {
        // From the first request of the buyers to well into their second sale.
        let moment = moments.within(usual * 2);
        let attempts = killed_at(&mut host, &shop, round, moment, &[&mug, &bowl]);
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

/// How long a sale takes among so many buyers.
fn usual(shop: &Shop, variant: &str) -> Duration {
    let began = Instant::now();
    std::thread::scope(|scope| {
        for buyer in 0..BUYERS {
            scope.spawn(move || {
                let mut sale = Sale::of(variant, 1, format!("usual-{buyer}"));
                for step in BUYING {
                    sale.step(shop, step).expect("an answer").ok();
                }
            });
        }
    });
    began.elapsed()
}

/// Buyers buy one thing after the other until the host is killed, and the host starts again. Returns
/// what each of them was told last of each attempt.
fn killed_at(
    host: &mut Host,
    shop: &Shop,
    round: u64,
    moment: Duration,
    variants: &[&str],
) -> Vec<Attempt> {
    let attempts = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for buyer in 0..BUYERS {
            let attempts = &attempts;
            scope.spawn(move || {
                for number in 0.. {
                    let variant = variants[(buyer + number) as usize % variants.len()];
                    let key = format!("{round}-{buyer}-{number}");
                    let attempt = buy(shop, Sale::of(variant, 1 + buyer as u32 % 3, key));
                    let gone = !attempt.is_answered;
                    attempts.lock().unwrap_or_else(|e| e.into_inner()).push(attempt);
                    if gone {
                        break;
                    }
                }
            });
        }
        std::thread::sleep(moment);
        host.kill_process();
    });
    host.restart();
    attempts.into_inner().unwrap_or_else(|e| e.into_inner())
}

/// Buys as far as the host lets one.
fn buy(shop: &Shop, sale: Sale) -> Attempt {
    let mut attempt = Attempt { sale, asked: Step::Create, is_answered: true };
    for step in BUYING {
        attempt.asked = step;
        match attempt.sale.step(shop, step) {
            Ok(reply) => assert!(reply.status < 300, "{step:?}: {} {}", reply.status, reply.text),
            // The host is gone.
            Err(_) => {
                attempt.is_answered = false;
                break;
            }
        }
    }
    attempt
}
