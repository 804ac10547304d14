//! `quoin http`: a shop's last requests to other systems.

use serde_json::Value;

use crate::cli::HttpArgs;
use crate::client::Client;
use crate::failed::Failed;
use crate::global::Global;
use crate::output::{items, member, print, print_json};
use crate::text::table;
use crate::time::utc;

/// Characters of a request's id that people are shown: as many as `quoin logs --request` needs.
const REQUEST_CHARS: usize = 8;

pub fn run(global: &Global, args: &HttpArgs) -> Result<(), Failed> {
    let limit = args.limit.map(|n| format!("?limit={n}")).unwrap_or_default();
    let path = format!("/v1/tenants/{}/http{limit}", args.tenant);
    let answer = Client::new(global)?.get(&path)?;
    if global.json {
        return print_json(&answer);
    }
    let exchanges = items(&answer, "exchanges");
    if exchanges.is_empty() {
        eprintln!(
            "{} has sent no request to another system since the host started: they are kept in memory.",
            args.tenant
        );
        return Ok(());
    }
    print(&list(exchanges))
}

fn list(exchanges: &[Value]) -> String {
    let titles = ["AT", "REQUEST", "PLUGIN", "STATUS", "MS", "SENT", "RECEIVED", "EXCHANGE"];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    for exchange in exchanges {
        let number = |name: &str| exchange.get(name).and_then(Value::as_u64).unwrap_or_default();
        let error = exchange.get("error").filter(|error| !error.is_null());
        let status = match error {
            Some(error) => member(error, "code").to_owned(),
            None => number("status").to_string(),
        };
        let trace = member(exchange, "trace");
        let why = error.map(|error| format!(": {}", member(error, "message"))).unwrap_or_default();
        rows.push(vec![
            utc(number("at-ms")),
            trace.get(..REQUEST_CHARS).unwrap_or(trace).to_owned(),
            member(exchange, "plugin").to_owned(),
            status,
            number("duration-ms").to_string(),
            number("sent").to_string(),
            number("received").to_string(),
            format!("{} {}{why}", member(exchange, "method"), member(exchange, "url")),
        ]);
    }
    table(&rows)
}
