//! A change that may have arrived is not sent again, whichever it is; a call that only reads is.

use std::time::Duration;

use crate::support::fault_table::End;
use crate::support::operations::{Operation, Site, odd_answer};
use crate::support::scripted::{Answer, Scripted, nobody};
use clm::RetryPolicy;

/// More tries than anything here needs, and no pause.
fn eager(origin: &str) -> Site {
    let policy = RetryPolicy::DEFAULT.pauses(Duration::ZERO, Duration::ZERO).max_tries(5);
    Site { policy, ..Site::new(origin) }
}

fn now(status: u16) -> Answer {
    Answer::with(status, "retry-after: 0\r\n", "")
}

#[tokio::test]
async fn a_change_that_may_have_arrived_is_sent_once() {
    let open = [
        (Answer::Nothing, None),
        (Answer::Bytes(b"220 smtp.example.com ESMTP\r\n".to_vec()), None),
        (Answer::Bytes(b"HTTP/1.1 200 -\r\ncontent-le".to_vec()), None),
        (now(408), Some(408)),
        (now(500), Some(500)),
        (Answer::json(500, r#"{"Message": "oh", "message": "oh"}"#), Some(500)),
        (now(502), Some(502)),
        (now(503), Some(503)),
        (now(504), Some(504)),
        (now(599), Some(599)),
        (Answer::cut(503, ""), Some(503)),
        (Answer::cut(200, "["), Some(200)),
        (Answer::cut(200, ""), Some(200)),
        (Answer::with(200, "content-type: text/html\r\n", "<html><title>Sign in</title></html>"), Some(200)),
    ];
    for (operation, row) in Operation::changes() {
        for (answer, status) in &open {
            // What comes next would be a success, for whoever asks for it.
            let server = Scripted::start([answer.clone(), row.success()]).await;
            let ended = (row.send)(&eager(&server.origin)).await;
            let case = format!("{operation:?}: {answer:?}: {:?}", ended.shown.last());
            assert_eq!(ended.end, End::Unknown(*status), "{case}");
            assert_eq!(ended.attempts, Some(1), "{case}");
            assert_eq!(server.received().len(), 1, "{case}");
        }
        let server = Scripted::start([odd_answer(), row.success()]).await;
        let ended = (row.send)(&eager(&server.origin)).await;
        assert_eq!(
            (ended.end, ended.attempts),
            (row.end_with_odd_answer(), Some(1)),
            "{operation:?}: {:?}",
            ended.shown.last()
        );
        assert_eq!(server.received().len(), 1, "{operation:?}");
    }
}

#[tokio::test]
async fn a_change_that_is_never_answered_is_sent_once() {
    for (operation, row) in Operation::changes() {
        let server = Scripted::start([Answer::Silence, row.success()]).await;
        let site = Site { patience: Duration::from_millis(150), ..eager(&server.origin) };
        let ended = (row.send)(&site).await;
        assert_eq!(ended.end, End::Unknown(None), "{operation:?}");
        assert_eq!(ended.attempts, Some(1), "{operation:?}");
        assert_eq!(server.received().len(), 1, "{operation:?}");
    }
}

#[tokio::test]
async fn a_change_that_may_have_arrived_after_a_refusal_is_sent_no_more() {
    for (operation, row) in Operation::changes() {
        for (answer, status) in [(Answer::Nothing, None), (now(503), Some(503)), (Answer::cut(200, "["), Some(200))] {
            let server = Scripted::start([now(429), answer, row.success()]).await;
            let ended = (row.send)(&eager(&server.origin)).await;
            assert_eq!((ended.end, ended.attempts), (End::Unknown(status), Some(2)), "{operation:?}");
            assert_eq!(server.received().len(), 2, "{operation:?}");
        }
    }
}

// Never twice is not never again.
#[tokio::test]
async fn a_change_that_was_refused_before_it_acted_is_sent_again() {
    for (operation, row) in Operation::changes() {
        let server = Scripted::start([now(429), now(429), row.success()]).await;
        let ended = (row.send)(&eager(&server.origin)).await;
        assert_eq!((ended.end, ended.attempts), (End::Done, Some(3)), "{operation:?}: {:?}", ended.shown.last());
        let received = server.received();
        assert_eq!(received.len(), 3, "{operation:?}");
        for again in &received[1..] {
            assert_eq!((&again.request_line, &again.body), (&received[0].request_line, &received[0].body));
            assert_eq!(again.sorted_headers(), received[0].sorted_headers(), "{operation:?}");
        }

        let server = Scripted::start([now(429)]).await;
        let ended = (row.send)(&eager(&server.origin)).await;
        assert_eq!((ended.end, ended.attempts), (End::Api(429), Some(5)), "{operation:?}");
        assert_eq!(server.received().len(), 5, "{operation:?}");

        let ended = (row.send)(&eager(&nobody())).await;
        assert_eq!((ended.end, ended.attempts), (End::Transport, Some(5)), "{operation:?}");
    }
}

#[tokio::test]
async fn a_refusal_ends_every_call() {
    for (operation, row) in Operation::all() {
        for status in [301, 302, 307, 308, 400, 401, 403, 409, 413] {
            let server = Scripted::start([now(status), row.success()]).await;
            let ended = (row.send)(&eager(&server.origin)).await;
            assert_eq!((ended.end, ended.attempts), (End::Api(status), Some(1)), "{operation:?}");
            assert_eq!(server.received().len(), 1, "{operation:?}: {status}");
        }
    }
}

#[tokio::test]
async fn a_call_that_only_reads_is_sent_again() {
    for (operation, row) in Operation::all().filter(|(_, row)| !row.is_change()) {
        for (answer, status) in [
            (Answer::Nothing, None),
            (Answer::cut(200, "["), None),
            (now(408), Some(408)),
            (now(429), Some(429)),
            (now(502), Some(502)),
            (now(503), Some(503)),
            (now(504), Some(504)),
        ] {
            let server = Scripted::start([answer.clone(), answer.clone(), row.success()]).await;
            let ended = (row.send)(&eager(&server.origin)).await;
            assert_eq!(ended.end, End::Done, "{operation:?}: {answer:?}: {:?}", ended.shown.last());
            assert_eq!(server.received().len(), 3, "{operation:?}: {answer:?}");

            let server = Scripted::start([answer.clone()]).await;
            let ended = (row.send)(&eager(&server.origin)).await;
            let end = status.map_or(End::Transport, End::Api);
            assert_eq!((ended.end, ended.attempts), (end, Some(5)), "{operation:?}: {answer:?}");
        }
        let server = Scripted::start([now(500), row.success()]).await;
        let ended = (row.send)(&eager(&server.origin)).await;
        assert_eq!((ended.end, ended.attempts), (End::Api(500), Some(1)), "{operation:?}");
        let server = Scripted::start([odd_answer(), row.success()]).await;
        let ended = (row.send)(&eager(&server.origin)).await;
        assert_eq!(ended.end, row.end_with_odd_answer(), "{operation:?}");
        assert_eq!(server.received().len(), 1, "{operation:?}");
    }
}
