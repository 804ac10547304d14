//! Mail of a shop, through its relay.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use quoin_core::Name;
use quoin_core::limits::{
    HTTP_REST_MS, MAIL_CONCURRENCY_HOST, MAIL_CONCURRENCY_SHOP, MAIL_RATE_SHOP, MAIL_TIME_MS_MAX,
};
use quoin_core::manifest::Relay;
use tokio::sync::OwnedSemaphorePermit;

use crate::compose::{Composed, compose};
use crate::exchanges::Exchange;
use crate::mail::{Mail, MailError, Receipt};
use crate::outlet::{Outlet, cut};
use crate::redact::redacted;
use crate::relay::{Login, deliver};

impl Outlet {
    /// Sends a mail of a plugin, for a request of the shop, through the relay that the shop names. It must be
    /// done by `deadline`.
    ///
    /// # Errors
    /// See [`MailError`].
    pub async fn post(
        &self,
        mail: &Mail,
        relay: Option<&Relay>,
        plugin: &Name,
        trace: &str,
        deadline: Instant,
    ) -> Result<Receipt, MailError> {
        let began = self.host.clock.instant();
        let mut exchange = Exchange {
            number: 0,
            at_ms: self.host.clock.now_ms(),
            plugin: plugin.to_string(),
            trace: trace.to_owned(),
            method: "MAIL",
            url: relay.map_or_else(|| "no relay".into(), |relay| format!("smtp://{relay}")),
            status: None,
            error: Some(("dropped", "its call ended before there was an answer".to_owned())),
            duration_ms: 0,
            sent: mail.text.len() + mail.html.as_ref().map_or(0, String::len),
            received: 0,
        };
        let pending = Pending { outlet: self, began, exchange: &mut exchange };
        let outcome = self.attempt_mail(mail, relay, plugin, deadline).await;
        let ended = outcome.as_ref().map_err(|error| (error.code(), cut(error.to_string())));
        pending.exchange.status = ended.as_ref().ok().map(|receipt| receipt.code);
        pending.exchange.error = ended.err();
        drop(pending);
        outcome
    }

    async fn attempt_mail(
        &self,
        mail: &Mail,
        relay: Option<&Relay>,
        plugin: &Name,
        deadline: Instant,
    ) -> Result<Receipt, MailError> {
        let Some(relay) = relay else {
            return Err(MailError::Denied(format!(
                "the shop names no relay for mail; write mail = {{ server = \"smtp.example.com\", user = \
                 \"…\", password = \"smtp-password\" }} under [plugins.{plugin}] in the shop file, and \
                 apply it"
            )));
        };
        let now = self.host.clock.instant();
        let composed = compose(mail, &self.tenant, plugin, self.host.clock.now_ms())?;
        let login = self.login(relay)?;
        let _places = self.mail_places()?;
        let rest = Duration::from_millis(HTTP_REST_MS.into());
        let left = deadline.saturating_duration_since(now).saturating_sub(rest);
        let time = left.min(Duration::from_millis(MAIL_TIME_MS_MAX.into()));
        let Composed { envelope, bytes, message_id } = composed;
        let sent = AtomicBool::new(false);
        let way = (&*self.host, &self.lookups);
        let delivery = deliver(way, relay, login.as_ref(), &envelope, &bytes, &sent);
        let timeout = |_| match sent.load(Ordering::Relaxed) {
            true => Err(MailError::Unknown(format!("{relay} has the mail and has not answered"))),
            false => Err(MailError::Unreachable(format!("{relay} has not answered in time"))),
        };
        let outcome = tokio::time::timeout(time, delivery).await.unwrap_or_else(timeout);
        let (code, answer) = outcome.map_err(|error| hidden(error, login.as_ref()))?;
        Ok(Receipt { message_id, answer: cut(hide(&answer, login.as_ref())), code })
    }

    /// The login at the relay, if it wants one.
    fn login(&self, relay: &Relay) -> Result<Option<Login>, MailError> {
        let (Some(user), Some(name)) = (&relay.user, &relay.password) else { return Ok(None) };
        let secret = self.secrets.named(name).map_err(MailError::Secret)?;
        let password = String::from_utf8(secret).map_err(|_| {
            MailError::Secret(format!("the secret {name} is no text: set it again"))
        })?;
        Ok(Some(Login { user: user.clone(), password, name: name.clone() }))
    }

    /// A place among the mails that are under way, and one in the shop's rate.
    fn mail_places(&self) -> Result<[OwnedSemaphorePermit; 2], MailError> {
        let busy = |why: String| Err(MailError::Busy(why));
        let Ok(shop) = self.mails.clone().try_acquire_owned() else {
            return busy(format!("the shop has {MAIL_CONCURRENCY_SHOP} mails under way already"));
        };
        let Ok(host) = self.host.mails.clone().try_acquire_owned() else {
            return busy(format!("the host has {MAIL_CONCURRENCY_HOST} mails under way already"));
        };
        let mut bucket = self.mail_bucket.lock().unwrap_or_else(PoisonError::into_inner);
        match bucket.take(self.host.clock.instant()) {
            true => Ok([shop, host]),
            false => busy(format!("the shop may send {MAIL_RATE_SHOP} mails a second")),
        }
    }
}

/// A mail that is under way. It is remembered however it ends.
struct Pending<'a> {
    outlet: &'a Outlet,
    began: Instant,
    exchange: &'a mut Exchange,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let now = self.outlet.host.clock.instant();
        let took = now.saturating_duration_since(self.began).as_millis();
        self.exchange.duration_ms = u64::try_from(took).unwrap_or(u64::MAX);
        self.outlet.exchanges.add(self.exchange.clone());
    }
}

/// What a relay said, without the password: also where it gives back what it was told.
fn hide(text: &str, login: Option<&Login>) -> String {
    let Some(login) = login else { return text.to_owned() };
    let plain = format!("\0{}\0{}", login.user, login.password);
    let secrets = [
        login.password.clone(),
        BASE64.encode(login.password.as_bytes()),
        BASE64.encode(plain.as_bytes()),
    ];
    redacted(text, &secrets.map(|secret| (login.name.clone(), secret.into_bytes())))
}

fn hidden(error: MailError, login: Option<&Login>) -> MailError {
    match error {
        MailError::Secret(why) => MailError::Secret(hide(&why, login)),
        MailError::Refused(why) => MailError::Refused(hide(&why, login)),
        MailError::NotNow(why) => MailError::NotNow(hide(&why, login)),
        MailError::Unreachable(why) => MailError::Unreachable(hide(&why, login)),
        MailError::Unknown(why) => MailError::Unknown(hide(&why, login)),
        other => other,
    }
}

#[cfg(test)]
mod tests;
