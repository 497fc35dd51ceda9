//! What earlier tries make of later ones: never twice, never timid, and silence is never forgotten.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::super::authentication::NoCredential;
use super::super::request::Effect::{self, Change, Read, RepeatableChange};
use super::super::retry::{RetryPolicy, Run, Try, run};
use super::engine::{
    Ended, Renewal, Script, Step, ZERO, at_once, cut, ended, limits, no_head, not_connected, status, too_large,
    untrusted,
};

async fn play(effect: Effect, tries: impl IntoIterator<Item = Try>, renewal: Renewal) -> (Run, Script) {
    let mut driver = Script::new(tries.into_iter().map(|tried| (ZERO, tried))).renewal(ZERO, renewal);
    let run = run(effect, limits(at_once(2)), &mut driver).await;
    (run, driver)
}

#[tokio::test(start_paused = true)]
async fn after_an_unanswered_copy_nothing_proves_that_nothing_happened() {
    type Make = fn() -> Try;
    let unanswered: [(&str, Make); 7] = [
        ("no head", no_head),
        ("200 cut", || cut(200)),
        ("408", || status(408)),
        ("502", || status(502)),
        ("503 cut", || cut(503)),
        ("504", || status(504)),
        ("504 too large", || too_large(504)),
    ];
    // The second try is the last one that the policy allows.
    let second: [(Make, Ended); 21] = [
        (|| status(200), Ended::Ok),
        (|| too_large(200), Ended::Unknown(Some(200))),
        (|| cut(200), Ended::Unknown(Some(200))),
        (not_connected, Ended::Unknown(None)),
        (untrusted, Ended::Unknown(None)),
        (no_head, Ended::Unknown(None)),
        // What came of the first copy is kept, see below.
        (|| status(301), Ended::Echo(301)),
        (|| status(304), Ended::Echo(304)),
        (|| status(400), Ended::Echo(400)),
        (|| cut(403), Ended::Echo(403)),
        (|| status(404), Ended::Echo(404)),
        (|| status(409), Ended::Echo(409)),
        (|| too_large(413), Ended::Echo(413)),
        (|| status(401), Ended::Echo(401)),
        (|| status(429), Ended::Echo(429)),
        (|| status(408), Ended::Unknown(Some(408))),
        (|| status(500), Ended::Unknown(Some(500))),
        (|| status(502), Ended::Unknown(Some(502))),
        (|| status(503), Ended::Unknown(Some(503))),
        (|| status(504), Ended::Unknown(Some(504))),
        (|| status(599), Ended::Unknown(Some(599))),
    ];
    for (first_name, first) in unanswered {
        for (second, expected) in second {
            let (run, driver) = play(RepeatableChange, [first(), second()], Renewal::Impossible).await;
            let of_first = first_name.get(..3).and_then(|code| code.parse().ok());
            let expected = if expected == Ended::Unknown(None) { Ended::Unknown(of_first) } else { expected };
            assert_eq!((ended(&run), run.attempts), (expected, 2), "{first_name}, then {:?}", second());
            assert!(driver.count(Step::Unanswered) >= 1, "{first_name}, then {:?}", second());
        }
        // A change that nobody allowed to be repeated ends with it.
        let (run, driver) = play(Change, [first()], Renewal::Works).await;
        assert!(matches!(ended(&run), Ended::Unknown(_)), "{first_name}");
        assert_eq!((run.attempts, driver.pauses().len()), (1, 0), "{first_name}");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_remembered_through_a_renewal() {
    for (second, third, expected) in [(401, 200, Ended::Ok), (401, 403, Ended::Echo(403)), (401, 401, Ended::Echo(401))]
    {
        let (run, driver) = play(RepeatableChange, [no_head(), status(second), status(third)], Renewal::Works).await;
        assert_eq!((ended(&run), run.attempts, driver.count(Step::Renewed)), (expected, 3, 1), "{second}, {third}");
    }
}

// "No valid credential could be had" says that the operation was not sent or was refused; here a copy was neither.
#[tokio::test(start_paused = true)]
async fn silence_is_remembered_when_the_renewal_fails() {
    let (run, _) = play(RepeatableChange, [no_head(), status(401)], Renewal::Fails).await;
    assert!(matches!(ended(&run), Ended::Unknown(_)), "{:?}", ended(&run));
    assert_eq!(run.attempts, 2);
}

#[tokio::test(start_paused = true)]
async fn an_answered_copy_leaves_no_doubt() {
    for effect in [Read, Change, RepeatableChange] {
        for first in [not_connected, || status(429)] {
            for (second, expected) in [(403, Ended::Refused(403)), (429, Ended::Refused(429))] {
                let (run, driver) = play(effect, [first(), status(second)], Renewal::Impossible).await;
                assert_eq!((ended(&run), driver.count(Step::Unanswered)), (expected, 0), "{effect:?}");
            }
            let (run, _) = play(effect, [first(), not_connected()], Renewal::Impossible).await;
            assert_eq!(ended(&run), Ended::NotDone, "{effect:?}");
        }
    }
    // A read has no unanswered copies: doing it twice is harmless.
    for first in [no_head, || cut(200), || status(503)] {
        let (run, driver) = play(Read, [first(), status(403)], Renewal::Impossible).await;
        assert_eq!((ended(&run), driver.count(Step::Unanswered)), (Ended::Refused(403), 0));
    }
}

/// A try of a random script.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    NotConnected,
    NoHead,
    Whole(u16),
    Cut(u16),
    TooLarge(u16),
}

impl Kind {
    fn play(self) -> Try {
        match self {
            Self::NotConnected => not_connected(),
            Self::NoHead => no_head(),
            Self::Whole(code) => status(code),
            Self::Cut(code) => cut(code),
            Self::TooLarge(code) => too_large(code),
        }
    }

    fn status(self) -> Option<u16> {
        match self {
            Self::NotConnected | Self::NoHead => None,
            Self::Whole(code) | Self::Cut(code) | Self::TooLarge(code) => Some(code),
        }
    }

    /// By the design: a copy of this try may have been acted on, or may yet be.
    fn may_have_arrived(self) -> bool {
        match self.status() {
            None => self == Self::NoHead,
            Some(code) => (200..300).contains(&code) || code == 408 || code >= 500,
        }
    }
}

fn kinds() -> impl Strategy<Value = Kind> {
    let code = prop_oneof![
        4 => prop::sample::select(vec![200, 204, 401, 408, 429, 500, 502, 503, 504]),
        1 => 200_u16..600,
    ];
    prop_oneof![
        3 => Just(Kind::NotConnected),
        1 => Just(Kind::NoHead),
        5 => code.clone().prop_map(Kind::Whole),
        1 => code.clone().prop_map(Kind::Cut),
        1 => code.prop_map(Kind::TooLarge),
    ]
}

/// Beyond every policy that is tried here, renewal included.
const LONGEST: usize = 9;

fn every_sequence(effect: Effect, check: impl Fn(&[Kind], u32, Renewal, &Run, &Script)) {
    let clock = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let renewal = prop::sample::select(vec![Renewal::Impossible, Renewal::Fails, Renewal::Works]);
    let scripts = (prop::collection::vec(kinds(), LONGEST), 0_u32..7, renewal);
    let config = ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&scripts, |(kinds, max_tries, renewal)| {
            let tries = kinds.iter().map(|kind| (ZERO, kind.play()));
            let mut driver = Script::new(tries).renewal(ZERO, renewal);
            let run = clock.block_on(run(effect, limits(at_once(max_tries)), &mut driver));
            let used = &kinds[..run.attempts as usize];
            assert!(run.attempts <= max_tries.max(1) + 1, "{} attempts of {max_tries}", run.attempts);
            check(used, max_tries, renewal, &run, &driver);
            Ok(())
        })
        .unwrap();
}

/// If nothing but missing connections came before a whole 200 that the policy reaches, the call succeeds.
fn never_timid(kinds: &[Kind], max_tries: u32, run: &Run) {
    if let Some((last, earlier)) = kinds.split_last()
        && earlier.iter().all(|kind| *kind == Kind::NotConnected)
    {
        match last {
            Kind::Whole(200..=299) => assert_eq!(ended(run), Ended::Ok),
            Kind::NotConnected => assert_eq!(run.attempts, max_tries.max(1), "it gave up early"),
            _ => {}
        }
    }
}

#[test]
fn a_change_that_may_have_arrived_is_never_sent_again() {
    let more_than_one = Cell::new(0_u32);
    every_sequence(Change, |used, max_tries, renewal, run, driver| {
        let (last, earlier) = used.split_last().unwrap();
        let mut renewed = false;
        for kind in earlier {
            let harmless = match (kind, kind.status()) {
                (Kind::NotConnected, _) | (_, Some(429)) => true,
                (_, Some(401)) => renewal == Renewal::Works && !std::mem::replace(&mut renewed, true),
                _ => false,
            };
            assert!(harmless, "sent again after {kind:?}");
        }
        assert_eq!(driver.count(Step::Unanswered), 0);
        if last.may_have_arrived() {
            assert!(matches!(ended(run), Ended::Ok | Ended::Unknown(_)), "{:?}", ended(run));
        } else {
            assert!(!matches!(ended(run), Ended::Ok | Ended::Unknown(_)), "{:?}", ended(run));
        }
        never_timid(used, max_tries, run);
        more_than_one.set(more_than_one.get() + u32::from(run.attempts > 1));
    });
    assert!(more_than_one.get() > 1_000, "the scripts are too short: {}", more_than_one.get());
}

#[test]
fn a_repeatable_change_never_ends_as_if_nothing_had_arrived() {
    let echoes = Cell::new(0_u32);
    every_sequence(RepeatableChange, |used, max_tries, _, run, _| {
        let end = ended(run);
        if used.iter().any(|kind| kind.may_have_arrived()) {
            assert!(!matches!(end, Ended::NotDone | Ended::Refused(_) | Ended::Unreadable), "{end:?}");
        } else {
            assert!(!matches!(end, Ended::Echo(_) | Ended::Unknown(_)), "{end:?}");
        }
        never_timid(used, max_tries, run);
        echoes.set(echoes.get() + u32::from(matches!(end, Ended::Echo(_))));
    });
    assert!(echoes.get() > 100, "too few refusals after silence: {}", echoes.get());
}

#[test]
fn a_read_is_tried_as_often_as_the_policy_says() {
    every_sequence(Read, |used, max_tries, _, run, driver| {
        assert_eq!(driver.count(Step::Unanswered), 0);
        assert!(!matches!(ended(run), Ended::Echo(_) | Ended::Unknown(_)), "{:?}", ended(run));
        let passing = |kind: &Kind| match kind {
            Kind::Cut(200..=299) => true,
            _ => matches!(kind.status(), None | Some(408 | 429 | 502..=504)),
        };
        if used.iter().all(passing) {
            assert_eq!(run.attempts, max_tries.max(1), "it gave up early");
        }
        never_timid(used, max_tries, run);
    });
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_is_gone_before_a_later_try_ends_the_call() {
    let gone = || Err(NoCredential::new("no login", None));
    for (first, effect, expected) in [
        (429, Change, Ended::NotAuthenticated),
        (503, Read, Ended::NotAuthenticated),
        // It may have arrived the first time.
        (503, RepeatableChange, Ended::Unknown(Some(503))),
    ] {
        let mut driver = Script::new([(ZERO, status(first))]).credentials([Ok(()), gone()]);
        let run = run(effect, limits(at_once(4)), &mut driver).await;
        assert_eq!((ended(&run), run.attempts), (expected, 1), "{effect:?}: the second try was not sent");
        assert_eq!(driver.steps().last(), Some(&Step::Released));
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_of_one_try_sends_once_whatever_comes() {
    for tried in [not_connected(), untrusted(), no_head(), cut(200), status(429), status(503), status(403).too_early()]
    {
        for effect in [Change, RepeatableChange] {
            let again = match &tried {
                Try::NotConnected(_) => not_connected(),
                Try::Untrusted { .. } => untrusted(),
                Try::NoHead(_) => no_head(),
                Try::Head(answer, _) if answer.status == 200 => cut(200),
                Try::Head(answer, _) | Try::Expired(answer) => status(answer.status.as_u16()),
                Try::TooEarly(answer, _) => status(answer.status.as_u16()).too_early(),
            };
            let mut driver = Script::new([(ZERO, again)]);
            let run = run(effect, limits(RetryPolicy::none()), &mut driver).await;
            assert_eq!(run.attempts, 1, "{effect:?} {tried:?}");
        }
    }
}
