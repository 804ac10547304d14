//! What does not fit, told alike wherever in a request it is.

use quoin_core::Type;
use quoin_core::types::Field;
use quoin_runtime::Value;
use quoin_runtime::json::{self, Misfit};

/// The value of a parameter that is not there.
pub fn absent(param: &Field, at: String) -> Result<Value, Misfit> {
    match &param.ty {
        Type::Option(_) => Ok(Value::Option(None)),
        ty => Err(Misfit {
            pointer: at,
            problem: format!("missing; expected {}", json::describe(ty)),
        }),
    }
}

/// The misfit of something that nobody has asked for.
pub fn unknown(pointer: String, known: &[String]) -> Misfit {
    let problem = match known {
        [] => "unknown; nothing is expected here".into(),
        known => format!("unknown; known here: {}", known.join(", ")),
    };
    Misfit { pointer, problem }
}

/// The misfit of something that is given twice and can be had once.
pub fn repeated(at: String) -> Misfit {
    Misfit { pointer: at, problem: "given more than once".into() }
}

/// The misfit of bytes that are no text.
pub fn not_text(at: &str) -> Misfit {
    let problem = "its percent-encoding is broken, or it is not UTF-8".into();
    Misfit { pointer: at.into(), problem }
}
