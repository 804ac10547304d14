//! The body of a request as parameters.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use quoin_core::limits::{JSON_DEPTH_MAX, JSON_VALUES_MAX};
use quoin_core::types::Field;
use quoin_core::{Class, Problem, Type};
use quoin_runtime::Value;
use quoin_runtime::json::{self, Misfit};
use serde_json::{Map, Value as Json};

use super::misfits::{absent, unknown};
use crate::problem::misfit;

/// The form of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// JSON.
    Json,
    /// Text, taken as it is.
    Text,
    /// Bytes, taken as they are.
    Bytes,
}

/// The form of a body by its headers; `whole` is the type of the parameter that is the whole body,
/// if one is.
///
/// # Errors
/// 415: the function does not take this form.
pub fn kind(headers: &HeaderMap, whole: Option<&Type>) -> Result<Kind, Problem> {
    let whole = match whole {
        Some(Type::Option(inner)) => Some(&**inner),
        other => other,
    };
    let (raw, raw_name) = match whole {
        Some(Type::String) => (Some(Kind::Text), "text/plain or application/json"),
        Some(Type::List(element)) if **element == Type::U8 => {
            (Some(Kind::Bytes), "application/octet-stream or application/json")
        }
        _ => (None, "application/json"),
    };
    let refuse = || {
        let detail = format!("Send the body as {raw_name}, in UTF-8 and not compressed.");
        let title = "Unsupported media type";
        Problem::new(Class::Caller, 415, "unsupported-media-type", title, detail)
    };
    if headers.get(CONTENT_ENCODING).is_some_and(|e| e != "identity") {
        return Err(refuse());
    }
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = media.unwrap_or_default().to_ascii_lowercase();
    let (essence, parameters) = media.split_once(';').unwrap_or((&media, ""));
    let kind = match essence.trim() {
        "application/json" => Kind::Json,
        json if json.starts_with("application/") && json.ends_with("+json") => Kind::Json,
        text if text.starts_with("text/") => Kind::Text,
        "application/octet-stream" => Kind::Bytes,
        _ => return Err(refuse()),
    };
    let charset = parameters.split(';').find_map(|p| p.trim().strip_prefix("charset="));
    let readable = charset.is_none_or(|c| matches!(c.trim_matches('"'), "utf-8" | "us-ascii"));
    if (kind == Kind::Json || Some(kind) == raw) && readable { Ok(kind) } else { Err(refuse()) }
}

/// The parameter that is the whole body.
///
/// # Errors
/// 400: it is missing, is not what its form says, or does not fit.
pub fn value(param: &Field, body: Option<(Kind, Bytes)>) -> Result<Value, Problem> {
    let Some((kind, bytes)) = body else { return absent(param, String::new()).map_err(misfit) };
    let value = match kind {
        Kind::Json => return json::value(&param.ty, &parse(&bytes)?, "").map_err(misfit),
        Kind::Text => {
            let text = String::from_utf8(bytes.into()).map_err(|_| {
                let problem = "the text is not UTF-8".into();
                misfit(Misfit { pointer: String::new(), problem })
            })?;
            Value::String(text)
        }
        Kind::Bytes => Value::List(bytes.iter().copied().map(Value::U8).collect()),
    };
    let optional = matches!(param.ty, Type::Option(_));
    Ok(if optional { Value::Option(Some(Box::new(value))) } else { value })
}

/// JSON text as JSON.
///
/// # Errors
/// 400: it is too deep or malformed; the detail has line and column. 413: it has too many values.
pub fn parse(bytes: &[u8]) -> Result<Json, Problem> {
    // Before the parser, which recurses and makes much of little.
    check_shape(bytes)?;
    serde_json::from_slice(bytes).map_err(|error| {
        let detail = format!("The body is not JSON: {error}.");
        Problem::new(Class::Caller, 400, "malformed-json", "Malformed JSON", detail)
    })
}

/// Counts brackets and commas outside of strings. Of text that is not JSON it may be wrong, but only
/// upwards does that matter, and the parser counts for itself what it recurses into.
fn check_shape(bytes: &[u8]) -> Result<(), Problem> {
    let (mut depth, mut values) = (0_usize, 0_usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                values += 1;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > JSON_DEPTH_MAX {
            let detail = format!("The JSON is nested deeper than {JSON_DEPTH_MAX} levels.");
            return Err(Problem::new(Class::Caller, 400, "too-deep", "JSON too deep", detail));
        }
        if values > JSON_VALUES_MAX {
            let detail = format!(
                "The JSON has more than {JSON_VALUES_MAX} values. Send it in several requests."
            );
            let (code, title) = ("too-many-values", "Too many JSON values");
            return Err(Problem::new(Class::Caller, 413, code, title, detail));
        }
    }
    Ok(())
}

/// The members of a body that is an object, and which of them somebody has asked for.
pub struct Members {
    object: Map<String, Json>,
    known: Vec<String>,
}

impl Members {
    /// Of no body.
    pub fn none() -> Members {
        Members { object: Map::new(), known: Vec::new() }
    }

    /// Of a body.
    ///
    /// # Errors
    /// 400: it is not a JSON object.
    pub fn parse(bytes: &[u8]) -> Result<Members, Problem> {
        match parse(bytes)? {
            Json::Object(object) => Ok(Members { object, known: Vec::new() }),
            _ => {
                let problem = "expected an object".into();
                Err(misfit(Misfit { pointer: String::new(), problem }))
            }
        }
    }

    /// The value of a parameter.
    pub fn take(&mut self, param: &Field) -> Result<Value, Misfit> {
        let at = format!("/{}", param.json);
        self.known.push(param.json.clone());
        match self.object.get(&param.json) {
            Some(found) => json::value(&param.ty, found, &at),
            None => absent(param, at),
        }
    }

    /// Refuses what nobody has asked for.
    pub fn finish(self) -> Result<(), Misfit> {
        let Some(name) = self.object.keys().find(|name| !self.known.contains(name)) else {
            return Ok(());
        };
        let name = name.replace('~', "~0").replace('/', "~1");
        Err(unknown(format!("/{name}"), &self.known))
    }
}
