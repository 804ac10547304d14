//! Requests that queue share a commit, and nobody can tell.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use quoin_harness::{Host, Shop, Value, json, until};

use super::{order, run, shop, texts};

fn pair(host: &Host) -> Shop {
    shop(host, "pair", &[("a", &["b"], "deadline-ms = 20000"), ("b", &[], "")])
}

fn set(texts: &Value) -> BTreeSet<String> {
    let text = |text: &Value| text.as_str().expect("a text").to_owned();
    texts.as_array().expect("a list").iter().map(text).collect()
}

#[test]
fn each_of_many_clients_gets_its_own_answer_and_one_that_fails_in_between_harms_none() {
    let mut host = Host::start();
    let shop = pair(&host);
    let (clients, times) = (16, 12);
    let fails = ["refuse", "trap", "need b, write gone, refuse, end"];
    std::thread::scope(|scope| {
        for client in 0..clients {
            let shop = &shop;
            scope.spawn(move || {
                for n in 0..times {
                    let name = format!("{client:02}-{n:02}");
                    let steps = format!("write {name}, call b, write {name}, end");
                    let own = format!("query SELECT text FROM a_entry WHERE text = '{name}'");
                    if (client + n) % 4 == 0 {
                        let fail = fails[n % fails.len()];
                        let status = run(shop, "a", &format!("{steps}, {fail}")).status;
                        assert!(matches!(status, 409 | 502), "{name}: {status}");
                    } else {
                        let told = run(shop, "a", &format!("{steps}, {own}")).ok();
                        assert_eq!(told, json!([name]));
                    }
                }
            });
        }
    });
    let good = |client: usize| (0..times).filter(move |n| !(client + n).is_multiple_of(4));
    let all = (0..clients).flat_map(|c| good(c).map(move |n| format!("{c:02}-{n:02}")));
    let all: BTreeSet<_> = all.collect();
    host.kill();
    host.run();
    assert_eq!((set(&texts(&shop, "a")), set(&texts(&shop, "b"))), (all.clone(), all));
}

#[test]
fn what_was_answered_is_there_after_a_kill_and_each_request_is_there_wholly_or_not_at_all() {
    let mut host = Host::start();
    let shop = pair(&host);
    for round in 0..3 {
        let answered = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for client in 0..16 {
                let (shop, answered) = (&shop, &answered);
                scope.spawn(move || {
                    for n in 0.. {
                        let name = format!("{round}-{client}-{n}");
                        let steps = format!("write {name}, call b, write {name}, end");
                        let request = shop.request("POST", "/a/run");
                        match request.json(&order("a", &steps)).try_send() {
                            Ok(reply) if reply.status == 200 => {
                                answered.lock().expect("the list").push(name);
                            }
                            // The host is gone.
                            Err(_) => break,
                            Ok(reply) => assert!(reply.status >= 500, "{}", reply.text),
                        }
                    }
                });
            }
            until("many requests are answered", || {
                (answered.lock().expect("the list").len() >= 300).then_some(())
            });
            host.kill_process();
        });
        host.restart();
        let (a, b) = (set(&texts(&shop, "a")), set(&texts(&shop, "b")));
        assert_eq!(a, b);
        for name in answered.into_inner().expect("the list") {
            assert!(a.contains(&name), "{name} was answered and is lost");
        }
    }
}

#[test]
fn a_short_function_that_is_suddenly_slow_delays_nobody_for_long_and_succeeds_itself() {
    let host = Host::start();
    let shop = pair(&host);
    let slow = Duration::from_millis(600);
    let over = AtomicBool::new(false);
    let (longest, written) = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|client| {
                let (shop, over) = (&shop, &over);
                scope.spawn(move || {
                    let (mut times, mut written) = (Vec::new(), 0);
                    while !over.load(Ordering::Relaxed) {
                        let began = Instant::now();
                        run(shop, "a", &format!("write {client}-{written}")).ok();
                        times.push((began, began.elapsed()));
                        written += 1;
                    }
                    (times, written)
                })
            })
            .collect();
        let mut slow_ones = Vec::new();
        for n in 0..3 {
            let began = Instant::now();
            // The first statement takes the writer: those that were done before wait for no more than
            // a moment of what follows.
            let steps = format!("write slow-{n}, busy {}", slow.as_millis());
            slow_ones.push((run(&shop, "a", &steps).status, began.elapsed()));
        }
        // Before anything is asserted: a test that fails must not go on for ever.
        over.store(true, Ordering::Relaxed);
        for (status, took) in slow_ones {
            assert!(status == 200 && took >= slow, "{status} after {took:?}");
        }
        let clients = clients.into_iter().map(|c| c.join().expect("a client"));
        clients.fold((Vec::new(), 0), |(mut all, sum), (times, written)| {
            all.extend(times);
            (all, sum + written)
        })
    });
    // While a slow one has the writer, the others wait their turn; nobody waits for two of them.
    let most = longest.iter().map(|(_, took)| *took).max().expect("some");
    assert!(most < slow * 4, "{most:?}");
    let there = set(&texts(&shop, "a"));
    assert_eq!(there.len(), written + 3);
    assert!((0..3).all(|n| there.contains(&format!("slow-{n}"))));
}
