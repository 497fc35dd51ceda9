//! What is refused before the wire: requests, credentials, settings.

use std::time::Duration;

use crate::support::RawServer;
use crate::support::appviewx::{FIRST, SECOND, THIRD, builder, chain, client, problems, success};
use clm::Reason;
use clm::appviewx::{Client, ClientBuilder, CommentRule, Credentials, Error, ErrorCode};

/// The characters and places of a problem.
fn offending(reason: &Reason) -> Vec<(char, usize)> {
    match reason {
        Reason::InvalidCharacters(found) => found.iter().map(|it| (it.character, it.position)).collect(),
        other => panic!("not InvalidCharacters: {other:?}"),
    }
}

#[tokio::test]
async fn an_id_that_holds_more_than_an_id_is_refused() {
    let server = RawServer::json(200, &success([FIRST])).await;
    let groups = client(&server.origin).certificate_groups();
    let cases: [(&str, &[(char, usize)]); 14] = [
        ("a,b", &[(',', 2)]),
        ("67bc2ca7,67bc2ca8,67bc2ca9", &[(',', 9), (',', 18)]),
        ("a, b", &[(',', 2), (' ', 3)]),
        (",", &[(',', 1)]),
        ("a b", &[(' ', 2)]),
        (" a", &[(' ', 1)]),
        ("a\n", &[('\n', 2)]),
        ("a\r\nb", &[('\r', 2), ('\n', 3)]),
        ("a\tb", &[('\t', 2)]),
        ("a\u{a0}b", &[('\u{a0}', 2)]),
        ("ü\u{3000}", &[('\u{3000}', 2)]),
        ("a\0", &[('\0', 2)]),
        ("\u{1b}[m", &[('\u{1b}', 1)]),
        ("a\u{7f}\u{85}", &[('\u{7f}', 2), ('\u{85}', 3)]),
    ];
    for (id, expected) in cases {
        let error = groups.unassign([FIRST, id]).send().await.unwrap_err();
        let found = problems(&error);
        assert_eq!(found.len(), 1, "{id:?}: {found:?}");
        assert_eq!(found[0].0, "resource_ids[1]", "{id:?}");
        assert_eq!(offending(&found[0].1), expected, "{id:?}");
        let said = error.to_string();
        assert!(said.contains("resource_ids[1]") && said.contains("separate"), "{id:?}: {said}");
        assert!(!said.chars().any(char::is_control), "{id:?}: {said:?}");
    }
    assert!(server.received().is_empty(), "{:#?}", server.received());
}

#[tokio::test]
async fn an_id_or_a_list_without_content_is_refused() {
    let server = RawServer::json(200, &success([FIRST])).await;
    let groups = client(&server.origin).certificate_groups();
    let cases: [(&[&str], &str, Reason); 6] = [
        (&[], "resource_ids", Reason::Empty),
        (&[""], "resource_ids[0]", Reason::Empty),
        (&[FIRST, ""], "resource_ids[1]", Reason::Empty),
        (&[" "], "resource_ids[0]", Reason::Blank),
        (&["\t\n"], "resource_ids[0]", Reason::Blank),
        (&[FIRST, SECOND, "\u{3000}"], "resource_ids[2]", Reason::Blank),
    ];
    for (ids, field, reason) in cases {
        let error = groups.unassign(ids.iter().copied()).send().await.unwrap_err();
        assert_eq!(problems(&error), [(field.to_owned(), reason)], "{ids:?}");
        assert_eq!((error.status(), error.attempts(), error.remediation()), (None, None, None), "{ids:?}");
        assert_eq!(chain(&error).len(), 1, "{ids:?}");
    }
    assert!(server.received().is_empty(), "{:#?}", server.received());
}

#[tokio::test]
async fn all_problems_come_at_once_in_the_order_of_the_fields() {
    let server = RawServer::json(200, &success([FIRST])).await;
    let groups = builder(&server.origin).max_ids_per_call(2).build().unwrap().certificate_groups();
    let comment = format!("{}<", "x".repeat(255));
    let error = groups.unassign(["", " ", "a,b", FIRST]).comment(comment).send().await.unwrap_err();
    let found = problems(&error);
    let fields: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["resource_ids[0]", "resource_ids[1]", "resource_ids[2]", "resource_ids", "comment", "comment"]);
    assert_eq!(found[0].1, Reason::Empty);
    assert_eq!(found[1].1, Reason::Blank);
    assert_eq!(offending(&found[2].1), [(',', 2)]);
    assert_eq!(found[3].1, Reason::TooMany { limit: 2, actual: 4 });
    assert_eq!(found[4].1, Reason::TooLong { limit: 255, actual: 256 });
    assert_eq!(offending(&found[5].1), [('<', 256)]);
    let said = error.to_string();
    for field in fields {
        assert!(said.contains(&format!("{field}: ")), "{said:?} lacks {field:?}");
    }
    assert!(server.received().is_empty(), "{:#?}", server.received());
}

#[tokio::test]
async fn one_call_carries_as_many_ids_as_the_client_says() {
    let server = RawServer::json(200, &success([FIRST])).await;
    let groups = builder(&server.origin).max_ids_per_call(2).build().unwrap().certificate_groups();
    let too_many = groups.unassign([FIRST, SECOND, THIRD]).send().await.unwrap_err();
    assert_eq!(problems(&too_many), [("resource_ids".to_owned(), Reason::TooMany { limit: 2, actual: 3 })]);
    assert!(too_many.to_string().contains("at most 2"), "{too_many}");
    assert!(server.received().is_empty());
    // Repeats are not sent, so they do not count.
    for ids in [vec![FIRST, SECOND], vec![FIRST, SECOND, FIRST, FIRST]] {
        assert_eq!(groups.unassign(ids).build().unwrap().resource_ids(), [FIRST, SECOND]);
    }
}

#[test]
fn a_thousand_ids_are_the_default_limit() {
    let groups = client("http://127.0.0.1:9").certificate_groups();
    let ids = |count: usize| (0..count).map(|number| number.to_string());
    assert_eq!(groups.unassign(ids(1_000)).build().unwrap().resource_ids().len(), 1_000);
    let refused = groups.unassign(ids(1_001)).build().unwrap_err();
    assert_eq!(refused.problems()[0].reason(), &Reason::TooMany { limit: 1_000, actual: 1_001 });
    assert_eq!(refused.problems().len(), 1);
}

/// A secret part that must show nowhere.
const MARKER: &str = "Marker9f31";

/// Setting and problem of the refusal to build a client.
fn configuration(name: &str, builder: ClientBuilder) -> (String, String) {
    let error = builder.build().map(|client| panic!("{name}: built {client:?}")).unwrap_err();
    let texts = [chain(&error).join("\n"), format!("{error:?}"), format!("{error:#?}")];
    for text in texts {
        assert!(!text.contains(MARKER), "{name}: a secret shows: {text}");
    }
    assert_eq!((error.status(), error.body(), error.attempts()), (None, None, None), "{name}");
    match error {
        Error::Configuration(refused) => (refused.setting().to_owned(), refused.problem().to_owned()),
        other => panic!("{name}: not Configuration: {other:?}"),
    }
}

#[test]
fn credentials_that_a_header_would_change_are_refused() {
    let origin = "http://127.0.0.1:9";
    let values: [(&str, String, &str); 9] = [
        ("empty", String::new(), "empty"),
        ("no ASCII", format!("{MARKER}ö"), "ASCII"),
        ("CR LF", format!("{MARKER}\r\nx-injected: 1"), "header"),
        ("line end", format!("{MARKER}\n"), "header"),
        ("NUL", format!("{MARKER}\0"), "header"),
        ("DEL", format!("{MARKER}\u{7f}"), "header"),
        ("tab", format!("{MARKER}\t{MARKER}"), "header"),
        ("leading space", format!(" {MARKER}"), ""),
        ("trailing space", format!("{MARKER} "), ""),
    ];
    for (name, value, said) in values {
        for (what, credentials) in [
            ("session id", Credentials::session_id(value.as_str())),
            ("password", Credentials::password_headers("svc", value.as_str())),
            ("user name", Credentials::password_headers(value.as_str(), "secret")),
        ] {
            let name = format!("{what}: {name}");
            let (setting, problem) = configuration(&name, Client::builder(origin).credentials(credentials));
            assert_eq!(setting, "credentials", "{name}");
            assert!(problem.contains(what), "{name}: {problem:?} does not say which");
            assert!(problem.contains(said), "{name}: {problem:?} lacks {said:?}");
        }
    }
    let inner = Client::builder(origin).credentials(Credentials::session_id("a b"));
    assert_eq!(configuration("a space inside a session id", inner).0, "credentials");
}

#[tokio::test]
async fn a_space_inside_a_password_arrives() {
    let server = RawServer::json(200, &success([FIRST])).await;
    let credentials = Credentials::password_headers("svc clm", "pass word");
    let client = Client::builder(&server.origin).credentials(credentials).build().unwrap();
    client.certificate_groups().unassign([FIRST]).send().await.unwrap();
    assert_eq!(server.only().header("username"), Some("svc clm"));
    assert_eq!(server.only().header("password"), Some("pass word"));
}

#[test]
fn each_setting_is_checked_and_named() {
    let ms = Duration::from_millis;
    let local = || builder("http://127.0.0.1:9");
    let cases: [(&str, ClientBuilder, &str, &str); 13] = [
        ("no credentials", Client::builder("http://127.0.0.1:9"), "credentials", "session_id"),
        ("gwsource empty", local().gwsource(""), "gwsource", "mandatory"),
        ("gwsource blank", local().gwsource(" \t"), "gwsource", "mandatory"),
        ("no ids allowed", local().max_ids_per_call(0), "max_ids_per_call", "zero"),
        ("no answer allowed", local().max_answer_bytes(0), "max_answer_bytes", "zero"),
        ("connect zero", local().connect_timeout(ms(0)), "connect_timeout", "zero"),
        ("read zero", local().read_timeout(ms(0)), "read_timeout", "zero"),
        ("change zero", local().change_timeout(ms(0)), "change_timeout", "zero"),
        ("connect equals read", local().connect_timeout(ms(60_000)), "connect_timeout", "shorter"),
        ("connect beyond read", local().read_timeout(ms(9_000)), "connect_timeout", "shorter"),
        ("connect equals change", local().change_timeout(ms(10_000)), "connect_timeout", "shorter"),
        ("plain http", builder("http://appviewx.example.com"), "base_url", "allow_plain_http"),
        ("plain http to an address", builder("http://192.0.2.1:31443"), "base_url", "allow_plain_http"),
    ];
    for (name, builder, setting, said) in cases {
        let (found, problem) = configuration(name, builder);
        assert_eq!(found, setting, "{name}: {problem}");
        assert!(problem.contains(said), "{name}: {problem:?} lacks {said:?}");
    }
}

#[test]
fn a_base_url_is_an_address_and_nothing_else() {
    let with = |tail: &str| format!("https://{tail}");
    for (name, url, said) in [
        ("empty", String::new(), "absolute"),
        ("no scheme", "appviewx.example.com".to_owned(), "has no scheme; write it as `https://…`"),
        ("host and port", "appviewx.example.com:31443".to_owned(), "has no scheme; write it as `https://…`"),
        ("a path", "/avxapi".to_owned(), "has no scheme; write it as `https://…`"),
        ("ftp", "ftp://appviewx.example.com".to_owned(), "scheme"),
        ("file", "file:///avxapi".to_owned(), "scheme"),
        ("no host", "https://".to_owned(), "absolute"),
        ("a port out of range", with("appviewx.example.com:99999"), "absolute"),
        ("user and password", with(&format!("svc:{MARKER}@appviewx.example.com")), "credentials"),
        ("password alone", with(&format!(":{MARKER}@appviewx.example.com")), "credentials"),
        ("user alone", with(&format!("{MARKER}@appviewx.example.com")), "credentials"),
        ("a password in an unparseable URL", with(&format!("svc:{MARKER}@appviewx.example.com:x")), "absolute"),
        ("query", with(&format!("appviewx.example.com/avxapi?key={MARKER}")), "query"),
        ("empty query", with("appviewx.example.com/avxapi?"), "query"),
        ("fragment", with(&format!("appviewx.example.com/avxapi#{MARKER}")), "a fragment"),
    ] {
        let (setting, problem) = configuration(name, builder(&url));
        assert_eq!(setting, "base_url", "{name}");
        assert!(problem.contains(said), "{name}: {problem:?} lacks {said:?}");
    }
}

#[test]
fn a_base_url_of_this_machine_or_with_https_or_consent_is_taken() {
    for url in [
        "https://appviewx.example.com:31443",
        "https://appviewx.example.com/tenant/avxapi/",
        "HTTPS://APPVIEWX.EXAMPLE.COM",
        "http://localhost:31443",
        "http://127.0.0.1",
        "http://127.8.9.10",
        "http://[::1]:31443",
    ] {
        assert!(builder(url).build().is_ok(), "{url}");
    }
    assert!(builder("http://appviewx.example.com").allow_plain_http().build().is_ok());
    assert_eq!(configuration("like localhost", builder("http://localhost.example.com")).0, "base_url");
}

#[tokio::test]
async fn the_rule_of_the_request_beats_the_rule_of_the_client() {
    let body = r#"{"message": "Invalid characters in the comments.", "appStatusCode": "CERT-GEN-0033"}"#;
    let server = RawServer::json(400, body).await;
    let strict = client(&server.origin).certificate_groups();
    let open = builder(&server.origin).comment_rule(CommentRule::ServerDecides).build().unwrap().certificate_groups();
    let refused = strict.unassign([FIRST]).comment("a-b").send().await.unwrap_err();
    assert_eq!(problems(&refused).len(), 1);
    let refused = open.unassign([FIRST]).comment("a-b").comment_rule(CommentRule::Documented).send().await.unwrap_err();
    assert_eq!(problems(&refused)[0].0, "comment");
    assert!(server.received().is_empty(), "{:#?}", server.received());
    let judged = open.unassign([FIRST]).comment("a-b").send().await.unwrap_err();
    assert_eq!(judged.code(), Some(&ErrorCode::CommentCharacters), "the server is the judge");
    assert_eq!(server.received().len(), 1);
}

// The first line of an id file that was saved on Windows.
#[tokio::test]
async fn an_id_with_an_invisible_character_is_refused() {
    let server = RawServer::json(200, &success([FIRST])).await;
    let client = Client::builder(&server.origin).credentials(Credentials::session_id("s")).build().unwrap();
    for hidden in ['\u{feff}', '\u{200b}', '\u{202e}'] {
        let refused = client.certificate_groups().unassign([format!("{hidden}{FIRST}")]).build().unwrap_err();
        let [problem] = refused.problems() else { panic!("{refused}") };
        assert_eq!(problem.field(), "resource_ids[0]");
        assert!(matches!(problem.reason(), Reason::InvalidCharacters(found) if found[0].character == hidden));
        assert!(!refused.to_string().contains(hidden), "it would be invisible in the message too");
    }
    assert!(server.received().is_empty());
}

#[test]
fn debug_of_a_builder_shows_no_query_of_its_url() {
    let builder = Client::builder(format!("https://appviewx.example.com?token={MARKER}"));
    assert!(!format!("{builder:?}").contains(MARKER));
}
