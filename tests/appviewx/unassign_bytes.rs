//! The unassignment as it stands on the wire: request line, every header, body.

use crate::support::appviewx::{FIRST, SAMPLE_IDS, SECOND, SESSION, THIRD, builder, client, success, unassign_sample};
use crate::support::{RawServer, Received};
use clm::RequestBuilder;
use clm::appviewx::{Client, CommentRule, Credentials, ResourceId, UnassignCertificates};
use serde_json::{Value, json};

const REQUEST_LINE: &str = "PUT /avxapi/certificate/group/unassign?gwsource=external HTTP/1.1";
const USER_AGENT: &str = concat!("clm/", env!("CARGO_PKG_VERSION"));

/// What arrives when one call is made of a client.
async fn received_from(client: impl FnOnce(&str) -> Client) -> Received {
    let server = RawServer::json(200, &success([FIRST])).await;
    client(&server.origin).certificate_groups().unassign([FIRST]).send().await.unwrap();
    server.only()
}

/// The exact headers of a call; `credentials` are those that prove who the client is.
fn headers(received: &Received, credentials: &[(&str, &str)]) -> Vec<(String, String)> {
    let length = received.body.len().to_string();
    let mut headers: Vec<(String, String)> = [
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("content-length", &length),
        ("content-type", "application/json"),
        ("user-agent", USER_AGENT),
    ]
    .iter()
    .chain(credentials)
    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
    .collect();
    headers.push(("host".to_owned(), received.header("host").unwrap().to_owned()));
    headers.sort();
    headers
}

#[tokio::test]
async fn the_sample_request_is_sent_exactly() {
    let server = RawServer::json(200, &success(SAMPLE_IDS.to_vec())).await;
    unassign_sample(&server.origin).await.unwrap();
    let received = server.only();
    assert_eq!(received.request_line, REQUEST_LINE);
    assert_eq!(received.sorted_headers(), headers(&received, &[("sessionid", SESSION)]));
    assert_eq!(received.header("host").map(|host| format!("http://{host}")), Some(server.origin.clone()));
    // The page's sample request, as it is printed there.
    let printed = r#"{
	"resourceIds": [
		"67bc2ca76a105e1a05691c1c",
		"67bc2ca76a105e1a05691c2c",
		"67bc2ca76a105e1a05691c3c"
	],
	"comment": "Sample Comment"
}"#;
    assert_eq!(received.json(), serde_json::from_str::<Value>(printed).unwrap());
}

#[tokio::test]
async fn password_headers_replace_the_session() {
    let received = received_from(|origin| {
        let credentials = Credentials::password_headers(r"EXAMPLE\svc clm", r#"p:a ss"w;~"#);
        Client::builder(origin).credentials(credentials).build().unwrap()
    })
    .await;
    let credentials = [("password", r#"p:a ss"w;~"#), ("username", r"EXAMPLE\svc clm")];
    assert_eq!(received.sorted_headers(), headers(&received, &credentials));
    assert_eq!(received.header("sessionid"), None);
    assert_eq!(received.request_line, REQUEST_LINE);
}

#[tokio::test]
async fn the_last_credentials_win_and_leave_nothing_of_the_others() {
    let received = received_from(|origin| {
        builder(origin).credentials(Credentials::password_headers("svc", "secret")).build().unwrap()
    })
    .await;
    assert_eq!(received.sorted_headers(), headers(&received, &[("password", "secret"), ("username", "svc")]));
}

#[tokio::test]
async fn every_builder_method_has_its_bytes() {
    type Builder = RequestBuilder<UnassignCertificates>;
    type Case = (&'static str, fn(Builder) -> Builder, Value);
    let ids = json!([FIRST, SECOND]);
    let cases: [Case; 8] = [
        ("ids alone", |it| it, json!({"resourceIds": ids})),
        (
            "a comment",
            |it| it.comment("Decommissioned with CHG 1234"),
            json!({"resourceIds": ids, "comment": "Decommissioned with CHG 1234"}),
        ),
        ("an owned comment", |it| it.comment(String::from("x")), json!({"resourceIds": ids, "comment": "x"})),
        (
            "the last comment counts",
            |it| it.comment("one").comment("two"),
            json!({"resourceIds": ids, "comment": "two"}),
        ),
        (
            "white space at the ends stays",
            |it| it.comment("  two  words "),
            json!({"resourceIds": ids, "comment": "  two  words "}),
        ),
        ("no ASCII", |it| it.comment("Ende für 𐌰 木"), json!({"resourceIds": ids, "comment": "Ende für 𐌰 木"})),
        (
            "what its rule allows",
            |it| it.comment("CHG-1: \"done\" \\ 100%").comment_rule(CommentRule::ServerDecides),
            json!({"resourceIds": ids, "comment": "CHG-1: \"done\" \\ 100%"}),
        ),
        ("a rule is no comment", |it| it.comment_rule(CommentRule::allowing("-")), json!({"resourceIds": ids})),
    ];
    for (name, set, expected) in cases {
        let server = RawServer::json(200, &success([FIRST, SECOND].to_vec())).await;
        let unassign = client(&server.origin).certificate_groups().unassign([FIRST, SECOND]);
        set(unassign).send().await.unwrap();
        assert_eq!(server.only().json(), expected, "{name}");
        assert_eq!(server.only().request_line, REQUEST_LINE, "{name}");
    }
}

#[tokio::test]
async fn executing_a_built_request_sends_the_same_bytes() {
    let direct = RawServer::json(200, &success([FIRST])).await;
    let later = RawServer::json(200, &success([FIRST])).await;
    let unassign = || client(&direct.origin).certificate_groups().unassign([FIRST]).comment("Sample Comment");
    unassign().send().await.unwrap();
    let request = unassign().build().unwrap();
    client(&later.origin).execute(request).await.unwrap();
    assert_eq!(later.only().request_line, direct.only().request_line);
    assert_eq!(later.only().body, direct.only().body);
}

#[tokio::test]
async fn gwsource_is_percent_encoded() {
    for (gwsource, query) in [
        ("external", "external"),
        ("WEB", "WEB"),
        ("a b&c", "a%20b%26c"),
        ("a+b=c#d?e/f%", "a%2Bb%3Dc%23d%3Fe%2Ff%25"),
        ("ü", "%C3%BC"),
    ] {
        let received = received_from(|origin| builder(origin).gwsource(gwsource).build().unwrap()).await;
        let line = format!("PUT /avxapi/certificate/group/unassign?gwsource={query} HTTP/1.1");
        assert_eq!(received.request_line, line, "{gwsource:?}");
    }
}

#[tokio::test]
async fn every_form_of_base_url_leads_to_avxapi_once() {
    for (suffix, path) in [
        ("", "/avxapi"),
        ("/", "/avxapi"),
        ("/avxapi", "/avxapi"),
        ("/avxapi/", "/avxapi"),
        ("/avxapi///", "/avxapi"),
        ("/tenant", "/tenant/avxapi"),
        ("/tenant/", "/tenant/avxapi"),
        ("/tenant/avxapi", "/tenant/avxapi"),
        ("/tenant/avxapi/", "/tenant/avxapi"),
        ("/myavxapi", "/myavxapi/avxapi"),
        ("/avxapi/tenant", "/avxapi/tenant/avxapi"),
        (" \n", "/avxapi"),
    ] {
        let received = received_from(|origin| client(&format!("{origin}{suffix}"))).await;
        let line = format!("PUT {path}/certificate/group/unassign?gwsource=external HTTP/1.1");
        assert_eq!(received.request_line, line, "{suffix:?}");
    }
}

#[tokio::test]
async fn repeats_are_sent_once_and_listed() {
    let server = RawServer::json(200, &success(SAMPLE_IDS.to_vec())).await;
    let groups = client(&server.origin).certificate_groups();
    let request = groups.unassign([SECOND, FIRST, SECOND, THIRD, SECOND, FIRST]).build().unwrap();
    assert_eq!(request.resource_ids(), [SECOND, FIRST, THIRD]);
    assert_eq!(request.repeated(), [SECOND, SECOND, FIRST]);
    assert_eq!(request.comment(), None);
    let outcome = client(&server.origin).execute(request).await.unwrap();
    assert_eq!(outcome.repeated(), [SECOND, SECOND, FIRST]);
    assert_eq!(outcome.successful_ids(), [SECOND, FIRST, THIRD]);
    assert_eq!(server.only().json(), json!({"resourceIds": [SECOND, FIRST, THIRD]}));
}

#[tokio::test]
async fn ids_that_differ_in_case_are_two() {
    let groups = client("http://127.0.0.1:9").certificate_groups();
    let request = groups.unassign(["abc", "ABC"]).build().unwrap();
    assert_eq!(request.resource_ids(), ["abc", "ABC"]);
    assert!(request.repeated().is_empty());
}

#[tokio::test]
async fn ids_come_in_whatever_the_caller_has() {
    let groups = client("http://127.0.0.1:9").certificate_groups();
    let texts = vec![FIRST.to_owned(), SECOND.to_owned()];
    let ids: Vec<ResourceId> = texts.iter().map(ResourceId::from).collect();
    for (name, unassign) in [
        ("&str", groups.unassign([FIRST, SECOND])),
        ("String", groups.unassign(texts.clone())),
        ("&String", groups.unassign(&texts)),
        ("ResourceId", groups.unassign(ids.clone())),
        ("&ResourceId", groups.unassign(&ids)),
        ("an iterator", groups.unassign(texts.iter().map(String::as_str))),
    ] {
        assert_eq!(unassign.build().unwrap().resource_ids(), ids, "{name}");
    }
}

#[tokio::test]
async fn an_id_is_opaque_and_sent_as_it_is() {
    // No more is known of an id than that the sample's are 24 hex digits.
    let strange = ["67BC2CA7", "a1:b2", "{x}", "ü木", "0", "<b>", "\"quoted\\\"", "🦀"];
    let server = RawServer::json(200, &success(strange.to_vec())).await;
    let outcome = client(&server.origin).certificate_groups().unassign(strange).send().await.unwrap();
    assert_eq!(server.only().json(), json!({"resourceIds": strange}));
    assert_eq!(outcome.successful_ids(), strange);
}
