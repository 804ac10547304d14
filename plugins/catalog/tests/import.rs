//! Products from CSV.

use quoin_harness::imported::{counts, faults};
use quoin_harness::{Reply, Shop, json};

use super::{Json, each, find, product, put, start, variant, with, without_ids};

const CUPS: &str = "\
slug,title,description,category,status,sku,variant_title,gtin,weight_grams,image,image_alt,option:Size,option:Glaze,attr:Maker
cup,Cup,\"Two lines,
and a comma\",Kitchen > Cups | Gifts,published,CUP-L,,4006381333931,350,/cup.jpg,A cup,large,blue,Töpferei
cup,,,,,CUP-S,Small one,,,/cup.jpg,,small,blue,
pot,Kanne „日本“,,gifts,draft,POT,,,,,,,,Töpferei|Ofen
";

fn import(shop: &Shop, query: &str, csv: &str) -> Reply {
    shop.admin().post_text(&format!("/admin/products/import{query}"), "text/csv", csv)
}

fn get(shop: &Shop, slug: &str) -> Json {
    find(shop, slug).ok()
}

#[test]
fn rows_of_one_slug_become_a_product_and_missing_categories_are_made() {
    let (_host, shop) = start();
    assert_eq!(counts(&import(&shop, "", CUPS).ok()), (2, 0, 0));
    let cup = without_ids(shop.get("/products/cup").ok());
    let size =
        |size: &str| json!([{"name": "Size", "value": size}, {"name": "Glaze", "value": "blue"}]);
    for (member, value) in [
        ("title", json!("Cup")),
        ("description", json!("Two lines,\nand a comma")),
        ("categories", json!(["cups", "gifts"])),
        ("attributes", json!([{"name": "Maker", "value": "Töpferei"}])),
        ("media", json!([{"url": "/cup.jpg", "alt": "A cup"}])),
        (
            "options",
            json!([{"name": "Size", "values": ["large", "small"]}, {"name": "Glaze", "values": ["blue"]}]),
        ),
        (
            "variants",
            json!([
                {"sku": "CUP-L", "title": "large / blue", "options": size("large"), "gtin": "4006381333931", "weightGrams": 350, "requiresShipping": true},
                {"sku": "CUP-S", "title": "Small one", "options": size("small"), "gtin": null, "weightGrams": null, "requiresShipping": true},
            ]),
        ),
        ("revision", json!(1)),
    ] {
        assert_eq!(cup[member], value, "{member}");
    }
    let pot = get(&shop, "pot");
    assert_eq!(
        (&pot["status"], &pot["variants"][0]["title"]),
        (&json!("draft"), &json!("Kanne „日本“"))
    );
    assert_eq!(pot["attributes"].as_array().map(Vec::len), Some(2));
    let categories = shop.get("/categories").ok();
    let told: Vec<_> = categories
        .as_array()
        .expect("a list")
        .iter()
        .map(|c| (&c["slug"], &c["title"], &c["parent"]))
        .collect();
    assert_eq!(
        json!(told),
        json!([
            ["cups", "Cups", "kitchen"],
            ["gifts", "Gifts", null],
            ["kitchen", "Kitchen", null]
        ])
    );
}

#[test]
fn importing_again_changes_nothing() {
    let (_host, shop) = start();
    import(&shop, "", CUPS).ok();
    let before = (get(&shop, "cup"), get(&shop, "pot"));
    assert_eq!(counts(&import(&shop, "", CUPS).ok()), (0, 0, 2));
    let windows =
        format!("\u{feff}{}", CUPS.replace('\n', "\r\n").replace("lines,\r\n", "lines,\n"));
    assert_eq!(counts(&import(&shop, "", &windows).ok()), (0, 0, 2));
    assert_eq!((get(&shop, "cup"), get(&shop, "pot")), before);
    let changed = CUPS.replace("Small one", "Tiny one");
    assert_eq!(counts(&import(&shop, "", &changed).ok()), (0, 1, 1));
    assert_eq!(get(&shop, "cup")["revision"], 2);
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let (_host, shop) = start();
    let report = import(&shop, "?dryRun=true", CUPS).ok();
    assert_eq!((counts(&report), &report["dryRun"]), ((2, 0, 0), &json!(true)));
    assert_eq!(shop.admin().get("/admin/products").ok()["items"], json!([]));
    assert_eq!(shop.get("/categories").ok(), json!([]));
}

#[test]
fn what_the_file_has_no_column_for_stays() {
    let (_host, shop) = start();
    let mut rich = variant("CUP-1", &[("Size", "L")]);
    rich["gtin"] = json!("4006381333931");
    let rich = with(
        product("cup"),
        json!({
            "options": [{"name": "Size", "values": ["L"]}],
            "variants": [rich],
            "attributes": [{"name": "Maker", "value": "M"}, {"name": "Hue", "value": "red"}],
            "media": [{"url": "/a.jpg", "alt": ""}],
            "translations": [{"locale": "de", "title": "Tasse", "description": ""}],
            "channels": ["web"],
        }),
    );
    let before = put(&shop, rich).ok();
    let csv = "slug,title,description,category,sku,attr:Hue\ncup,New,text,,CUP-1,blue\n";
    assert_eq!(counts(&import(&shop, "", csv).ok()), (0, 1, 0));
    let after = get(&shop, "cup");
    for member in ["options", "variants", "media", "translations", "channels", "status"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    let hue_and_maker = json!([{"name": "Hue", "value": "blue"}, {"name": "Maker", "value": "M"}]);
    assert_eq!((&after["title"], &after["attributes"]), (&json!("New"), &hue_and_maker));
}

#[test]
fn every_faulty_row_is_told_by_its_line_and_nothing_is_imported() {
    let (_host, shop) = start();
    put(&shop, with(product("owner"), json!({"variants": [variant("TAKEN", &[])]}))).ok();
    let csv = "\
slug,title,description,category,status,sku,weight_grams,option:Size
good,Good,,New,published,G,,
Bad Slug,x,,,,B,,
a,A,,,,A1,,S
a,Other,,,,A2,,M
a,,,,,A3,,
a,,,,,A4,,S
b,B,,,lost,A1,heavy,
c,,,,,TAKEN,,
d,D
e,E,,…,,E,,
";
    let told = faults(import(&shop, "", csv));
    let lines: Vec<u64> = told.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [3, 5, 6, 7, 8, 9, 10, 11], "{told:?}");
    for (line, part) in [
        (3, "slug must be"),
        (5, "title is another than in line 4"),
        (6, "no value for \"Size\""),
        (7, "same values as line 4"),
        (8, "status must be draft, published or archived"),
        (8, "weight_grams must be"),
        (8, "that of a in line 4"),
        (9, "belongs to the product owner"),
        (9, "title is empty"),
        (10, "2 cells, the header has 8"),
        (11, "no letter or digit"),
    ] {
        let found = told.iter().any(|(l, problem)| *l == line && problem.contains(part));
        assert!(found, "line {line}: {part} in {told:?}");
    }
    // A dry run reports the same, and what it would do is nothing.
    let report = import(&shop, "?dryRun=true", csv).ok();
    assert_eq!((&report["faultCount"], &report["created"]), (&json!(8), &json!(0)));
    for (i, (line, problem)) in told.iter().enumerate() {
        assert_eq!(report["faults"][i], json!({"line": line, "problem": problem}));
    }
    find(&shop, "good").expect(404);
    assert_eq!(shop.get("/categories").ok(), json!([]));
}

#[test]
fn faults_beyond_a_hundred_are_counted() {
    let (_host, shop) = start();
    let rows = "A,A,,,A\n".repeat(250);
    let csv = format!("slug,title,description,category,sku\n{rows}");
    let told = faults(import(&shop, "", &csv));
    assert_eq!((told.len(), &told[100]), (101, &(0, "has 150 more lines with faults".into())));
    let report = import(&shop, "?dryRun=true", &csv).ok();
    assert_eq!(report["faults"].as_array().map(Vec::len), Some(100));
    assert_eq!(report["faultCount"], 250);
}

#[test]
fn a_file_with_far_too_many_rows_is_refused() {
    let (_host, shop) = start();
    let csv = format!("slug,title,description,category,sku\n{}", "a\n".repeat(2_000_000));
    let told = faults(import(&shop, "", &csv));
    assert_eq!((told.len(), &told[100]), (101, &(0, "has 19901 more lines with faults".into())));
}

#[test]
fn a_wrong_header_is_told_by_name() {
    let (_host, shop) = start();
    let csv = "slug,title,colour,sku,sku,option:\na,a,red,1,1,\n";
    let mut told = faults(import(&shop, "", csv));
    assert_eq!(faults(import(&shop, "?dryRun=true", csv)), told);
    let (line, problem) = told.swap_remove(0);
    assert_eq!((line, told.len()), (1, 0));
    for part in [
        "\"colour\" is unknown",
        "sku is there twice",
        "description is missing",
        "option: has no name",
    ] {
        assert!(problem.contains(part), "{part} in {problem}");
    }
    assert_eq!(faults(import(&shop, "", "")).first().map(|f| f.0), Some(1));
}

#[test]
fn a_sku_can_move_between_products_of_one_file() {
    let (_host, shop) = start();
    let header = "slug,title,description,category,sku\n";
    import(&shop, "", &format!("{header}a,a,,,1\nb,b,,,2\n")).ok();
    assert_eq!(counts(&import(&shop, "", &format!("{header}a,a,,,2\nb,b,,,1\n")).ok()), (0, 2, 0));
    assert_eq!(get(&shop, "a")["variants"][0]["sku"], "2");
}

/// The slugs and titles of the shop's categories, by slug.
fn categories(shop: &Shop) -> Vec<(String, String)> {
    let categories = shop.get("/categories").ok();
    let text = |category: &Json, of: &str| category[of].as_str().expect("a text").to_owned();
    let categories = categories.as_array().expect("a list").iter();
    categories.map(|c| (text(c, "slug"), text(c, "title"))).collect()
}

#[test]
fn categories_with_letters_of_other_alphabets_have_slugs_of_their_own() {
    let (_host, shop) = start();
    let header = "slug,title,description,category,sku\n";
    let csv = format!("{header}a,a,,Öl,1\nb,b,,Äl,2\nc,c,,Größe > Straße,3\nd,d,,Масла | 日本,4\n");
    assert_eq!(counts(&import(&shop, "", &csv).ok()), (4, 0, 0));
    let slugs: Vec<String> = categories(&shop).into_iter().map(|(slug, _)| slug).collect();
    assert_eq!(slugs, ["al", "grosse", "masla", "ol", "ri-ben", "strasse"]);
    assert_eq!(get(&shop, "a")["categories"], json!(["ol"]));
    assert_eq!(get(&shop, "b")["categories"], json!(["al"]));
    assert_eq!(counts(&import(&shop, "", &csv).ok()), (0, 0, 4));
}

#[test]
fn categories_of_one_name_in_two_places_are_two() {
    let (_host, shop) = start();
    let header = "slug,title,description,category,sku\n";
    let csv = format!("{header}a,a,,Home > Cups,1\nb,b,,Office > Cups,2\nc,c,,office > CUPS,3\n");
    assert_eq!(counts(&import(&shop, "", &csv).ok()), (3, 0, 0));
    let of = |slug: &str| get(&shop, slug)["categories"].clone();
    assert_eq!(
        [of("a"), of("b"), of("c")],
        [json!(["cups"]), json!(["cups-2"]), json!(["cups-2"])]
    );
    assert_eq!(counts(&import(&shop, "", &csv).ok()), (0, 0, 3));
    assert_eq!(categories(&shop).len(), 4);
    // Its name alone may be either.
    let told = faults(import(&shop, "", &format!("{header}d,d,,Cups,4\n")));
    assert!(told[0].1.contains("cups and cups-2: write the slug"), "{told:?}");
    import(&shop, "", &format!("{header}d,d,,cups-2,4\n")).ok();
    assert_eq!(of("d"), json!(["cups-2"]));
}

#[test]
fn categories_of_other_names_never_become_one() {
    let (_host, shop) = start();
    let header = "slug,title,description,category,sku\n";
    let told =
        faults(import(&shop, "", &format!("{header}a,a,,C,1\nb,b,,C++,2\nc,c,,Öl | Ol,3\n")));
    assert_eq!(told.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 4]);
    assert!(
        told[0].1.contains("\"C++\" would have the slug c, which is that of \"C\""),
        "{told:?}"
    );
    // So it is made by hand, and found by its name from then on. Another name leads to its slug.
    let made = shop.admin().put("/admin/categories/cpp", json!({"title": "C++"}));
    made.ok();
    let csv = format!("{header}a,a,,C,1\nb,b,,c++,2\nc,c,,cpp,3\n");
    assert_eq!(counts(&import(&shop, "", &csv).ok()), (3, 0, 0));
    let of = |slug: &str| get(&shop, slug)["categories"].clone();
    assert_eq!([of("a"), of("b"), of("c")], [json!(["c"]), json!(["cpp"]), json!(["cpp"])]);
}

#[test]
fn thousands_of_products_are_imported_at_once() {
    let (_host, shop) = start();
    let mut csv =
        String::from("slug,title,description,category,status,sku,option:Size,attr:Maker\n");
    for i in 0..2_500 {
        for size in ["S", "M"] {
            csv.push_str(&format!(
                "thing-{i},Thing {i},A thing that is described in a sentence or two.,Shelf {},published,T{i}-{size},{size},Maker {}\n",
                i % 40,
                i % 90
            ));
        }
    }
    assert_eq!(counts(&import(&shop, "", &csv).ok()), (2_500, 0, 0));
    assert_eq!(counts(&import(&shop, "", &csv).ok()), (0, 0, 2_500));
    let page = shop.get("/products?attribute=maker:maker%207&text=thing&category=shelf-7").ok();
    let sevens = (0..2_500).filter(|i| i % 90 == 7 && i % 40 == 7).count();
    assert_eq!((each(&page, "slug").len(), &page["next"]), (sevens, &json!(null)));
    let all = shop.get("/categories").ok();
    let shown = all.as_array().expect("a list").iter().map(|c| c["products"].as_u64());
    assert_eq!(shown.sum::<Option<u64>>(), Some(2_500));
    assert_eq!(shop.get("/products/thing-2499").ok()["variants"][1]["sku"], "T2499-M");
}
