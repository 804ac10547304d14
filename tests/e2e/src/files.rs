//! Files are uploaded to the shop, named after their content, kept by plugins, and given out.

mod given;
mod kept;

use quoin_harness::{Host, Reply, Shop, Value, json};

const SHOP: &str = r#"
name = "files"
[plugins.keeper]
bundle = "keeper.wasm"
grants = ["sql", "files"]
"#;

fn start() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.apply(SHOP);
    (host, shop)
}

fn upload(shop: &Shop, kind: &str, bytes: impl Into<Vec<u8>>) -> Reply {
    shop.admin().post_text("/files", kind, bytes)
}

/// Uploads a file, and keeps it.
#[track_caller]
fn kept(shop: &Shop, kind: &str, bytes: impl Into<Vec<u8>>, public: bool) -> String {
    let file = upload(shop, kind, bytes).expect(201);
    let id = file["id"].as_str().expect("an id").to_owned();
    keep(shop, &id, public).ok();
    id
}

fn keep(shop: &Shop, id: &str, public: bool) -> Reply {
    shop.post("/keep", json!({ "id": id, "public": public }))
}

fn look(shop: &Shop, id: &str) -> Value {
    shop.get(&format!("/look?id={id}")).ok()
}

fn on_disk(host: &Host) -> Vec<String> {
    let folder = host.data().join("tenants/files/files");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .map(|all| all.flatten().map(|f| f.file_name().to_string_lossy().into_owned()).collect())
        .unwrap_or_default();
    names.sort();
    names
}
