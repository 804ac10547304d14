//! Kept answers beside answers that are made anew.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use quoin_harness::{Host, Shop, Size, Value};

use super::{PLUGINS, kept, three};
use crate::request::{look, order, run, shop_file};

/// Numbers that are the same in each run (xorshift64*, Marsaglia 2003).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// What is asked, of the plugin that comes with it.
const QUESTIONS: [(&str, &str); 12] = [
    ("a", "texts"),
    ("a", "sum"),
    ("a", "texts, look b, sum, end"),
    ("a", "look b, texts, look c, texts, end, end"),
    ("a", "look c, sum, end, look b, sum, end"),
    ("a", "query SELECT count(*) AS n FROM a_entry"),
    ("a", "query WITH t (x) AS (SELECT text FROM a_entry) SELECT x FROM t ORDER BY x"),
    ("a", "query SELECT 1 AS n WHERE EXISTS (SELECT 1 FROM a_entry WHERE amount > 3)"),
    ("b", "texts, look c, texts, end"),
    ("b", "sum, look c, refuse, end"),
    ("c", "texts"),
    ("c", "query SELECT max(amount) AS n FROM c_entry"),
];

fn change(numbers: &mut Numbers) -> (&'static str, String) {
    let one = |numbers: &mut Numbers| {
        let text = numbers.below(6);
        match numbers.of(&["write", "remove", "add"]) {
            "add" => format!("add {text} {}", numbers.below(4)),
            verb => format!("{verb} {text}"),
        }
    };
    let (first, second, third) = (one(numbers), one(numbers), one(numbers));
    match numbers.below(7) {
        0 => ("a", first),
        1 => ("b", first),
        2 => ("c", first),
        3 => ("a", format!("{first}, call b, {second}, call c, {third}, end, end")),
        // Undone alone, beside what is kept.
        4 => ("a", format!("{first}, call b, {second}, refuse, end")),
        5 => ("a", format!("call b, {first}, call c, {second}, end, refuse, end, {third}")),
        // Undone as a whole.
        _ => ("a", format!("{first}, call c, {second}, end, refuse")),
    }
}

fn made_now(shop: &Shop, whom: &str, steps: &str) -> Value {
    shop.call_at(whom, "test:steps/steps#look", order(whom, steps)).ok()
}

#[test]
fn a_kept_answer_is_the_one_that_would_be_made_now() {
    let host = Host::start();
    let shop = three(&host);
    let size = Size::of("kept", 2_000);
    let (mut numbers, mut given, mut wirings) = (Numbers(0x51ab_0e5e_ed00_0001), 0, 0);
    for round in size.rounds() {
        match numbers.below(100) {
            0 => {
                given += kept(&shop, "a") + kept(&shop, "b") + kept(&shop, "c");
                wirings += 1;
                // All plugins are replaced by new generations.
                let limits = format!("write-ms = {}", 500 + wirings);
                let plugins = PLUGINS.map(|(name, others)| (name, others, &*limits));
                host.apply(&shop_file("three", &plugins));
            }
            1..20 => {
                let (whom, steps) = change(&mut numbers);
                let status = run(&shop, whom, &steps).status;
                assert!(matches!(status, 200 | 409), "{status} for {steps}");
            }
            _ => {
                let (whom, steps) = QUESTIONS[numbers.below(QUESTIONS.len() as u64) as usize];
                let answered = look(&shop, whom, steps).ok();
                assert_eq!(answered, made_now(&shop, whom, steps), "{round}: {whom}: {steps}");
            }
        }
    }
    given += kept(&shop, "a") + kept(&shop, "b") + kept(&shop, "c");
    assert!(given > size.get() / 10, "of {} steps, {given} were kept", size.get());
}

#[test]
fn an_answer_tells_of_all_that_was_answered_before_it_was_asked_for() {
    let host = Host::start();
    let shop = three(&host);
    let (written, over) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..300 {
                let steps = format!("call b, write {number:03}, end");
                run(&shop, "a", &steps).ok();
                written.fetch_add(1, Ordering::SeqCst);
            }
            over.store(1, Ordering::SeqCst);
        });
        scope.spawn(|| {
            for wiring in 0..10 {
                let limits = format!("write-ms = {}", 600 + wiring);
                let plugins = PLUGINS.map(|(name, others)| (name, others, &*limits));
                host.apply(&shop_file("three", &plugins));
            }
        });
        for _ in 0..3 {
            scope.spawn(|| {
                let mut last = 0;
                while over.load(Ordering::SeqCst) == 0 {
                    let before = written.load(Ordering::SeqCst);
                    let told = look(&shop, "a", "look b, texts, end").ok();
                    let told = told.as_array().expect("a list").len();
                    assert!(told >= before.max(last), "{told} after {before} and {last}");
                    last = told;
                }
            });
        }
    });
}
