//! An intent, as the provider tells it.

use serde_json::Value;

/// How far an intent has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The buyer must pay, or do something at his bank.
    Waits,
    /// The bank has not said.
    Processing,
    Authorized,
    Captured,
    Canceled,
}

/// An intent; amounts in minor units.
#[derive(Debug, Clone)]
pub struct Intent {
    pub id: String,
    /// The payment that it was made for.
    pub payment: String,
    pub progress: Progress,
    pub amount: i64,
    /// In upper case.
    pub currency: String,
    /// What was captured.
    pub received: i64,
    /// What was given back.
    pub refunded: i64,
    /// Where the buyer pays.
    pub url: Option<String>,
    /// Why the buyer's last try failed.
    pub error: Option<String>,
}

impl Intent {
    /// The intent in this document; none where it has none.
    pub fn read(value: &Value) -> Option<Intent> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some(Intent {
            id: text(&value["id"])?,
            payment: text(&value["metadata"]["payment"]).unwrap_or_default(),
            progress: match value["status"].as_str()? {
                "requires_payment_method" | "requires_confirmation" | "requires_action" => {
                    Progress::Waits
                }
                "processing" => Progress::Processing,
                "requires_capture" => Progress::Authorized,
                "succeeded" => Progress::Captured,
                "canceled" => Progress::Canceled,
                _ => return None,
            },
            amount: value["amount"].as_i64()?,
            currency: value["currency"].as_str()?.to_uppercase(),
            received: value["amount_received"].as_i64().unwrap_or(0),
            refunded: value["amount_refunded"].as_i64().unwrap_or(0),
            url: text(&value["next_action"]["redirect_to_url"]["url"]),
            error: text(&value["last_payment_error"]["message"]),
        })
    }
}
