//! Bundles that take more to compile than they may.

use quoin_harness::{Host, json, until};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::before::{Before, Bundles};
use crate::given::going;

/// Of both, the compiler keeps a value for each pair: more gigabytes than it may have, or, where it has
/// them, minutes. The bundle itself has 160 KiB.
const LOCALS: usize = 2_000;
const LOOPS: usize = 20_000;

/// A plugin whose code is short, and hard to compile.
fn hard() -> Vec<u8> {
    let number = |what: &str| (0..LOCALS).map(|n| format!("({what} {n}")).collect::<Vec<_>>();
    let set = number("local.set").join(" (i64.load (i32.const 0)))");
    let get = number("i64.store (i32.const 0) (local.get").join("))");
    let module = format!(
        "(memory 1) (func (export \"go\") {} {set} (i64.load (i32.const 0))) {} {get})))",
        "(local i64)".repeat(LOCALS),
        "(loop (br_if 0 (i32.load (i32.const 0))))".repeat(LOOPS),
    );
    going("hard", &module, "")
}

/// The child in which the host compiles, once it has limited itself: its id, and the limits by name.
fn child(host: &Host) -> (Pid, Vec<(String, String)>) {
    until("the host compiles", || {
        std::fs::read_dir("/proc").expect("processes").flatten().find_map(|entry| {
            let file = |name: &str| std::fs::read_to_string(entry.path().join(name)).ok();
            // After the name, which is in parentheses: the state and the parent.
            let stat = file("stat")?;
            let parent = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok();
            if parent != Some(host.pid()) || !file("cmdline")?.contains("compile-bundle") {
                return None;
            }
            let limits = file("limits")?;
            let limits: Vec<_> = (limits.lines())
                .filter_map(|line| line.split_at_checked(26))
                .map(|(name, hard)| {
                    let hard = hard.split_whitespace().nth(1).unwrap_or_default();
                    (name.trim().to_owned(), hard.to_owned())
                })
                .collect();
            let id = entry.file_name().to_str()?.parse().ok().and_then(Pid::from_raw)?;
            let limited = limits.iter().any(|l| *l == ("Max core file size".into(), "0".into()));
            limited.then_some((id, limits))
        })
    })
}

/// Uploads the hard bundle. With this little of what it needs left to it, its compiler ends; the host
/// says so, keeps nothing of it, and goes on.
fn refused_for_want_of(resource: Resource, little: u64) {
    let host = Host::start();
    let shop = host.apply(
        "name = \"notes\"\n[plugins.notes]\nbundle = \"notes.wasm\"\ngrants = [\"sql\", \"log\"]\n",
    );
    let (before, bundles) = (Before::of(&host), Bundles::of(&host));
    std::thread::scope(|scope| {
        let upload = scope.spawn(|| host.upload(&hard()));
        let (child, limits) = child(&host);
        for (name, most) in [
            ("Max address space", (4_u64 << 30).to_string()),
            ("Max cpu time", "120".into()),
            ("Max file size", (512_u64 << 20).to_string()),
        ] {
            assert!(limits.contains(&(name.into(), most)), "{name}: {limits:?}");
        }
        let little = Rlimit { current: Some(little), maximum: Some(little) };
        prlimit(Some(child), resource, little).expect("less for a child of a child");
        shop.post("/notes", json!({ "text": "while it compiles" })).ok();
        let reply = upload.join().expect("an upload");
        let detail = reply.expect(422)["detail"].as_str().expect("a detail").to_owned();
        assert!(detail.contains("more time or memory"), "{detail}");
    });
    before.is_unchanged(&host);
    bundles.is_unchanged(&host);
    host.upload(&quoin_harness::bundle("provider")).ok();
    assert_eq!(shop.get("/notes").ok(), json!(["while it compiles"]));
}

#[test]
fn a_bundle_that_takes_too_much_memory_to_compile_is_refused() {
    refused_for_want_of(Resource::As, 256 << 20);
}

#[test]
fn a_bundle_that_takes_too_long_to_compile_is_refused() {
    refused_for_want_of(Resource::Cpu, 1);
}
