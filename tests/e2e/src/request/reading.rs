//! Where nothing may be written, nothing is.

use quoin_harness::{Host, Shop, json};

use super::{logged, look, run, shop, texts};

fn two(host: &Host) -> Shop {
    shop(host, "two", &[("a", &["b", "c"], ""), ("b", &["c"], ""), ("c", &[], "")])
}

#[track_caller]
fn nothing_in(shop: &Shop, all: &[&str]) {
    for who in all {
        assert_eq!(texts(shop, who), json!([]), "{who}");
    }
}

#[test]
fn a_writing_function_called_in_a_reading_request_is_refused_by_name() {
    let host = Host::start();
    let shop = two(&host);
    look(&shop, "a", "texts, call b, write x, end").refused(502, "plugin-failed");
    logged(&shop, "test:steps/steps@0.1.1#run of b may write");
    // Whether it would have written or not, and at any depth.
    look(&shop, "a", "call b, texts, end").refused(502, "plugin-failed");
    let told = look(&shop, "a", "look b, call c, write x, end, end").ok();
    assert_eq!(told, json!(["b: unavailable writes"]));
    logged(&shop, "test:steps/steps@0.1.1#run of c may write");
    nothing_in(&shop, &["a", "b", "c"]);
}

#[test]
fn a_writing_function_called_below_a_function_that_is_declared_to_read_is_refused_by_name() {
    let host = Host::start();
    let shop = two(&host);
    let steps = "write before, look b, call c, write gone, end, end, write after";
    assert_eq!(run(&shop, "a", steps).ok(), json!(["b: unavailable writes"]));
    logged(&shop, "test:steps/steps@0.1.1#run of c may write");
    assert_eq!(texts(&shop, "a"), json!(["after", "before"]));
    nothing_in(&shop, &["b", "c"]);
}

#[test]
fn a_function_that_is_declared_to_read_writes_in_no_kind_of_request() {
    let host = Host::start();
    let shop = two(&host);
    for told in [
        look(&shop, "a", "write x").ok(),
        look(&shop, "a", "look b, write x, end").ok(),
        run(&shop, "a", "look b, write x, end").ok(),
        run(&shop, "a", "call b, look c, write x, end, end").ok(),
    ] {
        assert!(told[0].as_str().is_some_and(|told| told.starts_with("denied")), "{told}");
    }
    nothing_in(&shop, &["a", "b", "c"]);
}
