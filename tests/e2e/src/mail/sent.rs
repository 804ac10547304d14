//! What arrives.

use quoin_harness::sale::Step;
use quoin_harness::{Host, Smtp, Value, json, until};

use super::{PASSWORD, buy, go, is, listed, plain, set_password, shop_file, stock, until_newest};

#[test]
fn a_buyer_gets_each_mail_once_in_both_parts_and_in_his_language() {
    let Some(smtp) = Smtp::start("starttls", Some(PASSWORD)) else { return };
    let host = Host::start_trusting(&Smtp::authority());
    let shop = host.apply(&shop_file(&smtp, "starttls", true));
    set_password(&host, PASSWORD);
    let [mug, _] = stock(&shop, 10);
    let mut sale = buy(&shop, &mug, "once");
    let (order, number) = (sale.order["id"].clone(), sale.order["number"].clone());
    let number = number.as_str().expect("a number").to_owned();

    let mails = smtp.until(1);
    let mail = &mails[0];
    assert_eq!(mail.to, ["ada@example.org"]);
    assert_eq!(mail.header("to"), "Ada <ada@example.org>");
    assert_eq!(mail.header("from"), "Käthes Teehaus <shop@tea.example>");
    assert_eq!(mail.header("subject"), format!("Ihre Bestellung {number} bei Käthes Teehaus"));
    assert!(mail.header("message-id").ends_with("@tea.example>"));
    assert!(mail.header("date").ends_with("+0000"), "{}", mail.header("date"));
    assert_eq!(mail.header("auto-submitted"), "auto-generated");
    let (text, html) = (mail.part("plain"), mail.part("html"));
    for part in [&text, &html] {
        for told in
            ["Ada", "Mug", "9,00\u{a0}€", "Lane 1", "12345 Berlin", "Blattgasse 12", &number]
        {
            assert!(part.contains(told), "no {told} in {part}");
        }
    }
    let link = format!("https://tea.example/orders/{}", order.as_str().unwrap());
    // An entity is the character that it stands for.
    assert!(text.contains(&link) && html.replace("&#x2f;", "/").contains(&link), "{html}");
    assert!(html.contains("<html lang=\"de\">") && !text.contains('<'), "{text}");

    go(&mut sale, &shop, Step::Capture);
    smtp.until(2);
    go(&mut sale, &shop, Step::Ship);
    let mails = smtp.until(3);
    let subjects: Vec<_> = mails.iter().skip(1).map(|mail| mail.header("subject")).collect();
    assert_eq!(
        subjects,
        [
            format!("Zahlung für Ihre Bestellung {number} erhalten"),
            format!("Ihre Bestellung {number} ist unterwegs")
        ]
    );
    until("all is written down", || listed(&shop, "").iter().all(is("sent")).then_some(()));
    let rows = listed(&shop, &format!("?order={}", order.as_str().unwrap()));
    let kinds: Vec<_> = rows.iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["shipped", "paid", "placed"]);
    for (row, mail) in rows.iter().rev().zip(&mails) {
        assert_eq!((&row["tries"], &row["locale"]), (&json!(1), &json!("de")));
        let id = format!("<{}>", row["messageId"].as_str().unwrap());
        assert_eq!(mail.header("message-id"), id);
    }
    // Nothing outstanding: no other mail will come.
    let later = host.manage("GET", "/v1/tenants/shop/later", Value::Null).ok();
    assert_eq!(later["calls"], json!([]));
    assert_eq!(smtp.mails().len(), 3);

    // Operators see that mail went out, and nobody sees the password.
    let out = host.manage("GET", "/v1/tenants/shop/http", Value::Null).ok();
    assert_eq!(out["exchanges"][0]["method"], "MAIL", "{out}");
    assert_eq!(out["exchanges"][0]["status"], 250, "{out}");
    let told = format!("{out}{:?}{}{}", shop.log(), host.stderr(), shop.state());
    assert!(!told.contains(PASSWORD), "{told}");
}

#[test]
fn cancellations_and_refunds_are_told() {
    let Some((smtp, _host, shop, mug)) = plain() else { return };
    let mut sale = buy(&shop, &mug, "off");
    go(&mut sale, &shop, Step::Capture);
    smtp.until(2);
    let id = sale.order["id"].as_str().expect("an id");
    let cancel = format!("/admin/orders/{id}/cancel");
    shop.admin().post(&cancel, json!({ "reason": "<b>sold out</b>" })).ok();
    let mails = smtp.until(4);
    let mut subjects: Vec<_> = mails.iter().skip(2).map(|mail| mail.header("subject")).collect();
    subjects.sort();
    assert!(
        subjects[0].starts_with("Erstattung") && subjects[1].contains("storniert"),
        "{subjects:?}"
    );
    let cancelled = mails.iter().find(|mail| mail.header("subject").contains("storniert")).unwrap();
    // What somebody wrote is text in HTML, too.
    assert!(cancelled.part("html").contains("&lt;b&gt;sold out"), "{}", cancelled.part("html"));
    assert!(cancelled.part("plain").contains("<b>sold out</b>"));
}

#[test]
fn what_buyers_write_becomes_no_header_and_no_recipient() {
    let Some((smtp, _host, shop, mug)) = plain() else { return };
    let cart = shop.post("/carts", json!({})).ok();
    let path = format!("/carts/{}", cart["id"].as_str().unwrap());
    shop.post(&format!("{path}/lines"), json!({ "variant": mug, "quantity": 1 })).ok();
    let contact = |name: &str, email: &str| {
        let address = json!({
            "name": name, "lines": ["Lane 1"], "postalCode": "1", "city": "Wien", "country": "AT",
        });
        shop.put(&format!("{path}/contact"), json!({ "email": email, "address": address }))
    };
    for (name, email) in [
        ("Ada\r\nBcc: all@evil.test", "ada@example.org"),
        ("Ada", "ada@example.org\r\nBcc: all@evil.test"),
        ("Ada", "ada@example.org> SIZE=1\r\nRCPT TO:<all@evil.test"),
    ] {
        assert_eq!(contact(name, email).status, 422, "{name} {email}");
    }
    let name = "\"Ada\" <all@evil.test>, =?utf-8?q?=0D=0ABcc:_all@evil.test?= <i>é</i>";
    let cart = contact(name, "ada@example.org").ok();
    let place = json!({
        "cartId": cart["id"], "revision": cart["revision"], "paymentMethod": "invoice",
    });
    shop.request("POST", "/checkout").header("idempotency-key", "a").json(&place).send().ok();
    let mails = smtp.until(1);
    assert_eq!(mails[0].to, ["ada@example.org"]);
    let mut headers = mails[0].headers();
    headers.sort();
    assert_eq!(
        headers,
        [
            "auto-submitted",
            "content-type",
            "date",
            "from",
            "message-id",
            "mime-version",
            "subject",
            "to"
        ]
    );
    assert!(mails[0].part("html").contains("&lt;i&gt;é"), "{}", mails[0].part("html"));
}

#[test]
fn a_relay_is_spoken_to_as_encrypted_as_the_shop_says_and_proves_its_name() {
    for (server, trusted, login, told) in [
        ("implicit", true, true, None),
        ("implicit", false, true, Some("no connection to")),
        ("starttls", false, true, Some("no connection to")),
        ("none", true, false, Some("does not offer STARTTLS")),
    ] {
        let Some(smtp) = Smtp::start(server, login.then_some(PASSWORD)) else { return };
        let host = match trusted {
            true => Host::start_trusting(&Smtp::authority()),
            false => Host::start_reaching(),
        };
        let asks = if server == "none" { "starttls" } else { server };
        let shop = host.apply(&shop_file(&smtp, asks, login));
        set_password(&host, PASSWORD);
        let [mug, _] = stock(&shop, 10);
        buy(&shop, &mug, "a");
        match told {
            None => assert_eq!(smtp.until(1).len(), 1),
            Some(told) => {
                let tried = |mail: &Value| mail["tries"] != 0;
                let mail = until_newest(&shop, "it is tried", tried);
                let problem = mail["problem"].as_str().unwrap_or_default();
                assert!(problem.contains(told), "{server}: {problem}");
                assert_eq!(smtp.mails().len(), 0);
            }
        }
    }
}

#[test]
fn a_wrong_password_is_told_and_the_mail_goes_out_once_it_is_right() {
    let Some(smtp) = Smtp::start("starttls", Some(PASSWORD)) else { return };
    let host = Host::start_trusting(&Smtp::authority());
    let shop = host.apply(&shop_file(&smtp, "starttls", true));
    let [mug, _] = stock(&shop, 10);
    buy(&shop, &mug, "a");
    let problem = |what: &str| {
        let told = |mail: &Value| mail["problem"].as_str().is_some_and(|why| why.contains(what));
        until_newest(&shop, what, told)
    };
    problem("quoin secret set shop smtp-password");
    set_password(&host, "guessed-4711");
    let told = problem("does not let shop in with the secret smtp-password");
    assert!(!told.to_string().contains("guessed-4711"), "{told}");
    set_password(&host, PASSWORD);
    smtp.until(1);
    until_newest(&shop, "it is sent", is("sent"));
    assert_eq!(smtp.mails().len(), 1);
}

#[test]
fn a_relay_in_the_hosts_own_network_is_reached_only_if_the_operator_says_so() {
    let Some(smtp) = Smtp::start("none", None) else { return };
    let host = Host::start();
    let shop = host.apply(&shop_file(&smtp, "none", false));
    let [mug, _] = stock(&shop, 10);
    buy(&shop, &mug, "a");
    let told = |mail: &Value| mail["tries"] != 0;
    let mail = until_newest(&shop, "it is tried", told);
    assert!(
        mail["problem"].as_str().unwrap_or_default().contains("--allow-network 127.0.0.1/32"),
        "{mail}"
    );
}
