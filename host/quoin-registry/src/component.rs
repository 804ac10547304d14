//! What a component imports and exports, from its validated types.

use quoin_core::limits::{FUNCTIONS_MAX, INTERFACE_ITEMS_MAX, INTERFACES_MAX, ITEM_NAME_BYTES_MAX};
use quoin_core::{Function, Interface};
use wasmparser::component_types::{ComponentEntityType, ComponentInstanceType};
use wasmparser::types::{Types, TypesRef};
use wasmparser::{
    BinaryReader, ComponentExportSectionReader, ComponentImportSectionReader, Validator,
    WasmFeatures,
};

use crate::error::{BundleError, cut};
use crate::sections::{EXPORTS, IMPORTS, Section};
use crate::signature::{Budget, Names};

/// What wasmtime runs by default, less what Quoin does not offer to guests: threads and shared
/// memory, garbage-collected types, exceptions, 64-bit memories, component-model async.
const FEATURES: WasmFeatures = WasmFeatures::WASM3
    .difference(WasmFeatures::THREADS)
    .difference(WasmFeatures::GC)
    .difference(WasmFeatures::GC_TYPES)
    .difference(WasmFeatures::EXCEPTIONS)
    .difference(WasmFeatures::MEMORY64)
    .union(WasmFeatures::COMPONENT_MODEL);

/// The function that componentize-qjs runs while it builds a JavaScript component, and leaves among
/// the exports. Nothing ever calls it again.
const LEFT_OVER: &str = "init";

/// The direction of an interface, as messages have it.
pub(crate) const IMPORT: &str = "imports";
pub(crate) const EXPORT: &str = "exports";

/// The imported and the exported interfaces, each by name. Interfaces that hold nothing but plain
/// types are left out: nothing is ever called through them.
pub(crate) fn interfaces(
    bytes: &[u8],
    sections: &[Section],
) -> Result<(Vec<Interface>, Vec<Interface>), BundleError> {
    let types = Validator::new_with_features(FEATURES).validate_all(bytes).map_err(invalid)?;
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    for section in sections {
        let reader = BinaryReader::new(section.body, section.offset);
        match section.id {
            IMPORTS => {
                for import in ComponentImportSectionReader::new(reader).map_err(invalid)? {
                    let name = import.map_err(invalid)?.name.name;
                    let item = types.component_item_for_import(name).map(|i| i.ty);
                    add(&mut imports, IMPORT, name, item, &types)?;
                }
            }
            EXPORTS => {
                for export in ComponentExportSectionReader::new(reader).map_err(invalid)? {
                    let name = export.map_err(invalid)?.name.name;
                    let item = types.component_item_for_export(name).map(|i| i.ty);
                    add(&mut exports, EXPORT, name, item, &types)?;
                }
            }
            _ => {}
        }
    }
    let all = Names::of_all(imports.iter().chain(&exports).copied());
    let mut budget = Budget::default();
    let mut described = |found: Found, direction| -> Result<Vec<Interface>, BundleError> {
        let mut interfaces = Vec::new();
        for (name, instance) in found {
            let of_host = direction == IMPORT && is_of_host(name);
            interfaces.extend(interface(
                name,
                of_host,
                instance,
                &all,
                types.as_ref(),
                &mut budget,
            )?);
        }
        interfaces.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(interfaces)
    };
    Ok((described(imports, IMPORT)?, described(exports, EXPORT)?))
}

fn invalid(why: wasmparser::Error) -> BundleError {
    BundleError::Invalid(why.to_string())
}

/// Whether the host serves this import itself, so that its types need no reading.
pub(crate) fn is_of_host(name: &str) -> bool {
    name.starts_with("quoin:host/") || name.starts_with("wasi:")
}

/// Interfaces by name, in the order of the file.
type Found<'a> = Vec<(&'a str, &'a ComponentInstanceType)>;

fn add<'a>(
    found: &mut Found<'a>,
    direction: &'static str,
    name: &'a str,
    item: Option<ComponentEntityType>,
    types: &'a Types,
) -> Result<(), BundleError> {
    if name.len() > ITEM_NAME_BYTES_MAX {
        return Err(BundleError::NameTooLong(cut(name)));
    }
    if found.len() >= INTERFACES_MAX {
        let count = found.len().saturating_add(1);
        return Err(BundleError::TooManyInterfaces { direction, count });
    }
    let bare = |kind| BundleError::Bare { direction, kind, name: name.into() };
    let instance = match item {
        Some(ComponentEntityType::Instance(id)) if name.contains(':') => &types[id],
        Some(ComponentEntityType::Instance(_)) => return Err(bare("unnamed interface")),
        Some(ComponentEntityType::Func(_)) if direction == EXPORT && name == LEFT_OVER => {
            return Ok(());
        }
        Some(ComponentEntityType::Func(_)) => return Err(bare("function")),
        Some(ComponentEntityType::Type { .. }) => return Err(bare("type")),
        Some(ComponentEntityType::Module(_)) => return Err(bare("module")),
        Some(ComponentEntityType::Component(_)) => return Err(bare("component")),
        Some(ComponentEntityType::Value(_)) | None => return Err(bare("value")),
    };
    if instance.exports.len() > INTERFACE_ITEMS_MAX {
        return Err(BundleError::InterfaceTooLarge(name.into()));
    }
    if let Some((long, _)) = instance.exports.iter().find(|(n, _)| n.len() > ITEM_NAME_BYTES_MAX) {
        return Err(BundleError::NameTooLong(cut(long)));
    }
    found.push((name, instance));
    Ok(())
}

/// The interface, if there is anything but plain types in it.
fn interface<'a>(
    name: &'a str,
    of_host: bool,
    instance: &'a ComponentInstanceType,
    all: &Names<'a>,
    types: TypesRef,
    budget: &mut Budget,
) -> Result<Option<Interface>, BundleError> {
    let names = Names::of(name, instance, all);
    let mut functions = Vec::new();
    for (function, item) in &instance.exports {
        let ComponentEntityType::Func(id) = item.ty else { continue };
        functions.push(if of_host {
            host_function(function)
        } else {
            names.function(function, &types[id], all, types, budget)
        });
    }
    if functions.len() > FUNCTIONS_MAX {
        return Err(BundleError::InterfaceTooLarge(name.into()));
    }
    let has_use = !functions.is_empty() || names.has_resources();
    Ok(has_use.then(|| Interface { name: name.into(), functions }))
}

fn host_function(name: &str) -> Function {
    Function {
        name: name.into(),
        params: Vec::new(),
        result: None,
        refused: Some("belongs to the host".into()),
    }
}
