//! What the plugin computes by itself; how it behaves in a shop is told by the whole system's tests.

#[path = "../src/kinds.rs"]
mod kinds;
#[path = "../src/plan.rs"]
mod plan;
#[path = "../src/time.rs"]
mod time;

use plan::{Plan, jittered};

#[test]
fn the_type_of_an_event_is_its_function_after_what_tells_it_from_others() {
    for (kind, told) in [
        ("quoin:order/events#placed", "order.placed"),
        ("quoin:order/parcels#sent-back", "order.parcels.sent-back"),
        ("acme:points/events#earned", "acme.points.earned"),
        ("acme:points/cards#printed", "acme.points.cards.printed"),
    ] {
        assert_eq!(kinds::of(kind), told);
        assert_eq!(kinds::problem(told), None, "{told}");
    }
}

#[test]
fn an_endpoint_wants_types_packages_or_everything() {
    let wants = |kinds: &[&str], kind: &str| {
        let kinds: Vec<String> = kinds.iter().map(|&kind| kind.to_owned()).collect();
        kinds::matches(&kinds, kind)
    };
    assert!(wants(&["*"], "order.placed"));
    assert!(wants(&["order.*"], "order.placed") && wants(&["order.*"], "order.parcels.sent"));
    assert!(!wants(&["order.*"], "orders.placed") && !wants(&["order.*"], "order"));
    assert!(wants(&["a.b", "order.placed"], "order.placed"));
    assert!(!wants(&["order.place"], "order.placed"));
    for bad in ["", ".", "a.", ".a", "a..b", "a*", "*.a", "**", "A", "a b", "a_b", "a%", "é"] {
        assert!(kinds::problem(bad).is_some(), "{bad}");
    }
}

#[test]
fn the_plan_goes_over_three_days_and_ends() {
    let plan = Plan::read("5s 5m 30m 2h 5h 10h 14h 20h 24h").expect("a plan");
    assert_eq!([1, 2, 9].map(|tries| plan.after(tries)), [5_000, 300_000, 86_400_000].map(Some));
    assert_eq!((plan.after(0), plan.after(10)), (None, None));
    assert!((72 * 3_600_000..96 * 3_600_000).contains(&plan.whole()));
    for bad in ["", "5", "s", "-5s", "5d", "0s", "8000h", "5s,5m", &"1s ".repeat(21)] {
        assert!(Plan::read(bad).is_none(), "{bad}");
    }
}

#[test]
fn pauses_differ_by_a_fifth_at_most() {
    assert_eq!([0, 255].map(|random| jittered(5_000, random)), [4_000, 6_000]);
    assert!((4_000..6_000).contains(&jittered(5_000, 100)));
}

#[test]
fn an_endpoint_rests_the_longer_the_more_tries_fail_one_after_the_other() {
    let plan = Plan::read("5s 5m").expect("a plan");
    let rests = [0, 1, 2, 3, 4, 8, 9, 70].map(|failures| plan.rest(failures));
    assert_eq!(rests, [0, 0, 5_000, 10_000, 20_000, 300_000, 300_000, 300_000]);
}

#[test]
fn times_are_those_of_the_calendar() {
    for (ms, told) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (951_868_799_999, "2000-02-29T23:59:59.999Z"),
        (951_868_800_000, "2000-03-01T00:00:00.000Z"),
        (1_614_265_330_250, "2021-02-25T15:02:10.250Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (1_735_689_599_000, "2024-12-31T23:59:59.000Z"),
    ] {
        assert_eq!(time::shown(ms), told);
    }
}
