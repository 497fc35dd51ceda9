use super::kept::{Full, Kept};
use super::*;

#[test]
fn a_servers_text_cannot_draw_on_the_terminal() {
    let report = Report::kept();
    report.line("alias \u{1b}[2J\r\nforged \u{202e}line");
    assert_eq!(report.text(), r"alias \u{1b}[2J\r\nforged \u{202e}line");
    assert_eq!(shown("ü".repeat(400)).chars().count(), LONGEST + 1);
}

/// A report whose output takes so many lines, what that takes, and the error stream.
fn full(after: usize) -> (Report, Kept, Kept) {
    let (output, errors) = (Kept::default(), Kept::default());
    (Report::to(Full { after, kept: output.clone() }, errors.clone()), output, errors)
}

#[test]
fn what_the_output_does_not_take_goes_to_the_error_stream_and_jobs_are_told_again() {
    let (report, output, errors) = full(1);
    report.job("job 1");
    assert!(report.check().is_ok());
    report.job("job 2");
    report.line("end");
    let full = io::Error::from(io::ErrorKind::StorageFull);
    assert_eq!(output.text(), "job 1");
    let refused = report.check();
    assert!(matches!(refused, Err(Trouble::Refused(why)) if why.contains(&full.to_string())));
    assert_eq!(report.finish(Ended::Done), Ended::Failed);
    assert_eq!(
        errors.text(),
        format!(
            "WARNING: cannot write to standard output: {full}. The rest goes to standard error:\njob 2\nend\n\
             FAILED: could not write to standard output: {full}. These jobs were scheduled:\njob 1\njob 2"
        )
    );
}

#[test]
fn an_error_stream_that_takes_nothing_is_a_failure_too() {
    let (output, errors) = (Kept::default(), Full { after: 0, kept: Kept::default() });
    let report = Report::to(output, errors);
    report.line("fine");
    assert!(report.check().is_ok());
    assert_eq!(report.finish(Ended::Done), Ended::Done);
    report.complain("lost");
    assert!(matches!(report.check(), Err(Trouble::Refused(_))));
    assert_eq!(report.finish(Ended::Open), Ended::Failed);
}

#[test]
fn a_whole_output_changes_no_end() {
    let report = Report::kept();
    report.job("job 1");
    assert_eq!(report.finish(Ended::Open), Ended::Open);
    assert_eq!(report.text(), "job 1");
}
