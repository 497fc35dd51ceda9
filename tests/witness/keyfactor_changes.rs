//! The program of the Keyfactor changes.

use crate::answers::{Named, answer, foreign_refusals, json, odd_successes, silences};
use crate::keyfactor_answers::{
    CERTIFICATE, INVENTORY, INVENTORY_OF_ANOTHER_STORE, INVENTORY_WITH_ANOTHER, INVENTORY_WITHOUT_IT, ONE_JOB,
    OTHER_CERTIFICATE, TWO_JOBS, job_answers, named, refusals,
};
use crate::keyfactor_api::{self as api, ADDITION, ADDITIONS, CONTROLS, INVENTORIES, REMOVAL, REMOVALS, SECRETS};
use crate::support::scripted::{Answer, nobody};
use crate::witness::Witness;

/// A success, a refusal, an open end and silence.
fn few(success: Answer) -> Vec<Named> {
    vec![
        ("success", success),
        ("403", named(403, r#"{"ErrorCode": "0xA0140002", "Message": "Not permitted."}"#)),
        ("500", named(500, r#"{"Message": "An unexpected error occurred."}"#)),
        ("closed before a head", Answer::Nothing),
    ]
}

fn all(documented: Vec<Named>, good: &str) -> Vec<Named> {
    [documented, odd_successes(good), silences(), refusals(), foreign_refusals()].concat()
}

#[tokio::test]
async fn removals() {
    let mut witness = Witness::new("keyfactor_remove", SECRETS);
    for (name, answer) in all(job_answers(), ONE_JOB) {
        let call = async |origin: String| api::remove(api::client(&origin), REMOVAL).await;
        witness.call(&format!("remove, answered {name}"), &[answer], call).await;
    }
    for (name, inventories, removal) in REMOVALS {
        for (ending, answer) in few(named(200, ONE_JOB)) {
            let before = if inventories { vec![json(200, INVENTORY), json(200, "[]")] } else { Vec::new() };
            let answers = [before, vec![answer]].concat();
            let call = async |origin: String| api::remove(api::client(&origin), removal).await;
            witness.call(&format!("remove {name}: {ending}"), &answers, call).await;
        }
    }
    for (name, inventory) in [
        ("another certificate", json(200, INVENTORY_WITH_ANOTHER)),
        ("no such alias", json(200, INVENTORY_WITHOUT_IT)),
        ("an empty inventory", json(200, "[]")),
        ("the inventory of another store", json(200, INVENTORY_OF_ANOTHER_STORE)),
        ("an inventory that may not be read", json(403, r#"{"Message": "No."}"#)),
        ("an inventory of HTML", answer(200, "", crate::answers::HTML)),
        ("silence", Answer::Nothing),
    ] {
        let call = async |origin: String| api::remove(api::client(&origin), REMOVALS[4].2).await;
        witness.call(&format!("remove expecting a thumbprint, but {name}"), &[inventory, json(200, "[]")], call).await;
    }
    let call = async |origin: String| api::send_removal(api::client(&origin), REMOVAL).await;
    witness.call("remove by send()", &[named(200, TWO_JOBS)], call).await;
    witness.call("remove of at most one location", &[json(200, ONE_JOB)], api::remove_of_at_most_one).await;
    for (name, removal) in api::REFUSED_REMOVALS {
        let call = async |origin: String| api::send_removal(api::client(&origin), removal).await;
        witness.call(&format!("remove {name}, by send()"), &[json(200, ONE_JOB)], call).await;
        let call = async |origin: String| api::remove(api::client(&origin), removal).await;
        witness.call(&format!("remove {name}, by build()"), &[json(200, ONE_JOB)], call).await;
    }
    let removal = async { api::remove(api::client(&nobody()), REMOVAL).await };
    witness.without_server("remove where nobody listens", removal).await;
    witness.finish();
}

#[tokio::test]
async fn removals_that_are_tried_again() {
    let mut witness = Witness::new("keyfactor_remove_again", SECRETS);
    let two = || named(200, TWO_JOBS);
    let later = |status| answer(status, "retry-after: 0\r\nx-keyfactor-correlation-id: first\r\n", "");
    for (name, answers) in [
        ("429, then two jobs", vec![later(429), two()]),
        ("429 twice", vec![later(429), named(429, r#"{"Message": "Too many."}"#)]),
        ("429, then 403", vec![later(429), json(403, r#"{"Message": "No."}"#)]),
        ("429, then 500", vec![later(429), json(500, "")]),
        ("429, then silence", vec![later(429), Answer::Nothing]),
        ("429, then 401", vec![later(429), json(401, "")]),
        ("503, and two jobs that nobody asks for", vec![later(503), two()]),
        ("silence, and two jobs that nobody asks for", vec![Answer::Nothing, two()]),
    ] {
        let call = async |origin: String| api::remove(api::client_of_two_tries(&origin), REMOVAL).await;
        witness.call(&format!("remove, two tries: {name}"), &answers, call).await;
    }
    let removal = async { api::remove(api::client_of_two_tries(&nobody()), REMOVAL).await };
    witness.without_server("remove, two tries, where nobody listens", removal).await;
    witness.finish();
}

#[tokio::test]
async fn removals_one_by_one() {
    let mut witness = Witness::new("keyfactor_one_job_per_location", SECRETS);
    let job = |number: u8| named(200, &format!("[\"d9850000-0000-4000-8000-00000000000{number}\"]"));
    for (name, answers) in [
        ("a job each", vec![job(1), job(2), job(3)]),
        ("the second is refused", vec![job(1), json(404, r#"{"Message": "No such store."}"#), job(3)]),
        ("the second has two jobs, the third none", vec![job(1), json(200, TWO_JOBS), json(200, "[]")]),
        ("the second is unauthorised", vec![job(1), json(401, "")]),
        ("the second is too many", vec![job(1), answer(429, "retry-after: 0\r\n", "")]),
        ("the second is unknown", vec![job(1), json(500, r#"{"Message": "Oh."}"#)]),
        ("the second is not answered", vec![job(1), Answer::Nothing]),
    ] {
        let call = async |origin: String| api::remove_one_by_one(api::client(&origin)).await;
        witness.call(&format!("one job per location: {name}"), &answers, call).await;
    }
    let call = async |origin: String| api::remove_nothing_one_by_one(api::client(&origin)).await;
    witness.call("one job per location, of nothing", &[job(1)], call).await;
    let removal = async { api::remove_one_by_one(api::client(&nobody())).await };
    witness.without_server("one job per location, where nobody listens", removal).await;
    witness.finish();
}

#[tokio::test]
async fn additions() {
    let mut witness = Witness::new("keyfactor_add", SECRETS);
    for (name, answer) in [job_answers(), odd_successes(ONE_JOB), silences(), refusals()].concat() {
        let call = async |origin: String| api::add(api::client(&origin), ADDITION).await;
        witness.call(&format!("add, answered {name}"), &[answer], call).await;
    }
    for (name, certificates, addition) in ADDITIONS {
        for (ending, answer) in few(named(200, ONE_JOB)) {
            let before = if certificates { vec![json(200, CERTIFICATE)] } else { Vec::new() };
            let answers = [before, vec![answer]].concat();
            let call = async |origin: String| api::add(api::client(&origin), addition).await;
            witness.call(&format!("add {name}: {ending}"), &answers, call).await;
        }
    }
    for (name, certificate) in [
        ("another id", json(200, OTHER_CERTIFICATE)),
        ("another thumbprint", json(200, r#"{"Id": 17, "Thumbprint": "FEDCBA9876543210FEDCBA9876543210FEDCBA98"}"#)),
        ("no thumbprint", json(200, r#"{"Id": 17}"#)),
        ("404", json(404, r#"{"Message": "No."}"#)),
    ] {
        let call = async |origin: String| api::add(api::client(&origin), ADDITIONS[3].2).await;
        witness.call(&format!("add expecting a thumbprint, but {name}"), &[certificate], call).await;
    }
    for (name, addition) in api::REFUSED_ADDITIONS {
        let call = async |origin: String| api::send_addition(api::client(&origin), addition).await;
        witness.call(&format!("add {name}, by send()"), &[json(200, ONE_JOB)], call).await;
        let call = async |origin: String| api::add(api::client(&origin), addition).await;
        witness.call(&format!("add {name}, by build()"), &[json(200, ONE_JOB)], call).await;
    }
    witness.finish();
}

/// Of changes that are answered without content.
fn silent_answers() -> Vec<Named> {
    let mut answers = vec![("204", named(204, "")), ("200 with white space", json(200, " \r\n"))];
    answers.extend([odd_successes("null"), silences(), refusals()].concat());
    answers.extend(foreign_refusals().into_iter().filter(|(name, _)| ["302", "429", "503"].contains(&&name[..3])));
    answers
}

#[tokio::test]
async fn inventories() {
    let mut witness = Witness::new("keyfactor_schedule_inventory", SECRETS);
    for (name, answer) in silent_answers() {
        let call = async |origin: String| api::schedule_inventory(api::client(&origin), INVENTORIES[0].1).await;
        witness.call(&format!("schedule an inventory, answered {name}"), &[answer], call).await;
    }
    for (name, inventory) in INVENTORIES {
        for (ending, answer) in few(answer(204, "", "")) {
            let call = async |origin: String| api::schedule_inventory(api::client(&origin), inventory).await;
            witness.call(&format!("schedule an inventory {name}: {ending}"), &[answer], call).await;
        }
    }
    for (name, inventory) in api::REFUSED_INVENTORIES {
        let call = async |origin: String| api::schedule_inventory(api::client(&origin), inventory).await;
        witness.call(&format!("schedule an inventory {name}"), &[answer(204, "", "")], call).await;
    }
    witness.finish();
}

#[tokio::test]
async fn controls() {
    let mut witness = Witness::new("keyfactor_control_jobs", SECRETS);
    for (name, answer) in silent_answers() {
        let call = async |origin: String| api::control(api::client(&origin), CONTROLS[0].1).await;
        witness.call(&format!("unschedule, answered {name}"), &[answer], call).await;
    }
    for (name, control) in CONTROLS {
        for (ending, answer) in few(answer(204, "", "")) {
            let call = async |origin: String| api::control(api::client(&origin), control).await;
            witness.call(&format!("{name}: {ending}"), &[answer], call).await;
        }
    }
    for (name, control) in api::REFUSED_CONTROLS {
        let call = async |origin: String| api::send_control(api::client(&origin), control).await;
        witness.call(name, &[answer(204, "", "")], call).await;
    }
    witness.finish();
}
