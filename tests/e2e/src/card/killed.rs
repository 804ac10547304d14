//! The host is killed while cards are charged, and nobody asks again.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quoin_harness::sale::{BUYING, Sale};
use quoin_harness::{Psp, Shop, Size, json, until};

use super::Card;

/// Buyers at once.
const BUYERS: u64 = 4;
/// How long they buy until the host is killed, at most.
const MOMENT_MAX_MS: u64 = 1_200;

/// Waits until a request at this step is at the provider, which does not answer, and kills the host.
fn killed_at(card: &mut Card, step: &str, act: impl FnOnce(&Card)) {
    let before = card.asked(step);
    card.psp.fault(json!({ "at": step, "fault": "late", "ms": 60_000 }));
    act(card);
    until("it is out", || (card.asked(step) > before).then_some(()));
    card.kill();
}

#[test]
fn a_host_killed_at_each_step_goes_on_with_it_by_itself() {
    let mut card = Card::start("");
    let mut bought = None;
    killed_at(&mut card, "create", |card| bought = Some(card.buy()));
    let bought = bought.expect("an order");
    until("the shop knows the page", || card.confirm(&bought)["nextUrl"].as_str().map(drop));
    killed_at(&mut card, "capture", |card| card.act(&bought, "succeed"));
    card.until(&bought, "paid");
    killed_at(&mut card, "refund", |card| {
        card.staff(&bought, "cancel", json!({ "reason": "no" })).ok();
    });
    card.until(&bought, "refunded");
    let mut waits = None;
    killed_at(&mut card, "cancel", |card| {
        let bought = card.buy();
        until("it waits", || (card.payment(&bought)["state"] == "requires-action").then_some(()));
        card.staff(&bought, "cancel", json!({ "reason": "no" })).ok();
        waits = Some(bought);
    });
    card.until(&waits.expect("an order"), "voided");
    // The buyer pays while the host is not there.
    let last = card.buy();
    until("there is an intent", || card.psp.intent(&last.payment));
    card.host.kill();
    card.psp.act(&last.payment, "succeed");
    card.host.run();
    card.psp.send_to(card.host.address());
    card.until(&last, "paid");
    card.agrees();
}

/// A buyer buys and pays as long as the host is there.
fn buys(
    shop: &Shop,
    psp: &Psp,
    (round, buyer): (u64, u64),
    variant: &str,
    gone: &AtomicBool,
) -> Vec<String> {
    let mut told = Vec::new();
    for number in 0.. {
        let key = format!("{round}-{buyer}-{number}");
        let mut sale = Sale { method: "card", ..Sale::of(variant, 1 + buyer as u32, key) };
        for step in BUYING {
            match sale.step(shop, step) {
                Ok(reply) => {
                    assert!(reply.status < 300, "{step:?}: {} {}", reply.status, reply.text)
                }
                Err(_) => return told,
            }
        }
        told.push(sale.order["id"].as_str().expect("an order").to_owned());
        let payment = sale.order["paymentId"].as_str().expect("a payment");
        // The page opens when it does, and the buyer waits for it as long as the shop is there.
        while psp.intent(payment).is_none() {
            if gone.load(Ordering::Relaxed) {
                return told;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        match (round + buyer + number) % 8 {
            0 => {}
            1 => drop(psp.act(payment, "cancel")),
            2 => drop((psp.act(payment, "decline"), psp.act(payment, "succeed"))),
            _ => drop(psp.act(payment, "succeed")),
        }
    }
    told
}

#[test]
fn a_host_killed_under_card_payments_loses_none_and_charges_none_twice() {
    let size = Size::of("cards", 50);
    let mut card = Card::start("seconds-to-pay = \"20\", seconds-to-ask = \"5\"");
    card.psp.webhooks(json!({ "duplicates": 1, "reorders": true }));
    let mut orders = Vec::new();
    let mut seed: u64 = 0xca4d;
    for round in size.rounds() {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let (told, gone) = (Mutex::new(Vec::new()), AtomicBool::new(false));
        // Those of the round before that hit nothing are not to pile up: what fails often waits long.
        card.psp.recovers();
        for (at, fault) in [("create", "lose"), ("capture", "lose"), ("capture", "error")] {
            card.psp.fails(at, fault);
        }
        std::thread::scope(|scope| {
            for buyer in 0..BUYERS {
                let (told, gone, card) = (&told, &gone, &card);
                scope.spawn(move || {
                    let ids = buys(&card.shop, &card.psp, (round, buyer), &card.variant, gone);
                    told.lock().unwrap_or_else(|e| e.into_inner()).extend(ids);
                });
            }
            std::thread::sleep(Duration::from_millis(200 + seed % MOMENT_MAX_MS));
            card.host.kill_process();
            gone.store(true, Ordering::Relaxed);
        });
        card.kill();
        orders.extend(told.into_inner().unwrap_or_else(|e| e.into_inner()));
    }
    card.psp.recovers();
    card.agrees();
    let mut states = std::collections::BTreeMap::new();
    for order in &orders {
        let order = card.shop.get(&format!("/orders/{order}")).ok();
        let state = format!("{} {}", order["state"], order["payment"]);
        *states.entry(state).or_insert(0) += 1;
    }
    let charged = card.psp.ledger().iter().filter(|entry| entry["kind"] == "capture").count();
    println!(
        "{} kills, {} orders answered, {charged} captured: {states:?}",
        size.get(),
        orders.len()
    );
    assert!(charged > 0, "nothing was paid");
}
