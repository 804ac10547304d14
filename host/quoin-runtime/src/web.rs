//! `quoin:plugin/web`, as `wit/plugin` defines it: its types are the host's own, so that bodies cross as
//! bytes. Among values of any types each byte would be one of 32.

use wasmtime::Store;
use wasmtime::component::Func;

use crate::params::{Params, Returned};
use crate::program::{Export, Program};
use crate::state::State;

mod bindings {
    #![allow(missing_docs)]
    wasmtime::component::bindgen!({
        inline: "package quoin:runtime;
            world web {
                export quoin:plugin/web@0.1.0;
            }",
        path: ["../../wit/types", "../../wit/plugin"],
    });
}

pub use bindings::exports::quoin::plugin::web::{Error, Header, Request, Response};
pub use bindings::quoin::types::types::FieldFault;

/// What the interface is called but for its version.
const INTERFACE: &str = "quoin:plugin/web@";

/// Its only function.
pub(crate) const FUNCTION: &str = "handle";

/// What a plugin answers: a response, or an error that becomes one.
pub type Answer = Result<Response, Error>;

type Handle<'a> = wasmtime::component::TypedFunc<(&'a Request,), (Answer,)>;

fn handle<'a>(function: Func, store: &Store<State>) -> wasmtime::Result<Handle<'a>> {
    function.typed(store)
}

/// Whether an instance has the function with other types than the host calls it with.
pub(crate) fn check(function: Func, store: &Store<State>) -> wasmtime::Result<()> {
    handle(function, store).map(drop)
}

/// The interface in this program, if it exports it: its name and the function.
pub(crate) fn export(program: &Program) -> Option<(&str, Option<&Export>)> {
    let mut names = program.description.exports.iter().map(|interface| interface.name.as_str());
    let name = names.find(|name| name.starts_with(INTERFACE))?;
    Some((name, program.export(name, FUNCTION).map(|export| &**export)))
}

impl Params for Request {
    type Returned = Answer;

    async fn call(
        &self,
        function: Func,
        _: &Export,
        store: &mut Store<State>,
    ) -> wasmtime::Result<Answer> {
        let (answer,) = handle(function, store)?.call_async(store, (self,)).await?;
        Ok(answer)
    }
}

impl Returned for Answer {
    type Checked = Response;

    fn checked(&self) -> Option<&Response> {
        self.as_ref().ok()
    }

    fn is_error(&self) -> bool {
        self.is_err()
    }

    fn is_unavailable(&self) -> bool {
        matches!(self, Err(Error::Unavailable(_)))
    }
}
