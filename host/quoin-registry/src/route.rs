//! Whether each route can be served: its function exists, and every parameter can be had from where
//! the route takes it.

use std::collections::BTreeSet;

use quoin_core::limits::ROUTES_MAX;
use quoin_core::manifest::{FunctionRef, Given, Route};
use quoin_core::types::Field;
use quoin_core::{Description, Function, Interface, Type};

use crate::BundleError;
use crate::function::find;

const IN_PATH: &str = "use a string, an integer, a bool or an enum";
const IN_HEADER: &str = "use a string, an integer, a bool or an enum, or an option of one";
const IN_QUERY: &str = "use a string, an integer, a bool or an enum, an option or list of one, \
                        or a record of these";

pub(crate) fn verify(description: &Description) -> Result<(), BundleError> {
    let routes = &description.manifest.routes;
    if routes.len() > ROUTES_MAX {
        return Err(BundleError::TooManyRoutes(routes.len()));
    }
    let mut seen = BTreeSet::new();
    for route in routes {
        if !seen.insert(shape(route)) {
            return Err(BundleError::Twice(format!("the route {}", route.route)));
        }
        let place = format!("the route {}", route.route);
        let (interface, function) = find(description, &place, &route.call)?;
        verify_one(route, function)?;
        if let Some(wait) = &route.wait {
            can_answer(description, route, (interface, function), wait)?;
        }
    }
    Ok(())
}

/// The route with its parameters' names left out: two of one shape match the same requests.
fn shape(route: &Route) -> String {
    let segments = route.route.path.split('/');
    let plain: Vec<_> = segments.map(|s| if s.starts_with('{') { "{}" } else { s }).collect();
    format!("{} {}", route.route.method, plain.join("/"))
}

fn verify_one(route: &Route, function: &Function) -> Result<(), BundleError> {
    let mut bound = BoundParams { route, function, names: BTreeSet::new() };
    for name in route.route.path_params() {
        let param = bound.bind("the path", name)?;
        bound.check(param, "the path", is_simple(&param.ty), IN_PATH)?;
    }
    for (header, name) in &route.headers {
        let token = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if header.is_empty() || !header.bytes().all(token) {
            return Err(BundleError::HeaderName {
                route: route.route.clone(),
                header: header.clone(),
            });
        }
        let place = format!("the header {header}");
        let param = bound.bind(&place, name)?;
        bound.check(param, &place, is_simple(inside_option(&param.ty)), IN_HEADER)?;
    }
    let has_no_body = matches!(route.route.method.as_str(), "GET" | "DELETE");
    if let Some(name) = &route.body {
        if has_no_body {
            return Err(BundleError::BodyNotAllowed(route.route.clone()));
        }
        bound.bind("the body", name)?;
    }
    if has_no_body || route.body.is_some() {
        // Parameters that nothing has bound so far come from the query.
        let mut names = BTreeSet::new();
        for param in function.params.iter().filter(|p| !bound.names.contains(p.name.as_str())) {
            let parts = in_query(param);
            let fits = parts.iter().all(|part| is_one_or_many(&part.ty));
            bound.check(param, "the query", fits, IN_QUERY)?;
            if let Some(part) = parts.into_iter().find(|part| !names.insert(&part.json)) {
                let (route, param) = (route.route.clone(), part.name.clone());
                return Err(BundleError::BoundTwice { route, param });
            }
        }
    }
    Ok(())
}

/// Whether a function can answer a client that waited for what its request led to.
fn can_answer(
    description: &Description,
    route: &Route,
    (of, function): (&Interface, &Function),
    wait: &FunctionRef,
) -> Result<(), BundleError> {
    let (interface, reader) = find(description, &format!("the route {}", route.route), wait)?;
    let refused = |why: String| {
        Err(BundleError::CannotWait { route: route.route.clone(), wait: wait.clone(), why })
    };
    if description.manifest.is_read(&of.name, &function.name) {
        return refused(format!("{} only reads, so it leads to nothing", route.call));
    }
    if !description.manifest.is_read(&interface.name, &reader.name) {
        return refused("it is not among `reads`".into());
    }
    if reader.result != function.result {
        return refused(format!("it does not return what {} does", route.call));
    }
    match reader.params.iter().find(|param| Given::of(param, function).is_none()) {
        Some(param) => refused(format!(
            "its parameter {} is neither a field of what {} returns nor a parameter of that, with the \
             same type",
            param.name, route.call
        )),
        None => Ok(()),
    }
}

/// The parameters that a route has bound so far.
struct BoundParams<'a> {
    route: &'a Route,
    function: &'a Function,
    names: BTreeSet<&'a str>,
}

impl<'a> BoundParams<'a> {
    fn bind(&mut self, place: &str, name: &str) -> Result<&'a Field, BundleError> {
        let params = &self.function.params;
        let Some(param) = params.iter().find(|p| p.name == name || p.json == name) else {
            let known: Vec<_> = params.iter().map(|p| p.name.as_str()).collect();
            let known = if known.is_empty() { "no parameters".into() } else { known.join(", ") };
            return Err(BundleError::NoSuchParameter {
                route: self.route.route.to_string(),
                place: place.into(),
                param: name.into(),
                has: format!("{} has {known}", self.route.call),
            });
        };
        if self.names.insert(&param.name) {
            return Ok(param);
        }
        Err(BundleError::BoundTwice { route: self.route.route.clone(), param: param.name.clone() })
    }

    fn check(
        &self,
        param: &Field,
        place: &str,
        fits: bool,
        rule: &'static str,
    ) -> Result<(), BundleError> {
        if fits {
            return Ok(());
        }
        Err(BundleError::NotWritable {
            route: self.route.route.to_string(),
            param: param.name.clone(),
            place: place.into(),
            found: param.ty.to_string(),
            rule,
        })
    }
}

/// Whether a value of this type is one word of text.
fn is_simple(ty: &Type) -> bool {
    use Type as T;
    matches!(
        ty,
        T::String
            | T::Bool
            | T::S8
            | T::U8
            | T::S16
            | T::U16
            | T::S32
            | T::U32
            | T::S64
            | T::U64
            | T::Enum { .. }
    )
}

fn inside_option(ty: &Type) -> &Type {
    match ty {
        Type::Option(inner) => inner,
        other => other,
    }
}

fn is_one_or_many(ty: &Type) -> bool {
    match ty {
        Type::List(inner) | Type::Option(inner) => is_simple(inner),
        other => is_simple(other),
    }
}

/// The names and types in the query string that make up a parameter: those of a record are its
/// fields.
fn in_query(param: &Field) -> Vec<&Field> {
    match inside_option(&param.ty) {
        Type::Record { fields, .. } => fields.iter().collect(),
        _ => vec![param],
    }
}
