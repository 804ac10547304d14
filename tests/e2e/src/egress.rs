//! Plugins speak to other systems through the host, within what their shop granted, and never hold a
//! secret.

mod grants;
mod secrets;
mod share;
mod transaction;

use std::io::Write;
use std::process::Stdio;

use quoin_harness::{Host, Remote, Reply, Shop, Value, json};

/// A shop whose plugin may send to a remote.
#[track_caller]
fn shop(host: &Host, remote: &Remote) -> Shop {
    host.apply(&shop_file(&[&remote.base()], "\"GET\", \"POST\"", ""))
}

/// A shop file: the hosts, methods and further settings of the plugin.
fn shop_file(hosts: &[&str], methods: &str, more: &str) -> String {
    let hosts: Vec<_> = hosts.iter().map(|host| format!("\"{host}\"")).collect();
    format!(
        "name = \"out\"\n[plugins.sender]\nbundle = \"sender.wasm\"\n\
         grants = [\"sql\", \"log\", \"http\", \"mail\"]\n\
         http = {{ hosts = [\"api.example.test\", {}], methods = [{methods}], \
         secrets = [\"token\", \"unset\"] }}\n{more}\n",
        hosts.join(", ")
    )
}

fn order(steps: &[&str]) -> Value {
    json!({ "whom": "", "steps": steps })
}

/// Has the plugin do these steps in a request that may write.
fn run(shop: &Shop, steps: &[&str]) -> Reply {
    shop.post("/sender/run", order(steps))
}

/// The same in a request that reads.
fn look(shop: &Shop, steps: &[&str]) -> Reply {
    shop.post("/sender/look", order(steps))
}

/// What one step that sends is told.
#[track_caller]
fn sent(shop: &Shop, steps: &[&str]) -> String {
    let told = run(shop, steps).ok();
    told.as_array().and_then(|told| told.last()?.as_str()).expect("an answer").to_owned()
}

/// Sets a secret of the shop through the command line.
fn set(host: &Host, name: &str, secret: &str) {
    let mut command = host.command();
    command.args(["secret", "set", "out", name]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the host's executable runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(format!("{secret}\n").as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains(secret));
}

/// The last requests of the shop to other systems, as the admin API tells them.
fn exchanges(host: &Host) -> Vec<Value> {
    let told = host.manage("GET", "/v1/tenants/out/http", Value::Null).ok();
    told["exchanges"].as_array().expect("exchanges").clone()
}
