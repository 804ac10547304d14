//! Beyond the bounded queue, a request is refused clearly, and what was answered is there.

use std::collections::BTreeSet;

use quoin_harness::{Host, until};

use super::{run, shop, texts};

#[test]
fn requests_beyond_the_queue_are_told_when_to_come_back_and_have_done_nothing() {
    let host = Host::start();
    let shop = shop(
        &host,
        "overload",
        &[("a", &[], "concurrency = 2, queue = 2, deadline-ms = 60000, write-ms = 10000")],
    );
    let (written, refused) = std::thread::scope(|scope| {
        let holds = scope.spawn(|| run(&shop, "a", "write holds, busy 2000").status);
        until("the writer is taken", || (shop.plugin("a")["stats"]["running"] == 1).then_some(()));
        let clients: Vec<_> = (0..12)
            .map(|n| {
                let shop = &shop;
                scope.spawn(move || (n, run(shop, "a", &format!("write {n}, busy 20"))))
            })
            .collect();
        let (mut written, mut refused) = (BTreeSet::new(), BTreeSet::new());
        for client in clients {
            let (n, reply) = client.join().expect("a client");
            if reply.status == 200 {
                written.insert(n.to_string());
                continue;
            }
            let seconds: u64 = reply.header("retry-after").parse().expect("Retry-After");
            assert!(seconds >= 1);
            reply.refused(503, "overload");
            refused.insert(n.to_string());
        }
        assert_eq!(holds.join().expect("a client"), 200);
        written.insert("holds".into());
        (written, refused)
    });
    assert!(!refused.is_empty() && written.len() >= 3, "{written:?} and {refused:?}");
    let there = texts(&shop, "a");
    let there: BTreeSet<_> = there.as_array().expect("a list").iter().map(text).collect();
    assert_eq!(there, written);
    for n in refused {
        run(&shop, "a", &format!("write {n}")).ok();
    }
    assert_eq!(texts(&shop, "a").as_array().map(Vec::len), Some(13));
}

fn text(value: &quoin_harness::Value) -> String {
    value.as_str().expect("a text").to_owned()
}
