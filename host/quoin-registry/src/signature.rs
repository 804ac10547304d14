//! The signatures of functions, from the validator's types to the host's own.
//!
//! Types are shared in a binary, so a few bytes can describe a tree of millions of nodes. Depth,
//! nodes of one function and nodes of the whole bundle are therefore bounded while reading.

use std::collections::HashMap;

use quoin_core::limits::{ITEM_NAME_BYTES_MAX, TYPE_DEPTH_MAX, TYPE_NODES_MAX};
use quoin_core::types::{Case, Field, TypeName};
use quoin_core::{Function, Type};
use wasmparser::PrimitiveValType as P;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentEntityType,
    ComponentFuncType, ComponentInstanceType, ComponentValType, ResourceId,
};
use wasmparser::types::TypesRef;

/// Type nodes in all functions of a bundle: sixteen of the largest functions, or a thousand of sixty
/// nodes, which is some 20 MiB in memory.
const BUNDLE_NODES_MAX: usize = 65_536;
/// Renamings of a type that are followed to find a name for it; each interface that uses it adds one.
const ALIASES_MAX: usize = 8;

/// The type nodes that a bundle has used up.
#[derive(Default)]
pub(crate) struct Budget {
    used: usize,
}

/// The names that interfaces give to their types.
#[derive(Default)]
pub(crate) struct Names<'a> {
    types: HashMap<ComponentDefinedTypeId, Named<'a>>,
    resources: HashMap<ResourceId, &'a str>,
}

#[derive(Clone, Copy)]
struct Named<'a> {
    name: &'a str,
    /// The interface that defines the type, which one that uses it names as well.
    origin: &'a str,
}

impl<'a> Names<'a> {
    /// The names in one interface, `elsewhere` being those of all.
    pub(crate) fn of(
        interface: &'a str,
        instance: &'a ComponentInstanceType,
        elsewhere: &Names<'a>,
    ) -> Names<'a> {
        let mut names = Names::default();
        names.add(interface, instance);
        for (id, named) in &mut names.types {
            named.origin = elsewhere.types.get(id).map_or(named.origin, |known| known.origin);
        }
        names
    }

    /// The names of all interfaces, each of which may use types of those before it; where they differ
    /// on a type, the first one's.
    pub(crate) fn of_all(
        interfaces: impl Iterator<Item = (&'a str, &'a ComponentInstanceType)>,
    ) -> Names<'a> {
        let mut names = Names::default();
        interfaces.for_each(|(interface, instance)| names.add(interface, instance));
        names
    }

    fn add(&mut self, interface: &'a str, instance: &'a ComponentInstanceType) {
        for (name, item) in &instance.exports {
            match item.ty {
                ComponentEntityType::Type {
                    created: ComponentAnyTypeId::Defined(id),
                    referenced: ComponentAnyTypeId::Defined(used),
                } => {
                    let origin = self.types.get(&used).map_or(interface, |used| used.origin);
                    self.types.entry(id).or_insert(Named { name, origin });
                }
                ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(id), .. } => {
                    self.resources.entry(id.resource()).or_insert(name);
                }
                _ => {}
            }
        }
    }

    pub(crate) fn has_resources(&self) -> bool {
        !self.resources.is_empty()
    }

    /// The function, marked as refused where its signature cannot cross plugins. Types that have no
    /// name here, because only other types refer to them, have the one that they have `elsewhere`.
    pub(crate) fn function(
        &self,
        name: &str,
        ty: &ComponentFuncType,
        elsewhere: &Names,
        types: TypesRef,
        budget: &mut Budget,
    ) -> Function {
        let mut walk = Walk { names: [self, elsewhere], types, nodes: 0, budget };
        match walk.signature(name, ty) {
            Ok((params, result)) => Function { name: name.into(), params, result, refused: None },
            Err(why) => {
                Function { name: name.into(), params: Vec::new(), result: None, refused: Some(why) }
            }
        }
    }
}

struct Walk<'a> {
    names: [&'a Names<'a>; 2],
    types: TypesRef<'a>,
    nodes: usize,
    budget: &'a mut Budget,
}

/// Why a type cannot cross plugins: a clause that goes on from "it …".
type Refusal = String;

impl Walk<'_> {
    fn signature(
        &mut self,
        name: &str,
        ty: &ComponentFuncType,
    ) -> Result<(Vec<Field>, Option<Type>), Refusal> {
        if name.starts_with('[') {
            return Err("is a method of a resource".into());
        }
        if ty.async_ {
            return Err("is async".into());
        }
        let params = (ty.params.iter())
            .map(|(name, ty)| Ok(Field::new(checked(name.as_str())?, self.value(*ty, 1)?)))
            .collect::<Result<_, Refusal>>()?;
        let result = ty.result.map(|ty| self.value(ty, 1)).transpose()?;
        Ok((params, result))
    }

    fn value(&mut self, ty: ComponentValType, depth: usize) -> Result<Type, Refusal> {
        self.count(1)?;
        if depth > TYPE_DEPTH_MAX {
            return Err(format!("has a type that is nested deeper than {TYPE_DEPTH_MAX} levels"));
        }
        match ty {
            ComponentValType::Primitive(p) => primitive(p),
            ComponentValType::Type(id) => self.defined(id, depth.saturating_add(1)),
        }
    }

    fn count(&mut self, nodes: usize) -> Result<(), Refusal> {
        self.nodes = self.nodes.saturating_add(nodes);
        self.budget.used = self.budget.used.saturating_add(nodes);
        if self.nodes > TYPE_NODES_MAX {
            return Err(format!("has types of more than {TYPE_NODES_MAX} parts"));
        }
        if self.budget.used > BUNDLE_NODES_MAX {
            return Err(format!(
                "is one too many: the types of the whole bundle have more than {BUNDLE_NODES_MAX} parts"
            ));
        }
        Ok(())
    }

    fn boxed(
        &mut self,
        ty: Option<ComponentValType>,
        depth: usize,
    ) -> Result<Option<Box<Type>>, Refusal> {
        ty.map(|ty| self.value(ty, depth).map(Box::new)).transpose()
    }

    fn defined(&mut self, id: ComponentDefinedTypeId, depth: usize) -> Result<Type, Refusal> {
        use ComponentDefinedType as D;
        let types = self.types;
        let name = || self.names.iter().find_map(|names| names.name(id, types));
        Ok(match &types[id] {
            D::Primitive(p) => primitive(*p)?,
            D::Record(record) => {
                let name = name();
                let fields = (record.fields.iter())
                    .map(|(n, ty)| Ok(Field::new(checked(n.as_str())?, self.value(*ty, depth)?)))
                    .collect::<Result<_, Refusal>>()?;
                Type::Record { name, fields }
            }
            D::Variant(variant) => {
                let name = name();
                self.count(variant.cases.len())?;
                let cases = (variant.cases.iter())
                    .map(|(n, case)| {
                        let ty = case.ty.map(|ty| self.value(ty, depth)).transpose()?;
                        Ok(Case { name: checked(n.as_str())?.into(), ty })
                    })
                    .collect::<Result<_, Refusal>>()?;
                Type::Variant { name, cases }
            }
            D::Enum(cases) => {
                let name = name();
                self.count(cases.len())?;
                Type::Enum { name, cases: all_checked(cases.iter().map(|c| c.as_str()))? }
            }
            D::Flags(flags) => {
                let name = name();
                self.count(flags.len())?;
                Type::Flags { name, flags: all_checked(flags.iter().map(|f| f.as_str()))? }
            }
            D::List { element, .. } => Type::List(Box::new(self.value(*element, depth)?)),
            D::Option { ty, .. } => Type::Option(Box::new(self.value(*ty, depth)?)),
            D::Tuple(tuple) => Type::Tuple(
                tuple.types.iter().map(|ty| self.value(*ty, depth)).collect::<Result<_, _>>()?,
            ),
            D::Result { ok, err, .. } => {
                Type::Result { ok: self.boxed(*ok, depth)?, err: self.boxed(*err, depth)? }
            }
            D::Own(id) | D::Borrow(id) => {
                let name = self.names.iter().find_map(|names| names.resources.get(&id.resource()));
                return Err(format!("uses the resource handle \"{}\"", name.unwrap_or(&"?")));
            }
            D::Map { .. } => return Err("uses a map".into()),
            D::FixedLengthList { .. } => return Err("uses a list of fixed length".into()),
            D::Future { .. } => return Err("uses a future".into()),
            D::Stream { .. } => return Err("uses a stream".into()),
        })
    }
}

impl Names<'_> {
    fn name(&self, mut id: ComponentDefinedTypeId, types: TypesRef) -> Option<TypeName> {
        for _ in 0..ALIASES_MAX {
            if let Some(Named { name, origin }) = self.types.get(&id).copied() {
                return Some(TypeName { name: name.into(), interface: origin.into() });
            }
            id = types.peel_alias(id)?;
        }
        None
    }
}

fn all_checked<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<String>, Refusal> {
    names.map(|name| Ok(checked(name)?.into())).collect()
}

fn checked(name: &str) -> Result<&str, Refusal> {
    if name.len() > ITEM_NAME_BYTES_MAX {
        Err(format!("has a name that is longer than {ITEM_NAME_BYTES_MAX} bytes"))
    } else {
        Ok(name)
    }
}

fn primitive(p: P) -> Result<Type, Refusal> {
    Ok(match p {
        P::Bool => Type::Bool,
        P::S8 => Type::S8,
        P::U8 => Type::U8,
        P::S16 => Type::S16,
        P::U16 => Type::U16,
        P::S32 => Type::S32,
        P::U32 => Type::U32,
        P::S64 => Type::S64,
        P::U64 => Type::U64,
        P::F32 => Type::F32,
        P::F64 => Type::F64,
        P::Char => Type::Char,
        P::String => Type::String,
        P::ErrorContext => return Err("uses an error-context".into()),
    })
}
