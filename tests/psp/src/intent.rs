//! Intents: what a shop means to be paid, and how far that has come.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The states of an intent, by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nobody has paid; the page is open.
    RequiresPaymentMethod,
    /// There is a card, whose holder must do something.
    RequiresAction,
    /// The bank has not said.
    Processing,
    /// It is authorized.
    RequiresCapture,
    /// It is captured.
    Succeeded,
    /// It was given up.
    Canceled,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Status::RequiresPaymentMethod => "requires_payment_method",
            Status::RequiresAction => "requires_action",
            Status::Processing => "processing",
            Status::RequiresCapture => "requires_capture",
            Status::Succeeded => "succeeded",
            Status::Canceled => "canceled",
        }
    }
}

/// An intent; amounts in minor units.
#[derive(Debug, Clone)]
pub struct Intent {
    /// Unguessable: who knows it may pay.
    pub id: String,
    /// What is to be paid.
    pub amount: u64,
    /// In lower case.
    pub currency: String,
    /// Whether it is captured by a request of its own.
    pub is_manual: bool,
    /// How far it has come.
    pub status: Status,
    /// What was captured.
    pub received: u64,
    /// What was given back.
    pub refunded: u64,
    /// What the buyer reads.
    pub description: String,
    /// What the shop keeps with it.
    pub metadata: BTreeMap<String, String>,
    /// Where the page leads afterwards.
    pub return_url: Option<String>,
    /// Why the last try to pay failed.
    pub error: Option<&'static str>,
    /// Seconds since 1970.
    pub created: u64,
}

impl Intent {
    /// Whether the page is open.
    pub fn waits(&self) -> bool {
        matches!(self.status, Status::RequiresPaymentMethod | Status::RequiresAction)
    }

    /// As the API tells it.
    pub fn view(&self, base: &str) -> Value {
        let capturable = if self.status == Status::RequiresCapture { self.amount } else { 0 };
        let url = format!("{base}/pay/{}", self.id);
        let next = self.waits().then(|| json!({ "redirect_to_url": { "url": url } }));
        let error =
            self.error.map(|message| json!({ "code": "card_declined", "message": message }));
        json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "currency": self.currency,
            "capture_method": if self.is_manual { "manual" } else { "automatic" },
            "status": self.status.name(),
            "amount_capturable": capturable,
            "amount_received": self.received,
            "amount_refunded": self.refunded,
            "description": self.description,
            "metadata": self.metadata,
            "next_action": next,
            "last_payment_error": error,
            "created": self.created,
        })
    }
}
