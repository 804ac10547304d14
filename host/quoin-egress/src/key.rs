//! The key that secrets are sealed with, and its file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use quoin_core::Name;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// Bytes of a key; its file has them as hex.
const KEY_BYTES: usize = 32;
/// What a sealed secret begins with: how it was sealed.
const FORMAT: u8 = 1;

/// The key of a host's secrets.
pub(crate) struct Key(LessSafeKey);

/// The key's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file system refused.
    #[error("cannot {action} the key of the secrets, {}: {why}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the operating system said.
        why: io::Error,
    },
    /// The file has something else in it.
    #[error(
        "{} is no key: put the file back that secrets were set with; without it they cannot be read, and \
         where it is lost, remove this one, and set all secrets again", .0.display()
    )]
    Damaged(PathBuf),
    /// Others on this machine could read the secrets.
    #[error("{} can be read by others: run `chmod 600` on it", .0.display())]
    Exposed(PathBuf),
    /// The operating system has no randomness to give, or the key cannot be used.
    #[error("no key for secrets: {0}")]
    Unusable(String),
}

impl Key {
    /// The key in this file, which is made, readable to its owner alone, when there is none. One process at
    /// a time may do this.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn open(path: &Path) -> Result<Key, KeyError> {
        let bytes = match read(path) {
            Err(KeyError::Io { why, .. }) if why.kind() == io::ErrorKind::NotFound => create(path)?,
            other => other?,
        };
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes);
        let key = key.map_err(|e| KeyError::Unusable(e.to_string()))?;
        Ok(Key(LessSafeKey::new(key)))
    }

    /// The secret of this name of a tenant, sealed: it opens as that one and as no other.
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub fn seal(&self, tenant: &Name, name: &Name, secret: &[u8]) -> Result<Vec<u8>, KeyError> {
        let failed = |why: &dyn std::fmt::Display| KeyError::Unusable(why.to_string());
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|e| failed(&e))?;
        let mut text = secret.to_vec();
        let aad = Aad::from(of(tenant, name));
        let nonce_of = Nonce::assume_unique_for_key(nonce);
        self.0.seal_in_place_append_tag(nonce_of, aad, &mut text).map_err(|e| failed(&e))?;
        Ok([&[FORMAT][..], &nonce, &text].concat())
    }

    /// What was sealed, or none where that was another key, another name, or something else.
    pub fn unseal(&self, tenant: &Name, name: &Name, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.strip_prefix(&[FORMAT])?.split_first_chunk::<NONCE_LEN>()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let mut text = text.to_vec();
        let aad = Aad::from(of(tenant, name));
        let length = self.0.open_in_place(nonce, aad, &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

/// Whose secret it is; neither name has a slash.
fn of(tenant: &Name, name: &Name) -> Vec<u8> {
    format!("{tenant}/{name}").into_bytes()
}

fn read(path: &Path) -> Result<Vec<u8>, KeyError> {
    let file = File::open(path).map_err(failed("open", path))?;
    let mode = file.metadata().map_err(failed("look at", path))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed(path.into()));
    }
    let mut text = Vec::new();
    file.take(1_024).read_to_end(&mut text).map_err(failed("read", path))?;
    let key = HEXLOWER.decode(text.trim_ascii_end()).ok().filter(|key| key.len() == KEY_BYTES);
    key.ok_or_else(|| KeyError::Damaged(path.into()))
}

fn create(path: &Path) -> Result<Vec<u8>, KeyError> {
    let mut key = vec![0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|e| KeyError::Unusable(e.to_string()))?;
    // Renamed into place when it is whole, so that a crash leaves no half of one.
    let part = path.with_extension("part");
    let mut options = OpenOptions::new();
    let mut file = (options.write(true).create(true).truncate(true).mode(0o600))
        .open(&part)
        .map_err(failed("create", &part))?;
    (writeln!(file, "{}", HEXLOWER.encode(&key)).and_then(|()| file.sync_all()))
        .map_err(failed("write", &part))?;
    fs::rename(&part, path).map_err(failed("write", path))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // What was sealed with it must not outlive it.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("keep", path))?;
    Ok(key)
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyError {
    let path = path.to_path_buf();
    move |why| KeyError::Io { action, path, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn a_secret_opens_with_its_key_as_what_it_was_sealed_as() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.key");
        let key = Key::open(&path).unwrap();
        let (shop, api) = (name("shop"), name("api"));
        let sealed = key.seal(&shop, &api, b"open sesame").unwrap();
        assert!(!sealed.windows(4).any(|part| part == b"sesa"));
        let again = Key::open(&path).unwrap();
        assert_eq!(again.unseal(&shop, &api, &sealed).unwrap(), b"open sesame");
        assert_eq!(again.unseal(&name("other"), &api, &sealed), None);
        assert_eq!(again.unseal(&shop, &name("other"), &sealed), None);
        for broken in 0..sealed.len() {
            let mut broken_one = sealed.clone();
            broken_one[broken] ^= 1;
            assert_eq!(again.unseal(&shop, &api, &broken_one), None, "{broken}");
        }
        let other = Key::open(&dir.path().join("other.key")).unwrap();
        assert_eq!(other.unseal(&shop, &api, &sealed), None);
        assert_ne!(key.seal(&shop, &api, b"open sesame").unwrap(), sealed);
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.key");
        Key::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Key::open(&path), Err(KeyError::Exposed(_))));
    }

    #[test]
    fn a_file_that_is_no_key_is_refused_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.key");
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&path).unwrap();
        file.write_all(b"abcd").unwrap();
        assert!(matches!(Key::open(&path), Err(KeyError::Damaged(_))));
        assert_eq!(fs::read(&path).unwrap(), b"abcd");
    }
}
