//! What may be on a disk after its power was cut.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::Moments;
use crate::disk::{Event, Log, What};

/// What a disk writes at once: either all of it is there, or nothing.
const SECTOR_BYTES: usize = 512;

/// What became of the writes that nobody had synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// None of them is there.
    None,
    /// All of them are there.
    All,
    /// The first ones, and of the next the first sectors.
    Torn,
    /// Some sectors of some of them, so that a later one can be there without an earlier one. Writes
    /// of one sector keep their order: in a system's cache, the later one took the other's place.
    Some,
}

/// A log, played up to a moment.
pub struct Replay<'l> {
    log: &'l Log,
    at: usize,
    files: BTreeMap<usize, File>,
}

/// A file at a moment.
#[derive(Default)]
struct File {
    /// What is durable; nothing where the file may not exist.
    durable: Option<Vec<u8>>,
    /// Writes that a sync was asked for and failed, and that were not written again: they may be there
    /// or not.
    doubtful: Vec<What>,
    /// What was done since.
    pending: Vec<What>,
}

/// Files with their bytes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Image(BTreeMap<PathBuf, Vec<u8>>);

impl<'l> Replay<'l> {
    /// The log before its first event.
    pub fn new(log: &'l Log) -> Replay<'l> {
        Replay { log, at: 0, files: BTreeMap::new() }
    }

    /// How many events have been played.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Plays one event more; false at the end of the log.
    pub fn step(&mut self) -> bool {
        let Some(Event { file, what }) = self.log.events.get(self.at) else { return false };
        self.at += 1;
        let changed = self.files.entry(*file).or_default();
        if matches!(what, What::Doubt) {
            changed.doubtful.append(&mut changed.pending);
            return true;
        }
        changed.pending.push(what.clone());
        if matches!(what, What::Sync { .. } | What::Delete { synced: true }) {
            changed.keep(changed.pending.len());
        }
        if matches!(what, What::Sync { folder: true }) {
            let folder = self.log.files[*file].parent();
            for (other, file) in &mut self.files {
                if self.log.files[*other].parent() == folder {
                    let last = file.pending.iter().rposition(|w| matches!(w, What::Delete { .. }));
                    file.keep(last.map_or(0, |last| last + 1));
                }
            }
        }
        true
    }

    /// The files that a power cut at this moment leaves behind.
    pub fn image(&self, choice: Choice, moments: &mut Moments) -> Image {
        let mut files = BTreeMap::new();
        for (number, file) in &self.files {
            if let Some(bytes) = file.left(choice, moments) {
                files.insert(self.log.files[*number].clone(), bytes);
            }
        }
        Image(files)
    }

    /// Different images of this moment: with none and all of the writes that nobody synced, and
    /// `more` of each of the other kinds.
    pub fn images(&self, more: usize, moments: &mut Moments) -> Vec<Image> {
        let kinds =
            [(Choice::None, 1), (Choice::All, 1), (Choice::Torn, more), (Choice::Some, more)];
        let mut images: Vec<Image> = Vec::new();
        for choice in
            kinds.into_iter().flat_map(|(choice, times)| std::iter::repeat_n(choice, times))
        {
            let image = self.image(choice, moments);
            if !images.contains(&image) {
                images.push(image);
            }
        }
        images
    }
}

impl File {
    /// Makes the first pending changes durable.
    fn keep(&mut self, count: usize) {
        for what in self.pending.drain(..count) {
            self.doubtful.retain(|doubtful| !what.covers(doubtful));
            apply(&mut self.durable, &what, |_| true);
        }
    }

    fn left(&self, choice: Choice, moments: &mut Moments) -> Option<Vec<u8>> {
        let mut bytes = self.durable.clone();
        for what in &self.doubtful {
            let there = match choice {
                Choice::None => false,
                Choice::All => true,
                Choice::Torn | Choice::Some => moments.below(2) == 0,
            };
            if there {
                apply(&mut bytes, what, |_| true);
            }
        }
        let pending = self.pending.len() as u64;
        let last = moments.below(pending + 1) as usize;
        for (number, what) in self.pending.iter().enumerate() {
            match choice {
                Choice::None => {}
                Choice::All => apply(&mut bytes, what, |_| true),
                Choice::Torn if number < last => apply(&mut bytes, what, |_| true),
                Choice::Torn if number == last => {
                    let sectors = moments.below(9) as usize;
                    apply(&mut bytes, what, |sector| sector < sectors);
                }
                Choice::Torn => {}
                Choice::Some => {
                    // Of nine in ten writes all or nothing, or else a run of sectors would hardly
                    // ever be whole.
                    let whole = moments.below(10) < 9;
                    let there = moments.below(2) == 0;
                    apply(&mut bytes, what, |_| match whole {
                        true => there,
                        false => moments.below(2) == 0,
                    });
                }
            }
        }
        bytes
    }
}

impl What {
    /// Whether an earlier change of the file leaves no trace once this one is durable.
    fn covers(&self, earlier: &What) -> bool {
        match (self, earlier) {
            (What::Delete { .. }, _) => true,
            (What::Truncate { length }, What::Write { offset, .. }) => offset >= length,
            (What::Truncate { .. }, What::Truncate { .. }) => true,
            (What::Write { offset: ours, bytes: now }, What::Write { offset, bytes }) => {
                let (end, earlier_end) = (ours + now.len() as u64, offset + bytes.len() as u64);
                *offset < end && *ours < earlier_end
            }
            _ => false,
        }
    }
}

/// Does to a file what was done, as far as `sector` says that it is there; a write's sectors are
/// counted from 0, what has none is its sector 0.
fn apply(file: &mut Option<Vec<u8>>, what: &What, mut sector: impl FnMut(usize) -> bool) {
    match what {
        What::Sync { .. } | What::Doubt => {}
        What::Delete { .. } => {
            if sector(0) {
                *file = None;
            }
        }
        What::Truncate { length } => {
            if sector(0)
                && let Some(bytes) = file
            {
                bytes.resize(*length as usize, 0);
            }
        }
        What::Write { offset, bytes } => {
            let mut offset = *offset as usize;
            let mut rest = bytes.as_slice();
            let mut number = 0;
            while !rest.is_empty() {
                let room = SECTOR_BYTES - offset % SECTOR_BYTES;
                let (now, later) = rest.split_at(room.min(rest.len()));
                if sector(number) {
                    let file = file.get_or_insert_default();
                    if file.len() < offset + now.len() {
                        file.resize(offset + now.len(), 0);
                    }
                    file[offset..offset + now.len()].copy_from_slice(now);
                }
                (offset, rest, number) = (offset + now.len(), later, number + 1);
            }
        }
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(path, bytes)| (path, bytes.len()))).finish()
    }
}

impl Image {
    /// Writes the files below `to` as they lay below `from`, in the place of those that are there.
    ///
    /// # Errors
    /// The file system does not take them.
    pub fn write(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        if to.exists() {
            std::fs::remove_dir_all(to)?;
        }
        std::fs::create_dir_all(to)?;
        let from = from.canonicalize()?;
        for (path, bytes) in &self.0 {
            let path = path.strip_prefix(&from).map_err(std::io::Error::other)?;
            let path = to.join(path);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(path, bytes)?;
        }
        Ok(())
    }

    /// A number that equal images share and different ones hardly do.
    pub fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}
