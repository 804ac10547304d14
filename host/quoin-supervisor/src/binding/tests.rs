use quoin_core::description::Description;
use quoin_core::types::{Field, Function, Interface};
use quoin_core::{Manifest, Type};

use super::*;

fn interface(name: &str, param: Type) -> Interface {
    let result = Type::Result { ok: None, err: Some(Box::new(Type::String)) };
    let function = Function {
        name: "act".into(),
        params: vec![Field::new("x", param)],
        result: Some(result),
        refused: None,
    };
    Interface { name: name.into(), functions: vec![function] }
}

/// A plugin that provides and needs interfaces of one function on strings.
fn plugin(name: &str, provides: &[&str], needs: &str) -> Arc<Description> {
    let list: Vec<_> = provides.iter().map(|p| format!("{p:?}")).collect();
    let text = format!(
        "name = \"{name}\"\nversion = \"1.0.0\"\ndescription = \"x\"\nprovides = [{}]\n{needs}",
        list.join(", ")
    );
    let manifest = Manifest::parse(&text).unwrap();
    let imports = manifest.needs.iter().map(|n| interface(n.interface.as_str(), Type::String));
    Arc::new(Description {
        digest: Digest::of(name.as_bytes()),
        size: 1,
        imports: imports.collect(),
        exports: provides.iter().map(|p| interface(p, Type::String)).collect(),
        migrations: Vec::new(),
        manifest,
    })
}

fn need(interface: &str, bind: &str) -> String {
    format!("[[needs]]\ninterface = \"{interface}\"\nbind = \"{bind}\"\n")
}

fn resolved(shop: &str, plugins: &[(&str, Arc<Description>)]) -> Result<Resolved, Vec<String>> {
    let shop = quoin_core::shop::Shop::parse("shop.toml", shop).unwrap();
    let plugins: Plugins = plugins.iter().map(|(n, d)| (n.parse().unwrap(), d.clone())).collect();
    let shop = shop.try_map(|name, _| {
        plugins.get(name).map(|d| d.digest.clone()).ok_or_else(|| name.to_string())
    });
    resolve(&shop.unwrap(), &plugins)
}

fn shop(plugins: &[&str], bind: &str) -> String {
    let mut text = String::from("name = \"s\"\n");
    for name in plugins {
        text += &format!("[plugins.{name}]\nbundle = \"b\"\n");
        if *name == "user" {
            text += bind;
        }
    }
    text
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

#[test]
fn the_only_provider_is_bound_by_itself_and_comes_first() {
    let user = plugin("user", &[], &need("a:b/c@1.0.0", "one"));
    let maker = plugin("maker", &["a:b/c@1.0.0"], "");
    let plugins = [("user", user), ("maker", maker)];
    let resolved = resolved(&shop(&["user", "maker"], ""), &plugins).unwrap();
    assert_eq!(resolved.order, [name("maker"), name("user")]);
    let bound = &resolved.bindings[&name("user")]["a:b/c@1.0.0"];
    assert_eq!(*bound, Bound::One((name("maker"), "a:b/c@1.0.0".into())));
}

#[test]
fn a_missing_provider_is_refused_by_name() {
    let user = plugin("user", &[], &need("a:b/c@1.0.0", "one"));
    let faults = resolved(&shop(&["user"], ""), &[("user", user)]).unwrap_err();
    assert!(faults[0].contains("user needs a:b/c@1.0.0"), "{faults:?}");
}

#[test]
fn two_providers_are_ambiguous_until_the_shop_says_which() {
    let plugins = [
        ("user", plugin("user", &[], &need("a:b/c@1.0.0", "one"))),
        ("p-one", plugin("p-one", &["a:b/c@1.0.0"], "")),
        ("p-two", plugin("p-two", &["a:b/c@1.0.0"], "")),
    ];
    let names = ["user", "p-one", "p-two"];
    let faults = resolved(&shop(&names, ""), &plugins).unwrap_err();
    assert!(faults[0].contains("p-one, p-two provide"), "{faults:?}");
    let bound = resolved(&shop(&names, "bind = { \"a:b/c\" = \"p-two\" }\n"), &plugins).unwrap();
    let bound = &bound.bindings[&name("user")]["a:b/c@1.0.0"];
    assert_eq!(*bound, Bound::One((name("p-two"), "a:b/c@1.0.0".into())));
}

#[test]
fn a_provider_of_another_type_is_refused_with_function_and_difference() {
    let mut maker = Description::clone(&plugin("maker", &["a:b/c@1.0.0"], ""));
    maker.exports = vec![interface("a:b/c@1.0.0", Type::U32)];
    let user = plugin("user", &[], &need("a:b/c@1.0.0", "one"));
    let plugins = [("user", user), ("maker", Arc::new(maker))];
    let faults = resolved(&shop(&["user", "maker"], ""), &plugins).unwrap_err();
    assert_eq!(
        faults[0],
        "user needs a:b/c@1.0.0, provided by maker: act: parameter \"x\": \
         the provider has u32, the consumer string"
    );
}

#[test]
fn a_circle_is_refused_with_its_path() {
    let plugins = [
        ("one", plugin("one", &["a:b/x@1.0.0"], &need("a:b/y@1.0.0", "one"))),
        ("two", plugin("two", &["a:b/y@1.0.0"], &need("a:b/x@1.0.0", "one"))),
    ];
    let faults = resolved(&shop(&["one", "two"], ""), &plugins).unwrap_err();
    assert_eq!(faults, ["the plugins need each other in a circle: one → two → one"]);
}

#[test]
fn all_providers_need_a_stated_order_and_keys_name_providers() {
    let all = "[[needs]]\ninterface = \"a:b/c@1.0.0\"\nbind = \"all\"\non-failure = \"skip\"\ndeadline-ms = 50\n";
    let providers = [
        ("p-one", plugin("p-one", &["a:b/c@1.0.0"], "")),
        ("p-two", plugin("p-two", &["a:b/c@1.0.0"], "")),
    ];
    let mut plugins = vec![("user", plugin("user", &[], all))];
    plugins.extend(providers.clone());
    let names = ["user", "p-one", "p-two"];
    assert!(resolved(&shop(&names, ""), &plugins).is_err());
    let listed = shop(&names, "bind = { \"a:b/c\" = [\"p-two\", \"p-one\"] }\n");
    let bound = resolved(&listed, &plugins).unwrap();
    let Bound::All { providers: list, deadline_ms: 50, on_failure: OnFailure::Skip } =
        &bound.bindings[&name("user")]["a:b/c@1.0.0"]
    else {
        panic!("not bound to all");
    };
    assert_eq!(list.iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>(), ["p-two", "p-one"]);

    let mut plugins = vec![("user", plugin("user", &[], &need("a:b/c@1.0.0", "keyed")))];
    plugins.extend(providers);
    let bound = resolved(&shop(&names, ""), &plugins).unwrap();
    let Bound::Keyed(keys) = &bound.bindings[&name("user")]["a:b/c@1.0.0"] else {
        panic!("not bound by key");
    };
    assert_eq!(keys.keys().collect::<Vec<_>>(), ["p-one", "p-two"]);
}

#[test]
fn what_a_shop_says_wrongly_is_told() {
    let asks = "config = [{ key = \"size\", description = \"x\", default = \"1\" }]\n";
    let user = plugin("user", &[], &format!("{asks}{}", need("d:e/f@1.0.0", "keyed")));
    let wrong = "bind = { \"a:b/c\" = \"x\" }\nconfig = { colour = \"red\" }\nlimits = { memory-mib = 0 }\n";
    let faults = resolved(&shop(&["user"], wrong), &[("user", user)]).unwrap_err().join("\n");
    for part in [
        "bind names a:b/c, which the plugin does not need; it needs d:e/f@1.0.0",
        "no configuration key colour; it knows size",
        "memory-mib is 0",
    ] {
        assert!(faults.contains(part), "{part}: {faults}");
    }
}

#[test]
fn an_installation_that_keeps_data_is_named_as_its_tables_are() {
    let keeps =
        |name: &str, tables: &str| plugin(name, &[], &format!("host = [\"sql\"]\n{tables}"));
    let faults = |name: &str, description: Arc<Description>| {
        resolved(&shop(&[name], ""), &[(name, description)]).err().unwrap_or_default()
    };
    assert!(faults("maps", keeps("maps", "")).is_empty());
    let told = faults("charts", keeps("maps", ""));
    assert_eq!(
        told,
        [
            "charts: the plugin keeps its data in the tables of maps, so it can only be installed as \
          maps: write [plugins.maps] instead of [plugins.charts]"
        ]
    );
    // One that stands in for another is installed in its place, and nowhere else.
    let other = || keeps("folded-maps", "tables = \"maps\"");
    assert!(faults("maps", other()).is_empty());
    assert_eq!(faults("folded-maps", other()).len(), 1);
    // One without data is called as the shop likes.
    assert!(faults("charts", plugin("maps", &[], "")).is_empty());
}

#[test]
fn a_newer_compatible_version_serves_an_older_need() {
    let serves = |p: &str, n: &str| super::serves(&p.parse().unwrap(), &n.parse().unwrap());
    assert!(serves("a:b/c@1.2.0", "a:b/c@1.0.0"));
    assert!(serves("a:b/c@0.1.3", "a:b/c@0.1.0"));
    assert!(!serves("a:b/c@0.2.0", "a:b/c@0.1.0"));
    assert!(!serves("a:b/c@1.0.0", "a:b/c@1.1.0"));
    assert!(!serves("a:b/c@2.0.0", "a:b/c@1.0.0"));
    assert!(!serves("a:b/d@1.0.0", "a:b/c@1.0.0"));
}
