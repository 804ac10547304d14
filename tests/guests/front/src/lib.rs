//! Answers every request with its method and path.

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package test:front;
            world plugin {
                export quoin:plugin/web@0.1.0;
            }",
        path: ["../../../wit/types", "../../../wit/plugin"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        with: { "quoin:types/types@0.1.0": quoin_sdk::types },
    });
    use super::Front;
    export!(Front);
}

use bindings::exports::quoin::plugin::web::{Error, Guest, Request, Response};

struct Front;

impl Guest for Front {
    fn handle(request: Request) -> Result<Response, Error> {
        let body = format!("{} {}", request.method, request.path).into_bytes();
        Ok(Response { status: 200, headers: Vec::new(), body })
    }
}
