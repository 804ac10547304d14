//! Values ⇄ JSON, by the function's own types.
//!
//! Records become objects with lowerCamelCase keys, enums kebab-case strings, variants
//! `{"tag","val"}`, options null or absent (an option in an option is boxed as `{"tag","val"}`),
//! flags objects of booleans, tuples arrays, `list<u8>` base64, a `result` inside a value
//! `{"tag":"ok"|"err","val"}`: the mapping of the JavaScript component tooling, but for base64.
//! 64-bit integers are JSON numbers with all their digits.

mod place;
mod read;
mod show;

pub use read::{Misfit, describe, parameters, value, value_from_text};
pub use show::{Shown, check, result, shown};

#[cfg(test)]
mod tests;
