//! Webhooks: what happens in the shop is sent to endpoints of other systems, as Standard Webhooks.

mod deliveries;
mod endpoint;
mod event;
mod kinds;
mod plan;
mod replay;
mod send;
mod signature;
mod staff;
mod stop;
mod time;
mod wake;

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package quoin:webhooks-plugin;
            world plugin {
                import quoin:webhooks/jobs@0.1.0;
                import quoin:webhooks/events@0.1.0;
                export quoin:webhooks/webhooks@0.1.0;
                export quoin:webhooks/jobs@0.1.0;
                export quoin:plugin/feed@0.1.0;
            }",
        path: ["../../wit/types", "../../wit/plugin", "../../wit/webhooks"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        with: { "quoin:types/types@0.1.0": quoin_sdk::types },
        additional_derives: [Clone, PartialEq],
        generate_all,
    });
    use super::Plugin;
    export!(Plugin);
}

use bindings::exports::quoin::plugin::feed::{self, Event};
use bindings::exports::quoin::webhooks::webhooks::{self, DeliveryState, Page, WithSecret};
use bindings::exports::quoin::webhooks::{jobs, webhooks::Endpoint};
use quoin_sdk::types::Error;

struct Plugin;

impl feed::Guest for Plugin {
    fn hear(event: Event) -> Result<(), Error> {
        event::hear(&event);
        Ok(())
    }
}

impl jobs::Guest for Plugin {
    fn send_next(endpoint: String) -> Result<(), Error> {
        send::next(&endpoint);
        Ok(())
    }
}

impl webhooks::Guest for Plugin {
    fn create(
        url: String,
        kinds: Vec<String>,
        description: Option<String>,
    ) -> Result<WithSecret, Error> {
        staff::create(&url, &kinds, &description.unwrap_or_default())
    }

    fn list_endpoints() -> Result<Vec<Endpoint>, Error> {
        Ok(endpoint::all().iter().map(endpoint::Stored::view).collect())
    }

    fn get(id: String) -> Result<Endpoint, Error> {
        Ok(endpoint::find(&id)?.view())
    }

    fn change(
        id: String,
        url: Option<String>,
        kinds: Option<Vec<String>>,
        description: Option<String>,
    ) -> Result<Endpoint, Error> {
        staff::change(&id, url, kinds, description)
    }

    fn remove(id: String) -> Result<(), Error> {
        staff::remove(&id)
    }

    fn rotate(id: String, keep: Option<u64>) -> Result<WithSecret, Error> {
        staff::rotate(&id, keep)
    }

    fn enable(id: String) -> Result<Endpoint, Error> {
        staff::enable(&id)
    }

    fn disable(id: String) -> Result<Endpoint, Error> {
        staff::disable(&id)
    }

    fn test(id: String) -> Result<String, Error> {
        event::test(&endpoint::active(&id)?)
    }

    fn deliveries(
        id: String,
        state: Option<DeliveryState>,
        kind: Option<String>,
        event: Option<String>,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Result<Page, Error> {
        deliveries::list(&endpoint::find(&id)?.id, state, kind, event, cursor, limit)
    }

    fn replay(
        id: String,
        event: Option<String>,
        from: Option<u64>,
        to: Option<u64>,
    ) -> Result<u32, Error> {
        replay::replay(&endpoint::active(&id)?, event, from, to)
    }
}
