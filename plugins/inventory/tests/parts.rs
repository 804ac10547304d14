//! Shipping, releasing and restocking, wholly and in part.

use quoin_harness::json;

use super::{
    all, allocate, available, call, has, levels, moved, refused, some, stocked, tag, totals,
    two_places,
};

fn main(numbers: [u64; 4]) -> Vec<(String, [u64; 4])> {
    vec![("main".to_owned(), numbers)]
}

#[test]
fn only_shipping_takes_goods_from_what_is_on_hand_and_it_does_so_once() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\n");
    allocate(&shop, "ada", &[("mug", 2)]).ok();
    assert_eq!((totals(&shop, "mug"), moved(&shop, "mug")), ((3, 2), 3));
    for _ in 0..3 {
        all(&shop, "ship", "ada");
        assert_eq!((totals(&shop, "mug"), moved(&shop, "mug")), ((1, 0), 1));
        // What is on its way is not given back.
        all(&shop, "release", "ada");
    }
    assert_eq!((has(&shop, "ada"), available(&shop, "mug")), (main([2, 2, 0, 0]), 1));
}

#[test]
fn no_more_of_a_line_is_shipped_released_or_restocked_than_is_left() {
    let (_host, shop) = stocked("sku,on_hand\nmug,9\n");
    allocate(&shop, "ada", &[("mug", 5)]).ok();
    some(&shop, "restock", "1", None, 1).expect(409);
    some(&shop, "ship", "1", None, 2).ok();
    some(&shop, "release", "1", None, 1).ok();
    assert_eq!(has(&shop, "ada"), main([5, 2, 1, 0]));
    for step in ["ship", "release", "restock"] {
        assert_eq!(tag(&some(&shop, step, "1", None, 3).expect(409)), "conflict");
    }
    let twice = json!([{"line": "1", "quantity": 1}, {"line": "1", "quantity": 2}]);
    call(&shop, "ship", json!({"owner": "ada", "lines": twice})).expect(409);
    assert_eq!((totals(&shop, "mug"), moved(&shop, "mug")), ((7, 2), 7));
    some(&shop, "ship", "1", None, 2).ok();
    some(&shop, "restock", "1", None, 4).ok();
    assert_eq!(has(&shop, "ada"), main([5, 4, 1, 4]));
    some(&shop, "restock", "1", None, 1).expect(409);
    all(&shop, "restock", "ada");
    assert_eq!((totals(&shop, "mug"), moved(&shop, "mug")), ((9, 0), 9));
}

#[test]
fn goods_come_back_to_where_they_were_shipped_from_or_to_where_they_are_told() {
    let (_host, shop) = two_places();
    shop.admin().put("/admin/locations/returns", json!({"title": "Returns"})).ok();
    allocate(&shop, "ada", &[("mug", 6)]).ok();
    all(&shop, "ship", "ada");
    some(&shop, "restock", "1", Some("returns"), 1).ok();
    all(&shop, "restock", "ada");
    let on_hand: Vec<(String, i64)> = (levels(&shop, "mug").iter())
        .map(|l| (l["location"].as_str().unwrap().to_owned(), l["onHand"].as_i64().unwrap()))
        .collect();
    let expected = [("attic", 3), ("main", 3), ("returns", 1)];
    assert_eq!(on_hand, expected.map(|(location, n)| (location.to_owned(), n)));
    assert_eq!((totals(&shop, "mug"), moved(&shop, "mug")), ((7, 0), 7));
    let restocked: u64 = has(&shop, "ada").iter().map(|(_, numbers)| numbers[3]).sum();
    assert_eq!(restocked, 6);
}

#[test]
fn a_part_may_say_which_location_it_is_taken_from() {
    let (_host, shop) = two_places();
    allocate(&shop, "ada", &[("mug", 6)]).ok();
    some(&shop, "ship", "1", Some("main"), 3).expect(409);
    some(&shop, "ship", "1", Some("main"), 2).ok();
    some(&shop, "release", "1", Some("attic"), 1).ok();
    let expected = [("attic".to_owned(), [4, 0, 1, 0]), ("main".to_owned(), [2, 2, 0, 0])];
    assert_eq!(has(&shop, "ada"), expected);
    // From wherever the rest is.
    some(&shop, "ship", "1", None, 3).ok();
    assert_eq!((totals(&shop, "mug"), available(&shop, "mug")), ((2, 0), 2));
}

#[test]
fn parts_that_cannot_be_are_refused_by_field_and_move_nothing() {
    let (_host, shop) = stocked("sku,on_hand\nmug,9\n");
    allocate(&shop, "ada", &[("mug", 5)]).ok();
    for step in ["ship", "release", "restock"] {
        refused(some(&shop, step, "2", None, 1), "lines/0/line");
        refused(some(&shop, step, "1", None, 0), "lines/0/quantity");
        refused(some(&shop, step, "1", Some("moon"), 1), "lines/0/location");
        let parts = json!([{"line": "1", "quantity": 1}, {"line": "9", "quantity": 1}]);
        refused(call(&shop, step, json!({"owner": "ada", "lines": parts})), "lines/1/line");
        call(&shop, step, json!({"owner": "ada", "lines": []})).ok();
    }
    assert_eq!((has(&shop, "ada"), totals(&shop, "mug")), (main([5, 0, 0, 0]), (9, 5)));
}

/// On hand at the attic and at main.
fn on_hand(shop: &quoin_harness::Shop) -> Vec<i64> {
    levels(shop, "mug").iter().map(|level| level["onHand"].as_i64().unwrap()).collect()
}

#[test]
fn nobody_guesses_where_a_part_of_what_two_places_shipped_comes_back_to() {
    let (_host, shop) = two_places();
    allocate(&shop, "ada", &[("mug", 6)]).ok();
    some(&shop, "ship", "1", Some("attic"), 2).ok();
    // All of it is from there.
    some(&shop, "restock", "1", None, 1).ok();
    assert_eq!(on_hand(&shop), [3, 3]);
    all(&shop, "ship", "ada");
    assert_eq!(on_hand(&shop), [1, 1]);
    refused(some(&shop, "restock", "1", None, 1), "lines/0/location");
    let twice = json!([
        {"line": "1", "location": "main", "quantity": 1}, {"line": "1", "quantity": 1},
    ]);
    refused(call(&shop, "restock", json!({"owner": "ada", "lines": twice})), "lines/1/location");
    assert_eq!(on_hand(&shop), [1, 1]);
    // Those that were shipped from where they come back to are counted first.
    some(&shop, "restock", "1", Some("main"), 1).ok();
    let expected = [("attic".to_owned(), [4, 4, 0, 1]), ("main".to_owned(), [2, 2, 0, 1])];
    assert_eq!(has(&shop, "ada"), expected);
    // All that is out goes to where it is from.
    some(&shop, "restock", "1", None, 4).ok();
    assert_eq!(on_hand(&shop), [4, 3]);
}

#[test]
fn a_thousand_parts_move_at_once_and_no_more() {
    let (_host, shop) = stocked("sku,on_hand\nmug,2000\n");
    allocate(&shop, "ada", &[("mug", 2_000)]).ok();
    let parts = |count| vec![json!({"line": "1", "quantity": 1}); count];
    for (step, moved) in [("ship", [1_000, 0, 0]), ("release", [1_000, 1_000, 0])] {
        let ask = |count| call(&shop, step, json!({"owner": "ada", "lines": parts(count)}));
        refused(ask(1_001), "lines");
        ask(1_000).ok();
        assert_eq!(has(&shop, "ada"), main([2_000, moved[0], moved[1], moved[2]]));
    }
    let ask = |count| call(&shop, "restock", json!({"owner": "ada", "lines": parts(count)}));
    refused(ask(1_001), "lines");
    ask(1_000).ok();
    assert_eq!(has(&shop, "ada"), main([2_000, 1_000, 1_000, 1_000]));
    assert_eq!((totals(&shop, "mug"), moved(&shop, "mug")), ((2_000, 0), 2_000));
}
