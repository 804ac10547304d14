//! inventory against the real host: what it promises, what it refuses, and that nothing is sold twice.

use std::time::{Duration, Instant};

use quoin_harness::{Host, Shop, json};

#[path = "races.rs"]
mod races;
#[path = "random.rs"]
mod random;
#[path = "reservations.rs"]
mod reservations;

type Json = quoin_harness::Value;

const STOCK: &str = "quoin:inventory/stock";
const ADMIN: &str = "quoin:inventory/stock-admin";

fn start() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.apply(
        r#"
        name = "test"
        [plugins.inventory]
        bundle = "inventory.wasm"
        grants = ["sql", "log", "clock"]
        "#,
    );
    (host, shop)
}

fn stocked(csv: &str) -> (Host, Shop) {
    let (host, shop) = start();
    let report = import(&shop, csv);
    assert_eq!(report["faultCount"], 0, "{report}");
    (host, shop)
}

fn import(shop: &Shop, csv: &str) -> Json {
    shop.admin().post_text("/admin/stock/import", "text/csv", csv).ok()
}

fn call(shop: &Shop, function: &str, arguments: Json) -> quoin_harness::Reply {
    shop.call(&format!("{STOCK}#{function}"), arguments)
}

fn staff(shop: &Shop, function: &str, arguments: Json) -> quoin_harness::Reply {
    shop.call(&format!("{ADMIN}#{function}"), arguments)
}

fn lines(wanted: &[(&str, u32)]) -> Json {
    wanted.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect()
}

fn reserve(shop: &Shop, owner: &str, wanted: &[(&str, u32)]) -> quoin_harness::Reply {
    reserve_for(shop, owner, wanted, 600)
}

fn reserve_for(shop: &Shop, owner: &str, wanted: &[(&str, u32)], s: u32) -> quoin_harness::Reply {
    call(shop, "reserve", json!({"owner": owner, "lines": lines(wanted), "seconds": s}))
}

fn available(shop: &Shop, sku: &str) -> u64 {
    let reply = shop.get(&format!("/stock?skus={sku}")).ok();
    reply[0]["available"].as_u64().expect("a number")
}

fn adjust(shop: &Shop, sku: &str, location: &str, delta: i64) -> quoin_harness::Reply {
    let change = json!({"sku": sku, "location": location, "delta": delta, "reason": "counted"});
    shop.admin().post("/admin/stock/adjust", json!({"changes": [change]}))
}

/// On hand and reserved over all locations; checks what must hold for every level without backorder.
fn totals(shop: &Shop, sku: &str) -> (i64, i64) {
    let levels = staff(shop, "levels-of", json!({"sku": sku})).ok();
    let mut sums = (0, 0);
    for level in levels.as_array().expect("levels") {
        let number = |field: &str| level[field].as_i64().expect("a number");
        let (on_hand, reserved) = (number("onHand"), number("reserved"));
        assert!(reserved >= 0 && on_hand >= reserved, "{level}");
        sums = (sums.0 + on_hand, sums.1 + reserved);
    }
    sums
}

fn movements(shop: &Shop, sku: &str) -> Vec<Json> {
    let mut all = Vec::new();
    let mut cursor = Json::Null;
    loop {
        let asked = json!({"sku": sku, "cursor": cursor, "limit": 100});
        let page = staff(shop, "list-movements", asked).ok();
        all.extend(page["items"].as_array().expect("items").iter().cloned());
        cursor = page["next"].clone();
        if cursor.is_null() {
            return all;
        }
    }
}

fn moved(shop: &Shop, sku: &str) -> i64 {
    movements(shop, sku).iter().map(|m| m["delta"].as_i64().expect("a number")).sum()
}

fn state(shop: &Shop, owner: &str) -> String {
    let reservation = call(shop, "get-reservation", json!({"owner": owner})).ok();
    reservation["state"].as_str().expect("a state").to_owned()
}

/// Waits until a short reservation is over.
fn until_expired(shop: &Shop, owner: &str) {
    let patience = Instant::now() + Duration::from_secs(20);
    while state(shop, owner) != "expired" {
        assert!(Instant::now() < patience, "{owner} never expired");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn tag(problem: &Json) -> &str {
    problem["error"]["tag"].as_str().unwrap_or("none")
}

#[test]
fn a_sku_that_was_never_stocked_has_none_available() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\n");
    let reply = shop.get("/stock?skus=nothing&skus=mug").ok();
    let expected = json!([
        {"sku": "nothing", "available": 0, "backorder": false},
        {"sku": "mug", "available": 3, "backorder": false},
    ]);
    assert_eq!(reply, expected);
}

#[test]
fn only_availability_is_public() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\n");
    for path in [
        "/admin/locations",
        "/admin/stock/levels/mug",
        "/admin/stock/movements",
        "/admin/stock/held",
        "/admin/stock/reservations/somebody",
    ] {
        shop.get(path).expect(401);
    }
    shop.post("/admin/stock/adjust", json!({"changes": []})).expect(401);
    assert_eq!(available(&shop, "mug"), 3);
}

#[test]
fn a_dry_run_tells_what_an_import_would_do_and_does_nothing() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\ncup,1\n");
    let csv = "sku,on_hand\nmug,5\ncup,1\nbowl,2\n";
    let path = "/admin/stock/import?dryRun=true";
    let report = shop.admin().post_text(path, "text/csv", csv).ok();
    let counts = |r: &Json| {
        ["created", "updated", "unchanged", "faultCount"].map(|f| r[f].as_u64().expect("a number"))
    };
    assert_eq!((counts(&report), &report["dryRun"]), ([1, 1, 1, 0], &json!(true)));
    assert_eq!((available(&shop, "mug"), available(&shop, "bowl")), (3, 0));

    assert_eq!(counts(&import(&shop, csv)), [1, 1, 1, 0]);
    assert_eq!((available(&shop, "mug"), available(&shop, "bowl")), (5, 2));
    assert_eq!(counts(&import(&shop, csv)), [0, 0, 3, 0]);
    assert_eq!((movements(&shop, "mug").len(), moved(&shop, "mug")), (2, 5));
}

#[test]
fn an_import_with_faults_names_their_lines_and_changes_nothing() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\n");
    reserve(&shop, "ada", &[("mug", 2)]).ok();
    let report = import(
        &shop,
        "sku,on_hand,location\nmug,1,\ncup,many,\ncup,-1,\nbowl,1,moon\nbox,1,main\nbox,2,\n",
    );
    let faulty: Vec<u64> =
        report["faults"].as_array().unwrap().iter().map(|f| f["line"].as_u64().unwrap()).collect();
    assert_eq!(faulty, [2, 3, 4, 5, 7], "{report}");
    assert_eq!((available(&shop, "mug"), available(&shop, "box")), (1, 0));
    for csv in ["", "sku\nmug\n", "sku,on_hand,color\nmug,1,red\n", "sku,on_hand\nmug\n"] {
        assert_ne!(import(&shop, csv)["faultCount"], 0, "{csv}");
    }
    assert_eq!(totals(&shop, "mug"), (3, 2));
}

#[test]
fn thousands_of_rows_are_imported_at_once() {
    let csv: String = (0..5_000).map(|i| format!("sku-{i},{i}\n")).collect();
    let (_host, shop) = stocked(&format!("sku,on_hand\n{csv}"));
    assert_eq!(available(&shop, "sku-4999"), 4_999);
    assert_eq!(import(&shop, &format!("sku,on_hand\n{csv}"))["unchanged"], 5_000);
}

#[test]
fn counts_cannot_go_below_what_is_reserved() {
    let (_host, shop) = stocked("sku,on_hand\nmug,5\n");
    reserve(&shop, "ada", &[("mug", 3)]).ok();
    assert_eq!(tag(&adjust(&shop, "mug", "main", -3).expect(409)), "conflict");
    assert_eq!(tag(&adjust(&shop, "cup", "main", -1).expect(409)), "conflict");
    let both = json!({"changes": [
        {"sku": "cup", "location": "main", "delta": 4, "reason": "delivery"},
        {"sku": "mug", "location": "main", "delta": -3, "reason": "theft"},
    ]});
    shop.admin().post("/admin/stock/adjust", both).expect(409);
    assert_eq!((totals(&shop, "mug"), totals(&shop, "cup")), ((5, 3), (0, 0)));
    let level = adjust(&shop, "mug", "main", -2).ok();
    assert_eq!((&level[0]["onHand"], &level[0]["reserved"]), (&json!(3), &json!(3)));
    assert_eq!(moved(&shop, "mug"), 3);
}

#[test]
fn what_is_announced_is_shown_and_not_sold() {
    let (_host, shop) = start();
    let incoming = |location: &str| {
        let path = format!("/admin/stock/incoming/mug/{location}");
        shop.admin().put(&path, json!({"quantity": 7}))
    };
    incoming("moon").expect(404);
    assert_eq!(incoming("main").ok()["incoming"], 7);
    assert_eq!(available(&shop, "mug"), 0);
    reserve(&shop, "ada", &[("mug", 1)]).expect(409);
}

#[test]
fn the_ledger_is_paged_newest_first() {
    let (_host, shop) = start();
    for delta in 1..=5 {
        adjust(&shop, "mug", "main", delta).ok();
    }
    adjust(&shop, "cup", "main", 1).ok();
    let page = shop.admin().get("/admin/stock/movements?sku=mug&limit=2").ok();
    let deltas = |page: &Json| -> Vec<i64> {
        page["items"].as_array().unwrap().iter().map(|m| m["delta"].as_i64().unwrap()).collect()
    };
    assert_eq!(deltas(&page), [5, 4]);
    let next = page["next"].as_str().expect("a cursor");
    let page =
        shop.admin().get(&format!("/admin/stock/movements?sku=mug&limit=9&cursor={next}")).ok();
    assert_eq!((deltas(&page), &page["next"]), (vec![3, 2, 1], &Json::Null));
    shop.admin().get("/admin/stock/movements?cursor=nonsense").expect(422);
}

#[test]
fn bad_requests_are_refused_by_field() {
    let (_host, shop) = stocked("sku,on_hand\nmug,5\n");
    let long = "x".repeat(201);
    let many: Vec<(&str, u32)> = vec![("mug", 1); 201];
    let refused = |reply: quoin_harness::Reply, field: &str| {
        let problem = reply.expect(422);
        let faults = problem["error"]["val"].as_array().expect("faults").clone();
        assert!(faults.iter().any(|f| f["field"] == field), "{field} in {problem}");
    };
    refused(reserve(&shop, "", &[("mug", 1)]), "owner");
    refused(reserve(&shop, &long, &[("mug", 1)]), "owner");
    refused(reserve(&shop, "a\nb", &[("mug", 1)]), "owner");
    refused(reserve(&shop, "ada", &[]), "lines");
    refused(reserve(&shop, "ada", &many), "lines");
    refused(reserve(&shop, "ada", &[("mug", 0)]), "lines/0/quantity");
    refused(reserve(&shop, "ada", &[("mug", 1), (&long, 1)]), "lines/1/sku");
    refused(reserve(&shop, "ada", &[("mug", u32::MAX), ("mug", u32::MAX)]), "lines/0/quantity");
    refused(reserve_for(&shop, "ada", &[("mug", 1)], 0), "seconds");
    refused(reserve_for(&shop, "ada", &[("mug", 1)], u32::MAX), "seconds");
    refused(adjust(&shop, "mug", "moon", 1), "changes/0/location");
    refused(adjust(&shop, "mug", "main", 0), "changes/0/delta");
    refused(adjust(&shop, "mug", "main", i64::MIN), "changes/0/delta");
    refused(adjust(&shop, "", "main", 1), "changes/0/sku");
    refused(shop.admin().post("/admin/stock/adjust", json!({"changes": []})), "changes");
    refused(shop.admin().put("/admin/locations/No%20Slug", json!({"title": "x"})), "id");
    refused(shop.admin().put("/admin/locations/attic", json!({"title": ""})), "title");
    refused(shop.get("/stock?skus="), "skus/0");
    for _ in 0..3 {
        let _ = adjust(&shop, "heap", "main", 400_000_000);
    }
    assert_eq!(totals(&shop, "heap"), (800_000_000, 0), "one place holds a billion pieces");
    assert_eq!((totals(&shop, "mug"), moved(&shop, "mug")), ((5, 0), 5));
}
