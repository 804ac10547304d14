//! The types that cross plugins, as the host sees them: structure only, no engine.
//!
//! One model serves the printed signatures, the comparison at install and swap, the mapping to
//! JSON, and OpenAPI. It follows the value types of the component model
//! (<https://component-model.bytecodealliance.org/design/wit.html>); resource handles, streams and
//! futures have no place in it, because they do not cross plugins.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A value type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Type {
    /// `bool`
    Bool,
    /// `s8`
    S8,
    /// `u8`
    U8,
    /// `s16`
    S16,
    /// `u16`
    U16,
    /// `s32`
    S32,
    /// `u32`
    U32,
    /// `s64`
    S64,
    /// `u64`
    U64,
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `char`
    Char,
    /// `string`
    String,
    /// `list<T>`
    List(Box<Type>),
    /// `option<T>`
    Option(Box<Type>),
    /// `result<T, E>`; either side may be absent.
    Result {
        /// The type of success.
        ok: Option<Box<Type>>,
        /// The type of failure.
        err: Option<Box<Type>>,
    },
    /// `tuple<A, B>`
    Tuple(Vec<Type>),
    /// A record with its fields in order.
    Record {
        /// What it is called in WIT.
        name: Option<TypeName>,
        /// The fields in order.
        fields: Vec<Field>,
    },
    /// A variant with its cases in order.
    Variant {
        /// What it is called in WIT.
        name: Option<TypeName>,
        /// The cases in order.
        cases: Vec<Case>,
    },
    /// An enum with its cases in order.
    Enum {
        /// What it is called in WIT.
        name: Option<TypeName>,
        /// The cases in order.
        cases: Vec<String>,
    },
    /// Flags with their names in order.
    Flags {
        /// What it is called in WIT.
        name: Option<TypeName>,
        /// The flags in order.
        flags: Vec<String>,
    },
}

/// What a type is called: for people, and not part of its structure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeName {
    /// The name in WIT, kebab-case.
    pub name: String,
    /// The interface that defines it, with version. Others may use it from there.
    pub interface: String,
}

impl Type {
    /// What it is called, if it is of a kind that has a name and was given one.
    pub fn name(&self) -> Option<&TypeName> {
        match self {
            Type::Record { name, .. }
            | Type::Variant { name, .. }
            | Type::Enum { name, .. }
            | Type::Flags { name, .. } => name.as_ref(),
            _ => None,
        }
    }

    /// Whether both have the same structure, whatever they and their parts are called.
    pub fn has_structure_of(&self, other: &Type) -> bool {
        difference(self, other, "").is_none()
    }
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The name in WIT, kebab-case.
    pub name: String,
    /// The name in JSON, lowerCamelCase.
    pub json: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: Type,
}

impl Field {
    /// A field; the JSON name follows from the WIT name.
    pub fn new(name: impl Into<String>, ty: Type) -> Field {
        let name = name.into();
        Field { json: lower_camel(&name), name, ty }
    }
}

/// A case of a variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The name in WIT, kebab-case.
    pub name: String,
    /// What it carries, if anything.
    #[serde(rename = "type")]
    pub ty: Option<Type>,
}

/// A function of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// The name in WIT.
    pub name: String,
    /// The parameters in order.
    pub params: Vec<Field>,
    /// What it returns, if anything.
    pub result: Option<Type>,
    /// Why it cannot cross plugins (a resource handle, a stream …), if it cannot.
    pub refused: Option<String>,
}

/// An interface that a component imports or exports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// The full name with version, e.g. `acme:things/store@0.1.0`.
    pub name: String,
    /// The functions, by name.
    pub functions: Vec<Function>,
}

impl Interface {
    /// The function of this name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|f| f.name == name)
    }
}

/// `kebab-case` as `lowerCamelCase`.
pub fn lower_camel(kebab: &str) -> String {
    let mut out = String::with_capacity(kebab.len());
    let mut upper = false;
    for c in kebab.chars() {
        if c == '-' {
            upper = true;
        } else if upper {
            out.extend(c.to_uppercase());
            upper = false;
        } else {
            out.push(c);
        }
    }
    out
}

/// The first structural difference between what a provider has and what a consumer expects, told as
/// a sentence with the place of it; `None` when they are equal. There is no subtyping: names and
/// order of fields and cases must match.
pub fn function_difference(provider: &Function, consumer: &Function) -> Option<String> {
    if let Some(why) = provider.refused.as_ref().or(consumer.refused.as_ref()) {
        return Some(why.clone());
    }
    if provider.params.len() != consumer.params.len() {
        return Some(format!(
            "the provider takes {} parameters, the consumer passes {}",
            provider.params.len(),
            consumer.params.len()
        ));
    }
    for (p, c) in provider.params.iter().zip(&consumer.params) {
        if p.name != c.name {
            return Some(format!(
                "the provider's parameter \"{}\" is \"{}\" at the consumer",
                p.name, c.name
            ));
        }
        if let Some(d) = difference(&p.ty, &c.ty, &format!("parameter \"{}\"", p.name)) {
            return Some(d);
        }
    }
    match (&provider.result, &consumer.result) {
        (None, None) => None,
        (Some(p), Some(c)) => difference(p, c, "the result"),
        (Some(p), None) => Some(format!("the provider returns {p}, the consumer expects nothing")),
        (None, Some(c)) => Some(format!("the provider returns nothing, the consumer expects {c}")),
    }
}

fn difference(p: &Type, c: &Type, at: &str) -> Option<String> {
    use Type as T;
    match (p, c) {
        (T::List(p), T::List(c)) => difference(p, c, &format!("{at}, element")),
        (T::Option(p), T::Option(c)) => difference(p, c, &format!("{at}, value")),
        (T::Result { ok: po, err: pe }, T::Result { ok: co, err: ce }) => {
            optional_difference(po.as_deref(), co.as_deref(), &format!("{at}, ok")).or_else(|| {
                optional_difference(pe.as_deref(), ce.as_deref(), &format!("{at}, err"))
            })
        }
        (T::Tuple(p), T::Tuple(c)) if p.len() == c.len() => (p.iter().zip(c))
            .enumerate()
            .find_map(|(i, (p, c))| difference(p, c, &format!("{at}, part {i}"))),
        (T::Record { fields: pf, .. }, T::Record { fields: cf, .. }) => {
            names_difference("field", pf.iter().map(|f| &f.name), cf.iter().map(|f| &f.name), at)
                .or_else(|| {
                    (pf.iter().zip(cf)).find_map(|(p, c)| {
                        difference(&p.ty, &c.ty, &format!("{at}, field \"{}\"", p.name))
                    })
                })
        }
        (T::Variant { cases: pc, .. }, T::Variant { cases: cc, .. }) => {
            names_difference("case", pc.iter().map(|f| &f.name), cc.iter().map(|f| &f.name), at)
                .or_else(|| {
                    (pc.iter().zip(cc)).find_map(|(p, c)| {
                        let at = format!("{at}, case \"{}\"", p.name);
                        optional_difference(p.ty.as_ref(), c.ty.as_ref(), &at)
                    })
                })
        }
        (T::Enum { cases: p, .. }, T::Enum { cases: c, .. }) => {
            names_difference("case", p.iter(), c.iter(), at)
        }
        (T::Flags { flags: p, .. }, T::Flags { flags: c, .. }) => {
            names_difference("flag", p.iter(), c.iter(), at)
        }
        (p, c) if p == c => None,
        (p, c) => Some(format!("{at}: the provider has {p}, the consumer {c}")),
    }
}

fn optional_difference(p: Option<&Type>, c: Option<&Type>, at: &str) -> Option<String> {
    match (p, c) {
        (None, None) => None,
        (Some(p), Some(c)) => difference(p, c, at),
        (Some(p), None) => Some(format!("{at}: the provider has {p}, the consumer nothing")),
        (None, Some(c)) => Some(format!("{at}: the provider has nothing, the consumer {c}")),
    }
}

fn names_difference<'a>(
    kind: &str,
    p: impl ExactSizeIterator<Item = &'a String>,
    c: impl ExactSizeIterator<Item = &'a String>,
    at: &str,
) -> Option<String> {
    let (p, c): (Vec<_>, Vec<_>) = (p.collect(), c.collect());
    if p == c {
        return None;
    }
    if let Some(missing) = c.iter().find(|name| !p.contains(name)) {
        return Some(format!("{at}: the provider has no {kind} \"{missing}\""));
    }
    if let Some(extra) = p.iter().find(|name| !c.contains(name)) {
        return Some(format!("{at}: the consumer does not know the provider's {kind} \"{extra}\""));
    }
    Some(format!("{at}: the {kind}s are in another order"))
}

impl fmt::Display for Type {
    /// The type as WIT would write it, with the names of named types.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn named(
            f: &mut fmt::Formatter<'_>,
            name: &Option<TypeName>,
            kind: &str,
            parts: &[&str],
        ) -> fmt::Result {
            match name {
                Some(name) => f.write_str(&name.name),
                None => write!(f, "{kind} {{ {} }}", parts.join(", ")),
            }
        }
        match self {
            Type::Bool => f.write_str("bool"),
            Type::S8 => f.write_str("s8"),
            Type::U8 => f.write_str("u8"),
            Type::S16 => f.write_str("s16"),
            Type::U16 => f.write_str("u16"),
            Type::S32 => f.write_str("s32"),
            Type::U32 => f.write_str("u32"),
            Type::S64 => f.write_str("s64"),
            Type::U64 => f.write_str("u64"),
            Type::F32 => f.write_str("f32"),
            Type::F64 => f.write_str("f64"),
            Type::Char => f.write_str("char"),
            Type::String => f.write_str("string"),
            Type::List(t) => write!(f, "list<{t}>"),
            Type::Option(t) => write!(f, "option<{t}>"),
            Type::Result { ok: None, err: None } => f.write_str("result"),
            Type::Result { ok: Some(ok), err: None } => write!(f, "result<{ok}>"),
            Type::Result { ok: None, err: Some(err) } => write!(f, "result<_, {err}>"),
            Type::Result { ok: Some(ok), err: Some(err) } => write!(f, "result<{ok}, {err}>"),
            Type::Tuple(parts) => {
                f.write_str("tuple<")?;
                for (i, part) in parts.iter().enumerate() {
                    write!(f, "{}{part}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str(">")
            }
            Type::Record { name, fields } => named(
                f,
                name,
                "record",
                &fields.iter().map(|x| x.name.as_str()).collect::<Vec<_>>(),
            ),
            Type::Variant { name, cases } => named(
                f,
                name,
                "variant",
                &cases.iter().map(|x| x.name.as_str()).collect::<Vec<_>>(),
            ),
            Type::Enum { name, cases } => {
                named(f, name, "enum", &cases.iter().map(String::as_str).collect::<Vec<_>>())
            }
            Type::Flags { name, flags } => {
                named(f, name, "flags", &flags.iter().map(String::as_str).collect::<Vec<_>>())
            }
        }
    }
}

impl fmt::Display for Function {
    /// The function as WIT would write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: func(", self.name)?;
        for (i, param) in self.params.iter().enumerate() {
            write!(f, "{}{}: {}", if i == 0 { "" } else { ", " }, param.name, param.ty)?;
        }
        f.write_str(")")?;
        match &self.result {
            Some(result) => write!(f, " -> {result}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(fields: &[(&str, Type)]) -> Type {
        let fields = fields.iter().map(|(n, t)| Field::new(*n, t.clone())).collect();
        Type::Record { name: None, fields }
    }

    fn function(param: Type) -> Function {
        Function {
            name: "f".into(),
            params: vec![Field::new("x", param)],
            result: Some(Type::Result { ok: None, err: Some(Box::new(Type::String)) }),
            refused: None,
        }
    }

    #[test]
    fn json_names_are_lower_camel_case() {
        assert_eq!(lower_camel("list-by-slug"), "listBySlug");
        assert_eq!(lower_camel("id"), "id");
    }

    #[test]
    fn equal_structures_have_no_difference_whatever_their_names() {
        let mut named = record(&[("a", Type::U8)]);
        if let Type::Record { name, .. } = &mut named {
            *name = Some(TypeName { name: "thing".into(), interface: "a:b/c@0.1.0".into() });
        }
        let plain = record(&[("a", Type::U8)]);
        assert!(named != plain && named.has_structure_of(&plain));
        assert_eq!(function_difference(&function(named), &function(plain)), None);
    }

    #[test]
    fn a_difference_names_its_place() {
        let p = function(Type::List(Box::new(record(&[("a", Type::U8), ("b", Type::S64)]))));
        let c = function(Type::List(Box::new(record(&[("a", Type::U8), ("b", Type::F64)]))));
        assert_eq!(
            function_difference(&p, &c).unwrap(),
            "parameter \"x\", element, field \"b\": the provider has s64, the consumer f64"
        );
    }

    #[test]
    fn a_missing_field_and_another_order_are_told_apart() {
        let ab = function(record(&[("a", Type::U8), ("b", Type::U8)]));
        let ba = function(record(&[("b", Type::U8), ("a", Type::U8)]));
        let a = function(record(&[("a", Type::U8)]));
        assert!(function_difference(&ab, &ba).unwrap().contains("another order"));
        assert!(function_difference(&a, &ab).unwrap().contains("has no field \"b\""));
        assert!(function_difference(&ab, &a).unwrap().contains("does not know"));
    }

    #[test]
    fn signatures_read_like_wit() {
        assert_eq!(function(Type::U8).to_string(), "f: func(x: u8) -> result<_, string>");
    }
}
