//! What staff do: counts, changes, announcements, the ledger.

use quoin_harness::{Reply, Shop, json};

use super::{
    Json, adjust, admin, all, allocate, available, import, levels, moved, movements, refused,
    start, stocked, tag, totals, variant,
};

fn try_import(shop: &Shop, query: &str, csv: &str) -> Reply {
    shop.admin().post_text(&format!("/admin/stock/import{query}"), "text/csv", csv)
}

/// The fields that a refused request names.
#[track_caller]
fn fields(reply: Reply) -> Vec<String> {
    let problem = reply.refused(422, "invalid");
    let faults = problem["error"]["val"].as_array().expect("faults").iter();
    faults.map(|fault| fault["field"].as_str().expect("a field").to_owned()).collect()
}

fn counts(report: &Json) -> [u64; 4] {
    let number = |field: &str| report[field].as_u64().expect("a number");
    ["created", "updated", "unchanged", "faultCount"].map(number)
}

#[test]
fn a_dry_run_tells_what_an_import_would_do_and_does_nothing() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\ncup,1\nbowl,0\n");
    let csv = "sku,on_hand\nmug,5\ncup,1\nbowl,2\n";
    let path = "/admin/stock/import?dryRun=true";
    let report = shop.admin().post_text(path, "text/csv", csv).ok();
    assert_eq!((counts(&report), &report["dryRun"]), ([0, 2, 1, 0], &json!(true)));
    assert_eq!((available(&shop, "mug"), available(&shop, "bowl")), (3, 0));

    assert_eq!(counts(&import(&shop, csv)), [0, 2, 1, 0]);
    assert_eq!((available(&shop, "mug"), available(&shop, "bowl")), (5, 2));
    assert_eq!(counts(&import(&shop, csv)), [0, 0, 3, 0]);
    assert_eq!((movements(&shop, "mug").len(), moved(&shop, "mug")), (2, 5));
}

#[test]
fn an_import_with_faults_names_their_lines_and_changes_nothing() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\nbox,0\ncup,0\nbowl,0\n");
    allocate(&shop, "ada", &[("mug", 2)]).ok();
    let csv = "sku,on_hand,location\n\
        mug,1,\ncup,many,\ncup,-1,\nbowl,1,moon\nbox,1,main\nbox,2,\nvase,1,\n";
    let faulty = fields(try_import(&shop, "", csv));
    assert_eq!(faulty, ["csv/2", "csv/3", "csv/4", "csv/5", "csv/7", "csv/8"]);
    // A dry run reports the same rows.
    let report = try_import(&shop, "?dryRun=true", csv).ok();
    let lines = report["faults"].as_array().unwrap().iter().map(|f| f["line"].as_u64().unwrap());
    assert_eq!(lines.collect::<Vec<_>>(), [2, 3, 4, 5, 7, 8]);
    assert_eq!((available(&shop, "mug"), available(&shop, "box")), (1, 0));
    for csv in ["", "sku\nmug\n", "sku,on_hand,color\nmug,1,red\n", "sku,on_hand\nmug\n"] {
        assert!(!fields(try_import(&shop, "", csv)).is_empty(), "{csv}");
    }
    assert_eq!(totals(&shop, "mug"), (3, 2));
}

#[test]
fn thousands_of_rows_are_imported_at_once() {
    let csv: String = (0..5_000).map(|i| format!("sku-{i},{i}\n")).collect();
    let (_host, shop) = stocked(&format!("sku,on_hand\n{csv}"));
    assert_eq!((available(&shop, "sku-4999"), moved(&shop, "sku-4999")), (4_999, 4_999));
    assert_eq!(import(&shop, &format!("sku,on_hand\n{csv}"))["unchanged"], 5_000);
}

#[test]
fn stock_follows_a_variant_whose_sku_changes() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\n");
    let mug = variant(&shop, "mug");
    let product = shop.admin().get("/admin/products/by-slug/mug").ok();
    let renamed = json!({
        "slug": "mug", "title": "Mug", "description": "", "options": [], "categories": [],
        "attributes": [], "media": [], "translations": [], "channels": [],
        "variants": [{"id": mug, "sku": "cup", "title": "Mug", "options": []}],
    });
    let path = format!("/admin/products/{}", product["id"].as_str().expect("an id"));
    shop.admin().put(&path, renamed).ok();
    assert_eq!(fields(try_import(&shop, "", "sku,on_hand\nmug,9\n")), ["csv/2"]);
    assert_eq!(available(&shop, "cup"), 3);
    assert_eq!(counts(&import(&shop, "sku,on_hand\ncup,5\n")), [0, 1, 0, 0]);
    assert_eq!((totals(&shop, &mug), moved(&shop, &mug)), ((5, 0), 5));
}

#[test]
fn what_is_ordered_and_not_shipped_is_counted_and_not_sold_again() {
    let (_host, shop) = stocked("sku,on_hand\nmug,5\n");
    allocate(&shop, "ada", &[("mug", 3)]).ok();
    assert_eq!((totals(&shop, "mug"), moved(&shop, "mug")), ((5, 3), 5));
    // Who counts what is on the shelf counts the sold pieces too.
    import(&shop, "sku,on_hand\nmug,5\n");
    assert_eq!(available(&shop, "mug"), 2);
    all(&shop, "ship", "ada");
    assert_eq!((totals(&shop, "mug"), moved(&shop, "mug")), ((2, 0), 2));
    import(&shop, "sku,on_hand\nmug,2\n");
    assert_eq!(available(&shop, "mug"), 2);
}

#[test]
fn counts_cannot_go_below_what_is_allocated() {
    let (_host, shop) = stocked("sku,on_hand\nmug,5\ncup,0\n");
    allocate(&shop, "ada", &[("mug", 3)]).ok();
    assert_eq!(tag(&adjust(&shop, "mug", "main", -3).expect(409)), "conflict");
    assert_eq!(tag(&adjust(&shop, "cup", "main", -1).expect(409)), "conflict");
    let change = |sku: &str, delta: i64| {
        let variant = variant(&shop, sku);
        json!({"variant": variant, "location": "main", "delta": delta, "reason": "counted"})
    };
    let both = json!({"changes": [change("cup", 4), change("mug", -3)]});
    shop.admin().post("/admin/stock/adjust", both).expect(409);
    assert_eq!((totals(&shop, "mug"), totals(&shop, "cup")), ((5, 3), (0, 0)));
    let level = adjust(&shop, "mug", "main", -2).ok();
    assert_eq!((&level[0]["onHand"], &level[0]["allocated"]), (&json!(3), &json!(3)));
    assert_eq!(moved(&shop, "mug"), 3);
}

#[test]
fn what_is_announced_is_shown_and_not_sold() {
    let (_host, shop) = start(["mug"]);
    let incoming = |sku: &str, location: &str| {
        let path = format!("/admin/stock/incoming/{}/{location}", variant(&shop, sku));
        shop.admin().put(&path, json!({"quantity": 7}))
    };
    incoming("mug", "moon").expect(404);
    refused(incoming("nothing", "main"), "variant");
    assert_eq!(incoming("mug", "main").ok()["incoming"], 7);
    assert_eq!(available(&shop, "mug"), 0);
    allocate(&shop, "ada", &[("mug", 1)]).expect(409);
}

#[test]
fn backorder_sells_what_has_yet_to_arrive_and_ending_it_sells_no_more() {
    let (_host, shop) = stocked("sku,on_hand\nmug,2\npreorder,0\n");
    let backorder = |sku: &str, on: bool| {
        let path = format!("/admin/stock/backorder/{}", variant(&shop, sku));
        shop.admin().put(&path, json!({"backorder": on}))
    };
    let level = |sku: &str| levels(&shop, sku)[0].clone();
    backorder("nothing", false).expect(404);
    refused(backorder("nothing", true), "variant");
    backorder("mug", true).ok();
    backorder("preorder", true).ok();
    allocate(&shop, "ada", &[("mug", 5), ("preorder", 1)]).ok();
    assert_eq!((&level("mug")["onHand"], &level("mug")["allocated"]), (&json!(2), &json!(5)));
    let mug = variant(&shop, "mug");
    let told = shop.get(&format!("/stock?variants={mug}")).ok();
    assert_eq!(told, json!([{"variant": mug, "available": 0, "backorder": true}]));

    backorder("mug", false).ok();
    allocate(&shop, "bob", &[("mug", 1)]).expect(409);
    all(&shop, "ship", "ada");
    assert_eq!((&level("mug")["onHand"], &level("preorder")["onHand"]), (&json!(-3), &json!(-1)));
    allocate(&shop, "bob", &[("mug", 1)]).expect(409);
    adjust(&shop, "mug", "main", -1).expect(409);
    adjust(&shop, "mug", "main", 4).ok();
    allocate(&shop, "bob", &[("mug", 1)]).ok();
    allocate(&shop, "eve", &[("mug", 1)]).expect(409);
    assert_eq!((totals(&shop, "mug"), moved(&shop, "mug")), ((1, 1), 1));
}

#[test]
fn a_new_level_of_a_variant_on_backorder_is_on_backorder_too() {
    let (_host, shop) = start(["mug"]);
    let path = format!("/admin/stock/backorder/{}", variant(&shop, "mug"));
    shop.admin().put(&path, json!({"backorder": true})).ok();
    shop.admin().put("/admin/locations/attic", json!({"title": "Attic"})).ok();
    assert_eq!(adjust(&shop, "mug", "attic", 1).ok()[0]["backorder"], true);
    shop.admin().put(&path, json!({"backorder": false})).ok();
    assert!(levels(&shop, "mug").iter().all(|level| level["backorder"] == false));
}

#[test]
fn the_ledger_tells_what_happened_newest_first_by_pages() {
    let (_host, shop) = start(["mug", "cup"]);
    import(&shop, "sku,on_hand\nmug,5\n");
    adjust(&shop, "mug", "main", -1).ok();
    adjust(&shop, "cup", "main", 1).ok();
    allocate(&shop, "ada", &[("mug", 3)]).ok();
    all(&shop, "ship", "ada");
    all(&shop, "restock", "ada");
    let path = format!("/admin/stock/movements?variant={}", variant(&shop, "mug"));
    let told = |page: &Json| -> Vec<(String, i64, String)> {
        let text = |m: &Json, field: &str| m[field].as_str().expect("a text").to_owned();
        let items = page["items"].as_array().expect("items").iter();
        items.map(|m| (text(m, "kind"), m["delta"].as_i64().unwrap(), text(m, "reason"))).collect()
    };
    let page = shop.admin().get(&format!("{path}&limit=2")).ok();
    let expected =
        [("restock".to_owned(), 3, "ada".to_owned()), ("ship".to_owned(), -3, "ada".to_owned())];
    assert_eq!(told(&page), expected);
    let next = page["next"].as_str().expect("a cursor");
    let page = shop.admin().get(&format!("{path}&limit=9&cursor={next}")).ok();
    let expected = [
        ("adjust".to_owned(), -1, "counted".to_owned()),
        ("import".to_owned(), 5, "import".to_owned()),
    ];
    assert_eq!((told(&page), &page["next"]), (expected.to_vec(), &Json::Null));
    shop.admin().get("/admin/stock/movements?cursor=nonsense").expect(422);
    assert_eq!(
        admin(&shop, "list-movements", json!({})).ok()["items"].as_array().unwrap().len(),
        5
    );
}

#[test]
fn bad_requests_are_refused_by_field() {
    let (_host, shop) = stocked("sku,on_hand\nmug,5\nheap,0\n");
    refused(adjust(&shop, "mug", "moon", 1), "changes/0/location");
    refused(adjust(&shop, "mug", "main", 0), "changes/0/delta");
    refused(adjust(&shop, "mug", "main", i64::MIN), "changes/0/delta");
    refused(adjust(&shop, "nothing", "main", 1), "changes/0/variant");
    refused(shop.admin().post("/admin/stock/adjust", json!({"changes": []})), "changes");
    refused(shop.admin().put("/admin/locations/No%20Slug", json!({"title": "x"})), "id");
    refused(shop.admin().put("/admin/locations/attic", json!({"title": ""})), "title");
    for _ in 0..2 {
        adjust(&shop, "heap", "main", 400_000_000).ok();
    }
    adjust(&shop, "heap", "main", 400_000_000).expect(409);
    assert_eq!(totals(&shop, "heap"), (800_000_000, 0), "one place holds a billion pieces");
    assert_eq!((totals(&shop, "mug"), moved(&shop, "mug")), ((5, 0), 5));
}
