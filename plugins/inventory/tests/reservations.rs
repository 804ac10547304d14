//! Reservations from their making to their end.

use std::collections::BTreeMap;

use quoin_harness::json;

use super::{
    adjust, available, call, import, lines, moved, reserve, reserve_for, staff, start, state,
    stocked, tag, totals, until_expired,
};

#[test]
fn reserved_goods_are_not_available_until_they_are_released() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\n");
    let held = reserve(&shop, "ada", &[("mug", 2)]).ok();
    assert_eq!((&held["state"], &held["lines"]), (&json!("held"), &lines(&[("mug", 2)])));
    assert_eq!(available(&shop, "mug"), 1);
    let problem = reserve(&shop, "bob", &[("mug", 2)]).expect(409);
    assert_eq!(tag(&problem), "insufficient-stock");
    let shortage = json!([{"sku": "mug", "wanted": 2, "available": 1}]);
    assert_eq!(problem["error"]["val"], shortage);
    for _ in 0..3 {
        call(&shop, "release", json!({"owner": "ada"})).ok();
        assert_eq!(available(&shop, "mug"), 3);
    }
    call(&shop, "release", json!({"owner": "nobody"})).ok();
    assert_eq!(state(&shop, "ada"), "released");
}

#[test]
fn lines_of_one_sku_add_up() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\n");
    reserve(&shop, "ada", &[("mug", 2), ("mug", 2)]).expect(409);
    let held = reserve(&shop, "ada", &[("mug", 2), ("mug", 1)]).ok();
    assert_eq!(held["lines"], lines(&[("mug", 3)]));
    assert_eq!(available(&shop, "mug"), 0);
}

#[test]
fn a_batch_is_reserved_as_a_whole_or_not_at_all() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\ncup,1\nbowl,9\n");
    let problem = reserve(&shop, "ada", &[("bowl", 1), ("cup", 2), ("mug", 4)]).expect(409);
    assert_eq!(problem["error"]["val"].as_array().map(Vec::len), Some(2), "{problem}");
    assert_eq!(["mug", "cup", "bowl"].map(|sku| available(&shop, sku)), [3, 1, 9]);
    call(&shop, "get-reservation", json!({"owner": "ada"})).expect(404);
    assert_eq!(staff(&shop, "count-held", json!({})).ok(), 0);
}

#[test]
fn a_line_may_come_from_several_locations_and_goes_back_where_it_came_from() {
    let (_host, shop) = start();
    shop.admin().put("/admin/locations/attic", json!({"title": "Attic"})).ok();
    import(&shop, "sku,on_hand,location\nmug,3,main\nmug,4,attic\n");
    assert_eq!(available(&shop, "mug"), 7);
    reserve(&shop, "ada", &[("mug", 6)]).ok();
    assert_eq!(available(&shop, "mug"), 1);
    call(&shop, "release", json!({"owner": "ada"})).ok();
    let levels = shop.admin().get("/admin/stock/levels/mug").ok();
    let free: BTreeMap<&str, i64> = (levels.as_array().unwrap().iter())
        .map(|l| (l["location"].as_str().unwrap(), l["onHand"].as_i64().unwrap()))
        .collect();
    assert_eq!(free, BTreeMap::from([("attic", 4), ("main", 3)]));
    assert_eq!(totals(&shop, "mug"), (7, 0));
    reserve(&shop, "bob", &[("mug", 6)]).ok();
    call(&shop, "commit", json!({"owner": "bob"})).ok();
    assert_eq!((totals(&shop, "mug"), moved(&shop, "mug")), ((1, 0), 1));
}

#[test]
fn the_same_owner_asking_again_holds_once_and_is_not_in_its_own_way() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\ncup,3\n");
    let first = reserve(&shop, "ada", &[("mug", 3)]).ok();
    let again = reserve(&shop, "ada", &[("mug", 3)]).ok();
    assert_eq!(first["lines"], again["lines"]);
    assert!(again["expiresAt"].as_u64() >= first["expiresAt"].as_u64());
    assert_eq!(totals(&shop, "mug"), (3, 3));
    // Its own hold does not count against it, neither when asked nor when replaced.
    let own = call(&shop, "get-availability", json!({"skus": ["mug"], "owner": "ada"})).ok();
    assert_eq!(own[0]["available"], 3);
    reserve(&shop, "ada", &[("mug", 2), ("cup", 1)]).ok();
    assert_eq!((totals(&shop, "mug"), totals(&shop, "cup")), ((3, 2), (3, 1)));
    // What cannot be replaced stays as it was.
    reserve(&shop, "ada", &[("mug", 3), ("cup", 4)]).expect(409);
    assert_eq!((totals(&shop, "mug"), totals(&shop, "cup")), ((3, 2), (3, 1)));
    assert_eq!(staff(&shop, "count-held", json!({})).ok(), 1);
}

#[test]
fn goods_are_taken_once_and_do_not_come_back() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\n");
    reserve(&shop, "ada", &[("mug", 2)]).ok();
    for _ in 0..3 {
        let done = call(&shop, "commit", json!({"owner": "ada"})).ok();
        assert_eq!(done["state"], "committed");
        assert_eq!(totals(&shop, "mug"), (1, 0));
        call(&shop, "release", json!({"owner": "ada"})).ok();
    }
    assert_eq!(state(&shop, "ada"), "committed");
    assert_eq!(reserve(&shop, "ada", &[("mug", 2)]).ok()["state"], "committed");
    assert_eq!(tag(&reserve(&shop, "ada", &[("mug", 1)]).expect(409)), "conflict");
    call(&shop, "extend", json!({"owner": "ada", "seconds": 5})).expect(409);
    assert_eq!((totals(&shop, "mug"), moved(&shop, "mug")), ((1, 0), 1));
    call(&shop, "commit", json!({"owner": "nobody"})).expect(404);
}

#[test]
fn what_was_released_cannot_be_taken_but_reserved_again() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\n");
    reserve(&shop, "ada", &[("mug", 2)]).ok();
    call(&shop, "release", json!({"owner": "ada"})).ok();
    for function in ["commit", "extend"] {
        let asked = json!({"owner": "ada", "seconds": 5});
        let asked = if function == "commit" { json!({"owner": "ada"}) } else { asked };
        assert_eq!(tag(&call(&shop, function, asked).expect(409)), "conflict");
    }
    assert_eq!(reserve(&shop, "ada", &[("mug", 3)]).ok()["state"], "held");
    assert_eq!(totals(&shop, "mug"), (3, 3));
}

#[test]
fn what_has_expired_is_available_again_and_nothing_comes_back_twice() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\ncup,3\n");
    reserve_for(&shop, "ada", &[("mug", 3), ("cup", 1)], 1).ok();
    until_expired(&shop, "ada");
    assert_eq!((available(&shop, "mug"), available(&shop, "cup")), (3, 3));
    assert_eq!(totals(&shop, "mug"), (3, 0));
    assert_eq!(staff(&shop, "count-held", json!({})).ok(), 0);
    // The next owner sweeps it.
    reserve(&shop, "bob", &[("mug", 2)]).ok();
    assert_eq!((totals(&shop, "mug"), totals(&shop, "cup")), ((3, 2), (3, 0)));
    for _ in 0..2 {
        call(&shop, "release", json!({"owner": "ada"})).ok();
        assert_eq!((totals(&shop, "mug"), totals(&shop, "cup")), ((3, 2), (3, 0)));
    }
}

#[test]
fn a_late_commit_takes_goods_only_if_there_are_any() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\n");
    for owner in ["early", "late", "extended"] {
        reserve_for(&shop, owner, &[("mug", 1)], 1).ok();
    }
    for owner in ["early", "late", "extended"] {
        until_expired(&shop, owner);
    }
    // Nobody has asked for the goods since.
    assert_eq!(call(&shop, "commit", json!({"owner": "early"})).ok()["state"], "committed");
    assert_eq!(totals(&shop, "mug"), (2, 0));
    // They were swept, but one is still there.
    reserve(&shop, "bob", &[("mug", 1)]).ok();
    let extended = call(&shop, "extend", json!({"owner": "extended", "seconds": 600})).ok();
    assert_eq!(extended["state"], "held");
    let problem = call(&shop, "commit", json!({"owner": "late"})).expect(409);
    assert_eq!(tag(&problem), "insufficient-stock");
    assert_eq!(totals(&shop, "mug"), (2, 2));
    call(&shop, "release", json!({"owner": "bob"})).ok();
    assert_eq!(call(&shop, "commit", json!({"owner": "late"})).ok()["state"], "committed");
    assert_eq!((totals(&shop, "mug"), moved(&shop, "mug")), ((1, 1), 1));
}

#[test]
fn an_expired_hold_does_not_keep_counts_up() {
    let (_host, shop) = stocked("sku,on_hand\nmug,5\ncup,5\n");
    reserve_for(&shop, "ada", &[("mug", 3), ("cup", 3)], 1).ok();
    until_expired(&shop, "ada");
    adjust(&shop, "mug", "main", -5).ok();
    assert_eq!(import(&shop, "sku,on_hand\ncup,0\n")["updated"], 1);
    assert_eq!((totals(&shop, "mug"), totals(&shop, "cup")), ((0, 0), (0, 0)));
}

#[test]
fn backorder_sells_what_has_yet_to_arrive_and_ending_it_sells_no_more() {
    let (_host, shop) = stocked("sku,on_hand\nmug,2\n");
    let backorder = |sku: &str, on: bool| {
        shop.admin().put(&format!("/admin/stock/backorder/{sku}"), json!({"backorder": on}))
    };
    let level = |sku: &str| staff(&shop, "levels-of", json!({"sku": sku})).ok()[0].clone();
    backorder("never", false).expect(404);
    backorder("mug", true).ok();
    backorder("preorder", true).ok();
    reserve(&shop, "ada", &[("mug", 5), ("preorder", 1)]).ok();
    assert_eq!((&level("mug")["onHand"], &level("mug")["reserved"]), (&json!(2), &json!(5)));
    let told = shop.get("/stock?skus=mug").ok();
    assert_eq!(told, json!([{"sku": "mug", "available": 0, "backorder": true}]));

    backorder("mug", false).ok();
    reserve(&shop, "bob", &[("mug", 1)]).expect(409);
    call(&shop, "commit", json!({"owner": "ada"})).ok();
    assert_eq!((&level("mug")["onHand"], &level("preorder")["onHand"]), (&json!(-3), &json!(-1)));
    reserve(&shop, "bob", &[("mug", 1)]).expect(409);
    adjust(&shop, "mug", "main", -1).expect(409);
    adjust(&shop, "mug", "main", 4).ok();
    reserve(&shop, "bob", &[("mug", 1)]).ok();
    reserve(&shop, "eve", &[("mug", 1)]).expect(409);
    assert_eq!((totals(&shop, "mug"), moved(&shop, "mug")), ((1, 1), 1));
}
