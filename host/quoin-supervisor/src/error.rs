//! Why a change was refused, or could not be made.

use std::path::PathBuf;

use quoin_core::{Class, Name, Problem};
use quoin_registry::{BundleError, StoreError};
use quoin_runtime::{EngineError, FailureKind, ProgramError};
use quoin_storage::ControlError;

use crate::RouteConflict;

/// Why the supervisor did not do something. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are not a sound bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The compile child refused the bundle, ran out of its limits or could not run.
    #[error("the bundle was not compiled: {0}")]
    Compile(String),
    /// There is no tenant of this name.
    #[error("there is no tenant {0}; `quoin tenant list` shows which there are")]
    NoTenant(Name),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// The plugins of the shop do not fit together; one sentence for each fault.
    #[error("{}", .0.join("\n"))]
    Refused(Vec<String>),
    /// Two plugins want the same path.
    #[error(transparent)]
    Route(#[from] RouteConflict),
    /// The control database refused the change.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The shop's database could not be opened or migrated.
    #[error("{0}")]
    Database(quoin_storage::Error),
    /// The database file of the shop, in which these installations have data, is not there.
    #[error(
        "missing database: {file}, with the data of {}; restore it from a backup, or put an empty file \
         in its place to start without data; the host tries again with the shop's next requests",
        names(.plugins), file = .path.display()
    )]
    Missing {
        /// The installations.
        plugins: Vec<Name>,
        /// The file.
        path: PathBuf,
    },
    /// Somebody took the file of a database away that is still open.
    #[error(
        "the database {file} was taken away while it is in use; try again in a minute, when the last \
         call and the last reader of the log have ended",
        file = .0.display()
    )]
    Taken(PathBuf),
    /// The shop has as many files as it may have, or no plugin that keeps data.
    #[error("{0}")]
    Files(String),
    /// The shop receives as many files as it may at once.
    #[error("{0} files of the shop are being received already: send this one again in a moment")]
    Receiving(usize),
    /// The new generation does not start.
    #[error("the new generation does not start: {0}")]
    Start(#[from] quoin_runtime::Failure),
    /// The bundle's machine code cannot be loaded.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The bundle store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key of the secrets cannot be used.
    #[error(transparent)]
    Key(#[from] quoin_egress::KeyError),
    /// The WebAssembly engine cannot start.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The host itself failed.
    #[error("{0}")]
    Host(String),
}

impl Error {
    pub(crate) fn host(what: &str, error: impl std::fmt::Display) -> Error {
        Error::Host(format!("{what}: {error}"))
    }

    /// The HTTP status that tells it best.
    pub fn status(&self) -> u16 {
        match self {
            Error::NoTenant(_) | Error::NotFound(_) | Error::Control(ControlError::NoTenant(_)) => {
                404
            }
            Error::Bundle(_) | Error::Compile(_) | Error::Program(ProgramError::Compile(_)) => 422,
            Error::Receiving(_) => 503,
            Error::Files(_) | Error::Database(quoin_storage::Error::Full { .. }) => 507,
            Error::Start(failure) if matches!(failure.kind, FailureKind::Overload(_)) => 503,
            Error::Refused(_) | Error::Route(_) | Error::Start(_) => 409,
            Error::Program(ProgramError::Link(_) | ProgramError::TooLarge(_)) => 422,
            Error::Database(quoin_storage::Error::Migration { .. }) => 409,
            Error::Control(ControlError::Storage(_))
            | Error::Database(_)
            | Error::Missing { .. }
            | Error::Taken(_)
            | Error::Program(_)
            | Error::Store(_)
            | Error::Key(_)
            | Error::Engine(_)
            | Error::Host(_) => 500,
            Error::Control(_) => 409,
        }
    }

    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Bundle(_) => "bad-bundle",
            Error::Compile(_) | Error::Program(_) => "not-compiled",
            Error::NoTenant(_) | Error::NotFound(_) | Error::Control(ControlError::NoTenant(_)) => {
                "not-found"
            }
            Error::Refused(_) => "refused",
            Error::Route(_) => "route-conflict",
            Error::Control(ControlError::Storage(_)) => "internal",
            Error::Control(_) => "conflict",
            Error::Database(quoin_storage::Error::Migration { .. }) => "migration",
            Error::Start(failure) if matches!(failure.kind, FailureKind::Overload(_)) => "overload",
            Error::Start(_) => "does-not-start",
            Error::Receiving(_) => "overload",
            Error::Files(_) | Error::Database(quoin_storage::Error::Full { .. }) => "storage-full",
            Error::Missing { .. } | Error::Taken(_) => "database-missing",
            Error::Database(_) | Error::Store(_) | Error::Key(_) => "internal",
            Error::Engine(_) | Error::Host(_) => "internal",
        }
    }
}

impl From<Error> for Problem {
    /// What an operator is told.
    fn from(error: Error) -> Problem {
        let status = error.status();
        let (class, title) = match status {
            404 => (Class::Caller, "Not found"),
            409 => (Class::Caller, "In conflict"),
            400..500 => (Class::Caller, "Refused"),
            503 => (Class::Overload, "Too busy"),
            507 => (Class::Host, "Storage full"),
            _ => (Class::Host, "The host failed"),
        };
        if class == Class::Host {
            tracing::error!("{error}");
        }
        let mut problem = Problem::new(class, status, error.code(), title, error.to_string());
        problem.retry_after_ms = (class == Class::Overload).then_some(1_000);
        problem
    }
}

fn names(plugins: &[Name]) -> String {
    plugins.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}
