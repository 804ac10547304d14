//! Why a command failed, told to people or programs, and the exit code for it.

use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::text;

/// How a command ends that did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Refused, or failed.
    Refused = 1,
    /// The command line is wrong.
    Usage = 2,
    /// No host can be reached.
    Unreachable = 3,
    /// The host does not accept the token.
    Token = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Why a command failed.
#[derive(Debug)]
pub struct Failed {
    pub exit: Exit,
    /// A stable word for programs.
    code: String,
    /// What is wrong.
    message: String,
    /// What to do.
    advice: Option<String>,
    /// The host's own words for it.
    problem: Option<Box<Value>>,
}

impl Failed {
    pub fn new(exit: Exit, code: &str, message: impl Display) -> Failed {
        let (code, message) = (code.to_owned(), message.to_string());
        Failed { exit, code, message, advice: None, problem: None }
    }

    /// Something that cannot be done as it is.
    pub fn refused(message: impl Display) -> Failed {
        Failed::new(Exit::Refused, "refused", message)
    }

    /// A file or directory that cannot be used.
    pub fn file(action: &str, path: &Path, why: impl Display) -> Failed {
        Failed::new(Exit::Refused, "file", format!("cannot {action} {}: {why}", path.display()))
    }

    /// With what to do about it.
    pub fn advise(self, advice: impl Display) -> Failed {
        Failed { advice: Some(advice.to_string()), ..self }
    }

    /// As the failure of one of several things.
    pub fn within(self, what: &str) -> Failed {
        Failed { message: format!("{what}: {}", self.message), ..self }
    }

    /// What the host answered instead of success.
    pub fn answered(status: u16, problem: Value) -> Failed {
        if status == 401 {
            return Failed::new(Exit::Token, "token", "the host does not accept the token").advise(
                "The token is in admin.token of the host's data directory: name that with --data, \
                 or set QUOIN_TOKEN.",
            );
        }
        let text = |member: &str| problem.get(member).and_then(Value::as_str);
        // With an `error`, the code is a case of a function's own.
        if matches!(text("code"), Some("unknown-host" | "no-such-path"))
            && problem.get("error").is_none()
        {
            return Failed::new(
                Exit::Usage,
                "usage",
                "this is not an admin API: shops answer there",
            )
            .advise("Use --admin with the address that `quoin serve` prints as Admin API.");
        }
        let message = match text("detail").or(text("title")) {
            Some(told) => told.to_owned(),
            None => format!("the host answered with status {status}"),
        };
        let code = text("code").unwrap_or("refused").to_owned();
        Failed {
            exit: Exit::Refused,
            code,
            message,
            advice: None,
            problem: Some(Box::new(problem)),
        }
    }

    /// Tells it on standard error, and says how the process ends.
    pub fn tell(&self, as_json: bool) -> ExitCode {
        let error = self.problem.as_ref().and_then(|p| p.get("error"));
        if as_json {
            let told = json!({
                "error": {
                    "code": self.code,
                    "message": self.message,
                    "advice": self.advice,
                    "problem": self.problem,
                }
            });
            eprintln!("{told}");
        } else {
            // It may be of several lines, and none of them looks like the first.
            eprintln!("error: {}", text::lines(&self.message).replace('\n', "\n  "));
            if let Some(error) = error {
                eprintln!("{}", text::json(error));
            }
            if let Some(advice) = &self.advice {
                eprintln!("{}", text::lines(advice));
            }
        }
        self.exit.into()
    }
}
