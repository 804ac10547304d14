//! Mail as a plugin sends it, and what comes of it.

/// Whose mail it is, or who gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// May be empty.
    pub name: String,
    /// The address.
    pub address: String,
}

/// A mail as a plugin makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Who sends it.
    pub from: Mailbox,
    /// Where answers go, if not there.
    pub reply_to: Option<Mailbox>,
    /// Who gets it.
    pub to: Vec<Mailbox>,
    /// The subject.
    pub subject: String,
    /// The mail as text.
    pub text: String,
    /// The mail as HTML.
    pub html: Option<String>,
    /// Mails of a plugin with the same key have the same Message-ID.
    pub key: String,
}

/// A relay has taken a mail on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The Message-ID without brackets.
    pub message_id: String,
    /// What the relay answered.
    pub answer: String,
    /// The code of that.
    pub code: u16,
}

/// Why no relay has taken a mail on. The texts say what to do, and none has a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// There is no relay, or the host does not let it out. It was not sent.
    #[error("{0}")]
    Denied(String),
    /// The password is not set, or the relay does not take it. It was not sent.
    #[error("{0}")]
    Secret(String),
    /// It is no mail. It was not sent.
    #[error("{0}")]
    Invalid(String),
    /// It is larger than the limits. It was not sent.
    #[error("{0}")]
    TooLarge(String),
    /// The relay refuses it for good.
    #[error("{0}")]
    Refused(String),
    /// The relay does not take it now.
    #[error("{0}")]
    NotNow(String),
    /// There is no connection to the relay, or none that may be used. It was not sent.
    #[error("{0}")]
    Unreachable(String),
    /// The connection broke off after it was sent. The relay may have it.
    #[error("{0}")]
    Unknown(String),
    /// The shop, or the host, sends as much as it may. It was not sent.
    #[error("{0}")]
    Busy(String),
}

impl MailError {
    /// A stable word for it.
    pub fn code(&self) -> &'static str {
        match self {
            MailError::Denied(_) => "denied",
            MailError::Secret(_) => "secret",
            MailError::Invalid(_) => "invalid",
            MailError::TooLarge(_) => "too-large",
            MailError::Refused(_) => "refused",
            MailError::NotNow(_) => "not-now",
            MailError::Unreachable(_) => "unreachable",
            MailError::Unknown(_) => "unknown",
            MailError::Busy(_) => "busy",
        }
    }
}
