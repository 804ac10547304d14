//! Does what it is told, step by step: with its own tables, with its own time, and through others
//! like it. A step is a verb and its object; `call b`, `need b` and `look b` ask another actor for the
//! steps that follow up to their `end`.

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package test:actor;
            world plugin {
                import test:steps/steps@0.1.0;
                export test:steps/steps@0.1.1;
            }",
        path: ["wit/needed", "wit/provided"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        generate_all,
    });
    use super::Actor;
    export!(Actor);
}

mod alone;
mod tables;

use bindings::exports::test::steps0_1_1::steps::{Error, Guest};
use bindings::test::steps0_1_0::steps as others;

struct Actor;

impl Guest for Actor {
    fn run(_whom: String, steps: Vec<String>) -> Result<Vec<String>, Error> {
        act(&steps)
    }

    fn look(_whom: String, steps: Vec<String>) -> Result<Vec<String>, Error> {
        act(&steps)
    }

    fn run_to_no_number(_whom: String, steps: Vec<String>) -> Result<f64, Error> {
        act(&steps).map(|_| f64::NAN)
    }
}

/// A step in its parts.
fn parts(step: &str) -> (&str, &str) {
    step.split_once(' ').unwrap_or((step, ""))
}

fn act(steps: &[String]) -> Result<Vec<String>, Error> {
    let mut told = Vec::new();
    let mut rest = steps.iter();
    while let Some(step) = rest.next() {
        let (verb, object) = parts(step);
        match verb {
            "call" | "need" | "look" => {
                let answer = ask(verb, object, &inner(&mut rest));
                match answer {
                    Ok(answers) => told.extend(answers),
                    Err(error) if verb == "need" => return Err(error),
                    Err(Error::Refused(why)) => told.push(format!("{object}: refused {why}")),
                    Err(Error::Unavailable(why)) => {
                        told.push(format!("{object}: unavailable {why}"));
                    }
                }
            }
            "refuse" => return Err(Error::Refused("as told".into())),
            _ if tables::act(verb, object, &mut told) => {}
            _ => alone::act(verb, object, &mut told),
        }
    }
    Ok(told)
}

/// The steps up to the `end` of this one.
fn inner<'a>(rest: &mut impl Iterator<Item = &'a String>) -> Vec<String> {
    let (mut steps, mut depth) = (Vec::new(), 1);
    for step in rest {
        match parts(step).0 {
            "call" | "need" | "look" => depth += 1,
            "end" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        steps.push(step.clone());
    }
    steps
}

fn ask(verb: &str, whom: &str, steps: &[String]) -> Result<Vec<String>, Error> {
    let answer = match verb {
        "look" => others::look(whom, steps),
        _ => others::run(whom, steps),
    };
    answer.map_err(|error| match error {
        others::Error::Refused(why) => Error::Refused(why),
        others::Error::Unavailable(why) => Error::Unavailable(why),
    })
}
