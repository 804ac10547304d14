//! A running host.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};

use quoin_core::Digest;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::compiled::Compiled;
use crate::{PATIENCE, Reply, Shop, Syncs, place, until};

/// A `quoin serve` of a test's own. It is killed when dropped.
pub struct Host {
    data: PathBuf,
    work: TempDir,
    /// A program and its arguments that start the host's executable, or nothing.
    through: Vec<String>,
    environment: Vec<(&'static str, PathBuf)>,
    running: Option<Running>,
    link: Arc<Link>,
    /// Where it shares what it compiles.
    compiled: Option<Arc<Compiled>>,
}

struct Running {
    child: Child,
    // Read until the end, so that the host never waits for a full pipe.
    _stdout: std::thread::JoinHandle<()>,
}

/// The way to a host, which a restart changes.
pub(crate) struct Link {
    client: ureq::Agent,
    ends: Mutex<Option<Ends>>,
}

#[derive(Clone)]
struct Ends {
    http: SocketAddr,
    admin: SocketAddr,
    token: String,
}

impl Host {
    /// Starts a host with an empty data folder.
    pub fn start() -> Host {
        let work = tempfile::tempdir().expect("a temporary folder");
        let data = work.path().join("data");
        Host::with(work, data, &[])
    }

    /// Starts a host with a data folder that has nothing but the bundles that others of this kind were given,
    /// compiled.
    pub fn start_compiled() -> Host {
        let work = tempfile::tempdir().expect("a temporary folder");
        let data = work.path().join("data");
        let compiled = Compiled::now();
        compiled.give(&data);
        let mut host = Host::with(work, data, &[]);
        host.compiled = Some(compiled);
        host
    }

    /// Starts a host with an empty data folder and no more address space than this.
    pub fn start_within(bytes: u64) -> Host {
        let work = tempfile::tempdir().expect("a temporary folder");
        let data = work.path().join("data");
        let limit = format!("ulimit -v {} && exec \"$@\"", bytes >> 10);
        Host::with(work, data, &["sh", "-c", &limit, "sh"])
    }

    /// Starts a host with this data folder, which stays when the host goes.
    pub fn start_in(data: &Path) -> Host {
        Host::with(tempfile::tempdir().expect("a temporary folder"), data.into(), &[])
    }

    /// Starts a host with an empty data folder whose shops sleep when nobody has used them for a second.
    pub fn start_sleepy() -> Host {
        Host::start_told("--sleep-seconds 1")
    }

    /// Starts a host with an empty data folder whose shops may send requests to this machine.
    pub fn start_reaching() -> Host {
        Host::start_told("--allow-network 127.0.0.0/8")
    }

    /// As [`Host::start_compiled`], and its shops may send requests to this machine.
    pub fn start_compiled_reaching() -> Host {
        let work = tempfile::tempdir().expect("a temporary folder");
        let data = work.path().join("data");
        let compiled = Compiled::now();
        compiled.give(&data);
        let reaching = "exec \"$@\" --allow-network 127.0.0.0/8";
        let mut host = Host::with(work, data, &["sh", "-c", reaching, "sh"]);
        host.compiled = Some(compiled);
        host
    }

    /// As [`Host::start_compiled`] and [`Host::start_reaching`], trusting the certificates of this file and no
    /// others.
    pub fn start_trusting(certificates: &Path) -> Host {
        let mut host = Host::start_reaching();
        let compiled = Compiled::now();
        compiled.give(&host.data);
        host.compiled = Some(compiled);
        host.environment = vec![("SSL_CERT_FILE", certificates.into())];
        host.restart();
        host
    }

    /// Starts a host with an empty data folder and more options.
    pub fn start_told(options: &str) -> Host {
        let work = tempfile::tempdir().expect("a temporary folder");
        let data = work.path().join("data");
        Host::with(work, data, &["sh", "-c", &format!("exec \"$@\" {options}"), "sh"])
    }

    /// Starts a host with an empty data folder and these syncs before its disk.
    pub fn start_behind(syncs: &Syncs) -> Host {
        let mut host = Host::start();
        host.environment = syncs.environment().into();
        host.restart();
        host
    }

    /// As [`Host::start_reaching`], and it logs as `filter` says, to what [`Host::stderr`] has.
    pub fn start_telling(filter: &str) -> Host {
        let mut host = Host::start_reaching();
        host.environment = vec![("QUOIN_LOG", filter.into())];
        host.restart();
        host
    }

    fn with(work: TempDir, data: PathBuf, through: &[&str]) -> Host {
        let through = through.iter().map(|&word| word.to_owned()).collect();
        let link = Arc::new(Link::new());
        let (environment, running, compiled) = (vec![], None, None);
        let mut host = Host { data, work, through, environment, running, link, compiled };
        host.run();
        host
    }

    /// Starts the host again in the same folder, on other ports. Shops stay usable.
    pub fn restart(&mut self) {
        self.kill();
        self.run();
    }

    /// Ends the host at once, as a crash or a lost machine would.
    pub fn kill(&mut self) {
        *self.link.ends() = None;
        if let Some(mut running) = self.running.take() {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }

    /// Ends the host at once while others still use its shops: they see it vanish.
    pub fn kill_process(&self) {
        kill_process(self.process(), Signal::KILL).expect("the host can be killed");
    }

    /// Asks the host to end and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        self.terminate();
        self.ended()
    }

    /// Asks the host to end (SIGTERM) and does not wait.
    pub fn terminate(&self) {
        kill_process(self.process(), Signal::TERM).expect("the host can be told to end");
    }

    fn process(&self) -> Pid {
        i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a process id")
    }

    /// Waits until the host has ended by itself.
    pub fn ended(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("a running host");
        let status = until("the host ends", || running.child.try_wait().expect("a child"));
        *self.link.ends() = None;
        status
    }

    /// Starts the host's process; [`Host::kill`] and the like must have ended the one before.
    pub fn run(&mut self) {
        let stderr = (File::options().create(true).append(true))
            .open(self.work.path().join("stderr"))
            .expect("a file for stderr");
        let mut command = match self.through.split_first() {
            Some((program, words)) => {
                let mut command = Command::new(program);
                command.args(words).arg(place::binary());
                command
            }
            None => Command::new(place::binary()),
        };
        let mut child = command
            .arg("serve")
            .args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--json", "--data"])
            .arg(&self.data)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("the host's executable runs");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("stdout is text");
        let Some(ends) = Ends::read(&line, &self.data) else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the host did not get ready: {line}\n{}", self.stderr());
        };
        *self.link.ends() = Some(ends);
        let rest = std::thread::spawn(move || {
            let _ = std::io::copy(&mut stdout, &mut std::io::sink());
        });
        self.running = Some(Running { child, _stdout: rest });
    }

    /// What the host has written to stderr so far, over all restarts.
    pub fn stderr(&self) -> String {
        std::fs::read_to_string(self.work.path().join("stderr")).unwrap_or_default()
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The address of the shops' listener.
    pub fn address(&self) -> SocketAddr {
        self.link.http()
    }

    /// The address of the admin API's listener.
    pub fn admin_address(&self) -> SocketAddr {
        self.link.now().admin
    }

    /// The process id of the host.
    pub fn pid(&self) -> u32 {
        self.running.as_ref().expect("a running host").child.id()
    }

    /// Writes a file for the host or its command line to read, and returns its path.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work.path().join(name);
        let mut file = File::create(&path).expect("a file in the temporary folder");
        file.write_all(bytes.as_ref()).expect("a file in the temporary folder");
        path
    }

    /// A request to the admin API, with the token.
    pub fn manage(&self, method: &str, path: &str, body: Value) -> Reply {
        self.link.manage(method, path, body)
    }

    /// Sends a bundle to the host as it is; the command line would look at it first.
    pub fn upload(&self, bundle: &[u8]) -> Reply {
        self.upload_as(Digest::of(bundle).as_str(), bundle)
    }

    /// Sends a bundle to the host under a digest that may be another's.
    pub fn upload_as(&self, digest: &str, bundle: &[u8]) -> Reply {
        self.link.operate("PUT", &format!("/v1/bundles/{digest}"), bundle.to_vec())
    }

    /// The token of the admin API.
    pub fn token(&self) -> String {
        self.link.now().token
    }

    /// Runs the command line against this host. It looks for bundles among those that were built.
    pub fn cli(&self, args: &[&str]) -> Output {
        self.command().args(args).output().expect("the host's executable runs")
    }

    /// Sets a secret of a shop through the command line.
    pub fn set_secret(&self, shop: &str, name: &str, secret: &str) {
        let mut command = self.command();
        command.args(["secret", "set", shop, name]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().expect("the host's executable runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        writeln!(stdin, "{secret}").expect("it reads");
        drop(stdin);
        assert!(child.wait().expect("it ends").success(), "the secret {name} is not set");
    }

    /// A command line against this host, to be run in another way.
    pub fn command(&self) -> Command {
        let mut command = Command::new(place::binary());
        command.env("QUOIN_DATA", &self.data).env("QUOIN_BUNDLES", place::bundles());
        command.stdin(Stdio::null());
        command
    }

    /// Makes a shop what this `shop.toml` says; bundles are taken from those that were built. A shop
    /// that states no domains gets `<name>.test`.
    #[track_caller]
    pub fn apply(&self, toml: &str) -> Shop {
        self.try_apply(toml).unwrap_or_else(|e| panic!("apply: {e}\n{}", self.stderr()))
    }

    /// As [`Host::apply`].
    ///
    /// # Errors
    /// What the command line wrote to stderr.
    pub fn try_apply(&self, toml: &str) -> Result<Shop, String> {
        let (toml, shop) = self.shop_of(toml);
        let file = self.file(&format!("{}.toml", shop.name), toml);
        let output = self.command().arg("apply").arg(file).output();
        let output = output.expect("the host's executable runs");
        if let Some(compiled) = &self.compiled {
            compiled.take(&self.data);
        }
        match output.status.success() {
            true => Ok(shop),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// A shop that is there already.
    pub fn shop(&self, name: &str, domain: &str) -> Shop {
        Shop::new(self.link.clone(), name, domain)
    }

    /// The text with domains, and the shop that it will be.
    fn shop_of(&self, toml: &str) -> (String, Shop) {
        let top = |key: &str| {
            let line = toml.lines().find(|l| l.split('=').next().is_some_and(|k| k.trim() == key));
            line.and_then(|l| l.split('"').nth(1)).map(str::to_owned)
        };
        let name = top("name").unwrap_or_else(|| panic!("the shop has no name: {toml}"));
        match top("domains") {
            Some(domain) => (toml.into(), self.shop(&name, &domain)),
            None => {
                let domain = format!("{name}.test");
                (format!("domains = [\"{domain}\"]\n{toml}"), self.shop(&name, &domain))
            }
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- stderr of the host:\n{}", self.stderr());
        }
    }
}

impl Ends {
    /// From the line that the host writes when it is ready.
    fn read(line: &str, data: &Path) -> Option<Ends> {
        let ready: Value = serde_json::from_str(line).ok()?;
        let address = |name: &str| ready[name].as_str()?.trim_start_matches("http://").parse().ok();
        let token = std::fs::read_to_string(data.join("admin.token")).ok()?.trim().to_owned();
        Some(Ends { http: address("http")?, admin: address("admin")?, token })
    }
}

impl Link {
    fn new() -> Link {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(PATIENCE))
            .max_idle_connections_per_host(64)
            .max_idle_connections(64)
            .build();
        Link { client: config.new_agent(), ends: Mutex::new(None) }
    }

    /// To shops that listen here, without an admin API.
    pub(crate) fn to(http: SocketAddr) -> Link {
        let link = Link::new();
        *link.ends() = Some(Ends { http, admin: http, token: String::new() });
        link
    }

    fn ends(&self) -> MutexGuard<'_, Option<Ends>> {
        self.ends.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn now(&self) -> Ends {
        self.ends().clone().expect("a running host")
    }

    pub(crate) fn http(&self) -> SocketAddr {
        self.now().http
    }

    pub(crate) fn send(&self, request: http::Request<Vec<u8>>) -> Result<Reply, String> {
        let mut response = match request.body().is_empty() {
            // An empty body is no body: GET has none.
            true => self.client.run(request.map(|_| ())),
            false => self.client.run(request),
        }
        .map_err(|e| e.to_string())?;
        let body = response.body_mut().with_config().limit(64 << 20).read_to_vec();
        let body = body.map_err(|e| e.to_string())?;
        Ok(Reply::new(response.status().as_u16(), response.headers().clone(), body))
    }

    pub(crate) fn manage(&self, method: &str, path: &str, body: Value) -> Reply {
        let body = match body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        };
        self.operate(method, path, body)
    }

    fn operate(&self, method: &str, path: &str, body: Vec<u8>) -> Reply {
        let Ends { admin, token, .. } = self.now();
        let request = http::Request::builder()
            .method(method)
            .uri(format!("http://{admin}{path}"))
            .header("authorization", format!("Bearer {token}"))
            .body(body)
            .expect("a request");
        self.send(request).unwrap_or_else(|e| panic!("no response: {e}"))
    }
}
