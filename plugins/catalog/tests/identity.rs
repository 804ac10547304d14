//! What a product and a variant are known by, while everything else about them changes.

use quoin_harness::{Reply, Shop, json};

use super::{Json, fields, find, product, publish, put, start, variant, with};

const TWO: &str = "\
slug,title,description,category,status,sku,option:Size
cup,Cup,,,published,CUP-L,large
cup,,,,,CUP-S,small
";

fn import(shop: &Shop, csv: &str) -> Json {
    let report = shop.admin().post_text("/admin/products/import", "text/csv", csv).ok();
    assert_eq!(report["faultCount"], 0, "{report}");
    report
}

fn replace(shop: &Shop, id: &str, product: Json) -> Reply {
    shop.admin().put(&format!("/admin/products/{id}"), product)
}

/// What a product was answered with, as staff would send it again.
fn input(product: &Json) -> Json {
    let mut input = product.clone();
    for given in ["id", "status", "revision", "updatedAt"] {
        input.as_object_mut().expect("a product").remove(given).expect("what the shop gave");
    }
    input
}

fn id(product: &Json) -> String {
    product["id"].as_str().expect("an id").to_owned()
}

/// SKUs with ids, in the product's order.
fn variants(product: &Json) -> Vec<(String, String)> {
    let text = |v: &Json, member: &str| v[member].as_str().expect("a text").to_owned();
    let variants = product["variants"].as_array().expect("variants").iter();
    variants.map(|v| (text(v, "sku"), text(v, "id"))).collect()
}

#[test]
fn slug_title_and_sku_change_and_the_ids_stay() {
    let (_host, shop) = start();
    publish(&shop, product("cup"));
    let before = find(&shop, "cup").ok();
    let mut changed = with(input(&before), json!({"slug": "mug", "title": "Mug"}));
    changed["variants"][0]["sku"] = json!("MUG");
    let after = replace(&shop, &id(&before), changed.clone()).ok();
    assert_eq!((&after["slug"], &after["revision"]), (&json!("mug"), &json!(3)));
    assert_eq!((&after["id"], &after["status"]), (&before["id"], &json!("published")));
    assert_eq!(variants(&after), [("MUG".into(), variants(&before)[0].1.clone())]);
    shop.get("/products/cup").expect(404);
    assert_eq!(shop.get("/products/mug").ok(), after);
    assert_eq!(shop.get("/variants?skus=cup-1").ok(), json!([]));
    assert_eq!(replace(&shop, &id(&before), changed).ok(), after);
    // What was given up is free.
    let other = put(&shop, product("cup")).ok();
    assert_ne!(other["id"], after["id"]);
    assert_ne!(variants(&other)[0].1, variants(&after)[0].1);
}

#[test]
fn a_variant_without_an_id_is_found_by_its_sku() {
    let (_host, shop) = start();
    import(&shop, TWO);
    let before = find(&shop, "cup").ok();
    let mut again = input(&before);
    for variant in again["variants"].as_array_mut().expect("variants") {
        variant.as_object_mut().expect("a variant").remove("id");
    }
    again["variants"].as_array_mut().expect("variants").reverse();
    let after = put(&shop, again).ok();
    let mut expected = variants(&before);
    expected.reverse();
    assert_eq!(variants(&after), expected);
}

#[test]
fn two_variants_can_exchange_their_skus() {
    let (_host, shop) = start();
    import(&shop, TWO);
    let before = find(&shop, "cup").ok();
    let mut exchanged = input(&before);
    exchanged["variants"][0]["sku"] = json!("CUP-S");
    exchanged["variants"][1]["sku"] = json!("CUP-L");
    let after = replace(&shop, &id(&before), exchanged).ok();
    let [(_, large), (_, small)] = &variants(&before)[..] else { panic!("{before}") };
    let expected = [("CUP-S".into(), large.clone()), ("CUP-L".into(), small.clone())];
    assert_eq!(variants(&after), expected);
}

#[test]
fn a_sku_that_a_variant_gave_up_makes_another_variant() {
    let (_host, shop) = start();
    import(&shop, TWO);
    let before = find(&shop, "cup").ok();
    let mut changed = input(&before);
    changed["options"][0]["values"] = json!(["large", "small", "tiny"]);
    changed["variants"][0]["sku"] = json!("CUP-XL");
    let tiny = variant("CUP-L", &[("Size", "tiny")]);
    changed["variants"].as_array_mut().expect("variants").push(tiny);
    let after = variants(&replace(&shop, &id(&before), changed).ok());
    assert_eq!(after[0], ("CUP-XL".into(), variants(&before)[0].1.clone()));
    assert_eq!(after[1], variants(&before)[1]);
    assert_eq!(after[2].0, "CUP-L");
    assert!(!variants(&before).iter().any(|(_, id)| *id == after[2].1), "{after:?}");
}

#[test]
fn ids_of_other_products_and_ids_that_are_there_twice_are_refused() {
    let (_host, shop) = start();
    import(&shop, TWO);
    let cup = find(&shop, "cup").ok();
    let other = put(&shop, product("other")).ok();
    let mut stolen = input(&cup);
    stolen["variants"][0]["id"] = json!(variants(&other)[0].1);
    assert_eq!(fields(replace(&shop, &id(&cup), stolen)), ["variants/0/id"]);
    let mut twice = input(&cup);
    twice["variants"][1]["id"] = twice["variants"][0]["id"].clone();
    assert_eq!(fields(replace(&shop, &id(&cup), twice)), ["variants/1/id"]);
    let mut new = product("new");
    new["variants"][0]["id"] = json!("var_1");
    assert_eq!(fields(put(&shop, new)), ["variants/0/id"]);
    let taken = with(input(&cup), json!({"slug": "other"}));
    assert_eq!(fields(replace(&shop, &id(&cup), taken)), ["slug"]);
    assert_eq!(find(&shop, "cup").ok(), cup);
    replace(&shop, "prod_0", product("cup")).expect(404);
}

#[test]
fn an_import_renames_a_sku_where_it_names_the_variant() {
    let (_host, shop) = start();
    import(&shop, TWO);
    let before = variants(&find(&shop, "cup").ok());
    let csv = format!(
        "slug,title,description,category,sku,variant_id,option:Size\n\
         cup,Cup,,,NEW-L,{},large\ncup,,,,CUP-S,,small\ncup,,,,CUP-L,,medium\n",
        before[0].1
    );
    assert_eq!(import(&shop, &csv)["updated"], 1);
    let after = variants(&find(&shop, "cup").ok());
    assert_eq!(after[0], ("NEW-L".into(), before[0].1.clone()));
    assert_eq!(after[1], before[1]);
    assert!(!before.iter().any(|(_, id)| *id == after[2].1), "{after:?}");
    assert_eq!(import(&shop, &csv)["unchanged"], 1);
    let faulty = csv.replace(&before[0].1, "var_0");
    let refused = shop.admin().post_text("/admin/products/import", "text/csv", faulty).expect(422);
    let problem = refused["error"]["val"][0]["problem"].as_str().expect("a problem");
    assert!(problem.starts_with("variant_id is not the id of a variant"), "{problem}");
}

#[test]
fn a_variant_that_moves_to_another_product_of_the_file_keeps_its_id() {
    let (_host, shop) = start();
    let header = "slug,title,description,category,sku\n";
    import(&shop, &format!("{header}a,a,,,1\nb,b,,,2\n"));
    let id = |slug: &str| variants(&find(&shop, slug).ok())[0].1.clone();
    let (first, second) = (id("a"), id("b"));
    import(&shop, &format!("{header}a,a,,,2\nb,b,,,1\n"));
    assert_eq!((id("a"), id("b")), (second, first));
}

#[test]
fn an_import_says_what_needs_no_shipping() {
    let (_host, shop) = start();
    let header = "slug,title,description,category,sku,requires_shipping\n";
    import(&shop, &format!("{header}a,a,,,1,false\nb,b,,,2,\n"));
    let ships = |slug: &str| find(&shop, slug).ok()["variants"][0]["requiresShipping"].clone();
    assert_eq!((ships("a"), ships("b")), (json!(false), json!(true)));
    // Without the column, it stays.
    import(&shop, "slug,title,description,category,sku\na,A,,,1\n");
    assert_eq!(ships("a"), json!(false));
    let csv = format!("{header}a,a,,,1,maybe\n");
    let reply = shop.admin().post_text("/admin/products/import", "text/csv", csv);
    assert_eq!(fields(reply), ["csv/2"]);
}

#[test]
fn plugins_that_keep_something_for_variants_know_drafts_too() {
    let (_host, shop) = start();
    publish(&shop, product("a"));
    let draft = put(&shop, product("draft")).ok();
    let sold = find(&shop, "a").ok();
    let known = |product: &Json, published: bool| {
        let (sku, id) = variants(product).remove(0);
        json!({
            "id": id, "sku": sku, "productId": product["id"], "published": published,
            "requiresShipping": true,
        })
    };
    let expected = json!([known(&draft, false), known(&sold, true)]);
    let skus = json!({"skus": ["draft-1", "none", "a-1"]});
    assert_eq!(shop.call("quoin:catalog/variants#by-sku", skus).ok(), expected);
    let ids = json!({"ids": [variants(&draft)[0].1, "none", variants(&sold)[0].1]});
    assert_eq!(shop.call("quoin:catalog/variants#by-id", ids).ok(), expected);
    let many = json!({"ids": vec!["x"; 1_001]});
    assert_eq!(fields(shop.call("quoin:catalog/variants#by-id", many)), ["ids"]);
}
