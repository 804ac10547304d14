//! What a Quoin plugin in Rust depends on.
//!
//! A plugin generates bindings for the interfaces that it provides and needs, and maps the shared
//! ones to this crate, so that all of them speak of the same types:
//!
//! ```ignore
//! quoin_sdk::wit_bindgen::generate!({
//!     inline: "package my:plugin; world plugin { export my:thing/things@0.1.0; }",
//!     path: ["../../wit/types", "wit"],
//!     runtime_path: "quoin_sdk::wit_bindgen::rt",
//!     with: { "quoin:types/types@0.1.0": quoin_sdk::types },
//! });
//! ```
//!
//! The host interfaces come with this crate. What a plugin does not use is left out of its
//! component, so the imports of a bundle are exactly what it uses.

pub mod batch;
pub mod check;
pub mod currency;
pub mod cursor;
pub mod db;
pub mod host;
pub mod id;
pub mod import;
mod money;
pub mod report;
pub mod sheet;
pub mod text;

pub use wit_bindgen;

#[allow(missing_docs)]
mod bindings {
    wit_bindgen::generate!({
        inline: "package quoin:sdk;
            world sdk {
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
                import quoin:types/types@0.1.0;
            }",
        path: ["../../wit/types", "../../wit/host"],
        generate_all,
        generate_unused_types: true,
        additional_derives: [Clone, PartialEq],
    });
}

/// The allocator of every plugin.
#[cfg(all(target_family = "wasm", feature = "allocator"))]
#[global_allocator]
static HEAP: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// The nouns that all capabilities share: money, errors, addresses, fields.
pub use bindings::quoin::types::types;

/// A field of a request that cannot be used.
pub fn fault(field: impl Into<String>, problem: impl Into<String>) -> types::FieldFault {
    types::FieldFault { field: field.into(), problem: problem.into() }
}
