//! The program of the Keyfactor reads, of the whole job and of the credentials.

use crate::answers::{HTML, Named, answer, foreign_refusals, json, odd_successes, silences};
use crate::keyfactor_answers::{
    CERTIFICATE, INVENTORY, INVENTORY_WITH_ANOTHER, INVENTORY_WITHOUT_IT, LOCATIONS, ONE_JOB, OTHER_CERTIFICATE,
    OTHER_INVENTORY, OTHER_STORE, PLAN, SCHEDULED, SPARSE_CERTIFICATE, STORE, STORE_WITHOUT_JOB,
    STORE_WITHOUT_SCHEDULE, counted, inventory_run, named, refusals, run, runs,
};
use crate::keyfactor_api::{self as api, SECRETS};
use crate::scripted::{Answer, nobody};
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
            let call = async |origin: String| $call(api::client(&origin)).await;
            $witness.call(&format!("{}: {}", $name, $ending), &$answers, call).await;
        )*
        for (ending, answer) in few() {
            let call = async |origin: String| $call(api::client(&origin)).await;
            $witness.call(&format!("{}: {ending}", $name), &[answer], call).await;
        }
    };
}

#[tokio::test]
async fn certificates() {
    let mut witness = Witness::new("keyfactor_certificates", SECRETS);
    let good = [("success", named(200, CERTIFICATE)), ("sparse success", json(200, SPARSE_CERTIFICATE))].to_vec();
    for (name, answer) in [good, odd_successes(CERTIFICATE), silences(), refusals(), foreign_refusals()].concat() {
        let call = async |origin: String| api::certificate(api::client(&origin)).await;
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
        let call = async |origin: String| api::certificate(api::client_of_two_tries(&origin)).await;
        witness.call(&format!("get, two tries: {name}"), &answers, call).await;
    }
    let get = async { api::certificate(api::client(&nobody())).await };
    witness.without_server("get where nobody listens", get).await;
    let call = async |origin: String| api::certificate(api::client(&origin)).await;
    witness.call("get, answered another certificate", &[json(200, OTHER_CERTIFICATE)], call).await;
    read!(witness, "get in both scopes", api::certificate_in_both_scopes, [("success", [certificate()])]);
    read!(witness, "get in a container", api::certificate_in_a_container, [("success", [certificate()])]);
    let call = async |origin: String| api::certificate_below_zero(api::client(&origin)).await;
    witness.call("get below zero, in collection 0", &[certificate()], call).await;
    read!(
        witness,
        "locations",
        api::certificate_locations,
        [("success", [json(200, LOCATIONS)]), ("nothing", [json(200, "{}")]),]
    );
    let call = async |origin: String| api::certificate_locations_in_a_collection(api::client(&origin)).await;
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
    let call = async |origin: String| api::search_for_everything(api::client(&origin)).await;
    witness.call("search for everything, by pages of 0", &[json(200, "[]")], call).await;
    let call = async |origin: String| api::search_for_what_cannot_be_written(api::client(&origin)).await;
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
    let call = async |origin: String| api::list_stores_by_nothing(api::client(&origin)).await;
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
    let call = async |origin: String| api::history_of_nothing(api::client(&origin)).await;
    witness.call("history by a blank query", &[json(200, "[]")], call).await;
    read!(witness, "scheduled", api::scheduled, [("two jobs", [counted(2, SCHEDULED), counted(2, "[]")])]);
    let call = async |origin: String| api::scheduled_of_nothing(api::client(&origin)).await;
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
        let call = async |origin: String| api::watch(api::client(&origin), watch).await;
        witness.call(&format!("watch: {name}"), &answers, call).await;
    }
    let open =
        |last| vec![json(200, "[]"), runs(&[run(41, 1, "2", "0", "")]), json(200, SCHEDULED), json(200, "[]"), last];
    for (name, last) in [("204", answer(204, "", "")), ("403", json(403, "")), ("500", json(500, ""))] {
        let call = async |origin: String| api::watch_and_withdraw(api::client(&origin)).await;
        witness.call(&format!("watch and withdraw what is open: {name}"), &open(last), call).await;
    }
    witness.finish();
}

const IN_NO_STORE: &str = r#"[{"Id": 17, "Thumbprint": "0123456789ABCDEF0123456789ABCDEF01234567", "Locations": [{"ChainLevel": 2, "Alias": "x"}]}]"#;

#[tokio::test]
async fn whole_job() {
    let mut witness = Witness::new("keyfactor_whole_job", SECRETS);
    let one_place = || {
        let row = r#"{"Id": 17, "Thumbprint": "0123456789ABCDEF0123456789ABCDEF01234567", "IssuedCN": "www.example.com", "HasPrivateKey": true, "Locations": [{"Alias": "web01.pfx", "ChainLevel": 0, "CertStoreId": "f0cc0000-0000-4000-8000-000000000001", "StoreMachine": "web01"}]}"#;
        counted(1, &format!("[{row}]"))
    };
    let end = || counted(1, "[]");
    let all_places = || counted(1, &format!("[{CERTIFICATE}]"));
    let stores = || json(200, &format!("[{STORE}]"));
    let none = || json(200, "[]");
    let known = || vec![stores(), none(), none(), stores(), none(), none()];
    for (name, locate, answers) in [
        ("by thumbprint", api::BY_THUMBPRINT, [vec![all_places(), end()], known()].concat()),
        ("by id", api::BY_ID, [vec![json(200, CERTIFICATE), all_places(), end()], known()].concat()),
        ("by id, without a thumbprint", api::BY_ID, vec![json(200, SPARSE_CERTIFICATE)]),
        ("by id, 404", api::BY_ID, vec![json(404, r#"{"Message": "No."}"#)]),
        ("by nonsense", api::BY_NONSENSE, vec![none()]),
        ("nothing visible", api::BY_THUMBPRINT, vec![none()]),
        ("the filter is ignored", api::BY_THUMBPRINT, vec![json(200, &format!("[{OTHER_CERTIFICATE}]"))]),
        ("in no store", api::BY_THUMBPRINT, vec![json(200, IN_NO_STORE), none()]),
        (
            "two certificates",
            api::BY_THUMBPRINT,
            vec![json(200, &format!("[{CERTIFICATE}, {}]", CERTIFICATE.replace("\"Id\": 17", "\"Id\": 18"))), none()],
        ),
        (
            "stores that may not be read",
            api::BY_THUMBPRINT,
            vec![all_places(), end(), json(403, r#"{"Message": "No."}"#)],
        ),
        (
            "a store that nobody asked for",
            api::BY_THUMBPRINT,
            vec![all_places(), end(), json(200, &format!("[{OTHER_STORE}]"))],
        ),
        ("500", api::BY_THUMBPRINT, vec![json(500, "")]),
    ] {
        let call = async |origin: String| api::locate(api::client(&origin), locate).await;
        witness.call(&format!("locations of: {name}"), &answers, call).await;
    }
    for (name, inventories) in [
        ("it holds it, with its key", vec![json(200, INVENTORY), none()]),
        (
            "it holds it, and says nothing of a key",
            vec![json(200, &INVENTORY.replace("PrivateKeyEntry", "Other")), none()],
        ),
        ("it holds it without a key", vec![json(200, &INVENTORY.replace("Yes", "No")), none()]),
        ("it holds another", vec![json(200, INVENTORY_WITH_ANOTHER), none()]),
        ("it holds nothing there", vec![json(200, INVENTORY_WITHOUT_IT), none()]),
        ("403", vec![json(403, "")]),
    ] {
        let answers = [vec![one_place(), end()], known(), inventories].concat();
        let call = async |origin: String| api::plan(api::client(&origin)).await;
        witness.call(&format!("plan removal: {name}"), &answers, call).await;
    }
    let inventories = || [json(200, INVENTORY), none(), json(200, OTHER_INVENTORY), none()];
    for (name, last) in [("one job", json(200, ONE_JOB)), ("403", json(403, "")), ("silence", Answer::Nothing)] {
        let answers = [&inventories()[..], &[last.clone()]].concat();
        let call = async |origin: String| api::remove_by_plan(api::client(&origin), PLAN).await;
        witness.call(&format!("remove by plan: {name}"), &answers, call).await;
        let call = async |origin: String| api::add_back(api::client(&origin), PLAN).await;
        witness.call(&format!("add back: {name}"), &[json(200, CERTIFICATE), last], call).await;
    }
    let call = async |origin: String| api::add_back(api::client(&origin), PLAN).await;
    witness.call("add back what is another by now", &[json(200, &CERTIFICATE.replace("\"0123", "\"FFFF"))], call).await;
    witness.finish();
}

#[tokio::test]
async fn confirmations() {
    let mut witness = Witness::new("keyfactor_confirm_removed", SECRETS);
    let (none, end) = (|| json(200, "[]"), || json(200, "[]"));
    let store = || json(200, STORE);
    let listed = || json(200, INVENTORY);
    let without = || json(200, INVENTORY_WITHOUT_IT);
    for (name, stores, with, answers) in [
        (
            "it was listed, and is not",
            1,
            (|it| it.was_listed()) as api::Confirm,
            vec![store(), none(), without(), end()],
        ),
        (
            "it is listed, and then not",
            1,
            |it| it.was_listed(),
            vec![
                store(),
                inventory_run(5, "2026-03-19T21:00:00Z"),
                listed(),
                end(),
                inventory_run(6, "2026-03-19T22:00:00Z"),
                without(),
                end(),
            ],
        ),
        (
            "never listed, until an inventory has ended",
            1,
            |it| it,
            vec![
                store(),
                inventory_run(5, "2026-03-19T21:00:00Z"),
                without(),
                end(),
                inventory_run(6, "2026-03-19T22:00:00Z"),
                without(),
                end(),
            ],
        ),
        (
            "another certificate",
            1,
            |it| it.was_listed(),
            vec![store(), none(), json(200, INVENTORY_WITH_ANOTHER), end()],
        ),
        ("no schedule, listed", 1, |it| it, vec![json(200, STORE_WITHOUT_SCHEDULE), listed(), end()]),
        ("no schedule, not listed", 1, |it| it, vec![json(200, STORE_WITHOUT_SCHEDULE), without(), end()]),
        (
            "two stores, one may not be read",
            2,
            |it| it.was_listed(),
            vec![store(), none(), json(403, ""), without(), end()],
        ),
        (
            "the store cannot be read at first",
            1,
            |it| it.was_listed(),
            vec![json(503, ""), store(), none(), without(), end()],
        ),
        ("the history may not be read", 1, |it| it.was_listed(), vec![store(), json(403, ""), without(), end()]),
        ("one look, still there", 1, api::ONE_LOOK, vec![json(200, STORE_WITHOUT_JOB), listed(), end()]),
        (
            "triggered, and the schedule is gone",
            1,
            |it| it.was_listed().trigger_inventory(),
            vec![store(), none(), answer(204, "", ""), without(), end(), json(200, STORE_WITHOUT_SCHEDULE)],
        ),
        (
            "triggered, and the schedule is as before",
            1,
            |it| it.was_listed().trigger_inventory(),
            vec![store(), none(), answer(204, "", ""), without(), end(), store()],
        ),
        (
            "the trigger is refused",
            1,
            |it| it.was_listed().trigger_inventory(),
            vec![store(), none(), json(403, ""), without(), end(), store()],
        ),
        (
            "the trigger is not answered, nor is the store afterwards",
            1,
            |it| it.was_listed().trigger_inventory(),
            vec![store(), none(), Answer::Nothing, without(), end(), json(404, "")],
        ),
        ("the store may not be read, with a trigger", 1, |it| it.was_listed().trigger_inventory(), vec![json(403, "")]),
    ] {
        let call = async |origin: String| api::confirm(api::client(&origin), stores, with).await;
        witness.call(&format!("confirm: {name}"), &answers, call).await;
    }
    let call = async |origin: String| api::confirm_nothing(api::client(&origin)).await;
    witness.call("confirm nothing", &[none()], call).await;
    witness.finish();
}

const TOKEN: &str = r#"{"access_token": "marker-token", "token_type": "Bearer", "expires_in": 3600}"#;

#[tokio::test]
async fn credentials() {
    let mut witness = Witness::new("keyfactor_credentials", SECRETS);
    let api_answers = || vec![json(200, ONE_JOB), json(200, CERTIFICATE)];
    let call = async |origin: String| api::by_bearer(origin).await;
    witness.call("bearer", &api_answers(), call).await;
    let refusal = json(401, r#"{"ErrorCode": "marker-token", "Message": "Bearer marker-token has expired"}"#);
    witness.call("bearer, refused with the token in the text", &[refusal], call).await;
    let call = async |origin: String| api::by_bearer_from(origin).await;
    witness.call("bearer from a function", &api_answers(), call).await;
    witness.call("bearer from a function, 401 twice", &[json(401, ""), json(401, "again")], call).await;
    let call = async |origin: String| api::by_bearer_from_that_fails(origin).await;
    witness.call("bearer from a function that fails", &api_answers(), call).await;
    let call = async |origin: String| api::by_user_at_domain(origin).await;
    witness.call("user@domain", &[json(200, CERTIFICATE)], call).await;

    let token = || json(200, TOKEN);
    let plain: api::Form = |it| it;
    let whole: api::Form = |it| it.scope("command").scopes(["read", "write"]).audience("https://keyfactor.example.com");
    let header: api::Form = |it| it.secret_in_header();
    for (name, with, provider, answers) in [
        ("a token", plain, vec![token()], api_answers()),
        ("scopes and an audience", whole, vec![token()], api_answers()),
        ("the secret in a header", header, vec![token()], api_answers()),
        (
            "401, a new token, success",
            plain,
            vec![token()],
            vec![json(401, ""), json(200, ONE_JOB), json(200, CERTIFICATE)],
        ),
        ("401 with every token", plain, vec![token()], vec![json(401, r#"{"Message": "marker-token"}"#)]),
        (
            "401, and no new token",
            plain,
            vec![token(), json(400, r#"{"error": "invalid_client"}"#)],
            vec![json(401, "")],
        ),
        (
            "invalid_client",
            plain,
            vec![json(401, r#"{"error": "invalid_client", "error_description": "marker-client-secret is wrong"}"#)],
            api_answers(),
        ),
        ("the provider answers 500 with HTML", plain, vec![answer(500, "", HTML)], api_answers()),
        ("the provider answers 302", plain, vec![answer(302, "location: /sso\r\n", "")], api_answers()),
        ("the provider answers HTML", plain, vec![answer(200, "", HTML)], api_answers()),
        ("the provider gives no token", plain, vec![json(200, r#"{"token_type": "Bearer"}"#)], api_answers()),
        (
            "the provider gives a token of another kind",
            plain,
            vec![json(200, r#"{"access_token": "marker-token", "token_type": "mac"}"#)],
            api_answers(),
        ),
        ("the provider is silent", plain, vec![Answer::Nothing], api_answers()),
        ("the provider says 429", plain, vec![answer(429, "retry-after: 0\r\n", "")], api_answers()),
    ] {
        let call = async |provider: String, api: String| api::by_client_credentials(provider, api, with).await;
        witness.call_with_two(&format!("client credentials: {name}"), &provider, &answers, call).await;
    }
    witness.without_server("clients that cannot be built", api::refused_clients()).await;
    witness.without_server("base URLs", api::base_urls()).await;
    witness.finish();
}
