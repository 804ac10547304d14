//! `quoin logs`: what a shop's plugins wrote.

use std::io::BufRead;

use quoin_core::limits::LOG_LINES_KEPT;
use serde_json::Value;

use crate::cli::LogsArgs;
use crate::client::Client;
use crate::failed::Failed;
use crate::global::Global;
use crate::output::{items, member, print};
use crate::text;
use crate::time::utc;

/// Characters of a request's id that people are shown: as many as `--request` needs.
const REQUEST_CHARS: usize = 8;

pub fn run(global: &Global, args: &LogsArgs) -> Result<(), Failed> {
    let client = Client::new(global)?;
    let limit = args.limit.map(|n| format!("limit={n}&")).unwrap_or_default();
    let request = args.request.as_ref().map(|id| format!("request={id}&")).unwrap_or_default();
    let path = format!("/v1/tenants/{}/logs?{limit}{request}follow={}", args.tenant, args.follow);
    if !args.follow {
        let answer = client.get(&path)?;
        let lines = items(&answer, "lines");
        for line in lines {
            tell(global, line)?;
        }
        if lines.is_empty() && args.limit != Some(0) && !global.json {
            eprintln!("{}", nothing(args));
        }
        return Ok(());
    }
    for line in client.stream(&path)?.lines() {
        let broken = |e: &dyn std::fmt::Display| {
            Failed::refused(format!("the log broke off: {e}"))
                .advise("Look whether the host still runs, and follow it again.")
        };
        let line = line.map_err(|e| broken(&e))?;
        tell(global, &serde_json::from_str(&line).map_err(|e| broken(&e))?)?;
    }
    Ok(())
}

/// An empty log may well be a young one.
fn nothing(args: &LogsArgs) -> String {
    match &args.request {
        None => format!(
            "{} has no lines since the host started: its log is kept in memory.",
            args.tenant
        ),
        Some(id) => format!(
            "{} has no lines of the request {id} among its newest {LOG_LINES_KEPT} since the host \
             started: its log is kept in memory.",
            args.tenant
        ),
    }
}

fn tell(global: &Global, line: &Value) -> Result<(), Failed> {
    if global.json {
        return print(&format!("{line}\n"));
    }
    let at = utc(line.get("at-ms").and_then(Value::as_u64).unwrap_or_default());
    let (level, plugin) = (member(line, "level"), member(line, "plugin"));
    let request = match member(line, "trace") {
        "" => "-",
        id => id.get(..REQUEST_CHARS).unwrap_or(id),
    };
    let message = text::line(member(line, "message"));
    print(&format!("{at} {level:<5} {request:<REQUEST_CHARS$} {plugin}: {message}\n"))
}
