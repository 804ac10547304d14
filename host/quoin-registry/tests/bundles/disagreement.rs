use quoin_registry::BundleError as E;

use crate::given::{
    MANIFEST, STORE, assert_fault, fault, manifest, manifest_with, packed, raw, shed, shed_with,
};

const ADVICE: &str = "town:square/advice@1.0.0";
const ASK: &str = r#"(export "ask" (func (param "who" string) (result (result (list u8)))))"#;

fn needing(bind: &str) -> String {
    format!("{MANIFEST}\n[[needs]]\ninterface = \"{ADVICE}\"\n{bind}\n")
}

#[test]
fn a_provided_interface_must_be_exported() {
    let more = manifest("provides = [", "provides = [\"garden:shed/roof@0.1.0\", ");
    assert_fault!(fault(&shed(), &more), E::NotExported(_), "garden:shed/roof@0.1.0");
    let other_version = manifest(
        "provides = [\"garden:shed/store@0.1.0\"]",
        "provides = [\"garden:shed/store@0.1.1\"]",
    );
    assert_fault!(fault(&shed(), &other_version), E::NotExported(_), "store@0.1.1");
}

#[test]
fn an_exported_interface_must_be_provided() {
    let more = shed_with(&[], &[("garden:shed/roof@0.1.0", ASK)]);
    assert_fault!(fault(&more, MANIFEST), E::NotProvided(_), "garden:shed/roof@0.1.0");
}

#[test]
fn interfaces_of_plain_types_need_no_entry() {
    let types = r#"(type $a (record (field "a" u8))) (export "a" (type (eq $a)))"#;
    let component =
        shed_with(&[("town:types/types@0.1.0", types)], &[("garden:types/types@0.1.0", types)]);
    let description = packed(&component, MANIFEST).unwrap();
    assert!(description.import("town:types/types@0.1.0").is_none());
    assert!(description.export("garden:types/types@0.1.0").is_none());
}

#[test]
fn a_need_must_be_imported() {
    assert_fault!(fault(&shed(), &needing("")), E::NotImported(_), "town:square/advice@1.0.0");
}

#[test]
fn an_import_must_be_needed() {
    let component = shed_with(&[(ADVICE, ASK)], &[]);
    assert_fault!(
        fault(&component, MANIFEST),
        E::NotNeeded(_),
        "town:square/advice@1.0.0",
        "[[needs]]"
    );
    packed(&component, &needing("")).unwrap();
}

#[test]
fn an_imported_host_interface_must_be_asked_for() {
    let fault_of = |import: &str| fault(&shed_with(&[(import, ASK)], &[]), MANIFEST);
    assert_fault!(fault_of("quoin:host/sql@0.1.0"), E::NotAsked { .. }, "\"sql\"");
    assert_fault!(fault_of("wasi:clocks/wall-clock@0.2.6"), E::NotAsked { .. }, "\"clock\"");
    assert_fault!(fault_of("wasi:random/random@0.2.6"), E::NotAsked { .. }, "\"random\"");
}

#[test]
fn a_host_interface_must_not_be_asked_for_in_vain() {
    let more = manifest("host = [\"log\"]", "host = [\"log\", \"random\"]");
    assert_fault!(fault(&shed(), &more), E::AskedInVain(_), "\"random\"");
    packed(&shed_with(&[("wasi:random/random@0.2.6", ASK)], &[]), &more).unwrap();
}

#[test]
fn cookies_are_asked_for_by_pages_alone_and_are_no_import() {
    let more = manifest("host = [\"log\"]", "host = [\"log\", \"cookies\"]");
    assert_fault!(fault(&shed(), &more), E::CookiesWithoutWeb, "\"cookies\"", "[web]");
    let pages = shed_with(&[], &[("quoin:plugin/web@0.1.0", ASK)]);
    packed(&pages, &format!("{more}\n[web]\nprefix = \"/\"\naccess = \"public\"\n")).unwrap();
    let imported = shed_with(&[("quoin:host/cookies@0.1.0", ASK)], &[]);
    assert_fault!(fault(&imported, MANIFEST), E::UnknownHostInterface(_), "cookies");
}

#[test]
fn an_unknown_host_interface_is_refused() {
    let component = shed_with(&[("quoin:host/printers@0.1.0", ASK)], &[]);
    assert_fault!(
        fault(&component, MANIFEST),
        E::UnknownHostInterface(_),
        "quoin:host/printers@0.1.0"
    );
}

#[test]
fn pages_and_their_prefix_belong_together() {
    let pages = shed_with(&[], &[("quoin:plugin/web@0.1.0", ASK)]);
    assert_fault!(fault(&pages, MANIFEST), E::WebWithoutPrefix(_), "[web]");
    let prefix = format!("{MANIFEST}\n[web]\nprefix = \"/pages\"\naccess = \"public\"\n");
    assert_fault!(fault(&shed(), &prefix), E::PrefixWithoutWeb, "[web]");
    packed(&pages, &prefix).unwrap();
}

#[test]
fn who_hears_of_later_calls_says_of_which_and_has_the_function_that_the_host_calls() {
    let with = |fields: &str, params: &str, result: &str| {
        let items = format!(
            r#"(type $event' (record {fields})) (export "event" (type $event (eq $event')))
            (export "hear" (func {params} (result {result})))"#
        );
        shed_with(&[], &[("quoin:plugin/feed@0.1.0", &items)])
    };
    let id = r#"(field "id" string)"#;
    let event = r#"(param "event" $event)"#;
    let kinds = manifest("host = [\"log\"]", "host = [\"log\"]\nfeed = [\"a:b/c\"]");
    let feed = with(id, event, "(result)");
    packed(&feed, &kinds).unwrap();
    packed(&with(r#"(field "id" string) (field "more" (option u8))"#, event, "(result)"), &kinds)
        .unwrap();
    assert_fault!(fault(&feed, MANIFEST), E::FeedWithoutKinds(_), "feed = [");
    assert_fault!(fault(&shed(), &kinds), E::KindsWithoutFeed, "quoin:plugin/feed");
    for strange in [
        with(r#"(field "id" u64)"#, event, "(result)"),
        with(r#"(field "more" string)"#, event, "(result)"),
        with(id, r#"(param "it" $event)"#, "(result)"),
        with(id, r#"(param "event" string)"#, "(result)"),
        with(id, event, "(result string)"),
        shed_with(&[], &[("quoin:plugin/feed@0.1.0", ASK)]),
    ] {
        assert_fault!(fault(&strange, &kinds), E::StrangeFeed(_), "quoin:plugin/feed@0.1.0");
    }
}

#[test]
fn a_plugin_interface_of_a_later_host_is_refused() {
    let component = shed_with(&[], &[("quoin:plugin/mail@0.1.0", ASK)]);
    assert_fault!(
        fault(&component, MANIFEST),
        E::UnknownPluginInterface(_),
        "quoin:plugin/mail@0.1.0"
    );
}

#[test]
fn functions_outside_an_interface_are_refused() {
    let import = raw(r#"(import "help" (func))"#);
    assert_fault!(fault(&import, MANIFEST), E::Bare { .. }, "imports the function \"help\"");
    let export = raw(r#"(import "wasi:a/b@0.2.0" (instance $i (export "f" (func))))
        (alias export $i "f" (func $f)) (export "help" (func $f))"#);
    assert_fault!(
        fault(&export, MANIFEST),
        E::Bare { .. },
        "exports the function \"help\"",
        "interface"
    );
}

#[test]
fn the_initialiser_that_javascript_tools_leave_is_passed_over() {
    let init = |name: &str| {
        raw(&format!(
            r#"(import "wasi:a/b@0.2.0" (instance $i (export "f" (func))))
            (alias export $i "f" (func $f)) (export "{name}" (func $f))"#
        ))
    };
    let small = "name = \"p\"\nversion = \"0.1.0\"\ndescription = \"P.\"";
    assert!(packed(&init("init"), small).unwrap().exports.is_empty());
    assert_fault!(fault(&init("start"), small), E::Bare { .. }, "start");
}

#[test]
fn a_need_bound_to_all_must_return_lists() {
    let all = needing("bind = \"all\"\non-failure = \"skip\"\ndeadline-ms = 100");
    packed(&shed_with(&[(ADVICE, ASK)], &[]), &all).unwrap();
    let one = r#"(export "ask" (func (result (result u8))))"#;
    assert_fault!(
        fault(&shed_with(&[(ADVICE, one)], &[]), &all),
        E::NoListToJoin { .. },
        "town:square/advice@1.0.0#ask",
        "result<u8>"
    );
}

#[test]
fn a_need_bound_by_key_must_begin_with_the_key() {
    let keyed = needing("bind = \"keyed\"");
    packed(&shed_with(&[(ADVICE, ASK)], &[]), &keyed).unwrap();
    for params in ["", r#"(param "who" u8)"#] {
        let items = format!(r#"(export "ask" (func {params} (result (result u8))))"#);
        let component = shed_with(&[(ADVICE, &items)], &[]);
        assert_fault!(fault(&component, &keyed), E::NoKey { .. }, "town:square/advice@1.0.0#ask");
    }
}

#[test]
fn a_declared_read_must_exist() {
    let wrong =
        manifest("reads = [\"garden:shed/store#get\"]", "reads = [\"garden:shed/store#gte\"]");
    assert_fault!(
        fault(&shed(), &wrong),
        E::NoSuchFunction { .. },
        "reads",
        "garden:shed/store#gte"
    );
}

#[test]
fn a_function_of_two_versions_must_be_named_with_its_version() {
    let two = shed_with(&[], &[("garden:shed/store@0.2.0", STORE)]);
    let both = manifest("provides = [", "provides = [\"garden:shed/store@0.2.0\", ");
    assert_fault!(
        fault(&two, &both),
        E::WhichVersion { .. },
        "garden:shed/store@0.1.0#get or garden:shed/store@0.2.0#get"
    );
    packed(&two, &both.replace("store#", "store@0.2.0#")).unwrap();
}

#[test]
fn a_status_for_an_error_that_does_not_exist_is_refused() {
    let wrong = manifest("worn-out = 410", "worn-in = 410");
    assert_fault!(fault(&shed(), &wrong), E::NoSuchErrorCase { .. }, "\"worn-in\"", "410");
}

#[test]
fn texts_of_the_manifest_cannot_act_on_a_terminal() {
    let escape = manifest("worn-out = 410", "\"\\u001b[2J\" = 410");
    let text = fault(&shed(), &escape).to_string();
    assert!(!text.contains('\u{1b}'), "{text:?}");
    packed(&shed(), &manifest_with("# nothing")).unwrap();
}
