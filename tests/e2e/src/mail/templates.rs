//! What a shop's staff make of mails.

use quoin_harness::{Reply, Shop, Value, json};

use super::{buy, is, plain, until_newest};

const PLACED: &str = "/admin/mail-templates/placed/de";

fn put(shop: &Shop, subject: &str, text: &str, html: &str) -> Reply {
    let template = json!({ "subject": subject, "text": text, "html": html });
    shop.admin().put(PLACED, template)
}

#[test]
fn staff_edit_a_template_look_at_it_and_take_it_back() {
    let Some((smtp, _host, shop, mug)) = plain() else { return };
    let staff = shop.admin();
    let own = staff.get(PLACED).ok();
    assert_eq!(own["edited"], false);
    let all = staff.get("/admin/mail-templates").ok();
    assert_eq!(all.as_array().map(Vec::len), Some(10), "{all}");
    let draft = json!({ "subject": "Tee! {{ order.number }}", "text": "Danke, {{ order.name }}.",
        "html": "<p>Danke, {{ order.name }}: {{ order.total }}</p>" });
    let look = format!("{PLACED}/preview");
    let seen = staff.post(&look, json!({ "draft": draft })).ok();
    assert_eq!(seen["subject"], "Tee! 1001");
    assert_eq!(seen["html"], "<p>Danke, Ada Lovelace: 99,00\u{a0}€</p>");
    // To look changes nothing.
    assert_eq!(staff.get(PLACED).ok(), own);
    let sale = buy(&shop, &mug, "a");
    smtp.until(1);
    staff.put(PLACED, draft).ok();
    let seen = staff.post(&look, json!({ "order": sale.order["id"] })).ok();
    assert_eq!(seen["html"], "<p>Danke, Ada: 9,00\u{a0}€</p>");
    let sale = buy(&shop, &mug, "b");
    let mails = smtp.until(2);
    assert_eq!(
        mails[1].header("subject"),
        format!("Tee! {}", sale.order["number"].as_str().unwrap())
    );
    staff.delete(PLACED).ok();
    assert_eq!(staff.get(PLACED).ok(), own);
    assert_eq!(staff.delete(PLACED).status, 404);
    // Visitors have no say in any of it.
    assert_eq!(shop.get(PLACED).status, 401);
}

#[test]
fn a_template_that_does_not_render_is_refused_with_its_line_and_reason() {
    let Some((_smtp, _host, shop, _mug)) = plain() else { return };
    for (subject, text, html, field, told) in [
        (
            "a",
            "one\n{{ order.numbr }}",
            "a",
            "text",
            "line 2: undefined value, in: {{ order.numbr }}",
        ),
        ("a", "a", "one\ntwo\n{% for x in %}", "html", "line 3: syntax error"),
        ("{{ order.number", "a", "a", "subject", "line 1: syntax error"),
        ("a", "{{ nobody }}", "a", "text", "line 1: undefined value"),
        ("a", "{% include 'secret.txt' %}", "a", "text", "template not found"),
        ("a", "a", "", "html", "must have 1 to"),
    ] {
        let refused = put(&shop, subject, text, html);
        assert_eq!(refused.status, 422, "{text} {html}: {}", refused.body);
        let fault = &refused.body["error"]["val"][0];
        assert_eq!(fault["field"], field, "{}", refused.body);
        assert!(fault["problem"].as_str().unwrap_or_default().contains(told), "{}", refused.body);
    }
    assert_eq!(shop.admin().get(PLACED).ok()["edited"], false);
}

#[test]
fn a_hostile_template_is_stopped_and_harms_nobody() {
    let Some((smtp, _host, shop, mug)) = plain() else { return };
    let endless = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}";
    let large = "{% for a in range(9999) %}0123456789012345678901234567890123456789012345678901{% endfor %}";
    for (text, told) in [(endless, "engine ran out of fuel"), (large, "would have more than")] {
        let refused = put(&shop, "a", text, "a");
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert!(refused.body.to_string().contains(told), "{}", refused.body);
    }
    // One that shows its nature to real orders alone is given up with that mail.
    let sly = "{% if order.number != '1001' and order.name != '' %}".to_owned()
        + endless
        + "{% endif %}x";
    put(&shop, "a", &sly, "a").ok();
    buy(&shop, &mug, "a");
    let mail = until_newest(&shop, "it fails", is("failed"));
    assert!(mail["problem"].as_str().unwrap().contains("out of fuel"), "{mail}");
    shop.admin().delete(PLACED).ok();
    buy(&shop, &mug, "b");
    assert_eq!(smtp.until(1).len(), 1);
}

#[test]
fn a_mail_about_many_lines_is_made_in_time() {
    let Some((_smtp, _host, shop, _mug)) = plain() else { return };
    let line = "<tr><td>{{ line.title }}</td><td>{{ line.total }}</td></tr>";
    let many = format!(
        "{{% for a in range(100) %}}{{% for line in order.lines %}}{line}{{% endfor %}}{{% endfor %}}"
    );
    let draft = json!({ "subject": "a", "text": "a", "html": many });
    let began = std::time::Instant::now();
    let seen: Value =
        shop.admin().post(&format!("{PLACED}/preview"), json!({ "draft": draft })).ok();
    assert_eq!(seen["html"].as_str().unwrap().matches("<tr>").count(), 200);
    assert!(began.elapsed().as_millis() < 5_000, "{:?}", began.elapsed());
}
