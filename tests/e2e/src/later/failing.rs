//! What fails is tried again; who is not there is waited for.

use quoin_harness::{json, until};

use super::{
    SHOP, ask, calls, gate, start, task, texts, until_noted, until_nothing_is_outstanding,
};

#[test]
fn what_fails_is_tried_again_until_it_is_done_and_told_meanwhile() {
    let (host, shop) = start();
    gate(&shop, false);
    ask(&shop, &[task("gated"), task("trapping"), task("well")]);
    until("both were tried", || {
        let calls = calls(&host, &shop);
        let tried = calls.iter().filter(|call| call["tries"].as_u64() >= Some(1)).count();
        (tried == 2).then_some(())
    });
    let told = calls(&host, &shop);
    let errors: Vec<_> = told.iter().map(|c| c["error"].as_str().unwrap_or_default()).collect();
    assert!(errors[0].contains("the gate is shut"), "{errors:?}");
    assert!(errors[1].contains("trap"), "{errors:?}");
    let logged = shop.log().iter().filter(|l| l["level"] == "warn").count();
    assert!(logged >= 2, "{:?}", shop.log());
    // What they wrote before they failed was undone.
    assert_eq!(texts(&shop), ["well"]);
    gate(&shop, true);
    let mut done = until_noted(&shop, 3);
    done.sort();
    assert_eq!(done, ["gated", "trapping", "well"]);
    until_nothing_is_outstanding(&host, &shop);
    assert_eq!(texts(&shop).len(), 3);
}

#[test]
fn a_call_waits_for_its_plugin_while_that_is_not_installed() {
    let (host, shop) = start();
    ask(&shop, &[json!({ "text": "patient", "after": 1_500 })]);
    let without = SHOP.split("[plugins.later-worker]").next().expect("the desk");
    host.apply(without);
    let waits = until("it is due", || {
        let call = calls(&host, &shop).first().cloned()?;
        call["error"].as_str().is_some_and(|why| why.contains("installed")).then_some(call)
    });
    assert_eq!(waits["error"], "it waits until later-worker is installed again");
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(calls(&host, &shop)[0]["tries"], 0);
    host.apply(SHOP);
    assert_eq!(until_noted(&shop, 1), ["patient"]);
    until_nothing_is_outstanding(&host, &shop);
}

#[test]
fn where_nobody_is_to_be_called_nothing_is_recorded() {
    let (host, shop) = start();
    host.apply(SHOP.split("[plugins.later-worker]").next().expect("the desk"));
    ask(&shop, &[task("for nobody")]);
    assert!(calls(&host, &shop).is_empty());
    assert_eq!(shop.get("/rows").ok(), 1);
}
