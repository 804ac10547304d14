//! The record that crosses.

use serde::{Deserialize, Serialize};
use wasmtime::component::{ComponentType, Lift, Lower};

/// A line as an order has them, the same as in the callee's interface.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower, Serialize, Deserialize)]
#[component(record)]
pub struct Line {
    sku: String,
    quantity: u32,
    price: u64,
    currency: String,
}

/// So many lines, the same that the calling plugin makes.
pub fn lines(length: u32) -> Vec<Line> {
    let line = |number: u32| Line {
        sku: format!("SKU-{number:08}"),
        quantity: number % 9 + 1,
        price: 1_999 + u64::from(number),
        currency: "EUR".into(),
    };
    (0..length).map(line).collect()
}
