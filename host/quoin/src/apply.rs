//! `quoin apply`: makes a shop what its file says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use quoin_core::shop::{Shop, StoredShop};
use serde_json::Value;

use crate::bundle::{self, BundleFile};
use crate::cli::ApplyArgs;
use crate::client::Client;
use crate::failed::Failed;
use crate::file;
use crate::global::Global;
use crate::output::{can_ask, confirm, items, print, print_json};
use crate::plan;

/// Bytes of a shop file: hundreds of plugins with their configuration.
const SHOP_BYTES_MAX: usize = 4 << 20;

pub fn run(global: &Global, args: &ApplyArgs) -> Result<(), Failed> {
    let text = file::read_text(&args.shop, SHOP_BYTES_MAX)
        .map_err(|e| Failed::file("read", &args.shop, e))?;
    let name = args.shop.display().to_string();
    let shop = Shop::parse(&name, &text).map_err(Failed::refused)?;
    let folders = bundle::folders(&args.bundles);
    let beside = args.shop.parent().unwrap_or(Path::new("."));
    let (shop, files) = read_bundles(shop, beside, &folders)?;

    let client = Client::new(global)?;
    bundle::upload(&client, &files.values().collect::<Vec<_>>(), global.json)?;
    let path = format!("/v1/tenants/{}/shop", shop.name);
    let body = serde_json::to_string(&shop).map_err(Failed::refused)?;
    let ask = !global.json && !args.yes && can_ask();
    // A plan tries migrations, which holds up writing calls: none is made that nobody reads.
    let planned = match args.dry_run || ask {
        true => client.put(&format!("{path}?dry-run=true"), &body)?,
        false => Value::Null,
    };
    if args.dry_run {
        return match global.json {
            true => print_json(&planned),
            false => print(&plan::of_shop(&planned, &shop, &files)),
        };
    }
    if !items(&planned, "changes").is_empty() {
        print(&plan::of_shop(&planned, &shop, &files))?;
        if !confirm("Apply this?") {
            return Err(Failed::refused("not applied"));
        }
    }
    let applied = client.put(&path, &body)?;
    if global.json {
        return print_json(&applied);
    }
    let changes = items(&applied, "changes");
    if changes.is_empty() {
        return print(&format!("{} is as its file says: nothing changed.\n", shop.name));
    }
    if changes != items(&planned, "changes") {
        print(&plan::of_shop(&applied, &shop, &files))?;
    }
    let revision = applied.get("revision").cloned().unwrap_or_default();
    print(&format!("{} is at revision {revision}.\n", shop.name))
}

/// The shop with its bundles named by digest, and their files by digest.
fn read_bundles(
    shop: Shop<String>,
    beside: &Path,
    folders: &[PathBuf],
) -> Result<(StoredShop, BTreeMap<quoin_core::Digest, BundleFile>), Failed> {
    let mut digests: BTreeMap<PathBuf, quoin_core::Digest> = BTreeMap::new();
    let mut files = BTreeMap::new();
    let shop = shop.try_map(|plugin, name| {
        let path = bundle::find(&name, beside, folders).map_err(|e| e.within(plugin.as_str()))?;
        if let Some(digest) = digests.get(&path) {
            return Ok(digest.clone());
        }
        let file = BundleFile::read(&path).map_err(|e| e.within(plugin.as_str()))?;
        let digest = file.digest().clone();
        digests.insert(path, digest.clone());
        files.insert(digest.clone(), file);
        Ok(digest)
    })?;
    Ok((shop, files))
}
