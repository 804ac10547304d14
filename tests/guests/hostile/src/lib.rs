//! Does what a plugin must not do, when asked.

mod acts;
mod data;

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package test:hostile-plugin;
            world plugin {
                export test:hostile/acts@0.1.0;
                export test:hostile/data@0.1.0;
            }",
        path: ["wit"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
    });
    use super::Hostile;
    export!(Hostile);
}

struct Hostile;
