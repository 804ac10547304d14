//! A request is one transaction, whatever plugins it goes through.

mod batch;
mod callees;
mod full;
mod hog;
mod overload;
mod owners;
mod reading;
mod same;
mod sharing;
mod snapshot;
mod writer;

use quoin_harness::{Host, Reply, Shop, Value, json};

use crate::given::{Guest, guest};

/// A plugin `name` that does what it is told with a table of its own, `<name>_entry`.
fn actor(name: &str) -> Guest {
    let mut actor = guest("actor");
    actor.manifest = actor.manifest.replace("actor", name);
    for (_, sql) in &mut actor.migrations {
        *sql = sql.replace("actor", &name.replace('-', "_"));
    }
    actor
}

/// A shop of actors: the name of each, whom it may ask, and its limits.
#[track_caller]
pub fn shop(host: &Host, name: &str, actors: &[(&str, &[&str], &str)]) -> Shop {
    for (name, ..) in actors {
        host.file(&format!("{name}.wasm"), actor(name).packed());
    }
    host.apply(&shop_file(name, actors))
}

pub fn shop_file(name: &str, actors: &[(&str, &[&str], &str)]) -> String {
    let mut toml = format!("name = \"{name}\"\n");
    for (name, others, limits) in actors {
        let others: Vec<_> = others.iter().map(|other| format!("{other} = \"{other}\"")).collect();
        toml += &format!(
            "[plugins.{name}]\nbundle = \"{name}.wasm\"\n\
             grants = [\"sql\", \"log\", \"config\", \"clock\", \"random\", \"call\"]\n\
             bind = {{ \"test:steps/steps\" = {{ {} }} }}\nlimits = {{ {limits} }}\n",
            others.join(", ")
        );
    }
    toml
}

/// Has `whom` do these steps, with `, ` between them, in a request that may write.
pub fn run(shop: &Shop, whom: &str, steps: &str) -> Reply {
    ask(shop, whom, "run", steps)
}

/// The same in a request that reads.
pub fn look(shop: &Shop, whom: &str, steps: &str) -> Reply {
    ask(shop, whom, "look", steps)
}

fn ask(shop: &Shop, whom: &str, how: &str, steps: &str) -> Reply {
    shop.post(&format!("/{whom}/{how}"), order(whom, steps))
}

pub fn order(whom: &str, steps: &str) -> Value {
    let steps: Vec<_> = steps.split(", ").collect();
    json!({ "whom": whom, "steps": steps })
}

/// What is in the table of `whom`.
#[track_caller]
fn texts(shop: &Shop, whom: &str) -> Value {
    look(shop, whom, "texts").ok()
}

/// The shop's log has this.
#[track_caller]
fn logged(shop: &Shop, words: &str) {
    let log = Value::from(shop.log()).to_string();
    assert!(log.contains(words), "no {words:?} in: {log}");
}
