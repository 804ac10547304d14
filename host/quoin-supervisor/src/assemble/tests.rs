use std::sync::OnceLock;

use quoin_core::description::Migration;
use quoin_core::shop::{Providers, Shop};
use quoin_core::{Clock, Manifest};
use quoin_egress::Egress;
use quoin_registry::BundleStore;
use quoin_runtime::{Engine, compile};
use quoin_storage::Scope;
use tempfile::TempDir;

use super::*;
use crate::binding::resolve;
use crate::tenant::Tenant;

/// Components of two kinds are enough: one that starts, and one that does not.
const STARTS: &str = "(component)";
const TRAPS: &str = "(component
    (core module $traps (func $start unreachable) (start $start))
    (core instance (instantiate $traps)))";

/// Time for what takes a moment.
const MINUTE: Duration = Duration::from_secs(60);

/// A host without a supervisor.
struct Room {
    data: TempDir,
    library: Library,
    databases: Databases,
    log: Arc<Log>,
    outlet: Arc<Outlet>,
}

/// A bundle: its manifest from the name on, its migrations, and its component.
type Bundle = (&'static str, &'static [&'static str], &'static str);

/// Keeps rows in its table, and provides what the other one needs.
const MAKER: Bundle = (
    "name = \"maker\"\nversion = \"1.0.0\"\nprovides = [\"a:b/c@1.0.0\"]\nhost = [\"sql\"]",
    &["CREATE TABLE maker (n BIGINT)"],
    STARTS,
);
const USER: Bundle = (
    "name = \"user\"\nversion = \"1.0.0\"
    config = [{ key = \"size\", description = \"x\", default = \"1\" }]
    [[needs]]\ninterface = \"a:b/c@1.0.0\"",
    &[],
    STARTS,
);
const SHOP: &str =
    "name = \"shop\"\n[plugins.maker]\nbundle = \"0\"\n[plugins.user]\nbundle = \"1\"\n";

fn engine() -> Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(Clock::system()).unwrap()).clone()
}

fn digest((manifest, migrations, component): &Bundle) -> Digest {
    Digest::of(format!("{manifest}{migrations:?}{component}").as_bytes())
}

impl Room {
    /// With these bundles, as if they had been compiled.
    fn with(bundles: &[Bundle]) -> Room {
        let data = tempfile::tempdir().unwrap();
        let store = BundleStore::open(data.path().join("bundles")).unwrap();
        let cache = data.path().join("cache");
        std::fs::create_dir_all(&cache).unwrap();
        for bundle in bundles {
            let (manifest, migrations, component) = bundle;
            let digest = digest(bundle);
            let text = format!("{manifest}{migrations:?}{component}");
            store.put(text.as_bytes(), &digest).unwrap();
            let manifest = manifest.replacen("version", "description = \"x\"\nversion", 1);
            let migration = |(number, sql): (u32, &&str)| Migration {
                number,
                name: format!("{number:04}_step.sql"),
                sql: (*sql).to_owned(),
            };
            let description = Description {
                digest: digest.clone(),
                size: 1,
                manifest: Manifest::parse(&manifest).unwrap(),
                imports: Vec::new(),
                exports: Vec::new(),
                migrations: (1..).zip(*migrations).map(migration).collect(),
            };
            let json = serde_json::to_vec(&description).unwrap();
            std::fs::write(cache.join(format!("{digest}.json")), json).unwrap();
            let (code, engine) = compile(&wat::parse_str(component).unwrap()).unwrap();
            std::fs::write(cache.join(format!("{digest}-{engine}.cwasm")), code).unwrap();
        }
        let library = Library::open(data.path(), "/nowhere".into(), engine()).unwrap();
        let databases = Databases::new(Clock::system());
        let egress = Egress::open(Default::default(), data.path(), Clock::system()).unwrap();
        let outlet = Arc::new(Outlet::new(&egress, "shop".parse().unwrap()));
        Room { data, library, databases, log: Arc::new(Log::new(Clock::system())), outlet }
    }

    /// The shop that is told, with the bundles that it names by their numbers.
    fn shop(&self, text: &str, bundles: &[Bundle]) -> (StoredShop, Plugins, Resolved) {
        let shop = Shop::parse("shop.toml", text).unwrap();
        let number = |_: &Name, number: String| {
            let bundle: Result<usize, _> = number.parse();
            bundle.map(|bundle| digest(&bundles[bundle]))
        };
        let shop = shop.try_map(|name, bundle| number(name, bundle)).unwrap();
        let description = |(name, installation): (&Name, &Installation<Digest>)| {
            (name.clone(), self.library.get(&installation.bundle).unwrap())
        };
        let plugins: Plugins = shop.plugins.iter().map(description).collect();
        let resolved = resolve(&shop, &plugins).unwrap();
        (shop, plugins, resolved)
    }

    fn parts<'a>(&'a self, current: Option<&'a Wiring>) -> Parts<'a> {
        let (data, log) = (self.data.path(), &self.log);
        let (library, databases, outlet) = (&self.library, &self.databases, &self.outlet);
        Parts { data, library, log, outlet, databases, current }
    }

    async fn assemble(
        &self,
        tenant: Option<&Tenant>,
        text: &str,
        bundles: &[Bundle],
    ) -> Result<Assembled, Error> {
        let (shop, plugins, resolved) = self.shop(text, bundles);
        let current = tenant.and_then(Tenant::awake);
        self.parts(current.as_deref()).assemble(&shop, &plugins, &resolved).await
    }

    /// The shop as it runs.
    async fn running(&self, text: &str, bundles: &[Bundle]) -> Tenant {
        let assembled = self.assemble(None, text, bundles).await.unwrap();
        let (created, wiring) = assembled.commit().await.unwrap();
        created.keep();
        self.tenant(wiring)
    }

    fn tenant(&self, wiring: Wiring) -> Tenant {
        let tenant = Tenant::new("shop".parse().unwrap(), self.log.clone(), self.outlet.clone());
        tenant.publish(wiring, 0);
        tenant
    }

    fn file(&self) -> std::path::PathBuf {
        self.data.path().join("tenants/shop/shop.db")
    }

    fn is_without_shop(&self) -> bool {
        !self.data.path().join("tenants/shop").exists()
    }

    /// How many rows there are in the table of the maker, if there is one.
    async fn rows(&self) -> Option<i64> {
        let known = BTreeSet::new();
        let shop = "shop".parse().unwrap();
        let database = self.databases.open(self.data.path(), &shop, &known, None).unwrap().unwrap();
        let deadline = Clock::system().instant() + MINUTE;
        let mut reading = database.read(deadline).await.unwrap();
        let plugin = Arc::from("maker");
        let scope = Scope { plugin: &plugin, depth: 0, writes: false, deadline, max_bytes: 0 };
        let rows = reading.query(&scope, "SELECT count(*) FROM maker", &[]).await.ok()?;
        match rows.values[0] {
            quoin_storage::Value::Integer(rows) => Some(rows),
            _ => None,
        }
    }
}

fn names(migrations: &Migrations) -> Vec<(&str, Vec<&str>)> {
    migrations
        .iter()
        .map(|(name, files)| (name.as_str(), files.iter().map(String::as_str).collect()))
        .collect()
}

#[tokio::test]
async fn a_shop_is_wired_has_one_database_and_its_plugins_have_their_tables_in_it() {
    let room = Room::with(&[MAKER, USER]);
    let assembled = room.assemble(None, SHOP, &[MAKER, USER]).await.unwrap();
    assert_eq!(names(&assembled.migrations), [("maker", vec!["0001_step.sql"])]);
    let (created, wiring) = assembled.commit().await.unwrap();
    created.keep();
    let node = |name: &str| &wiring.nodes[&name.parse::<Name>().unwrap()];
    let Some(Binding::One(provider)) = node("user").bindings.get("a:b/c@1.0.0") else {
        panic!("it is not bound to one");
    };
    assert!(Arc::ptr_eq(&provider.node, node("maker")));
    assert_eq!(&*provider.interface, "a:b/c@1.0.0");
    let installed = |name: &str| &node(name).generation.installed;
    assert_eq!(installed("maker").database.as_ref().unwrap().path(), room.file());
    assert!(installed("user").database.is_none(), "it asks for no SQL");
    assert_eq!(installed("user").config["size"], "1");
    assert_eq!((installed("maker").number, installed("user").number), (1, 1));
    assert_eq!((wiring.revision, wiring.fault.is_none()), (0, true));
    assert_eq!(room.rows().await, Some(0));
}

#[tokio::test]
async fn a_shop_whose_plugins_keep_no_data_has_no_database() {
    let alone: Bundle = ("name = \"alone\"\nversion = \"1.0.0\"", &[], STARTS);
    let room = Room::with(&[alone]);
    let shop = "name = \"shop\"\n[plugins.alone]\nbundle = \"0\"\n";
    let tenant = room.running(shop, &[alone]).await;
    assert_eq!(tenant.awake().unwrap().nodes.len(), 1);
    assert!(room.is_without_shop());
}

#[tokio::test]
async fn what_is_assembled_and_not_published_leaves_no_file() {
    let room = Room::with(&[MAKER, USER]);
    let assembled = room.assemble(None, SHOP, &[MAKER, USER]).await.unwrap();
    assert!(room.file().exists());
    drop(assembled);
    assert!(room.is_without_shop());
    // The same when its migrations are durable already, and the publishing is refused.
    let assembled = room.assemble(None, SHOP, &[MAKER, USER]).await.unwrap();
    let (created, wiring) = assembled.commit().await.unwrap();
    drop(wiring);
    drop(created);
    assert!(room.is_without_shop());
}

#[tokio::test]
async fn a_plugin_that_does_not_start_is_refused_before_a_database_is_touched() {
    let traps = (MAKER.0, MAKER.1, TRAPS);
    let room = Room::with(&[traps, USER]);
    let refused = room.assemble(None, SHOP, &[traps, USER]).await.err().unwrap();
    assert_eq!((refused.code(), refused.status()), ("does-not-start", 409));
    let told = refused.to_string();
    assert!(
        told.starts_with("the new generation does not start: maker trapped in start"),
        "{told}"
    );
    assert!(room.is_without_shop());
}

#[tokio::test]
async fn a_migration_that_fails_leaves_no_new_database() {
    let wrong =
        (MAKER.0, &["CREATE TABLE maker (n BIGINT)", "CREATE TABLE maker_b (n"][..], STARTS);
    let room = Room::with(&[wrong, USER]);
    let refused = room.assemble(None, SHOP, &[wrong, USER]).await.err().unwrap();
    assert_eq!((refused.code(), refused.status()), ("migration", 409));
    assert!(refused.to_string().starts_with("maker: migration 2 (0002_step.sql): "), "{refused}");
    assert!(room.is_without_shop());
}

#[tokio::test]
async fn a_change_that_fails_leaves_a_running_shop_as_it_was() {
    let wrong =
        (MAKER.0, &["CREATE TABLE maker (n BIGINT)", "DROP TABLE maker; SELECT"][..], STARTS);
    let traps = (MAKER.0, MAKER.1, TRAPS);
    let room = Room::with(&[MAKER, USER, wrong, traps]);
    let tenant = room.running(SHOP, &[MAKER, USER]).await;
    let before = tenant.awake().unwrap();
    for (bundle, code) in [(wrong, "migration"), (traps, "does-not-start")] {
        let refused = room.assemble(Some(&tenant), SHOP, &[bundle, USER]).await.err().unwrap();
        assert_eq!(refused.code(), code);
        assert!(Arc::ptr_eq(&before, &tenant.awake().unwrap()));
        assert_eq!(room.rows().await, Some(0));
    }
    assert_eq!(tenant.draining(), 0);
}

#[tokio::test]
async fn what_does_not_change_stays_the_generation_that_it_was() {
    let more = (
        MAKER.0,
        &["CREATE TABLE maker (n BIGINT)", "CREATE TABLE maker_b (n BIGINT)"][..],
        STARTS,
    );
    let room = Room::with(&[MAKER, USER, more]);
    let tenant = room.running(SHOP, &[MAKER, USER]).await;
    let before = tenant.awake().unwrap();
    let name = |name: &str| name.parse::<Name>().unwrap();
    let same = |after: &Wiring, plugin: &str| {
        let (before, after) = (&before.nodes[&name(plugin)], &after.nodes[&name(plugin)]);
        Arc::ptr_eq(&before.generation, &after.generation)
    };
    // Another configuration is another generation of the one that has it.
    let larger = format!("{SHOP}config = {{ size = \"2\" }}\n");
    let assembled = room.assemble(Some(&tenant), &larger, &[MAKER, USER]).await.unwrap();
    assert!(assembled.migrations.is_empty());
    let (_, after) = assembled.commit().await.unwrap();
    assert!(same(&after, "maker") && !same(&after, "user"));
    assert_eq!(after.nodes[&name("user")].generation.installed.number, 2);
    assert_eq!(after.record.generations, [(name("maker"), 1), (name("user"), 2)].into());
    assert_eq!(after.record.previous[&name("user")], before.shop.plugins[&name("user")]);
    // Another provider is none; it serves all who are there, in new nodes.
    let bound = format!("{SHOP}bind = {{ \"a:b/c\" = \"maker\" }}\n");
    let assembled = room.assemble(Some(&tenant), &bound, &[MAKER, USER]).await.unwrap();
    let (_, after) = assembled.commit().await.unwrap();
    assert!(same(&after, "maker") && same(&after, "user"));
    assert!(matches!(after.shop.plugins[&name("user")].bind.get("a:b/c"), Some(Providers::One(_))));
    // Another bundle makes the migrations that are missing, and those above it call the new one.
    let assembled = room.assemble(Some(&tenant), SHOP, &[more, USER]).await.unwrap();
    assert_eq!(names(&assembled.migrations), [("maker", vec!["0002_step.sql"])]);
    let (_, after) = assembled.commit().await.unwrap();
    assert!(!same(&after, "maker") && same(&after, "user"));
    let Some(Binding::One(provider)) = after.nodes[&name("user")].bindings.get("a:b/c@1.0.0")
    else {
        panic!("it is not bound to one");
    };
    assert!(Arc::ptr_eq(&provider.node, &after.nodes[&name("maker")]));
    // It was the shop's own database all the time, which nobody takes away.
    assert_eq!(room.rows().await, Some(0));
    // What is published retires what is no longer in it, for as long as somebody has that.
    assert!(!tenant.publish(after, 0), "it was awake");
    assert_eq!(tenant.draining(), 1);
}

#[tokio::test]
async fn a_rehearsal_tells_the_migrations_and_makes_none() {
    let more = (
        MAKER.0,
        &["CREATE TABLE maker (n BIGINT)", "CREATE TABLE maker_b (n BIGINT)"][..],
        STARTS,
    );
    let room = Room::with(&[MAKER, USER, more]);
    let rehearse = async |tenant: Option<&Tenant>| {
        let (shop, plugins, resolved) = room.shop(SHOP, &[more, USER]);
        let current = tenant.and_then(Tenant::awake);
        room.parts(current.as_deref()).rehearse(&shop, &plugins, &resolved).await.unwrap()
    };
    let all = [("maker", vec!["0001_step.sql", "0002_step.sql"])];
    assert_eq!(names(&rehearse(None).await), all);
    assert!(room.is_without_shop());
    let tenant = room.running(SHOP, &[MAKER, USER]).await;
    for _ in 0..2 {
        assert_eq!(names(&rehearse(Some(&tenant)).await), [("maker", vec!["0002_step.sql"])]);
    }
}

#[tokio::test]
async fn a_restart_brings_back_the_same_generations_and_does_not_make_up_lost_data() {
    let room = Room::with(&[MAKER, USER]);
    let tenant = room.running(SHOP, &[MAKER, USER]).await;
    let mut record = tenant.awake().unwrap().record.clone();
    record.generations = [("maker".parse().unwrap(), 7), ("user".parse().unwrap(), 9)].into();
    drop(tenant);
    let restore = async |record: &Record| {
        let (_, plugins, resolved) = room.shop(SHOP, &[MAKER, USER]);
        let assembled = room.parts(None).restore(record, &plugins, &resolved).await?;
        assembled.commit().await.map(|(_, wiring)| wiring)
    };
    let wiring = restore(&record).await.unwrap();
    assert_eq!(wiring.record, record);
    let numbers: Vec<u64> =
        wiring.nodes.values().map(|node| node.generation.installed.number).collect();
    assert_eq!(numbers, [7, 9]);
    drop(wiring);
    std::fs::remove_file(room.file()).unwrap();
    let missing = restore(&record).await.err().unwrap();
    assert!(matches!(&missing, Error::Missing { plugins, .. } if plugins.len() == 1), "{missing}");
    assert!(!room.file().exists());
    // An empty file in its place starts without data, with all tables.
    std::fs::write(room.file(), "").unwrap();
    restore(&record).await.unwrap();
    assert_eq!(room.rows().await, Some(0));
}

#[tokio::test]
async fn a_shop_that_has_data_is_not_given_an_empty_database_by_a_change() {
    let room = Room::with(&[MAKER, USER]);
    let tenant = room.running(SHOP, &[MAKER, USER]).await;
    let larger = format!("{SHOP}config = {{ size = \"2\" }}\n");
    std::fs::remove_file(room.file()).unwrap();
    // Somebody still has it open: what is written to it would be lost with its last user.
    let taken = room.assemble(Some(&tenant), &larger, &[MAKER, USER]).await.err().unwrap();
    assert!(matches!(taken, Error::Taken(_)), "{taken}");
    // Its plugins have data, although nothing runs.
    let wiring = tenant.awake().unwrap();
    let record = wiring.record.clone();
    drop((tenant, wiring));
    let down = room.tenant(Wiring::faulty(1, record, "it is lost".into()));
    let missing = room.assemble(Some(&down), &larger, &[MAKER, USER]).await.err().unwrap();
    assert!(matches!(missing, Error::Missing { .. }), "{missing}");
    assert!(!room.file().exists());
}

#[tokio::test]
async fn a_shop_that_sleeps_has_given_back_all_that_it_ran_with() {
    let room = Room::with(&[MAKER, USER]);
    let tenant = room.running(SHOP, &[MAKER, USER]).await;
    let wiring = tenant.awake().unwrap();
    let generations = tenant.generations();
    let node = wiring.nodes.values().find(|node| node.generation.installed.database.is_some());
    let database = Arc::downgrade(node.unwrap().generation.installed.database.as_ref().unwrap());
    for _ in 0..1_000 {
        room.log.write(quoin_runtime::Level::Info, "maker", "", "a line of some twenty letters");
    }
    // Not while somebody has it, changes it or wakes it.
    assert!(!tenant.sleep(|_| ()));
    drop(wiring);
    for turn in [&tenant.changing, &tenant.waking] {
        let _turn = turn.try_lock().unwrap();
        assert!(!tenant.sleep(|_| ()));
    }
    assert!(tenant.awake().is_some());
    assert!(tenant.sleep(|_| ()));
    assert!(tenant.awake().is_none());
    assert!(generations.iter().all(|generation| generation.strong_count() == 0));
    assert_eq!((database.strong_count(), tenant.generations().len()), (0, 0));
    let lines = room.log.after(0, usize::MAX);
    assert!((1..200).contains(&lines.len()), "{}", lines.len());
    assert_eq!(lines.last().unwrap().number, 1_000);
}

#[tokio::test]
async fn a_program_that_nobody_runs_stays_for_a_while_and_is_loaded_once_for_all() {
    let room = Room::with(&[MAKER]);
    let digest = digest(&MAKER);
    let (one, other) = tokio::join!(room.library.program(&digest), room.library.program(&digest));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(Arc::ptr_eq(&one, &other));
    let (program, now) = (Arc::downgrade(&one), Clock::system().instant());
    room.library.forget_unused(now);
    drop((one, other));
    // From when it is seen that nobody runs it, not from when it was loaded.
    let later = now + 2 * MINUTE * 60;
    room.library.forget_unused(later);
    room.library.forget_unused(later + MINUTE);
    assert_eq!(program.strong_count(), 1);
    room.library.forget_unused(later + 11 * MINUTE);
    assert_eq!(program.strong_count(), 0);
}
