//! What a relay or a mail service does that should not.

use std::sync::Mutex;

use quoin_harness::remote::response;
use quoin_harness::sale::{SHOP, stock};
use quoin_harness::{Host, Remote, Value, json};

use super::{buy, is, plain, until_newest};

#[test]
fn a_relay_that_was_away_gets_the_mail_later_and_once() {
    let Some((mut smtp, _host, shop, mug)) = plain() else { return };
    smtp.stop();
    buy(&shop, &mug, "a");
    let tried = |mail: &Value| mail["tries"].as_u64() >= Some(2);
    let mail = until_newest(&shop, "it is tried again", tried);
    assert_eq!(mail["state"], "waiting", "{mail}");
    smtp.run();
    smtp.until(1);
    until_newest(&shop, "it is sent", is("sent"));
    assert_eq!(smtp.mails().len(), 1);
}

#[test]
fn a_recipient_that_is_refused_is_told_and_not_tried_for_ever() {
    let Some((smtp, _host, shop, mug)) = plain() else { return };
    smtp.meets("always RCPT 550 no such user here");
    buy(&shop, &mug, "a");
    let mail = until_newest(&shop, "it fails", is("failed"));
    assert!(
        mail["problem"].as_str().unwrap_or_default().contains("550 no such user here"),
        "{mail}"
    );
    assert_eq!((&mail["tries"], smtp.mails().len()), (&json!(1), 0));
    assert!(shop.log().iter().any(|line| line.to_string().contains("no such user here")));
    // Somebody has set it right.
    smtp.meets("");
    let again = format!("/admin/mails/{}/send-again", mail["id"].as_str().unwrap());
    shop.admin().post(&again, json!({})).ok();
    smtp.until(1);
    until_newest(&shop, "it is sent", is("sent"));
    assert_eq!(shop.admin().post(&again, json!({})).status, 409);
}

#[test]
fn a_relay_that_says_later_gets_it_later() {
    let Some((smtp, _host, shop, mug)) = plain() else { return };
    smtp.meets(
        "RCPT 451 greylisted, come again\nRCPT 451 greylisted, come again\nDATA 452 no room",
    );
    buy(&shop, &mug, "a");
    smtp.until(1);
    let mail = until_newest(&shop, "it is sent", is("sent"));
    assert_eq!((&mail["tries"], &mail["problem"]), (&json!(4), &Value::Null));
    assert_eq!(smtp.mails().len(), 1);
}

#[test]
fn a_mail_whose_answer_was_lost_comes_again_with_the_same_message_id() {
    let Some((smtp, _host, shop, mug)) = plain() else { return };
    smtp.meets("DATA lose");
    buy(&shop, &mug, "a");
    let mails = smtp.until(2);
    assert_eq!(mails[0].header("message-id"), mails[1].header("message-id"));
    let mail = until_newest(&shop, "it is sent", is("sent"));
    assert_eq!(mail["tries"], 2);
    assert_eq!(smtp.mails().len(), 2);
}

#[test]
fn a_mail_service_gets_mails_as_json_with_a_key_that_stays_the_same() {
    let answers = Mutex::new(vec!["200 OK", "503 Service Unavailable"]);
    let service = Remote::start(move |_| {
        let next = answers.lock().expect("answers").pop();
        response(next.unwrap_or("422 Unprocessable Content"), "", r#"{"id":"re_1"}"#)
    });
    let host = Host::start_reaching();
    let base = service.base();
    let shop = host.apply(&format!(
        "{SHOP}\n[plugins.notify]\nbundle = \"notify.wasm\"\n\
         grants = [\"sql\", \"log\", \"config\", \"clock\", \"random\", \"later\", \"http\", \"mail\"]\n\
         http = {{ hosts = [\"{base}\"], methods = [\"POST\"], secrets = [\"mail-key\"] }}\n\
         config = {{ name = \"Tea\", from = \"shop@tea.example\", retry = \"1\", \
         api-url = \"{base}/emails\" }}\n"
    ));
    let secret = json!({ "value": "re_key_8842" });
    host.manage("PUT", "/v1/tenants/shop/secrets/mail-key", secret).ok();
    let [mug, _] = stock(&shop, 10);
    buy(&shop, &mug, "a");
    let mail = until_newest(&shop, "it is sent", is("sent"));
    assert_eq!((&mail["tries"], &mail["messageId"]), (&json!(2), &json!("re_1")));
    let received = service.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].header("authorization"), "Bearer re_key_8842");
    assert_eq!(received[0].header("idempotency-key"), received[1].header("idempotency-key"));
    let body: Value = serde_json(&received[0].body);
    assert_eq!(body["from"], "\"Tea\" <shop@tea.example>");
    assert_eq!(body["to"], json!(["\"Ada\" <ada@example.org>"]));
    assert!(
        body["text"].as_str().unwrap().contains("Mug")
            && body["html"].as_str().unwrap().contains("Mug")
    );
    // What it will never take is given up.
    buy(&shop, &mug, "b");
    let mail = until_newest(&shop, "it fails", is("failed"));
    assert!(mail["problem"].as_str().unwrap().contains("422"), "{mail}");
}

fn serde_json(bytes: &[u8]) -> Value {
    String::from_utf8_lossy(bytes).parse().expect("JSON")
}
