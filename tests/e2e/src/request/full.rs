//! A plugin whose tables are full stops nobody else.

use quoin_harness::{Host, Shop, json};

use super::{look, run, shop, texts};

fn full(host: &Host) -> Shop {
    let shop = shop(host, "full", &[("a", &["b"], "database-mib = 1"), ("b", &[], "")]);
    for n in 0.. {
        assert!(n < 100, "1 MiB holds {n} times 100 kB");
        let told = run(&shop, "a", &format!("fill {n:02} 100000")).ok();
        if told == json!(["full"]) {
            assert!(n > 2, "it was full after {n}");
            break;
        }
        assert_eq!(told, json!([]));
    }
    shop
}

#[test]
fn its_writes_are_told_that_it_is_full_and_the_others_go_on() {
    let mut host = Host::start();
    let shop = full(&host);
    let before = texts(&shop, "a");
    // The statement alone is undone: the call goes on, and so does the request.
    let told =
        run(&shop, "a", "call b, write first, end, fill more 100000, call b, write second, end");
    assert_eq!(told.ok(), json!(["full"]));
    assert_eq!(texts(&shop, "b"), json!(["first", "second"]));
    for n in 0..30 {
        assert_eq!(run(&shop, "b", &format!("fill {n:02} 100000")).ok(), json!([]));
    }
    assert_eq!(texts(&shop, "a"), before);
    host.restart();
    assert_eq!(run(&shop, "a", "fill more 100000").ok(), json!(["full"]));
    assert_eq!(texts(&shop, "a"), before);
}

#[test]
fn it_can_remove_rows_and_then_has_room_again() {
    let host = Host::start();
    let shop = full(&host);
    assert_eq!(run(&shop, "a", "remove 00, remove 01").ok(), json!([]));
    assert_eq!(run(&shop, "a", "fill new 100000").ok(), json!([]));
    // The same in one request.
    assert_eq!(run(&shop, "a", "remove 02, remove new, fill newer 100000").ok(), json!([]));
    let there = look(&shop, "a", "texts").ok();
    let there = there.as_array().expect("a list");
    assert!(there.contains(&json!("newer")) && !there.contains(&json!("00")), "{there:?}");
}

#[test]
fn what_a_failed_callee_wrote_takes_no_room() {
    let host = Host::start();
    let shop = shop(&host, "room", &[("b", &["a"], ""), ("a", &[], "database-mib = 1")]);
    for n in 0..20 {
        let told = run(&shop, "b", &format!("write {n:02}, call a, fill x 600000, trap, end")).ok();
        assert_eq!(told, json!(["a: unavailable trap"]));
    }
    assert_eq!(run(&shop, "a", "fill x 600000").ok(), json!([]));
    assert_eq!(run(&shop, "a", "fill y 600000").ok(), json!(["full"]));
}
