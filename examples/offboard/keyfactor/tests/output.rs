//! A full disk, and a reader that hangs up.

use super::*;
use crate::report::kept::{Full, Kept};

/// How it ends when the output takes so many lines, what that took, and the error stream.
async fn ran_into(keyfactor: KeyfactorJob, mode: Mode, after: usize) -> (Ended, String, String) {
    let (output, errors) = (Kept::default(), Kept::default());
    let report = Report::to(Full { after, kept: output.clone() }, errors.clone());
    let ended = crate::run(&Job { mode, keyfactor: Some(keyfactor), appviewx: None }, &report).await;
    (ended, output.text(), errors.text())
}

/// The lines of a run up to one that has this in it, and with it.
fn lines_until(text: &str, part: &str) -> usize {
    text.lines().position(|line| line.contains(part)).unwrap() + 1
}

#[tokio::test]
async fn a_plan_that_cannot_be_printed_is_not_carried_out() {
    let scene = Scene::new().await;
    let (_, text) = ran(scene.removal(), Mode::Show).await;
    // The last one cannot print where the plan is.
    for after in [0, 3, lines_until(&text, "web00002")] {
        let (ended, _, errors) = ran_into(scene.removal(), Mode::Send, after).await;
        assert_eq!(ended, Ended::Failed, "{errors}");
        assert_tells(&errors, &["WARNING: cannot write to standard output", "REFUSED: the plan could not be printed"]);
        assert_eq!(scene.changes(), [], "after {after} lines");
        assert!(!scene.plan_path().exists(), "after {after} lines");
    }
}

#[tokio::test]
async fn an_output_that_ends_half_way_stops_nothing_and_the_jobs_are_told() {
    let scene = Scene::new().await;
    let (_, text) = ran(scene.removal(), Mode::Show).await;
    // What follows the list in a run: where the plan is, and how it is sent.
    let after = lines_until(&text, "web00002") + 2;
    let (ended, output, errors) = ran_into(scene.removal(), Mode::Send, after + 1).await;
    assert_eq!(ended, Ended::Failed, "{errors}");
    assert_eq!(scene.held(), [Vec::<String>::new(), Vec::new()], "it went on");
    let [first, second] = &scene.jobs()[..] else { panic!("two jobs were expected") };
    assert_eq!((output.matches(first).count(), output.matches(second).count()), (1, 0), "{output}");
    assert_tells(
        &errors,
        &[
            "WARNING: cannot write to standard output",
            second,
            "2 of 2 locations done and confirmed",
            "FAILED: could not write to standard output",
            first,
            second,
        ],
    );
}

#[tokio::test]
async fn a_list_that_cannot_be_printed_is_an_error_although_nothing_is_sent() {
    let scene = Scene::new().await;
    for mode in [Mode::Show, Mode::DryRun] {
        let (ended, _, errors) = ran_into(scene.removal(), mode, 4).await;
        assert_eq!(ended, Ended::Failed);
        assert_tells(&errors, &["FAILED: could not write to standard output"]);
        assert_eq!(scene.changes(), []);
    }
}
