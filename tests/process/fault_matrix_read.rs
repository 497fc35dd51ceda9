//! Every fault against a call that only reads: what the server saw, and how the call ended. One cell each.

#![allow(clippy::unnested_or_patterns, reason = "the rows of a table")]

use std::fmt;

use crate::support::fault::{Fault, FaultServer, Length};
use crate::support::fault_table::{Cell, End, FAILURE, LATER, NOW, ONE_FAULT, api, limits, observe_all, ok, transport};
use clm::keyfactor::{Client, Error, Query};
use clm::testing::FakeKeyfactor;

/// A 2xx in another shape. Repeating it would bring the same.
const UNREADABLE: Cell = Cell { copies: 1, attempts: 1, end: End::Decode };

/// Reading twice is harmless, so all that may be over a moment later is tried again: the cells of a fault at the first
/// try, and at every try.
fn expected(fault: Fault) -> [Cell; 2] {
    match fault {
        Fault::Good | Fault::Interim | Fault::NotUtf8Inside | Fault::Bom => [ok(1, 1); 2],
        // No connection, or no copy that was whole.
        Fault::Refuse
        | Fault::CloseOnAccept
        | Fault::Reset
        | Fault::CloseAfterHead
        | Fault::CloseAfterHalfBody => [ok(1, 2), transport(0, 3)],
        // No head of an answer, or none that can be read. Silence ends one try, and not all of them.
        Fault::CloseBeforeAnswer
        | Fault::HalfHead
        | Fault::Hang
        | Fault::TrickledHead
        | Fault::NotHttp
        | Fault::HugeHeader
        | Fault::Length(Length::NoNumber | Length::Twice | Length::TooLarge)
        // 2xx, and a body that breaks off, comes late or is malformed.
        | Fault::HalfBody
        | Fault::Cut(200)
        | Fault::TrickledBody
        | Fault::BodyHangs
        | Fault::ChunkedGarbage
        | Fault::ChunkedUnended => [ok(2, 2), transport(3, 3)],
        // 2xx, and a body that is too large or of another shape.
        Fault::Endless(200)
        | Fault::Length(Length::TooSmall)
        | Fault::HalfBodyUnannounced
        | Fault::Html(200)
        | Fault::NotUtf8
        | Fault::Gzip
        | Fault::Body(200, _)
        | Fault::Status(204, _) => [UNREADABLE; 2],
        // Asked to wait for longer than there is time.
        Fault::Status(status @ (429 | 408 | 502..=504), Some("3600" | "Fri, 31 Dec 9999 23:59:59 GMT")) => {
            [api(status, 1, 1); 2]
        }
        Fault::Status(status @ (429 | 408 | 502..=504), _)
        | Fault::Cut(status @ (429 | 503))
        | Fault::AnsweredUnread(status @ (429 | 503))
        | Fault::Html(status @ (429 | 502)) => [ok(2, 2), api(status, 3, 3)],
        Fault::Status(status, _)
        | Fault::Cut(status)
        | Fault::AnsweredUnread(status)
        | Fault::Html(status)
        | Fault::Endless(status)
        | Fault::Body(status, _) => {
            [api(status, 1, 1); 2]
        }
    }
}

/// Faults that follow one another: those of the first tries, that of all later ones. A read that went unanswered proves
/// nothing about the next one, and spoils none.
#[rustfmt::skip]
const SEVERAL_FAULTS: &[(&[Fault], Fault, Cell)] = &[
    (&[Fault::Refuse, Fault::Refuse],              Fault::Good,                ok(1, 3)),
    (&[Fault::Refuse, Fault::HalfBody],            Fault::Good,                ok(2, 3)),
    (&[Fault::Status(503, NOW), Fault::Reset],     Fault::Good,                ok(2, 3)),
    (&[Fault::Status(429, NOW)],                   Fault::Refuse,              transport(1, 3)),
    (&[Fault::Status(429, NOW)],                   Fault::CloseBeforeAnswer,   transport(3, 3)),
    (&[Fault::CloseBeforeAnswer],                  Fault::Status(403, None),   api(403, 2, 2)),
    (&[Fault::CloseBeforeAnswer],                  Fault::Status(429, NOW),    api(429, 3, 3)),
    (&[Fault::CloseBeforeAnswer],                  Fault::Status(500, None),   api(500, 2, 2)),
    (&[Fault::HalfBody],                           Fault::Status(404, None),   api(404, 2, 2)),
    (&[Fault::CloseBeforeAnswer],                  Fault::Status(503, LATER),  api(503, 2, 2)),
    (&[Fault::CloseBeforeAnswer],                  Fault::Html(200),           Cell { copies: 2, attempts: 2, end: End::Decode }),
    (&[Fault::Refuse],                             Fault::Body(200, FAILURE),  Cell { copies: 1, attempts: 2, end: End::Decode }),
];

/// One cell to be tested.
#[derive(Clone, Copy)]
struct Task {
    script: &'static [Fault],
    then: Fault,
    expected: Cell,
}

/// What a call came to, and how often the fake behind the faults was asked something that changes.
struct Observed {
    cell: Cell,
    changes: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cell_of_the_column() {
    let mut tasks = Vec::new();
    for (fault, _) in ONE_FAULT {
        let [first, every] = expected(*fault);
        tasks.push(Task { script: std::slice::from_ref(fault), then: Fault::Good, expected: first });
        tasks.push(Task { script: &[], then: *fault, expected: every });
    }
    tasks.extend(SEVERAL_FAULTS.iter().map(|&(script, then, expected)| Task { script, then, expected }));
    let mut failed = Vec::new();
    for (task, observed) in tasks.iter().zip(observe_all(&tasks, observe).await) {
        let problem = match observed {
            None => "the cell did not end, or panicked".to_owned(),
            Some(Observed { changes: 1.., .. }) => "a read came to a change".to_owned(),
            Some(Observed { cell, .. }) if cell != task.expected => {
                format!("expected {}, came to {cell}", task.expected)
            }
            Some(_) => continue,
        };
        failed.push(format!("{task}: {problem}"));
    }
    println!("{} cells tested, {} failed", tasks.len(), failed.len());
    assert_eq!(failed, [""; 0]);
}

fn client(fake: &FakeKeyfactor, server: &FaultServer, script: &[Fault], then: Fault) -> Client {
    let builder = Client::builder(format!("{}/KeyfactorAPI", server.origin())).credentials(fake.credentials());
    limits(builder, script, then).build().unwrap()
}

async fn observe(task: Task) -> Observed {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let server = FaultServer::before(&fake.url());
    server.play(task.script.iter().copied(), task.then);
    let client = client(&fake, &server, task.script, task.then);
    let ended = server.follow(async move { client.certificate_stores().get(store).send().await }).await;
    let copies = server.seen().copies;
    let (end, attempts) = match &ended {
        // An answer does not say how many tries it took, and each try left its trace.
        Ok(read) => (if read.id == store { End::Done } else { End::Other }, tries(&server)),
        Err(error) => {
            let end = match error {
                Error::Transport(_) => End::Transport,
                Error::Api(refusal) if refusal.after_unanswered_copy() => {
                    End::ApiAfterUnanswered(refusal.status().as_u16())
                }
                Error::Api(refusal) => End::Api(refusal.status().as_u16()),
                Error::OutcomeUnknown(unknown) => End::Unknown(unknown.status().map(|status| status.as_u16())),
                Error::Decode(_) => End::Decode,
                _ => End::Other,
            };
            (end, error.attempts().unwrap_or(0))
        }
    };
    Observed { cell: Cell { copies, attempts, end }, changes: fake.changes().len() }
}

/// Tries of which the server knows: refused ones, connections that were closed at once, and requests that began.
fn tries(server: &FaultServer) -> u32 {
    let seen = server.seen();
    let begun = server.arrivals().len();
    // Of a connection that was closed at once nothing but the connection is known.
    let closed = seen.connections.saturating_sub(begun).min(1);
    u32::try_from(seen.refused + begun + closed).unwrap()
}

#[tokio::test]
async fn a_list_goes_on_after_a_page_that_had_to_be_asked_for_again() {
    for fault in [
        Fault::Refuse,
        Fault::Reset,
        Fault::CloseBeforeAnswer,
        Fault::HalfBody,
        Fault::Status(429, NOW),
        Fault::Status(503, NOW),
    ] {
        let fake = FakeKeyfactor::start().await;
        let machines: Vec<String> = (0..101).map(|number| format!("web{number:03}")).collect();
        for machine in &machines {
            let store = fake.add_store();
            fake.set_store(store, |it| it.machine(machine));
        }
        let server = FaultServer::before(&fake.url());
        // The second page; a good one comes before it.
        server.play([Fault::Good, fault], Fault::Good);
        let client = client(&fake, &server, &[], Fault::Good);
        let rows = client.certificate_stores().list(Query::all()).rows().unwrap();
        let rows = server.follow(async move { rows.collect().await }).await.unwrap();
        let read: Vec<String> = rows.into_iter().map(|it| it.client_machine.unwrap()).collect();
        assert_eq!(read, machines, "{fault:?}");
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.script, self.then) {
            ([], every) => write!(f, "every try: {every:?}"),
            ([first], Fault::Good) => write!(f, "first try: {first:?}"),
            (first, then) => write!(f, "{first:?}, then {then:?}"),
        }
    }
}
