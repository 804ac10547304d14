//! Generations and their bindings: the graph that a call walks.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use quoin_core::manifest::OnFailure;
use quoin_storage::Database;

use crate::Generation;
use crate::later::{Feed, Subscriber};

/// A generation with the generations that serve what it needs. Nodes are built from the leaves up
/// and never change; a swap builds new ones for the swapped generation and all above it.
pub struct Node {
    /// What runs.
    pub generation: Arc<Generation>,
    /// Who serves each needed interface, by the name under which the component imports it.
    pub bindings: HashMap<String, Binding>,
}

/// Who serves a needed interface.
#[derive(Clone)]
pub enum Binding {
    /// Exactly one provider.
    One(Provider),
    /// All of these in order; their lists are joined.
    All {
        /// The providers in their order.
        providers: Vec<Provider>,
        /// The time that each of them has.
        deadline: Duration,
        /// What happens when one fails.
        on_failure: OnFailure,
    },
    /// The one that the first parameter names.
    Keyed(BTreeMap<String, Provider>),
    /// All of these, after the request was committed.
    Later {
        /// Where the calls are recorded; none while the shop is only rehearsed.
        database: Option<Arc<Database>>,
        /// Who is called.
        subscribers: Vec<Subscriber>,
        /// Who hears of it besides.
        feeds: Vec<Feed>,
    },
}

/// A node and the name under which it exports the interface (its version may be a newer one).
#[derive(Clone)]
pub struct Provider {
    /// The node.
    pub node: Arc<Node>,
    /// The exported interface, with version.
    pub interface: Arc<str>,
}
