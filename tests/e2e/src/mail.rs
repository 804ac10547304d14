//! Buyers are told by mail what becomes of their orders, through a real mail server: once where that can be
//! known, and whatever happens meanwhile.

mod faults;
mod granted;
mod killed;
mod sent;
mod templates;

use quoin_harness::sale::{BUYING, SHOP, Sale, Step, stock};
use quoin_harness::{Host, Shop, Smtp, Value, json, until};

/// What the host logs in with at the relay.
const PASSWORD: &str = "Zitronen-7f3a9c";

/// A shop that sends mail through a relay on this machine.
fn shop_file(smtp: &Smtp, tls: &str, login: bool) -> String {
    let login = if login { ", user = \"shop\", password = \"smtp-password\"" } else { "" };
    format!(
        "{SHOP}\n[plugins.notify]\nbundle = \"notify.wasm\"\n\
         grants = [\"sql\", \"log\", \"config\", \"clock\", \"random\", \"later\", \"http\", \"mail\"]\n\
         mail = {{ server = \"127.0.0.1\", port = {}, tls = \"{tls}\"{login} }}\n\
         config = {{ name = \"Käthes Teehaus\", from = \"shop@tea.example\", retry = \"1\", \
         locales = \"AT=de, DE=de\", link = \"https://tea.example/orders/{{id}}\", \
         address = \"Käthes Teehaus\\nBlattgasse 12, 1010 Wien\" }}\n",
        smtp.port()
    )
}

/// A relay without encryption, and a shop that sends through it. None where there is no relay.
fn plain() -> Option<(Smtp, Host, Shop, String)> {
    let smtp = Smtp::start("none", None)?;
    let host = Host::start_trusting(&Smtp::authority());
    let shop = host.apply(&shop_file(&smtp, "none", false));
    let [mug, _] = stock(&shop, 100_000);
    Some((smtp, host, shop, mug))
}

/// Sets the relay's password.
fn set_password(host: &Host, password: &str) {
    let path = "/v1/tenants/shop/secrets/smtp-password";
    host.manage("PUT", path, json!({ "value": password })).ok();
}

/// Somebody buys a variant.
#[track_caller]
fn buy(shop: &Shop, variant: &str, key: &str) -> Sale {
    let mut sale = Sale::of(variant, 2, key);
    BUYING.into_iter().for_each(|step| go(&mut sale, shop, step));
    sale
}

/// One step of a sale, which ends well.
#[track_caller]
fn go(sale: &mut Sale, shop: &Shop, step: Step) {
    sale.step(shop, step).expect("an answer").ok();
}

/// The mails that the shop knows of, newest first.
fn listed(shop: &Shop, query: &str) -> Vec<Value> {
    let page = shop.admin().get(&format!("/admin/mails{query}")).ok();
    page["items"].as_array().expect("items").clone()
}

/// Waits until the newest mail is as it should be.
fn until_newest(shop: &Shop, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
    until(what, || listed(shop, "").into_iter().next().filter(&fits))
}

/// How a mail is; `sent`, `failed` or `waiting`.
fn is(state: &'static str) -> impl Fn(&Value) -> bool {
    move |mail| mail["state"] == state
}
