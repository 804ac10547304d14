use quoin_core::manifest::{HostInterface, Need};
use quoin_core::{Description, Interface};
use serde_json::{Value, json};

use super::{cannot, definition, types_of};

/// The bundle as a JSON object for programs. Its keys are kebab-case, as in `plugin.toml`.
pub fn json(description: &Description) -> Value {
    let manifest = &description.manifest;
    let provides = description.exports.iter().map(|i| interface(i, description));
    json!({
        "name": manifest.name,
        "version": manifest.version,
        "description": manifest.description,
        "digest": description.digest,
        "size": description.size,
        "provides": provides.collect::<Vec<_>>(),
        "needs": manifest.needs.iter().map(|n| need(n, description)).collect::<Vec<_>>(),
        "host": manifest.host.iter().map(|h| host(*h)).collect::<Vec<_>>(),
        "http": manifest.http,
        "feed": manifest.feed,
        "imports": description.imports.iter().map(|i| &i.name).collect::<Vec<_>>(),
        "cannot": cannot(description),
        "routes": manifest.routes,
        "web": manifest.web,
        "errors": manifest.errors,
        "config": manifest.config,
        "migrations": description.migrations,
        "instance": manifest.instance,
        "limits": manifest.limits,
    })
}

fn host(host: HostInterface) -> Value {
    json!({ "name": host, "meaning": host.meaning() })
}

fn need(need: &Need, description: &Description) -> Value {
    let functions = description.import(need.interface.as_str()).map(|i| interface(i, description));
    let mut value = functions.unwrap_or_else(|| json!({ "interface": need.interface }));
    if let (Value::Object(value), Ok(Value::Object(stated))) =
        (&mut value, serde_json::to_value(need))
    {
        value.extend(stated);
    }
    value
}

fn interface(interface: &Interface, description: &Description) -> Value {
    let function = |f: &quoin_core::Function| {
        json!({
            "name": f.name,
            "signature": f.to_string(),
            "reads": description.manifest.is_read(&interface.name, &f.name),
            "params": f.params,
            "result": f.result,
        })
    };
    let types = types_of(interface).into_iter().map(|(name, ty)| definition(name, ty));
    json!({
        "interface": interface.name,
        "functions": interface.functions.iter().map(function).collect::<Vec<_>>(),
        "types": types.collect::<Vec<_>>(),
    })
}
