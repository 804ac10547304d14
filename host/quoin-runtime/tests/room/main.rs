//! The room from outside: small plugins, wired by hand, with a shop's database in a folder of its own.

mod again;
mod clients;
mod commit;
mod dispatch;
mod guest;
mod limits;
mod lines;
mod overload;
mod pool;
mod reuse;

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use guest::{Function, Step, interface};
use quoin_core::description::Migration;
use quoin_core::limits::Limits;
use quoin_core::manifest::{HostInterface, Manifest};
use quoin_core::types::{Case, Field, Interface};
use quoin_core::{Clock, Description, Digest, ManualClock, Type};
use quoin_runtime::{
    Binding, Check, Engine, Failure, FailureKind, Generation, Installed, Log, Node, Outcome,
    Principal, Program, Provider, Request, Stats, Target, Value, call, compile,
};
use quoin_storage::{Database, Scope, Steps, Transaction, Turn};
use tempfile::TempDir;

/// Longer than anything that passes takes. Timers run on while a clock is moved by hand, so deadlines
/// in tests are far away.
const MINUTE: Duration = Duration::from_secs(60);

/// A shop without plugins.
struct Room {
    engine: Engine,
    clock: Clock,
    database: Arc<Database>,
    log: Arc<Log>,
    folder: TempDir,
}

/// A plugin before it is installed.
#[derive(Clone)]
struct Plugin {
    name: &'static str,
    provides: Vec<(&'static str, Vec<Function>)>,
    needs: Vec<(&'static str, Binding)>,
    limits: Limits,
    grants: BTreeSet<HostInterface>,
    reuse: u32,
    data: bool,
    tenant: &'static str,
}

impl Plugin {
    /// One that provides an interface. Functions whose names end in `read` are declared to read.
    fn new(name: &'static str, interface: &'static str, functions: Vec<Function>) -> Plugin {
        let grants = HostInterface::ALL.into_iter().collect();
        let provides = vec![(interface, functions)];
        let limits = Limits { deadline_ms: 600_000, write_ms: 600_000, ..Limits::default() };
        Plugin {
            name,
            provides,
            needs: Vec::new(),
            limits,
            grants,
            reuse: 1,
            data: true,
            tenant: "shop",
        }
    }

    /// And provides another one.
    fn and(mut self, interface: &'static str, functions: Vec<Function>) -> Plugin {
        self.provides.push((interface, functions));
        self
    }

    /// One provider serves a needed interface.
    fn needs(self, name: &'static str, node: &Arc<Node>) -> Plugin {
        let provider = provider(name, node);
        self.bound(name, Binding::One(provider))
    }

    fn bound(mut self, name: &'static str, binding: Binding) -> Plugin {
        self.needs.push((name, binding));
        self
    }

    /// It keeps no data, so that calls of it need no transaction.
    fn without_data(mut self) -> Plugin {
        self.data = false;
        self
    }

    /// It belongs to another shop, which keeps no data.
    fn of(mut self, tenant: &'static str) -> Plugin {
        self.tenant = tenant;
        self.without_data()
    }

    /// An instance of it serves so many calls.
    fn reuse(mut self, calls: u32) -> Plugin {
        self.reuse = calls;
        self
    }

    fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Plugin {
        change(&mut self.limits);
        self
    }
}

fn provider(name: &str, node: &Arc<Node>) -> Provider {
    Provider { node: node.clone(), interface: interface(name).into() }
}

impl Room {
    fn new() -> Room {
        Room::with_clock(Clock::system())
    }

    /// With an engine that has a pool of so many instances, and a clock that is moved by hand.
    fn narrow(instances: u32) -> (Room, ManualClock) {
        let (room, hand) = Room::still();
        let engine = Engine::with_pool(instances, room.clock.clone()).unwrap();
        (Room { engine, ..room }, hand)
    }

    /// With a clock that stands still unless it is moved.
    fn still() -> (Room, ManualClock) {
        let hand = ManualClock::at(5_000);
        (Room::with_clock(hand.clock()), hand)
    }

    fn with_clock(clock: Clock) -> Room {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("shop.db"), clock.clone()).unwrap();
        let engine = Engine::new(clock.clone()).unwrap();
        let log = Arc::new(Log::new(clock.clone()));
        Room { engine, clock, database, log, folder }
    }

    /// Installs a plugin, with a table named as it is.
    async fn install(&self, plugin: Plugin) -> Arc<Node> {
        let component = guest::component(&plugin.provides);
        let (code, _) = compile(&component).unwrap();
        // Machine code that is loaded stays as it is.
        let path = self.folder.path().join(Digest::of(&component).to_string().replace(':', "-"));
        if !path.exists() {
            std::fs::write(&path, code).unwrap();
        }
        let description = Arc::new(plugin.description());
        let program = Arc::new(Program::load(&self.engine, &path, description.clone()).unwrap());
        let steps = Steps {
            plugin: plugin.name.into(),
            migrations: &description.migrations,
            max_bytes: 64 << 20,
        };
        let migrated = self.database.migrate(&[steps], MINUTE).await.unwrap();
        migrated.commit().await.unwrap();
        let installed = Installed {
            tenant: plugin.tenant.parse().unwrap(),
            name: plugin.name.parse().unwrap(),
            number: 1,
            config: Default::default(),
            grants: plugin.grants,
            limits: plugin.limits,
            database: plugin.data.then(|| self.database.clone()),
            log: self.log.clone(),
            out: None,
            mail: None,
        };
        let generation = Arc::new(Generation::new(installed, program));
        let bindings = plugin.needs.into_iter().map(|(name, b)| (interface(name), b));
        Arc::new(Node { generation, bindings: bindings.collect::<HashMap<_, _>>() })
    }

    /// A plugin that is called by others as a sign of how far they have come: what a request that writes
    /// puts into the log is there only when it has ended.
    async fn sign(&self) -> Arc<Node> {
        let here = vec![("here-read", vec![])];
        self.install(Plugin::new("sign", "s", here).without_data()).await
    }

    /// A turn at the writer that is taken by hand, next to the requests of plugins.
    async fn turn(&self, plugin: &str) -> Result<Transaction, quoin_storage::Error> {
        let turn = Turn {
            plugin: &Arc::from(plugin),
            function: &Arc::from("act"),
            limit: 10 * MINUTE,
            alone: false,
            deadline: Instant::now() + MINUTE,
        };
        self.database.write(turn).await
    }

    /// The numbers in the table of a plugin that are committed.
    async fn kept(&self, plugin: &str) -> Vec<i64> {
        let mut reading = self.database.read(Instant::now() + MINUTE).await.unwrap();
        let plugin = Arc::from(plugin);
        let scope = Scope {
            plugin: &plugin,
            depth: 0,
            writes: false,
            deadline: self.clock.instant() + MINUTE,
            max_bytes: 0,
        };
        let sql = format!("SELECT n FROM {plugin} ORDER BY n");
        let rows = reading.query(&scope, &sql, &[]).await.unwrap();
        let number = |value: quoin_storage::Value| match value {
            quoin_storage::Value::Integer(n) => n,
            other => panic!("{other:?}"),
        };
        rows.values.into_iter().map(number).collect()
    }

    /// Empties the table of a plugin.
    async fn clear(&self, plugin: &'static str) {
        let mut writing = self.turn(plugin).await.unwrap();
        let scope = Scope {
            plugin: &Arc::from(plugin),
            depth: 0,
            writes: true,
            deadline: self.clock.instant() + MINUTE,
            max_bytes: 64 << 20,
        };
        writing.execute(&scope, &format!("DELETE FROM {plugin}"), &[]).await.unwrap();
        writing.commit().await.unwrap();
    }

    /// The lines of the log.
    fn lines(&self) -> Vec<String> {
        let lines = self.log.after(0, usize::MAX);
        lines.into_iter().map(|line| format!("{}: {}", line.plugin, line.message)).collect()
    }

    /// Waits for the first line of a plugin, after that many.
    async fn line(&self, number: u64) {
        tokio::time::timeout(MINUTE, self.log.wait(number - 1)).await.unwrap();
    }
}

impl Plugin {
    fn description(&self) -> Description {
        let functions = |(name, functions): &(&str, Vec<Function>)| Interface {
            name: interface(name),
            functions: functions.iter().map(|(name, _)| function(name)).collect(),
        };
        let reads = self.provides.iter().flat_map(|(of, functions)| {
            let reads = functions.iter().filter(|(name, _)| name.ends_with("read"));
            reads.map(move |(name, _)| format!("\"room:test/{of}#{name}\""))
        });
        let reads: Vec<String> = reads.collect();
        let needs: String = self
            .needs
            .iter()
            .map(|(name, _)| format!("[[needs]]\ninterface = \"{}\"\n", interface(name)))
            .collect();
        let manifest = format!(
            "name = \"{}\"\nversion = \"0.1.0\"\ndescription = \"A test.\"\nreads = [{}]\n{needs}
            [instance]\nreuse = {}",
            self.name,
            reads.join(", "),
            self.reuse
        );
        // All functions have the same types, so what is needed is known without looking into the steps.
        let imports = self.needs.iter().map(|(name, _)| Interface {
            name: interface(name),
            functions: called(&self.provides, name).iter().map(|name| function(name)).collect(),
        });
        let table = self.name.replace('-', "_");
        Description {
            digest: Digest::of(self.name.as_bytes()),
            size: 0,
            manifest: Manifest::parse(&manifest).unwrap(),
            imports: imports.collect(),
            exports: self.provides.iter().map(functions).collect(),
            migrations: vec![Migration {
                number: 1,
                name: "0001_make.sql".into(),
                sql: format!("CREATE TABLE {table} (n INTEGER NOT NULL PRIMARY KEY)"),
            }],
        }
    }
}

/// The functions of a needed interface that some step calls.
fn called(provides: &[(&str, Vec<Function>)], needed: &str) -> BTreeSet<&'static str> {
    fn look(steps: &[Step], needed: &str, found: &mut BTreeSet<&'static str>) {
        for step in steps {
            match step {
                Step::Call(of, name) | Step::Pass(of, name) if *of == needed => {
                    found.insert(name);
                }
                Step::When(_, steps) | Step::Repeat(_, steps) => look(steps, needed, found),
                _ => {}
            }
        }
    }
    let mut found = BTreeSet::new();
    let functions = provides.iter().flat_map(|(_, functions)| functions);
    functions.for_each(|(_, steps)| look(steps, needed, &mut found));
    found
}

fn function(name: &str) -> quoin_core::Function {
    let case = |name: &str, ty| Case { name: name.into(), ty };
    let error = match name.starts_with("bare") {
        true => Type::String,
        false => Type::Variant {
            name: None,
            cases: vec![
                case("not-found", None),
                case("unavailable", Some(Type::String)),
                case("refused", None),
            ],
        },
    };
    let list = Type::List(Box::new(Type::U64));
    quoin_core::Function {
        name: name.into(),
        params: vec![Field { name: "key".into(), json: "key".into(), ty: Type::String }],
        result: Some(Type::Result { ok: Some(Box::new(list)), err: Some(Box::new(error)) }),
        refused: None,
    }
}

fn request() -> Request {
    Request::of(Principal::ANONYMOUS, "trace")
}

/// Calls a function of the interface `a` with a key.
async fn ask(node: &Arc<Node>, function: &str, key: &str) -> Outcome {
    ask_checked(node, function, key, |_| Ok(())).await
}

/// The same, where the one who asks can pass on only what passes a check.
async fn ask_checked(node: &Arc<Node>, function: &str, key: &str, check: Check) -> Outcome {
    let interface = interface("a");
    let target = Target { interface: &interface, function };
    call(node, target, vec![Value::String(key.into())], request(), check).await
}

/// The same as a task.
fn asking(
    node: &Arc<Node>,
    function: &'static str,
    key: &'static str,
) -> tokio::task::JoinHandle<Outcome> {
    let node = node.clone();
    tokio::spawn(async move { ask(&node, function, key).await })
}

/// The numbers that a function returned.
#[track_caller]
fn numbers(outcome: Outcome) -> Vec<u64> {
    match outcome {
        Ok(Some(Value::Result(Ok(Some(list))))) => match *list {
            Value::List(items) => items
                .into_iter()
                .map(|item| match item {
                    Value::U64(n) => n,
                    other => panic!("{other:?}"),
                })
                .collect(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// The error that a function returned: its case, and the text in it.
#[track_caller]
fn error(outcome: Outcome) -> (String, String) {
    match outcome {
        Ok(Some(Value::Result(Err(Some(error))))) => match *error {
            Value::Variant(case, None) => (case, String::new()),
            Value::Variant(case, Some(text)) => match *text {
                Value::String(text) => (case, text),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn failure(outcome: Outcome) -> Failure {
    match outcome {
        Err(failure) => failure,
        Ok(value) => panic!("{value:?}"),
    }
}

/// Lets `future` run as far as it gets without waiting.
fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Waits until the figures of a generation are as they should be, and lets others run meanwhile.
async fn until(node: &Arc<Node>, is: impl Fn(Stats) -> bool) {
    let reached = async {
        while !is(node.generation.stats()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(MINUTE, reached).await.expect("it does not get there");
}

/// Waits until a sign was called so often, and all of these calls have ended: whoever called it is beyond it.
async fn until_called(sign: &Arc<Node>, times: u64) {
    until(sign, |stats| stats.calls >= times).await;
    until(sign, |stats| stats.running == 0).await;
}

/// Lets all others run until they wait for something, if they are no further from that than a few steps: a
/// guest goes on by one step at least with each turn. For tests of one thread.
async fn settled() {
    for _ in 0..30 {
        tokio::task::yield_now().await;
    }
}

/// Calls, and failures by its fault.
fn counted(node: &Arc<Node>) -> (u64, u64) {
    let stats = node.generation.stats();
    (stats.calls, stats.failures)
}

#[track_caller]
fn assert_kind(failure: &Failure, plugin: &str, kind: impl FnOnce(&FailureKind) -> bool) {
    assert!(failure.plugin == plugin && kind(&failure.kind), "{failure:?}");
}
