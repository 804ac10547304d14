//! Money crosses the boundary of the JavaScript engine exactly, or not at all.

use quoin_harness::{Host, repository};

use super::{SHOP, built, faults, make, quote, set, start, swap, told};

/// The largest integer that a Number holds exactly together with all smaller ones.
const EXACT_MAX: i64 = (1 << 53) - 1;

#[test]
fn a_total_is_exact_up_to_the_largest_exact_number_and_refused_beyond() {
    if !built() {
        return;
    }
    let (host, shop) = start();
    // Less a tenth, this is a divisor of the largest exact number; the other is 69,431.
    make(&shop, ["gold"].into_iter());
    set(&shop, &[("regular", "gold", 1, 144_143_094_178)]);
    swap(&host, &shop, "volume-pricing");
    let quoted = quote(&shop, &[("gold", 69_431)]).ok();
    assert_eq!(quoted[0]["total"]["minor"], EXACT_MAX);
    assert_eq!(told(&quoted)[0].0, 129_728_784_761);
    let too_large = "makes the total too large";
    for quantity in [69_432, u32::MAX] {
        let faults = faults(quote(&shop, &[("mug", 1), ("gold", quantity)]));
        assert_eq!(faults, [("lines/1/quantity".to_owned(), too_large.to_owned())]);
    }
}

#[test]
fn amounts_cross_exactly_down_to_the_sign_and_what_would_be_rounded_is_refused() {
    if !built() {
        return;
    }
    let host = Host::start_compiled();
    // The tables, with amounts in them that pricing would never store.
    let example = repository().join("examples/volume-pricing-js");
    let path = |file: &str| example.join(file).display().to_string();
    let odd = host.file("odd-amounts.wasm", "").display().to_string();
    // Installed as pricing itself, whose tables they are.
    let manifest = std::fs::read_to_string(path("plugin.toml")).expect("the manifest");
    let manifest: String = manifest.lines().filter(|line| !line.starts_with("tables ")).fold(
        String::new(),
        |text, line| {
            text + &line.replace(r#"name = "volume-pricing""#, r#"name = "pricing""#) + "\n"
        },
    );
    let manifest = host.file("odd-amounts.toml", &manifest).display().to_string();
    let component = path("dist/component.wasm");
    let migrations = path("tests/odd-amounts");
    let bundle = ["plugin", "bundle", &component, "--manifest", &manifest];
    let bundle = [&bundle[..], &["--migrations", &migrations, "--output", &odd]].concat();
    let output = host.cli(&bundle);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let shop = host.apply(&SHOP.replace("pricing.wasm", &odd));

    let exact = [
        ("i32 max", i64::from(i32::MAX)),
        ("i32 max + 1", i64::from(i32::MAX) + 1),
        ("u32 max + 1", i64::from(u32::MAX) + 1),
        ("largest", EXACT_MAX),
        ("minus one", -1),
        ("i32 min - 1", i64::from(i32::MIN) - 1),
        ("smallest", -EXACT_MAX),
    ];
    for (sku, minor) in exact {
        let quoted = quote(&shop, &[(sku, 1)]).ok();
        assert_eq!(told(&quoted), [(minor, None, "regular \"Odd\"")]);
        assert_eq!(quoted[0]["unit"]["minor"].as_i64(), Some(minor), "an integer: {quoted}");
    }
    // A tenth is rounded towards zero on either side of it, also where doubles are far apart.
    for (sku, less) in [("minus 19", -18), ("largest", EXACT_MAX - EXACT_MAX / 10)] {
        let quoted = quote(&shop, &[(sku, 1), ("zero", 9)]).ok();
        assert_eq!(told(&quoted)[0].0, less);
    }
    for sku in ["beyond", "beyond + 1", "i64 max", "smallest - 1", "beyond, not plain"] {
        let lines = [("zero", 1), (sku, 1), ("zero", 1)];
        let faults = faults(quote(&shop, &lines));
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].0, "lines/1/variant");
        assert!(faults[0].1.contains("9007199254740991"), "{faults:?}");
    }
}

#[test]
fn quantities_cross_exactly_up_to_the_largest() {
    if !built() {
        return;
    }
    let (host, shop) = start();
    swap(&host, &shop, "volume-pricing");
    let lines = [1, i32::MAX as u32, i32::MAX as u32 + 1, u32::MAX].map(|pieces| ("mug", pieces));
    let quoted = quote(&shop, &lines).ok();
    assert_eq!(told(&quoted).len(), lines.len());
    for ((_, pieces), line) in lines.iter().zip(quoted.as_array().expect("lines")) {
        assert_eq!(line["quantity"], *pieces);
    }
}
