//! The names of the schemas in a document.

use std::collections::{BTreeMap, BTreeSet};

use quoin_core::Type;
use quoin_core::types::TypeName;

use super::operation::Operation;

/// Which way a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To a function. Options may be left out, and nothing unknown may be there.
    Request,
    /// From a function. Options are there, if only as null.
    Response,
}

impl Direction {
    /// The direction by which the schema of a named type is told: enums look the same both ways.
    fn that_matters(self, ty: &Type) -> Direction {
        if matches!(ty, Type::Enum { .. }) { Direction::Response } else { self }
    }
}

/// The named types of a document, each with the name of its schema.
///
/// A record looks different on its way in, where members may be missing and none may be unknown,
/// and on its way out, where all are there and more may come with a later version. The way in adds
/// `Input` to the name.
pub struct Names {
    /// By the name in WIT.
    by_name: BTreeMap<String, Vec<Entry>>,
}

struct Entry {
    ty: Type,
    direction: Direction,
    /// The interface that defines the type.
    interface: String,
    name: String,
}

impl Names {
    /// The names of all types of these operations.
    pub fn of(operations: &[Operation<'_>]) -> Names {
        let mut names = Names { by_name: BTreeMap::new() };
        for operation in operations {
            for param in &operation.function.params {
                names.claim(&param.ty, Direction::Request);
            }
            if let Some(result) = &operation.function.result {
                names.claim(result, Direction::Response);
            }
        }
        names.settle(&operations.iter().map(|operation| operation.interface).collect());
        names
    }

    /// The name of the schema of a named type.
    pub fn get(&self, ty: &Type, direction: Direction) -> Option<&str> {
        let direction = direction.that_matters(ty);
        let entries = self.by_name.get(&ty.name()?.name)?;
        entries.iter().find(|e| e.is(ty, direction)).map(|e| e.name.as_str())
    }

    /// All named types, each with its direction and the name of its schema.
    pub fn all(&self) -> impl Iterator<Item = (&Type, Direction, &str)> {
        let entries = self.by_name.values().flatten();
        entries.map(|entry| (&entry.ty, entry.direction, entry.name.as_str()))
    }

    fn claim(&mut self, ty: &Type, direction: Direction) {
        if let Some(TypeName { name, interface }) = ty.name() {
            let direction = direction.that_matters(ty);
            let entries = self.by_name.entry(name.clone()).or_default();
            if entries.iter().any(|e| e.is(ty, direction)) {
                return;
            }
            let (interface, name) = (interface.clone(), String::new());
            entries.push(Entry { ty: ty.clone(), direction, interface, name });
        }
        for part in parts(ty) {
            self.claim(part, direction);
        }
    }

    /// Gives each entry its name: the one that its author gave it, unless different types want it.
    /// Then a noun that others share keeps it, one whose interface has none of the `routed` functions.
    /// The rest are told apart by the interfaces that define them, and if need be by a number.
    fn settle(&mut self, routed: &BTreeSet<&str>) {
        // How many want a name, and how many of these are shared. The host has a noun of its own.
        let mut wanted = BTreeMap::from([("Problem".to_owned(), (1_usize, 1_usize))]);
        for (name, entry) in self.by_name.iter().flat_map(|(n, es)| es.iter().map(move |e| (n, e)))
        {
            let (all, shared) = wanted.entry(simple_name(name, entry.direction)).or_default();
            *all += 1;
            *shared += usize::from(!routed.contains(entry.interface.as_str()));
        }
        let mut taken = BTreeSet::from(["Problem".to_owned()]);
        for (wit_name, entries) in &mut self.by_name {
            for entry in entries {
                let mut name = simple_name(wit_name, entry.direction);
                let is_shared = !routed.contains(entry.interface.as_str());
                let (all, shared) = wanted.get(&name).copied().unwrap_or_default();
                if all > 1 && !(is_shared && shared == 1) {
                    name = format!("{}{name}", interface_name(&entry.interface));
                }
                entry.name = unique(name, &mut taken);
            }
        }
    }
}

impl Entry {
    /// Whether this is the entry of a type of the same name. Different plugins may have built the
    /// same type from different versions of its package: what counts is what it is.
    fn is(&self, ty: &Type, direction: Direction) -> bool {
        self.direction == direction && self.ty.has_structure_of(ty)
    }
}

/// The name, or if it is taken, the name with the first number that makes it free.
pub fn unique(name: String, taken: &mut BTreeSet<String>) -> String {
    let mut free = name.clone();
    let mut number = 1_usize;
    while !taken.insert(free.clone()) {
        number += 1;
        free = format!("{name}{number}");
    }
    free
}

fn simple_name(name: &str, direction: Direction) -> String {
    let input = direction == Direction::Request && !name.ends_with("-input");
    format!("{}{}", pascal(name), if input { "Input" } else { "" })
}

/// `quoin:things/lists@0.1.0` as `ThingsLists`, and `quoin:things/things@0.1.0` as `Things`.
fn interface_name(interface: &str) -> String {
    let path = interface.split('@').next().unwrap_or(interface);
    let path = path.split_once(':').map_or(path, |(_, path)| path);
    let mut parts: Vec<String> = path.split('/').map(pascal).collect();
    parts.dedup();
    parts.concat()
}

/// `kebab-case` as `PascalCase`.
pub fn pascal(kebab: &str) -> String {
    let mut words = String::with_capacity(kebab.len());
    for word in kebab.split('-') {
        let mut chars = word.chars();
        words.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        words.push_str(chars.as_str());
    }
    words
}

fn parts(ty: &Type) -> Vec<&Type> {
    match ty {
        Type::List(inner) | Type::Option(inner) => vec![inner],
        Type::Result { ok, err } => ok.iter().chain(err).map(|ty| &**ty).collect(),
        Type::Tuple(parts) => parts.iter().collect(),
        Type::Record { fields, .. } => fields.iter().map(|field| &field.ty).collect(),
        Type::Variant { cases, .. } => cases.iter().filter_map(|case| case.ty.as_ref()).collect(),
        _ => Vec::new(),
    }
}
