//! Bundles that no build made: guests with other manifests or migrations, and components written
//! as text.

use quoin_harness::{bundle, repository};
use quoin_registry::pack;

/// A plugin that was built, to be packed in another way.
pub struct Guest {
    component: Vec<u8>,
    pub manifest: String,
    pub migrations: Vec<(String, String)>,
}

/// The guest of this name, as its sources have it.
pub fn guest(name: &str) -> Guest {
    in_folder("tests/guests", name)
}

/// The first-party plugin of this name.
pub fn plugin(name: &str) -> Guest {
    in_folder("plugins", name)
}

fn in_folder(folder: &str, name: &str) -> Guest {
    let folder = repository().join(folder).join(name);
    let read = |path: &std::path::Path| std::fs::read_to_string(path).expect("a guest's file");
    let migrations = folder.join("migrations").read_dir().into_iter().flatten().map(|entry| {
        let path = entry.expect("a migration").path();
        (path.file_name().expect("a name").to_string_lossy().into_owned(), read(&path))
    });
    Guest {
        component: bundle(name),
        manifest: read(&folder.join("plugin.toml")),
        migrations: migrations.collect(),
    }
}

impl Guest {
    /// Replaces a part of the manifest.
    #[track_caller]
    pub fn with(mut self, from: &str, to: &str) -> Guest {
        assert!(self.manifest.contains(from), "no {from} in {}", self.manifest);
        self.manifest = self.manifest.replacen(from, to, 1);
        self
    }

    /// Adds lines at the end of the manifest.
    pub fn and(mut self, lines: &str) -> Guest {
        self.manifest.push_str(&format!("\n{lines}\n"));
        self
    }

    /// Adds a migration, or replaces the one of this name.
    pub fn migration(mut self, name: &str, sql: &str) -> Guest {
        self.migrations.retain(|(n, _)| n != name);
        self.migrations.push((name.into(), sql.into()));
        self
    }

    /// The component alone.
    pub fn bare(&self) -> Vec<u8> {
        let mut bare = Vec::new();
        let mut rest = self.component.as_slice();
        // A header of eight bytes, then sections: an id, the size in LEB128, that many bytes. What a
        // bundle adds are the sections at the end whose name begins with `quoin:`.
        bare.extend_from_slice(&rest[..8]);
        rest = &rest[8..];
        while let Some((id, after)) = rest.split_first() {
            let (mut size, mut used) = (0usize, 0);
            for byte in after {
                size |= usize::from(byte & 0x7f) << (7 * used);
                used += 1;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            let (section, next) = rest.split_at(1 + used + size);
            let ours = *id == 0 && section[1 + used..].get(1..7) == Some(b"quoin:");
            if !ours {
                bare.extend_from_slice(section);
            }
            rest = next;
        }
        bare
    }

    /// The bundle.
    #[track_caller]
    pub fn packed(&self) -> Vec<u8> {
        match pack(&self.component, &self.manifest, &self.migrations) {
            Ok(bundle) => bundle,
            Err(error) => panic!("{error}"),
        }
    }
}

/// A component of these fields of a component in the text format.
#[track_caller]
pub fn component(fields: &str) -> Vec<u8> {
    match wat::parse_str(format!("(component {fields})")) {
        Ok(component) => component,
        Err(error) => panic!("{error}"),
    }
}

/// A bundle of a component in the text format; `manifest` comes after its name, version and
/// description.
#[track_caller]
pub fn written(name: &str, manifest: &str, fields: &str) -> Vec<u8> {
    let manifest =
        format!("name = \"{name}\"\nversion = \"0.1.0\"\ndescription = \"A test.\"\n{manifest}");
    match pack(&component(fields), &manifest, &[]) {
        Ok(bundle) => bundle,
        Err(error) => panic!("{error}"),
    }
}

/// A plugin that provides `test:text/acts@0.1.0#go`, a function without parameters: `module` are the
/// fields of its core module, which exports `go`.
#[track_caller]
pub fn going(name: &str, module: &str, result: &str) -> Vec<u8> {
    written(
        name,
        "provides = [\"test:text/acts@0.1.0\"]",
        &format!(
            r#"(core module $m {module})
               (core instance $i (instantiate $m))
               (func $go {result} (canon lift (core func $i "go")))
               (instance $acts (export "go" (func $go)))
               (export "test:text/acts@0.1.0" (instance $acts))"#
        ),
    )
}

/// A component with custom sections as they are, whatever they say.
pub fn with_sections(component: &[u8], sections: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = component.to_vec();
    for (name, text) in sections {
        let section =
            wasm_encoder::CustomSection { name: (*name).into(), data: text.as_bytes().into() };
        wasm_encoder::ComponentSection::append_to_component(&section, &mut bytes);
    }
    bytes
}
