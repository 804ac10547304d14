//! The bundles that this host has, compiled and ready to run.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use bytes::Bytes;
use quoin_core::limits::BUNDLE_BYTES_MAX;
use quoin_core::{Description, Digest};
use quoin_registry::{BundleError, BundleStore};
use quoin_runtime::{Engine, Program};
use quoin_storage::blocking;
use tokio::process::Command;
use tokio::sync::Semaphore;

use crate::error::Error;

/// Compile children at once: each may use a gigabyte.
const COMPILES_AT_ONCE: usize = 2;
/// Wall-clock time of a compile child. A Python component takes some 16 s; its own limit on CPU time
/// is shorter than this on an idle machine.
const COMPILE_TIME: Duration = Duration::from_secs(300);
/// Bytes of a compile child's answer that are read.
const ANSWER_BYTES_MAX: usize = 8 << 20;

/// How long a program stays loaded that nobody runs. Loading one takes some milliseconds, which a shop
/// that wakes need not wait for.
const IDLE_PROGRAM_TIME: Duration = Duration::from_secs(600);
/// Programs that stay loaded although nobody runs them: those of some generations of the usual plugins.
const IDLE_PROGRAMS_MAX: usize = 64;

/// Bundles by digest, with their machine code.
pub(crate) struct Library {
    store: BundleStore,
    /// Machine code and descriptions, named by digest and engine. Only this host writes it.
    cache: PathBuf,
    /// Bundles that are not known to be sound yet.
    incoming: PathBuf,
    engine: Engine,
    compiler: PathBuf,
    descriptions: Mutex<HashMap<Digest, Arc<Description>>>,
    programs: Mutex<HashMap<Digest, Arc<Loading>>>,
    compiles: Semaphore,
}

/// A program, once it is loaded. One loads it, and the others that want it wait.
type Loading = tokio::sync::Mutex<Option<Loaded>>;

/// A program that was loaded.
struct Loaded {
    program: Arc<Program>,
    /// Since when nobody runs it.
    idle: Option<Instant>,
}

impl Library {
    pub fn open(data: &Path, compiler: PathBuf, engine: Engine) -> Result<Library, Error> {
        let (cache, incoming) = (data.join("cache"), data.join("incoming"));
        // What a crash left half-way.
        if incoming.exists() {
            std::fs::remove_dir_all(&incoming).map_err(|e| Error::host("data folder", e))?;
        }
        for folder in [&cache, &incoming] {
            crate::data::private_folder(folder)?;
        }
        let library = Library {
            store: BundleStore::open(data.join("bundles"))?,
            cache,
            incoming,
            engine,
            compiler,
            descriptions: Mutex::default(),
            programs: Mutex::default(),
            compiles: Semaphore::new(COMPILES_AT_ONCE),
        };
        for digest in library.store.list()? {
            if let Some(description) = library.cached(&digest) {
                library.descriptions().insert(digest, Arc::new(description));
            }
        }
        Ok(library)
    }

    /// Takes a bundle in: reads it and compiles it in a child process, then keeps it. A bundle that
    /// is not sound leaves nothing behind.
    pub async fn add(&self, bytes: &Bytes) -> Result<Arc<Description>, Error> {
        if bytes.len() > BUNDLE_BYTES_MAX {
            return Err(BundleError::TooLarge(bytes.len()).into());
        }
        let digest = blocking(|| Digest::of(bytes));
        if let Some(description) = self.get(&digest)
            && self.code(&digest).exists()
        {
            // Whatever happened to the file since, it is there again now.
            blocking(|| self.store.put(bytes, &digest))?;
            return Ok(description);
        }
        let unique = quoin_core::ids::random_hex::<8>().map_err(|e| Error::host("ids", e))?;
        let file = Incoming(self.incoming.join(format!("{digest}-{unique}")));
        let written = blocking(|| std::fs::write(&file.0, bytes));
        written.map_err(|e| Error::host("incoming bundle", e))?;
        let description = self.compile(&file.0, &digest).await?;
        blocking(|| self.store.put(bytes, &digest))?;
        self.descriptions().insert(digest, description.clone());
        Ok(description)
    }

    /// Reads bundles again that are stored but not known, because the cache was emptied.
    pub async fn recover(&self, wanted: impl Iterator<Item = &Digest>) -> Result<(), Error> {
        for digest in self.missing(wanted) {
            if self.store.path(&digest).exists() {
                self.program(&digest).await?;
            }
        }
        Ok(())
    }

    /// The description of a bundle that the host has.
    pub fn get(&self, digest: &Digest) -> Option<Arc<Description>> {
        self.descriptions().get(digest).cloned()
    }

    /// All bundles, by name and version.
    pub fn all(&self) -> Vec<Arc<Description>> {
        let mut all: Vec<_> = self.descriptions().values().cloned().collect();
        all.sort_by_key(|d| {
            (d.manifest.name.clone(), d.manifest.version.to_string(), d.digest.clone())
        });
        all
    }

    /// The program of a bundle, compiled again if its machine code is missing or for another engine.
    pub async fn program(&self, digest: &Digest) -> Result<Arc<Program>, Error> {
        let loading = self.programs().entry(digest.clone()).or_default().clone();
        let mut loaded = loading.lock().await;
        if let Some(loaded) = &mut *loaded {
            loaded.idle = None;
            return Ok(loaded.program.clone());
        }
        let code = self.code(digest);
        let description = match self.get(digest) {
            Some(description) if code.exists() => description,
            _ => {
                // Reading it proves that the file still has its digest.
                blocking(|| self.store.get(digest).map(drop))?;
                let description = self.compile(&self.store.path(digest), digest).await?;
                self.descriptions().insert(digest.clone(), description.clone());
                description
            }
        };
        let program = blocking(|| Program::load(&self.engine, &code, description))?;
        let program = Arc::new(program);
        *loaded = Some(Loaded { program: program.clone(), idle: None });
        Ok(program)
    }

    /// Throws away instances of programs that have idled since before `then`.
    pub fn reclaim(&self, then: Instant) {
        self.engine.reclaim(then);
    }

    /// Forgets programs that nobody has run for a while. Those that shops ran which sleep now are likely to
    /// be asked for again.
    pub fn forget_unused(&self, now: Instant) {
        let mut programs = self.programs();
        let mut idle = 0;
        programs.retain(|_, loading| {
            // Nobody else has it, or it is being loaded.
            let Ok(mut loaded) = loading.try_lock() else { return true };
            let Some(loaded) = &mut *loaded else { return Arc::strong_count(loading) > 1 };
            if Arc::strong_count(&loaded.program) > 1 {
                loaded.idle = None;
                return true;
            }
            idle += 1;
            let since = *loaded.idle.get_or_insert(now);
            idle <= IDLE_PROGRAMS_MAX && now.saturating_duration_since(since) < IDLE_PROGRAM_TIME
        });
    }

    fn code(&self, digest: &Digest) -> PathBuf {
        self.cache.join(format!("{digest}-{}.cwasm", self.engine.hash()))
    }

    fn cached(&self, digest: &Digest) -> Option<Description> {
        let text = std::fs::read(self.cache.join(format!("{digest}.json"))).ok()?;
        serde_json::from_slice(&text).ok().filter(|d: &Description| d.digest == *digest)
    }

    async fn compile(&self, bundle: &Path, digest: &Digest) -> Result<Arc<Description>, Error> {
        let refused = |why: String| Error::Compile(why);
        let _turn = self.compiles.acquire().await.map_err(|e| Error::host("compile queue", e))?;
        let mut child = Command::new(&self.compiler);
        child.arg("compile-bundle").arg(bundle).arg(&self.cache);
        child.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        child.kill_on_drop(true);
        let run = tokio::time::timeout(COMPILE_TIME, child.output()).await;
        let output = match run {
            Err(_) => return Err(refused(format!("it took more than {COMPILE_TIME:?}"))),
            Ok(Err(error)) => return Err(Error::host("the compile child does not run", error)),
            Ok(Ok(output)) => output,
        };
        if output.stdout.len() > ANSWER_BYTES_MAX {
            return Err(refused("the compile child answered too much".into()));
        }
        if !output.status.success() {
            let answer = serde_json::from_slice::<serde_json::Value>(&output.stdout).ok();
            let told = answer.as_ref().and_then(|a| a.get("error")).and_then(|e| e.as_str());
            return Err(refused(match told {
                Some(told) => told.to_owned(),
                None => format!(
                    "the compile child ended with {}: it needs more time or memory than it may have",
                    output.status
                ),
            }));
        }
        let description = self.cached(digest).filter(|_| self.code(digest).exists());
        Ok(Arc::new(description.ok_or_else(|| {
            refused("the compile child left no machine code for this engine".into())
        })?))
    }

    fn descriptions(&self) -> MutexGuard<'_, HashMap<Digest, Arc<Description>>> {
        self.descriptions.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn programs(&self) -> MutexGuard<'_, HashMap<Digest, Arc<Loading>>> {
        self.programs.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// The digests of these that the host does not have.
    pub fn missing<'a>(&self, wanted: impl Iterator<Item = &'a Digest>) -> BTreeSet<Digest> {
        let have = self.descriptions();
        wanted.filter(|d| !have.contains_key(*d)).cloned().collect()
    }
}

/// A file that is removed when done with.
struct Incoming(PathBuf);

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!("an incoming bundle was not removed: {error}");
        }
    }
}
