use super::*;

fn mailbox(name: &str, address: &str) -> Mailbox {
    Mailbox { name: name.into(), address: address.into() }
}

fn mail() -> Mail {
    Mail {
        from: mailbox("Käse & Co", "shop@example.com"),
        reply_to: None,
        to: vec![mailbox("", "ada@example.org")],
        subject: "Grüße".into(),
        text: "text\n.\nmore".into(),
        html: Some("<p>html</p>".into()),
        key: "a".into(),
    }
}

fn composed(mail: &Mail) -> Result<Composed, MailError> {
    let name = |text: &str| text.parse().unwrap();
    compose(mail, &name("shop"), &name("notify"), 1_700_000_000_000)
}

fn text(mail: &Mail) -> String {
    String::from_utf8(composed(mail).unwrap().bytes).unwrap()
}

/// The lines before the first empty one, with those that go on joined.
fn head(mail: &Mail) -> Vec<String> {
    let whole = text(mail);
    let (head, _) = whole.split_once("\r\n\r\n").unwrap();
    head.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
}

#[test]
fn a_mail_has_both_parts_a_date_and_a_message_id_of_its_key() {
    let head = head(&mail());
    assert!(head.contains(&"Date: Tue, 14 Nov 2023 22:13:20 +0000".into()), "{head:?}");
    assert!(head.contains(&"Auto-Submitted: auto-generated".into()), "{head:?}");
    assert!(head.iter().any(|line| line.starts_with("Content-Type: multipart/alternative")));
    let whole = text(&mail());
    assert!(whole.contains("text/plain") && whole.contains("text/html"), "{whole}");
    let id = |mail: &Mail| composed(mail).unwrap().message_id;
    assert!(head.contains(&format!("Message-ID: <{}>", id(&mail()))), "{head:?}");
    assert!(id(&mail()).ends_with("@example.com"));
    assert_eq!(id(&mail()), id(&Mail { subject: "other".into(), ..mail() }));
    assert_ne!(id(&mail()), id(&Mail { key: "b".into(), ..mail() }));
}

#[test]
fn nothing_that_others_wrote_becomes_a_header() {
    let evil = "x\r\nBcc: all@example.net";
    for broken in [
        Mail { subject: evil.into(), ..mail() },
        Mail { from: mailbox(evil, "shop@example.com"), ..mail() },
        Mail { from: mailbox("", "shop@example.com\r\nBcc: all@example.net"), ..mail() },
        Mail { to: vec![mailbox(evil, "ada@example.org")], ..mail() },
        Mail { to: vec![mailbox("", "ada@example.org>\nRCPT TO:<b@example.org")], ..mail() },
        Mail { to: vec![mailbox("", "ada@example.org, b@example.org")], ..mail() },
        Mail { reply_to: Some(mailbox("a\nb", "ada@example.org")), ..mail() },
        Mail { subject: "a\0b".into(), ..mail() },
        Mail { to: Vec::new(), ..mail() },
    ] {
        assert!(matches!(composed(&broken), Err(MailError::Invalid(_))), "{broken:?}");
    }
    // What is written like an address in a name, or encoded like one, stays a name.
    for name in ["a\" <b@example.net>, \"", "=?utf-8?q?=0ABcc:_b?=", "b@example.net,", "é\u{2028}x"]
    {
        let sent = Mail { to: vec![mailbox(name, "ada@example.org")], ..mail() };
        let envelope = composed(&sent).unwrap().envelope;
        assert_eq!(envelope.to(), ["ada@example.org".parse::<Address>().unwrap()], "{name}");
        let names = |line: &String| line.split(':').next().unwrap_or_default().to_owned();
        let mut seen: Vec<_> = head(&sent).iter().map(names).collect();
        let mut usual: Vec<_> = head(&mail()).iter().map(names).collect();
        seen.sort();
        usual.sort();
        assert_eq!(seen, usual, "{name}");
    }
}

#[test]
fn what_is_too_large_is_refused() {
    let most = MAIL_BYTES_MAX - 11;
    assert!(composed(&Mail { text: "x".repeat(most), ..mail() }).is_ok());
    for large in [
        Mail { text: "x".repeat(most + 1), ..mail() },
        Mail { subject: "x".repeat(MAIL_LINE_BYTES_MAX + 1), ..mail() },
        Mail { key: "x".repeat(MAIL_KEY_BYTES_MAX + KEY_ROOM + 1), ..mail() },
    ] {
        assert!(matches!(composed(&large), Err(MailError::TooLarge(_))));
    }
    let many = vec![mailbox("", "ada@example.org"); MAIL_RECIPIENTS_MAX + 1];
    assert!(matches!(composed(&Mail { to: many, ..mail() }), Err(MailError::Invalid(_))));
}
