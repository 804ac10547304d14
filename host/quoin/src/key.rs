//! `quoin tenant key`: the API keys of a shop.

use clap::Subcommand;
use quoin_core::Name;
use serde_json::{Value, json};

use crate::client::Client;
use crate::failed::Failed;
use crate::global::Global;
use crate::output::{items, member, print, print_json};
use crate::text::table;
use crate::time::utc;

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key, and print its secret this one time
    Create {
        /// The shop
        tenant: Name,
        /// What it is for
        #[arg(long, default_value = "")]
        label: String,
    },
    /// List the keys, without their secrets
    List {
        /// The shop
        tenant: Name,
    },
    /// Remove a key: who has it can no longer use it
    Remove {
        /// The shop
        tenant: Name,
        /// The key's id
        #[arg(value_parser = key_id)]
        id: String,
    },
}

/// A key's id goes into a path.
fn key_id(text: &str) -> Result<String, String> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Ok(text.to_owned());
    }
    Err("a key's id is letters and digits; `quoin tenant key list` shows it".into())
}

pub fn run(global: &Global, command: &KeyCommand) -> Result<(), Failed> {
    let client = Client::new(global)?;
    match command {
        KeyCommand::Create { tenant, label } => {
            let path = format!("/v1/tenants/{tenant}/keys");
            let key = client.post(&path, &json!({ "label": label }))?;
            if global.json {
                return print_json(&key);
            }
            eprintln!("Key {}. Its secret is shown this once:", member(&key, "id"));
            print(&format!("{}\n", member(&key, "secret")))
        }
        KeyCommand::List { tenant } => {
            let keys = client.get(&format!("/v1/tenants/{tenant}/keys"))?;
            if global.json {
                return print_json(&keys);
            }
            print(&list(&keys))
        }
        KeyCommand::Remove { tenant, id } => {
            let removed = client.delete(&format!("/v1/tenants/{tenant}/keys/{id}"))?;
            if global.json {
                return print_json(&removed);
            }
            print(&format!("The key {id} is removed.\n"))
        }
    }
}

fn list(keys: &Value) -> String {
    let mut rows = vec![["ID", "CREATED", "LABEL"].map(str::to_owned).to_vec()];
    for key in items(keys, "keys") {
        let created = key.get("created-ms").and_then(Value::as_u64).unwrap_or_default();
        rows.push(vec![
            member(key, "id").to_owned(),
            utc(created),
            member(key, "label").to_owned(),
        ]);
    }
    table(&rows)
}
