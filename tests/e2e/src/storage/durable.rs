//! What is kept, and what is not.

use quoin_harness::{Shop, json, until};

use super::{SHOP, start, texts, write};
use crate::before::Before;

#[test]
fn what_a_call_wrote_before_it_failed_is_not_kept() {
    let (mut host, shop) = start();
    write(&shop, "first", "well").ok();
    write(&shop, "error", "refuse").expect(409);
    write(&shop, "trap", "trap").refused(502, "plugin-failed");
    write(&shop, "timeout", "spin").refused(504, "plugin-timeout");
    let inexpressible = shop.post("/texts/not-a-number", json!({ "text": "no number" }));
    inexpressible.refused(502, "inexpressible-result");
    assert_eq!(texts(&shop), json!(["first"]));
    write(&shop, "second", "well").ok();
    host.restart();
    assert_eq!(texts(&shop), json!(["first", "second"]));
}

#[test]
fn what_was_answered_survives_a_killed_host() {
    let (mut host, shop) = start();
    for n in 0..5 {
        assert_eq!(write(&shop, &n.to_string(), "well").status, 201);
        host.restart();
    }
    assert_eq!(texts(&shop), json!(["0", "1", "2", "3", "4"]));
}

#[test]
fn a_host_killed_under_writers_keeps_all_that_it_answered_and_nothing_by_half() {
    let (mut host, shop) = start();
    let answered = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for client in 0..4 {
            let (shop, answered) = (&shop, &answered);
            scope.spawn(move || {
                for n in 0.. {
                    let pair = [format!("{client}-{n}-a"), format!("{client}-{n}-b")];
                    let batch = json!({ "texts": pair });
                    let sent = shop.request("POST", "/batch").json(&batch).try_send();
                    match sent {
                        Ok(reply) if reply.status == 200 => {
                            answered.lock().expect("the list").extend(pair);
                        }
                        // The host is gone.
                        _ => break,
                    }
                }
            });
        }
        until("some calls are answered", || {
            (answered.lock().expect("the list").len() >= 40).then_some(())
        });
        host.kill_process();
    });
    host.restart();
    let kept = texts(&shop);
    let kept: Vec<_> = kept.as_array().expect("a list").iter().filter_map(|t| t.as_str()).collect();
    for text in answered.into_inner().expect("the list") {
        assert!(kept.contains(&text.as_str()), "{text} was answered and is lost");
    }
    for text in &kept {
        let other = match text.strip_suffix("-a") {
            Some(start) => format!("{start}-b"),
            None => text.replace("-b", "-a"),
        };
        assert!(kept.contains(&other.as_str()), "{text} without {other}");
    }
}

#[test]
fn a_reader_sees_nothing_of_a_writer_that_has_not_ended() {
    let (_host, shop) = start();
    write(&shop, "before", "well").ok();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| write(&shop, "unfinished", "spin").status);
        until("the writer runs", || {
            (shop.plugin("hostile")["stats"]["running"] == 1).then_some(())
        });
        while shop.plugin("hostile")["stats"]["running"] == 1 {
            assert_eq!(texts(&shop), json!(["before"]));
        }
        assert_eq!(writer.join().expect("a client"), 504);
    });
}

#[test]
fn writers_take_turns() {
    let (_host, shop) = start();
    std::thread::scope(|scope| {
        for client in 0..16 {
            let shop = &shop;
            scope.spawn(move || {
                for n in 0..5 {
                    write(shop, &format!("{client}-{n}"), "well").ok();
                }
            });
        }
    });
    assert_eq!(texts(&shop).as_array().map(Vec::len), Some(80));
}

#[test]
fn a_full_database_refuses_and_goes_on_reading() {
    let host = quoin_harness::Host::start();
    let shop = host.apply(&SHOP.replace("deadline-ms = 2000", "database-mib = 1"));
    let batch = json!({ "texts": vec!["x".repeat(100_000); 5] });
    let mut written = 0;
    let refused = loop {
        let reply = shop.post("/batch", batch.clone());
        match reply.status {
            200 => written += 5,
            _ => break reply,
        }
        assert!(written < 100, "a database of 1 MiB holds more than 10 MB");
    };
    assert!(refused.status >= 500, "{}", refused.text);
    assert_eq!(texts(&shop).as_array().map(Vec::len), Some(written));
}

#[test]
fn a_restart_brings_back_exactly_the_wiring() {
    let mut host = quoin_harness::Host::start();
    let links = r#"
        name = "links"
        domains = ["links.test", "other.test"]
        [plugins.consumer]
        bundle = "consumer.wasm"
        grants = ["call"]
        bind = { "test:links/parts" = "b", "test:links/offers" = ["b", "a"], "test:links/methods" = { card = "a" } }
        [plugins.a]
        bundle = "provider.wasm"
        grants = ["call", "config", "log"]
        config = { name = "first" }
        limits = { deadline-ms = 1234 }
        [plugins.b]
        bundle = "provider.wasm"
        grants = ["call", "config", "log"]
        config = { name = "second" }
    "#;
    let shop = host.apply(&links.replace("first", "zeroth"));
    host.apply(links);
    let data: Shop = host.apply(SHOP);
    write(&data, "kept", "well").ok();
    let key = shop.key().to_owned();
    let before = Before::of(&host);
    for _ in 0..2 {
        host.restart();
        before.is_unchanged(&host);
        assert_eq!(shop.get("/name").ok(), "second");
        let ask = json!({ "aboutName": "", "what": "well" });
        let offers = shop.call("test:links/desk#offers", ask).ok();
        assert_eq!(offers, json!(["offer of second", "offer of first"]));
        let admin = format!("Bearer {key}");
        let admin = shop.request("GET", "/admin/identity").header("authorization", &admin).send();
        assert_eq!(admin.ok()["role"], "admin");
        assert_eq!(host.shop("links", "other.test").get("/name").ok(), "second");
        assert_eq!(texts(&data), json!(["kept"]));
    }
    // What was applied once more is nothing new.
    host.apply(links);
    before.is_unchanged(&host);
}
