//! The transport from inside: the decision table, the engine, the credential, paths, and the checks of settings.

mod decide;
mod engine;
mod login;
mod path;
mod prepared;
mod sequences;
mod token;

use std::error::Error as _;
use std::net::TcpListener;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Method, StatusCode};

use super::address::PlainHttp;
use super::*;

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
        if given.starts_with("https") && cfg!(not(feature = "rustls")) {
            continue;
        }
        assert_eq!(base_url(given).unwrap().as_str(), expected, "{given}");
    }
}

#[test]
fn base_urls_that_are_refused() {
    let plain = "plain http would send credentials unencrypted";
    for (given, problem) in [
        ("", "must be an absolute URL"),
        ("keyfactor.example.com/KeyfactorAPI", "has no scheme; write it as `https://…`"),
        ("/KeyfactorAPI", "has no scheme; write it as `https://…`"),
        ("https://", "must be an absolute URL"),
        ("https://:8443/KeyfactorAPI", "must be an absolute URL"),
        ("https://example.com:99999", "must be an absolute URL"),
        ("http://keyfactor.example.com", plain),
        ("http://10.0.0.1", plain),
        ("http://0.0.0.0", plain),
        ("http://[2001:db8::1]", plain),
        ("http://localhost.example.com", plain),
        ("http://127.0.0.1.example.com", plain),
        ("ftp://example.com", "must have the scheme https"),
        ("file:///etc/passwd", "must have the scheme https"),
        ("data:text/plain,x", "must have the scheme https"),
        ("http://localhost/x?a=b", "must not contain a query"),
        ("http://localhost/x?", "must not contain a query"),
        ("http://localhost/x#top", "must not contain a fragment"),
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
    assert_eq!(allowed("ftp://keyfactor.example.com").unwrap_err().problem(), "must have the scheme https");
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
    let identity = Identity {
        headers: HeaderMap::new(),
        query: Vec::new(),
        credential: Credential::fixed(headers),
        principal: "svc-clm".to_owned(),
        correlation_header: None,
    };
    Transport::new(base_url(base).unwrap(), identity, options).unwrap()
}

fn call(effect: Effect) -> Call {
    Call {
        operation: "a.b",
        effect,
        connection: Connection::Own,
        method: Method::GET,
        path: Path::fixed("A/B"),
        query: vec![("QueryString".into(), r#"A -eq "1+1""#.to_owned())],
        headers: HeaderMap::new(),
        body: Bytes::new(),
        secrets: Vec::new(),
        retry_policy: None,
        audited: None,
    }
}

#[test]
fn a_name_never_has_the_query() {
    assert_eq!(call(Effect::Read).name().to_string(), "GET /A/B");
}

#[test]
fn a_query_is_encoded_without_a_plus() {
    for (given, expected) in
        [(" ", "%20"), ("+", "%2B"), ("a+b c", "a%2Bb%20c"), ("%20", "%2520"), ("ü", "%C3%BC"), ("\0\n", "%00%0A")]
    {
        assert_eq!(encoded_query(&[("a b".into(), given.to_owned())]), format!("a%20b={expected}"));
    }
    let pairs = [("QueryString".into(), r#"A -eq "1+1""#.to_owned()), ("x".into(), "&=#?".to_owned())];
    assert_eq!(encoded_query(&pairs), "QueryString=A%20-eq%20%221%2B1%22&x=%26%3D%23%3F");
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
        assert_eq!(RawBody::from(bytes.to_vec()).as_str(), text);
    }
}

#[test]
fn limits_that_cannot_be_are_refused() {
    let second = Duration::from_secs(1);
    let zero = "must be greater than zero";
    let shorter = "must be shorter than `read_timeout`, `read_budget` and `change_timeout`";
    let most = format!("must be at most {}", Semaphore::MAX_PERMITS);
    let default = Options::default;
    for (options, setting, problem) in [
        (Options { connect_timeout: Duration::ZERO, ..default() }, "connect_timeout", zero),
        (Options { read_timeout: Duration::ZERO, ..default() }, "read_timeout", zero),
        (Options { read_budget: Duration::ZERO, ..default() }, "read_budget", zero),
        (Options { change_timeout: Duration::ZERO, ..default() }, "change_timeout", zero),
        (Options { between_bytes_timeout: Duration::ZERO, ..default() }, "between_bytes_timeout", zero),
        (Options { connect_timeout: second, read_timeout: second, ..default() }, "connect_timeout", shorter),
        (Options { connect_timeout: second, read_budget: second, ..default() }, "connect_timeout", shorter),
        (Options { connect_timeout: second, change_timeout: second, ..default() }, "connect_timeout", shorter),
        (Options { connect_timeout: second * 999, ..default() }, "connect_timeout", shorter),
        (Options { max_answer_bytes: 0, ..default() }, "max_answer_bytes", zero),
        (Options { max_concurrent_tries: 0, ..default() }, "max_concurrent_tries", zero),
        (Options { max_concurrent_tries: usize::MAX, ..default() }, "max_concurrent_tries", &most),
    ] {
        let refused = options.check().unwrap_err();
        assert_eq!((refused.setting(), refused.problem()), (setting, problem), "{options:?}");
    }
    let just = second + Duration::from_nanos(1);
    let tight = Options { read_timeout: just, read_budget: just, change_timeout: just, ..default() };
    Options { connect_timeout: second, ..tight }.check().unwrap();
    Options { max_answer_bytes: 1, max_concurrent_tries: 1, ..default() }.check().unwrap();
    Options { max_answer_bytes: usize::MAX, max_concurrent_tries: Semaphore::MAX_PERMITS, ..default() }
        .check()
        .unwrap();
    Options { idle_timeout: Duration::ZERO, ..default() }.check().unwrap();
    default().check().unwrap();
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
    // Bound and not listening: nobody answers there, and nobody else can take the port meanwhile.
    let closed = tokio::net::TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = closed.local_addr().unwrap().port();
    let options = Options { retry_policy: RetryPolicy::none(), ..Options::default() };
    let transport = transport(&format!("http://127.0.0.1:{port}/hidden"), options);
    for effect in [Effect::Read, Effect::Change, Effect::RepeatableChange] {
        let failure = transport.execute(call(effect)).await.unwrap_err();
        assert_eq!((failure.trace.call.to_string().as_str(), failure.trace.attempts), ("GET /A/B", 1));
        let FailureKind::NotDone { what: "could not connect", cause, .. } = *failure.end else {
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
    let short = Duration::from_millis(1_500);
    // Taking the wrong limit would hang for a day.
    let day = Duration::from_secs(86_400);
    let options = || Options {
        connect_timeout: Duration::from_secs(1),
        retry_policy: RetryPolicy::none(),
        read_timeout: day,
        read_budget: day,
        change_timeout: day,
        ..Options::default()
    };

    for of_reads in [Options { read_timeout: short, ..options() }, Options { read_budget: short, ..options() }] {
        let failure = transport(&origin, of_reads).execute(call(Effect::Read)).await.unwrap_err();
        assert!(matches!(*failure.end, FailureKind::NotDone { what: "no response was received", .. }), "{failure:?}");
    }
    for effect in [Effect::Change, Effect::RepeatableChange] {
        let of_changes = Options { change_timeout: short, ..options() };
        let failure = transport(&origin, of_changes).execute(call(effect)).await.unwrap_err();
        assert!(matches!(*failure.end, FailureKind::Unknown { answer: None, cause: Some(_) }), "{failure:?}");
    }
}

#[test]
fn debug_shows_no_header() {
    let shown = format!("{:?}", transport("http://localhost", Options::default()));
    assert!(shown.contains("authorization") && shown.contains("svc-clm") && !shown.contains("hunter2"), "{shown}");
    let answer = Answer {
        status: StatusCode::OK,
        headers: HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("hunter2"))]),
        body: b"hunter2".to_vec().into(),
        secrets: Secrets::default(),
    };
    let shown = format!("{answer:?}");
    assert_eq!(shown, r#"Answer { status: 200, headers: ["authorization"], body: 7 bytes }"#);
}
