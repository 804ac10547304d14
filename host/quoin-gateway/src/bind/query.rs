//! The query string as parameters.

use std::borrow::Cow;

use quoin_core::types::Field;
use quoin_core::{Problem, Type};
use quoin_runtime::Value;
use quoin_runtime::json::{self, Misfit};

use super::misfits::{absent, not_text, repeated, unknown};
use super::text;
use crate::problem::misfit;

/// The parameters of a query string, and which of them somebody has asked for.
pub struct Query {
    pairs: Vec<(String, String)>,
    known: Vec<String>,
}

impl Query {
    /// Reads a query string as HTML forms write it.
    pub fn parse(raw: &str) -> Result<Query, Problem> {
        let decode = |raw: &str| text::decode(raw, true).map(Cow::into_owned);
        let pair = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let pair = decode(name).zip(decode(value));
            pair.ok_or_else(|| misfit(not_text("query")))
        };
        let parts = raw.split('&').filter(|part| !part.is_empty());
        Ok(Query { pairs: parts.map(pair).collect::<Result<_, _>>()?, known: Vec::new() })
    }

    /// The value of a parameter: a record has a query parameter for each of its fields.
    pub fn take(&mut self, param: &Field) -> Result<Value, Misfit> {
        let (ty, optional) = match &param.ty {
            Type::Option(inner) => (&**inner, true),
            other => (other, false),
        };
        let Type::Record { fields, .. } = ty else { return self.one(param) };
        let given = |field: &Field| self.pairs.iter().any(|(name, _)| *name == field.json);
        if optional && !fields.iter().any(given) {
            self.known.extend(fields.iter().map(|field| field.json.clone()));
            return Ok(Value::Option(None));
        }
        let one = |field: &Field| Ok((field.name.clone(), self.one(field)?));
        let record = Value::Record(fields.iter().map(one).collect::<Result<_, _>>()?);
        Ok(if optional { Value::Option(Some(Box::new(record))) } else { record })
    }

    fn one(&mut self, param: &Field) -> Result<Value, Misfit> {
        let at = format!("query/{}", param.json);
        self.known.push(param.json.clone());
        let named = self.pairs.iter().filter(|(name, _)| *name == param.json);
        let mut values = named.map(|(_, value)| value.as_str());
        if let Type::List(element) = &param.ty {
            let values = values.map(|value| json::value_from_text(element, value, &at));
            return Ok(Value::List(values.collect::<Result<_, _>>()?));
        }
        match (values.next(), values.next()) {
            (None, _) => absent(param, at),
            (Some(value), None) => json::value_from_text(&param.ty, value, &at),
            (Some(_), Some(_)) => Err(repeated(at)),
        }
    }

    /// Refuses what nobody has asked for: a misspelt filter must not pass for none.
    pub fn finish(self) -> Result<(), Misfit> {
        let stranger = self.pairs.iter().find(|(name, _)| !self.known.contains(name));
        let Some((name, _)) = stranger else { return Ok(()) };
        Err(unknown(format!("query/{name}"), &self.known))
    }
}
