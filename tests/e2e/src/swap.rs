//! A plugin is replaced while the shop is open: wholly, or not at all, and never at a caller's cost.

mod generations;
mod load;
mod refusals;
mod told;
mod updated;

use quoin_harness::{Host, Shop, Value, json};

const SHOP: &str = r#"
name = "notes"
[plugins.notes]
bundle = "notes.wasm"
grants = ["sql", "log"]
"#;

fn start() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.apply(SHOP);
    write(&shop, "first");
    (host, shop)
}

fn write(shop: &Shop, text: &str) {
    shop.post("/notes", json!({ "text": text })).ok();
}

fn notes(shop: &Shop) -> Value {
    shop.get("/notes").ok()
}

/// Swaps through the command line.
///
/// # Errors
/// What it wrote to stderr.
fn swap(host: &Host, bundle: &str) -> Result<(), String> {
    command(host, &["plugin", "swap", "notes", "notes", bundle])
}

fn back(host: &Host) -> Result<(), String> {
    command(host, &["plugin", "back", "notes", "notes"])
}

fn command(host: &Host, args: &[&str]) -> Result<(), String> {
    printed(host, args).map(drop)
}

/// What a command line wrote to stdout.
///
/// # Errors
/// What it wrote to stderr.
fn printed(host: &Host, args: &[&str]) -> Result<String, String> {
    let output = host.cli(args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}

/// The bundle of the second version.
fn second() -> String {
    Shop::bundle_path("notes-two")
}
