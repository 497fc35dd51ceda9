//! The decision table and the checks of settings, row by row.

use std::error::Error as _;
use std::net::TcpListener;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Method, StatusCode};

use super::error::End;
use super::options::PlainHttp;
use super::*;

/// One cell of the decision table.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Verdict {
    /// `Ok`.
    Taken,
    NotDone,
    Refused,
    Unreadable,
    /// Unknown, with an answer that came whole.
    Unknown,
    /// Unknown, with an answer and what became of the rest of it.
    UnknownCut,
    /// Unknown, without an answer.
    UnknownSilent,
}

use Verdict::{NotDone, Refused, Taken, Unknown, UnknownCut, UnknownSilent, Unreadable};

const CAUSE: &str = "the cause";
const BODY: &str = "what came";

fn head(status: u16, body: Body) -> Try {
    let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("kept"))]);
    Try::Head(Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: BODY.to_owned() }, body)
}

/// The verdict, once everything that has to survive was found in it.
fn verdict(case: &str, effect: Effect, tried: Try) -> Verdict {
    let kept = |answer: &Answer| {
        assert_eq!(answer.body, BODY, "{case}: the body is lost");
        assert_eq!(answer.header("authorization"), Some("kept"), "{case}: the headers are lost");
    };
    let (answer, because, verdict) = match decide(effect, tried) {
        Ok(answer) => (Some(answer), None, Taken),
        Err(end) => match *end {
            End::NotDone { what, cause: because } => {
                assert!(what.starts_with("no "), "{case}: {what}");
                (None, Some(because), NotDone)
            }
            End::Refused(answer) => (Some(answer), None, Refused),
            End::Unreadable { answer, cause: because } => (Some(answer), Some(because), Unreadable),
            End::Unknown { answer: Some(answer), cause: None } => (Some(answer), None, Unknown),
            End::Unknown { answer: Some(answer), cause: because } => (Some(answer), because, UnknownCut),
            End::Unknown { answer: None, cause: because } => {
                assert!(because.is_some(), "{case}: neither an answer nor a cause");
                (None, because, UnknownSilent)
            }
        },
    };
    answer.iter().for_each(kept);
    assert!(because.is_none_or(|because| because.to_string() == CAUSE), "{case}: another cause");
    verdict
}

#[test]
fn the_decision_table_without_a_head() {
    let cause = || Cause::new(CAUSE);
    for (case, tried, effect, expected) in [
        ("not connected, read", Try::NotConnected(cause()), Effect::Read, NotDone),
        ("not connected, change", Try::NotConnected(cause()), Effect::Change, NotDone),
        ("no head, read", Try::NoHead(cause()), Effect::Read, NotDone),
        ("no head, change", Try::NoHead(cause()), Effect::Change, UnknownSilent),
    ] {
        assert_eq!(verdict(case, effect, tried), expected, "{case}");
    }
}

#[test]
fn the_decision_table_with_a_head() {
    // Of a read, then of a change: body complete, cut, too large.
    let table = [
        (200, [Taken, NotDone, Unreadable], [Taken, UnknownCut, UnknownCut]),
        (201, [Taken, NotDone, Unreadable], [Taken, UnknownCut, UnknownCut]),
        (204, [Taken, NotDone, Unreadable], [Taken, UnknownCut, UnknownCut]),
        (301, [Refused, Refused, Refused], [Refused, Refused, Refused]),
        (302, [Refused, Refused, Refused], [Refused, Refused, Refused]),
        (303, [Refused, Refused, Refused], [Refused, Refused, Refused]),
        (304, [Refused, Refused, Refused], [Refused, Refused, Refused]),
        (307, [Refused, Refused, Refused], [Refused, Refused, Refused]),
        (308, [Refused, Refused, Refused], [Refused, Refused, Refused]),
        (400, [Refused, Refused, Refused], [Refused, Refused, Refused]),
        (401, [Refused, Refused, Refused], [Refused, Refused, Refused]),
        (403, [Refused, Refused, Refused], [Refused, Refused, Refused]),
        (404, [Refused, Refused, Refused], [Refused, Refused, Refused]),
        (408, [Refused, Refused, Refused], [Unknown, UnknownCut, UnknownCut]),
        (409, [Refused, Refused, Refused], [Refused, Refused, Refused]),
        (413, [Refused, Refused, Refused], [Refused, Refused, Refused]),
        (429, [Refused, Refused, Refused], [Refused, Refused, Refused]),
        (499, [Refused, Refused, Refused], [Refused, Refused, Refused]),
        (500, [Refused, Refused, Refused], [Unknown, UnknownCut, UnknownCut]),
        (501, [Refused, Refused, Refused], [Unknown, UnknownCut, UnknownCut]),
        (502, [Refused, Refused, Refused], [Unknown, UnknownCut, UnknownCut]),
        (503, [Refused, Refused, Refused], [Unknown, UnknownCut, UnknownCut]),
        (504, [Refused, Refused, Refused], [Unknown, UnknownCut, UnknownCut]),
        (599, [Refused, Refused, Refused], [Unknown, UnknownCut, UnknownCut]),
    ];
    for (status, read, change) in table {
        for (effect, expected) in [(Effect::Read, read), (Effect::Change, change)] {
            let bodies = [Body::Complete, Body::Cut(Cause::new(CAUSE)), Body::TooLarge(Cause::new(CAUSE))];
            for (body, expected) in bodies.into_iter().zip(expected) {
                let case = format!("{effect:?} answered {status}, {body:?}");
                assert_eq!(verdict(&case, effect, head(status, body)), expected, "{case}");
            }
        }
    }
}

fn base_url(text: &str) -> Result<Url, ConfigurationError> {
    ClientBuilder::new(text.to_owned(), ()).base_url()
}

#[test]
fn base_urls_that_are_taken() {
    for (given, expected) in [
        ("https://keyfactor.example.com/KeyfactorAPI", "https://keyfactor.example.com/KeyfactorAPI"),
        ("https://keyfactor.example.com/Keyfactor/API///", "https://keyfactor.example.com/Keyfactor/API"),
        ("https://keyfactor.example.com", "https://keyfactor.example.com/"),
        ("https://keyfactor.example.com//", "https://keyfactor.example.com/"),
        (" https://EXAMPLE.com:8443/a b/\n", "https://example.com:8443/a%20b"),
        ("http://127.0.0.1:1/x", "http://127.0.0.1:1/x"),
        ("http://127.9.9.9", "http://127.9.9.9/"),
        ("http://[::1]:8080", "http://[::1]:8080/"),
        ("http://localhost", "http://localhost/"),
        ("http://LocalHost:9", "http://localhost:9/"),
    ] {
        assert_eq!(base_url(given).unwrap().as_str(), expected, "{given}");
    }
}

#[test]
fn base_urls_that_are_refused() {
    let plain = "plain http would send credentials unencrypted";
    for (given, problem) in [
        ("", "not an absolute URL"),
        ("keyfactor.example.com/KeyfactorAPI", "not an absolute URL"),
        ("/KeyfactorAPI", "not an absolute URL"),
        ("https://", "not an absolute URL"),
        ("https://:8443/KeyfactorAPI", "not an absolute URL"),
        ("https://example.com:99999", "not an absolute URL"),
        ("http://keyfactor.example.com", plain),
        ("http://10.0.0.1", plain),
        ("http://0.0.0.0", plain),
        ("http://[2001:db8::1]", plain),
        ("http://localhost.example.com", plain),
        ("http://127.0.0.1.example.com", plain),
        ("ftp://example.com", "the scheme must be https"),
        ("file:///etc/passwd", "the scheme must be https"),
        ("data:text/plain,x", "the scheme must be https"),
        ("https://example.com/x?a=b", "a query or fragment"),
        ("https://example.com/x?", "a query or fragment"),
        ("https://example.com/x#top", "a query or fragment"),
    ] {
        let refused = base_url(given).unwrap_err();
        assert_eq!(refused.setting(), "base_url", "{given}");
        assert!(refused.problem().starts_with(problem), "{given}: {}", refused.problem());
    }
}

// What `format!("https://{host}/KeyfactorAPI")` gives for a host that was never set. The parser takes the path for
// the host, and credentials would go to whatever answers to that name.
#[test]
fn a_base_url_whose_host_is_missing_is_refused() {
    for given in ["https:///KeyfactorAPI", "http:///localhost/KeyfactorAPI", r"https:\\\KeyfactorAPI"] {
        let taken = base_url(given).map(|url| url.to_string());
        assert_eq!(taken.map_err(|refused| refused.setting().to_owned()), Err("base_url".to_owned()), "{given}");
    }
}

#[test]
fn plain_http_is_taken_on_demand_only_and_opens_no_other_scheme() {
    let allowed = |text: &str| ClientBuilder::new(text.to_owned(), ()).allow_plain_http().base_url();
    assert_eq!(allowed("http://keyfactor.example.com").unwrap().as_str(), "http://keyfactor.example.com/");
    assert_eq!(allowed("ftp://keyfactor.example.com").unwrap_err().problem(), "the scheme must be https");
    assert_eq!(Options::default().plain_http, PlainHttp::LoopbackOnly);
}

#[test]
fn a_password_in_the_url_is_refused_and_never_repeated() {
    for given in [
        "https://svc:hunter2@example.com/KeyfactorAPI",
        "https://hunter2@example.com",
        "https://:hunter2@example.com",
        "https://svc:hunter2@example.com:99999",
        "https://svc:hunter2@",
        "svc:hunter2@example.com",
        "https://svc:hunter2@exa mple.com",
    ] {
        let builder = ClientBuilder::new(given.to_owned(), ());
        let refused = builder.base_url().unwrap_err();
        let shown = format!("{refused} {refused:?} {:?} {builder:?}", refused.source().map(ToString::to_string));
        assert_eq!(refused.setting(), "base_url", "{given}");
        assert!(!shown.contains("hunter2"), "{given}: {shown}");
    }
}

fn transport(base: &str, options: Options) -> Transport {
    let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer hunter2"))]);
    Transport::new(base_url(base).unwrap(), headers, options).unwrap()
}

fn call(effect: Effect) -> Call {
    let query = vec![("QueryString", r#"A -eq "1+1""#.to_owned()), ("a b", "ü&=#?".to_owned())];
    Call { effect, method: Method::GET, path: "A/B", query, headers: HeaderMap::new(), body: Bytes::new() }
}

#[test]
fn a_url_is_base_path_call_path_and_encoded_query() {
    let query = "QueryString=A%20-eq%20%221%2B1%22&a%20b=%C3%BC%26%3D%23%3F";
    for (base, path) in
        [("https://example.com", "/A/B"), ("https://example.com/x", "/x/A/B"), ("https://example.com/x/y/", "/x/y/A/B")]
    {
        let url = transport(base, Options::default()).url(&call(Effect::Read));
        assert_eq!(url.as_str(), format!("https://example.com{path}?{query}"), "{base}");
        let bare = Call { query: Vec::new(), ..call(Effect::Read) };
        assert_eq!(transport(base, Options::default()).url(&bare).query(), None, "{base}");
    }
    assert_eq!(call(Effect::Read).name(), "GET /A/B", "a name never has the query");
}

#[test]
fn a_query_is_encoded_without_a_plus() {
    for (given, expected) in
        [(" ", "%20"), ("+", "%2B"), ("a+b c", "a%2Bb%20c"), ("%20", "%2520"), ("ü", "%C3%BC"), ("\0\n", "%00%0A")]
    {
        assert_eq!(encoded(given), expected);
    }
}

#[test]
fn a_body_becomes_text_whatever_its_bytes() {
    for (bytes, text) in [
        (&b"plain"[..], "plain"),
        ("ü€😀".as_bytes(), "ü€😀"),
        (b"", ""),
        (b"a\xffb", "a\u{fffd}b"),
        (b"cut \xe2\x82", "cut \u{fffd}"),
    ] {
        assert_eq!(into_text(bytes.to_vec()), text);
    }
}

#[test]
fn limits_that_cannot_be_are_refused() {
    let second = Duration::from_secs(1);
    let longer = "must be longer than zero";
    let shorter = "must be shorter than `read_timeout` and `change_timeout`";
    let default = Options::default;
    for (options, setting, problem) in [
        (Options { connect_timeout: Duration::ZERO, ..default() }, "connect_timeout", longer),
        (Options { read_timeout: Duration::ZERO, ..default() }, "read_timeout", longer),
        (Options { change_timeout: Duration::ZERO, ..default() }, "change_timeout", longer),
        (Options { connect_timeout: second, read_timeout: second, ..default() }, "connect_timeout", shorter),
        (Options { connect_timeout: second, change_timeout: second, ..default() }, "connect_timeout", shorter),
        (Options { connect_timeout: second * 999, ..default() }, "connect_timeout", shorter),
        (Options { max_answer_bytes: 0, ..default() }, "max_answer_bytes", "must be more than zero"),
    ] {
        let refused = check(&options).unwrap_err();
        assert_eq!((refused.setting(), refused.problem()), (setting, problem), "{options:?}");
    }
    let just = second + Duration::from_nanos(1);
    check(&Options { connect_timeout: second, read_timeout: just, change_timeout: just, ..default() }).unwrap();
    check(&Options { max_answer_bytes: 1, ..default() }).unwrap();
    check(&Options { idle_timeout: Duration::ZERO, ..default() }).unwrap();
    check(&default()).unwrap();
}

fn texts(cause: &Cause) -> Vec<String> {
    std::iter::successors(Some(cause as &dyn std::error::Error), |error: &&dyn std::error::Error| (*error).source())
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_cause_of_json_names_the_place_and_quotes_nothing() {
    let error = serde_json::from_str::<Vec<u8>>("\n[\"hunter2\"]").unwrap_err();
    let cause = Cause::json(&error);
    assert_eq!(texts(&cause), ["not the expected JSON at line 2, column 10"]);
    assert!(cause.source().is_none());
}

#[tokio::test]
async fn a_cause_keeps_every_text_below_and_no_url() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let transport = transport(&format!("http://127.0.0.1:{port}/hidden"), Options::default());
    for effect in [Effect::Read, Effect::Change] {
        let failure = transport.execute(call(effect)).await.unwrap_err();
        assert_eq!((failure.trace.call.as_str(), failure.trace.attempts), ("GET /A/B", 1));
        let End::NotDone { what: "no connection came about", cause } = *failure.end else {
            panic!("{effect:?}: {failure:?}")
        };
        let texts = texts(&cause);
        assert!(texts.len() > 1, "the texts below are lost: {texts:?}");
        assert!(texts.iter().any(|text| text.contains("refused")), "{texts:?}");
        let all = format!("{texts:?} {cause:?}");
        for hidden in [port.to_string().as_str(), "127.0.0.1", "hidden", "QueryString", "reqwest", "hunter2"] {
            assert!(!all.contains(hidden), "{hidden} in {all}");
        }
    }
}

#[tokio::test]
async fn each_effect_has_its_own_time_limit() {
    // The kernel takes the connection, and nobody ever answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (short, day) = (Duration::from_millis(300), Duration::from_secs(86_400));
    for (effect, read_timeout, change_timeout) in [(Effect::Read, short, day), (Effect::Change, day, short)] {
        let connect_timeout = Duration::from_millis(200);
        let options = Options { connect_timeout, read_timeout, change_timeout, ..Options::default() };
        let transport = transport(&origin, options);
        // The outer limit only ends a test that waits for the wrong one.
        let failure = tokio::time::timeout(Duration::from_secs(30), transport.execute(call(effect))).await;
        let end = failure.expect("the other effect's limit was taken").unwrap_err().end;
        match effect {
            Effect::Read => assert!(matches!(*end, End::NotDone { what: "no answer came", .. }), "{end:?}"),
            Effect::Change => assert!(matches!(*end, End::Unknown { answer: None, cause: Some(_) }), "{end:?}"),
        }
    }
}

#[test]
fn debug_shows_the_names_of_headers_only() {
    let shown = format!("{:?}", transport("https://example.com", Options::default()));
    assert!(shown.contains("authorization") && !shown.contains("hunter2"), "{shown}");
    let answer = Answer {
        status: StatusCode::OK,
        headers: HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("hunter2"))]),
        body: "hunter2".to_owned(),
    };
    let shown = format!("{answer:?}");
    assert_eq!(shown, r#"Answer { status: 200, headers: ["authorization"], body: 7 bytes }"#);
}
