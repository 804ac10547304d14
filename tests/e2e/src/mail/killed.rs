//! A host that is killed.

use std::collections::BTreeMap;
use std::time::Duration;

use quoin_harness::{json, until};

use super::{BUYING, Sale, Step, is, listed, plain};

/// How often it is killed.
const ROUNDS: u64 = 5;

#[test]
fn a_host_that_is_killed_sends_each_mail_and_repeats_one_at_most_with_its_message_id() {
    let Some((smtp, mut host, shop, mug)) = plain() else { return };
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        std::thread::scope(|scope| {
            let buying = scope.spawn(|| {
                let mut numbers = Vec::new();
                for n in 0.. {
                    let mut sale = Sale::of(&mug, 1, format!("{round}-{n}"));
                    let done = |sale: &mut Sale, step: Step| {
                        sale.step(&shop, step).is_ok_and(|reply| reply.status < 300)
                    };
                    if !BUYING.into_iter().all(|step| done(&mut sale, step)) {
                        break;
                    }
                    numbers.push(sale.order["number"].as_str().expect("a number").to_owned());
                }
                numbers
            });
            std::thread::sleep(Duration::from_millis(400 + 130 * round));
            host.kill_process();
            acknowledged.extend(buying.join().expect("a client"));
        });
        host.restart();
    }
    until("all mails are sent", || listed(&shop, "?state=waiting").is_empty().then_some(()));
    until("nothing is outstanding", || {
        let later = host.manage("GET", "/v1/tenants/shop/later", json!(null)).ok();
        (later["calls"] == json!([])).then_some(())
    });
    assert!(listed(&shop, "").iter().all(is("sent")));
    // By their subjects, which have the numbers of the orders.
    let mut came: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mail in smtp.mails() {
        came.entry(mail.header("subject")).or_default().push(mail.header("message-id"));
    }
    for number in &acknowledged {
        let subject = format!("Ihre Bestellung {number} bei Käthes Teehaus");
        assert!(came.contains_key(&subject), "no mail about {number}: {came:?}");
    }
    let mut repeated = 0;
    for (subject, ids) in &came {
        assert!(ids.iter().all(|id| *id == ids[0]), "{subject}: {ids:?}");
        repeated += ids.len() - 1;
    }
    // At a kill, as many mails are under way as the host runs later calls of a shop at once.
    assert!(repeated <= 4 * ROUNDS as usize, "{repeated} repeated");
    assert!(acknowledged.len() > 10, "{} orders tell nothing", acknowledged.len());
}
