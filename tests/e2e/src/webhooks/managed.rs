//! Endpoints are managed by staff, and never tell their secrets.

use quoin_harness::json;

use super::{
    ENDPOINTS, NOTE, act, body, create, deliveries, get, happen, shop_file, start, taking,
    until_received, until_settled,
};

#[test]
fn endpoints_are_made_listed_changed_and_removed_and_their_secrets_told_once() {
    let (remote, other) = (taking(), taking());
    let (_host, shop) = start(&[&remote, &other], "");
    let (id, secret) = create(&shop, &remote, &["order.*"]);
    let listed = shop.get(ENDPOINTS);
    assert!(!listed.text.contains(&secret) && !listed.text.contains("whsec_"), "{}", listed.text);
    let listed = listed.ok();
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert_eq!(listed[0], get(&shop, &id));
    assert_eq!(listed[0]["state"], "active");
    let change =
        json!({ "url": other.base() + "/x?a=b", "kinds": [NOTE], "description": "Stock." });
    let changed = shop.patch(&format!("{ENDPOINTS}/{id}"), change).ok();
    assert_eq!((&changed["description"], &changed["kinds"]), (&json!("Stock."), &json!([NOTE])));
    happen(&shop, &["a"]);
    assert_eq!(until_received(&other, 1)[0].target, "/x?a=b");
    let disabled = act(&shop, &id, "disable", json!({}));
    assert_eq!(
        (&disabled["state"], &disabled["reason"]),
        (&json!("disabled"), &json!("it was disabled by hand"))
    );
    shop.post(&format!("{ENDPOINTS}/{id}/test"), json!({})).expect(409);
    happen(&shop, &["b"]);
    assert_eq!(act(&shop, &id, "enable", json!({}))["state"], "active");
    happen(&shop, &["c"]);
    let texts: Vec<_> = until_received(&other, 2).iter().map(super::text).collect();
    assert_eq!(texts, ["a", "c"]);
    shop.delete(&format!("{ENDPOINTS}/{id}")).ok();
    shop.delete(&format!("{ENDPOINTS}/{id}")).expect(404);
    shop.get(&format!("{ENDPOINTS}/{id}/deliveries")).expect(404);
    assert!(remote.received().is_empty());
}

#[test]
fn what_is_no_endpoint_is_refused_and_where_nothing_may_be_sent_with_the_line_to_write() {
    let (remote, other) = (taking(), taking());
    let (host, shop) = start(&[&remote], "");
    let try_create =
        |url: &str, kinds: &[&str]| shop.post(ENDPOINTS, json!({ "url": url, "kinds": kinds }));
    for url in ["", "ftp://example.com", "http://", "https://a b", "https://example.com/#x", "x"] {
        try_create(url, &["*"]).expect(422);
    }
    let url = remote.base();
    for kinds in
        [&[] as &[&str], &["Order"], &["order.*.x"], &["order placed"], &[""], &["**"], &["%"]]
    {
        try_create(&url, kinds).expect(422);
    }
    let refused = try_create(&other.base(), &["*"]).refused(422, "not-granted");
    let line = format!("hosts = [\"{}\"]", other.base());
    assert!(refused.to_string().contains(&line.replace('"', "\\\"")), "{refused}");
    assert_eq!(shop.get(ENDPOINTS).ok(), json!([]));
    host.apply(&shop_file(&[&remote, &other], ""));
    try_create(&other.base(), &["*"]).ok();
    // It is for staff.
    host.shop("hooks", "hooks.test").get(ENDPOINTS).expect(401);
}

#[test]
fn where_a_grant_was_taken_back_the_delivery_tells_the_line_to_write() {
    let (remote, other) = (taking(), taking());
    let (host, shop) = start(&[&remote, &other], "");
    let (id, _) = create(&shop, &remote, &["*"]);
    host.apply(&shop_file(&[&other], ""));
    happen(&shop, &["a"]);
    let error = quoin_harness::until("it is tried", || {
        deliveries(&shop, &id, "").first()?["error"].as_str().map(str::to_owned)
    });
    assert!(error.contains(&format!("hosts = [\"{}\"]", remote.base())), "{error}");
    assert!(remote.received().is_empty());
}

#[test]
fn a_test_event_goes_to_its_endpoint_alone() {
    let (remote, other) = (taking(), taking());
    let (_host, shop) = start(&[&remote, &other], "");
    let (id, _) = create(&shop, &remote, &["order.*"]);
    create(&shop, &other, &["*"]);
    let event = act(&shop, &id, "test", json!({}));
    let received = until_received(&remote, 1).remove(0);
    assert_eq!(received.header("webhook-id"), event.as_str().expect("an id"));
    assert_eq!(body(&received)["type"], "webhooks.test");
    assert_eq!(body(&received)["data"]["endpoint"], *id);
    until_settled(&shop, &id);
    assert!(other.received().is_empty());
}

#[test]
fn deliveries_are_listed_in_pages_and_by_state_type_and_event() {
    let remote = taking();
    let (_host, shop) = start(&[&remote], "");
    let (id, _) = create(&shop, &remote, &["*"]);
    for text in ["a", "b", "c"] {
        happen(&shop, &[text]);
    }
    quoin_harness::until("all three are heard", || {
        (deliveries(&shop, &id, "").len() == 3).then_some(())
    });
    act(&shop, &id, "test", json!({}));
    let all = until_settled(&shop, &id);
    assert_eq!(all.len(), 4);
    assert_eq!(all[0]["kind"], "webhooks.test");
    assert_eq!(deliveries(&shop, &id, &format!("?kind={NOTE}")).len(), 3);
    assert_eq!(deliveries(&shop, &id, "?state=failed").len(), 0);
    let event = all[1]["event"].as_str().expect("an id");
    assert_eq!(deliveries(&shop, &id, &format!("?event={event}")), [all[1].clone()]);
    let page = shop.get(&format!("{ENDPOINTS}/{id}/deliveries?limit=3")).ok();
    let next = page["next"].as_str().expect("a cursor");
    let rest = shop.get(&format!("{ENDPOINTS}/{id}/deliveries?limit=3&cursor={next}")).ok();
    assert_eq!((&rest["items"], &rest["next"]), (&json!([all[3]]), &json!(null)));
    shop.get(&format!("{ENDPOINTS}/{id}/deliveries?cursor=x")).expect(422);
}

#[test]
fn a_retry_plan_that_is_none_is_told_in_the_log_and_nothing_is_sent() {
    let remote = taking();
    let (_host, shop) = start(&[&remote], "retry-after = \"soon\"");
    create(&shop, &remote, &["*"]);
    happen(&shop, &["a"]);
    quoin_harness::until("it is told", || {
        let log = quoin_harness::Value::from(shop.log()).to_string();
        log.contains("write 1 to 20 times").then_some(())
    });
    assert!(remote.received().is_empty());
}
