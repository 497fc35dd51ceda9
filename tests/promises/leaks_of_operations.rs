//! No secret of any operation shows: every operation with a session id or a password, and with all that its body can carry.

use crate::leaks::{ENTRY, FIELD, PASSWORD, PFX, SESSION, Shown};
use crate::support::capture;
use crate::support::operations::{Operation, Row, Secrets, Site, USER, Vendor};
use crate::support::scripted::{Answer, Scripted, nobody};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const SECRETS: Secrets =
    Secrets { password: PASSWORD, session: SESSION, job_field: FIELD, entry_password: ENTRY, pfx_password: PFX };

/// Everything that can be shown of a call and its end.
async fn show_operation(shown: &mut Shown, row: &Row, origin: &str) {
    let site = Site { secrets: SECRETS, ..Site::new(origin) };
    shown.0.extend((row.send)(&site).await.shown);
}

/// Each request had its credential and its secrets, and none of them in its URL.
fn assert_operation_travelled(server: &Scripted, row: &Row, case: &str) {
    let received = server.received();
    assert!(!received.is_empty(), "{case}: nothing was sent");
    for request in received {
        let (header, credential) = match row.vendor {
            Vendor::Keyfactor => ("authorization", format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")))),
            Vendor::AppViewX => ("sessionid", SESSION.to_owned()),
        };
        assert_eq!(request.header(header), Some(&*credential), "{case}");
        let body = String::from_utf8_lossy(&request.body);
        for secret in (row.in_body)(&SECRETS) {
            assert!(body.contains(secret), "{case}: {secret} was not sent");
        }
        assert!(!request.request_line.contains("Zq7Marker"), "{case}: a secret in a URL: {}", request.request_line);
    }
}

#[tokio::test]
async fn no_secret_of_any_operation_shows_whatever_the_server_does() {
    let html = "<html><head><title>502 Bad Gateway</title></head></html>";
    for (operation, row) in Operation::all() {
        for answers in [
            vec![row.success()],
            vec![Answer::with(429, "retry-after: 0\r\n", ""), row.success()],
            vec![Answer::json(200, "7")],
            vec![Answer::json(200, "")],
            vec![Answer::json(401, "")],
            vec![Answer::json(403, r#"{"Message": "no", "ErrorCode": "0xA0140002"}"#)],
            vec![Answer::json(403, r#"{"message": "no", "appStatusCode": "AVX_GW_005"}"#)],
            vec![Answer::json(500, r#"{"Message": "oh"}"#)],
            vec![Answer::with(502, "content-type: text/html\r\n", html)],
            vec![Answer::cut(200, "[")],
            vec![Answer::cut(403, "{")],
            vec![Answer::Nothing],
            vec![Answer::Bytes(b"220 smtp.example.com ESMTP\r\n".to_vec())],
        ] {
            let case = format!("{operation:?}: {answers:?}");
            let server = Scripted::start(answers).await;
            let mut shown = Shown::default();
            capture::start();
            show_operation(&mut shown, &row, &server.origin).await;
            shown.0.push(format!("{:?}", capture::events()));
            assert_operation_travelled(&server, &row, &case);
            shown.assert_clean_of(&case, "");
        }
        let mut shown = Shown::default();
        show_operation(&mut shown, &row, &nobody()).await;
        shown.assert_clean_of(&format!("{operation:?}: nobody listens"), "");
    }
    Shown::default().assert_clean("the whole log");
}

#[tokio::test]
async fn no_secret_of_any_operation_shows_when_it_is_dropped() {
    for (operation, row) in Operation::all() {
        let server = Scripted::start([Answer::Silence]).await;
        capture::start();
        tokio::select! {
            _ = (row.send)(&Site { secrets: SECRETS, ..Site::new(&server.origin) }) => panic!("{operation:?}"),
            () = server.arrived(1) => {}
        }
        assert_operation_travelled(&server, &row, &format!("{operation:?}"));
        assert_eq!(capture::warnings().len(), usize::from(row.is_change()), "{operation:?}");
    }
    Shown::default().assert_clean("the whole log");
}
