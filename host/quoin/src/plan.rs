//! A plan in plain words.

use std::collections::BTreeMap;

use quoin_core::manifest::{HostInterface, Relay};
use quoin_core::shop::{Installation, StoredShop};
use quoin_core::{Description, Digest};
use quoin_registry::inspect;
use serde_json::Value;

use crate::bundle::BundleFile;
use crate::output::{items, member};
use crate::text;

/// The changes that a shop file makes, with what each new plugin may do; each line ended.
pub fn of_shop(plan: &Value, shop: &StoredShop, files: &BTreeMap<Digest, BundleFile>) -> String {
    let changes = items(plan, "changes");
    if changes.is_empty() {
        return format!("{} is as its file says: nothing to change.\n", shop.name);
    }
    let mut lines = Vec::new();
    for change in changes {
        lines.extend(lines_of(change));
        let new = member(change, "what").strip_prefix("plugin ");
        let new = new.filter(|_| member(change, "kind") == "add");
        if let Some(installation) = new.and_then(|name| shop.plugins.get(name))
            && let Some(file) = files.get(&installation.bundle)
        {
            lines.extend(powers(installation, &file.description));
        }
    }
    ended(&lines)
}

/// The changes to one installation; each line ended.
pub fn of_installation(plan: &Value) -> String {
    let changes = items(plan, "changes");
    if changes.is_empty() {
        return format!("{} runs that already: nothing to change.\n", member(plan, "tenant"));
    }
    ended(&changes.iter().flat_map(lines_of).collect::<Vec<_>>())
}

fn ended(lines: &[String]) -> String {
    lines.iter().map(|line| text::line(line) + "\n").collect()
}

fn lines_of(change: &Value) -> Vec<String> {
    let (what, detail) = (member(change, "what"), member(change, "detail"));
    let sign = match member(change, "kind") {
        "add" => '+',
        "remove" => '-',
        _ => '~',
    };
    let colon = if detail.is_empty() { "" } else { ": " };
    let mut lines = vec![format!("{sign} {what}{colon}{detail}")];
    lines.extend(items(change, "routes").iter().map(|r| format!("    {sign} route {}", route(r))));
    lines.extend(change.get("bundle").into_iter().flat_map(of_bundle));
    lines.extend(items(change, "shadows").iter().map(shadow));
    lines.extend(items(change, "unheard").iter().map(unheard));
    lines
}

fn route(route: &Value) -> String {
    let part = |name| member(route, name);
    format!("{} {} {} → {}", part("access"), part("method"), part("path"), part("call"))
}

/// Requests that change hands.
fn shadow(shadow: &Value) -> String {
    let part = |name| member(shadow, name);
    format!(
        "    ! {} of {} takes requests from {} of {}",
        part("route"),
        part("plugin"),
        part("shadows"),
        part("of")
    )
}

/// What is waited for in vain.
fn unheard(unheard: &Value) -> String {
    let (plugin, kind) = (member(unheard, "plugin"), member(unheard, "kind"));
    format!("    ! {plugin} hears nothing of {kind}: no plugin of the shop calls it later")
}

/// What another bundle changes for the shop, line by line.
fn of_bundle(bundle: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let mut list = |part: &str, lost: &str, gained: &str, text: fn(&Value) -> String| {
        let Some(part) = bundle.get(part) else { return };
        for (list, word) in [("lost", lost), ("gained", gained)] {
            lines.extend(items(part, list).iter().map(|v| format!("    {word} {}", text(v))));
        }
    };
    list("routes", "- route", "+ route", route);
    let function = |function: &Value| function.as_str().unwrap_or_default().to_owned();
    list("functions", "- provides", "+ provides", function);
    // What is gained and not granted would have been refused.
    let permission = |permission: &Value| member(permission, "meaning").to_owned();
    list("permissions", "- no longer asks to", "+ asks, and is granted, to", permission);
    if lines.is_empty() {
        lines.push("    the same routes, functions and permissions".into());
    }
    let migrations = items(bundle, "migrations").iter().filter_map(Value::as_str);
    lines.extend(migrations.map(|name| format!("    migrates its database: {name}")));
    lines
}

/// What an installation may do, line by line.
fn powers(installation: &Installation<Digest>, description: &Description) -> Vec<String> {
    let manifest = &description.manifest;
    let asked = |grant: &HostInterface| manifest.host.contains(grant);
    let granted = installation.grants.iter().filter(|grant| asked(grant));
    let granted = granted.map(|grant| format!("may {}", grant.meaning()));
    let http = installation.grants.contains(&HostInterface::Http);
    let http = installation.http.meanings().into_iter().filter(move |_| http);
    let mail = installation.mail.iter().map(Relay::meaning);
    let mail = mail.filter(|_| installation.grants.contains(&HostInterface::Mail));
    let out = http.chain(mail).map(|meaning| format!("may {meaning}"));
    let feed = installation.feed.iter().map(|kind| format!("may {}", kind.meaning()));
    let needs = manifest.needs.iter().map(|need| format!("may call {}", need.interface));
    let refused = manifest.host.iter().filter(|asked| !installation.grants.contains(asked));
    let refused = refused.map(|asked| format!("asks to {}, which is not granted", asked.meaning()));
    let in_vain = installation.grants.iter().filter(|grant| !asked(grant));
    let in_vain = in_vain.map(|grant| format!("{grant} is granted, but it does not ask for it"));
    let cannot = std::iter::once(inspect::cannot(description));
    let lines =
        granted.chain(out).chain(feed).chain(needs).chain(refused).chain(in_vain).chain(cannot);
    lines.map(|line| format!("    {line}")).collect()
}
