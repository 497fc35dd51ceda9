//! What is refused before the wire, every problem at once; and the scope in which permissions are checked.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clm::keyfactor::{
    CertificateLocation, CertificateStores, Client, ClientBuilder, Credentials, Error, RemoveCertificates, Schedule,
};
use clm::{Reason, RequestBuilder, ValidationError};
use jiff::Timestamp;
use jiff::civil::Weekday;
use serde_json::{Value, json};
use tracing_subscriber::util::SubscriberInitExt as _;
use uuid::Uuid;

use crate::support::RawServer;
use crate::support::capture;
use crate::support::keyfactor::{
    FIELD_VALUE, JOB, PASSWORD, USER, builder, client, location, removal, scope_parts, store,
};

const ORIGIN: &str = "http://127.0.0.1:9";

fn stores() -> CertificateStores {
    client(ORIGIN).certificate_stores()
}

fn found(error: &ValidationError) -> Vec<(&str, Reason)> {
    for problem in error.problems() {
        assert!(!problem.sentence().is_empty(), "{problem:?}");
        assert_eq!(problem.to_string(), format!("{}: {}", problem.field(), problem.sentence()));
        assert!(error.to_string().contains(&problem.to_string()), "{error}");
    }
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(FIELD_VALUE) && !shown.contains(PASSWORD), "{shown}");
    error.problems().iter().map(|it| (it.field(), it.reason().clone())).collect()
}

/// The only problem; `None` if the request is taken.
fn problem(builder: RequestBuilder<RemoveCertificates>) -> Option<(String, Reason)> {
    let error = builder.build().err()?;
    let found = found(&error);
    assert_eq!(found.len(), 1, "{found:?}");
    Some((found[0].0.to_owned(), found[0].1.clone()))
}

#[allow(clippy::unnecessary_wraps, reason = "a cell of the tables")]
fn is(field: &str, reason: Reason) -> Option<(String, Reason)> {
    Some((field.to_owned(), reason))
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

#[test]
fn every_rule_about_a_location() {
    let plain = || CertificateLocation::new(store(1), "A");
    let field = |name: &str| format!("certificate_stores[0].job_fields[{name:?}]");
    let location = |location| stores().remove_certificates([location], Schedule::Immediate);
    let alias = |alias: &str| location(CertificateLocation::new(store(1), alias));
    for (case, given, expected) in [
        (
            "nil store",
            location(CertificateLocation::new(Uuid::nil(), "A")),
            is("certificate_stores[0].certificate_store_id", Reason::Nil),
        ),
        ("empty alias", alias(""), is("certificate_stores[0].alias", Reason::Empty)),
        ("blank alias", alias(" \t\n"), is("certificate_stores[0].alias", Reason::Blank)),
        ("alias of a no-break space", alias("\u{a0}"), is("certificate_stores[0].alias", Reason::Blank)),
        ("alias of one letter", alias("x"), None),
        ("blank name", location(plain().job_field(" ", 1)), is(&field(" "), Reason::Blank)),
        ("empty name", location(plain().job_field("", 1)), is(&field(""), Reason::Blank)),
        ("null", location(plain().job_field("N", Value::Null)), is(&field("N"), Reason::NotScalar)),
        ("no text", location(plain().job_field("N", None::<String>)), is(&field("N"), Reason::NotScalar)),
        ("array", location(plain().job_field("N", json!([1]))), is(&field("N"), Reason::NotScalar)),
        ("object", location(plain().job_field("N", json!({}))), is(&field("N"), Reason::NotScalar)),
        ("NaN", location(plain().job_field("N", f64::NAN)), is(&field("N"), Reason::NotScalar)),
        ("infinity", location(plain().job_field("N", f64::NEG_INFINITY)), is(&field("N"), Reason::NotScalar)),
        ("empty text", location(plain().job_field("N", "")), None),
        ("set twice alike", location(plain().job_field("N", 1).job_field("N", 1)), None),
        ("set twice", location(plain().job_field("N", 1).job_field("N", 2)), is(&field("N"), Reason::Conflict)),
        (
            "set twice, another type",
            location(plain().job_field("N", 1).job_field("N", "1")),
            is(&field("N"), Reason::Conflict),
        ),
        ("names that differ in case", location(plain().job_field("N", 1).job_field("n", 2)), None),
    ] {
        assert_eq!(problem(given), expected, "{case}");
    }
}

#[test]
fn every_rule_about_the_list_of_locations() {
    let list = |limit: usize, locations: Vec<CertificateLocation>| {
        let keyfactor = builder(ORIGIN).max_locations_per_call(limit).build().unwrap();
        keyfactor.certificate_stores().remove_certificates(locations, Schedule::Immediate)
    };
    let different =
        |count: u128| (1..=count).map(|number| CertificateLocation::new(store(number), "A")).collect::<Vec<_>>();
    let alike = |count: usize| vec![CertificateLocation::new(store(1), "A"); count];
    let a = |field: Option<i32>| {
        let location = CertificateLocation::new(store(1), "A");
        field.map_or(location.clone(), |value| location.job_field("N", value))
    };
    let too_many = |limit, actual| is("certificate_stores", Reason::TooMany { limit, actual });
    let default = |locations| stores().remove_certificates(locations, Schedule::Immediate);
    for (case, given, expected) in [
        ("none", list(9, vec![]), is("certificate_stores", Reason::Empty)),
        ("one", list(1, different(1)), None),
        ("at the limit", list(3, different(3)), None),
        ("one more", list(3, different(4)), too_many(3, 4)),
        ("at the default limit", default(different(1_000)), None),
        ("one more than the default limit", default(different(1_001)), too_many(1_000, 1_001)),
        ("repeats do not count", list(1, alike(5)), None),
        ("other job fields are another entry of the alias", list(9, vec![a(Some(1)), a(Some(2)), a(Some(1))]), None),
        (
            "two thumbprints of two entries",
            list(
                9,
                vec![a(Some(1)).expecting_thumbprint("A".repeat(40)), a(Some(2)).expecting_thumbprint("B".repeat(40))],
            ),
            is("certificate_stores[1]", Reason::Conflict),
        ),
        ("job fields, and none", list(9, vec![a(None), a(Some(2))]), is("certificate_stores[1]", Reason::Conflict)),
        ("the same job fields", list(9, vec![a(Some(1)), a(Some(1))]), None),
    ] {
        assert_eq!(problem(given), expected, "{case}");
    }
}

#[test]
fn every_rule_about_the_schedule() {
    let time = at("2026-03-19T21:26:35Z");
    let early = at("0000-12-31T23:59:59.999999999Z");
    let interval = |minutes| Schedule::Interval { minutes };
    let monthly = |day| Schedule::Monthly { day, time };
    let weekly = |days: &[Weekday]| Schedule::Weekly { days: days.to_vec(), time };
    let out_of_range = |field| is(field, Reason::OutOfRange);
    for (schedule, expected) in [
        (Schedule::Immediate, None),
        (Schedule::ExactlyOnce { time }, None),
        (Schedule::ExactlyOnce { time: Timestamp::MAX }, None),
        (Schedule::ExactlyOnce { time: at("0001-01-01T00:00:00Z") }, None),
        (Schedule::ExactlyOnce { time: early }, out_of_range("schedule.time")),
        (Schedule::ExactlyOnce { time: Timestamp::MIN }, out_of_range("schedule.time")),
        (interval(0), out_of_range("schedule.minutes")),
        (interval(1), None),
        (interval(2_147_483_647), None),
        (interval(2_147_483_648), out_of_range("schedule.minutes")),
        (interval(u32::MAX), out_of_range("schedule.minutes")),
        (Schedule::Daily { time }, None),
        (Schedule::Daily { time: early }, out_of_range("schedule.time")),
        (weekly(&[]), is("schedule.days", Reason::Empty)),
        (weekly(&[Weekday::Sunday]), None),
        (weekly(&[Weekday::Friday, Weekday::Friday]), None),
        (Schedule::Weekly { days: vec![Weekday::Monday], time: early }, out_of_range("schedule.time")),
        (monthly(0), out_of_range("schedule.day")),
        (monthly(1), None),
        (monthly(28), None),
        (monthly(31), None),
        (monthly(32), out_of_range("schedule.day")),
        (monthly(u8::MAX), out_of_range("schedule.day")),
        (Schedule::Monthly { day: 1, time: early }, out_of_range("schedule.time")),
    ] {
        let removal = stores().remove_certificates([location()], schedule.clone());
        assert_eq!(problem(removal.clone().allow_recurring()), expected, "{schedule:?}");
        // Without consent, only the four recurring kinds have one problem more.
        let recurring = !matches!(schedule, Schedule::Immediate | Schedule::ExactlyOnce { .. });
        assert_eq!(schedule.is_recurring(), recurring, "{schedule:?}");
        let error = removal.build().err();
        let consent = error.as_ref().is_some_and(|error| found(error).contains(&("schedule", Reason::NeedsConsent)));
        assert_eq!(consent, recurring, "{schedule:?}");
        let count = error.map_or(0, |error| error.problems().len());
        assert_eq!(count, usize::from(recurring) + usize::from(expected.is_some()), "{schedule:?}");
    }
}

#[test]
fn every_rule_about_the_scope() {
    let removal = || removal(&client(ORIGIN));
    for id in [i32::MIN, -1, 0, 1, i32::MAX] {
        let expected = |field: &str| (id <= 0).then(|| (field.to_owned(), Reason::OutOfRange));
        assert_eq!(problem(removal().collection_id(id)), expected("collection_id"), "{id}");
        assert_eq!(problem(removal().container_id(id)), expected("container_id"), "{id}");
        // An id that is ignored is still no id. Two good ones are left to the test that listens for the warning: a
        // thread without a listener that comes first would switch it off for all.
        if id <= 0 {
            assert_eq!(problem(removal().collection_id(1).container_id(id)), expected("container_id"), "{id}");
        }
    }
    let error = removal().collection_id(0).build().unwrap_err();
    assert!(error.problems()[0].sentence().contains("omit it to set none"), "{error}");
    let conflict = is("container_id", Reason::Conflict);
    assert_eq!(problem(removal().collection_id(4).container_id(9).deny_ambiguous_scope()), conflict);
    assert_eq!(problem(removal().deny_ambiguous_scope().container_id(9).collection_id(4)), conflict);
    assert_eq!(problem(removal().deny_ambiguous_scope().container_id(9)), None);
    assert_eq!(problem(removal().deny_ambiguous_scope().collection_id(4)), None);
}

#[tokio::test]
async fn all_problems_are_listed_at_once_and_nothing_is_sent() {
    let server = RawServer::json(200, "[]").await;
    let keyfactor = builder(&server.origin).max_locations_per_call(2).build().unwrap();
    let locations = [
        CertificateLocation::new(Uuid::nil(), ""),
        CertificateLocation::new(store(1), " ")
            .job_field("N", Value::Null)
            .job_field("Secret", [FIELD_VALUE].as_slice()),
        CertificateLocation::new(store(2), "A"),
        CertificateLocation::new(store(2), "A")
            .job_field("EntryPassword", FIELD_VALUE)
            .job_field("EntryPassword", FIELD_VALUE),
    ];
    assert_eq!(locations[3].job_field_names().count(), 1, "set twice alike is set once");
    let error = keyfactor
        .certificate_stores()
        .remove_certificates(locations, Schedule::Monthly { day: 0, time: Timestamp::MIN })
        .collection_id(0)
        .container_id(-1)
        .deny_ambiguous_scope()
        .send()
        .await
        .unwrap_err();
    let Error::Validation(validation) = &error else { panic!("{error:?}") };
    let expected = [
        ("certificate_stores[0].certificate_store_id", Reason::Nil),
        ("certificate_stores[0].alias", Reason::Empty),
        ("certificate_stores[1].alias", Reason::Blank),
        ("certificate_stores[1].job_fields[\"N\"]", Reason::NotScalar),
        ("certificate_stores[1].job_fields[\"Secret\"]", Reason::NotScalar),
        ("certificate_stores[3]", Reason::Conflict),
        ("certificate_stores", Reason::TooMany { limit: 2, actual: 4 }),
        ("schedule.day", Reason::OutOfRange),
        ("schedule.time", Reason::OutOfRange),
        ("schedule", Reason::NeedsConsent),
        ("collection_id", Reason::OutOfRange),
        ("container_id", Reason::OutOfRange),
        ("container_id", Reason::Conflict),
    ];
    assert_eq!(found(validation), expected);
    assert_eq!(error.to_string(), validation.to_string());
    assert!(server.received().is_empty());
}

#[test]
fn every_rule_about_credentials() {
    let empty = "name and secret must not be empty";
    let control = "name and secret must not contain control characters (for example a line end from a file)";
    let colon = "the name must not contain a colon, which Basic authentication cannot transmit";
    let visible = "the token must contain only visible ASCII characters (no line end, for example)";
    let ok = None;
    for (case, credentials, expected) in [
        ("basic", Credentials::basic(USER, PASSWORD), ok),
        ("no name", Credentials::basic("", PASSWORD), Some(empty)),
        ("blank name", Credentials::basic(" ", PASSWORD), Some(empty)),
        ("no password", Credentials::basic(USER, ""), Some(empty)),
        ("colon in the name", Credentials::basic("a:b", PASSWORD), Some(colon)),
        ("colon in the password", Credentials::basic("a", format!("{PASSWORD}:x")), ok),
        ("letters off ASCII", Credentials::basic("jörg", format!("{PASSWORD}ß€😀")), ok),
        ("line end in the name", Credentials::basic("a\n", PASSWORD), Some(control)),
        ("line end in the password", Credentials::basic("a", format!("{PASSWORD}\r\n")), Some(control)),
        ("NUL", Credentials::basic("a", format!("{PASSWORD}\0")), Some(control)),
        ("bearer", Credentials::bearer(PASSWORD), ok),
        ("no token", Credentials::bearer(""), Some("the token must not be empty")),
        ("line end in the token", Credentials::bearer(format!("{PASSWORD}\n")), Some(visible)),
        ("space in the token", Credentials::bearer(format!("Bearer {PASSWORD}")), Some(visible)),
        ("letters off ASCII in the token", Credentials::bearer(format!("{PASSWORD}ß")), Some(visible)),
    ] {
        let built = Client::builder(ORIGIN).credentials(credentials.clone()).build();
        let shown = format!("{credentials:?} {built:?}");
        assert!(!shown.contains(PASSWORD), "{case}: {shown}");
        match (built, expected) {
            (Ok(_), None) => {}
            (Err(Error::Configuration(error)), Some(expected)) => {
                assert_eq!((error.setting(), error.problem()), ("credentials", expected), "{case}");
                assert!(!error.to_string().contains(PASSWORD), "{case}: {error}");
            }
            (built, _) => panic!("{case}: {built:?}"),
        }
    }
}

#[test]
fn every_rule_about_the_client() {
    let with: fn(&str) -> ClientBuilder = builder;
    let second = Duration::from_secs(1);
    for (builder, setting) in [
        (Client::builder(ORIGIN), "credentials"),
        (with("keyfactor.example.com"), "base_url"),
        (with("http://keyfactor.example.com"), "base_url"),
        (with("https://keyfactor.example.com/?a=b"), "base_url"),
        (with(&format!("https://svc:{PASSWORD}@keyfactor.example.com")), "base_url"),
        (with(ORIGIN).max_locations_per_call(0), "max_locations_per_call"),
        (with(ORIGIN).max_answer_bytes(0), "max_answer_bytes"),
        (with(ORIGIN).connect_timeout(Duration::ZERO), "connect_timeout"),
        (with(ORIGIN).read_timeout(Duration::ZERO), "read_timeout"),
        (with(ORIGIN).change_timeout(Duration::ZERO), "change_timeout"),
        (with(ORIGIN).connect_timeout(second).change_timeout(second), "connect_timeout"),
        (with(ORIGIN).connect_timeout(second).read_timeout(second), "connect_timeout"),
    ] {
        let shown = format!("{builder:?}");
        let error = builder.build().unwrap_err();
        assert!(!format!("{shown} {error} {error:?}").contains(PASSWORD), "{setting}: {shown} {error:?}");
        let Error::Configuration(configuration) = &error else { panic!("{setting}: {error:?}") };
        assert_eq!(configuration.setting(), setting);
        assert_eq!(error.to_string(), format!("cannot build the client: {setting}: {}", configuration.problem()));
    }
    with("http://keyfactor.example.com").allow_plain_http().build().unwrap();
    with("https://keyfactor.example.com").build().unwrap();
}

/// Collects what is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

#[tokio::test]
async fn the_scope_is_resolved_and_shown_wherever_it_matters() {
    capture::start(); // A callsite that another thread reaches first would be switched off without it.
    let log = Log::default();
    let writer = log.clone();
    let _guard = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish().set_default();

    let taken = RawServer::json(200, &format!(r#"["{JOB}"]"#)).await;
    let refused = RawServer::json(403, "").await;
    let failed = RawServer::json(500, "").await;
    for (collection, container, expected) in [
        (None, None, ("none", None, None)),
        (Some(4), None, ("collection", Some(4), None)),
        (None, Some(9), ("container", Some(9), None)),
        (Some(4), Some(9), ("collection", Some(4), Some(9))),
    ] {
        let build = |server: &RawServer| {
            let mut removal = removal(&client(&server.origin));
            if let Some(id) = collection {
                removal = removal.collection_id(id);
            }
            if let Some(id) = container {
                removal = removal.container_id(id);
            }
            removal
        };
        let case = format!("{collection:?} {container:?}");
        assert_eq!(scope_parts(build(&taken).build().unwrap().scope()), expected, "{case}: request");
        assert_eq!(scope_parts(build(&taken).send().await.unwrap().scope()), expected, "{case}: outcome");
        match build(&refused).send().await.unwrap_err() {
            Error::Api(error) => assert_eq!(scope_parts(*error.scope().unwrap()), expected, "{case}: refusal"),
            other => panic!("{case}: {other:?}"),
        }
        match build(&failed).send().await.unwrap_err() {
            Error::OutcomeUnknown(error) => {
                let request = error.request::<RemoveCertificates>().unwrap();
                assert_eq!(scope_parts(request.scope()), expected, "{case}");
            }
            other => panic!("{case}: {other:?}"),
        }

        // The container that is not sent is the only thing worth a warning: once for each of the four requests.
        let logged = log.take();
        let warned: Vec<&str> = logged.lines().filter(|line| line.contains("WARN")).collect();
        assert_eq!(warned.len(), if expected.2.is_some() { 4 } else { 0 }, "{case}: {logged}");
        for line in warned {
            for part in ["clm::", "collection_id=4", "container_id=9", "the container is not sent"] {
                assert!(line.contains(part), "{case}: {part} is not in {line}");
            }
        }
        assert!(!logged.contains(PASSWORD) && !logged.contains(FIELD_VALUE), "{case}: {logged}");
    }

    // Giving the request back and sending it again is no new decision.
    let request = removal(&client(&taken.origin)).collection_id(4).container_id(9).build().unwrap();
    log.take();
    let outcome = client(&taken.origin).execute(request).await.unwrap();
    assert_eq!(scope_parts(outcome.scope()), ("collection", Some(4), Some(9)));
    assert_eq!(log.take().matches("WARN").count(), 0);
}
