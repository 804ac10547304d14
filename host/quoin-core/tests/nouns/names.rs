//! Names of tenants, domains, digests, versions, interfaces and functions.

use quoin_core::manifest::{FunctionRef, HostInterface, InterfaceName, Version};
use quoin_core::{Digest, Domain, Name};

fn is<T: std::str::FromStr>(text: &str) -> bool {
    text.parse::<T>().is_ok()
}

#[test]
fn a_name_has_at_most_forty_characters() {
    assert!(is::<Name>(&"a".repeat(40)) && !is::<Name>(&"a".repeat(41)));
    assert!(is::<Name>("a-1") && !is::<Name>("-a") && !is::<Name>("a_b") && !is::<Name>("a-"));
}

#[test]
fn a_name_that_is_none_is_told_with_its_rule_and_cut() {
    let told = "A".repeat(100).parse::<Name>().unwrap_err().to_string();
    assert!(told.starts_with(&format!("name \"{}\" is not valid", "A".repeat(80))), "{told}");
    assert!(told.contains("1 to 40 characters"), "{told}");
}

#[test]
fn a_domain_and_its_labels_have_limits() {
    let label = "a".repeat(63);
    assert!(is::<Domain>(&label) && !is::<Domain>(&format!("{label}a")));
    let long = format!("{label}.{label}.{label}.{}", "a".repeat(61));
    assert_eq!(long.len(), 253);
    assert!(is::<Domain>(&long) && !is::<Domain>(&format!("{long}a")));
    assert!(is::<Domain>("a-b.c") && !is::<Domain>("a-.b") && !is::<Domain>("a.-b"));
    assert!(!is::<Domain>("a.B") && !is::<Domain>("a."));
}

#[test]
fn a_digest_is_64_lower_case_hex_digits() {
    let digest = "0123456789abcdef".repeat(4);
    assert!(is::<Digest>(&digest));
    for bad in [&digest[1..], &format!("{digest}0"), &digest.to_uppercase(), &"g".repeat(64)] {
        assert!(!is::<Digest>(bad), "{bad}");
    }
}

#[test]
fn names_are_the_same_text_however_they_are_taken() {
    let name: Name = "things".parse().unwrap();
    assert_eq!((name.as_str(), name.to_string()), ("things", "things".to_owned()));
    assert_eq!(std::borrow::Borrow::<str>::borrow(&name), "things");
    assert_eq!(String::from(name.clone()), "things");
    assert_eq!(Name::try_from("things".to_owned()).unwrap(), name);
    assert!(Name::try_from("Things".to_owned()).is_err());
    assert_eq!(serde_json::to_string(&name).unwrap(), "\"things\"");
    assert!(serde_json::from_str::<Name>("\"a/b\"").is_err());
}

#[test]
fn a_version_has_three_numbers_and_what_semver_adds_to_them() {
    for good in ["0.1.0", "10.20.30", "123456789.0.0", "1.2.3-rc.1", "1.2.3+b-7", "1.2.3-a+b"] {
        assert_eq!(good.parse::<Version>().unwrap().to_string(), good);
    }
    for bad in ["", "1", "1.2", "1.2.3.4", "1..3", "1.2.x", "x.2.3", "1234567890.0.0"] {
        assert!(!is::<Version>(bad), "{bad}");
    }
    for bad in ["1.2.3 ", "1.2.3-a_b", "1.2.3-ä", "1.2.3+a/b", "v1.2.3"] {
        assert!(!is::<Version>(bad), "{bad}");
    }
    let long = format!("1.2.3-{}", "a".repeat(58));
    assert!(is::<Version>(&long) && !is::<Version>(&format!("{long}a")));
}

#[test]
fn an_interface_has_namespace_package_name_and_version() {
    for good in ["acme:things/store@0.1.0", "a1:b-2/c-d@1.0.0-rc.1"] {
        let name: InterfaceName = good.parse().unwrap();
        assert_eq!((name.as_str(), name.to_string()), (good, good.to_owned()));
    }
    for bad in [
        "acme:things/store",
        "acme:things/store@1",
        "acme:things@0.1.0",
        "things/store@0.1.0",
        "things@0.1.0",
        "Acme:things/store@0.1.0",
        "acme:Things/store@0.1.0",
        "acme:things/Store@0.1.0",
        "acme:thinGs/store@0.1.0",
        "acme:things/st_re@0.1.0",
        "1acme:things/store@0.1.0",
        "acme:/store@0.1.0",
        "acme:things/@0.1.0",
    ] {
        assert!(!is::<InterfaceName>(bad), "{bad}");
    }
}

#[test]
fn an_interface_is_short_and_has_a_path_without_its_version() {
    let path = format!("a:b/{}", "c".repeat(116));
    assert!(is::<InterfaceName>(&format!("{path}@1.0.0")));
    assert!(!is::<InterfaceName>(&format!("{path}c@1.0.0")));
    let name: InterfaceName = "acme:things/store@0.1.0".parse().unwrap();
    assert_eq!(name.path(), "acme:things/store");
}

#[test]
fn a_function_is_named_with_its_interface_and_maybe_a_version() {
    for good in ["acme:things/store#list", "acme:things/store@0.1.0#list"] {
        let function: FunctionRef = good.parse().unwrap();
        assert_eq!((function.function.as_str(), function.to_string()), ("list", good.to_owned()));
    }
    for bad in ["acme:things/store", "acme:things/store#", "things#list", "#list", ""] {
        assert!(!is::<FunctionRef>(bad), "{bad}");
    }
}

#[test]
fn a_function_without_version_is_of_every_version_of_its_interface() {
    let of = |text: &str, interface| text.parse::<FunctionRef>().unwrap().is_of(interface);
    assert!(of("a:b/c#d", "a:b/c@0.1.0") && of("a:b/c#d", "a:b/c@0.2.0"));
    assert!(of("a:b/c@0.1.0#d", "a:b/c@0.1.0") && !of("a:b/c@0.1.0#d", "a:b/c@0.2.0"));
    assert!(!of("a:b/c#d", "a:b/other@0.1.0") && !of("a:b/c#d", "a:b/other"));
}

#[test]
fn each_host_interface_has_a_word_a_meaning_and_its_import() {
    let words = [
        "sql", "log", "config", "clock", "random", "call", "cookies", "later", "http", "files",
        "mail",
    ];
    for (interface, word) in HostInterface::ALL.iter().zip(words) {
        assert_eq!((interface.as_str(), interface.to_string()), (word, word.to_owned()));
        let import = format!("quoin:host/{word}@0.1.0");
        let imported = Some(*interface).filter(|_| word != "cookies");
        assert_eq!(HostInterface::of_import(&import), imported);
        assert!(interface.meaning().contains(' '), "{word}");
    }
    assert_eq!(HostInterface::of_import("wasi:random/random@0.2.6"), Some(HostInterface::Random));
    assert_eq!(HostInterface::of_import("wasi:cli/stdout@0.2.6"), None);
    assert_eq!(HostInterface::of_import("other:host/sql@0.1.0"), None);
}
