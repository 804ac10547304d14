//! Fields of a request: of a form, a query or a JSON body, by flat names such as `metadata[payment]`.

use std::collections::BTreeMap;

use serde_json::Value;

/// The fields by name.
pub type Fields = BTreeMap<String, String>;

/// Those of a form or a query.
pub fn of_form(text: &str) -> Fields {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    };
    pairs.map(pair).collect()
}

/// Those of a body: JSON if its type says so.
pub fn of_body(kind: &str, body: &[u8]) -> Fields {
    if !kind.starts_with("application/json") {
        return of_form(&String::from_utf8_lossy(body));
    }
    let mut fields = Fields::new();
    flatten("", &serde_json::from_slice(body).unwrap_or_default(), &mut fields);
    fields
}

/// Names deeper than this are no API's.
const DEPTH_MAX: usize = 3;

fn flatten(name: &str, value: &Value, fields: &mut Fields) {
    let text = match value {
        Value::Object(inner) if name.matches('[').count() < DEPTH_MAX => {
            for (key, value) in inner {
                let name = if name.is_empty() { key.clone() } else { format!("{name}[{key}]") };
                flatten(&name, value, fields);
            }
            return;
        }
        Value::Null => return,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    fields.insert(name.to_owned(), text);
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        (bytes, rest) = match (first, byte) {
            (b'%', Some(byte)) => ([bytes, vec![byte]].concat(), &after[2..]),
            (b'+', _) => ([bytes, vec![b' ']].concat(), after),
            (other, _) => ([bytes, vec![*other]].concat(), after),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_json_say_the_same() {
        let form =
            of_form("amount=900&metadata%5Bpayment%5D=pay_1&description=A+mug%2C+blue&x=%zz");
        assert_eq!(form["amount"], "900");
        assert_eq!(form["metadata[payment]"], "pay_1");
        assert_eq!((&*form["description"], &*form["x"]), ("A mug, blue", "%zz"));
        let json = of_body("application/json", br#"{"amount":900,"metadata":{"payment":"pay_1"}}"#);
        assert_eq!(json["amount"], form["amount"]);
        assert_eq!(json["metadata[payment]"], form["metadata[payment]"]);
    }
}
