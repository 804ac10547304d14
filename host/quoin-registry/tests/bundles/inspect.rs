use quoin_registry::inspect;

use crate::given::{MANIFEST, component, manifest_with, packed, shed, shed_with};

#[test]
fn the_text_shows_all_that_a_bundle_is() {
    let description = packed(&shed(), MANIFEST).unwrap();
    let text = inspect::text(&description);
    println!("{text}");
    for part in [
        "shed 0.1.0\nKeeps things.\n",
        description.digest.as_str(),
        "get: func(id: string) -> result<thing, error> — only reads",
        "record thing { id: string, note: option<string>, in-use: bool }",
        "variant error { not-found, worn-out(string) }",
        "Needs: nothing",
        "log     write lines to the shop's log",
        "It has no files, no sockets, no environment variables, no database, no clock",
        "public  GET    /things/{id}  garden:shed/store#get",
        "admin   PUT    /things       garden:shed/store#put",
        "Migrations: nothing",
        "32 MiB",
    ] {
        assert!(text.contains(part), "{text}\nlacks {part:?}");
    }
}

#[test]
fn the_text_holds_no_hidden_character() {
    let key = r#"config = [{ key = "k", description = "How many." }]"#;
    let mut description = packed(&shed(), &manifest_with(key)).unwrap();
    // Such a manifest is refused, but what is shown does not hang on that.
    description.manifest.config[0].description = "How\u{1b}[2J many\u{202e}.".into();
    let text = inspect::text(&description);
    assert!(text.contains("How\\u{1b}[2J many\\u{202e}."), "{text:?}");
}

#[test]
fn the_json_has_signatures_and_meanings() {
    let json = inspect::json(&packed(&shed(), MANIFEST).unwrap());
    let get = &json["provides"][0]["functions"][0];
    assert_eq!(get["signature"], "get: func(id: string) -> result<thing, error>");
    assert_eq!(get["reads"], true);
    assert_eq!(get["params"][0]["name"], "id");
    assert_eq!(json["host"][0]["name"], "log");
    assert_eq!(json["routes"][0]["route"], "GET /things/{id}");
    assert_eq!(json["limits"]["memory-mib"], 32);
}

/// A plugin with something in every part of its manifest.
fn full() -> quoin_core::Description {
    let items = r#"
      (type $sort' (enum "up" "down")) (export "sort" (type $sort (eq $sort')))
      (type $marks' (flags "old" "odd")) (export "marks" (type $marks (eq $marks')))
      (type $leaf' (record (field "n" u8))) (export "leaf" (type $leaf (eq $leaf')))
      (type $twig' (record (field "n" u8))) (export "twig" (type $twig (eq $twig')))
      (type $bud' (record (field "n" u8))) (export "bud" (type $bud (eq $bud')))
      (type $branch' (variant (case "bare") (case "full" $leaf)))
      (export "branch" (type $branch (eq $branch')))
      (export "list" (func (param "sort" (option $sort)) (param "branches" (list $branch))
        (result (result (tuple $marks $twig) (error $bud)))))"#;
    let asked = r#"(export "ask" (func (param "key" string) (result (result (list u8)))))"#;
    let manifest = r#"
        name = "p"
        version = "0.1.0"
        description = "P."
        provides = ["a:b/c@0.1.0"]
        host = ["sql", "clock", "random"]
        [[needs]]
        interface = "a:b/one@0.1.0"
        [[needs]]
        interface = "a:b/keyed@0.1.0"
        bind = "keyed"
        [[needs]]
        interface = "a:b/skip@0.1.0"
        bind = "all"
        on-failure = "skip"
        deadline-ms = 50
        [[needs]]
        interface = "a:b/fail@0.1.0"
        bind = "all"
        on-failure = "fail"
        deadline-ms = 70
        [[config]]
        key = "colour"
        description = "Which."
        default = "red"
        [[config]]
        key = "size"
        description = "How large."
        [instance]
        reuse = 9"#;
    let host = r#"(export "f" (func))"#;
    let imports = [
        ("quoin:host/sql@0.1.0", host),
        ("quoin:host/clock@0.1.0", host),
        ("quoin:host/random@0.1.0", host),
        ("a:b/one@0.1.0", asked),
        ("a:b/keyed@0.1.0", asked),
        ("a:b/skip@0.1.0", asked),
        ("a:b/fail@0.1.0", asked),
    ];
    packed(&component(&imports, &[("a:b/c@0.1.0", items)]), manifest).unwrap()
}

#[test]
fn the_text_tells_needs_powers_configuration_and_types() {
    let text = inspect::text(&full());
    for part in [
        "a:b/one@0.1.0 — one provider\n",
        "a:b/keyed@0.1.0 — the provider that the first parameter names\n",
        "a:b/skip@0.1.0 — all providers, 50 ms each; one that fails is left out\n",
        "a:b/fail@0.1.0 — all providers, 70 ms each; if one fails, all do\n",
        "    ask: func(key: string) -> result<list<u8>>\n",
        "It has no files, no sockets and no environment variables, and sees no other plugin's data.",
        "\nRoutes: nothing\n",
        "\nConfiguration\n  colour: Which. (\"red\" unless set)\n  size: How large. (must be set)\n",
        "      enum sort { up, down }\n",
        "      flags marks { old, odd }\n",
        "      record leaf { n: u8 }\n      variant branch { bare, full(leaf) }\n",
        "      record twig { n: u8 }\n",
        "      record bud { n: u8 }\n",
        "  database  512 MiB\n  instance  serves up to 9 calls\n",
    ] {
        assert!(text.contains(part), "{text}\nlacks {part:?}");
    }
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("What else it imports of WASI is empty here."), "{text}");
    assert_eq!(text.matches("record leaf").count(), 1, "{text}");
    let small = inspect::text(&packed(&shed(), MANIFEST).unwrap());
    assert!(small.contains("  instance  a fresh one for each call\n"), "{small}");
    assert!(!small.contains("Configuration") && !small.contains("database  "), "{small}");
    assert!(small.contains("\nRoutes\n") && small.contains("\nMay, once granted\n"), "{small}");
}

#[test]
fn pages_are_told_with_the_routes() {
    let web = ("quoin:plugin/web@0.1.0", r#"(export "handle" (func))"#);
    let manifest = format!("{MANIFEST}\n[web]\nprefix = \"/pages\"\naccess = \"admin\"\n");
    let text = inspect::text(&packed(&shed_with(&[], &[web]), &manifest).unwrap());
    assert!(text.contains("  admin   pages and webhooks under /pages\n"), "{text}");
    let only = "name = \"p\"\nversion = \"0.1.0\"\ndescription = \"P.\"\n\
                [web]\nprefix = \"/pages\"\naccess = \"public\"\n";
    let text = inspect::text(&packed(&component(&[], &[web]), only).unwrap());
    assert!(text.contains("\nRoutes\n  public  pages and webhooks under /pages\n"), "{text}");
}

#[test]
fn a_size_is_told_in_the_unit_that_fits() {
    let mut description = packed(&shed(), MANIFEST).unwrap();
    for (bytes, told) in [
        (0, "0.0 KiB (0 bytes)"),
        (1_536, "1.5 KiB (1536 bytes)"),
        (1_048_575, "1023.9 KiB (1048575 bytes)"),
        (1_048_576, "1.0 MiB (1048576 bytes)"),
        (19_398_656, "18.5 MiB (19398656 bytes)"),
    ] {
        description.size = bytes;
        let text = inspect::text(&description);
        assert!(text.contains(&format!("  size    {told}\n")), "{text}");
    }
}

#[test]
fn lines_have_at_most_a_hundred_characters_where_words_allow_it() {
    let told = |words: &str| {
        let manifest = MANIFEST.replace("Keeps things.", words);
        inspect::text(&packed(&shed(), &manifest).unwrap())
    };
    let (line, word) = ("a".repeat(49), "b".repeat(50));
    assert!(told(&format!("{line} {word}")).contains(&format!("\n{line} {word}\n")));
    assert!(told(&format!("{line}a {word}")).contains(&format!("\n{line}a\n{word}\n")));
    let long = "c".repeat(150);
    assert!(told(&long).contains(&format!("shed 0.1.0\n{long}\n")));
}

#[test]
fn the_json_tells_what_each_need_is_and_how_it_is_bound() {
    let json = inspect::json(&full());
    let need = &json["needs"][2];
    assert_eq!((&need["interface"], &need["bind"]), (&"a:b/skip@0.1.0".into(), &"all".into()));
    assert_eq!(need["functions"][0]["name"], "ask");
    assert_eq!(json["provides"][0]["types"][0], "enum sort { up, down }");
    assert!(json["host"][0]["meaning"].as_str().unwrap().contains("database"));
    assert!(json["cannot"].as_str().unwrap().starts_with("It has no files"));
}
