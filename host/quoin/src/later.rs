//! `quoin later`: what a shop still has to do, and what an operator does about it.

use clap::{Args, Subcommand};
use quoin_core::{Clock, Name};
use serde_json::{Value, json};

use crate::client::Client;
use crate::failed::Failed;
use crate::global::Global;
use crate::output::{items, member, print, print_json};
use crate::text::{line, request_id, table};
use crate::time::utc;

/// Characters of an error in a list.
const ERROR_CHARS: usize = 80;

#[derive(Debug, Subcommand)]
pub enum LaterCommand {
    /// List what is outstanding, and what was done last
    List(ListArgs),
    /// Show a call with its parameters
    Show {
        /// The shop
        tenant: Name,
        /// The call's number
        number: u64,
    },
    /// Run a call now, parked or not, as if it had not been tried before
    Run {
        /// The shop
        tenant: Name,
        /// The call's number
        number: u64,
    },
    /// Drop a call: it is never done
    Drop {
        /// The shop
        tenant: Name,
        /// The call's number
        number: u64,
    },
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// The shop
    pub tenant: Name,
    /// Only calls of this plugin's functions
    #[arg(long, value_name = "NAME")]
    pub plugin: Option<Name>,
    /// Only what one request led to: the id in the x-request-id of its answer
    #[arg(long, value_name = "ID", value_parser = request_id)]
    pub request: Option<String>,
    /// Only calls that are not tried any more
    #[arg(long, conflicts_with = "waiting")]
    pub parked: bool,
    /// Only calls that are still tried
    #[arg(long)]
    pub waiting: bool,
    /// Only calls with a greater number
    #[arg(long, value_name = "NUMBER")]
    pub after: Option<u64>,
    /// So many calls at most
    #[arg(long, value_name = "CALLS")]
    pub limit: Option<u32>,
}

pub fn run(global: &Global, command: &LaterCommand) -> Result<(), Failed> {
    let client = Client::new(global)?;
    match command {
        LaterCommand::List(args) => {
            let answer = client.get(&path(args))?;
            match global.json {
                true => print_json(&answer),
                false => print(&list(&answer, Clock::system().now_ms())),
            }
        }
        LaterCommand::Show { tenant, number } => {
            let call = client.get(&format!("/v1/tenants/{tenant}/later/{number}"))?;
            match global.json {
                true => print_json(&call),
                false => print(&shown(&call)),
            }
        }
        LaterCommand::Run { tenant, number } => {
            let path = format!("/v1/tenants/{tenant}/later/{number}/run");
            let answer = client.post(&path, &json!({}))?;
            match global.json {
                true => print_json(&answer),
                false => print(&format!(
                    "Later call {number} runs; `quoin later list {tenant}` and `quoin logs {tenant}` tell \
                     how it ends.\n"
                )),
            }
        }
        LaterCommand::Drop { tenant, number } => {
            let answer = client.delete(&format!("/v1/tenants/{tenant}/later/{number}"))?;
            match global.json {
                true => print_json(&answer),
                false => print(&format!("Later call {number} is dropped.\n")),
            }
        }
    }
}

fn path(args: &ListArgs) -> String {
    let mut path = format!("/v1/tenants/{}/later", args.tenant);
    let mut mark = '?';
    let parked = match (args.parked, args.waiting) {
        (true, _) => Some("true"),
        (_, true) => Some("false"),
        _ => None,
    };
    let parts = [
        ("plugin", args.plugin.as_ref().map(Name::to_string)),
        ("request", args.request.clone()),
        ("parked", parked.map(str::to_owned)),
        ("after", args.after.map(|n| n.to_string())),
        ("limit", args.limit.map(|n| n.to_string())),
    ];
    for (name, value) in parts {
        if let Some(value) = value {
            path.push_str(&format!("{mark}{name}={value}"));
            mark = '&';
        }
    }
    path
}

fn number(call: &Value, name: &str) -> u64 {
    call.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn list(answer: &Value, now: u64) -> String {
    let heads =
        ["NUMBER", "STATE", "WHEN", "TRIES", "PLUGIN", "FUNCTION", "ASKED BY", "CAUSE", "ERROR"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for call in items(answer, "calls").iter().chain(items(answer, "done")) {
        let asked_in = match call.get("cause").and_then(Value::as_u64) {
            Some(cause) => cause.to_string(),
            None => member(call, "request").chars().take(8).collect(),
        };
        rows.push(vec![
            number(call, "number").to_string(),
            member(call, "state").to_owned(),
            when(call, now),
            number(call, "tries").to_string(),
            member(call, "plugin").to_owned(),
            function(call),
            format!("{} for {}", member(call, "asker"), line(member(call, "behalf"))),
            asked_in,
            short(member(call, "error")),
        ]);
    }
    let (waiting, parked) = (number(answer, "waiting"), number(answer, "parked"));
    let mut text = match rows.len() {
        1 => String::new(),
        _ => table(&rows),
    };
    text.push_str(&match answer.get("oldest-due-ms").and_then(Value::as_u64) {
        Some(due) if due < now => {
            format!("{waiting} wait, the oldest since {}; {parked} are parked.\n", span(now - due))
        }
        Some(due) => {
            format!(
                "{waiting} wait, the first for another {}; {parked} are parked.\n",
                span(due - now)
            )
        }
        None => format!("{waiting} wait; {parked} are parked.\n"),
    });
    text
}

/// What is called, or what its plugin hears of.
fn function(call: &Value) -> String {
    match member(call, "hears") {
        "" => member(call, "function").to_owned(),
        kind => format!("hears {kind}"),
    }
}

/// The beginning of an error; `quoin later show` has all of it.
fn short(error: &str) -> String {
    let text = line(error);
    match text.char_indices().nth(ERROR_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// When a call is tried, or was done.
fn when(call: &Value, now: u64) -> String {
    let ago = |time: u64| format!("{} ago", span(now.saturating_sub(time)));
    match member(call, "state") {
        "done" => ago(number(call, "done-ms")),
        "parked" => "never".to_owned(),
        _ => match number(call, "due-ms") {
            due if due > now => format!("in {}", span(due - now)),
            due => format!("for {}", span(now - due)),
        },
    }
}

/// A time span in its largest unit.
fn span(ms: u64) -> String {
    match ms / 1_000 {
        0 => format!("{ms} ms"),
        seconds @ 1..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

fn shown(call: &Value) -> String {
    let time = |name: &str| utc(number(call, name));
    let cause = match call.get("cause").and_then(Value::as_u64) {
        Some(cause) => format!("later call {cause}, of request {}", member(call, "request")),
        None => format!("request {}", member(call, "request")),
    };
    let mut rows = vec![
        ("Call", format!("{} of {}", function(call), member(call, "plugin"))),
        ("State", member(call, "state").to_owned()),
        ("Asked by", format!("{}, for {}", member(call, "asker"), line(member(call, "behalf")))),
        ("Asked in", cause),
        ("Asked at", time("asked-ms")),
        ("Due", time("due-ms")),
        ("Tries", number(call, "tries").to_string()),
    ];
    for (title, name) in [("Key", "key"), ("Order", "order"), ("Error", "error")] {
        if !member(call, name).is_empty() {
            rows.push((title, line(member(call, name))));
        }
    }
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|(title, value)| vec![title.to_owned(), value]).collect();
    let params = call.get("params").unwrap_or(&Value::Null);
    let params = serde_json::to_string_pretty(params).unwrap_or_default();
    format!("{}\n{params}\n", table(&rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_tells_what_waits_what_is_parked_and_what_was_done() {
        let call = |number: u64, state: &str, due: u64| {
            json!({
                "number": number, "state": state, "plugin": "mail", "function": "a:b/c@1.0.0#d",
                "asker": "desk", "behalf": "anonymous", "request": "0123456789abcdef", "cause": null,
                "due-ms": due, "done-ms": 1_000, "tries": 2, "error": "it\nfailed",
            })
        };
        let calls = [call(1, "waiting", 100_000), call(2, "parked", 0), call(3, "waiting", 1_000)];
        let answer = json!({
            "waiting": 2, "parked": 1, "oldest-due-ms": 1_000, "calls": calls,
            "done": [call(4, "done", 0)],
        });
        let text = list(&answer, 61_000);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 6);
        for (line, has) in lines[1..].iter().zip(["in 39 s", "never", "for 60 s", "60 s ago"]) {
            assert!(line.contains(has) && line.contains("01234567 "), "{line}");
        }
        assert_eq!(lines[5], "2 wait, the oldest since 60 s; 1 are parked.");
    }

    #[test]
    fn a_long_error_is_shortened_in_a_list() {
        assert_eq!(short("why"), "why");
        let long = short(&"ä".repeat(200));
        assert_eq!((long.chars().count(), long.ends_with('…')), (81, true));
    }

    #[test]
    fn spans_are_told_in_their_largest_unit() {
        let told = [5, 5_000, 300_000, 10_800_000, 432_000_000].map(span);
        assert_eq!(told, ["5 ms", "5 s", "5 min", "3 h", "5 d"]);
    }
}
