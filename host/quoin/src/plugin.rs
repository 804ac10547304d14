//! `quoin plugin`: bundles, and the plugins of a shop.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use quoin_core::Name;
use quoin_core::limits::{
    BUNDLE_BYTES_MAX, MANIFEST_BYTES_MAX, MIGRATION_BYTES_MAX, MIGRATIONS_MAX,
};
use quoin_registry::inspect;
use serde_json::{Value, json};

use crate::bundle::{self, BundleFile};
use crate::client::Client;
use crate::failed::Failed;
use crate::file;
use crate::global::Global;
use crate::output::{items, member, print, print_json};
use crate::plan;
use crate::text::table;

#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// Tell what a bundle is and what it may do; needs no host
    Inspect {
        /// The bundle
        file: PathBuf,
    },
    /// Make a bundle of a component; needs no host
    Bundle(BundleArgs),
    /// Put another bundle behind an installation, while the shop is open
    Swap {
        /// The shop
        tenant: Name,
        /// The installation
        installation: Name,
        /// The bundle
        file: PathBuf,
        /// Show what would change, and change nothing (the host keeps a bundle that it had not seen).
        /// Migrations are tried and taken back; meanwhile, writing calls of the plugin and other
        /// changes of the shop wait
        #[arg(long)]
        dry_run: bool,
    },
    /// Put an installation back to what it was before its last change
    Back {
        /// The shop
        tenant: Name,
        /// The installation
        installation: Name,
        /// Show what would change, and change nothing. Migrations are tried and taken back; meanwhile,
        /// writing calls of the plugin and other changes of the shop wait
        #[arg(long)]
        dry_run: bool,
    },
    /// List a shop's plugins
    List {
        /// The shop
        tenant: Name,
    },
}

#[derive(Debug, Args)]
pub struct BundleArgs {
    /// The component
    pub component: PathBuf,
    /// The manifest
    #[arg(long, value_name = "PLUGIN.TOML")]
    pub manifest: PathBuf,
    /// A folder with migrations: 0001_name.sql, 0002_name.sql …
    #[arg(long, value_name = "DIR")]
    pub migrations: Option<PathBuf>,
    /// Where the bundle goes
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
}

pub fn run(global: &Global, command: &PluginCommand) -> Result<(), Failed> {
    match command {
        PluginCommand::Inspect { file } => {
            let bundle = BundleFile::read(file)?;
            if global.json {
                return print_json(&inspect::json(&bundle.description));
            }
            print(&inspect::text(&bundle.description))
        }
        PluginCommand::Bundle(args) => pack(global, args),
        PluginCommand::Swap { tenant, installation, file, dry_run } => {
            let bundle = BundleFile::read(file)?;
            let client = Client::new(global)?;
            // Before the upload, which may take long.
            client.get(&format!("/v1/tenants/{tenant}"))?;
            bundle::upload(&client, &[&bundle], global.json)?;
            let path = format!("/v1/tenants/{tenant}/plugins/{installation}/swap");
            let body = json!({ "bundle": bundle.digest() });
            let then = format!(
                "To go back: quoin plugin back {tenant} {installation}\n\
                 Name this bundle in the shop file, or the next `quoin apply` takes the swap back.\n"
            );
            change(global, &client, &path, &body, *dry_run, &then)
        }
        PluginCommand::Back { tenant, installation, dry_run } => {
            let path = format!("/v1/tenants/{tenant}/plugins/{installation}/back");
            let then = format!(
                "To return to the other version: quoin plugin back {tenant} {installation}\n"
            );
            change(global, &Client::new(global)?, &path, &json!({}), *dry_run, &then)
        }
        PluginCommand::List { tenant } => {
            let tenant = Client::new(global)?.get(&format!("/v1/tenants/{tenant}"))?;
            if global.json {
                return print_json(&json!({ "plugins": items(&tenant, "plugins") }));
            }
            print(&list(&tenant))
        }
    }
}

fn pack(global: &Global, args: &BundleArgs) -> Result<(), Failed> {
    let component = file::read(&args.component, BUNDLE_BYTES_MAX)
        .map_err(|e| Failed::file("read", &args.component, e))?;
    let manifest = file::read_text(&args.manifest, MANIFEST_BYTES_MAX)
        .map_err(|e| Failed::file("read", &args.manifest, e))?;
    let migrations = args.migrations.as_deref().map_or(Ok(Vec::new()), migrations)?;
    let bundle = quoin_registry::pack(&component, &manifest, &migrations)
        .map_err(|e| Failed::refused(format!("{}: {e}", args.component.display())))?;
    file::write(&args.output, &bundle, 0o644)
        .map_err(|e| Failed::file("write", &args.output, e))?;
    let (digest, size) = (quoin_core::Digest::of(&bundle), bundle.len());
    if global.json {
        return print_json(&json!({ "file": args.output, "digest": digest, "size": size }));
    }
    print(&format!("{}: {size} bytes, digest {digest}\n", args.output.display()))
}

/// The SQL files of a folder, as pairs of name and text.
fn migrations(folder: &Path) -> Result<Vec<(String, String)>, Failed> {
    let failed = |e| Failed::file("read", folder, e);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(name) = path.file_name().and_then(|n| n.to_str()) else { continue };
        if !name.ends_with(".sql") {
            continue;
        }
        if found.len() >= MIGRATIONS_MAX {
            return Err(Failed::file("use", folder, "it has too many migrations"));
        }
        let text = file::read_text(&path, MIGRATION_BYTES_MAX)
            .map_err(|e| Failed::file("read", &path, e))?;
        found.push((name.to_owned(), text));
    }
    Ok(found)
}

/// Changes an installation, or tries it, and tells what that changes for the shop; after a change, also
/// what one may do `then`.
fn change(
    global: &Global,
    client: &Client,
    path: &str,
    body: &Value,
    dry_run: bool,
    then: &str,
) -> Result<(), Failed> {
    let query = if dry_run { "?dry-run=true" } else { "" };
    let told = client.post(&format!("{path}{query}"), body)?;
    if global.json {
        return print_json(&told);
    }
    print(&plan::of_installation(&told))?;
    if dry_run || items(&told, "changes").is_empty() {
        return Ok(());
    }
    let revision = told.get("revision").cloned().unwrap_or_default();
    print(&format!("{} is at revision {revision}.\n{then}", member(&told, "tenant")))
}

/// A tenant's plugins as a table.
pub fn list(tenant: &Value) -> String {
    let mut rows = vec![row([
        "INSTALLATION",
        "PLUGIN",
        "VERSION",
        "BUNDLE",
        "GENERATION",
        "CALLS",
        "KEPT",
        "FAILED",
    ])];
    for plugin in items(tenant, "plugins") {
        let number = |pointer| plugin.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
        let bundle: String = member(plugin, "bundle").chars().take(12).collect();
        rows.push(row([
            member(plugin, "name"),
            member(plugin, "plugin"),
            member(plugin, "version"),
            &bundle,
            &number("/generation").to_string(),
            &number("/stats/calls").to_string(),
            &number("/stats/kept").to_string(),
            &number("/stats/failures").to_string(),
        ]));
    }
    table(&rows)
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).into()
}
