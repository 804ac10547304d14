//! The outermost sections of a component, as they lie in the file.

use wasmparser::{BinaryReader, Parser};

use crate::BundleError;

/// The section id of a custom section.
pub(crate) const CUSTOM: u8 = 0;
/// The section id of a component's imports.
pub(crate) const IMPORTS: u8 = 10;
/// The section id of a component's exports.
pub(crate) const EXPORTS: u8 = 11;
/// Bytes of the header: magic number, version, layer.
pub(crate) const HEADER: usize = 8;

/// A section.
pub(crate) struct Section<'a> {
    pub id: u8,
    /// The contents; of a custom section, what follows its name.
    pub body: &'a [u8],
    /// The name of a custom section, empty for others.
    pub name: &'a str,
    /// The section with its id and length.
    pub whole: &'a [u8],
    /// Where the contents begin in the file.
    pub offset: usize,
}

/// The sections of a component in order, nested components not entered.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Section<'_>>, BundleError> {
    if Parser::is_core_wasm(bytes) {
        return Err(BundleError::CoreModule);
    }
    let rest = match bytes.get(HEADER..) {
        Some(rest) if Parser::is_component(bytes) => rest,
        _ => return Err(BundleError::NotWasm),
    };
    split(rest).map_err(|e| BundleError::Invalid(e.to_string()))
}

fn split(rest: &[u8]) -> wasmparser::Result<Vec<Section<'_>>> {
    let mut reader = BinaryReader::new(rest, HEADER);
    let mut sections = Vec::new();
    while !reader.eof() {
        let start = reader.current_position();
        let id = reader.read_u8()?;
        let mut contents = reader.read_reader()?;
        let name = if id == CUSTOM { contents.read_string()? } else { "" };
        let offset = contents.original_position();
        let body = contents.read_bytes(contents.bytes_remaining())?;
        let whole = rest.get(start..reader.current_position()).unwrap_or_default();
        sections.push(Section { id, body, name, whole, offset });
    }
    Ok(sections)
}
