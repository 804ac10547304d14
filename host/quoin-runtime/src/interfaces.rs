//! The host interfaces, as `wit/host` defines them, a file each. Each use is checked against the
//! installation's grants and counted.

mod call;
mod clock;
mod config;
mod files;
mod http;
mod later;
mod log;
mod mail;
mod random;
mod sql;

use wasmtime::component::{HasSelf, Linker};

use crate::state::State;

mod bindings {
    #![allow(missing_docs)]
    wasmtime::component::bindgen!({
        inline: "package quoin:runtime;
            world host {
                import quoin:host/sql@0.1.0;
                import quoin:host/log@0.1.0;
                import quoin:host/config@0.1.0;
                import quoin:host/clock@0.1.0;
                import quoin:host/random@0.1.0;
                import quoin:host/call@0.1.0;
                import quoin:host/later@0.1.0;
                import quoin:host/http@0.1.0;
                import quoin:host/files@0.1.0;
                import quoin:host/mail@0.1.0;
            }",
        path: "../../wit/host",
        imports: {
            "quoin:host/sql": async | trappable,
            "quoin:host/http": async | trappable,
            "quoin:host/files": async | trappable,
            "quoin:host/mail": async | trappable,
            "quoin:host/later": async | trappable,
            default: trappable
        },
    });
}

pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    bindings::Host_::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
}
