use quoin_registry::inspect;

use crate::given::{MANIFEST, manifest_with, packed, shed};

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
fn the_text_holds_no_control_character() {
    let key = r#"config = [{ key = "k", description = "How\u001b[2J many.\u0007" }]"#;
    let text = inspect::text(&packed(&shed(), &manifest_with(key)).unwrap());
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    assert!(text.contains("[2J many."), "{text:?}");
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
