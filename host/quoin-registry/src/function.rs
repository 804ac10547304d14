//! The functions that a manifest names.

use quoin_core::manifest::FunctionRef;
use quoin_core::{Description, Function, Interface};

use crate::BundleError;

/// The exported function that `function` names.
pub(crate) fn find<'a>(
    description: &'a Description,
    place: &str,
    function: &FunctionRef,
) -> Result<(&'a Interface, &'a Function), BundleError> {
    let mut found = (description.exports.iter())
        .filter(|i| function.is_of(&i.name))
        .filter_map(|i| i.function(&function.function).map(|f| (i, f)));
    let no_such =
        || BundleError::NoSuchFunction { place: place.into(), function: function.clone() };
    let first = found.next().ok_or_else(no_such)?;
    let others: Vec<_> = found.map(|(i, f)| format!("{}#{}", i.name, f.name)).collect();
    if others.is_empty() {
        return Ok(first);
    }
    Err(BundleError::WhichVersion {
        place: place.into(),
        function: function.clone(),
        candidates: format!("{}#{} or {}", first.0.name, first.1.name, others.join(" or ")),
    })
}
