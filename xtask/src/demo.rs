//! `cargo xtask demo`: a shop built from source, ready to be bought from.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Write as _};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, Result, anyhow, bail, ensure};
use quoin_core::shop::Shop;
use serde_json::{Value, json};

use crate::place::Place;
use crate::plugins;
use crate::run::build_host;

/// The demo's folder in the repository.
const SHOP: &str = "examples/demo-shop";
/// Its shop file.
const FILE: &str = "cards.toml";
/// The card provider that the file names, in whose place the demo's own comes.
const PROVIDER: &str = "http://127.0.0.1:8082";
/// The secret key of the provider's API, and that of its webhooks, by the names that the shop has for them.
const SECRETS: [(&str, &str); 2] =
    [("card-key", "sk_test_of_the_demo"), ("card-webhook-key", "whsec_test_of_the_demo")];
/// Ports that are tried when the wanted one is taken.
const PORTS_TRIED: u16 = 20;

/// The options of the command.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The port of the shop; the admin API takes the next one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Set the shop up, print the walk, and stop.
    #[arg(long)]
    setup_only: bool,
}

/// Builds, sets the demo shop up in a fresh data folder, prints the walk, and serves.
pub(crate) fn demo(options: &Options) -> Result<()> {
    let place = Place::find()?;
    let data = place.target.join("demo");
    let turn = Turn::take(&data)?;
    let shop = place.root.join(SHOP);
    let wanted = std::fs::read_to_string(shop.join(FILE)).context("the demo's shop file")?;
    plugins::bundles_of(&place, &Shop::parse(FILE, &wanted)?)?;
    build_host(&place)?;
    turn.clear(&data)?;
    let port = free_ports(options.port)?;
    let provider = Provider::start(&place, &data, port)?;
    let wanted = wanted.replace(PROVIDER, &provider.api);
    ensure!(wanted.contains(&provider.api), "{FILE} does not name the provider {PROVIDER}");
    let demo = Demo { quoin: place.target.join("release/quoin"), data, port };
    let mut server = Server(demo.serve(true).spawn().context("the host does not run")?);
    server.wait_until_ready()?;
    let tenant = demo.set_up(&shop, &wanted, &place)?;
    let key = demo.key(&tenant)?;
    drop(server);
    let walk = |name: &'static str| std::fs::read_to_string(shop.join(name)).context(name);
    print!("{}", demo.welcome(&tenant, &key, &walk("walk.sh")?, &walk("walk-card.sh")?));
    std::io::stdout().flush()?;
    if options.setup_only {
        return Ok(());
    }
    turn.outlive()?;
    provider.outlive()?;
    // Signals then reach the host itself, which finishes what runs before it ends.
    let error = demo.serve(false).exec();
    Err(error).context("the host does not run")
}

/// The turn to use a data folder: a lock beside it, which the host that serves it has after this process.
struct Turn(File);

impl Turn {
    /// Fails where another demo has the folder, or a host that somebody has started in it.
    fn take(data: &Path) -> Result<Turn> {
        let path = data.with_extension("lock");
        std::fs::create_dir_all(data.parent().unwrap_or(data))?;
        let file = File::options().create(true).append(true).open(&path);
        let turn = Turn(file.with_context(|| path.display().to_string())?);
        turn.0.try_lock().map_err(|_| busy(data))?;
        free(data)?;
        Ok(turn)
    }

    /// Removes what the last demo left.
    fn clear(&self, data: &Path) -> Result<()> {
        // The build before this may have taken minutes.
        let _host = free(data)?;
        if data.exists() {
            std::fs::remove_dir_all(data).context("the data folder of the last demo")?;
        }
        Ok(())
    }

    /// Keeps the turn for the program that takes this process over.
    fn outlive(&self) -> Result<()> {
        rustix::io::fcntl_setfd(&self.0, rustix::io::FdFlags::empty()).context("the demo's lock")
    }
}

/// The lock of the host that may use a data folder; there is none where the folder is not.
fn free(data: &Path) -> Result<Option<File>> {
    match File::options().append(true).open(data.join("lock")) {
        Ok(lock) => {
            lock.try_lock().map_err(|_| busy(data))?;
            Ok(Some(lock))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context("the lock of the data folder"),
    }
}

fn busy(data: &Path) -> anyhow::Error {
    anyhow!(
        "a demo that still runs, or another host, uses {}; nothing was changed: stop it first (Ctrl-C in \
         its terminal), or go on using it",
        data.display()
    )
}

/// The card provider, which takes no real money. It ends with this process, or the one that takes it over.
struct Provider {
    api: String,
    lifeline: ChildStdin,
}

impl Provider {
    fn start(place: &Place, data: &Path, port: u16) -> Result<Provider> {
        let [(_, key), (_, webhook_key)] = SECRETS;
        let mut provider = Command::new(place.target.join("release/quoin-psp"));
        provider.args(["--until-stdin-ends", "--key", key, "--webhook-key", webhook_key]);
        provider.args(["--webhook", &format!("http://127.0.0.1:{port}/webhooks/card")]);
        provider.args(["--webhook-host", "localhost", "--ledger"]);
        provider.arg(data.with_extension("ledger"));
        let mut child = (provider.stdin(Stdio::piped()).stdout(Stdio::piped()))
            .spawn()
            .context("the card provider does not run")?;
        let lifeline = child.stdin.take().context("no input of the card provider")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output of the card provider")?)
            .read_line(&mut line)?;
        let told: Value = serde_json::from_str(&line).context("the card provider did not start")?;
        let api = told["api"].as_str().context("the card provider's address")?.to_owned();
        Ok(Provider { api, lifeline })
    }

    /// Keeps it for the program that takes this process over.
    fn outlive(self) -> Result<()> {
        let lifeline = std::mem::ManuallyDrop::new(self.lifeline);
        rustix::io::fcntl_setfd(&*lifeline, rustix::io::FdFlags::empty())
            .context("the card provider's input")
    }
}

struct Demo {
    quoin: PathBuf,
    data: PathBuf,
    port: u16,
}

impl Demo {
    fn serve(&self, setting_up: bool) -> Command {
        let mut serve = Command::new(&self.quoin);
        serve.arg("serve").arg("--data").arg(&self.data);
        serve.arg("--listen").arg(format!("127.0.0.1:{}", self.port));
        serve.arg("--admin-listen").arg(format!("127.0.0.1:{}", self.port + 1));
        // Where the card provider is.
        serve.args(["--allow-network", "127.0.0.0/8"]);
        if setting_up {
            serve.arg("--json").stdout(Stdio::piped());
        }
        serve
    }

    /// Runs `quoin` and returns what it prints as JSON.
    fn quoin(&self, args: &[&str], input: Option<&Value>) -> Result<Value> {
        let text = self.run(args, &input.map(Value::to_string).unwrap_or_default())?;
        serde_json::from_str(&text).with_context(|| format!("quoin {} printed {text}", args[0]))
    }

    /// Runs `quoin` with this input and returns what it prints.
    fn run(&self, args: &[&str], input: &str) -> Result<String> {
        let mut quoin = Command::new(&self.quoin);
        quoin.args(args).arg("--json").arg("--data").arg(&self.data);
        quoin.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = quoin.spawn().context("quoin does not run")?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(output.status.success(), "quoin {} failed: {text}", args.join(" "));
        Ok(text)
    }

    fn set_up(&self, shop: &Path, wanted: &str, place: &Place) -> Result<String> {
        let file = self.data.with_extension("toml");
        std::fs::write(&file, wanted).with_context(|| file.display().to_string())?;
        let (file, bundles) = (file.display().to_string(), place.bundles().display().to_string());
        let applied = self.quoin(&["apply", &file, "--bundles", &bundles, "--yes"], None)?;
        let tenant = applied["tenant"].as_str().context("the tenant's name")?.to_owned();
        for (name, secret) in SECRETS {
            self.run(&["secret", "set", &tenant, name], secret)?;
        }
        for (csv, function) in [
            ("products.csv", "quoin:catalog/product-admin#import-csv"),
            ("prices.csv", "quoin:pricing/price-admin#import-csv"),
            ("stock.csv", "quoin:inventory/stock-admin#import-csv"),
        ] {
            let text = std::fs::read_to_string(shop.join(csv)).with_context(|| csv.to_owned())?;
            let report =
                self.quoin(&["call", &tenant, function, "-"], Some(&json!({"csv": text})))?;
            let faults = &report["ok"]["faultCount"];
            ensure!(faults == &json!(0), "{csv} has faults: {report}");
        }
        Ok(tenant)
    }

    fn key(&self, tenant: &str) -> Result<String> {
        let key = self.quoin(&["tenant", "key", "create", tenant, "--label", "demo"], None)?;
        Ok(key["secret"].as_str().context("the key's secret")?.to_owned())
    }

    fn welcome(&self, tenant: &str, key: &str, walk: &str, by_card: &str) -> String {
        let shop = format!("http://localhost:{}", self.port);
        let mut text = format!(
            "\nThe shop {tenant} is open.\n\n  API        {shop}/products\n  API pages  {shop}/docs\n  \
             OpenAPI    {shop}/openapi.json\n  admin key  {key}\n\n\
             From browsing to a paid order; paste into another shell:\n\n"
        );
        let mut add = |walk: &str| {
            for line in walk.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
                let line = line.replace("$SHOP", &shop).replace("$KEY", key);
                let _ = writeln!(text, "{line}");
            }
        };
        add(walk);
        add(": and the same by card, on the page of a provider that takes no real money");
        add(by_card);
        let quoin = self.quoin.display();
        let data = self.data.display();
        let _ = write!(
            text,
            "\nThe shop's plugins: {quoin} --data {data} plugin list {tenant}\n\
             Stop with Ctrl-C.\n\n"
        );
        text
    }
}

/// A host that ends when it is dropped. What it has acknowledged is on disk by then.
struct Server(Child);

impl Server {
    fn wait_until_ready(&mut self) -> Result<()> {
        let stdout = self.0.stdout.take().context("no output of the host")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        ensure!(line.contains("\"ready\""), "the host did not start, see above");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The first port from `wanted` on that is free together with the next one.
fn free_ports(wanted: u16) -> Result<u16> {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    for port in wanted..wanted.saturating_add(PORTS_TRIED) {
        if free(port) && port.checked_add(1).is_some_and(free) {
            return Ok(port);
        }
    }
    bail!("the ports {wanted} to {} are taken; choose another with --port", wanted + PORTS_TRIED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_that_runs_keeps_its_data() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("demo");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("shop.db"), "sold").unwrap();
        let refused = |outcome: Result<()>| {
            let told = format!("{:#}", outcome.unwrap_err());
            assert!(told.contains("still runs") && told.contains("stop it first"), "{told}");
            assert!(data.join("shop.db").exists());
        };

        // Another demo, at whatever step it is.
        let first = Turn::take(&data).unwrap();
        refused(Turn::take(&data).map(drop));
        // A host that somebody has started in the folder, before or while the demo is built.
        let lock = File::create(data.join("lock")).unwrap();
        lock.lock().unwrap();
        refused(first.clear(&data));
        drop(first);
        refused(Turn::take(&data).map(drop));

        drop(lock);
        Turn::take(&data).unwrap().clear(&data).unwrap();
        assert!(!data.exists());
        let turn = Turn::take(&data).unwrap();
        turn.clear(&data).unwrap();

        // The program that takes over has the turn.
        turn.outlive().unwrap();
        let mut host = Command::new("sleep").arg("600").spawn().unwrap();
        drop(turn);
        let held = Turn::take(&data).is_err();
        host.kill().unwrap();
        host.wait().unwrap();
        assert!(held);
        Turn::take(&data).unwrap();
    }
}
