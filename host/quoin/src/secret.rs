//! `quoin secret`: what a shop's plugins may have put into their requests, and never see.

use clap::Subcommand;
use quoin_core::Name;
use quoin_core::limits::SECRET_BYTES_MAX;
use serde_json::{Value, json};

use crate::client::Client;
use crate::failed::Failed;
use crate::file;
use crate::global::Global;
use crate::output::{items, member, print, print_json};
use crate::text::table;
use crate::time::utc;

#[derive(Debug, Subcommand)]
pub enum SecretCommand {
    /// Set a secret to what standard input has, without the line break at its end
    Set {
        /// The shop
        tenant: Name,
        /// What plugins call it
        name: Name,
    },
    /// List the secrets, without what they are
    List {
        /// The shop
        tenant: Name,
    },
    /// Remove a secret: requests that need it fail from then on
    Remove {
        /// The shop
        tenant: Name,
        /// What plugins call it
        name: Name,
    },
}

pub fn run(global: &Global, command: &SecretCommand) -> Result<(), Failed> {
    let client = Client::new(global)?;
    match command {
        SecretCommand::Set { tenant, name } => {
            let text = file::stdin_text(SECRET_BYTES_MAX + 2).map_err(|e| {
                Failed::refused(format!("the secret cannot be read: {e}")).advise(format!(
                    "Write it to standard input: {SECRET_BYTES_MAX} bytes at most."
                ))
            })?;
            let text = text.strip_suffix('\n').unwrap_or(&text);
            let value = text.strip_suffix('\r').unwrap_or(text);
            let path = format!("/v1/tenants/{tenant}/secrets/{name}");
            let set = client.put(&path, &json!({ "value": value }).to_string())?;
            if global.json {
                return print_json(&set);
            }
            print(&format!("The secret {name} is set.\n"))
        }
        SecretCommand::List { tenant } => {
            let secrets = client.get(&format!("/v1/tenants/{tenant}/secrets"))?;
            if global.json {
                return print_json(&secrets);
            }
            print(&list(&secrets))
        }
        SecretCommand::Remove { tenant, name } => {
            let removed = client.delete(&format!("/v1/tenants/{tenant}/secrets/{name}"))?;
            if global.json {
                return print_json(&removed);
            }
            print(&format!("The secret {name} is removed.\n"))
        }
    }
}

fn list(secrets: &Value) -> String {
    let mut rows = vec![["NAME", "SET", "PLUGINS"].map(str::to_owned).to_vec()];
    for secret in items(secrets, "secrets") {
        let set = match secret.get("set-ms").and_then(Value::as_u64) {
            None => "not set".to_owned(),
            Some(_) if secret.get("opens") == Some(&false.into()) => {
                "with another key: set it again".to_owned()
            }
            Some(ms) => utc(ms),
        };
        let plugins: Vec<_> = items(secret, "plugins").iter().filter_map(Value::as_str).collect();
        rows.push(vec![member(secret, "name").to_owned(), set, plugins.join(", ")]);
    }
    table(&rows)
}
