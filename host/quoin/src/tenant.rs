//! `quoin tenant`: shops.

use std::path::Path;

use clap::Subcommand;
use quoin_core::Name;
use serde_json::Value;

use crate::client::Client;
use crate::failed::{Exit, Failed};
use crate::global::Global;
use crate::key::{self, KeyCommand};
use crate::output::{can_ask, confirm, items, member, print, print_json};
use crate::plugin;
use crate::text::{self, table};

#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// List the shops of the host
    List,
    /// Show what a shop runs
    Show {
        /// The shop
        tenant: Name,
    },
    /// End a shop; the databases of its plugins stay on disk
    Remove {
        /// The shop
        tenant: Name,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// The API keys of a shop
    #[command(subcommand)]
    Key(KeyCommand),
}

pub fn run(global: &Global, command: &TenantCommand) -> Result<(), Failed> {
    match command {
        TenantCommand::List => {
            let tenants = Client::new(global)?.get("/v1/tenants")?;
            if global.json {
                return print_json(&tenants);
            }
            print(&list(&tenants))
        }
        TenantCommand::Show { tenant } => {
            let tenant = Client::new(global)?.get(&format!("/v1/tenants/{tenant}"))?;
            if global.json {
                return print_json(&tenant);
            }
            print(&show(&tenant))
        }
        TenantCommand::Remove { tenant, yes } => remove(global, tenant, *yes),
        TenantCommand::Key(command) => key::run(global, command),
    }
}

fn remove(global: &Global, tenant: &Name, yes: bool) -> Result<(), Failed> {
    let (client, path) = (Client::new(global)?, format!("/v1/tenants/{tenant}"));
    // A name that is mistyped is told before anybody is asked about it.
    client.get(&path)?;
    if !yes {
        if !can_ask() {
            return Err(Failed::new(Exit::Usage, "usage", format!("{tenant} is not removed"))
                .advise("Say --yes where nobody can be asked."));
        }
        if !confirm(&format!("Remove the shop {tenant}?")) {
            return Err(Failed::refused("not removed"));
        }
    }
    let removed = client.delete(&path)?;
    if global.json {
        return print_json(&removed);
    }
    let folder = databases(global, tenant);
    print(&format!(
        "{tenant} is removed. The databases of its plugins stay in {folder}; a shop of this name \
         takes them up again; delete the folder to start anew.\n"
    ))
}

/// The folder of a shop's databases: by its path, where this command line knows the data directory.
fn databases(global: &Global, tenant: &Name) -> String {
    let folder = Path::new("tenants").join(tenant.as_str());
    match global.admin {
        None => global.data.join(folder).display().to_string(),
        Some(_) => format!("{} of the host's data directory", folder.display()),
    }
}

fn list(tenants: &Value) -> String {
    let head = ["SHOP", "REVISION", "PLUGINS", "DOMAINS"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for tenant in items(tenants, "tenants") {
        let number = |name| tenant.get(name).and_then(Value::as_u64).unwrap_or_default();
        rows.push(vec![
            member(tenant, "name").to_owned(),
            number("revision").to_string(),
            number("plugins").to_string(),
            domains(tenant),
        ]);
    }
    let faults = items(tenants, "tenants").iter().filter_map(|tenant| {
        let fault = tenant.get("fault")?.as_str()?;
        Some(format!("{} does not run: {}\n", member(tenant, "name"), text::line(fault)))
    });
    table(&rows) + &faults.collect::<String>()
}

fn domains(tenant: &Value) -> String {
    let domains: Vec<_> = items(tenant, "domains").iter().filter_map(Value::as_str).collect();
    domains.join(", ")
}

fn show(tenant: &Value) -> String {
    let number = |name| tenant.get(name).and_then(Value::as_u64).unwrap_or_default();
    let mut text = format!("{}, revision {}\n", member(tenant, "name"), number("revision"));
    if let Some(fault) = tenant.get("fault").and_then(Value::as_str) {
        text += &format!("It does not run: {}\n", text::line(fault));
    }
    text += &format!("Domains: {}\n", domains(tenant));
    match number("draining") {
        0 => {}
        1 => text += "1 replaced generation finishes its calls\n",
        n => text += &format!("{n} replaced generations finish their calls\n"),
    }
    let mut bindings = Vec::new();
    for plugin in items(tenant, "plugins") {
        let bound = plugin.get("bindings").and_then(Value::as_object);
        for (interface, by) in bound.into_iter().flatten() {
            let name = format!("  {}", member(plugin, "name"));
            bindings.push(vec![name, interface.clone(), format!("← {}", served(by))]);
        }
    }
    let route = |route: &Value| {
        let text = |name| member(route, name).to_owned();
        vec![
            format!("  {}", text("access")),
            text("method"),
            text("path"),
            text("plugin"),
            text("call"),
        ]
    };
    let routes: Vec<_> = items(tenant, "routes").iter().map(route).collect();
    format!(
        "{}\n{}\nBindings\n{}\nRoutes\n{}",
        text,
        plugin::list(tenant),
        table(&bindings),
        table(&routes)
    )
}

/// Who serves a binding: a name, names in order, or names by key.
fn served(by: &Value) -> String {
    match by {
        Value::String(name) => name.clone(),
        Value::Array(names) => names.iter().map(served).collect::<Vec<_>>().join(", "),
        Value::Object(names) => {
            names.iter().map(|(k, v)| format!("{k}: {}", served(v))).collect::<Vec<_>>().join(", ")
        }
        _ => String::new(),
    }
}
