//! The card provider that shops are tested with, as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Host, Reply, Shop, place, sale};

/// The secret key of its API, and that of its webhooks.
const KEYS: [&str; 2] = ["sk_test_of_the_provider", "whsec_test_of_the_provider"];

/// A running provider. It ends when dropped.
pub struct Psp {
    child: Child,
    client: ureq::Agent,
    /// The beginning of its API's URLs.
    pub api: String,
    control: String,
    work: TempDir,
}

impl Psp {
    /// Starts one with an empty ledger.
    pub fn start() -> Psp {
        let work = tempfile::tempdir().expect("a temporary folder");
        let mut child = Command::new(place::psp())
            .args(["--until-stdin-ends", "--key", KEYS[0], "--webhook-key", KEYS[1], "--ledger"])
            .arg(work.path().join("ledger"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the provider's executable runs");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("stdout is text");
        let told: Value = serde_json::from_str(&line).expect("it tells where it listens");
        let text = |name: &str| told[name].as_str().expect("an address").to_owned();
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let client = config.max_redirects_will_error(false).build().new_agent();
        Psp { child, client, api: text("api"), control: text("control"), work }
    }

    /// The part of a shop's file that has card payments by this provider; `config` is that of the plugin.
    pub fn plugin_file(&self, config: &str) -> String {
        let api = &self.api;
        let more = if config.is_empty() { String::new() } else { format!(", {config}") };
        format!(
            "[plugins.payment-card]\nbundle = \"payment-card.wasm\"\n\
             grants = [\"sql\", \"config\", \"clock\", \"random\", \"log\", \"later\", \"http\"]\n\
             http = {{ hosts = [\"{api}\"], methods = [\"GET\", \"POST\"], \
             secrets = [\"card-key\", \"card-webhook-key\"] }}\n\
             config = {{ provider-url = \"{api}\"{more} }}\n"
        )
    }

    /// The shop of all sales, with card payments by this provider besides.
    pub fn shop_file(&self, config: &str) -> String {
        let bound = "cash = \"payment-manual\"";
        let shop = sale::SHOP.replace(bound, &format!("{bound}, card = \"payment-card\""));
        shop + &self.plugin_file(config)
    }

    /// Gives the shop the secrets that it needs, and sends webhooks to it from now on.
    pub fn know(&self, host: &Host, shop: &Shop) {
        host.set_secret(&shop.name, "card-key", KEYS[0]);
        host.set_secret(&shop.name, "card-webhook-key", KEYS[1]);
        self.webhooks(json!({ "host": shop.domain }));
        self.send_to(host.address());
    }

    /// Sends webhooks there from now on: a host that starts again listens elsewhere.
    pub fn send_to(&self, address: SocketAddr) {
        let url = format!("http://{address}/webhooks/card");
        self.webhooks(json!({ "url": url }));
    }

    /// Changes how webhooks come.
    pub fn webhooks(&self, way: Value) {
        self.control("POST", "webhooks", way);
    }

    /// Has the next request at a step go wrong.
    pub fn fails(&self, at: &str, fault: &str) {
        self.fault(json!({ "at": at, "fault": fault }));
    }

    /// The same, as the provider itself describes it.
    pub fn fault(&self, fault: Value) {
        self.control("POST", "faults", fault);
    }

    /// Nothing goes wrong from now on.
    pub fn recovers(&self) {
        self.control("DELETE", "faults", Value::Null);
    }

    /// Is away for so many milliseconds.
    pub fn goes_away(&self, ms: u64) {
        self.control("POST", "away", json!({ "ms": ms }));
    }

    /// The buyer, or the bank, does something with the intent of a payment; its status.
    pub fn act(&self, payment: &str, outcome: &str) -> u16 {
        let intent = self.intent(payment).expect("an intent");
        let id = intent["id"].as_str().expect("an id");
        let path = format!("{}/control/intents/{id}/act", self.control);
        self.send("POST", &path, "application/json", &json!({ "outcome": outcome }).to_string())
            .status
    }

    /// What a browser does that sends a form to a page.
    pub fn browse(&self, url: &str, form: &str) -> Reply {
        self.send("POST", url, "application/x-www-form-urlencoded", form)
    }

    /// The intent of a payment, if there is one. There is never a second one.
    pub fn intent(&self, payment: &str) -> Option<Value> {
        let found = self.control("GET", &format!("intents?payment={payment}"), Value::Null);
        let mut found = found["intents"].as_array().expect("a list").clone().into_iter();
        let first = found.next();
        assert!(found.next().is_none(), "{payment} has two intents");
        first
    }

    /// All intents.
    pub fn intents(&self) -> Vec<Value> {
        self.list("intents")
    }

    /// Its ledger, oldest first.
    pub fn ledger(&self) -> Vec<Value> {
        let entries = self.list("entries");
        let file = std::fs::read_to_string(self.work.path().join("ledger")).unwrap_or_default();
        assert!(file.lines().count() >= entries.len(), "the ledger is not on disk");
        entries
    }

    /// The requests that came to its API, oldest first.
    pub fn requests(&self) -> Vec<Value> {
        self.list("requests")
    }

    fn list(&self, what: &str) -> Vec<Value> {
        let path = if what == "entries" { "ledger" } else { what };
        self.control("GET", path, Value::Null)[what].as_array().expect("a list").clone()
    }

    fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/control/{path}", self.control);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, &url, "application/json", &body).ok()
    }

    fn send(&self, method: &str, url: &str, kind: &str, body: &str) -> Reply {
        let request = http::Request::builder().method(method).uri(url).header("content-type", kind);
        let response = match body.is_empty() {
            true => self.client.run(request.body(()).expect("a request")),
            false => self.client.run(request.body(body.to_owned()).expect("a request")),
        };
        let mut response = response.unwrap_or_else(|e| panic!("the provider: {e}"));
        let body = response.body_mut().with_config().limit(64 << 20).read_to_vec();
        let body = body.expect("a body");
        Reply::new(response.status().as_u16(), response.headers().clone(), body)
    }
}

impl Drop for Psp {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
