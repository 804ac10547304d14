//! The schemas that a document refers to by name.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::names::Names;
use super::responses;
use super::schema::schema;

/// All schemas by name.
pub fn schemas(names: &Names) -> Map<String, Json> {
    let mut schemas = BTreeMap::from([("Problem", responses::problem_schema())]);
    for (ty, direction, name) in names.all() {
        schemas.insert(name, schema(ty, direction, names));
    }
    schemas.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}
