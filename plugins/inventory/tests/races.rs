//! Many at once.

use quoin_harness::json;

use super::{all, allocate, call, has, moved, open, stocked, totals, variant};

#[test]
fn the_last_units_go_to_exactly_as_many_as_there_are() {
    let (_host, shop) = stocked("sku,on_hand\nmug,10\ncup,100\n");
    let line = |sku: &str| json!({"id": sku, "variant": variant(&shop, sku), "quantity": 1});
    let lines = json!([line("cup"), line("mug")]);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|i| {
                let (shop, lines) = (&shop, &lines);
                scope.spawn(move || {
                    let owner = format!("buyer-{i}");
                    let asked = json!({"owner": owner, "lines": lines});
                    let status = call(shop, "allocate", asked).status;
                    if status < 300 {
                        all(shop, "ship", &owner);
                    }
                    status
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().expect("no panic")).collect()
    });
    let won = statuses.iter().filter(|s| **s < 300).count();
    assert_eq!((won, statuses.iter().filter(|s| **s == 409).count()), (10, 54), "{statuses:?}");
    assert_eq!((totals(&shop, "mug"), totals(&shop, "cup")), ((0, 0), (90, 0)));
    assert_eq!((moved(&shop, "mug"), moved(&shop, "cup")), (0, 90));
    assert_eq!(open(&shop), [""; 0]);
}

#[test]
fn one_owner_asking_many_times_at_once_has_it_once() {
    let (_host, shop) = stocked("sku,on_hand\nmug,10\n");
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| allocate(&shop, "ada", &[("mug", 6)]).ok());
        }
    });
    assert_eq!(totals(&shop, "mug"), (10, 6));
    std::thread::scope(|scope| {
        for i in 0..16 {
            let (shop, step) = (&shop, if i % 2 == 0 { "ship" } else { "release" });
            scope.spawn(move || all(shop, step, "ada"));
        }
    });
    // Whichever came first, the goods are out once or back once.
    let [_, shipped, released, _] = has(&shop, "ada")[0].1;
    assert!(matches!((shipped, released), (6, 0) | (0, 6)), "{shipped} {released}");
    let expected = if shipped == 6 { (4, 0) } else { (10, 0) };
    assert_eq!((totals(&shop, "mug"), moved(&shop, "mug")), (expected, expected.0));
}
