//! The format of a bundle, and the way in and out of it.
//!
//! A bundle is a WebAssembly component in the binary format with these custom sections, at the
//! outermost level and by convention at the end:
//!
//! | name | contents | how often |
//! |---|---|---|
//! | `quoin:manifest` | `plugin.toml`, UTF-8 | once |
//! | `quoin:migration/NNNN_name.sql` | shared SQL ([`quoin_core::sql`]), UTF-8 | once for each migration |
//!
//! Other tools see an ordinary component. Any other section whose name starts with `quoin:` is
//! refused, so that a bundle made for a later host is not half understood.

use std::borrow::Cow;

use quoin_core::description::Migration;
use quoin_core::limits::{
    BUNDLE_BYTES_MAX, MANIFEST_BYTES_MAX, MIGRATION_BYTES_MAX, MIGRATIONS_MAX,
};
use quoin_core::{Description, Digest, Manifest, sql};
use wasm_encoder::{ComponentSection, CustomSection};

use crate::error::{BundleError, cut};
use crate::sections::{self, CUSTOM, HEADER, Section};
use crate::{component, verify};

/// The name of the section that holds the manifest.
pub const MANIFEST_SECTION: &str = "quoin:manifest";
/// What the names of the sections that hold migrations start with; the file name follows.
pub const MIGRATION_SECTION_PREFIX: &str = "quoin:migration/";
const OURS: &str = "quoin:";

/// Makes a bundle of a component, the text of its `plugin.toml`, and its migrations as pairs of file
/// name and SQL. Packing a bundle anew replaces what was packed before. Equal input gives equal
/// bytes, whatever the order of the migrations.
///
/// # Errors
/// What [`describe`] finds wrong with the outcome.
pub fn pack(
    component: &[u8],
    manifest: &str,
    migrations: &[(String, String)],
) -> Result<Vec<u8>, BundleError> {
    if component.len() > BUNDLE_BYTES_MAX {
        return Err(BundleError::TooLarge(component.len()));
    }
    let kept = sections::read(component)?;
    let mut bundle = component.get(..HEADER).unwrap_or_default().to_vec();
    for section in kept.iter().filter(|s| !is_ours(s)) {
        bundle.extend_from_slice(section.whole);
    }
    append(&mut bundle, MANIFEST_SECTION, manifest);
    let mut migrations: Vec<_> = migrations.iter().collect();
    migrations.sort();
    for (name, sql) in migrations {
        append(&mut bundle, &format!("{MIGRATION_SECTION_PREFIX}{name}"), sql);
    }
    describe(&bundle)?;
    Ok(bundle)
}

fn append(bundle: &mut Vec<u8>, name: &str, text: &str) {
    CustomSection { name: Cow::Borrowed(name), data: Cow::Borrowed(text.as_bytes()) }
        .append_to_component(bundle);
}

fn is_ours(section: &Section) -> bool {
    section.id == CUSTOM && section.name.starts_with(OURS)
}

/// Reads a bundle and verifies all that can be verified without running it: that the component is
/// valid, and that it and its manifest say the same.
///
/// This walks the whole file: some hundred milliseconds for the largest.
///
/// # Errors
/// The first fault found.
pub fn describe(bytes: &[u8]) -> Result<Description, BundleError> {
    if bytes.len() > BUNDLE_BYTES_MAX {
        return Err(BundleError::TooLarge(bytes.len()));
    }
    let sections = sections::read(bytes)?;
    let manifest = manifest(&sections)?;
    let migrations = migrations(&sections)?;
    let (imports, exports) = component::interfaces(bytes, &sections)?;
    let description = Description {
        digest: Digest::of(bytes),
        size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        manifest,
        imports,
        exports,
        migrations,
    };
    verify::verify(&description)?;
    Ok(description)
}

fn manifest(sections: &[Section]) -> Result<Manifest, BundleError> {
    let mut found = sections.iter().filter(|s| is_ours(s) && s.name == MANIFEST_SECTION);
    let section = found.next().ok_or(BundleError::NoManifest)?;
    match found.count() {
        0 => {}
        more => return Err(BundleError::ManyManifests(more.saturating_add(1))),
    }
    if section.body.len() > MANIFEST_BYTES_MAX {
        return Err(BundleError::ManifestTooLarge(section.body.len()));
    }
    Ok(Manifest::parse(text(section)?)?)
}

fn migrations(sections: &[Section]) -> Result<Vec<Migration>, BundleError> {
    let mut migrations = Vec::new();
    for section in sections.iter().filter(|s| is_ours(s) && s.name != MANIFEST_SECTION) {
        let Some(name) = section.name.strip_prefix(MIGRATION_SECTION_PREFIX) else {
            return Err(BundleError::UnknownSection(cut(section.name)));
        };
        let number = migration_number(name).ok_or_else(|| BundleError::MigrationName(cut(name)))?;
        if section.body.len() > MIGRATION_BYTES_MAX {
            return Err(BundleError::MigrationTooLarge(name.into()));
        }
        let sql = text(section)?;
        sql::check_migration(sql)
            .map_err(|refusal| BundleError::MigrationSql { migration: name.into(), refusal })?;
        migrations.push(Migration { number, name: name.into(), sql: sql.into() });
        if migrations.len() > MIGRATIONS_MAX {
            return Err(BundleError::TooManyMigrations(migrations.len()));
        }
    }
    migrations.sort_by(|a, b| a.name.cmp(&b.name));
    for (migration, expected) in migrations.iter().zip(1..) {
        if migration.number != expected {
            return Err(BundleError::MigrationNumber { found: migration.name.clone(), expected });
        }
    }
    Ok(migrations)
}

/// The number of a migration whose name follows the rule.
fn migration_number(name: &str) -> Option<u32> {
    let (number, rest) = name.strip_suffix(".sql")?.split_once('_')?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    let sound = number.len() == 4
        && number.bytes().all(|b| b.is_ascii_digit())
        && !rest.is_empty()
        && rest.bytes().all(plain)
        && name.len() <= 100;
    if sound { number.parse().ok() } else { None }
}

fn text<'a>(section: &Section<'a>) -> Result<&'a str, BundleError> {
    std::str::from_utf8(section.body).map_err(|_| BundleError::NotText(cut(section.name)))
}
