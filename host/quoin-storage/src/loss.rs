//! Why a transaction cannot be kept.

use std::path::Path;

use crate::{Error, SqlError};

/// Why a transaction cannot be kept.
#[derive(Debug, Clone)]
pub(crate) enum Loss {
    /// The request had the writer for too long.
    Limit,
    Full,
    /// SQLite or the disk failed.
    Failed(String),
    /// A statement of the request wrote what cannot be answered.
    Statement(String),
    /// It was undone for the sake of others, and is run again.
    Again,
}

impl Loss {
    /// Of a statement after which SQLite had rolled back; `late` at the limit of its request.
    pub fn of(error: &SqlError, late: bool) -> Loss {
        match error {
            SqlError::Timeout if late => Loss::Limit,
            SqlError::Full => Loss::Full,
            SqlError::TooLarge(why) => Loss::Statement(why.clone()),
            error => Loss::Failed(error.to_string()),
        }
    }

    /// What the statements after it are told.
    pub fn told(&self) -> SqlError {
        match self {
            Loss::Limit => SqlError::Timeout,
            Loss::Full => SqlError::Full,
            Loss::Failed(why) | Loss::Statement(why) => {
                SqlError::Other(format!("the transaction was rolled back: {why}"))
            }
            Loss::Again => {
                SqlError::Other("the transaction was rolled back; it is run again".into())
            }
        }
    }

    /// What the commit fails with.
    pub fn error(&self, path: &Path) -> Error {
        match self {
            Loss::Limit => Error::WriterLimit,
            Loss::Full => Error::Full { path: path.to_owned() },
            Loss::Failed(why) => Error::Sqlite { path: path.to_owned(), message: why.clone() },
            Loss::Statement(why) => Error::RolledBack(why.clone()),
            Loss::Again => Error::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_was_stopped_early_did_not_reach_the_limit_of_its_request() {
        let lost = |late| Loss::of(&SqlError::Timeout, late).error(Path::new("shop.db"));
        assert!(matches!(lost(true), Error::WriterLimit));
        assert!(matches!(lost(false), Error::Sqlite { .. }));
    }

    #[test]
    fn a_statement_that_wanted_too_much_is_no_fault_of_the_host() {
        let lost = Loss::of(&SqlError::TooLarge("why".into()), false).error(Path::new("shop.db"));
        assert!(matches!(lost, Error::RolledBack(why) if why == "why"));
    }
}
