//! A real mail server, which the host's relay is in tests.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use crate::place::{bundles, repository};
use crate::until;

/// The package that the server is of, in Debian and for `pip`.
const PACKAGES: [&str; 2] = ["python3-aiosmtpd", "aiosmtpd"];

/// A mail server on this machine, with its mails. It ends when dropped.
pub struct Smtp {
    folder: tempfile::TempDir,
    tls: &'static str,
    port: u16,
    running: Option<Child>,
}

/// A mail that came.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Who gets it.
    pub to: Vec<String>,
    /// As it came.
    pub bytes: Vec<u8>,
}

impl Mail {
    /// The value of a header, decoded; absent is empty.
    pub fn header(&self, name: &str) -> String {
        self.read(&format!("str(mail[{name:?}] or '')"))
    }

    /// The names of its headers, in lower case.
    pub fn headers(&self) -> Vec<String> {
        let names = self.read("' '.join(name.lower() for name in mail.keys())");
        names.split(' ').map(str::to_owned).collect()
    }

    /// The part that is `plain` or `html`.
    pub fn part(&self, kind: &str) -> String {
        self.read(&format!("mail.get_body(({kind:?},)).get_content()"))
    }

    /// An expression of Python about the mail: its standard library reads mails, and shares no code with
    /// the host.
    fn read(&self, expression: &str) -> String {
        let script = format!(
            "import sys,email,email.policy\n\
             mail=email.message_from_binary_file(sys.stdin.buffer,policy=email.policy.default)\n\
             sys.stdout.reconfigure(encoding='utf-8')\nprint({expression},end='')"
        );
        let mut child = (Command::new("python3").args(["-c", &script]))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        std::io::Write::write_all(&mut stdin, &self.bytes).expect("it reads");
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{expression}: {}", String::from_utf8_lossy(&self.bytes));
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Smtp {
    /// Starts one that is spoken to as `tls` says: `starttls`, `implicit` or `none`. With a password, it lets
    /// in `shop` alone. None, where this machine has no such server and cannot get one.
    pub fn start(tls: &'static str, password: Option<&str>) -> Option<Smtp> {
        if python().is_none() {
            let [debian, pip] = PACKAGES;
            crate::skipped(&format!("no mail server: install {debian}, or {pip} with pip"));
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        if let Some(password) = password {
            std::fs::write(folder.path().join("password"), password).expect("a file");
        }
        let mut server = Smtp { folder, tls, port: 0, running: None };
        server.run();
        Some(server)
    }

    /// Starts it again, on the same port.
    pub fn run(&mut self) {
        let python = python().expect("there was one");
        let file = |name: &str| repository().join("tests/harness/src/smtp").join(name);
        let mut child = (Command::new(&python.program).env("PYTHONPATH", &python.path))
            .arg(file("server.py"))
            .arg(self.folder.path())
            .args([&self.port.to_string(), self.tls])
            .args([file("server.pem"), file("server.key")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        let mut line = String::new();
        let mut told = BufReader::new(child.stdout.take().expect("a pipe"));
        told.read_line(&mut line).expect("it says where it listens");
        self.port = line.trim().parse().expect("a port");
        self.running = Some(child);
    }

    /// Goes away.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.running.take() {
            // It may be gone.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The authority that its certificate is of.
    pub fn authority() -> PathBuf {
        repository().join("tests/harness/src/smtp/ca.pem")
    }

    /// What the next transactions meet; the file of the server says how that is written.
    pub fn meets(&self, faults: &str) {
        std::fs::write(self.folder.path().join("faults"), faults).expect("a file");
    }

    /// What came, the oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        let file = |n: usize, kind: &str| self.folder.path().join(format!("{n}.{kind}"));
        let mail = |n: usize| {
            let bytes = std::fs::read(file(n, "eml")).ok()?;
            let to = std::fs::read_to_string(file(n, "to")).ok()?;
            Some(Mail { to: to.lines().map(str::to_owned).collect(), bytes })
        };
        (0..).map_while(mail).collect()
    }

    /// Waits for so many.
    pub fn until(&self, count: usize) -> Vec<Mail> {
        until("the mails come", || Some(self.mails()).filter(|mails| mails.len() >= count))
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Python {
    program: PathBuf,
    path: PathBuf,
}

/// A Python that has the server: as it is installed, or with what `pip` puts beside the bundles, once.
fn python() -> Option<&'static Python> {
    static FOUND: OnceLock<Option<Python>> = OnceLock::new();
    FOUND.get_or_init(find).as_ref()
}

fn find() -> Option<Python> {
    let path = bundles().with_file_name("python");
    let known = || {
        let able = |program: &&str| has_server(Path::new(program), &path);
        let program = ["python3", "/usr/bin/python3"].into_iter().find(able)?;
        Some(Python { program: program.into(), path: path.clone() })
    };
    known().or_else(|| {
        let [_, pip] = PACKAGES;
        let install = ["-m", "pip", "install", "--quiet", "--target"];
        let _ = quiet(Command::new("python3").args(install).arg(&path).arg(pip));
        known()
    })
}

fn has_server(program: &Path, path: &Path) -> bool {
    quiet(Command::new(program).env("PYTHONPATH", path).args(["-c", "import aiosmtpd"]))
}

fn quiet(command: &mut Command) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}
