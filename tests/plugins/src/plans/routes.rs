//! All routes of the first-party plugins, each tried at least once, and some with whatever leads to other
//! statements.

use std::collections::BTreeSet;

use quoin_harness::large::Large;
use quoin_harness::{Psp, Shop, Value, json, repository, until};

/// What was tried.
struct Walk<'a> {
    shop: &'a Shop,
    tried: BTreeSet<String>,
    /// Requests so far: each has a key of its own.
    requests: usize,
}

/// Goes through all routes.
///
/// # Panics
/// A route is not tried, or does not answer well.
pub fn walk(shop: &Shop, psp: &Psp, other: &str, large: &Large) {
    let mut walk = Walk { shop, tried: BTreeSet::new(), requests: 0 };
    walk.import(large);
    walk.jobs(large);
    walk.browse(large);
    let variants = walk.variants(large);
    let endpoint = walk.endpoint(other);
    walk.catalogue();
    walk.prices(&variants);
    walk.stock(&variants);
    walk.carts(&variants);
    walk.orders(&variants);
    walk.cards(&variants, psp);
    walk.mails();
    walk.webhooks(&endpoint);
    let missing: Vec<String> = routes().into_iter().filter(|r| !walk.tried.contains(r)).collect();
    assert!(missing.is_empty(), "not tried: {missing:?}");
}

/// The routes of all plugins, as their manifests have them.
fn routes() -> BTreeSet<String> {
    let folders = std::fs::read_dir(repository().join("plugins")).expect("the plugins");
    let manifests = folders.filter_map(|folder| {
        std::fs::read_to_string(folder.expect("a folder").path().join("plugin.toml")).ok()
    });
    let routes: BTreeSet<String> = manifests
        .flat_map(|manifest| {
            let routes = manifest.split("route = \"").skip(1);
            routes.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect::<Vec<_>>()
        })
        .collect();
    assert!(routes.len() >= 50, "{routes:?}");
    routes
}

impl Walk<'_> {
    /// Asks a route with these in the place of its parameters, and what follows.
    fn ask(&mut self, route: &str, values: &[&str], rest: &str, body: Value) -> Value {
        let (method, template) = route.split_once(' ').expect("a method and a path");
        let mut path = String::new();
        let mut values = values.iter();
        for (i, part) in template.split('{').enumerate() {
            let after = if i == 0 { part } else { part.split_once('}').expect("a parameter").1 };
            if i > 0 {
                path += values.next().expect("a value");
            }
            path += after;
        }
        let staff = self.shop.admin();
        let by = if path.starts_with("/admin") { &staff } else { self.shop };
        let request = by.request(method, &format!("{path}{rest}"));
        self.requests += 1;
        let request = request.header("idempotency-key", &self.requests.to_string());
        let request = match body {
            Value::String(csv) => request.header("content-type", "text/csv").body(csv),
            Value::Null => request,
            body => request.json(&body),
        };
        let reply = request.send();
        assert!(reply.status < 300, "{route} {rest}: {} {}", reply.status, reply.body);
        self.tried.insert(route.to_owned());
        reply.body
    }

    fn get(&mut self, route: &str, values: &[&str], rest: &str) -> Value {
        self.ask(route, values, rest, Value::Null)
    }

    fn import(&mut self, large: &Large) {
        let all = 0..large.products;
        // Again: what is there is found.
        for _ in 0..2 {
            for (what, csv) in [
                ("products", large.products_csv(all.clone())),
                ("prices", large.prices_csv(all.clone())),
                ("stock", large.stock_csv(all.clone(), 50)),
            ] {
                let route = format!("POST /admin/{what}/import");
                let report = self.ask(&route, &[], "", csv.into());
                assert_eq!(report["faultCount"], 0, "{report}");
            }
        }
        let changed = large.products_csv(all).replace("published", "archived");
        self.ask("POST /admin/products/import", &[], "?dryRun=true", changed.into());
    }

    /// Imports files, as jobs: something new, and something with a fault.
    fn jobs(&mut self, large: &Large) {
        let more = large.products..large.products + 40;
        for (what, csv) in [
            ("products", large.products_csv(more.clone())),
            ("prices", large.prices_csv(more.clone())),
            ("stock", large.stock_csv(more.clone(), 50)),
        ] {
            let twice = format!("{csv}{}\n", csv.lines().last().expect("a row"));
            for (csv, state) in [(csv, "done"), (twice, "refused")] {
                let file = self.shop.admin().post_text("/files", "text/csv", csv).ok();
                let route = format!("POST /admin/{what}/imports");
                let started = self.ask(&route, &[], "", json!({ "file": file["id"] }));
                let id = text(&started["id"]);
                let route = format!("GET /admin/{what}/imports/{{id}}");
                let ended = until("the import has ended", || {
                    let job = self.get(&route, &[&id], "");
                    job["endedAt"].is_u64().then_some(job)
                });
                assert_eq!(ended["state"], state, "{ended}");
                self.get(&format!("GET /admin/{what}/imports"), &[], "");
                let cancel = format!("POST /admin/{what}/imports/{{id}}/cancel");
                self.ask(&cancel, &[&id], "", json!({}));
            }
        }
    }

    fn browse(&mut self, large: &Large) {
        let page = self.get("GET /products", &[], "?limit=3");
        let next = page["next"].as_str().expect("a next page").to_owned();
        let filters = [
            format!("category={}", large.category(&[0])),
            format!("attribute=maker:{}", large.maker(0)),
            "channel=web".into(),
            format!("text={}", large.word(0)),
            format!("text={}%20{}", large.word(0), large.word(1)),
        ];
        // All of them, and each with each.
        for set in 0..1 << filters.len() {
            // There is one text at most.
            if set >> 3 == 3 {
                continue;
            }
            let some =
                (0..filters.len()).filter(|i| set >> i & 1 == 1).map(|i| filters[i].as_str());
            let some = some.collect::<Vec<_>>().join("&");
            self.get("GET /products", &[], &format!("?{some}"));
            self.get("GET /products", &[], &format!("?cursor={next}&{some}"));
        }
        for rest in ["", "?status=draft", "?text=a", "?status=draft&text=a%20b"] {
            self.get("GET /admin/products", &[], rest);
        }
        self.get("GET /admin/products", &[], &format!("?cursor={next}"));
        self.get("GET /admin/products", &[], &format!("?status=published&cursor={next}"));
        self.get("GET /categories", &[], "");
        self.get("GET /products/{slug}", &[&large.slug(0)], "");
        self.get("GET /admin/products/by-slug/{slug}", &[&large.slug(0)], "");
    }

    fn variants(&mut self, large: &Large) -> Vec<String> {
        let skus: Vec<String> = large.basket_of(20).into_iter().map(|line| line.sku).collect();
        self.get("GET /variants", &[], &format!("?skus={}", skus[0]));
        let found = self.get("GET /variants", &[], &format!("?skus={}", skus.join("&skus=")));
        let found = found.as_array().expect("a list").iter();
        found.map(|info| text(&info["variant"]["id"])).collect()
    }

    fn catalogue(&mut self) {
        let category = "PUT /admin/categories/{slug}";
        self.ask(category, &["above"], "", json!({ "title": "Above" }));
        self.ask(category, &["below"], "", json!({ "title": "Below", "parent": "above" }));
        let product = |title: &str| {
            json!({
                "slug": "made", "title": title, "description": "made by hand", "options": [],
                "variants": [{ "sku": "made", "title": title, "options": [] }],
                "categories": ["below"], "attributes": [{ "name": "maker", "value": "me" }],
                "media": [], "translations": [], "channels": ["web"],
            })
        };
        let made = self.ask("PUT /admin/products", &[], "", product("Made"));
        let id = text(&made["id"]);
        self.get("GET /admin/products/{id}", &[&id], "");
        let status = json!({ "status": "published" });
        self.ask("POST /admin/products/{id}/status", &[&id], "", status);
        self.ask("PUT /admin/products/{id}", &[&id], "", product("Made anew"));
        self.ask(category, &["below"], "", json!({ "title": "Below" }));
        self.ask(category, &["below"], "", json!({ "title": "Below", "parent": "above" }));
    }

    fn prices(&mut self, variants: &[String]) {
        let list = json!({ "id": "summer", "title": "summer", "kind": "sale", "currency": "EUR", "taxIncluded": true });
        self.ask("PUT /admin/price-lists", &[], "", list.clone());
        let price = json!([{ "priceList": "summer", "variant": variants[0], "minQuantity": 3, "minor": 5 }]);
        self.ask("PUT /admin/prices", &[], "", price);
        let mut dear = list;
        dear["currency"] = "EUR".into();
        self.ask("PUT /admin/price-lists", &[], "", dear);
        self.get("GET /admin/price-lists", &[], "");
        self.get("GET /admin/prices/{variant}", &[&variants[0]], "");
        for count in [1, variants.len()] {
            let lines = variants[..count].iter().map(|v| json!({ "variant": v, "quantity": 4 }));
            let body =
                json!({ "lines": lines.collect::<Vec<_>>(), "context": { "currency": "EUR" } });
            self.ask("POST /prices/quote", &[], "", body);
        }
        let remove = "DELETE /admin/prices/{variant}/{price-list}/{min-quantity}";
        self.ask(remove, &[&variants[0], "summer", "3"], "", Value::Null);
    }

    fn stock(&mut self, variants: &[String]) {
        self.get("GET /stock", &[], &format!("?variants={}", variants[0]));
        self.get("GET /stock", &[], &format!("?variants={}", variants.join("&variants=")));
        self.get("GET /admin/locations", &[], "");
        self.ask("PUT /admin/locations/{id}", &["attic"], "", json!({ "title": "Attic" }));
        let change = |location: &str| json!({ "variant": variants[0], "location": location, "delta": 9, "reason": "found" });
        let changes = json!({ "changes": [change("attic"), change("main")] });
        self.ask("POST /admin/stock/adjust", &[], "", changes);
        self.get("GET /admin/stock/levels/{variant}", &[&variants[0]], "");
        let backorder = "PUT /admin/stock/backorder/{variant}";
        self.ask(backorder, &[&variants[1]], "", json!({ "backorder": true }));
        let incoming = "PUT /admin/stock/incoming/{variant}/{location}";
        self.ask(incoming, &[&variants[1], "attic"], "", json!({ "quantity": 4 }));
        let page = self.get("GET /admin/stock/movements", &[], "?limit=2");
        let next = text(&page["next"]);
        self.get("GET /admin/stock/movements", &[], &format!("?cursor={next}"));
        self.get("GET /admin/stock/movements", &[], &format!("?variant={}", variants[0]));
    }

    /// A cart with these variants; the second one has fields.
    fn cart(&mut self, variants: &[String]) -> Value {
        let cart = self.ask("POST /carts", &[], "", json!({}));
        let id = text(&cart["id"]);
        for (i, variant) in variants.iter().enumerate() {
            let mut line = json!({ "variant": variant, "quantity": 2 });
            if i == 1 {
                line["fields"] = json!([{ "name": "acme:note", "value": "for you" }]);
            }
            self.ask("POST /carts/{id}/lines", &[&id], "", line);
        }
        let contact = json!({ "email": "ada@example.com", "address": {
            "name": "Ada", "lines": ["Lane 1"], "postalCode": "12345", "city": "Berlin", "country": "DE",
        }});
        self.ask("PUT /carts/{id}/contact", &[&id], "", contact)
    }

    fn carts(&mut self, variants: &[String]) {
        let id = text(&self.cart(variants)["id"]);
        self.ask("PATCH /carts/{id}/lines/{line}", &[&id, "1"], "", json!({ "quantity": 3 }));
        self.ask("DELETE /carts/{id}/lines/{line}", &[&id, "2"], "", Value::Null);
        self.ask("POST /carts/{id}/recalculate", &[&id], "", json!({}));
        self.get("GET /carts/{id}", &[&id], "");
    }

    fn order(&mut self, variants: &[String], method: &str) -> Value {
        let cart = self.cart(variants);
        let place =
            json!({ "cartId": cart["id"], "revision": cart["revision"], "paymentMethod": method });
        self.ask("POST /checkout", &[], "", place)["order"].clone()
    }

    fn orders(&mut self, variants: &[String]) {
        let order = self.order(&variants[..3], "invoice");
        let (id, number, payment) =
            (text(&order["id"]), text(&order["number"]), text(&order["paymentId"]));
        let page = self.get("GET /admin/stock/allocations", &[], "");
        let owner = text(&page["items"][0]["owner"]);
        self.get("GET /admin/stock/allocations/{owner}", &[&owner], "");
        self.get("GET /orders/{id}", &[&id], "");
        self.get("GET /admin/orders/{number}", &[&number], "");
        self.ask("POST /orders/{order-id}/confirm", &[&id], "", json!({}));
        self.get("GET /admin/open-manual-payments/{method}", &["invoice"], "?limit=1");
        self.ask("POST /admin/orders/{order-id}/capture", &[&id], "", json!({}));
        let line = order["snapshot"]["lines"][0]["id"].clone();
        let part = json!([{ "line": line, "quantity": 1 }]);
        self.ask("POST /admin/orders/{order-id}/ship", &[&id], "", json!({ "lines": part }));
        self.ask("POST /admin/orders/{order-id}/ship", &[&id], "", json!({}));
        let back = json!({ "lines": part, "reason": "small", "restock": true });
        self.ask("POST /admin/orders/{order-id}/take-back", &[&id], "", back);
        let amount = json!({ "amount": { "minor": 1, "currency": "EUR" } });
        self.ask("POST /admin/orders/{order-id}/refund", &[&id], "", amount);
        self.get("GET /admin/manual-payments/{method}/{id}", &["invoice", &payment], "");
        self.get("GET /admin/manual-payments/{method}/{id}/ledger", &["invoice", &payment], "");
        let other = self.order(&variants[3..5], "invoice");
        let cancel = json!({ "reason": "changed her mind" });
        self.ask("POST /admin/orders/{order-id}/cancel", &[&text(&other["id"])], "", cancel);
        for (verdict, body) in
            [("receive", json!({})), ("decline", json!({ "reason": "none came" }))]
        {
            let waits = self.order(&variants[5..6], "cash");
            let payment = text(&waits["paymentId"]);
            self.get("GET /admin/open-manual-payments/{method}", &["cash"], "");
            let route = format!("POST /admin/manual-payments/{{id}}/{verdict}");
            self.ask(&route, &[&payment], "", body);
            self.ask("POST /orders/{order-id}/confirm", &[&text(&waits["id"])], "", json!({}));
        }
        let page = self.get("GET /admin/orders", &[], "?limit=1");
        let next = text(&page["next"]);
        for rest in [
            format!("?cursor={next}"),
            "?state=open".into(),
            "?payment=paid".into(),
            "?state=open&payment=paid".into(),
        ] {
            self.get("GET /admin/orders", &[], &rest);
        }
    }
}

impl Walk<'_> {
    fn mails(&mut self) {
        let mails = until("there is mail", || {
            let mails = self.get("GET /admin/mails", &[], "?limit=1");
            mails["next"].is_string().then_some(mails)
        });
        let (order, next) = (text(&mails["items"][0]["order"]), text(&mails["next"]));
        for rest in ["?state=sent", &format!("?order={order}"), &format!("?cursor={next}")] {
            self.get("GET /admin/mails", &[], rest);
        }
        self.get("GET /admin/mails", &[], &format!("?state=sent&order={order}&cursor={next}"));
        let failed = until("one has failed", || {
            let failed = self.get("GET /admin/mails", &[], "?state=failed");
            failed["items"][0]["id"].as_str().map(str::to_owned)
        });
        self.ask("POST /admin/mails/{id}/send-again", &[&failed], "", json!({}));
        until("it is sent", || {
            let failed = self.get("GET /admin/mails", &[], "?state=failed");
            failed["items"].as_array().is_some_and(Vec::is_empty).then_some(())
        });
        self.get("GET /admin/mail-templates", &[], "");
        let of = ["placed", "en"];
        let template = self.get("GET /admin/mail-templates/{kind}/{locale}", &of, "");
        let mut content = json!({});
        for part in ["subject", "text", "html"] {
            content[part] = template[part].clone();
        }
        self.ask("PUT /admin/mail-templates/{kind}/{locale}", &of, "", content);
        let preview = "POST /admin/mail-templates/{kind}/{locale}/preview";
        self.ask(preview, &of, "", json!({ "order": order }));
        self.ask("DELETE /admin/mail-templates/{kind}/{locale}", &of, "", Value::Null);
    }

    fn endpoint(&mut self, other: &str) -> String {
        let endpoint = json!({ "url": format!("{other}/hook"), "kinds": ["order.*"] });
        let made = self.ask("POST /admin/webhooks/endpoints", &[], "", endpoint);
        text(&made["endpoint"]["id"])
    }

    fn webhooks(&mut self, id: &str) {
        let endpoint = "GET /admin/webhooks/endpoints/{id}";
        let deliveries = "GET /admin/webhooks/endpoints/{id}/deliveries";
        let page = until("something is delivered", || {
            let page = self.get(deliveries, &[id], "?state=delivered&limit=1");
            page["next"].is_string().then_some(page)
        });
        let (event, next) = (text(&page["items"][0]["event"]), text(&page["next"]));
        for rest in [
            String::new(),
            "?kind=order.placed".into(),
            format!("?event={event}"),
            format!("?cursor={next}"),
            format!("?state=delivered&kind=order.placed&event={event}&cursor={next}"),
        ] {
            self.get(deliveries, &[id], &rest);
        }
        self.get("GET /admin/webhooks/endpoints", &[], "");
        let change = json!({ "description": "the warehouse", "kinds": ["*"] });
        self.ask("PATCH /admin/webhooks/endpoints/{id}", &[id], "", change);
        for what in ["rotate", "test", "disable", "enable"] {
            let route = format!("POST /admin/webhooks/endpoints/{{id}}/{what}");
            self.ask(&route, &[id], "", json!({}));
        }
        let replay = "POST /admin/webhooks/endpoints/{id}/replay";
        self.ask(replay, &[id], "", json!({ "event": event }));
        self.ask(replay, &[id], "", json!({ "from": 0 }));
        until("all is delivered", || (self.get(endpoint, &[id], "")["waiting"] == 0).then_some(()));
        self.ask("DELETE /admin/webhooks/endpoints/{id}", &[id], "", Value::Null);
    }

    fn cards(&mut self, variants: &[String], psp: &Psp) {
        let [paid, waits] = [0, 1].map(|at| self.order(&variants[at..=at], "card"));
        let (order, payment) = (text(&paid["id"]), text(&paid["paymentId"]));
        until("there are intents", || {
            [&paid, &waits]
                .iter()
                .all(|o| psp.intent(&text(&o["paymentId"])).is_some())
                .then_some(())
        });
        self.get("GET /admin/open-card-payments/{method}", &["card"], "?limit=1");
        psp.act(&payment, "succeed");
        until("it is paid", || {
            (self.get("GET /orders/{id}", &[&order], "")["payment"] == "paid").then_some(())
        });
        self.ask("POST /orders/{order-id}/confirm", &[&text(&waits["id"])], "", json!({}));
        let cancel = json!({ "reason": "changed her mind" });
        self.ask("POST /admin/orders/{order-id}/cancel", &[&order], "", cancel);
        until("it is refunded", || {
            (self.get("GET /orders/{id}", &[&order], "")["payment"] == "refunded").then_some(())
        });
        self.get("GET /admin/card-payments/{method}/{id}", &["card", &payment], "");
        self.get("GET /admin/card-payments/{method}/{id}/ledger", &["card", &payment], "");
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
