//! A plugin's HTTP API: its routes and its `web` export, who may call them, and with which statuses they
//! answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{FunctionRef, Prefix, RoutePattern};
use crate::types::{Field, Function, Type};

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Anyone.
    Public,
    /// Whoever has an API key of the tenant.
    Admin,
}

/// A route: an HTTP method and path that calls a provided function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Route {
    /// Method and path, e.g. `GET /things/{slug}`. A `{name}` segment binds to the parameter of
    /// that name.
    pub route: RoutePattern,
    /// The function that it calls.
    pub call: FunctionRef,
    /// Who may call it.
    pub access: Access,
    /// The status of success, 200 to 299.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<SuccessStatus>,
    /// The parameter that is the whole body. Without it, the body of a POST, PUT or PATCH is an
    /// object with a member for each parameter that neither path nor header binds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Header names and the parameters that they bind to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The function that answers a client that prefers to wait for the later calls of its request
    /// (`Prefer: wait`, RFC 7240): one that only reads, and returns what `call` does. Its parameters are
    /// [`Given`] by what the client asked and was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<FunctionRef>,
}

/// Where a parameter of the function that answers a client that waits comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// The field of the same name of the record that the route's function returned.
    Answer,
    /// The parameter of the route's function at this place, which has the same name.
    Param(usize),
}

impl Given {
    /// Where `param` comes from after a call of `function`, if anywhere.
    pub fn of(param: &Field, function: &Function) -> Option<Given> {
        let same = |other: &Field| other.name == param.name && other.ty == param.ty;
        let ok = match &function.result {
            Some(Type::Result { ok, .. }) => ok.as_deref(),
            other => other.as_ref(),
        };
        match ok {
            Some(Type::Record { fields, .. }) if fields.iter().any(same) => Some(Given::Answer),
            _ => function.params.iter().position(same).map(Given::Param),
        }
    }
}

/// Where a plugin's `web` export answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Web {
    /// The path prefix, e.g. `/shop`, or `/` for whatever no route and no other prefix takes.
    pub prefix: Prefix,
    /// Who may call it.
    pub access: Access,
}

macro_rules! status {
    ($(#[$doc:meta])* $type:ident, $range:expr, $rule:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "u16", into = "u16")]
        pub struct $type(u16);

        impl TryFrom<u16> for $type {
            type Error = String;
            fn try_from(status: u16) -> Result<Self, String> {
                if $range.contains(&status) {
                    Ok($type(status))
                } else {
                    Err(format!("the status {status} is not {}", $rule))
                }
            }
        }

        impl From<$type> for u16 {
            fn from(status: $type) -> u16 {
                status.0
            }
        }
    };
}
status!(
    /// An HTTP status of success.
    SuccessStatus, 200..300, "200 to 299"
);
status!(
    /// An HTTP status of a caller's fault.
    ErrorStatus, 400..500, "400 to 499"
);
