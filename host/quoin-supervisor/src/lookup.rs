//! Finding what somebody names in a shop; where there is no such thing, telling what there is.

use std::collections::BTreeSet;
use std::sync::Arc;

use quoin_core::Name;
use quoin_runtime::Node;

use crate::tenant::Wiring;

/// Names told where one is unknown: as many as a glance takes in. A shop may have thousands.
const TOLD_MAX: usize = 20;

impl Wiring {
    /// The node that provides a function to callers outside, and the interface with version. The
    /// interface may be named with or without its version.
    ///
    /// # Errors
    /// Nobody provides it, or several do and `installation` does not say which; with what there is
    /// instead.
    pub fn function(
        &self,
        interface: &str,
        function: &str,
        installation: Option<&Name>,
    ) -> Result<(Arc<Node>, String), String> {
        let (node, interface) = self.provider(interface, installation)?;
        let provided = node.generation.program.description.export(&interface);
        if provided.is_some_and(|i| i.function(function).is_some()) {
            return Ok((node, interface));
        }
        let names = provided.iter().flat_map(|i| &i.functions).map(|f| f.name.as_str());
        Err(format!("{interface} has no function {function}; it has {}", some_of(names)))
    }

    fn provider(
        &self,
        interface: &str,
        installation: Option<&Name>,
    ) -> Result<(Arc<Node>, String), String> {
        if let Some(name) = installation.filter(|i| !self.nodes.contains_key(*i)) {
            return Err(no_plugin(self, name));
        }
        // Several plugins may provide one interface; it is told once.
        let (mut found, mut others) = (Vec::new(), BTreeSet::new());
        for (name, node) in &self.nodes {
            if installation.is_some_and(|i| i != name) {
                continue;
            }
            for provided in &node.generation.program.description.manifest.provides {
                if provided.as_str() == interface || provided.path() == interface {
                    found.push((name, node.clone(), provided.to_string()));
                } else {
                    others.insert(provided.as_str());
                }
            }
        }
        match found.len() {
            0 => {
                let who = match installation {
                    Some(name) => format!("{name} does not provide"),
                    None => "no plugin of the shop provides".into(),
                };
                Err(format!("{who} {interface}; provided are {}", some_of(others)))
            }
            1 => Ok(found.swap_remove(0)).map(|(_, node, interface)| (node, interface)),
            _ => {
                let names = found.iter().map(|(n, _, i)| format!("{n} ({i})"));
                let names = some_of(names.collect::<Vec<_>>().iter().map(String::as_str));
                Err(format!("{interface} is provided by {names}; say which"))
            }
        }
    }
}

/// That a shop has no such installation.
pub(crate) fn no_plugin(wiring: &Wiring, installation: &Name) -> String {
    let names = some_of(wiring.shop.plugins.keys().map(Name::as_str));
    format!("the shop {} has no plugin {installation}; it has {names}", wiring.shop.name)
}

/// The first of these names, and how many more there are.
fn some_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names = names.into_iter();
    let first: Vec<_> = names.by_ref().take(TOLD_MAX).collect();
    match (first.is_empty(), names.count()) {
        (true, _) => "none".into(),
        (false, 0) => first.join(", "),
        (false, more) => format!("{} and {more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_names_are_told_than_a_glance_takes_in() {
        assert_eq!(some_of([]), "none");
        assert_eq!(some_of(["a", "b"]), "a, b");
        let many = some_of(std::iter::repeat_n("x", TOLD_MAX + 3));
        assert!(many.ends_with("x and 3 more"), "{many}");
        assert_eq!(many.matches('x').count(), TOLD_MAX);
    }
}
