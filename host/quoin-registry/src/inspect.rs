//! A bundle told to people and to programs: what it is, what it shares, what it may do.

mod json;
mod text;

pub use json::json;
pub use text::text;

use quoin_core::manifest::HostInterface;
use quoin_core::{Description, Type};

/// What no plugin can do, and what this one cannot do either for want of a grant, as one sentence.
pub fn cannot(description: &Description) -> String {
    let asked = |host| description.manifest.host.contains(&host);
    let mut lacks = vec!["files", "sockets", "environment variables"];
    for (host, name) in [
        (HostInterface::Sql, "database"),
        (HostInterface::Clock, "clock"),
        (HostInterface::Random, "randomness"),
    ] {
        if !asked(host) {
            lacks.push(name);
        }
    }
    let last = lacks.pop().unwrap_or_default();
    let wasi = if description.imports.iter().any(|i| i.name.starts_with("wasi:")) {
        " What else it imports of WASI is empty here."
    } else {
        ""
    };
    format!(
        "It has no {} and no {last}, and sees no other plugin's data.{wasi}",
        lacks.join(", no ")
    )
}

/// Every type with a name that `ty` contains, itself included, innermost first.
fn named<'a>(ty: &'a Type, found: &mut Vec<(&'a str, &'a Type)>) {
    match ty {
        Type::List(t) | Type::Option(t) => named(t, found),
        Type::Result { ok, err } => ok.iter().chain(err).for_each(|t| named(t, found)),
        Type::Tuple(parts) => parts.iter().for_each(|t| named(t, found)),
        Type::Record { fields, .. } => fields.iter().for_each(|f| named(&f.ty, found)),
        Type::Variant { cases, .. } => {
            cases.iter().filter_map(|c| c.ty.as_ref()).for_each(|t| named(t, found));
        }
        _ => {}
    }
    if let Some(name) = ty.name()
        && !found.iter().any(|(known, _)| *known == name.name)
    {
        found.push((&name.name, ty));
    }
}

/// The definition of a named type, as WIT would write it on one line.
fn definition(name: &str, ty: &Type) -> String {
    let (kind, parts) = match ty {
        Type::Record { fields, .. } => {
            ("record", fields.iter().map(|f| format!("{}: {}", f.name, f.ty)).collect::<Vec<_>>())
        }
        Type::Variant { cases, .. } => {
            let case = |c: &quoin_core::types::Case| match &c.ty {
                Some(ty) => format!("{}({ty})", c.name),
                None => c.name.clone(),
            };
            ("variant", cases.iter().map(case).collect())
        }
        Type::Enum { cases, .. } => ("enum", cases.clone()),
        Type::Flags { flags, .. } => ("flags", flags.clone()),
        other => return format!("type {name} = {other}"),
    };
    format!("{kind} {name} {{ {} }}", parts.join(", "))
}

fn types_of(interface: &quoin_core::Interface) -> Vec<(&str, &Type)> {
    let mut found = Vec::new();
    for function in &interface.functions {
        function.params.iter().for_each(|p| named(&p.ty, &mut found));
        function.result.iter().for_each(|t| named(t, &mut found));
    }
    found
}
