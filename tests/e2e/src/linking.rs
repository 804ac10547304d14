//! Plugins are linked at run time, by types that the host has never seen before.

mod bindings;
mod refusals;
mod routes;
mod values;

use quoin_harness::{Host, Shop};

/// A shop with a consumer and whom it needs; more installations and a binding may be added.
const SHOP: &str = r#"
name = "links"
[plugins.consumer]
bundle = "consumer.wasm"
grants = ["call"]
[plugins.provider]
bundle = "provider.wasm"
grants = ["call", "config", "log"]
"#;

fn start() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.apply(SHOP);
    (host, shop)
}

/// Another installation of the provider, with a name of its own.
fn provider(name: &str) -> String {
    format!(
        "[plugins.{name}]\nbundle = \"provider.wasm\"\ngrants = [\"call\", \"config\", \"log\"]\n\
         config = {{ name = \"{name}\" }}\n"
    )
}

/// A consumer with this binding, and providers of these names.
fn bound(bind: &str, providers: &[&str]) -> String {
    let consumer = format!(
        "name = \"links\"\n[plugins.consumer]\nbundle = \"consumer.wasm\"\ngrants = [\"call\"]\n\
         bind = {{ {bind} }}\n"
    );
    consumer + &providers.iter().map(|name| provider(name)).collect::<String>()
}
