//! What all calls of a request have in common, and what no two requests have.

use std::collections::BTreeSet;

use quoin_harness::{Host, Value};

use super::{look, run, shop};

fn texts(told: &Value) -> Vec<String> {
    let text = |told: &Value| told.as_str().expect("a text").to_owned();
    told.as_array().expect("a list").iter().map(text).collect()
}

#[test]
fn the_time_is_the_same_in_all_calls_of_a_request() {
    let host = Host::start();
    let shop = shop(&host, "same", &[("a", &["b", "c"], ""), ("b", &["c"], ""), ("c", &[], "")]);
    let steps = "now, busy 20, call b, now, busy 20, call c, now, end, end, look c, now, end, now";
    let mut before = 0;
    for _ in 0..3 {
        let times: BTreeSet<u64> = texts(&run(&shop, "a", steps).ok())
            .iter()
            .map(|time| time.parse().expect("milliseconds"))
            .collect();
        assert_eq!(times.len(), 1, "{times:?}");
        let now = times.into_iter().next().expect("a time");
        // The next request began after the busy time of this one.
        assert!(now >= before + 40, "{now} after {before}");
        before = now;
    }
}

#[test]
fn randomness_is_never_the_same() {
    let host = Host::start();
    let shop = shop(&host, "random", &[("a", &["b"], ""), ("b", &[], "")]);
    let steps = "random, random, call b, random, end, look b, random, end";
    let mut all = texts(&look(&shop, "a", "random, random, look b, random, end").ok());
    for _ in 0..5 {
        all.extend(texts(&run(&shop, "a", steps).ok()));
    }
    assert_eq!(all.len(), 23);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 23);
}
