//! `quoin call`: calls a function of a shop's plugin.

use quoin_core::limits::BODY_BYTES_MAX;
use serde_json::{Value, json};

use crate::cli::CallArgs;
use crate::client::Client;
use crate::failed::{Exit, Failed};
use crate::file;
use crate::global::Global;
use crate::output::{print, print_json};
use crate::text;

pub fn run(global: &Global, args: &CallArgs) -> Result<(), Failed> {
    let text = match args.params.as_str() {
        "-" => file::stdin_text(BODY_BYTES_MAX)
            .map_err(|e| Failed::refused(format!("cannot read standard input: {e}")))?,
        text => text.to_owned(),
    };
    let params: Value = serde_json::from_str(&text).map_err(|e| {
        Failed::new(Exit::Usage, "usage", format!("the parameters are not JSON: {e}"))
            .advise("Write an object with a member for each parameter, e.g. '{\"id\": \"a\"}'.")
    })?;
    let mut body = json!({
        "interface": args.function.interface,
        "function": args.function.function,
        "params": params,
    });
    if let (Some(installation), Value::Object(body)) = (&args.installation, &mut body) {
        body.insert("installation".into(), json!(installation));
    }
    let answer = Client::new(global)?.post(&format!("/v1/tenants/{}/call", args.tenant), &body)?;
    if global.json {
        return print_json(&answer);
    }
    print(&format!("{}\n", text::json(answer.get("ok").unwrap_or(&Value::Null))))
}
