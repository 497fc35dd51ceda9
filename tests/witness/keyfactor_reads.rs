//! The program of the Keyfactor reads, of the whole job and of the credentials.

use crate::answers::{HTML, Named, answer, foreign_refusals, json, odd_successes, silences};
use crate::keyfactor_answers::{
    CERTIFICATE, INVENTORY, INVENTORY_WITH_ANOTHER, LOCATIONS, OTHER_CERTIFICATE, OTHER_STORE, OTHER_STORE_TYPE,
    SCHEDULED, SPARSE_CERTIFICATE, STORE, STORE_TYPE, STORE_TYPE_BY_SCHEMA, STORE_WITHOUT_JOB, STORE_WITHOUT_SCHEDULE,
    counted, named, refusals, run, runs,
};
use crate::keyfactor_api::{SECRETS, client, client_of_two_tries};
use crate::keyfactor_api_reads as api;
use crate::support::scripted::{Answer, nobody};
use crate::witness::Witness;

/// What a read may meet, in few.
fn few() -> Vec<Named> {
    vec![
        ("403", named(403, r#"{"ErrorCode": "0xA0140002", "Message": "Not permitted."}"#)),
        ("404", json(404, "")),
        ("500", json(500, r#"{"Message": "Oh."}"#)),
        ("null", json(200, "null")),
        ("HTML", answer(200, "", HTML)),
        ("a version before 11", answer(200, "x-keyfactor-product-version: 10.2.0\r\n", "[]")),
        ("silence", Answer::Nothing),
    ]
}

/// One read with its own answers, and with those of all.
macro_rules! read {
    ($witness:ident, $name:literal, $call:path, [$(($ending:expr, $answers:expr)),* $(,)?]) => {
        $(
            let call = async |origin: String| $call(client(&origin)).await;
            $witness.call(&format!("{}: {}", $name, $ending), &$answers, call).await;
        )*
        for (ending, answer) in few() {
            let call = async |origin: String| $call(client(&origin)).await;
            $witness.call(&format!("{}: {ending}", $name), &[answer], call).await;
        }
    };
}

#[tokio::test]
async fn certificates() {
    let mut witness = Witness::new("keyfactor_certificates", SECRETS);
    let good = [("success", named(200, CERTIFICATE)), ("sparse success", json(200, SPARSE_CERTIFICATE))].to_vec();
    for (name, answer) in [good, odd_successes(CERTIFICATE), silences(), refusals(), foreign_refusals()].concat() {
        let call = async |origin: String| api::certificate(client(&origin)).await;
        witness.call(&format!("get, answered {name}"), &[answer], call).await;
    }
    let certificate = || json(200, CERTIFICATE);
    for (name, answers) in [
        ("503, then success", [answer(503, "retry-after: 0\r\n", ""), certificate()]),
        ("503 twice", [answer(503, "", ""), answer(503, "retry-after: 0\r\n", "again")]),
        ("silence, then success", [Answer::Nothing, certificate()]),
        ("silence twice", [Answer::Nothing, Answer::Nothing]),
        ("429, then 404", [answer(429, "retry-after: 0\r\n", ""), json(404, "")]),
        ("503, then silence", [answer(503, "", ""), Answer::Nothing]),
    ] {
        let call = async |origin: String| api::certificate(client_of_two_tries(&origin)).await;
        witness.call(&format!("get, two tries: {name}"), &answers, call).await;
    }
    let get = Box::pin(async { api::certificate(client(&nobody())).await });
    witness.without_server("get where nobody listens", get).await;
    let call = async |origin: String| api::certificate(client(&origin)).await;
    witness.call("get, answered another certificate", &[json(200, OTHER_CERTIFICATE)], call).await;
    read!(witness, "get in both scopes", api::certificate_in_both_scopes, [("success", [certificate()])]);
    read!(witness, "get in a container", api::certificate_in_a_container, [("success", [certificate()])]);
    let call = async |origin: String| api::certificate_below_zero(client(&origin)).await;
    witness.call("get below zero, in collection 0", &[certificate()], call).await;
    read!(
        witness,
        "locations",
        api::certificate_locations,
        [("success", [json(200, LOCATIONS)]), ("nothing", [json(200, "{}")]),]
    );
    let call = async |origin: String| api::certificate_locations_in_a_collection(client(&origin)).await;
    witness.call("locations in a collection", &[json(200, LOCATIONS)], call).await;

    let page = |ids: &[u32]| {
        let rows: Vec<String> = ids.iter().map(|id| format!(r#"{{"Id": {id}}}"#)).collect();
        format!("[{}]", rows.join(", "))
    };
    read!(
        witness,
        "search",
        api::search,
        [
            ("two pages", [counted(2, &format!("[{CERTIFICATE}]")), counted(2, &page(&[18])), counted(2, "[]")]),
            ("no rows", [counted(0, "[]")]),
            ("a page that repeats", [json(200, &page(&[1, 2])), json(200, &page(&[1, 2]))]),
            ("pages that overlap", [json(200, &page(&[1, 2])), json(200, &page(&[2, 3])), json(200, "[]")]),
            ("a page and 403", [json(200, &page(&[1])), json(403, "")]),
            ("a row without an id", [json(200, r#"[{"Thumbprint": "AA"}]"#)]),
        ]
    );
    read!(
        witness,
        "search with all flags",
        api::search_with_all_flags,
        [("rows", [json(200, &page(&[1])), json(200, "[]")]),]
    );
    let call = async |origin: String| api::search_for_everything(client(&origin)).await;
    witness.call("search for everything, by pages of 0", &[json(200, "[]")], call).await;
    let call = async |origin: String| api::search_for_what_cannot_be_written(client(&origin)).await;
    witness.call("search for what cannot be written", &[json(200, "[]")], call).await;
    witness.finish();
}

#[tokio::test]
async fn stores() {
    let mut witness = Witness::new("keyfactor_certificate_stores", SECRETS);
    let rows = format!("[{STORE}, {OTHER_STORE}]");
    read!(
        witness,
        "list",
        api::list_stores,
        [
            ("two stores", [counted(2, &rows), counted(2, "[]")]),
            ("a store without an id", [json(200, r#"[{"ClientMachine": "web01"}]"#)]),
        ]
    );
    let call = async |origin: String| api::list_stores_by_nothing(client(&origin)).await;
    witness.call("list by a blank query", &[json(200, "[]")], call).await;
    read!(
        witness,
        "get",
        api::get_store,
        [
            ("success", [named(200, STORE)]),
            ("without a schedule", [json(200, STORE_WITHOUT_SCHEDULE)]),
            ("with a schedule and no job", [json(200, STORE_WITHOUT_JOB)]),
            ("another store", [json(200, OTHER_STORE)]),
        ]
    );
    read!(
        witness,
        "inventory",
        api::inventory,
        [
            ("success", [counted(2, INVENTORY), counted(2, "[]")]),
            (
                "one alias twice",
                [
                    json(200, &format!("{}, {}", &INVENTORY[..INVENTORY.len() - 1], &INVENTORY_WITH_ANOTHER[1..])),
                    json(200, "[]"),
                ]
            ),
        ]
    );
    witness.finish();
}

#[tokio::test]
async fn store_types() {
    let mut witness = Witness::new("keyfactor_certificate_store_types", SECRETS);
    let rows = format!("[{STORE_TYPE}, {OTHER_STORE_TYPE}]");
    read!(
        witness,
        "list",
        api::list_store_types,
        [
            ("two types", [counted(2, &rows), counted(2, "[]")]),
            ("a type without a number", [json(200, r#"[{"ShortName": "IISU"}]"#)]),
        ]
    );
    read!(
        witness,
        "get",
        api::get_store_type,
        [
            ("success", [named(200, STORE_TYPE)]),
            ("by the schema", [json(200, STORE_TYPE_BY_SCHEMA)]),
            ("another type", [json(200, OTHER_STORE_TYPE)]),
        ]
    );
    let call = async |origin: String| api::get_store_type_below_all(client(&origin)).await;
    witness.call("get below all numbers", &[json(200, "[]")], call).await;
    witness.finish();
}

#[tokio::test]
async fn jobs() {
    let mut witness = Witness::new("keyfactor_orchestrator_jobs", SECRETS);
    let rest = r#", "Schedule": {"Immediate": true}"#;
    let history = [
        run(41, 1, "3", "4", rest),
        run(42, 1, "\"Completed\"", "\"Success\"", ""),
        run(43, 1, "9", "\"Odd\"", ""),
        r#"{"JobHistoryId": 44, "JobId": "d9850000-0000-4000-8000-000000000001"}"#.to_owned(),
    ];
    read!(witness, "history", api::history, [("four runs", [runs(&history), json(200, "[]")])]);
    let call = async |origin: String| api::history_of_nothing(client(&origin)).await;
    witness.call("history by a blank query", &[json(200, "[]")], call).await;
    read!(witness, "scheduled", api::scheduled, [("two jobs", [counted(2, SCHEDULED), counted(2, "[]")])]);
    let call = async |origin: String| api::scheduled_of_nothing(client(&origin)).await;
    witness.call("scheduled by a blank query", &[json(200, "[]")], call).await;
    read!(
        witness,
        "can follow",
        api::can_follow,
        [("it may", [runs(&history[..1])]), ("nothing yet", [json(200, "[]")])]
    );

    let done = |job| run(40 + job, job, "3", "2", "");
    for (name, watch, answers) in [
        ("both are over", api::WATCH, vec![runs(&[done(1), done(2)])]),
        (
            "pending, running, over",
            api::WATCH,
            vec![
                json(200, "[]"),
                runs(&[run(41, 1, "2", "0", "")]),
                runs(&[run(41, 1, "2", "0", ""), run(42, 2, "1", "0", "")]),
                runs(&[run(41, 1, "5", "4", ""), done(2)]),
                runs(&[run(45, 1, "3", "3", "")]),
            ],
        ),
        (
            "a failure with a message",
            api::WATCH,
            vec![runs(&[
                run(41, 1, "3", "4", "").replace(r#""Message": null"#, r#""Message": "no\nsuch \u0007 file""#),
                run(42, 2, "4", "\"New\"", ""),
            ])],
        ),
        (
            "an odd status, then over",
            api::WATCH,
            vec![runs(&[run(41, 1, "77", "0", ""), done(2)]), runs(&[run(42, 1, "3", "2", "")])],
        ),
        (
            "trouble that passes",
            api::WATCH,
            vec![json(503, ""), answer(200, "", HTML), Answer::Nothing, runs(&[done(1), done(2)])],
        ),
        ("403", api::WATCH, vec![runs(&[done(1)]), named(403, r#"{"Message": "No."}"#)]),
        ("a run of another job", api::WATCH, vec![runs(&[run(41, 7, "3", "2", "")])]),
        ("a version before 11", api::WATCH, vec![answer(200, "x-keyfactor-product-version: 10.2.0\r\n", "[]")]),
        (
            "after runs 39 and 40",
            api::WATCH_AFTER,
            vec![runs(&[run(40, 1, "3", "4", ""), done(2)]), runs(&[run(40, 1, "3", "4", ""), done(1)])],
        ),
        (
            "the deadline",
            api::WATCH_ONE_ROUND,
            vec![
                runs(&[run(41, 1, "2", "0", "")]),
                runs(&[run(41, 1, "2", "0", "")]),
                json(200, SCHEDULED),
                json(200, "[]"),
            ],
        ),
        ("the deadline, and nothing can be read any more", api::WATCH_ONE_ROUND, vec![json(200, "[]"), json(403, "")]),
        ("no job", api::WATCH_NOTHING, vec![json(200, "[]")]),
        ("a nil job", api::WATCH_NIL, vec![json(200, "[]")]),
    ] {
        let call = async |origin: String| api::watch(client(&origin), watch).await;
        witness.call(&format!("watch: {name}"), &answers, call).await;
    }
    let open =
        |last| vec![json(200, "[]"), runs(&[run(41, 1, "2", "0", "")]), json(200, SCHEDULED), json(200, "[]"), last];
    for (name, last) in [("204", answer(204, "", "")), ("403", json(403, "")), ("500", json(500, ""))] {
        let call = async |origin: String| api::watch_and_withdraw(client(&origin)).await;
        witness.call(&format!("watch and withdraw what is open: {name}"), &open(last), call).await;
    }
    witness.finish();
}
