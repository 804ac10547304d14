//! Answers at once: what a call costs apart from its work.

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package test:bench-callee;
            world plugin {
                export test:bench/work@0.1.0;
            }",
        path: ["wit"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
    });
    use super::Callee;
    export!(Callee);
}

use bindings::exports::test::bench::work::{Guest, Line};

struct Callee;

impl Guest for Callee {
    fn nop() {}

    fn echo(lines: Vec<Line>) -> Vec<Line> {
        lines
    }
}
