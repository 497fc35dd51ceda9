//! No encoding is asked for. An answer that is encoded all the same cannot be read: nothing of it is taken for a refusal or a
//! success, its bytes are kept, and the error names the encoding.

use clm::keyfactor::{CertificateLocation, Client, Credentials, Error, RemoveOutcome, Schedule};
use clm::{RetryPolicy, appviewx};
use uuid::Uuid;

use crate::support::operations::{Effect, Operation, Site};
use crate::support::{RawServer, texts};

/// `["10b00000-0000-4000-8000-000000000001"]`, compressed by gzip.
const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x8b\x56\x32\x34\x48\x32\x00\x01\x5d\x30\x61\x02\x22\x2c\x60\x5c\x28\x30\x54\x8a\x05\x00\x4a\x62\x11\xfa\x28\x00\x00\x00";

/// Heads that name an encoding of the body, and what an error says of it.
const ENCODED: [(&str, &str); 7] = [
    ("content-encoding: gzip\r\n", "gzip"),
    ("Content-Encoding: GZip\r\n", "GZip"),
    ("content-encoding: br\r\n", "br"),
    ("content-encoding: identity, zstd\r\n", "zstd"),
    ("content-encoding: deflate\r\ncontent-encoding: gzip\r\n", "deflate, gzip"),
    ("content-encoding: x-compress\r\n", "x-compress"),
    ("content-encoding: \u{fffd}\r\n", "\u{fffd}"),
];

fn reply(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn client(origin: &str) -> Client {
    let credentials = Credentials::bearer("a-token");
    Client::builder(origin).credentials(credentials).retry_policy(RetryPolicy::none()).build().unwrap()
}

async fn remove(answer: impl Into<Vec<u8>>) -> Result<RemoveOutcome, Error> {
    let server = RawServer::start(answer).await;
    let location = CertificateLocation::new(Uuid::from_u128(0x5707), "web01.pfx");
    let ended =
        client(&server.origin).certificate_stores().remove_certificates([location], Schedule::Immediate).send().await;
    server.only();
    ended
}

async fn unassign(answer: impl Into<Vec<u8>>) -> appviewx::Error {
    let server = RawServer::start(answer).await;
    let credentials = appviewx::Credentials::session_id("a-session");
    let client = appviewx::Client::builder(&server.origin).credentials(credentials).build().unwrap();
    let error = client.certificate_groups().unassign(["67bc2ca76a105e1a05691c1c"]).send().await.unwrap_err();
    server.only();
    error
}

#[tokio::test]
async fn every_operation_asks_for_no_encoding_and_takes_none() {
    for operation in Operation::ALL {
        let row = operation.row();
        let server = RawServer::start(reply(200, "content-encoding: gzip\r\n", GZIP)).await;
        let ended = (row.send)(&Site::new(&server.origin)).await;
        let shown = ended.shown.join("\n");
        match row.effect {
            Effect::Read => assert_eq!(format!("{:?}", ended.end), "Decode", "{operation:?}"),
            Effect::Change => assert_eq!(format!("{:?}", ended.end), "Unknown(Some(200))", "{operation:?}"),
        }
        assert!(shown.contains(r#"encoded as "gzip""#), "{operation:?}: {shown}");
        assert_eq!(server.only().header("accept-encoding"), Some("identity"), "{operation:?}");
    }
}

#[tokio::test]
async fn an_encoded_success_of_a_change_leaves_it_open_with_its_bytes() {
    for (headers, encoding) in ENCODED {
        let Err(error) = remove(reply(200, headers, GZIP)).await else { panic!("{encoding}") };
        assert!(matches!(error, Error::OutcomeUnknown(_)), "{encoding}: {error:?}");
        assert_eq!((error.status().unwrap().as_u16(), error.body_bytes()), (200, Some(GZIP)), "{encoding}");
        let named = format!("the response is encoded as {encoding:?}, which was not requested");
        assert!(texts(&error).contains(&named), "{encoding}: {}", texts(&error));

        let error = unassign(reply(200, headers, GZIP)).await;
        let appviewx::Error::OutcomeUnknown(unknown) = error else { panic!("{encoding}: {error:?}") };
        assert_eq!(unknown.body_bytes(), Some(GZIP), "{encoding}");
        assert!(texts(&*unknown).contains(&named), "{encoding}: {}", texts(&*unknown));
    }
}

#[tokio::test]
async fn an_encoded_answer_to_a_read_is_a_decode_error_with_its_bytes() {
    for (headers, encoding) in ENCODED {
        let server = RawServer::start(reply(200, headers, GZIP)).await;
        let error = client(&server.origin).certificates().get(7).send().await.unwrap_err();
        let Error::Decode(decode) = &error else { panic!("{encoding}: {error:?}") };
        assert_eq!((decode.body_bytes(), error.body_bytes()), (GZIP, Some(GZIP)), "{encoding}");
        let named = format!("the response is encoded as {encoding:?}, which was not requested");
        assert!(texts(&error).contains(&named), "{encoding}: {}", texts(&error));
        server.only();
    }
}

/// Nothing that only looks like text is read out of it.
#[tokio::test]
async fn an_encoded_refusal_is_its_status_with_its_bytes() {
    for (headers, encoding) in ENCODED {
        for body in [GZIP, br#"{"ErrorCode": "0xA0140002", "Message": "not what it seems"}"#] {
            let Err(error) = remove(reply(403, headers, body)).await else { panic!("{encoding}") };
            let Error::Api(refusal) = &error else { panic!("{encoding}: {error:?}") };
            assert_eq!((refusal.status().as_u16(), refusal.body_bytes()), (403, body), "{encoding}");
            assert_eq!((refusal.code(), refusal.message()), (None, None), "{encoding}");
            assert!(error.to_string().ends_with(&format!(" encoded as {encoding:?}")), "{error}");

            let Err(error) = remove(reply(503, headers, body)).await else { panic!("{encoding}") };
            let Error::OutcomeUnknown(unknown) = &error else { panic!("{encoding}: {error:?}") };
            assert_eq!((unknown.body_bytes(), unknown.message()), (Some(body), None), "{encoding}");
            assert!(texts(&error).contains(&format!("encoded as {encoding:?}")), "{}", texts(&error));

            let error = unassign(reply(417, headers, body)).await;
            let appviewx::Error::Api(refusal) = &error else { panic!("{encoding}: {error:?}") };
            assert_eq!((refusal.body_bytes(), refusal.message()), (body, None), "{encoding}");
        }
    }
}

/// An encoding of the transfer is one as well.
#[tokio::test]
async fn a_transfer_that_is_encoded_is_not_read_either() {
    let mut answer =
        format!("HTTP/1.1 200 -\r\ntransfer-encoding: gzip, chunked\r\n\r\n{:x}\r\n", GZIP.len()).into_bytes();
    answer.extend([GZIP, b"\r\n0\r\n\r\n"].concat());
    let Err(error) = remove(answer).await else { panic!("it was read") };
    assert!(matches!(error, Error::OutcomeUnknown(_)), "{error:?}");
    assert_eq!(error.body_bytes(), Some(GZIP));
    assert!(texts(&error).contains(r#"encoded as "gzip""#), "{}", texts(&error));
}

#[tokio::test]
async fn what_is_called_identity_and_what_is_empty_is_taken() {
    let body = br#"["10b00000-0000-4000-8000-000000000001"]"#;
    for headers in ["content-encoding: identity\r\n", "content-encoding: Identity , ,\r\n", "content-encoding:\r\n"] {
        let outcome = remove(reply(200, headers, body)).await.unwrap();
        assert_eq!(outcome.job_ids().len(), 1, "{headers}");
        assert_eq!(outcome.receipt().body_bytes(), body, "{headers}");
    }
    let server = RawServer::start("HTTP/1.1 204 -\r\ncontent-encoding: gzip\r\n\r\n").await;
    let jobs = client(&server.origin).orchestrator_jobs();
    jobs.unschedule([Uuid::from_u128(0x10b)]).send().await.unwrap();
}

/// The name is a server's text: it stays on one line, and an echoed secret is not shown.
#[tokio::test]
async fn the_name_of_an_encoding_is_shown_as_any_text_of_a_server() {
    let long = format!("content-encoding: {}\r\n", "x".repeat(10_000));
    let Err(error) = remove(reply(200, &long, GZIP)).await else { panic!("it was read") };
    assert!(texts(&error).len() < 1_000, "{}", texts(&error).len());
    let Err(error) = remove(reply(200, "content-encoding: gzip-a-token\r\n", GZIP)).await else {
        panic!("it was read")
    };
    assert!(texts(&error).contains("gzip-[redacted]") && !texts(&error).contains("a-token"), "{}", texts(&error));
}

/// What is no UTF-8 reaches the caller as it came.
#[tokio::test]
async fn bytes_that_are_no_text_are_kept() {
    let body = b"[\"caf\xe9\", \"10b00000-0000-4000-8000-000000000001\"]";
    let outcome = remove(reply(200, "", body)).await.unwrap();
    assert_eq!(outcome.receipt().body_bytes(), body);
    assert_eq!(outcome.receipt().body(), "[\"caf\u{fffd}\", \"10b00000-0000-4000-8000-000000000001\"]");
    assert_eq!(outcome.job_ids().len(), 1);

    let Err(error) = remove(reply(400, "", b"caf\xe9")).await else { panic!("it was taken") };
    let Error::Api(refusal) = &error else { panic!("{error:?}") };
    assert_eq!((refusal.body_bytes(), refusal.body()), (b"caf\xe9".as_slice(), "caf\u{fffd}"));
    assert_eq!(refusal.message(), Some("caf\u{fffd}"));
}
