//! Problems.

use quoin_core::{Class, Problem};

#[test]
fn a_fault_of_the_host_keeps_its_reason_to_itself() {
    let problem = Problem::internal();
    assert_eq!((problem.status, &*problem.code, problem.class), (500, "internal", Class::Host));
    assert!(problem.detail.contains("log") && problem.retry_after_ms.is_none());
}

#[test]
fn overload_says_when_to_come_back() {
    let problem = Problem::overload("Too much.");
    assert_eq!((problem.status, &*problem.code, problem.class), (503, "overload", Class::Overload));
    assert_eq!((problem.detail.as_str(), problem.retry_after_ms), ("Too much.", Some(1_000)));
}

#[test]
fn a_problem_is_told_without_what_it_does_not_have() {
    let problem = Problem::new(Class::Caller, 404, "not-found", "Not found", "");
    let told = serde_json::to_value(&problem).unwrap();
    let members: Vec<_> = told.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["status", "code", "title", "class"]);
}
