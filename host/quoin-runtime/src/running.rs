//! A call that runs.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use quoin_core::Function;
use quoin_core::limits::HOST_CALLS_MAX;
use quoin_core::manifest::HostInterface;
use quoin_storage::{Database, Scope};

use crate::Value;
use crate::failure::{Failure, FailureKind};
use crate::installed::Installed;
use crate::tree::Tree;

/// A function of a needed interface, as the component imports it.
pub(crate) struct Import {
    pub interface: String,
    pub function: Function,
}

/// The outcome of a call to another plugin, on its way to the caller.
pub(crate) type Answering<'a> =
    Pin<Box<dyn Future<Output = wasmtime::Result<Option<Value>>> + Send + 'a>>;

/// Who serves what the plugin of a call needs. Programs are linked without knowing: it comes with
/// each call.
pub(crate) trait Links: Send + Sync {
    /// Calls `import` for `caller`.
    fn call<'a>(
        &'a self,
        caller: &'a mut Running,
        import: &'a Import,
        params: &'a [Value],
    ) -> Answering<'a>;

    /// Where the plugin's later calls are recorded, if it makes any.
    fn database(&self) -> Option<Arc<Database>>;
}

/// A call that runs. It is boxed wherever it goes, so that the futures of a call stay small: a call
/// between two plugins takes about a microsecond, of which copying them is a large part.
pub(crate) struct Running {
    pub installed: Arc<Installed>,
    /// `interface#function`.
    pub function: Arc<str>,
    pub tree: Arc<Tree>,
    pub links: Arc<dyn Links>,
    pub id: String,
    /// Whose call this is, if a plugin's.
    pub caller: Option<Arc<Installed>>,
    pub depth: u32,
    pub deadline: Instant,
    /// Whether it may write: neither it nor any caller of it is declared to read.
    pub writes: bool,
    /// Calls to other plugins so far: the position that a child's id is derived from.
    pub children: u32,
    /// The plugin as the database knows it.
    pub plugin: Arc<str>,
    pub host_calls: u32,
    /// What was told of the next later call.
    pub next_later: Option<Box<NextLater>>,
}

/// What the next later call of a running call is to be like.
#[derive(Debug, Default)]
pub(crate) struct NextLater {
    pub due: Option<u64>,
    pub key: Option<String>,
    pub order: Option<String>,
}

impl Running {
    /// A failure of this call.
    pub fn failure(&self, kind: FailureKind) -> Failure {
        Failure::new(&self.installed.name, &self.function, kind)
    }

    /// What is to be told of the next later call.
    pub fn next_later(&mut self) -> &mut NextLater {
        self.next_later.get_or_insert_default()
    }

    /// Counts a call of the host or of another plugin.
    pub fn count(&mut self) -> Result<(), Failure> {
        self.host_calls += 1;
        if self.host_calls > HOST_CALLS_MAX {
            let limit = format!("more than {HOST_CALLS_MAX} host calls");
            return Err(self.failure(FailureKind::Limit(limit)));
        }
        Ok(())
    }

    /// Whether it may use this host interface; counts the use.
    pub fn uses(&mut self, interface: HostInterface) -> Result<(), Failure> {
        self.count()?;
        match self.installed.grants.contains(&interface) {
            true => Ok(()),
            false => Err(self.failure(FailureKind::Denied(interface.as_str().into()))),
        }
    }

    /// How far a statement of this call may go.
    pub fn scope(&self) -> Scope<'_> {
        Scope {
            plugin: &self.plugin,
            depth: self.depth,
            writes: self.writes,
            deadline: self.deadline,
            max_bytes: self.installed.max_bytes(),
        }
    }

    /// What a failure of the storage means for this call.
    pub fn storage_failure(&self, error: &quoin_storage::Error) -> Failure {
        use quoin_storage::Error as E;
        let kind = match error {
            E::Overloaded | E::Deadline | E::Lost | E::Gone => {
                FailureKind::Overload(error.to_string())
            }
            E::WriterLimit => FailureKind::WriterTimeout(self.tree.write_ms()),
            E::RolledBack(_) => FailureKind::Trap(error.to_string()),
            E::Full { .. } => FailureKind::Full(error.to_string()),
            _ => FailureKind::Host(error.to_string()),
        };
        self.failure(kind)
    }
}

#[cfg(test)]
mod tests {
    use quoin_core::manifest::HostInterface as H;
    use quoin_storage::Error;

    use super::*;

    struct Nobody;

    impl Links for Nobody {
        fn call<'a>(&'a self, _: &'a mut Running, _: &'a Import, _: &'a [Value]) -> Answering<'a> {
            Box::pin(async { Ok(None) })
        }

        fn database(&self) -> Option<Arc<Database>> {
            None
        }
    }

    fn running() -> Running {
        let tree = Arc::new(Tree::of_a_test(false));
        Running {
            installed: tree.root().clone(),
            function: "a#act".into(),
            deadline: tree.clock.instant(),
            tree,
            links: Arc::new(Nobody),
            id: "1".into(),
            caller: None,
            depth: 3,
            writes: true,
            children: 0,
            plugin: "p".into(),
            host_calls: 0,
            next_later: None,
        }
    }

    #[test]
    fn what_the_storage_cannot_do_is_told_as_what_it_means_for_a_call() {
        let path = || "shop.db".into();
        for (error, code) in [
            (Error::Overloaded, "overload"),
            (Error::Deadline, "overload"),
            (Error::Lost, "overload"),
            (Error::Gone, "overload"),
            (Error::WriterLimit, "writer-timeout"),
            (Error::RolledBack("why".into()), "trap"),
            (Error::Full { path: path() }, "full"),
            (Error::Corrupt { path: path(), message: "why".into() }, "host"),
            (Error::Sqlite { path: path(), message: "why".into() }, "host"),
        ] {
            let failure = running().storage_failure(&error);
            assert_eq!((failure.code(), failure.plugin.as_str()), (code, "p"));
            assert_eq!(failure.function, "a#act");
        }
    }

    #[test]
    fn every_use_of_the_host_counts_whether_it_is_granted_or_not() {
        let mut running = running();
        assert_eq!(running.uses(H::Log), Ok(()));
        let denied = running.uses(H::Clock).unwrap_err();
        assert_eq!(denied.kind, FailureKind::Denied("clock".into()));
        running.host_calls += HOST_CALLS_MAX - 3;
        assert_eq!(running.uses(H::Log), Ok(()));
        assert!(matches!(running.uses(H::Log).unwrap_err().kind, FailureKind::Limit(_)));
        assert!(matches!(running.uses(H::Clock).unwrap_err().kind, FailureKind::Limit(_)));
    }
}
