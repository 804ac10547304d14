//! `quoin import`: files that plugins import, as jobs with progress.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use quoin_core::Name;
use serde_json::{Value, json};

use crate::client::Client;
use crate::failed::Failed;
use crate::global::Global;
use crate::output::{items, member, print, print_json};
use crate::text::{line, table};
use crate::time::utc;

/// How often the host is asked how far an import is.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Import a file, and show how far it is until it has ended
    Run(RunArgs),
    /// List a plugin's last imports
    List(OfPlugin),
    /// Show an import
    Show(OfImport),
    /// Stop an import: what was imported until then stays
    Cancel(OfImport),
}

#[derive(Debug, Args)]
pub struct OfPlugin {
    /// The shop
    pub tenant: Name,
    /// The plugin that imports
    pub plugin: Name,
}

#[derive(Debug, Args)]
pub struct OfImport {
    #[command(flatten)]
    pub of: OfPlugin,
    /// The import's id
    pub id: String,
}

#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub of: OfPlugin,
    /// The file, as UTF-8 with a header line
    pub file: PathBuf,
    /// What it goes into, where the plugin has several
    #[arg(long, value_name = "NAME")]
    pub into: Option<String>,
    /// Only look at the rows, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Start it, and do not wait for its end
    #[arg(long)]
    pub detach: bool,
}

pub fn run(global: &Global, command: &ImportCommand) -> Result<(), Failed> {
    let client = Client::new(global)?;
    let call = |of: &OfPlugin, function: &str, params: Value| {
        let body = json!({
            "interface": "quoin:imports/imports",
            "function": function,
            "installation": of.plugin,
            "params": params,
        });
        let answer = client.post(&format!("/v1/tenants/{}/call", of.tenant), &body)?;
        Ok::<_, Failed>(answer.get("ok").cloned().unwrap_or_default())
    };
    let job = match command {
        ImportCommand::List(of) => {
            let jobs = call(of, "list-jobs", json!({}))?;
            let jobs = json!({ "imports": jobs });
            return match global.json {
                true => print_json(&jobs),
                false => print(&list(items(&jobs, "imports"))),
            };
        }
        ImportCommand::Show(import) => call(&import.of, "get", json!({ "id": import.id }))?,
        ImportCommand::Cancel(import) => call(&import.of, "cancel", json!({ "id": import.id }))?,
        ImportCommand::Run(args) => {
            let file = upload(&client, &args.of.tenant, &args.file, global.json)?;
            let params = json!({
                "file": member(&file, "id"), "into": args.into, "dryRun": args.dry_run,
            });
            let started = call(&args.of, "start", params)?;
            let bar = bar("{msg:<24} {bar:24} {pos} % {prefix}", 100, global.json);
            let mut job = started;
            while !args.detach && is_running(&job) {
                show(&bar, &job);
                thread::sleep(LOOK_EVERY);
                job = call(&args.of, "get", json!({ "id": member(&job, "id") }))?;
            }
            bar.finish_and_clear();
            job
        }
    };
    match global.json {
        true => print_json(&job)?,
        false => print(&shown(&job))?,
    }
    match (command, member(&job, "state")) {
        (ImportCommand::Run(_), "refused") => {
            Err(Failed::refused("nothing was imported: some rows have faults")
                .advise("Correct the file, and import it again."))
        }
        _ => Ok(()),
    }
}

/// Sends the file to the host.
fn upload(client: &Client, tenant: &Name, path: &Path, quiet: bool) -> Result<Value, Failed> {
    let open = || Ok((File::open(path)?.metadata()?.len(), File::open(path)?));
    let (size, file) = open().map_err(|e: std::io::Error| Failed::file("read", path, e))?;
    let bar = bar("{msg:<24} {bar:24} {bytes}/{total_bytes}", size, quiet);
    bar.set_message("uploading");
    let mut body = bar.wrap_read(file).take(size);
    let path = format!("/v1/tenants/{tenant}/files");
    let outcome = client.send_file(&path, "text/csv", (size, &mut body));
    bar.finish_and_clear();
    outcome
}

fn bar(style: &str, length: u64, quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(length), target);
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar
}

fn number(job: &Value, name: &str) -> u64 {
    job.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn is_running(job: &Value) -> bool {
    matches!(member(job, "state"), "checking" | "running")
}

fn show(bar: &ProgressBar, job: &Value) {
    bar.set_position(number(job, "percent"));
    bar.set_message(match member(job, "state") {
        "checking" => "looking at the rows",
        _ => "importing",
    });
    let left = match job.get("timeLeft").and_then(Value::as_u64) {
        Some(left) => format!(", {} s left", left.div_ceil(1_000)),
        None => String::new(),
    };
    let (rows, rate) = (number(job, "rows"), number(job, "rowsPerSecond"));
    bar.set_prefix(format!("{rows} rows, {rate} rows/s{left}"));
}

fn list(jobs: &[Value]) -> String {
    if jobs.is_empty() {
        return "There were no imports.\n".to_owned();
    }
    let heads = ["ID", "STARTED", "STATE", "DONE", "ROWS", "FAULTS"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for job in jobs {
        rows.push(vec![
            member(job, "id").to_owned(),
            utc(number(job, "startedAt")),
            state(job),
            format!("{} %", number(job, "percent")),
            number(job, "rows").to_string(),
            number(job, "faultCount").to_string(),
        ]);
    }
    table(&rows)
}

fn state(job: &Value) -> String {
    match job.get("dryRun").and_then(Value::as_bool) {
        Some(true) => format!("{} (dry run)", member(job, "state")),
        _ => member(job, "state").to_owned(),
    }
}

fn shown(job: &Value) -> String {
    let rows = [
        ("Import", member(job, "id").to_owned()),
        ("State", format!("{}, {} %", state(job), number(job, "percent"))),
        ("Rows", format!("{}, {} a second", number(job, "rows"), number(job, "rowsPerSecond"))),
        (
            if is_running(job) || member(job, "state") != "done" { "So far" } else { "Result" },
            format!(
                "{} created, {} updated, {} unchanged",
                number(job, "created"),
                number(job, "updated"),
                number(job, "unchanged")
            ),
        ),
    ];
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|(title, value)| vec![title.to_owned(), value]).collect();
    let mut text = table(&rows);
    let faults = items(job, "faults");
    for fault in faults {
        text.push_str(&format!(
            "line {}: {}\n",
            number(fault, "line"),
            line(member(fault, "problem"))
        ));
    }
    let more = number(job, "faultCount").saturating_sub(faults.len() as u64);
    if more > 0 {
        text.push_str(&format!("{more} more rows have faults.\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_is_told_with_its_faults() {
        let job = json!({
            "id": "import_1", "state": "refused", "dryRun": true, "percent": 100, "rows": 7,
            "rowsPerSecond": 70, "created": 1, "updated": 2, "unchanged": 3, "faultCount": 3,
            "faults": [{ "line": 3, "problem": "name is\nmissing" }],
        });
        let text = shown(&job);
        for part in [
            "refused (dry run), 100 %",
            "7, 70 a second",
            "So far  1 created, 2 updated, 3 unchanged",
            "line 3: name is",
            "2 more rows have faults.",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(text.lines().count(), 6);
        assert!(list(&[job]).lines().nth(1).is_some_and(|row| row.contains("import_1")));
        assert_eq!(list(&[]), "There were no imports.\n");
    }
}
