//! A running host with demo shops.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use quoin_harness::Syncs;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The demo shop.
const SHOP: &str = include_str!("../../../../examples/demo-shop/shop.toml");
const PRODUCTS: &str = include_str!("../../../../examples/demo-shop/products.csv");
const PRICES: &str = include_str!("../../../../examples/demo-shop/prices.csv");
/// How the demo shop's file tells its name and its domain.
const NAME: &str = "larch-and-tide";
const DOMAIN: &str = "localhost";
/// How many shops there are.
pub const SHOPS: usize = 16;
/// Pieces of everything: more than can be sold meanwhile.
const PIECES: u32 = 100_000_000;

/// A host that runs as a process of its own, with shops that have the demo shop's goods. Its data is
/// beside the host's executable, on the disk that the build is on: memory is no place to sync to.
pub struct Shops {
    quoin: PathBuf,
    folder: TempDir,
    /// What else the host is told when it is started again.
    options: Vec<String>,
    process: Child,
    /// Where shops answer.
    pub http: SocketAddr,
    /// Where the admin API answers.
    pub admin: SocketAddr,
    /// The slugs of the products.
    pub slugs: Vec<String>,
    /// For each shop, the ids of the variants that can be bought.
    pub variants: Vec<Vec<String>>,
}

impl Shops {
    /// Starts a host and fills its shops.
    pub fn open(quoin: &Path, bundles: &Path) -> Result<Shops> {
        Shops::start(quoin, bundles, SHOPS, None)
    }

    /// Starts a host with a single shop.
    pub fn open_one(quoin: &Path, bundles: &Path) -> Result<Shops> {
        Shops::start(quoin, bundles, 1, None)
    }

    /// Starts a host without a shop.
    pub fn open_none(quoin: &Path, bundles: &Path) -> Result<Shops> {
        Shops::start(quoin, bundles, 0, None)
    }

    /// Starts a host with a single shop and these syncs before its disk.
    pub fn open_behind(quoin: &Path, bundles: &Path, syncs: &Syncs) -> Result<Shops> {
        Shops::start(quoin, bundles, 1, Some(syncs))
    }

    /// Starts a host with a single shop whose shops sleep after this many seconds.
    pub fn open_sleepy(quoin: &Path, bundles: &Path, seconds: u64) -> Result<Shops> {
        let mut shops = Shops::start(quoin, bundles, 1, None)?;
        shops.options = vec!["--sleep-seconds".into(), seconds.to_string()];
        shops.restart()?;
        Ok(shops)
    }

    fn start(quoin: &Path, bundles: &Path, count: usize, syncs: Option<&Syncs>) -> Result<Shops> {
        let quoin = quoin.canonicalize().with_context(|| format!("no {}", quoin.display()))?;
        let bundles = bundles.canonicalize().context("no folder of bundles")?;
        let beside = quoin.parent().context("the host is in no folder")?;
        let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(beside)?;
        let mut serve = Command::new(&quoin);
        if let Some(syncs) = syncs {
            syncs.stand_before(&mut serve);
        }
        let (process, ends) = run(&mut serve, folder.path(), &[])?;
        let (slugs, variants, options) = (first_column(PRODUCTS), Vec::new(), Vec::new());
        let Ends { http, admin } = ends;
        let mut shops = Shops { quoin, folder, options, process, http, admin, slugs, variants };
        shops.fill(&bundles, count)?;
        Ok(shops)
    }

    /// Kills the host and starts it again, on other ports; returns once it is ready.
    pub fn restart(&mut self) -> Result<()> {
        end(&mut self.process);
        let mut serve = Command::new(&self.quoin);
        let (process, ends) = run(&mut serve, self.folder.path(), &self.options)?;
        (self.process, self.http, self.admin) = (process, ends.http, ends.admin);
        Ok(())
    }

    /// What the admin API wants to see.
    pub fn token(&self) -> Result<String> {
        let token = std::fs::read_to_string(self.folder.path().join("data/admin.token"))?;
        Ok(token.trim().to_owned())
    }

    fn fill(&mut self, bundles: &Path, count: usize) -> Result<()> {
        eprintln!("Opening {count} shops …");
        let skus = first_column(PRICES);
        let stock: String = skus.iter().map(|sku| format!("{sku},{PIECES}\n")).collect();
        let stock = format!("sku,on_hand\n{stock}");
        for number in 0..count {
            let name = tenant(number);
            self.apply_demo(number, bundles)?;
            for (csv, function) in [
                (PRODUCTS, "quoin:catalog/product-admin#import-csv"),
                (PRICES, "quoin:pricing/price-admin#import-csv"),
                (&stock, "quoin:inventory/stock-admin#import-csv"),
            ] {
                let report = self.call(&name, function, &json!({ "csv": csv }))?;
                ensure!(report["ok"]["faultCount"] == 0, "an import has faults: {report}");
            }
            let input = json!({ "skus": skus });
            let known = self.call(&name, "quoin:catalog/variants#by-sku", &input)?;
            let known = known["ok"].as_array().context("no variants")?.iter();
            let ids: Option<Vec<String>> =
                known.map(|variant| Some(variant["id"].as_str()?.to_owned())).collect();
            self.variants.push(ids.context("a variant without id")?);
        }
        Ok(())
    }

    /// Brings a shop to what the demo shop is, without its goods.
    pub fn apply_demo(&self, number: usize, bundles: &Path) -> Result<()> {
        let shop = SHOP
            .replace(&format!("\"{NAME}\""), &format!("\"{}\"", tenant(number)))
            .replace(&format!("\"{DOMAIN}\""), &format!("\"{}\"", domain(number)));
        self.apply(&shop, bundles)
    }

    /// Calls a function of a shop, as the operator does.
    pub fn call(&self, tenant: &str, function: &str, input: &Value) -> Result<Value> {
        self.quoin(&["call", tenant, function, "-"], Some(input))
    }

    /// The file of a shop's database.
    pub fn database(&self, number: usize) -> PathBuf {
        self.folder.path().join("data/tenants").join(tenant(number)).join("shop.db")
    }

    /// Brings a shop to what this file says.
    pub fn apply(&self, shop: &str, bundles: &Path) -> Result<()> {
        let file = self.folder.path().join("shop.toml");
        std::fs::write(&file, shop)?;
        let (file, bundles) = (file.to_string_lossy(), bundles.to_string_lossy());
        self.quoin(&["apply", &file, "--bundles", &bundles, "--yes"], None).map(drop)
    }

    /// Runs the host's command line and returns what it prints as JSON.
    fn quoin(&self, args: &[&str], input: Option<&Value>) -> Result<Value> {
        let mut quoin = Command::new(&self.quoin)
            .args(args)
            .arg("--json")
            .arg("--data")
            .arg(self.folder.path().join("data"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        if let (Some(mut stdin), Some(input)) = (quoin.stdin.take(), input) {
            stdin.write_all(input.to_string().as_bytes())?;
        }
        let output = quoin.wait_with_output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "quoin {} failed: {text}", args.join(" "));
        serde_json::from_str(&text).with_context(|| format!("quoin printed {text}"))
    }

    /// The folder that holds the data, for more of it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The host's process.
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    /// A copy of the first shop's database. Nothing writes to it when this is called.
    pub fn copy(&self) -> Result<PathBuf> {
        let original = self.database(0);
        let folder = tempfile::Builder::new().tempdir_in(self.folder.path())?.keep();
        let copy = folder.join("shop.db");
        let beside = |path: &Path| PathBuf::from(format!("{}-wal", path.display()));
        std::fs::copy(&original, &copy).context("no copy of the database")?;
        std::fs::copy(beside(&original), beside(&copy)).context("no copy of the database")?;
        Ok(copy)
    }
}

impl Drop for Shops {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

/// The name of a shop.
pub fn tenant(number: usize) -> String {
    format!("shop-{number}")
}

/// The domain of a shop.
pub fn domain(number: usize) -> String {
    format!("shop-{number}.test")
}

/// Where a host answers.
struct Ends {
    http: SocketAddr,
    admin: SocketAddr,
}

/// Starts a host in this folder.
fn run(serve: &mut Command, folder: &Path, options: &[String]) -> Result<(Child, Ends)> {
    let mut process = serve
        .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--json"])
        .args(options)
        .arg("--data")
        .arg(folder.join("data"))
        .env("QUOIN_LOG", "warn")
        .stdout(Stdio::piped())
        .spawn()
        .context("the host does not run")?;
    let ends = ready(&mut process).inspect_err(|_| end(&mut process))?;
    Ok((process, ends))
}

fn ready(process: &mut Child) -> Result<Ends> {
    let stdout = process.stdout.take().context("no output of the host")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let ready: Value = serde_json::from_str(&line).context("the host did not start, see above")?;
    let address = |end: &str| {
        let url = ready[end].as_str().and_then(|url| url.strip_prefix("http://")?.parse().ok());
        url.with_context(|| format!("the host told no address of {end}"))
    };
    Ok(Ends { http: address("http")?, admin: address("admin")? })
}

/// Ends a process that this one started.
pub fn end(process: &mut Child) {
    // It may have ended by itself.
    let _ = process.kill();
    let _ = process.wait();
}

/// The different values of the first column of a CSV file that quotes none of them.
fn first_column(csv: &str) -> Vec<String> {
    let cells = csv.lines().skip(1).filter_map(|line| line.split(',').next());
    let mut cells: Vec<String> = cells.map(str::to_owned).collect();
    cells.dedup();
    cells
}
