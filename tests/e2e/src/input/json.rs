//! Bodies and parameters that do not fit, told with the place.

use quoin_harness::{Host, Shop, Value, json};

fn start() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.apply(
        r#"
        name = "json"
        [plugins.hostile]
        bundle = "hostile.wasm"
        grants = ["sql", "log"]
        [plugins.consumer]
        bundle = "consumer.wasm"
        grants = ["call"]
        [plugins.provider]
        bundle = "provider.wasm"
        grants = ["call", "config", "log"]
        "#,
    );
    (host, shop)
}

/// What fits `/take`.
fn fitting() -> Value {
    json!({ "small": 1, "long": 2, "text": "x", "numbers": [1, 2], "maybe": null })
}

/// A body with one member changed is refused, with a pointer to the place.
#[track_caller]
fn misfits(shop: &Shop, member: &str, value: Value, pointer: &str) {
    let mut body = fitting();
    body[member] = value;
    let problem = shop.post("/take", body).expect(400);
    assert_eq!(problem["pointer"], pointer, "{problem}");
    assert_eq!(problem["class"], "caller");
}

#[test]
fn what_fits_is_taken_and_absent_options_are_none() {
    let (_host, shop) = start();
    assert_eq!(shop.post("/take", fitting()).ok(), "1 2 x [1, 2] None");
    let mut body = fitting();
    body.as_object_mut().expect("an object").remove("maybe");
    assert_eq!(shop.post("/take", body.clone()).ok(), "1 2 x [1, 2] None");
    body["maybe"] = json!("y");
    assert_eq!(shop.post("/take", body).ok(), "1 2 x [1, 2] Some(\"y\")");
}

#[test]
fn values_of_the_wrong_type_are_pointed_at() {
    let (_host, shop) = start();
    misfits(&shop, "small", json!("1"), "/small");
    misfits(&shop, "small", json!(1.5), "/small");
    misfits(&shop, "small", json!(true), "/small");
    misfits(&shop, "text", json!(1), "/text");
    misfits(&shop, "text", json!(null), "/text");
    misfits(&shop, "numbers", json!({}), "/numbers");
    misfits(&shop, "numbers", json!([1, 2, "x"]), "/numbers/2");
    misfits(&shop, "maybe", json!(1), "/maybe");
}

#[test]
fn unknown_and_missing_members_are_pointed_at() {
    let (_host, shop) = start();
    misfits(&shop, "colour", json!(1), "/colour");
    misfits(&shop, "a/b~c", json!(1), "/a~1b~0c");
    for member in ["small", "long", "text", "numbers"] {
        let mut body = fitting();
        body.as_object_mut().expect("an object").remove(member);
        let problem = shop.post("/take", body).expect(400);
        assert_eq!(problem["pointer"], format!("/{member}"));
    }
    for body in [json!([]), json!(1), json!("x"), json!(null)] {
        shop.post("/take", body).expect(400);
    }
}

#[test]
fn numbers_out_of_range_are_pointed_at_and_exact_ones_stay_exact() {
    let (_host, shop) = start();
    for small in [json!(256), json!(-1)] {
        misfits(&shop, "small", small, "/small");
    }
    let long = |text: &str| {
        let body = fitting().to_string().replace("\"long\":2", &format!("\"long\":{text}"));
        shop.post_text("/take", "application/json", body)
    };
    for text in ["9223372036854775807", "-9223372036854775808", "9007199254740993"] {
        assert_eq!(long(text).ok(), format!("1 {text} x [1, 2] None"));
    }
    for text in
        ["9223372036854775808", "-9223372036854775809", "1e30", "123456789012345678901234567890"]
    {
        assert_eq!(long(text).expect(400)["pointer"], "/long");
    }
}

#[test]
fn text_that_is_not_json_is_refused() {
    let (_host, shop) = start();
    for body in [
        "{",
        "{\"small\": 1,}",
        "{} {}",
        "'x'",
        "{\"small\": NaN}",
        "\u{feff}{}",
        "",
        "{\"a\": \"\\ud800\"}",
    ] {
        let problem = shop.post_text("/take", "application/json", body).expect(400);
        assert_eq!(problem["class"], "caller", "{body}");
    }
    shop.post_text("/take", "application/json", b"{\"text\": \"\xff\"}".as_slice()).expect(400);
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    let (_host, shop) = start();
    for depth in [65, 1_000, 100_000, 1_000_000] {
        let body = "[".repeat(depth) + &"]".repeat(depth);
        shop.post_text("/take", "application/json", body).expect(400);
    }
}

#[test]
fn what_has_too_many_values_is_refused() {
    let (_host, shop) = start();
    let body = format!("[{}0]", "0,".repeat(quoin_core::limits::JSON_VALUES_MAX));
    shop.post_text("/take", "application/json", body).refused(413, "too-many-values");
}

#[test]
fn a_body_that_is_too_large_is_refused_with_or_without_a_length() {
    let (host, shop) = start();
    let largest = quoin_core::limits::BODY_BYTES_MAX;
    assert_eq!(
        shop.post_text("/take-text?dryRun=false", "text/plain", vec![b'x'; largest]).ok(),
        largest
    );
    shop.post_text("/take-text?dryRun=false", "text/plain", vec![b'x'; largest + 1]).expect(413);
    let mut chunked = format!(
        "POST /take-text?dryRun=false HTTP/1.1\r\nhost: {}\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n",
        shop.domain
    )
    .into_bytes();
    for _ in 0..5 {
        chunked.extend_from_slice(b"100000\r\n");
        chunked.extend_from_slice(&vec![b'x'; 1 << 20]);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    quoin_harness::wire::exchange(host.address(), chunked).expect("an answer").expect(413);
}

#[test]
fn a_body_of_another_media_type_is_refused() {
    let (_host, shop) = start();
    shop.post_text("/take", "text/plain", fitting().to_string()).expect(415);
    shop.post_text("/take", "application/xml", "<a/>").expect(415);
    shop.post_text("/take-text?dryRun=true", "text/csv", "a,b").ok();
}

#[test]
fn parameters_in_path_and_query_that_do_not_fit_are_named() {
    let (_host, shop) = start();
    let problem = shop.get("/giant/many").expect(400);
    assert!(problem.to_string().contains("bytes"), "{problem}");
    shop.get("/giant/-1").expect(400);
    shop.get("/giant/4294967296").expect(400);
    assert_eq!(shop.get("/giant/3").ok(), "xxx");
    let send = |query: &str| shop.post_text(&format!("/take-text{query}"), "text/plain", "x");
    assert_eq!(send("?dryRun=true").ok(), 0);
    assert_eq!(send("?dryRun=false").ok(), 1);
    for query in ["", "?dryRun=maybe", "?dryRun=true&colour=red", "?dryRun=true&dryRun=false"] {
        send(query).expect(400);
    }
}

#[test]
fn enums_variants_and_flags_that_do_not_exist_are_pointed_at() {
    let (_host, shop) = start();
    let everything = json!({
        "yes": true, "small": 0, "byte": 0, "short": 0, "unsignedShort": 0, "number": 0,
        "unsigned": 0, "long": 0, "unsignedLong": 0, "single": 0, "double": 0, "letter": "x",
        "text": "", "bytes": "", "words": [], "pair": ["", 0], "colour": "red", "marks": {},
        "shapes": [], "outcome": { "tag": "ok", "val": 1 },
    });
    shop.post("/echo", everything.clone()).ok();
    for (member, value, pointer) in [
        ("colour", json!("blue"), "/colour"),
        ("marks", json!({ "tenth": true }), "/marks/tenth"),
        ("marks", json!({ "first": 1 }), "/marks/first"),
        ("shapes", json!([{ "tag": "dot" }, { "tag": "ring" }]), "/shapes/1/tag"),
        ("shapes", json!([{ "tag": "line" }]), "/shapes/0/val"),
        ("shapes", json!([{ "tag": "box", "val": [1] }]), "/shapes/0/val"),
        ("shapes", json!([{ "tag": "dot", "val": 1 }]), "/shapes/0/val"),
        ("outcome", json!({ "tag": "maybe" }), "/outcome/tag"),
        ("bytes", json!("not base64!"), "/bytes"),
        ("letter", json!("xy"), "/letter"),
        ("pair", json!(["", 0, 0]), "/pair"),
        ("single", json!("1"), "/single"),
    ] {
        let mut body = everything.clone();
        body[member] = value;
        let problem = shop.post("/echo", body).expect(400);
        assert_eq!(problem["pointer"], pointer, "{problem}");
    }
}
