//! From values to JSON.

use data_encoding::BASE64;
use quoin_core::Type;
use quoin_core::types::lower_camel;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value as Json;

use crate::Value;

/// A value with its type, written as JSON when it is serialized. A function that returns nothing
/// shows as null, and so does a float that is not finite: see [`check`].
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    value: Option<&'a Value>,
    ty: Option<&'a Type>,
}

/// What a function returned, its outer `result` taken apart.
pub fn result<'a>(value: Option<&'a Value>, ty: Option<&'a Type>) -> Result<Shown<'a>, Shown<'a>> {
    match (value, ty) {
        (Some(Value::Result(Ok(value))), Some(Type::Result { ok, .. })) => {
            Ok(Shown { value: value.as_deref(), ty: ok.as_deref() })
        }
        (Some(Value::Result(Err(value))), Some(Type::Result { err, .. })) => {
            Err(Shown { value: value.as_deref(), ty: err.as_deref() })
        }
        (value, ty) => Ok(Shown { value, ty }),
    }
}

/// A value by its type.
pub fn shown<'a>(value: &'a Value, ty: &'a Type) -> Shown<'a> {
    Shown::of(value, ty)
}

/// Whether JSON can express what a function returned: all floats in it must be finite.
///
/// # Errors
/// Says where one is not.
pub fn check(value: &Value) -> Result<(), String> {
    // The outer `result` is taken apart.
    let not_finite = match value {
        Value::Result(Ok(Some(value)) | Err(Some(value))) => not_finite(value),
        value => not_finite(value),
    };
    match not_finite {
        None => Ok(()),
        Some(place) => Err(format!(
            "the number at {} is not finite, which JSON cannot express",
            if place.is_empty() { "the top" } else { &place }
        )),
    }
}

/// The pointer to the first float that is not finite. Looks at each value once: nested lists would
/// otherwise double the work with each level.
fn not_finite(value: &Value) -> Option<String> {
    match value {
        Value::Float32(v) => (!v.is_finite()).then(String::new),
        Value::Float64(v) => (!v.is_finite()).then(String::new),
        Value::List(items) | Value::Tuple(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(i, item)| Some(format!("/{i}{}", not_finite(item)?)))
        }
        Value::Record(fields) => fields
            .iter()
            .find_map(|(name, value)| Some((name, not_finite(value)?)))
            .map(|(name, inside)| format!("/{}{inside}", lower_camel(name))),
        Value::Option(Some(value)) if !matches!(**value, Value::Option(_)) => not_finite(value),
        Value::Variant(_, Some(value))
        | Value::Option(Some(value))
        | Value::Result(Ok(Some(value)) | Err(Some(value))) => {
            Some(format!("/val{}", not_finite(value)?))
        }
        _ => None,
    }
}

impl<'a> Shown<'a> {
    fn of(value: &'a Value, ty: &'a Type) -> Shown<'a> {
        Shown { value: Some(value), ty: Some(ty) }
    }

    /// The JSON as a document.
    pub fn json(&self) -> Json {
        // Nothing that is written here can fail: keys are strings.
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (Some(value), Some(ty)) = (self.value, self.ty) else { return to.serialize_unit() };
        match (value, ty) {
            (Value::Bool(v), _) => to.serialize_bool(*v),
            (Value::S8(v), _) => to.serialize_i8(*v),
            (Value::U8(v), _) => to.serialize_u8(*v),
            (Value::S16(v), _) => to.serialize_i16(*v),
            (Value::U16(v), _) => to.serialize_u16(*v),
            (Value::S32(v), _) => to.serialize_i32(*v),
            (Value::U32(v), _) => to.serialize_u32(*v),
            (Value::S64(v), _) => to.serialize_i64(*v),
            (Value::U64(v), _) => to.serialize_u64(*v),
            (Value::Float32(v), _) => to.serialize_f64(f64::from(*v)),
            (Value::Float64(v), _) => to.serialize_f64(*v),
            (Value::Char(v), _) => to.serialize_char(*v),
            (Value::String(v), _) => to.serialize_str(v),
            (Value::List(items), Type::List(element)) if **element == Type::U8 => {
                let byte = |v: &Value| if let Value::U8(b) = v { *b } else { 0 };
                let bytes: Vec<u8> = items.iter().map(byte).collect();
                to.serialize_str(&BASE64.encode(&bytes))
            }
            (Value::List(items), Type::List(element)) => {
                to.collect_seq(items.iter().map(|item| Shown::of(item, element)))
            }
            (Value::Tuple(items), Type::Tuple(parts)) => {
                to.collect_seq(items.iter().zip(parts).map(|(item, ty)| Shown::of(item, ty)))
            }
            (Value::Record(values), Type::Record { fields, .. }) => {
                let members = values.iter().zip(fields);
                to.collect_map(
                    members.map(|((_, value), field)| (&field.json, Shown::of(value, &field.ty))),
                )
            }
            (Value::Variant(tag, value), Type::Variant { cases, .. }) => {
                let ty = cases.iter().find(|c| c.name == *tag).and_then(|c| c.ty.as_ref());
                boxed(to, tag, value.as_deref(), ty)
            }
            (Value::Enum(name), _) => to.serialize_str(name),
            (Value::Option(Some(value)), Type::Option(inner)) => match &**inner {
                Type::Option(_) => boxed(to, "some", Some(value), Some(inner)),
                _ => Shown::of(value, inner).serialize(to),
            },
            (Value::Result(Ok(value)), Type::Result { ok, .. }) => {
                boxed(to, "ok", value.as_deref(), ok.as_deref())
            }
            (Value::Result(Err(value)), Type::Result { err, .. }) => {
                boxed(to, "err", value.as_deref(), err.as_deref())
            }
            (Value::Flags(set), Type::Flags { flags, .. }) => {
                to.collect_map(flags.iter().map(|flag| (lower_camel(flag), set.contains(flag))))
            }
            // An empty option. The engine checked the value against the same type.
            _ => to.serialize_unit(),
        }
    }
}

fn boxed<S: Serializer>(
    to: S,
    tag: &str,
    value: Option<&Value>,
    ty: Option<&Type>,
) -> Result<S::Ok, S::Error> {
    let mut object = to.serialize_map(None)?;
    object.serialize_entry("tag", tag)?;
    if value.is_some() {
        object.serialize_entry("val", &Shown { value, ty })?;
    }
    object.end()
}
