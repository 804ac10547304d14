//! Calls of the operator: any function that a plugin of the shop provides.

use http::StatusCode;
use quoin_core::{Name, Problem};
use quoin_gateway::problem;
use quoin_runtime::json::Misfit;
use quoin_runtime::{CallJsonError, Principal, Request, Target, call_json};
use quoin_supervisor::Supervisor;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{Answer, Refused, parse, refusal, with_status};
use crate::tenants::find;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    interface: String,
    function: String,
    /// Its members are the parameters.
    #[serde(default = "no_params")]
    params: Value,
    #[serde(default)]
    installation: Option<Name>,
}

fn no_params() -> Value {
    json!({})
}

pub(crate) async fn call(host: &Supervisor, tenant: &Name, body: &[u8]) -> Answer {
    let call: Call = parse(body)?;
    let wiring = host.wiring(&find(host, tenant)?).await;
    if let Some(fault) = &wiring.fault {
        let detail = format!("The shop does not run: {fault}");
        return Err(problem::shop_down(detail).into());
    }
    let found = wiring.function(&call.interface, &call.function, call.installation.as_ref());
    let (node, interface) = found.map_err(|why| refusal(404, "not-found", "Not found", why))?;
    // A long call holds the graph that it runs in, not the whole snapshot.
    drop(wiring);
    let trace = quoin_core::ids::random_hex::<16>().map_err(|_| Problem::internal())?;
    let request = Request::of(Principal::admin("operator"), trace);
    let target = Target { interface: &interface, function: &call.function };
    match call_json(&node, target, &call.params, request).await {
        Ok(Ok(value)) => with_status(StatusCode::OK, &json!({ "ok": value })),
        Ok(Err(error)) => {
            let program = &node.generation.program;
            let function = program.function(&interface, &call.function);
            let ty = function.and_then(|f| f.result.as_ref());
            Err(problem::refusal(error, ty, &program.description.manifest).into())
        }
        Err(error) => Err(failed(error)),
    }
}

fn failed(error: CallJsonError) -> Refused {
    match error {
        CallJsonError::Json(Misfit { pointer, problem }) => {
            problem::misfit(Misfit { pointer: format!("/params{pointer}"), problem }).into()
        }
        CallJsonError::Failed(failure) => {
            // The operator may read the plugin's and the engine's own words.
            let detail = failure.to_string();
            Problem { detail, ..problem::failed(&failure) }.into()
        }
    }
}
