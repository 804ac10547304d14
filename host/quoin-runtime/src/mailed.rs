//! What became of the mails of a request of the shop, for another run of it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use quoin_core::limits::MAILS_MAX;
use quoin_egress::{Mail, MailError, Receipt};

type Outcome = Result<Receipt, MailError>;

/// The mails that the calls of a tree have sent.
#[derive(Default)]
pub(crate) struct Mailed(Mutex<Sent>);

#[derive(Default)]
struct Sent {
    /// In this run.
    count: usize,
    held: Vec<Held>,
}

struct Held {
    mail: Mail,
    outcome: Outcome,
    /// This run has had it.
    given: bool,
}

impl Mailed {
    /// The request runs once more from its beginning.
    pub fn rewind(&self) {
        let mut sent = self.sent();
        sent.count = 0;
        sent.held.iter_mut().for_each(|held| held.given = false);
    }

    /// Counts a mail: which of this run it is, from 1.
    ///
    /// # Errors
    /// There are too many.
    pub fn next(&self) -> Result<usize, MailError> {
        let mut sent = self.sent();
        sent.count += 1;
        if sent.count > MAILS_MAX {
            return Err(MailError::Busy(format!(
                "one request of the shop sends at most {MAILS_MAX} mails: send the others in later calls"
            )));
        }
        Ok(sent.count)
    }

    /// The outcome that a mail had in an earlier run, if it had one.
    pub fn before(&self, mail: &Mail) -> Option<Outcome> {
        let mut sent = self.sent();
        let held = sent.held.iter_mut().find(|held| !held.given && held.mail == *mail)?;
        held.given = true;
        Some(held.outcome.clone())
    }

    /// What a mail came to that was sent in this run.
    pub fn after(&self, mail: Mail, outcome: &Outcome) {
        self.sent().held.push(Held { mail, outcome: outcome.clone(), given: true });
    }

    fn sent(&self) -> MutexGuard<'_, Sent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use quoin_egress::Mailbox;

    use super::*;

    fn mail(subject: &str) -> Mail {
        let mailbox = |address: &str| Mailbox { name: String::new(), address: address.into() };
        Mail {
            from: mailbox("shop@example.com"),
            reply_to: None,
            to: vec![mailbox("ada@example.com")],
            subject: subject.into(),
            text: String::new(),
            html: None,
            key: "k".into(),
        }
    }

    #[test]
    fn another_run_has_each_outcome_again_and_a_run_sends_so_many() {
        let mailed = Mailed::default();
        let outcomes = [Ok(Receipt::default()), Err(MailError::Unknown("gone".into()))];
        for outcome in &outcomes {
            assert_eq!((mailed.next(), mailed.before(&mail("a"))), (Ok(mailed.sent().count), None));
            mailed.after(mail("a"), outcome);
        }
        mailed.rewind();
        for outcome in &outcomes {
            assert_eq!(mailed.before(&mail("a")), Some(outcome.clone()));
        }
        assert_eq!((mailed.before(&mail("a")), mailed.before(&mail("b"))), (None, None));
        for n in 1..=MAILS_MAX {
            assert_eq!(mailed.next(), Ok(n));
        }
        assert!(matches!(mailed.next(), Err(MailError::Busy(_))));
    }
}
