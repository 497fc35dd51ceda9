//! The program of the AppViewX reads and sessions.

use crate::answers::{HTML, Named, answer, foreign_refusals, json, odd_successes, silences};
use crate::appviewx_answers::{
    ALL, CERTIFICATE, GOODBYE, GROUP, GROUPS, LAST_GROUPS, found, ranged, refusals, refused, row, unwelcome, welcome,
};
use crate::appviewx_api::{self as api, FIRST, SECOND, SECRETS, THIRD};
use crate::support::scripted::{Answer, nobody};
use crate::witness::Witness;

#[tokio::test]
async fn certificates() {
    let mut witness = Witness::new("appviewx_certificate_search", SECRETS);
    let web = "\"web servers\"";
    let good: Vec<Named> = vec![
        ("one certificate", found(CERTIFICATE, 1)),
        ("nothing", found("", 0)),
        ("no records, as 404", refused(404, "NO_RECORDS_FOUND", "No matching records found for the given input.")),
        (
            "no records, as 200",
            json(200, r#"{"response": {"message": "No matching records found."}, "appStatusCode": null}"#),
        ),
        ("null objects", json(200, r#"{"response": {"response": {"objects": null, "totalRecords": 0}}}"#)),
        (
            "objects at the top",
            json(200, r#"{"response": {"objects": [{"resourceId": 7, "validTo": "soon"}, "odd"]}}"#),
        ),
        (
            "a failing code inside",
            json(200, r#"{"response": {"appStatusCode": "AVX_GW_005", "message": "inside"}, "appStatusCode": null}"#),
        ),
        ("an unknown failing code", json(200, r#"{"response": null, "message": "Oh.", "appStatusCode": "NEW"}"#)),
        ("no list", json(200, r#"{"response": {"response": {"totalRecords": 3}}}"#)),
    ];
    let body = String::from(r#"{"response": {"response": {"objects": [], "totalRecords": 0}}}"#);
    for (name, answer) in [good, odd_successes(&body), silences(), refusals(), foreign_refusals()].concat() {
        let call = async |origin: String| api::search(api::client(&origin), api::SEARCH).await;
        witness.call(&format!("search, answered {name}"), &[answer], call).await;
    }
    let rows = |ids: &[&str]| ids.iter().map(|id| row(id, web)).collect::<Vec<_>>().join(", ");
    for (name, search, answers) in [
        ("by all terms", api::SEARCH_OF_ALL, vec![found(&rows(&[FIRST, SECOND]), 3), found(&rows(&[THIRD]), 3)]),
        (
            "with ranges",
            api::SEARCH_OF_ALL,
            vec![ranged(&rows(&[FIRST, SECOND]), 3, 1, 2), ranged(&rows(&[THIRD]), 3, 3, 3)],
        ),
        (
            "with another range",
            api::SEARCH_OF_ALL,
            vec![ranged(&rows(&[FIRST, SECOND]), 3, 1, 2), ranged(&rows(&[THIRD]), 3, 1, 2)],
        ),
        ("that ends early", api::SEARCH_OF_ALL, vec![found(&rows(&[FIRST]), 3), found("", 3)]),
        (
            "that repeats a page",
            api::SEARCH_OF_ALL,
            vec![found(&rows(&[FIRST, SECOND]), 4), found(&rows(&[FIRST, SECOND]), 4)],
        ),
        (
            "whose pages overlap",
            api::SEARCH_OF_ALL,
            vec![found(&rows(&[FIRST, SECOND]), 4), found(&rows(&[SECOND, THIRD]), 4)],
        ),
        (
            "with a page and 403",
            api::SEARCH_OF_ALL,
            vec![found(&rows(&[FIRST]), 3), refused(403, "CERT-ACF-0058", "No.")],
        ),
        (
            "that is filtered",
            api::SEARCH_FILTERED,
            vec![found(&format!("{}, {}", rows(&[FIRST]), row(SECOND, "\"other\"")), 2)],
        ),
        ("that is refused", api::SEARCH_REFUSED, vec![found("", 0)]),
    ] {
        let call = async |origin: String| api::search(api::client(&origin), search).await;
        witness.call(&format!("search {name}"), &answers, call).await;
    }
    for (name, answers) in [
        ("503, then success", [answer(503, "retry-after: 0\r\n", ""), found(CERTIFICATE, 1)]),
        ("silence, then success", [Answer::Nothing, found(CERTIFICATE, 1)]),
        ("429 twice", [answer(429, "retry-after: 0\r\n", ""), answer(429, "retry-after: 0\r\n", HTML)]),
        ("503, then silence", [answer(503, "", ""), Answer::Nothing]),
    ] {
        let call = async |origin: String| api::search(api::client_of_two_tries(&origin), api::SEARCH).await;
        witness.call(&format!("search, two tries: {name}"), &answers, call).await;
    }
    let search = async { api::search(api::client(&nobody()), api::SEARCH).await };
    witness.without_server("search where nobody listens", search).await;
    witness.finish();
}

#[tokio::test]
async fn groups() {
    let mut witness = Witness::new("appviewx_certificate_groups", SECRETS);
    let few = || -> Vec<Named> {
        vec![
            ("403", refused(403, "AVX_GW_005", "No access.")),
            ("403 without a code", json(403, "")),
            ("404", refused(404, "NO_RECORDS_FOUND", "No matching records found.")),
            ("500", json(500, "")),
            ("null", json(200, "null")),
            ("HTML", answer(200, "", HTML)),
            ("a failing code", refused(200, "GROUP_NOT_FOUND", "No such group.")),
            ("silence", Answer::Nothing),
        ]
    };
    for (name, answers) in [
        ("two pages", vec![json(200, GROUPS), json(200, LAST_GROUPS)]),
        ("a list at the top", vec![json(200, r#"{"response": [{"name": "a"}]}"#)]),
        ("two lists", vec![json(200, r#"{"response": {"a": [{"name": "a"}], "b": [{"name": "b"}]}}"#)]),
        ("no list", vec![json(200, r#"{"response": {"total": 0}}"#)]),
        ("a token that leads back", vec![json(200, GROUPS), json(200, GROUPS)]),
    ] {
        let call = async |origin: String| api::list_groups(api::client(&origin)).await;
        witness.call(&format!("list groups: {name}"), &answers, call).await;
    }
    for (name, answer) in few() {
        let call = async |origin: String| api::list_groups(api::client(&origin)).await;
        witness.call(&format!("list groups: {name}"), &[answer], call).await;
    }
    for size in [0, 7, 1_000, 1_001] {
        let call = async |origin: String| api::list_groups_by(api::client(&origin), size).await;
        witness.call(&format!("list groups by {size}"), &[json(200, LAST_GROUPS)], call).await;
    }
    let good = vec![
        ("success", json(200, GROUP)),
        ("another group", json(200, r#"{"response": {"name": "mail"}}"#)),
        ("a group without a name", json(200, r#"{"response": {"displayName": "Web"}}"#)),
        ("no group", json(200, r#"{"response": []}"#)),
    ];
    for (name, answer) in [good, few()].concat() {
        let call = async |origin: String| api::view_group(api::client(&origin)).await;
        witness.call(&format!("view a group: {name}"), &[answer], call).await;
    }
    let call = async |origin: String| api::view_group_beyond_ascii(api::client(&origin)).await;
    witness.call("view a group beyond ASCII", &[json(200, r#"{"response": {"name": "wéb & 漢"}}"#)], call).await;
    let call = async |origin: String| api::view_no_group(api::client(&origin)).await;
    witness.call("view no group", &[json(200, GROUP)], call).await;
    witness.finish();
}

#[tokio::test]
async fn sessions() {
    let mut witness = Witness::new("appviewx_sessions", SECRETS);
    let login = || welcome("\"marker-session\"");
    let (ok, group, goodbye) = (|| json(200, ALL), || json(200, GROUP), || json(200, GOODBYE));
    let second_goodbye = || json(200, &GOODBYE.replace("marker-session", "marker-session-2"));
    let over = || refused(401, "AVX_GW_003", "marker-session is over");
    for (name, proof, perform, answers) in [
        ("by session id", api::BY_SESSION, false, vec![ok(), group(), goodbye(), over()]),
        ("by password headers", api::BY_HEADERS, false, vec![ok(), group()]),
        (
            "by password headers, refused with the password in the text",
            api::BY_HEADERS,
            false,
            vec![refused(401, "AVX_GW_003", "marker-password of svc-clm is wrong")],
        ),
        ("by login", api::BY_LOGIN, false, vec![login(), ok(), group(), goodbye()]),
        ("by login, the older call", api::BY_LOGIN, true, vec![login(), ok(), group(), goodbye()]),
        (
            "by login, 401, a new session",
            api::BY_LOGIN,
            false,
            vec![login(), over(), welcome("\"marker-session-2\""), ok(), group(), second_goodbye()],
        ),
        (
            "by login, 407, a new session",
            api::BY_LOGIN,
            false,
            vec![login(), json(407, ""), welcome("\"marker-session-2\""), ok(), group(), second_goodbye()],
        ),
        (
            "by login, 401 with every session",
            api::BY_LOGIN,
            false,
            vec![login(), over(), login(), over(), over(), over()],
        ),
        (
            "by login, 401, and the login is refused",
            api::BY_LOGIN,
            false,
            vec![login(), over(), unwelcome(401, "Locked.")],
        ),
        ("by login that is refused", api::BY_LOGIN, false, vec![unwelcome(200, "Invalid credentials")]),
        ("by login, a logout that fails", api::BY_LOGIN, false, vec![login(), ok(), group(), json(500, ""), goodbye()]),
        (
            "by login, a logout that is not answered",
            api::BY_LOGIN,
            false,
            vec![login(), ok(), group(), Answer::Nothing, goodbye()],
        ),
        (
            "by login, a logout that is refused",
            api::BY_LOGIN,
            false,
            vec![login(), ok(), group(), refused(403, "AVX_GW_005", "No."), over()],
        ),
        (
            "by service account",
            api::BY_SERVICE_ACCOUNT,
            false,
            vec![json(200, r#"{"response": "marker-service-token", "appStatusCode": null}"#), ok(), group()],
        ),
        (
            "by service account, 401, a new token",
            api::BY_SERVICE_ACCOUNT,
            false,
            vec![
                json(200, r#"{"response": "marker-service-token"}"#),
                over(),
                json(200, r#"{"response": "marker-service-token-2"}"#),
                ok(),
                group(),
            ],
        ),
        (
            "by service account that is refused",
            api::BY_SERVICE_ACCOUNT,
            false,
            vec![json(
                400,
                r#"{"response": null, "message": "marker-service-secret is wrong", "appStatusCode": "OAUTH_CLNT_015"}"#,
            )],
        ),
    ] {
        let call = async |origin: String| api::session(origin, proof, perform).await;
        witness.call(&format!("session {name}"), &answers, call).await;
    }
    let answers = |secret: &str| {
        vec![
            ("no session id", welcome("null")),
            ("a session id that is a number", welcome("7")),
            ("a session id with a line end", welcome("\"a\\nb\"")),
            ("400 with HTML", answer(400, "", HTML)),
            ("HTML", answer(200, "", HTML)),
            ("null", json(200, "null")),
            ("302", answer(302, "location: /sso\r\n", "")),
            ("429", answer(429, "retry-after: 0\r\n", "")),
            ("500", json(500, &format!(r#"{{"message": "{secret}", "appStatusCode": "X"}}"#))),
            ("the secret in the text", unwelcome(401, &format!("{secret} is wrong"))),
            ("silence", Answer::Nothing),
        ]
    };
    for (name, answer) in answers("marker-password") {
        let call = async |origin: String| api::unassign_by(origin, api::BY_LOGIN).await;
        witness.call(&format!("login, answered {name}"), &[answer], call).await;
    }
    for (name, answer) in answers("marker-service-secret") {
        let call = async |origin: String| api::unassign_by(origin, api::BY_SERVICE_ACCOUNT).await;
        witness.call(&format!("service token, answered {name}"), &[answer], call).await;
    }
    let login = async { api::unassign_by(nobody(), api::BY_LOGIN).await };
    witness.without_server("login where nobody listens", login).await;
    let good: Vec<Named> = vec![
        ("goodbye", goodbye()),
        ("a status that fails", json(200, r#"{"response": {"status": "FAILURE", "statusDescription": "not yours"}}"#)),
        ("a failing code", refused(200, "AVX_GW_003", "marker-session is over")),
    ];
    for (name, answer) in [good, odd_successes(GOODBYE), silences(), refusals(), foreign_refusals()].concat() {
        let call = async |origin: String| api::logout(api::client(&origin)).await;
        witness.call(&format!("logout, answered {name}"), &[answer], call).await;
    }
    witness.without_server("clients that cannot be built", async { api::refused_clients() }).await;
    witness.without_server("base URLs", async { api::base_urls() }).await;
    witness.finish();
}
