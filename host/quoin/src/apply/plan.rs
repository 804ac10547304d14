//! A plan in plain words.

use std::collections::BTreeMap;

use quoin_core::shop::{Installation, StoredShop};
use quoin_core::{Description, Digest};
use quoin_registry::inspect;
use serde_json::Value;

use crate::bundle::BundleFile;
use crate::output::{items, member, plain};

/// The changes of a plan, and what each new plugin may do; each line ended.
pub fn text(plan: &Value, shop: &StoredShop, files: &BTreeMap<Digest, BundleFile>) -> String {
    let changes = items(plan, "changes");
    if changes.is_empty() {
        return format!("{} is as its file says: nothing to change.\n", shop.name);
    }
    let mut lines = Vec::new();
    for change in changes {
        let (what, detail) = (member(change, "what"), member(change, "detail"));
        let sign = match member(change, "kind") {
            "add" => '+',
            "remove" => '-',
            _ => '~',
        };
        let colon = if detail.is_empty() { "" } else { ": " };
        lines.push(format!("{sign} {what}{colon}{detail}"));
        let installation = what.strip_prefix("plugin ").and_then(|name| shop.plugins.get(name));
        if let Some(installation) = installation
            && sign == '+'
            && let Some(file) = files.get(&installation.bundle)
        {
            lines.extend(powers(installation, &file.description));
        }
    }
    plain(&lines.join("\n")) + "\n"
}

/// What an installation may do, line by line.
fn powers(installation: &Installation<Digest>, description: &Description) -> Vec<String> {
    let manifest = &description.manifest;
    let granted = installation.grants.iter().map(|grant| format!("may {}", grant.meaning()));
    let needs = manifest.needs.iter().map(|need| format!("may call {}", need.interface));
    let refused = manifest.host.iter().filter(|asked| !installation.grants.contains(asked));
    let refused = refused.map(|asked| format!("asks to {}, which is not granted", asked.meaning()));
    let cannot = std::iter::once(inspect::cannot(description));
    granted.chain(needs).chain(refused).chain(cannot).map(|line| format!("    {line}")).collect()
}
