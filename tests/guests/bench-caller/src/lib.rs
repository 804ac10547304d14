//! Calls another plugin as often as it is told.

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package test:bench-caller;
            world plugin {
                import test:bench/work@0.1.0;
                export test:bench/driver@0.1.0;
            }",
        path: ["../bench-callee/wit"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        generate_all,
    });
    use super::Caller;
    export!(Caller);
}

use bindings::exports::test::bench::driver::Guest;
use bindings::test::bench::work::{self, Line};

struct Caller;

impl Guest for Caller {
    fn nops(times: u32) {
        for _ in 0..times {
            work::nop();
        }
    }

    fn echoes(times: u32, length: u32) -> u64 {
        let lines: Vec<Line> = (0..length).map(line).collect();
        (0..times).map(|_| work::echo(&lines).len() as u64).sum()
    }
}

/// A line with a key of twelve letters and a currency of three.
fn line(number: u32) -> Line {
    Line {
        sku: format!("SKU-{number:08}"),
        quantity: number % 9 + 1,
        price: 1_999 + u64::from(number),
        currency: "EUR".into(),
    }
}
