//! The token of the admin API: whoever can read its file may do everything.

use std::fs::{self, File, OpenOptions};
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use quoin_core::ids::random_hex;

/// Bytes of a token before they are written as hex.
const TOKEN_BYTES: usize = 32;

/// The token of the admin API: 64 hex digits.
pub struct Token(String);

/// The token's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file system refused.
    #[error("cannot {action} {}: {why}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the operating system said.
        why: io::Error,
    },
    /// The file has something else in it.
    #[error("{} is not a token: remove it, and the host makes a new one", .0.display())]
    Damaged(PathBuf),
    /// Others on this machine could act as the operator.
    #[error("{} can be read by others: run `chmod 600` on it, or remove it", .0.display())]
    Exposed(PathBuf),
    /// The operating system has no randomness to give.
    #[error("there is no randomness for a token: {0}")]
    Random(String),
}

impl Token {
    /// The file of the token in a data directory.
    pub fn path(data: &Path) -> PathBuf {
        data.join("admin.token")
    }

    /// The token in this file, which is made, readable to its owner alone, when there is none. One
    /// process at a time may do this.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn open(path: &Path) -> Result<Token, TokenError> {
        match Token::read(path) {
            Err(TokenError::Io { why, .. }) if why.kind() == io::ErrorKind::NotFound => {
                Token::create(path)
            }
            other => other,
        }
    }

    /// The token in this file.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn read(path: &Path) -> Result<Token, TokenError> {
        let file = File::open(path).map_err(failed("open", path))?;
        let mode = file.metadata().map_err(failed("look at", path))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(TokenError::Exposed(path.into()));
        }
        let mut text = String::new();
        file.take(1_024).read_to_string(&mut text).map_err(failed("read", path))?;
        let token = text.trim_end();
        let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if token.len() != 2 * TOKEN_BYTES || !token.bytes().all(hex) {
            return Err(TokenError::Damaged(path.into()));
        }
        Ok(Token(token.into()))
    }

    fn create(path: &Path) -> Result<Token, TokenError> {
        let random = random_hex::<TOKEN_BYTES>();
        let token = Token(random.map_err(|e| TokenError::Random(e.to_string()))?);
        // Renamed into place when it is whole, so that a crash leaves no half of one.
        let part = path.with_extension("token.part");
        let mut file = (OpenOptions::new().write(true).create(true).truncate(true).mode(0o600))
            .open(&part)
            .map_err(failed("create", &part))?;
        (writeln!(file, "{}", token.0).and_then(|()| file.sync_all()))
            .map_err(failed("write", &part))?;
        fs::rename(&part, path).map_err(failed("write", path))?;
        Ok(token)
    }

    /// The text of it, for a client that sends it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the token, in a time that does not depend on where it differs.
    pub(crate) fn is(&self, given: &str) -> bool {
        let (token, given) = (self.0.as_bytes(), given.as_bytes());
        let pairs = token.iter().zip(given);
        let difference = pairs.fold(0, |d, (a, b)| black_box(d | (a ^ b)));
        token.len() == given.len() && difference == 0
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> TokenError {
    let path = path.to_path_buf();
    move |why| TokenError::Io { action, path, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("admin.token");
        let token = Token::open(&path).unwrap();
        assert_eq!(token.as_str().len(), 64);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Token::open(&path).unwrap().as_str(), token.as_str());
    }

    #[test]
    fn a_token_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("admin.token");
        Token::open(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Token::open(&path), Err(TokenError::Exposed(_))));
    }

    #[test]
    fn a_file_that_is_no_token_is_refused_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("admin.token");
        let mut open = OpenOptions::new();
        let mut file = open.write(true).create_new(true).mode(0o600).open(&path).unwrap();
        file.write_all(b"hello").unwrap();
        assert!(matches!(Token::open(&path), Err(TokenError::Damaged(_))));
        assert_eq!(fs::read(&path).unwrap(), b"hello");
    }

    #[test]
    fn only_the_whole_token_is_the_token() {
        let token = Token("ab".repeat(32));
        assert!(token.is(&"ab".repeat(32)));
        for other in ["", "ab", &"ab".repeat(31), &"ab".repeat(33), &"AB".repeat(32)] {
            assert!(!token.is(other), "{other}");
        }
    }
}
