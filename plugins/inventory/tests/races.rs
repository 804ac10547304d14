//! Many at once.

use quoin_harness::json;

use super::{call, moved, reserve, staff, state, stocked, totals};

#[test]
fn the_last_units_go_to_exactly_as_many_as_there_are() {
    let (_host, shop) = stocked("sku,on_hand\nmug,10\ncup,100\n");
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..40)
            .map(|i| {
                let shop = &shop;
                let wanted = [("cup", 1), ("mug", 1)];
                scope.spawn(move || {
                    let owner = format!("buyer-{i}");
                    let reply = reserve(shop, &owner, &wanted);
                    if reply.status < 300 {
                        call(shop, "commit", json!({"owner": owner})).ok();
                    }
                    reply.status
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().expect("no panic")).collect()
    });
    let won = statuses.iter().filter(|s| **s < 300).count();
    assert_eq!((won, statuses.iter().filter(|s| **s == 409).count()), (10, 30), "{statuses:?}");
    assert_eq!((totals(&shop, "mug"), totals(&shop, "cup")), ((0, 0), (90, 0)));
    assert_eq!((moved(&shop, "mug"), moved(&shop, "cup")), (0, 90));
    assert_eq!(staff(&shop, "count-held", json!({})).ok(), 0);
}

#[test]
fn one_owner_asking_many_times_at_once_holds_once() {
    let (_host, shop) = stocked("sku,on_hand\nmug,10\n");
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                reserve(&shop, "ada", &[("mug", 6)]).ok();
            });
        }
    });
    assert_eq!(totals(&shop, "mug"), (10, 6));
    std::thread::scope(|scope| {
        for i in 0..16 {
            let function = if i % 2 == 0 { "commit" } else { "release" };
            let shop = &shop;
            scope.spawn(move || call(shop, function, json!({"owner": "ada"})).status);
        }
    });
    // Whichever came first, the goods are out once or back once.
    let expected = if state(&shop, "ada") == "committed" { (4, 0) } else { (10, 0) };
    assert_eq!(totals(&shop, "mug"), expected);
    assert_eq!(moved(&shop, "mug"), expected.0);
}
