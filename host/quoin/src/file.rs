//! Files read and written with care.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The bytes of a file that has `most` at most.
pub fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    read_from(File::open(path)?, most)
}

/// The bytes of a reader that has `most` at most.
fn read_from(reader: impl Read, most: usize) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    reader.take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        return Err(io::Error::other(format!("it has more than {most} bytes")));
    }
    Ok(bytes)
}

/// As [`read`], for text.
pub fn read_text(path: &Path, most: usize) -> io::Result<String> {
    text(read(path, most)?)
}

/// As [`read_text`], from standard input.
pub fn stdin_text(most: usize) -> io::Result<String> {
    text(read_from(io::stdin(), most)?)
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8 text"))
}

/// Writes a file so that it is there whole or not at all, whatever dies in between.
pub fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(format!(".{}.part", std::process::id()));
    let part = PathBuf::from(part);
    let written = write_durably(&part, bytes, mode).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // The first error tells more than that of a clean-up on the same disk.
        let _ = fs::remove_file(&part);
        return written;
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn write_durably(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path)?;
    file.write_all(bytes).and_then(|()| file.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_and_read_within_its_limit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("thing");
        write(&path, b"old", 0o600).unwrap();
        write(&path, b"hello", 0o600).unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"hello");
        assert!(read(&path, 4).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
