//! The engine, driven by scripts under a paused clock: budget, pauses, `Retry-After`, renewal.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::time::{Instant, advance};

use super::super::authentication::NoCredential;
use super::super::cause::Cause;
use super::super::end::{Answer, FailureKind};
use super::super::request::Effect::{self, Change, Read, RepeatableChange};
use super::super::retry::{Body, Limits, RetryPolicy, Run, Try, TryDriver, run};
use super::super::secrets::Secrets;

pub(super) const ZERO: Duration = Duration::ZERO;
const NANO: Duration = Duration::from_nanos(1);

pub(super) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// What the engine asked of the driver.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Step {
    Permit,
    Attempt { number: u32, limit: Duration },
    Released,
    Pause(Duration),
    Renewed,
    Unanswered,
}

/// How a renewal goes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Renewal {
    Impossible,
    Fails,
    Works,
}

/// A driver that does as it is told, and writes down what was asked of it.
pub(super) struct Script {
    tries: VecDeque<(Duration, Try)>,
    permits: VecDeque<Duration>,
    credentials: VecDeque<Result<(), NoCredential>>,
    renewal: (Duration, Renewal),
    log: Arc<Mutex<Vec<Step>>>,
}

/// Tells the log when it is given back.
pub(super) struct Permit(Arc<Mutex<Vec<Step>>>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(Step::Released);
    }
}

impl Script {
    pub(super) fn new(tries: impl IntoIterator<Item = (Duration, Try)>) -> Self {
        let tries = tries.into_iter().collect();
        Self {
            tries,
            permits: VecDeque::new(),
            credentials: VecDeque::new(),
            renewal: (ZERO, Renewal::Impossible),
            log: Arc::default(),
        }
    }

    pub(super) fn renewal(mut self, takes: Duration, renewal: Renewal) -> Self {
        self.renewal = (takes, renewal);
        self
    }

    fn permits(mut self, waits: impl IntoIterator<Item = Duration>) -> Self {
        self.permits = waits.into_iter().collect();
        self
    }

    pub(super) fn credentials(mut self, taken: impl IntoIterator<Item = Result<(), NoCredential>>) -> Self {
        self.credentials = taken.into_iter().collect();
        self
    }

    fn note(&self, step: Step) {
        self.log.lock().unwrap().push(step);
    }

    pub(super) fn steps(&self) -> Vec<Step> {
        self.log.lock().unwrap().clone()
    }

    pub(super) fn limits(&self) -> Vec<Duration> {
        let limit = |step| if let Step::Attempt { limit, .. } = step { Some(limit) } else { None };
        self.steps().into_iter().filter_map(limit).collect()
    }

    pub(super) fn pauses(&self) -> Vec<Duration> {
        self.steps().into_iter().filter_map(|step| if let Step::Pause(it) = step { Some(it) } else { None }).collect()
    }

    pub(super) fn count(&self, step: Step) -> usize {
        self.steps().into_iter().filter(|it| *it == step).count()
    }
}

/// To the nanosecond; a sleep would round.
async fn pass(time: Duration) {
    if !time.is_zero() {
        advance(time).await;
    }
}

impl TryDriver for Script {
    type Permit = Permit;

    async fn permit(&mut self) -> Permit {
        pass(self.permits.pop_front().unwrap_or(ZERO)).await;
        self.note(Step::Permit);
        Permit(Arc::clone(&self.log))
    }

    async fn credential(&mut self, _limit: Duration) -> Result<(), NoCredential> {
        self.credentials.pop_front().unwrap_or(Ok(()))
    }

    async fn attempt(&mut self, number: u32, limit: Duration) -> Try {
        self.note(Step::Attempt { number, limit });
        let (takes, tried) = self.tries.pop_front().expect("a try too many");
        pass(takes).await;
        tried
    }

    async fn pause(&mut self, pause: Duration) {
        self.note(Step::Pause(pause));
        pass(pause).await;
    }

    async fn renew(&mut self, _limit: Duration) -> Option<Result<(), NoCredential>> {
        let (takes, renewal) = self.renewal;
        if renewal == Renewal::Impossible {
            return None;
        }
        self.note(Step::Renewed);
        pass(takes).await;
        Some(if renewal == Renewal::Works { Ok(()) } else { Err(NoCredential::new("no login", None)) })
    }

    fn left_unanswered(&mut self) {
        self.note(Step::Unanswered);
    }
}

pub(super) fn not_connected() -> Try {
    Try::NotConnected(Cause::new("refused"))
}

/// The other side's certificate was not accepted.
pub(super) fn untrusted() -> Try {
    Try::Untrusted { cause: Cause::new("a script"), remedy: "trust it" }
}

pub(super) fn no_head() -> Try {
    Try::NoHead(Cause::new("reset"))
}

pub(super) fn status(status: u16) -> Try {
    Try::Head(answer(status), Body::Complete)
}

fn answer(status: u16) -> Answer {
    let status = StatusCode::from_u16(status).unwrap();
    Answer {
        status,
        headers: HeaderMap::new(),
        body: format!("body of {status}").into_bytes().into(),
        secrets: Secrets::default(),
    }
}

pub(super) fn cut(status: u16) -> Try {
    Try::Head(answer(status), Body::Cut(Cause::new("cut")))
}

pub(super) fn too_large(status: u16) -> Try {
    Try::Head(answer(status), Body::TooLarge(Cause::new("large")))
}

/// A status with a `Retry-After`.
fn later(status: u16, value: &str) -> Try {
    let mut answer = answer(status);
    answer.headers.insert("retry-after", HeaderValue::from_str(value).unwrap());
    Try::Head(answer, Body::Complete)
}

/// The defaults of a read, without pauses unless the policy says so.
pub(super) fn limits(policy: RetryPolicy) -> Limits {
    Limits { policy, one_try: seconds(60), budget: seconds(120), connect: seconds(10) }
}

pub(super) fn at_once(max_tries: u32) -> RetryPolicy {
    RetryPolicy::DEFAULT.max_tries(max_tries).pauses(ZERO, ZERO)
}

/// How a run ended, short enough for a table.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Ended {
    Ok,
    NotDone,
    Refused(u16),
    /// Refused, after a copy that went unanswered.
    Echo(u16),
    NotAuthenticated,
    /// With the status, if an answer began.
    Unknown(Option<u16>),
    Unreadable,
}

pub(super) fn ended(run: &Run) -> Ended {
    let end = match &run.result {
        Ok(answer) => {
            assert!(answer.status.is_success(), "{answer:?}");
            return Ended::Ok;
        }
        Err(end) => &**end,
    };
    match end {
        FailureKind::NotDone { .. } => Ended::NotDone,
        FailureKind::Refused { answer, after_unanswered_copy: false } => Ended::Refused(answer.status.as_u16()),
        FailureKind::Refused { answer, after_unanswered_copy: true } => Ended::Echo(answer.status.as_u16()),
        FailureKind::NotAuthenticated { .. } => Ended::NotAuthenticated,
        FailureKind::Unknown { answer, .. } => Ended::Unknown(answer.as_ref().map(|answer| answer.status.as_u16())),
        FailureKind::Unreadable { .. } => Ended::Unreadable,
    }
}

fn instant(tries: impl IntoIterator<Item = Try>) -> Script {
    Script::new(tries.into_iter().map(|tried| (ZERO, tried)))
}

#[tokio::test(start_paused = true)]
async fn a_first_answer_ends_the_call() {
    for effect in [Read, Change, RepeatableChange] {
        let mut driver = Script::new([(seconds(3), status(200))]).permits([seconds(4)]);
        let run = run(effect, limits(RetryPolicy::DEFAULT), &mut driver).await;
        assert_eq!((ended(&run), run.attempts, run.elapsed), (Ended::Ok, 1, seconds(7)), "{effect:?}");
        assert_eq!(driver.steps(), [Step::Permit, Step::Attempt { number: 1, limit: seconds(60) }, Step::Released]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_try_may_take_its_limit_or_what_is_left() {
    let tries = [60, 40, 5, 1].map(|takes| (seconds(takes), not_connected()));
    let mut driver = Script::new(tries);
    let run = run(Change, limits(at_once(4)), &mut driver).await;
    assert_eq!(driver.limits(), [60, 60, 20, 15].map(seconds));
    assert_eq!((ended(&run), run.attempts, run.elapsed), (Ended::NotDone, 4, seconds(106)));
}

#[tokio::test(start_paused = true)]
async fn no_try_begins_that_could_not_connect() {
    // Budget 120 s, connect 10 s: the last moment for a pause to end is before 110 s.
    for (first, attempts) in
        [(seconds(110), 1), (Duration::from_nanos(109_999_999_999), 2), (seconds(111), 1), (seconds(300), 1)]
    {
        let mut driver = Script::new([(first, not_connected()), (ZERO, status(200))]);
        let run = run(Read, limits(at_once(4)), &mut driver).await;
        assert_eq!(run.attempts, attempts, "{first:?}");
        assert_eq!(ended(&run), if attempts == 1 { Ended::NotDone } else { Ended::Ok }, "{first:?}");
        assert!(driver.limits().iter().all(|limit| *limit >= seconds(10)), "{:?}", driver.limits());
    }
}

#[tokio::test(start_paused = true)]
async fn no_try_begins_that_could_not_connect_after_a_renewal_either() {
    for (refusal, renewal) in [(0, 111), (0, 500), (60, 51), (115, 0)] {
        let mut driver = Script::new([(seconds(refusal), status(401)), (ZERO, status(200))])
            .renewal(seconds(renewal), Renewal::Works);
        let run = run(Change, limits(at_once(4)), &mut driver).await;
        let case = format!("401 after {refusal} s, renewed after {renewal} s: {:?}", driver.steps());
        assert!(driver.limits().iter().all(|limit| *limit >= seconds(10)), "{case}");
        assert_eq!(ended(&run), Ended::Refused(401), "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_permit_uses_no_budget() {
    let day = seconds(86_400);
    let tries = [(seconds(50), not_connected()), (seconds(50), not_connected()), (seconds(1), status(200))];
    let mut driver = Script::new(tries).permits([day, day, day]);
    let run = run(Change, limits(at_once(4)), &mut driver).await;
    assert_eq!(driver.limits(), [60, 60, 20].map(seconds));
    assert_eq!((ended(&run), run.attempts, run.elapsed), (Ended::Ok, 3, day * 3 + seconds(101)));
}

#[tokio::test(start_paused = true)]
async fn a_permit_is_held_for_the_try_alone() {
    let mut driver = instant([later(429, "7"), status(401), status(200)]).renewal(seconds(5), Renewal::Works);
    let run = run(Change, limits(at_once(4)), &mut driver).await;
    assert_eq!((ended(&run), run.attempts, run.elapsed), (Ended::Ok, 3, seconds(12)));
    let attempt = |number| Step::Attempt { number, limit: seconds(60) };
    let first = [Step::Permit, attempt(1), Step::Released, Step::Pause(seconds(7))];
    let second = [Step::Permit, attempt(2), Step::Released, Step::Renewed];
    let third = [Step::Permit, attempt(3), Step::Released];
    assert_eq!(driver.steps(), [&first[..], &second, &third].concat());
}

#[tokio::test(start_paused = true)]
async fn pauses_are_random_and_their_limit_doubles_up_to_the_longest() {
    let (first, longest) = (Duration::from_millis(100), Duration::from_millis(700));
    let policy = RetryPolicy::DEFAULT.max_tries(6).pauses(first, longest);
    let mut largest = [ZERO; 5];
    let mut smallest = [seconds(1); 5];
    for _ in 0..500 {
        let mut driver = instant(std::iter::repeat_with(not_connected).take(6));
        let run = run(Read, limits(policy), &mut driver).await;
        assert_eq!(run.attempts, 6);
        assert_eq!(run.elapsed, driver.pauses().iter().sum());
        for (index, pause) in driver.pauses().into_iter().enumerate() {
            largest[index] = largest[index].max(pause);
            smallest[index] = smallest[index].min(pause);
        }
    }
    for (index, limit) in [100, 200, 400, 700, 700].map(Duration::from_millis).into_iter().enumerate() {
        assert!(largest[index] <= limit, "{index}: {:?}", largest[index]);
        // Full jitter uses the whole range; by chance, this fails less often than once in 10^20 runs.
        assert!(largest[index] > limit.mul_f64(0.9) && smallest[index] < limit.mul_f64(0.1), "{index}");
    }
}

#[tokio::test(start_paused = true)]
async fn extreme_pauses_neither_panic_nor_begin() {
    for (first, longest) in
        [(Duration::MAX, Duration::MAX), (ZERO, Duration::MAX), (Duration::MAX, ZERO), (seconds(1), NANO)]
    {
        let mut driver = instant(std::iter::repeat_with(not_connected).take(40));
        let run = run(Read, limits(RetryPolicy::DEFAULT.max_tries(40).pauses(first, longest)), &mut driver).await;
        assert_eq!(ended(&run), Ended::NotDone);
        assert!(driver.pauses().iter().all(|pause| *pause < seconds(110)), "{:?}", driver.pauses());
    }
}

#[tokio::test(start_paused = true)]
async fn the_policy_counts_every_try() {
    for (policy, expected) in [
        (at_once(0), 1),
        (at_once(1), 1),
        (at_once(2), 2),
        (at_once(4), 4),
        (RetryPolicy::none(), 1),
        (RetryPolicy::DEFAULT, 4),
        (RetryPolicy::default(), 4),
    ] {
        for tried in [not_connected, || status(429)] {
            let mut driver = instant(std::iter::repeat_with(tried).take(5));
            let run = run(Change, limits(policy), &mut driver).await;
            assert_eq!(run.attempts, expected, "{policy:?}");
            assert_eq!(driver.pauses().len(), expected as usize - 1, "{policy:?}");
            assert!(matches!(ended(&run), Ended::NotDone | Ended::Refused(429)), "{policy:?}");
        }
    }
}

const EVERY: [Effect; 3] = [Read, Change, RepeatableChange];

#[tokio::test(start_paused = true)]
async fn retry_after_comes_before_the_policy() {
    for (code, effects) in [
        (429, &EVERY[..]),
        (408, &[Read, RepeatableChange]),
        (502, &[Read, RepeatableChange]),
        (503, &[Read, RepeatableChange]),
        (504, &[Read, RepeatableChange]),
    ] {
        for effect in effects {
            for (value, pause) in [("7", 7), (" 7 ", 7), ("0", 0), ("109", 109)] {
                let mut driver = instant([later(code, value), status(200)]);
                let run = run(*effect, limits(at_once(4)), &mut driver).await;
                let case = format!("{effect:?} answered {code} with {value:?}");
                assert_eq!((ended(&run), run.attempts), (Ended::Ok, 2), "{case}");
                assert_eq!(driver.pauses(), [seconds(pause)], "{case}");
                assert_eq!(driver.limits(), [seconds(60), seconds(120 - pause).min(seconds(60))], "{case}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_beyond_the_budget_ends_the_call_at_once_with_that_answer() {
    let far = httpdate::fmt_http_date(SystemTime::now() + seconds(86_400));
    for value in ["110", "111", "4294967296", "18446744073709551615", far.as_str()] {
        for (effect, code, expected) in [
            (Read, 429, Ended::Refused(429)),
            (Change, 429, Ended::Refused(429)),
            (RepeatableChange, 429, Ended::Refused(429)),
            (Read, 503, Ended::Refused(503)),
            (RepeatableChange, 503, Ended::Unknown(Some(503))),
        ] {
            let mut driver = instant([later(code, value)]);
            let run = run(effect, limits(at_once(4)), &mut driver).await;
            assert_eq!((ended(&run), run.attempts, run.elapsed), (expected, 1, ZERO), "{effect:?} {code} {value}");
            assert_eq!(driver.pauses(), [], "{effect:?} {code} {value}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_retry_after_leaves_it_to_the_policy() {
    let policy = RetryPolicy::DEFAULT.pauses(NANO, NANO);
    for value in ["-1", "1.5", "soon", "", "7s", "7, 8", "0x10", "Tue, 99 Foo 2026 00:00:00 GMT"] {
        let mut driver = instant([later(429, value), status(200)]);
        let run = run(Change, limits(policy), &mut driver).await;
        assert_eq!((ended(&run), run.attempts), (Ended::Ok, 2), "{value:?}");
        assert!(driver.pauses().len() == 1 && driver.pauses()[0] <= NANO, "{value:?}: {:?}", driver.pauses());
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_may_be_a_date() {
    let policy = RetryPolicy::DEFAULT.pauses(seconds(100), seconds(100));
    let now = SystemTime::now();
    // A date has whole seconds, and the test takes some time itself.
    for (date, longest) in [(now + seconds(90), 90), (now - seconds(90), 0), (SystemTime::UNIX_EPOCH, 0)] {
        let mut driver = instant([later(429, &httpdate::fmt_http_date(date)), status(200)]);
        let run = run(Change, limits(policy), &mut driver).await;
        assert_eq!((ended(&run), run.attempts), (Ended::Ok, 2), "{date:?}");
        let [pause] = driver.pauses()[..] else { panic!("{:?}", driver.pauses()) };
        assert!(pause <= seconds(longest) && pause + seconds(60) > seconds(longest), "{date:?}: {pause:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_credential_is_renewed_once() {
    use Renewal::{Fails, Impossible, Works};
    let unauthorized = Ended::Refused(401);
    // Statuses in turn, the renewal, how it ends, attempts, renewals.
    for (statuses, renewal, expected, attempts, renewals) in [
        (&[401, 200][..], Works, Ended::Ok, 2, 1),
        (&[401, 401], Works, unauthorized, 2, 1),
        (&[401], Fails, Ended::NotAuthenticated, 1, 1),
        (&[401], Impossible, unauthorized, 1, 0),
        (&[401, 429, 200], Works, Ended::Ok, 3, 1),
        (&[429, 401, 200], Works, Ended::Ok, 3, 1),
        (&[401, 429, 401], Works, unauthorized, 3, 1),
        (&[401, 403], Works, Ended::Refused(403), 2, 1),
    ] {
        for effect in EVERY {
            let mut driver = instant(statuses.iter().map(|code| status(*code))).renewal(ZERO, renewal);
            let run = run(effect, limits(at_once(4)), &mut driver).await;
            let case = format!("{effect:?} {statuses:?} {renewal:?}");
            assert_eq!(
                (ended(&run), run.attempts, driver.count(Step::Renewed)),
                (expected, attempts, renewals),
                "{case}"
            );
        }
    }
    // Also where the policy allows one try only, and then not a second time.
    let mut driver = instant([status(401), not_connected()]).renewal(ZERO, Works);
    let run = run(Change, limits(RetryPolicy::none()), &mut driver).await;
    assert_eq!((ended(&run), run.attempts), (Ended::NotDone, 2));
}

#[tokio::test(start_paused = true)]
async fn elapsed_is_from_the_first_permit_to_the_last_byte() {
    let before = Instant::now();
    let tries = [(seconds(2), not_connected()), (seconds(3), later(429, "5")), (seconds(7), status(403))];
    let mut driver = Script::new(tries).permits([seconds(11), seconds(13)]);
    let run = run(Change, limits(at_once(4)), &mut driver).await;
    assert_eq!((ended(&run), run.attempts, run.elapsed), (Ended::Refused(403), 3, seconds(41)));
    assert_eq!(before.elapsed(), run.elapsed);
}
