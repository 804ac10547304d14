//! From JSON to values.

use std::cell::Cell;

use data_encoding::BASE64;
use quoin_core::Type;
use quoin_core::limits::BINARY_BODY_BYTES_MAX;
use quoin_core::types::{Field, lower_camel};
use serde_json::Value as Json;

use super::place::Place;
use crate::Value;

/// JSON that does not fit a type.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{pointer}: {problem}", pointer = if .pointer.is_empty() { "the body" } else { .pointer })]
pub struct Misfit {
    /// A JSON pointer (RFC 6901) to the place; empty for the whole.
    pub pointer: String,
    /// What is there, and what should be.
    pub problem: String,
}

/// The parameters of a function from the members of an object. Absent options are none.
///
/// # Errors
/// The first place that does not fit, an unknown member or a missing one.
pub fn parameters(params: &[Field], json: &Json) -> Result<Vec<Value>, Misfit> {
    fields(params, json, &Place::Root("", &Cell::new(BINARY_BODY_BYTES_MAX)))
        .map(|fields| fields.into_iter().map(|(_, value)| value).collect())
}

/// A value of this type.
///
/// # Errors
/// The first place that does not fit; `at` is the pointer to `json`.
pub fn value(ty: &Type, json: &Json, at: &str) -> Result<Value, Misfit> {
    read(ty, json, &Place::Root(at, &Cell::new(BINARY_BODY_BYTES_MAX)))
}

fn read(ty: &Type, json: &Json, at: &Place<'_>) -> Result<Value, Misfit> {
    let misfit = || wrong(at, json, ty);
    Ok(match ty {
        Type::Bool => Value::Bool(json.as_bool().ok_or_else(misfit)?),
        Type::S8 => Value::S8(integer(ty, json, at)?),
        Type::U8 => Value::U8(integer(ty, json, at)?),
        Type::S16 => Value::S16(integer(ty, json, at)?),
        Type::U16 => Value::U16(integer(ty, json, at)?),
        Type::S32 => Value::S32(integer(ty, json, at)?),
        Type::U32 => Value::U32(integer(ty, json, at)?),
        Type::S64 => Value::S64(integer(ty, json, at)?),
        Type::U64 => Value::U64(integer(ty, json, at)?),
        Type::F32 => Value::Float32(single(json.as_f64().ok_or_else(misfit)?, at)?),
        Type::F64 => Value::Float64(json.as_f64().ok_or_else(misfit)?),
        Type::Char => {
            let mut chars = json.as_str().ok_or_else(misfit)?.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => Value::Char(c),
                _ => return Err(misfit()),
            }
        }
        Type::String => Value::String(json.as_str().ok_or_else(misfit)?.to_owned()),
        Type::List(element) if **element == Type::U8 => {
            let text = json.as_str().ok_or_else(misfit)?;
            // Looked at before: a byte takes many times its size as a value.
            if !at.take_bytes(text.len() / 4 * 3) {
                let problem =
                    format!("base64 of more than {BINARY_BODY_BYTES_MAX} bytes; send less at once");
                return Err(Misfit { pointer: at.to_string(), problem });
            }
            let bytes = BASE64.decode(text.as_bytes()).map_err(|_| misfit())?;
            Value::List(bytes.into_iter().map(Value::U8).collect())
        }
        Type::List(element) => {
            let items = json.as_array().ok_or_else(misfit)?.iter().enumerate();
            let items = items.map(|(i, item)| read(element, item, &at.item(i)));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        Type::Option(inner) if matches!(**inner, Type::Option(_)) => match json {
            Json::Null => Value::Option(None),
            boxed => match tagged(boxed, at, &["some", "none"])? {
                ("some", Some(val)) => {
                    Value::Option(Some(Box::new(read(inner, val, &at.member("val"))?)))
                }
                ("none", None) => Value::Option(None),
                _ => return Err(misfit()),
            },
        },
        Type::Option(inner) => match json {
            Json::Null => Value::Option(None),
            some => Value::Option(Some(Box::new(read(inner, some, at)?))),
        },
        Type::Result { ok, err } => {
            let (tag, val) = tagged(json, at, &["ok", "err"])?;
            if tag == "ok" {
                Value::Result(Ok(payload(ok.as_deref(), val, at)?))
            } else {
                Value::Result(Err(payload(err.as_deref(), val, at)?))
            }
        }
        Type::Tuple(parts) => {
            let items = json.as_array().filter(|a| a.len() == parts.len()).ok_or_else(misfit)?;
            let items = parts.iter().zip(items).enumerate();
            let items = items.map(|(i, (ty, item))| read(ty, item, &at.item(i)));
            Value::Tuple(items.collect::<Result<_, _>>()?)
        }
        Type::Record { fields: types, .. } => Value::Record(fields(types, json, at)?),
        Type::Variant { cases, .. } => {
            let names: Vec<&str> = cases.iter().map(|c| c.name.as_str()).collect();
            let (tag, val) = tagged(json, at, &names)?;
            let case = cases.iter().find(|c| c.name == tag).ok_or_else(misfit)?;
            Value::Variant(case.name.clone(), payload(case.ty.as_ref(), val, at)?)
        }
        Type::Enum { cases, .. } => {
            let name = json.as_str().ok_or_else(misfit)?;
            let case = cases.iter().find(|c| *c == name);
            Value::Enum(case.ok_or_else(|| choose(at, cases.iter().map(String::as_str)))?.clone())
        }
        Type::Flags { flags, .. } => {
            let object = json.as_object().ok_or_else(misfit)?;
            let names: Vec<String> = flags.iter().map(|f| lower_camel(f)).collect();
            if let Some(unknown) = object.keys().find(|k| !names.contains(k)) {
                return Err(choose(&at.member(unknown), names.iter().map(String::as_str)));
            }
            let mut set = Vec::new();
            for (flag, name) in flags.iter().zip(&names) {
                match object.get(name) {
                    Some(Json::Bool(true)) => set.push(flag.clone()),
                    None | Some(Json::Bool(false)) => {}
                    Some(other) => return Err(wrong(&at.member(name), other, &Type::Bool)),
                }
            }
            Value::Flags(set)
        }
    })
}

fn fields(types: &[Field], json: &Json, at: &Place<'_>) -> Result<Vec<(String, Value)>, Misfit> {
    let Some(object) = json.as_object() else {
        let problem = format!("expected an object, found {}", kind(json));
        return Err(Misfit { pointer: at.to_string(), problem });
    };
    if let Some(unknown) = object.keys().find(|k| !types.iter().any(|f| f.json == **k)) {
        let known = types.iter().map(|f| f.json.as_str());
        return Err(choose(&at.member(unknown), known));
    }
    let one = |field: &Field| {
        let value = match (object.get(&field.json), &field.ty) {
            (Some(json), ty) => read(ty, json, &at.member(&field.json))?,
            (None, Type::Option(_)) => Value::Option(None),
            (None, ty) => {
                let problem = format!("missing; expected {}", describe(ty));
                return Err(Misfit { pointer: at.member(&field.json).to_string(), problem });
            }
        };
        Ok((field.name.clone(), value))
    };
    types.iter().map(one).collect()
}

fn payload(
    ty: Option<&Type>,
    val: Option<&Json>,
    at: &Place<'_>,
) -> Result<Option<Box<Value>>, Misfit> {
    let at = at.member("val");
    match (ty, val) {
        (None, None | Some(Json::Null)) => Ok(None),
        (None, Some(_)) => {
            let problem = "this case carries no value".into();
            Err(Misfit { pointer: at.to_string(), problem })
        }
        (Some(ty), Some(val)) => Ok(Some(Box::new(read(ty, val, &at)?))),
        (Some(Type::Option(_)), None) => Ok(Some(Box::new(Value::Option(None)))),
        (Some(ty), None) => {
            let problem = format!("missing; expected {}", describe(ty));
            Err(Misfit { pointer: at.to_string(), problem })
        }
    }
}

fn tagged<'a>(
    json: &'a Json,
    at: &Place<'_>,
    tags: &[&str],
) -> Result<(&'a str, Option<&'a Json>), Misfit> {
    let object = json.as_object().ok_or_else(|| {
        let problem = format!("expected an object with \"tag\", found {}", kind(json));
        Misfit { pointer: at.to_string(), problem }
    })?;
    if let Some(unknown) = object.keys().find(|k| *k != "tag" && *k != "val") {
        return Err(choose(&at.member(unknown), ["tag", "val"].into_iter()));
    }
    let tag = object.get("tag").and_then(Json::as_str).unwrap_or_default();
    if !tags.contains(&tag) {
        return Err(choose(&at.member("tag"), tags.iter().copied()));
    }
    Ok((tag, object.get("val")))
}

fn integer<T: TryFrom<i128>>(ty: &Type, json: &Json, at: &Place<'_>) -> Result<T, Misfit> {
    let Json::Number(number) = json else { return Err(wrong(at, json, ty)) };
    let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    let Some(whole) = whole else {
        // Larger than 64 bits, or with a fraction.
        let problem = format!("{number} is not {} in range", describe(ty));
        return Err(Misfit { pointer: at.to_string(), problem });
    };
    T::try_from(whole).map_err(|_| {
        let problem = format!("{number} is out of range for {ty}");
        Misfit { pointer: at.to_string(), problem }
    })
}

#[allow(clippy::cast_possible_truncation, reason = "f32 is what the plugin asked for")]
fn single(number: f64, at: &Place<'_>) -> Result<f32, Misfit> {
    Some(number as f32).filter(|single| single.is_finite()).ok_or_else(|| {
        let problem = format!("{number} is out of range for f32");
        Misfit { pointer: at.to_string(), problem }
    })
}

fn wrong(at: &Place<'_>, found: &Json, ty: &Type) -> Misfit {
    let problem = format!("expected {}, found {}", describe(ty), kind(found));
    Misfit { pointer: at.to_string(), problem }
}

fn choose<'a>(at: &Place<'_>, known: impl Iterator<Item = &'a str>) -> Misfit {
    let known: Vec<_> = known.collect();
    let problem = match known.as_slice() {
        [] => "unknown; nothing is expected here".into(),
        known => format!("unknown; known here: {}", known.join(", ")),
    };
    Misfit { pointer: at.to_string(), problem }
}

fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

/// What JSON of this type is, for people.
pub fn describe(ty: &Type) -> String {
    match ty {
        Type::Bool => "true or false".into(),
        Type::S8
        | Type::U8
        | Type::S16
        | Type::U16
        | Type::S32
        | Type::U32
        | Type::S64
        | Type::U64 => {
            format!("a whole number ({ty})")
        }
        Type::F32 | Type::F64 => "a number".into(),
        Type::Char => "a string of one character".into(),
        Type::String => "a string".into(),
        Type::List(element) if **element == Type::U8 => "a base64 string".into(),
        Type::List(_) => "an array".into(),
        Type::Option(inner) => format!("{} or null", describe(inner)),
        Type::Tuple(parts) => format!("an array of {} parts", parts.len()),
        Type::Result { .. } | Type::Variant { .. } => "an object with \"tag\"".into(),
        Type::Record { .. } | Type::Flags { .. } => "an object".into(),
        Type::Enum { cases, .. } => format!("one of {}", cases.join(", ")),
    }
}

/// A value from the text of a path segment or query parameter. Only simple types have one.
///
/// # Errors
/// The text is not a value of the type; `at` names the parameter.
pub fn value_from_text(ty: &Type, text: &str, at: &str) -> Result<Value, Misfit> {
    let json = match ty {
        Type::Option(inner) => {
            return Ok(Value::Option(Some(Box::new(value_from_text(inner, text, at)?))));
        }
        Type::String | Type::Char | Type::Enum { .. } => Json::String(text.into()),
        _ => match serde_json::from_str(text) {
            Ok(json @ (Json::Number(_) | Json::Bool(_))) => json,
            _ => Json::String(text.into()),
        },
    };
    value(ty, &json, at)
}
