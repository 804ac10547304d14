//! What it does with its own time.

use quoin_sdk::host::{call, clock, random};

pub fn act(verb: &str, object: &str, told: &mut Vec<String>) {
    match verb {
        "now" => told.push(clock::now().to_string()),
        "passed" => told.push(clock::passed(object.parse().expect("a time")).to_string()),
        "random" => told.push(format!("{:?}", random::bytes(16))),
        "busy" => busy(object.parse().expect("milliseconds")),
        "spin" => loop {
            std::hint::spin_loop();
        },
        // More than one call may ask of the host.
        "limit" => loop {
            call::remaining();
        },
        other => panic!("{other}"),
    }
}

/// Keeps the processor busy for so many milliseconds.
fn busy(milliseconds: u64) {
    let began = call::remaining();
    while began.saturating_sub(call::remaining()) < milliseconds {
        // Something that the compiler leaves in: each look at the time counts as a call of the host.
        for turn in 0..100_000u32 {
            std::hint::black_box(turn);
        }
    }
}
