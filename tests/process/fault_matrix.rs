//! Every fault against every kind of change: what the server saw, and how the call ended. One cell each.

use std::fmt;

use crate::support::fault::{Fault, FaultServer, Seen};
use crate::support::fault_table::{
    Cell, End, FAILURE, LATER, NOW, ONE_FAULT, api, echo, limits, observe_all, ok, silent, transport, unknown,
};
use crate::support::operations::{Operation, Site};
use clm::keyfactor::{CertificateLocation, Schedule};
use clm::testing::{FakeAppViewX, FakeKeyfactor};
use clm::{appviewx, keyfactor};

/// Faults that follow one another: those of the first tries, that of all later ones; then a change, and a change with
/// `repeat_after_silence()`.
#[rustfmt::skip]
const SEVERAL_FAULTS: &[(&[Fault], Fault, [Cell; 2])] = &[
    //                                                                          change               repeated
    (&[Fault::Refuse, Fault::Refuse],            Fault::Good,                  [ok(1, 3),            ok(1, 3)]),
    (&[Fault::Refuse, Fault::Status(429, NOW)],  Fault::Good,                  [ok(2, 3),            ok(2, 3)]),
    (&[Fault::Status(429, NOW), Fault::Refuse],  Fault::Good,                  [ok(2, 3),            ok(2, 3)]),
    (&[Fault::Status(429, NOW)],                 Fault::Refuse,                [transport(1, 3),     transport(1, 3)]),
    (&[Fault::Refuse],                           Fault::Status(429, NOW),      [api(429, 2, 3),      api(429, 2, 3)]),
    (&[Fault::Refuse],                           Fault::Status(403, None),     [api(403, 1, 2),      api(403, 1, 2)]),
    (&[Fault::Status(429, NOW)],                 Fault::CloseBeforeAnswer,     [silent(2, 2),        silent(3, 3)]),
    (&[Fault::Status(429, NOW)],                 Fault::Status(503, None),     [unknown(503, 2, 2),  unknown(503, 3, 3)]),
    (&[Fault::Refuse, Fault::HalfBody],          Fault::Good,                  [unknown(200, 1, 2),  ok(2, 3)]),
    // After a copy that was never answered, nothing but an answer that says so is a success or a refusal.
    (&[Fault::CloseBeforeAnswer],                Fault::Refuse,                [silent(1, 1),        silent(1, 3)]),
    (&[Fault::Status(503, None), Fault::Refuse], Fault::Good,                  [unknown(503, 1, 1),  ok(2, 3)]),
    (&[Fault::CloseBeforeAnswer],                Fault::Status(500, None),     [silent(1, 1),        unknown(500, 2, 2)]),
    (&[Fault::CloseBeforeAnswer],                Fault::Html(200),             [silent(1, 1),        unknown(200, 2, 2)]),
    (&[Fault::CloseBeforeAnswer],                Fault::Endless(200),          [silent(1, 1),        unknown(200, 2, 2)]),
    (&[Fault::CloseBeforeAnswer],                Fault::Status(503, LATER),    [silent(1, 1),        unknown(503, 2, 2)]),
    // A refusal after such a copy may be its echo.
    (&[Fault::CloseBeforeAnswer],                Fault::Status(403, None),     [silent(1, 1),        echo(403, 2, 2)]),
    (&[Fault::CloseBeforeAnswer],                Fault::Status(401, None),     [silent(1, 1),        echo(401, 2, 2)]),
    (&[Fault::CloseBeforeAnswer],                Fault::Status(302, None),     [silent(1, 1),        echo(302, 2, 2)]),
    (&[Fault::CloseBeforeAnswer],                Fault::Status(429, NOW),      [silent(1, 1),        echo(429, 3, 3)]),
    (&[Fault::Status(503, None)],                Fault::Status(409, None),     [unknown(503, 1, 1),  echo(409, 2, 2)]),
    (&[Fault::HalfBody],                         Fault::Status(404, None),     [unknown(200, 1, 1),  echo(404, 2, 2)]),
    (&[Fault::CloseBeforeAnswer],                Fault::Body(200, FAILURE),    [silent(1, 1),        echo(200, 2, 2)]),
];

/// The calls of the table. Those that only read have theirs in `fault_matrix_read.rs`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Call {
    Change,
    Repeated,
}

/// One cell to be tested.
#[derive(Clone, Copy)]
struct Task {
    call: Call,
    script: &'static [Fault],
    then: Fault,
    expected: Cell,
}

/// What a call came to.
struct Observed {
    cell: Cell,
    /// How many times the fake behind the faults made the change.
    changes: usize,
    seen: Seen,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cell_of_the_table() {
    let tasks = tasks();
    let observed = observe_all(&tasks, observe).await;

    let mut failed = 0;
    for (task, observed) in tasks.iter().zip(&observed) {
        let verdict = verdict(task, observed.as_ref());
        failed += usize::from(verdict.is_err());
        println!("{task} {}", verdict.unwrap_or_else(|problem| format!("FAILED: {problem}")));
    }
    let tested = tasks.len();
    println!("{tested} cells tested, {} passed, {failed} failed", tested - failed);
    assert_eq!(failed, 0, "cells failed; their lines say FAILED");
}

fn tasks() -> Vec<Task> {
    let mut tasks = Vec::new();
    for (fault, [change_first, change_every, repeated_first, repeated_every]) in ONE_FAULT {
        let first = std::slice::from_ref(fault);
        for (call, script, then, expected) in [
            (Call::Change, first, Fault::Good, *change_first),
            (Call::Change, &[], *fault, *change_every),
            (Call::Repeated, first, Fault::Good, *repeated_first),
            (Call::Repeated, &[], *fault, *repeated_every),
        ] {
            tasks.push(Task { call, script, then, expected });
        }
    }
    for (script, then, [change, repeated]) in SEVERAL_FAULTS {
        tasks.push(Task { call: Call::Change, script, then: *then, expected: *change });
        tasks.push(Task { call: Call::Repeated, script, then: *then, expected: *repeated });
    }
    tasks
}

fn verdict(task: &Task, observed: Option<&Observed>) -> Result<String, String> {
    let Observed { cell, changes, seen } = observed.ok_or("the cell did not end, or panicked")?;
    if *cell != task.expected {
        return Err(format!("expected {}, came to {cell} ({seen:?})", task.expected));
    }
    if task.call == Call::Change && *changes > 1 {
        return Err(format!("the change was made {changes} times ({seen:?})"));
    }
    if *changes > cell.copies {
        return Err(format!("{changes} changes were made of {} copies ({seen:?})", cell.copies));
    }
    Ok(cell.to_string())
}

async fn observe(task: Task) -> Observed {
    match task.call {
        Call::Change => remove(task).await,
        Call::Repeated => unassign(task).await,
    }
}

async fn remove(task: Task) -> Observed {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.add_certificate(store, "web01.pfx");
    let server = FaultServer::before(&fake.url());
    server.play(task.script.iter().copied(), task.then);
    let builder = keyfactor::Client::builder(format!("{}/KeyfactorAPI", server.origin()));
    let client = limits(builder, task.script, task.then).credentials(fake.credentials()).build().unwrap();
    let location = CertificateLocation::new(store, "web01.pfx");
    let call = client.certificate_stores().remove_certificates([location], Schedule::Immediate).send();
    let ended = server.follow(call).await;
    let (end, attempts) = match &ended {
        Ok(outcome) => (End::Done, outcome.receipt().attempts()),
        Err(error) => {
            let end = match error {
                keyfactor::Error::Transport(_) => End::Transport,
                keyfactor::Error::Api(refusal) if refusal.after_unanswered_copy() => {
                    End::ApiAfterUnanswered(refusal.status().as_u16())
                }
                keyfactor::Error::Api(refusal) => End::Api(refusal.status().as_u16()),
                keyfactor::Error::OutcomeUnknown(unknown) => {
                    assert_eq!(unknown.body().is_some(), unknown.status().is_some(), "{unknown:?}");
                    End::Unknown(unknown.status().map(|status| status.as_u16()))
                }
                _ => End::Other,
            };
            (end, error.attempts().unwrap_or(0))
        }
    };
    let seen = server.seen();
    Observed { cell: Cell { copies: seen.copies, attempts, end }, changes: fake.jobs().len(), seen }
}

async fn unassign(task: Task) -> Observed {
    const ID: &str = "67bc2ca76a105e1a05691c1c";
    let fake = FakeAppViewX::start().await;
    fake.add_certificate(ID, "Web");
    let server = FaultServer::before(&fake.url());
    server.play(task.script.iter().copied(), task.then);
    let builder = appviewx::Client::builder(server.origin());
    let client = limits(builder, task.script, task.then).credentials(fake.credentials()).build().unwrap();
    let call = client.certificate_groups().unassign([ID]).repeat_after_silence().send();
    let ended = server.follow(call).await;
    let (end, attempts) = match &ended {
        Ok(outcome) => (End::Done, outcome.receipt().attempts()),
        Err(error) => {
            let end = match error {
                appviewx::Error::Transport(_) => End::Transport,
                appviewx::Error::Api(refusal) if refusal.after_unanswered_copy() => {
                    End::ApiAfterUnanswered(refusal.status().as_u16())
                }
                appviewx::Error::Api(refusal) => End::Api(refusal.status().as_u16()),
                appviewx::Error::OutcomeUnknown(unknown) => {
                    assert_eq!(unknown.body().is_some(), unknown.status().is_some(), "{unknown:?}");
                    End::Unknown(unknown.status().map(|status| status.as_u16()))
                }
                _ => End::Other,
            };
            (end, error.attempts().unwrap_or(0))
        }
    };
    let seen = server.seen();
    let changes = usize::from(fake.group_of(ID).as_deref() == Some("Default"));
    Observed { cell: Cell { copies: seen.copies, attempts, end }, changes, seen }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = match self.call {
            Call::Change => "Change",
            Call::Repeated => "Repeatable",
        };
        match (self.script, self.then) {
            ([], every) => write!(f, "{call:<10} every try: {every:?}:"),
            ([first], Fault::Good) => write!(f, "{call:<10} first try: {first:?}:"),
            (first, then) => write!(f, "{call:<10} {first:?}, then {then:?}:"),
        }
    }
}

/// One cell of another change of the table of operations.
#[derive(Clone, Copy)]
struct OperationTask {
    operation: Operation,
    script: &'static [Fault],
    then: Fault,
    expected: Cell,
}

/// Every operation that changes something comes to what the removal comes to, but for answers that only some of them read.
fn expected_of(operation: Operation, fault: Fault, of_a_removal: Cell) -> Cell {
    let done_with_a_good_answer = Cell { end: End::Done, ..of_a_removal };
    match (operation, fault) {
        (
            Operation::ScheduleInventory
            | Operation::Unschedule
            | Operation::Reschedule
            | Operation::Acknowledge
            | Operation::KeyfactorRawChange
            | Operation::AppViewXRawChange,
            Fault::Body(200, "" | "null") | Fault::Status(204, _),
        )
        // An object that names nobody: taken, and nothing is confirmed; what it means to a raw call is up to the caller.
        | (Operation::RevokeCertificates | Operation::KeyfactorRawChange, Fault::Body(200, FAILURE)) => {
            done_with_a_good_answer
        }
        // What is read as no content must have none: a byte order mark is some.
        (
            Operation::ScheduleInventory | Operation::Unschedule | Operation::Reschedule | Operation::Acknowledge,
            Fault::Bom,
        ) => Cell { end: End::Unknown(Some(200)), ..of_a_removal },
        (
            Operation::Unassign
            | Operation::Assign
            | Operation::RevokeCertificate
            | Operation::Logout
            | Operation::AppViewXRawChange,
            Fault::Body(200, FAILURE),
        ) => Cell { end: End::Api(200), ..of_a_removal },
        _ => of_a_removal,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_of_either_vendor_against_every_fault() {
    let mut tasks = Vec::new();
    for (operation, _) in Operation::changes() {
        for (fault, [first, every, ..]) in ONE_FAULT {
            let expected = expected_of(operation, *fault, *first);
            tasks.push(OperationTask { operation, script: std::slice::from_ref(fault), then: Fault::Good, expected });
            let expected = expected_of(operation, *fault, *every);
            tasks.push(OperationTask { operation, script: &[], then: *fault, expected });
        }
        for (script, then, [change, _]) in SEVERAL_FAULTS {
            tasks.push(OperationTask { operation, script, then: *then, expected: *change });
        }
    }
    let mut failed = Vec::new();
    for (task, observed) in tasks.iter().zip(observe_all(&tasks, observe_operation).await) {
        let OperationTask { operation, script, then, expected } = *task;
        match observed {
            Some(cell) if cell == expected => {}
            Some(cell) => failed.push(format!("{operation:?}, {script:?}, then {then:?}: not {expected}: {cell}")),
            None => failed.push(format!("{operation:?}, {script:?}, then {then:?}: did not end, or panicked")),
        }
    }
    println!("{} cells tested, {} failed", tasks.len(), failed.len());
    assert!(failed.is_empty(), "{failed:#?}");
}

async fn observe_operation(task: OperationTask) -> Cell {
    let row = task.operation.row();
    // 200 in any case: an empty body has no middle in which it could break off.
    let server = FaultServer::answering(if row.success.1.is_empty() { "null" } else { row.success.1 });
    server.play(task.script.iter().copied(), task.then);
    let site = Site { faults: Some((task.script, task.then)), ..Site::new(server.origin()) };
    let ended = server.follow((row.send)(&site)).await;
    Cell { copies: server.seen().copies, attempts: ended.attempts.unwrap_or(0), end: ended.end }
}
