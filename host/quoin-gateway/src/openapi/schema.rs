//! Types as JSON Schema: what `quoin_runtime::json` reads and writes, told exactly.

use quoin_core::Type;
use quoin_core::types::{Case, lower_camel};
use serde_json::{Map, Value as Json, json};

use super::names::{Direction, Names};

/// A type where it is used: a reference if it has a name.
pub fn used(ty: &Type, direction: Direction, names: &Names) -> Json {
    match names.get(ty, direction) {
        Some(name) => json!({"$ref": format!("#/components/schemas/{name}")}),
        None => schema(ty, direction, names),
    }
}

/// A type where it is defined.
pub fn schema(ty: &Type, direction: Direction, names: &Names) -> Json {
    let used = |ty: &Type| used(ty, direction, names);
    let signed = |bits: u32| whole(bits, -(1_i64 << (bits - 1)), (1_u64 << (bits - 1)) - 1);
    match ty {
        Type::Bool => json!({"type": "boolean"}),
        Type::S8 => signed(8),
        Type::S16 => signed(16),
        Type::S32 => signed(32),
        Type::S64 => json!({"type": "integer", "format": "int64"}),
        Type::U8 => whole(32, 0, u64::from(u8::MAX)),
        Type::U16 => whole(32, 0, u64::from(u16::MAX)),
        Type::U32 => whole(64, 0, u64::from(u32::MAX)),
        Type::U64 => json!({"type": "integer", "format": "uint64", "minimum": 0}),
        Type::F32 => json!({"type": "number", "format": "float"}),
        Type::F64 => json!({"type": "number", "format": "double"}),
        Type::Char => json!({"type": "string", "minLength": 1, "maxLength": 1}),
        Type::String => json!({"type": "string"}),
        Type::List(element) if **element == Type::U8 => {
            json!({"type": "string", "contentEncoding": "base64"})
        }
        Type::List(element) => json!({"type": "array", "items": used(element)}),
        Type::Option(inner) if matches!(**inner, Type::Option(_)) => {
            let some = tagged("some", Some(used(inner)), true, direction);
            let mut forms = vec![some];
            if direction == Direction::Request {
                forms.push(tagged("none", None, true, direction));
            }
            forms.push(json!({"type": "null"}));
            json!({"oneOf": forms})
        }
        Type::Option(inner) => nullable(used(inner)),
        Type::Result { ok, err } => {
            let side = |tag, ty: &Option<Box<Type>>| case(tag, ty.as_deref(), direction, names);
            json!({"oneOf": [side("ok", ok), side("err", err)]})
        }
        Type::Tuple(parts) => {
            let schemas: Vec<Json> = parts.iter().map(used).collect();
            let count = schemas.len();
            json!({
                "type": "array", "prefixItems": schemas, "items": false,
                "minItems": count, "maxItems": count,
            })
        }
        Type::Record { fields, .. } => {
            let members = fields.iter().map(|f| (f.json.clone(), used(&f.ty), is_option(&f.ty)));
            object(members, direction)
        }
        Type::Variant { cases, .. } => {
            let one = |c: &Case| case(&c.name, c.ty.as_ref(), direction, names);
            json!({"oneOf": cases.iter().map(one).collect::<Vec<_>>()})
        }
        Type::Enum { cases, .. } => json!({"type": "string", "enum": cases}),
        Type::Flags { flags, .. } => {
            let flag = |f: &String| (lower_camel(f), json!({"type": "boolean"}), true);
            object(flags.iter().map(flag), direction)
        }
    }
}

/// Whether a value of this type may be left out of a request.
pub fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Option(_))
}

/// An object; each member with its name, schema, and whether requests may leave it out.
pub fn object(members: impl Iterator<Item = (String, Json, bool)>, direction: Direction) -> Json {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (name, schema, optional) in members {
        if direction == Direction::Response || !optional {
            required.push(Json::String(name.clone()));
        }
        properties.insert(name, schema);
    }
    let mut object = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        object["required"] = Json::Array(required);
    }
    if direction == Direction::Request {
        object["additionalProperties"] = Json::Bool(false);
    }
    object
}

/// The schema, or null.
pub fn nullable(mut schema: Json) -> Json {
    // An enum would have to list null too, and a reference cannot be changed.
    if schema["type"].is_string() && schema.get("enum").is_none() {
        schema["type"] = json!([schema["type"], "null"]);
        return schema;
    }
    json!({"oneOf": [schema, {"type": "null"}]})
}

fn case(tag: &str, ty: Option<&Type>, direction: Direction, names: &Names) -> Json {
    let val = ty.map(|ty| used(ty, direction, names));
    tagged(tag, val, ty.is_some_and(is_option), direction)
}

fn tagged(tag: &str, val: Option<Json>, optional: bool, direction: Direction) -> Json {
    let tag = ("tag".to_owned(), json!({"const": tag}), false);
    let val = val.map(|val| ("val".to_owned(), val, optional));
    object(std::iter::once(tag).chain(val), direction)
}

fn whole(bits: u32, minimum: i64, maximum: u64) -> Json {
    let format = if bits <= 32 { "int32" } else { "int64" };
    json!({"type": "integer", "format": format, "minimum": minimum, "maximum": maximum})
}
