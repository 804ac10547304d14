//! Several statements in one crossing, and statements that break a constraint.

use quoin_harness::{Host, Shop, json};

use super::{look, run, shop, texts};

fn one(host: &Host) -> Shop {
    shop(host, "one", &[("a", &[], "")])
}

fn insert(text: &str, amount: i64) -> String {
    format!("INSERT INTO a_entry (text,amount,body) VALUES ('{text}',{amount},'')")
}

#[test]
fn each_statement_of_a_batch_has_its_own_answer() {
    let host = Host::start();
    let shop = one(&host);
    let batch = format!(
        "batch {} | {} | UPDATE a_entry SET amount = amount + 1 | \
         SELECT text,amount FROM a_entry ORDER BY text | \
         DELETE FROM a_entry WHERE text = 'y' RETURNING amount | DELETE FROM a_entry WHERE text = 'z'",
        insert("x", 1),
        insert("y", 2)
    );
    let told = run(&shop, "a", &batch).ok();
    let expected = json!([
        "changed 1 with []",
        "changed 1 with []",
        "changed 2 with []",
        r#"changed 0 with ["x,2", "y,3"]"#,
        r#"changed 1 with ["3"]"#,
        "changed 0 with []",
    ]);
    assert_eq!(told, expected);
    assert_eq!(texts(&shop, "a"), json!(["x"]));
}

#[test]
fn the_first_statement_that_fails_ends_a_batch_and_what_came_before_it_stays() {
    let host = Host::start();
    let shop = one(&host);
    let (x, y, z) = (insert("x", 1), insert("y", 1), insert("z", 1));
    let told = run(&shop, "a", &format!("batch {x} | {y} | {x} | {z}, write after")).ok();
    assert_eq!(told, json!(["2 failed: constraint ConstraintKind::Unique"]));
    assert_eq!(texts(&shop, "a"), json!(["after", "x", "y"]));
    let told = run(&shop, "a", &format!("batch {z} | SELECT nothing FROM a_entry | {z}")).ok();
    assert!(told[0].as_str().is_some_and(|told| told.starts_with("1 failed: syntax")), "{told}");
    assert_eq!(texts(&shop, "a"), json!(["after", "x", "y", "z"]));
    let told = look(&shop, "a", &format!("batch SELECT 1 AS one | {}", insert("gone", 0))).ok();
    assert!(told[0].as_str().is_some_and(|told| told.starts_with("1 failed: denied")), "{told}");
}

#[test]
fn a_batch_of_a_request_that_fails_leaves_nothing() {
    let host = Host::start();
    let shop = one(&host);
    let batch = format!("batch {} | {}", insert("x", 1), insert("y", 1));
    run(&shop, "a", &format!("{batch}, refuse")).expect(409);
    run(&shop, "a", &format!("{batch}, trap")).refused(502, "plugin-failed");
    assert_eq!(texts(&shop, "a"), json!([]));
}

#[test]
fn a_batch_is_bounded() {
    let host = Host::start();
    let shop = one(&host);
    let of = |count: usize| format!("batch {}", vec!["SELECT 1 AS one"; count].join(" | "));
    assert_eq!(run(&shop, "a", &of(1_000)).ok().as_array().map(Vec::len), Some(1_000));
    let told = run(&shop, "a", &of(1_001)).ok();
    assert!(told[0].as_str().is_some_and(|told| told.contains("too large")), "{told}");
}

#[test]
fn a_broken_constraint_undoes_its_statement_alone_and_the_call_goes_on() {
    let host = Host::start();
    let shop = one(&host);
    // The second row of the statement breaks it, and the first goes with it.
    let two = "execute INSERT INTO a_entry (text,amount,body) VALUES ('new',0,''),('x',0,'')";
    let steps = format!(
        "write x, add x 5, {two}, write x, add x -9, \
         execute INSERT INTO a_entry (text,amount,body) VALUES ('n',NULL,''), write after, sum"
    );
    let kinds = ["Unique", "Unique", "Check", "NotNull"];
    let mut expected: Vec<_> =
        kinds.iter().map(|kind| format!("constraint ConstraintKind::{kind}")).collect();
    expected.push("5".into());
    assert_eq!(run(&shop, "a", &steps).ok(), json!(expected));
    assert_eq!(texts(&shop, "a"), json!(["after", "x"]));
}
