//! What a plugin may send as mail, and when.

use quoin_core::limits::MAILS_MAX;
use quoin_harness::{Host, Shop, Smtp, Value, json};

fn shop_file(more: &str) -> String {
    format!(
        "name = \"shop\"\n[plugins.sender]\nbundle = \"sender.wasm\"\n\
         grants = [\"sql\", \"log\", \"http\", \"mail\"]\n\
         http = {{ hosts = [\"api.example.test\"], methods = [\"GET\"], secrets = [\"token\"] }}\n{more}\n"
    )
}

fn relay(smtp: &Smtp) -> String {
    format!("mail = {{ server = \"127.0.0.1\", port = {}, tls = \"none\" }}", smtp.port())
}

fn run(shop: &Shop, steps: &[&str]) -> Vec<String> {
    let told = shop.post("/sender/run", json!({ "whom": "", "steps": steps })).ok();
    let text = |told: &Value| told.as_str().expect("text").to_owned();
    told.as_array().expect("what it was told").iter().map(text).collect()
}

#[test]
fn no_mail_is_sent_once_something_was_written_and_each_has_its_own_message_id() {
    let Some(smtp) = Smtp::start("none", None) else { return };
    let host = Host::start_reaching();
    let shop = host.apply(&shop_file(&relay(&smtp)));
    let mail = "mail ada@example.org";
    let told = run(&shop, &["texts", mail, mail, "write a", mail]);
    assert_eq!(told[2], "after-write");
    assert_ne!(told[0], told[1]);
    assert_ne!(run(&shop, &[mail])[0], told[0]);
    let came: Vec<_> = smtp.mails().iter().map(|mail| mail.header("message-id")).collect();
    assert_eq!(came[..2], [format!("<{}>", told[0]), format!("<{}>", told[1])]);
    assert_eq!(came.len(), 3);
}

#[test]
fn a_request_sends_so_many_mails_and_a_shop_so_many_at_once() {
    let Some(smtp) = Smtp::start("none", None) else { return };
    let host = Host::start_reaching();
    let shop = host.apply(&shop_file(&relay(&smtp)));
    let told = run(&shop, &["mail ada@example.org"; MAILS_MAX + 1]);
    let busy: Vec<_> = told.iter().map(|told| told.contains("Busy")).collect();
    assert_eq!(busy.iter().filter(|busy| **busy).count(), 1, "{told:?}");
    assert!(busy[MAILS_MAX], "{told:?}");
    assert_eq!(smtp.mails().len(), MAILS_MAX);
}

#[test]
fn without_a_relay_the_owner_is_told_the_line_to_write() {
    let host = Host::start_reaching();
    let shop = host.apply(&shop_file(""));
    let told = run(&shop, &["mail ada@example.org"]);
    assert!(told[0].contains("Denied") && told[0].contains("under [plugins.sender]"), "{told:?}");
    let password =
        "mail = { server = \"smtp.example.com\", tls = \"none\", user = \"a\", password = \"b\" }";
    let refused = host.try_apply(&shop_file(password)).map(|_| ()).unwrap_err();
    assert!(refused.contains("a password does not go out unencrypted"), "{refused}");
    let relay = "mail = { server = \"smtp.example.com\", user = \"a\", password = \"b\" }";
    let file = host.file("plan.toml", shop_file(relay));
    let plan = host.command().arg("apply").arg(file).arg("--dry-run").output().expect("it runs");
    let told = String::from_utf8_lossy(&plan.stdout).into_owned();
    let meaning =
        "may now send mail to anyone through smtp.example.com:587, as a with the secret b";
    assert!(told.contains(meaning), "{told}");
}

#[test]
fn a_plugin_without_the_grant_is_refused_with_the_line_to_write() {
    let host = Host::start_reaching();
    let file = shop_file("").replace(", \"mail\"", "");
    let refused = host.try_apply(&file).map(|_| ()).unwrap_err();
    assert!(refused.contains("send mail through the relay"), "{refused}");
}
