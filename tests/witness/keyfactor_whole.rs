//! The program of the whole Keyfactor job and of the credentials.

use crate::answers::{HTML, answer, json};
use crate::keyfactor_answers::{
    CERTIFICATE, INVENTORY, INVENTORY_WITH_ANOTHER, INVENTORY_WITHOUT_IT, ONE_JOB, OTHER_CERTIFICATE, OTHER_INVENTORY,
    OTHER_STORE, PLAN, SPARSE_CERTIFICATE, STORE, STORE_TYPE, STORE_WITHOUT_JOB, STORE_WITHOUT_SCHEDULE, counted,
    inventory_run,
};
use crate::keyfactor_api::{SECRETS, client};
use crate::keyfactor_api_reads as api;
use crate::support::scripted::Answer;
use crate::witness::Witness;

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
        let call = async |origin: String| api::locate(client(&origin), locate).await;
        witness.call(&format!("locations of: {name}"), &answers, call).await;
    }
    let store_type = || json(200, &STORE_TYPE.replace("104", "2"));
    for (name, inventories) in [
        ("it holds it, with its key", vec![json(200, INVENTORY), none(), store_type()]),
        (
            "it holds it, and says nothing of a key",
            vec![json(200, &INVENTORY.replace("PrivateKeyEntry", "Other")), none(), json(403, "")],
        ),
        ("it holds it without a key", vec![json(200, &INVENTORY.replace("Yes", "No")), none(), store_type()]),
        (
            "it holds it, and its type asks for what it shows",
            vec![
                json(200, &INVENTORY.replace(r#""PrivateKeyEntry""#, r#""SiteName": "Shop", "PrivateKeyEntry""#)),
                none(),
                store_type(),
            ],
        ),
        ("it holds another", vec![json(200, INVENTORY_WITH_ANOTHER), none()]),
        ("it holds nothing there", vec![json(200, INVENTORY_WITHOUT_IT), none()]),
        ("403", vec![json(403, "")]),
    ] {
        let answers = [vec![one_place(), end()], known(), inventories].concat();
        let call = async |origin: String| api::plan(client(&origin)).await;
        witness.call(&format!("plan removal: {name}"), &answers, call).await;
    }
    let inventories = || [json(200, INVENTORY), none(), json(200, OTHER_INVENTORY), none()];
    for (name, last) in [("one job", json(200, ONE_JOB)), ("403", json(403, "")), ("silence", Answer::Nothing)] {
        let answers = [&inventories()[..], std::slice::from_ref(&last)].concat();
        let call = async |origin: String| api::remove_by_plan(client(&origin), PLAN).await;
        witness.call(&format!("remove by plan: {name}"), &answers, call).await;
        let call = async |origin: String| api::add_back(client(&origin), PLAN).await;
        witness.call(&format!("add back: {name}"), &[json(200, CERTIFICATE), last], call).await;
    }
    let call = async |origin: String| api::add_back(client(&origin), PLAN).await;
    witness.call("add back what is another by now", &[json(200, &CERTIFICATE.replace("\"0123", "\"FFFF"))], call).await;
    witness.finish();
}

#[tokio::test]
async fn confirmations() {
    let mut witness = Witness::new("keyfactor_confirm_removed", SECRETS);
    let (none, end) = (|| json(200, "[]"), || json(200, "[]"));
    let store = || json(200, STORE);
    let listed = || json(200, INVENTORY);
    let taken = || answer(204, "", "");
    let without = || json(200, INVENTORY_WITHOUT_IT);
    // With a next run that is not over: it is put back as it is.
    let later = || json(200, &STORE.replace("2026-03-19T23:30:00Z", "2199-03-19T23:30:00Z"));
    let unscheduled = || json(200, STORE_WITHOUT_SCHEDULE);
    for (name, stores, with, answers) in [
        (
            "it was listed, and is not",
            1,
            (|it| it.was_listed()) as api::Confirm,
            vec![store(), none(), without(), end()],
        ),
        (
            "it is not listed, and an entry does not show its certificate",
            1,
            |it| it.was_listed(),
            vec![store(), none(), json(200, r#"[{"Name": "bystander.pfx", "Certificates": []}]"#), end()],
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
            vec![store(), none(), taken(), without(), end(), unscheduled(), taken(), store()],
        ),
        (
            "triggered, and the schedule that is gone may not be set",
            1,
            |it| it.was_listed().trigger_inventory(),
            [vec![later(), none(), taken(), without(), end()], vec![unscheduled(), json(403, ""), unscheduled()]]
                .concat(),
        ),
        (
            "triggered, and the schedule is another one",
            1,
            |it| it.was_listed().trigger_inventory(),
            [
                vec![later(), none(), taken(), without(), end()],
                vec![json(200, &STORE.replace("2026-03-19T23:30:00Z", "2199-03-19T22:00:00Z"))],
            ]
            .concat(),
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
        let call = async |origin: String| api::confirm(client(&origin), stores, with).await;
        witness.call(&format!("confirm: {name}"), &answers, call).await;
    }
    let call = async |origin: String| api::confirm_nothing(client(&origin)).await;
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
    let plain: api::Form = |it| it.secret_in_form();
    let either: api::Form = |it| it;
    let whole: api::Form =
        |it| it.secret_in_form().scope("command").scopes(["read", "write"]).audience("https://keyfactor.example.com");
    let header: api::Form = |it| it.secret_in_header();
    for (name, with, provider, answers) in [
        ("a token", plain, vec![token()], api_answers()),
        ("scopes and an audience", whole, vec![token()], api_answers()),
        ("the secret in a header", header, vec![token()], api_answers()),
        (
            "the secret in a header, which is refused, and then in the form",
            either,
            vec![json(401, r#"{"error": "invalid_client"}"#), token()],
            api_answers(),
        ),
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
    witness.without_server("clients that cannot be built", async { api::refused_clients() }).await;
    witness.without_server("base URLs", async { api::base_urls() }).await;
    witness.finish();
}
