//! How a removal ends: taken, refused, or unknown, whatever the server does; and that it is sent once.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clm::keyfactor::{
    CertificateLocation, Error, ErrorCode, ErrorKind, JobId, OutcomeUnknown, RemoveCertificates, RemoveOutcome,
    Schedule,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::keyfactor::{
    CALL, FIELD_VALUE, JOB, Server, assert_discreet, builder, client, location, removal, store,
};
use crate::support::{ClosedPort, RawServer, read_request, reply};

const OTHER_JOB: &str = "d985c4a4-0000-4000-8000-00000000000f";

fn jobs(texts: &[&str]) -> Vec<JobId> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn unknown(case: &str, error: Error, origin: &str) -> Box<OutcomeUnknown> {
    assert_discreet(case, &error, origin);
    match error {
        Error::OutcomeUnknown(unknown) => {
            assert_eq!(unknown.attempts(), 1, "{case}");
            unknown
        }
        other => panic!("{case}: {other:?}"),
    }
}

/// The texts below an error.
fn causes(error: &Error) -> Vec<String> {
    std::iter::successors(error.source(), |error| (*error).source()).map(ToString::to_string).collect()
}

const NIL: &str = "00000000-0000-0000-0000-000000000000";

#[tokio::test]
async fn an_array_is_an_outcome_whatever_is_in_it() {
    let upper = format!(r#"["{}", "{}"]"#, JOB.to_uppercase(), OTHER_JOB);
    let both = format!(r#"["{JOB}","{OTHER_JOB}"]"#);
    let mixed = format!(r#"["{JOB}", "not a guid", 7, null, "", {{"JobId":"{JOB}"}}, "{OTHER_JOB}"]"#);
    // Case, status, answer, job ids, other entries, complete (two locations were asked for).
    for (case, status, body, job_ids, others, complete) in [
        ("as many as asked for", 200, both.clone(), jobs(&[JOB, OTHER_JOB]), json!([]), true),
        ("another 2xx", 202, both.clone(), jobs(&[JOB, OTHER_JOB]), json!([]), true),
        (
            "in the order of the answer",
            200,
            format!(r#"["{OTHER_JOB}","{JOB}"]"#),
            jobs(&[OTHER_JOB, JOB]),
            json!([]),
            true,
        ),
        ("upper case", 200, upper, jobs(&[JOB, OTHER_JOB]), json!([]), true),
        ("a byte order mark", 200, format!("\u{feff}{both}"), jobs(&[JOB, OTHER_JOB]), json!([]), true),
        ("white space", 200, format!(" \r\n{both}\n"), jobs(&[JOB, OTHER_JOB]), json!([]), true),
        ("too few", 200, format!(r#"["{JOB}"]"#), jobs(&[JOB]), json!([]), false),
        (
            "too many",
            200,
            format!(r#"["{JOB}","{OTHER_JOB}","{JOB}"]"#),
            jobs(&[JOB, OTHER_JOB, JOB]),
            json!([]),
            false,
        ),
        ("one job twice", 200, format!(r#"["{JOB}","{JOB}"]"#), jobs(&[JOB, JOB]), json!([]), false),
        ("none", 200, "[]".to_owned(), jobs(&[]), json!([]), false),
        ("the nil GUID", 200, format!(r#"["{NIL}","{JOB}"]"#), jobs(&[JOB]), json!([NIL]), false),
        (
            "entries of another kind",
            200,
            mixed,
            jobs(&[JOB, OTHER_JOB]),
            json!(["not a guid", 7, null, "", {"JobId": JOB}]),
            false,
        ),
    ] {
        let server = RawServer::json(status, &body).await;
        let locations = [1, 2].map(|number| CertificateLocation::new(store(number), "A"));
        let outcome = client(&server.origin)
            .certificate_stores()
            .remove_certificates(locations.clone(), Schedule::Immediate)
            .send()
            .await
            .unwrap();
        assert_eq!(outcome.job_ids(), job_ids, "{case}");
        assert_eq!(json!(outcome.unrecognized_entries()), others, "{case}");
        assert_eq!(outcome.is_complete(), complete, "{case}");
        assert_eq!(outcome.receipt().body(), body, "{case}");
        assert_eq!(outcome.locations(), locations, "{case}");
        assert_eq!((outcome.repeated().len(), outcome.receipt().attempts()), (0, 1), "{case}");
        server.only();

        let required = outcome.clone().require_complete().map_err(Error::from);
        if complete {
            assert_eq!(required.unwrap(), outcome, "{case}");
            continue;
        }
        let error = required.unwrap_err();
        assert_discreet(case, &error, &server.origin);
        let Error::Incomplete(incomplete) = error else { panic!("{case}: {error:?}") };
        let ids = if job_ids.len() == 1 { "job id" } else { "job ids" };
        let distinct = job_ids.iter().collect::<std::collections::HashSet<_>>().len();
        let unreadable = outcome.unrecognized_entries().len();
        let said =
            format!("but returned {} {ids} ({distinct} distinct) and {unreadable} unreadable entries", job_ids.len());
        assert!(incomplete.to_string().contains(&said), "{case}: {incomplete}");
        assert_eq!(incomplete.outcome(), Some(&outcome), "{case}");
        assert_eq!(incomplete.into_outcome::<RemoveOutcome>().unwrap(), outcome, "{case}");
    }
}

#[tokio::test]
async fn the_answers_headers_are_kept_if_they_are_text() {
    let correlation = "X-Keyfactor-Correlation-Id: 6f1c\r\n";
    let version = "X-KEYFACTOR-PRODUCT-VERSION: 25.4.1+abc\r\n";
    for (case, headers, expected) in [
        ("both", format!("{correlation}{version}"), (Some("6f1c"), Some("25.4.1+abc"))),
        ("one", version.to_owned(), (None, Some("25.4.1+abc"))),
        ("none", String::new(), (None, None)),
        ("no ASCII", format!("X-Keyfactor-Correlation-Id: ü\r\n{version}"), (None, Some("25.4.1+abc"))),
    ] {
        let server = RawServer::start(reply(200, &headers, &format!(r#"["{JOB}"]"#))).await;
        let outcome = removal(&client(&server.origin)).send().await.unwrap();
        assert_eq!((outcome.receipt().correlation_id(), outcome.receipt().product_version()), expected, "{case}");
    }
}

#[tokio::test]
async fn a_serialised_outcome_has_every_id_and_no_job_fields_value() {
    let headers = "X-Keyfactor-Correlation-Id: 6f1c\r\nX-Keyfactor-Product-Version: 25.5.1\r\n";
    let server = RawServer::start(reply(200, headers, &format!(r#"["{JOB}", 7]"#))).await;
    let outcome = client(&server.origin)
        .certificate_stores()
        .remove_certificates([location(), location()], Schedule::Immediate)
        .collection_id(4)
        .container_id(9)
        .send()
        .await
        .unwrap();
    let mut value = serde_json::to_value(&outcome).unwrap();
    let elapsed = value.as_object_mut().unwrap().remove("elapsed").unwrap();
    assert!(elapsed["secs"].is_u64() && elapsed["nanos"].is_u64(), "{elapsed}");
    let location = json!({
        "certificate_store_id": store(1), "alias": "web01.pfx", "job_field_names": ["EntryPassword"],
        "expected_thumbprint": null,
    });
    let expected = json!({
        "job_ids": [JOB],
        "unrecognized_entries": [7],
        "locations": [location],
        "repeated": [location],
        "scope": {"kind": "collection", "id": 4, "ignored_container": 9},
        "correlation_id": "6f1c",
        "product_version": "25.5.1",
        "attempts": 1,
    });
    assert_eq!(value, expected);
    let debug = format!("{outcome:?}");
    assert!(debug.contains(JOB) && !debug.contains(FIELD_VALUE), "{debug}");
    assert_eq!(server.only().json()["CertificateStores"][0]["JobFields"]["EntryPassword"], FIELD_VALUE);
}

#[tokio::test]
async fn a_2xx_of_another_shape_leaves_the_outcome_unknown() {
    let whole = format!(r#"["{JOB}"]"#);
    for (case, status, body) in [
        ("an object", 200, format!(r#"{{"JobIds":["{JOB}"]}}"#)),
        ("an error's object", 200, r#"{"ErrorCode":"0xA0140002","Message":"no"}"#.to_owned()),
        ("a string", 200, format!(r#""{JOB}""#)),
        ("a number", 200, "1".to_owned()),
        ("null", 200, "null".to_owned()),
        ("text", 200, "accepted".to_owned()),
        ("HTML", 200, "<html><title>Sign in</title></html>".to_owned()),
        ("empty", 200, String::new()),
        ("nothing at all", 204, String::new()),
        ("truncated", 200, format!(r#"["{JOB}"#)),
        ("a comma too many", 200, format!(r#"["{JOB}",]"#)),
        ("two values", 200, format!("{whole}{whole}")),
        ("created, and text", 201, "ok".to_owned()),
    ] {
        let headers = "content-type: application/json\r\nX-Keyfactor-Correlation-Id: 6f1c\r\n";
        let server = RawServer::start(reply(status, headers, &body)).await;
        let keyfactor = client(&server.origin);
        let request = removal(&keyfactor).build().unwrap();
        let error = removal(&keyfactor).send().await.unwrap_err();
        assert_eq!(error.status().map(|it| it.as_u16()), Some(status), "{case}");
        assert_eq!(error.body(), Some(body.as_str()), "{case}");
        assert_eq!((error.code(), error.message()), (None, None), "{case}: a 2xx says nothing about a failure");
        assert_eq!(error.correlation_id(), Some("6f1c"), "{case}");
        assert_eq!(causes(&error).len(), 1, "{case}");
        let advice = error.remediation().unwrap();
        assert!(
            ["/OrchestratorJobs/ScheduledJobs", "/OrchestratorJobs/JobHistory"].iter().all(|it| advice.contains(it))
        );
        let display = error.to_string();
        assert!(
            display.starts_with(&format!("{CALL}: the outcome is unknown: the server returned {status}")),
            "{display}"
        );
        assert!(body.is_empty() || !display.contains(&body), "{case}: {display}");

        let unknown = unknown(case, error, &server.origin);
        assert!(unknown.how_to_find_out().contains("before you send the request again"), "{case}");
        assert_eq!(unknown.headers().unwrap()["x-keyfactor-correlation-id"], "6f1c", "{case}");
        assert_eq!(unknown.request(), Some(&request), "{case}");
        let first = server.only();

        // What comes back can be sent again as it is, to another client too.
        let given_back = unknown.into_request::<RemoveCertificates>().unwrap();
        let second = RawServer::json(200, &whole).await;
        let outcome = client(&second.origin).execute(given_back).await.unwrap();
        assert_eq!(outcome.job_ids(), jobs(&[JOB]), "{case}");
        assert_eq!(second.only().body, first.body, "{case}");
        server.only();
    }
}

#[tokio::test]
async fn a_server_or_gateway_that_failed_leaves_the_outcome_unknown() {
    let vendor = r#"{"ErrorCode":"0xA0130000","Message":"Something\nbroke."}"#;
    let gone = "<html><head><title>Gone wrong</title></head></html>";
    for status in [408, 500, 501, 502, 503, 504, 599] {
        for (case, body, code, message) in [
            ("vendor's body", vendor, Some(ErrorCode::ObjectNotFound), Some("Something\nbroke.")),
            ("a gateway's page", gone, None, Some("Gone wrong")),
            ("empty", "", None, None),
        ] {
            let case = format!("{status}, {case}");
            let server = RawServer::json(status, body).await;
            let error = removal(&client(&server.origin)).send().await.unwrap_err();
            assert!(causes(&error).is_empty(), "{case}: a whole answer needs no cause");
            let is_server = error.kind() == Some(ErrorKind::Server);
            assert_eq!(is_server, status >= 500, "{case}: {:?}", error.kind());
            let display = error.to_string();
            assert!(display.starts_with(&format!("{CALL}: the outcome is unknown: the server returned {status}")));
            assert!(!display.contains('\n'), "{case}: {display}");
            let unknown = unknown(&case, error, &server.origin);
            assert_eq!(unknown.status().unwrap().as_u16(), status, "{case}");
            assert_eq!(
                (unknown.body(), unknown.code(), unknown.message()),
                (Some(body), code.as_ref(), message),
                "{case}"
            );
            let said = unknown.to_string();
            assert!(code.is_none_or(|code| said.contains(code.as_str())), "{case}: {said}");
            server.only();
        }
    }
}

#[tokio::test]
async fn a_refused_connection_proves_that_nothing_was_sent() {
    let port = ClosedPort::reserve();
    let origin = port.origin();
    let error = removal(&client(&origin)).send().await.unwrap_err();
    assert_discreet("refused", &error, &origin);
    assert!(causes(&error).iter().any(|cause| cause.contains("refused")), "{:?}", causes(&error));
    assert_eq!((error.status(), error.body(), error.code(), error.attempts()), (None, None, None, Some(1)));
    assert_eq!(error.to_string(), format!("{CALL}: could not connect (1 attempt)"));
    assert!(matches!(error, Error::Transport(_)), "{error:?}");
}

#[tokio::test]
async fn without_a_whole_head_the_outcome_is_unknown_and_has_no_status() {
    for (case, bytes) in [
        ("closed without a word", Vec::new()),
        ("half a status line", b"HTTP/1.1 20".to_vec()),
        ("half a head", b"HTTP/1.1 200 OK\r\ncontent-le".to_vec()),
        ("a head without its end", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n".to_vec()),
        ("another protocol", b"SSH-2.0-OpenSSH_9.7\r\n\r\n".to_vec()),
        ("two lengths that differ", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n[]".to_vec()),
        ("an endless head", [b"HTTP/1.1 200 OK\r\nx: ".to_vec(), b"x".repeat(1 << 20)].concat()),
    ] {
        let server = RawServer::start(bytes).await;
        let error = removal(&client(&server.origin)).send().await.unwrap_err();
        assert!(!causes(&error).is_empty(), "{case}");
        assert_eq!(
            error.to_string(),
            format!("{CALL}: the outcome is unknown: no response was received, and the request may have arrived"),
            "{case}"
        );
        let unknown = unknown(case, error, &server.origin);
        assert_eq!((unknown.status(), unknown.body(), unknown.headers()), (None, None, None), "{case}");
        server.only();
    }
}

/// An answer whose body breaks off: shorter than announced, and chunks that are cut or malformed.
fn broken_off(status: u16, body: &str) -> Vec<(&'static str, Vec<u8>)> {
    let chunk = format!("{:x}\r\n{body}\r\n", body.len());
    let chunked = format!("HTTP/1.1 {status} -\r\ntransfer-encoding: chunked\r\n\r\n");
    vec![
        ("shorter than announced", format!("HTTP/1.1 {status} -\r\ncontent-length: 999\r\n\r\n{body}").into_bytes()),
        ("no last chunk", format!("{chunked}{chunk}").into_bytes()),
        ("no chunk size", format!("{chunked}{chunk}zz\r\n").into_bytes()),
    ]
}

#[tokio::test]
async fn half_a_body_of_a_2xx_leaves_the_outcome_unknown_with_what_came() {
    // It looks whole, and must not be taken for whole.
    let body = format!(r#"["{JOB}"]"#);
    for (case, bytes) in broken_off(200, &body) {
        let server = RawServer::start(bytes).await;
        let error = removal(&client(&server.origin)).send().await.unwrap_err();
        assert!(!causes(&error).is_empty(), "{case}");
        let unknown = unknown(case, error, &server.origin);
        assert_eq!((unknown.status().unwrap().as_u16(), unknown.body()), (200, Some(body.as_str())), "{case}");
        assert_eq!((unknown.code(), unknown.message()), (None, None), "{case}");
        server.only();
    }
}

#[tokio::test]
async fn half_a_body_of_another_status_is_that_status() {
    let body = r#"{"ErrorCode":"0xA0140002","Message":"no"}"#;
    for (case, bytes) in broken_off(403, body) {
        let server = RawServer::start(bytes).await;
        let error = removal(&client(&server.origin)).send().await.unwrap_err();
        assert_discreet(case, &error, &server.origin);
        let Error::Api(api) = error else { panic!("{case}: {error:?}") };
        assert_eq!((api.status().as_u16(), api.body()), (403, body), "{case}");
        assert_eq!((api.code(), api.message()), (Some(&ErrorCode::PermissionDenied), Some("no")), "{case}");
        server.only();
    }
    for (case, bytes) in broken_off(502, "bad gatew") {
        let server = RawServer::start(bytes).await;
        let error = removal(&client(&server.origin)).send().await.unwrap_err();
        assert!(!causes(&error).is_empty(), "{case}");
        let unknown = unknown(case, error, &server.origin);
        assert_eq!((unknown.status().unwrap().as_u16(), unknown.body()), (502, Some("bad gatew")), "{case}");
        server.only();
    }
}

#[tokio::test]
async fn an_answer_at_the_limit_is_read_and_one_byte_more_is_not() {
    let body = format!(r#"["{JOB}"]"#);
    for (limit, whole) in [(body.len() + 1, true), (body.len(), true), (body.len() - 1, false), (1, false)] {
        let server = RawServer::json(200, &body).await;
        let keyfactor = builder(&server.origin).max_answer_bytes(limit).build().unwrap();
        match removal(&keyfactor).send().await {
            Ok(outcome) => assert!(whole && outcome.job_ids() == jobs(&[JOB]), "{limit}"),
            Err(error) => {
                assert!(!whole, "{limit}: {error:?}");
                let unknown = unknown("over the limit", error, &server.origin);
                assert_eq!(unknown.status().unwrap().as_u16(), 200, "{limit}");
                assert_eq!(unknown.body(), body.get(..limit), "{limit}");
            }
        }
        server.only();
    }
}

#[tokio::test]
async fn an_endless_answer_is_read_to_the_limit_and_no_further() {
    const LIMIT: usize = 1_000;
    // Far more than the sockets' buffers hold, so that a client which reads on is found out.
    const MOST: usize = 256 * 1024 * 1024;
    for status in [200, 400, 503] {
        let server = Server::start(move |mut stream| async move {
            read_request(&mut stream).await.unwrap();
            stream.write_all(format!("HTTP/1.1 {status} -\r\n\r\n").as_bytes()).await.unwrap();
            let block = b"x".repeat(64 * 1024);
            let mut written = 0;
            while written < MOST && stream.write_all(&block).await.is_ok() {
                written += block.len();
            }
            written
        })
        .await;
        let keyfactor = builder(&server.origin).max_answer_bytes(LIMIT).build().unwrap();
        let error = removal(&keyfactor).send().await.unwrap_err();
        let ends = server.ends().await;
        assert_eq!(ends.len(), 1, "{status}: not one request");
        assert!(ends[0] < MOST, "{status}: the client read on");
        assert_eq!(error.body().map(str::len), Some(LIMIT), "{status}");
        if status == 400 {
            assert_discreet("endless", &error, &server.origin);
            assert!(matches!(&error, Error::Api(api) if api.status().as_u16() == 400), "{error:?}");
        } else {
            assert_eq!(causes(&error), [format!("the response is larger than {LIMIT} bytes")], "{status}");
            assert_eq!(unknown("endless", error, &server.origin).status().unwrap().as_u16(), status);
        }
    }
}

#[tokio::test]
async fn a_server_that_never_answers_runs_into_the_changes_time_limit() {
    // Nothing, and a head whose body never comes.
    for (case, sent, status) in
        [("silence", "", None), ("a head", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[", Some(200))]
    {
        let server = Server::start(move |mut stream| async move {
            read_request(&mut stream).await.unwrap();
            stream.write_all(sent.as_bytes()).await.unwrap();
            // Ends when the client hangs up.
            stream.read(&mut [0]).await.unwrap_or(0)
        })
        .await;
        let keyfactor = builder(&server.origin)
            .connect_timeout(Duration::from_secs(1))
            .change_timeout(Duration::from_millis(1_500))
            .build()
            .unwrap();
        let error = removal(&keyfactor).send().await.unwrap_err();
        let causes = causes(&error);
        assert!(causes.iter().any(|cause| cause.contains("timed out")), "{case}: {causes:?}");
        let unknown = unknown(case, error, &server.origin);
        assert_eq!(unknown.status().map(|it| it.as_u16()), status, "{case}");
        assert_eq!(unknown.body(), status.map(|_| "["), "{case}");
        assert_eq!(server.ends().await, [0], "{case}: one connection, and not a byte more on it");
    }
}

#[tokio::test]
async fn a_kept_connection_that_closes_under_a_change_is_not_tried_again() {
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    let server = Server::start(move |mut stream| {
        let count = Arc::clone(&count);
        async move {
            while read_request(&mut stream).await.is_some() {
                if count.fetch_add(1, Ordering::SeqCst) > 0 {
                    break;
                }
                stream.write_all(&reply(200, "", &format!(r#"["{JOB}"]"#))).await.unwrap();
            }
        }
    })
    .await;
    let keyfactor = client(&server.origin);
    removal(&keyfactor).send().await.unwrap();
    let error = removal(&keyfactor).send().await.unwrap_err();
    assert_eq!(unknown("closed", error, &server.origin).status(), None);
    assert_eq!(requests.load(Ordering::SeqCst), 2, "the second removal was sent twice");
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    for status in [301, 302, 303, 307, 308] {
        let other = RawServer::json(200, &format!(r#"["{JOB}"]"#)).await;
        let absolute = format!("{}/KeyfactorAPI/CertificateStores/Certificates/Remove", other.origin);
        for target in [absolute.as_str(), "/elsewhere"] {
            let body = r#"{"Message":"moved"}"#;
            let server = RawServer::start(reply(status, &format!("location: {target}\r\n"), body)).await;
            let error = removal(&client(&server.origin)).send().await.unwrap_err();
            let case = format!("{status} to {target}");
            assert_discreet(&case, &error, &server.origin);
            assert_discreet(&case, &error, &other.origin);
            let Error::Api(api) = error else { panic!("{case}: {error:?}") };
            assert_eq!((api.status().as_u16(), api.body(), api.attempts()), (status, body, 1), "{case}");
            server.only();
        }
        assert_eq!(other.received().len(), 0, "{status}: the other server heard of it");
    }
}

// `send()` must be spawnable, and what it gives must be movable.
#[tokio::test]
async fn sends_can_be_spawned() {
    let server = RawServer::json(200, &format!(r#"["{JOB}"]"#)).await;
    let keyfactor = client(&server.origin);
    let send = tokio::spawn(removal(&keyfactor).send());
    let execute = keyfactor.execute(removal(&keyfactor).build().unwrap());
    let execute = tokio::spawn(execute);
    drop(keyfactor);
    for outcome in [send.await.unwrap().unwrap(), execute.await.unwrap().unwrap()] {
        assert_eq!(serde_json::to_value(outcome).unwrap()["job_ids"], Value::from(vec![JOB]));
    }
    assert_eq!(server.received().len(), 2);
}
