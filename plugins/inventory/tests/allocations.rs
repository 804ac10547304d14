//! Goods that are allocated.

use quoin_harness::{Shop, json};

use super::{
    Json, Reply, all, allocate, available, call, has, moved, open, refused, some, stocked, tag,
    totals, two_places, variant,
};

/// What is missing of what was asked for.
fn shortages(problem: &Json) -> Json {
    let refusal = &problem["error"]["val"];
    assert_eq!((tag(problem), &refusal["code"]), ("refused", &json!("insufficient-stock")));
    serde_json::from_str(refusal["data"].as_str().expect("data")).expect("JSON")
}

#[test]
fn allocated_goods_are_not_available_until_they_are_released() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\n");
    let mug = variant(&shop, "mug");
    let expected = json!([{
        "line": "1", "variant": mug, "location": "main", "quantity": 2, "shipped": 0, "released": 0,
        "restocked": 0,
    }]);
    assert_eq!(allocate(&shop, "ada", &[("mug", 2)]).ok(), expected);
    assert_eq!(shop.admin().get("/admin/stock/allocations/ada").ok(), expected);
    assert_eq!(available(&shop, "mug"), 1);
    let problem = allocate(&shop, "bob", &[("mug", 2)]).expect(409);
    let shortage = json!([{"variant": mug, "wanted": 2, "available": 1}]);
    assert_eq!(shortages(&problem), shortage);
    for _ in 0..3 {
        all(&shop, "release", "ada");
        assert_eq!((available(&shop, "mug"), has(&shop, "ada")[0].1), (3, [2, 0, 2, 0]));
    }
    for step in ["get", "release", "ship", "restock"] {
        call(&shop, step, json!({"owner": "nobody"})).expect(404);
    }
}

#[test]
fn lines_of_one_variant_add_up() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\n");
    let problem = allocate(&shop, "ada", &[("mug", 2), ("mug", 2)]).expect(409);
    assert_eq!(shortages(&problem)[0]["wanted"], 4);
    allocate(&shop, "ada", &[("mug", 2), ("mug", 1)]).ok();
    assert_eq!((available(&shop, "mug"), totals(&shop, "mug")), (0, (3, 3)));
    assert_eq!(has(&shop, "ada").len(), 2);
}

#[test]
fn all_lines_are_allocated_or_none() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\ncup,1\nbowl,9\n");
    let problem = allocate(&shop, "ada", &[("bowl", 1), ("cup", 2), ("mug", 4)]).expect(409);
    assert_eq!(shortages(&problem).as_array().map(Vec::len), Some(2), "{problem}");
    allocate(&shop, "ada", &[("bowl", 1), ("never-stocked", 1)]).expect(409);
    assert_eq!(["mug", "cup", "bowl"].map(|sku| available(&shop, sku)), [3, 1, 9]);
    call(&shop, "get", json!({"owner": "ada"})).expect(404);
    assert_eq!(open(&shop), [""; 0]);
}

#[test]
fn a_line_may_come_from_several_locations() {
    let (_host, shop) = two_places();
    assert_eq!(available(&shop, "mug"), 7);
    allocate(&shop, "ada", &[("mug", 6)]).ok();
    // Those with most come first.
    let expected = [("attic".to_owned(), [4, 0, 0, 0]), ("main".to_owned(), [2, 0, 0, 0])];
    assert_eq!(has(&shop, "ada"), expected);
    allocate(&shop, "bob", &[("mug", 2)]).expect(409);
    allocate(&shop, "bob", &[("mug", 1)]).ok();
    all(&shop, "release", "ada");
    assert_eq!(
        (available(&shop, "mug"), totals(&shop, "mug"), moved(&shop, "mug")),
        (6, (7, 1), 7)
    );
}

#[test]
fn asking_again_allocates_once_and_other_lines_are_a_conflict() {
    let (_host, shop) = stocked("sku,on_hand\nmug,5\ncup,5\n");
    let first = allocate(&shop, "ada", &[("mug", 3), ("cup", 1)]).ok();
    assert_eq!(allocate(&shop, "ada", &[("mug", 3), ("cup", 1)]).ok(), first);
    for other in [&[("mug", 3)][..], &[("mug", 2), ("cup", 1)], &[("cup", 1), ("mug", 3)]] {
        assert_eq!(tag(&allocate(&shop, "ada", other).expect(409)), "conflict");
    }
    assert_eq!((totals(&shop, "mug"), totals(&shop, "cup")), ((5, 3), (5, 1)));
    // So it is as long as anything of it was not released.
    some(&shop, "release", "1", None, 3).ok();
    some(&shop, "ship", "2", None, 1).ok();
    let again = allocate(&shop, "ada", &[("mug", 3), ("cup", 1)]).ok();
    assert_eq!((&again[0]["released"], &again[1]["shipped"]), (&json!(3), &json!(1)));
    allocate(&shop, "ada", &[("mug", 3)]).expect(409);
    assert_eq!((totals(&shop, "mug"), totals(&shop, "cup")), ((5, 0), (4, 0)));
}

#[test]
fn after_all_was_released_an_owner_may_want_something_else() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\ncup,3\n");
    allocate(&shop, "ada", &[("mug", 2), ("cup", 1)]).ok();
    all(&shop, "release", "ada");
    allocate(&shop, "ada", &[("mug", 4)]).expect(409);
    assert_eq!(has(&shop, "ada")[0].1, [2, 0, 2, 0]);
    allocate(&shop, "ada", &[("mug", 3)]).ok();
    assert_eq!(has(&shop, "ada"), [("main".to_owned(), [3, 0, 0, 0])]);
    assert_eq!((totals(&shop, "mug"), totals(&shop, "cup")), ((3, 3), (3, 0)));
    assert_eq!(open(&shop), ["ada"]);
}

#[test]
fn two_hundred_lines_keep_their_order() {
    let skus: Vec<String> = (0..200).map(|i| format!("sku-{i}")).collect();
    let rows: String = skus.iter().map(|sku| format!("{sku},1\n")).collect();
    let (_host, shop) = stocked(&format!("sku,on_hand\n{rows}"));
    let asked = shop.call("quoin:catalog/variants#by-sku", json!({"skus": skus})).ok();
    let line =
        |variant: &Json| json!({"id": variant["sku"], "variant": variant["id"], "quantity": 1});
    let lines: Vec<Json> = asked.as_array().expect("variants").iter().map(line).collect();
    let given = call(&shop, "allocate", json!({"owner": "ada", "lines": lines})).ok();
    let order = |all: &Json| -> Vec<String> {
        let all = all.as_array().expect("a list").iter();
        all.map(|one| one["line"].as_str().expect("an id").to_owned()).collect()
    };
    assert_eq!(order(&given), skus);
    assert_eq!(order(&all(&shop, "ship", "ada")), skus);
    assert_eq!((available(&shop, "sku-7"), totals(&shop, "sku-199")), (0, (0, 0)));
}

#[test]
fn open_allocations_are_listed_oldest_first_by_pages() {
    let (_host, shop) = stocked("sku,on_hand\nmug,9\n");
    let owners = ["eve", "bob", "ada", "dan"];
    for owner in owners {
        allocate(&shop, owner, &[("mug", 2)]).ok();
    }
    assert_eq!(open(&shop).len(), 4);
    let page =
        |cursor: &str| shop.admin().get(&format!("/admin/stock/allocations?limit=3{cursor}"));
    let first = page("").ok();
    let next = first["next"].as_str().expect("a cursor");
    let second = page(&format!("&cursor={next}")).ok();
    assert_eq!(second["next"], Json::Null);
    let items = |page: &Json| page["items"].as_array().expect("items").clone();
    let all_items = [items(&first), items(&second)].concat();
    let sorted =
        all_items.windows(2).all(|two| two[0]["since"].as_u64() <= two[1]["since"].as_u64());
    assert!(all_items.len() == 4 && sorted, "{all_items:?}");
    assert_eq!(all_items[0]["lines"][0]["quantity"], 2);
    all(&shop, "ship", "bob");
    some(&shop, "ship", "1", None, 1).ok();
    all(&shop, "release", "dan");
    let mut left = open(&shop);
    left.sort();
    assert_eq!(left, ["ada", "eve"]);
    some(&shop, "release", "1", None, 1).ok();
    assert_eq!(open(&shop), ["eve"]);
    page("&cursor=nonsense").expect(422);
}

#[test]
fn a_page_of_owners_with_many_lines_is_shorter_and_the_list_goes_on() {
    let (_host, shop) = stocked("sku,on_hand\nmug,9000\n");
    let mug = super::variant(&shop, "mug");
    // With the longest ids: all together they are more than the host returns at once.
    let id = |i: usize| format!("{i:03}{}", "ü".repeat(197));
    let lines = |count| -> Json {
        (0..count).map(|i| json!({"id": id(i), "variant": mug, "quantity": 1})).collect()
    };
    let owners: Vec<String> = (0..42).map(|n| format!("owner-{n:02}")).collect();
    for owner in &owners {
        call(&shop, "allocate", json!({"owner": owner, "lines": lines(200)})).ok();
    }
    let (mut found, mut pages, mut cursor) = (Vec::new(), Vec::new(), String::new());
    while pages.len() < 10 {
        let path = format!("/admin/stock/allocations?limit=100{cursor}");
        let page = shop.admin().get(&path).ok();
        let items = page["items"].as_array().expect("items");
        assert!(items.iter().all(|one| one["lines"].as_array().expect("lines").len() == 200));
        let owner = |one: &Json| one["owner"].as_str().expect("an owner").to_owned();
        found.extend(items.iter().map(owner));
        pages.push(items.len());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    found.sort();
    assert_eq!((found, pages), (owners, vec![10, 10, 10, 10, 2]));
}

#[test]
fn bad_lines_are_refused_by_field() {
    let (_host, shop) = stocked("sku,on_hand\nmug,5\n");
    let long = "x".repeat(201);
    let many: Vec<(&str, u32)> = vec![("mug", 1); 201];
    refused(allocate(&shop, "", &[("mug", 1)]), "owner");
    refused(allocate(&shop, &long, &[("mug", 1)]), "owner");
    refused(allocate(&shop, "a\nb", &[("mug", 1)]), "owner");
    refused(allocate(&shop, "ada", &[]), "lines");
    refused(allocate(&shop, "ada", &many), "lines");
    refused(allocate(&shop, "ada", &[("mug", 0)]), "lines/0/quantity");
    refused(allocate(&shop, "ada", &[("mug", 1), ("mug", 10_000)]), "lines/1/quantity");
    refused(allocate(&shop, "ada", &[("mug", 1), (&long, 1)]), "lines/1/variant");
    let line = json!({"id": "1", "variant": "x", "quantity": 1});
    let ask = |shop: &Shop, lines: Json| -> Reply {
        call(shop, "allocate", json!({"owner": "ada", "lines": lines}))
    };
    refused(ask(&shop, json!([line, line])), "lines/1");
    assert_eq!((totals(&shop, "mug"), moved(&shop, "mug")), ((5, 0), 5));
}
