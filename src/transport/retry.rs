//! What one try of a call proves, and whether there is another. [`decide`] can be held against the table in the crate's
//! documentation, row by row; [`run`] does what it says within the policy and the budget.

use std::time::{Duration, SystemTime};

use http::StatusCode;
use http::header::RETRY_AFTER;
use tokio::time::Instant;

use super::authentication::NoCredential;
use super::cause::Cause;
use super::end::{Answer, FailureKind};
use super::request::Effect;

/// How often a call may be tried, and how long the pauses between tries are.
///
/// The policy applies only where a retry is harmless: to reads, and to changes that cannot have arrived or that the
/// server refused with 429. No policy makes the crate retry a change that may have arrived. The total time limit is set
/// on the client.
///
/// Pauses use exponential backoff with full jitter. A `Retry-After` header takes precedence. If a pause does not fit
/// into the remaining time, the call ends immediately.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::RetryPolicy;
///
/// let read = keyfactor.certificates().get(scene.certificate());
/// let certificate = read.retry_policy(RetryPolicy::DEFAULT.max_tries(6)).send().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RetryPolicy {
    max_tries: u32,
    first_pause: Duration,
    longest_pause: Duration,
}

impl RetryPolicy {
    /// Four tries. The first pause is at most 250 ms, the longest at most 10 s.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::RetryPolicy;
    /// use clm::keyfactor::{Client, Credentials};
    ///
    /// let client = Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(Credentials::bearer("a-token"))
    ///     .retry_policy(RetryPolicy::DEFAULT.max_tries(6))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub const DEFAULT: Self =
        Self { max_tries: 4, first_pause: Duration::from_millis(250), longest_pause: Duration::from_secs(10) };

    /// A single try. A credential that the crate can renew is still renewed once.
    ///
    /// ```
    /// use clm::RetryPolicy;
    ///
    /// let once = RetryPolicy::none();
    /// ```
    #[must_use]
    pub const fn none() -> Self {
        Self { max_tries: 1, ..Self::DEFAULT }
    }

    /// Sets the number of tries, including the first. 0 is treated as 1.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use clm::RetryPolicy;
    ///
    /// let patient =
    ///     RetryPolicy::DEFAULT.max_tries(8).pauses(Duration::from_secs(1), Duration::from_secs(30));
    /// ```
    #[must_use]
    pub const fn max_tries(mut self, tries: u32) -> Self {
        self.max_tries = tries;
        self
    }

    /// Sets the limits of the first and of the longest pause.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use clm::RetryPolicy;
    ///
    /// let policy = RetryPolicy::DEFAULT.pauses(Duration::from_millis(500), Duration::from_secs(30));
    /// ```
    #[must_use]
    pub const fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.first_pause = first;
        self.longest_pause = longest;
        self
    }

    /// The pause before the try after `attempts` tries.
    fn pause(self, attempts: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        let limit = self.first_pause.saturating_mul(doubled).min(self.longest_pause);
        limit.mul_f64(fastrand::f64())
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// How one try went, as far as it can be seen from here.
#[derive(Debug)]
pub(crate) enum Try {
    /// No connection came about: DNS, TCP, a proxy's CONNECT, or TLS before our last handshake message.
    NotConnected(Cause),
    /// No connection came about, since the other side's certificate was not accepted.
    Untrusted { cause: Cause, remedy: &'static str },
    /// Bytes may have left, and no response head came that can be read.
    NoHead(Cause),
    /// A response head came, and a body that ended in some way.
    Head(Answer, Body),
    /// A response head came before the request was written to its end, which it then never was.
    TooEarly(Answer, Cause),
    /// A response head came whose status says, beside 401 and of this credential only, that it is no longer taken.
    Expired(Answer),
}

impl Try {
    /// The answer of this try began before the request was written.
    pub(super) fn too_early(self) -> Self {
        match self {
            Self::Head(answer, _) | Self::Expired(answer) => {
                let cause = "the response began before the request was fully written, and the rest of the request was \
                             not sent: it cannot be the response to this request";
                Self::TooEarly(answer, Cause::new(cause))
            }
            other => other,
        }
    }
}

/// How a body ended.
#[derive(Debug)]
pub(crate) enum Body {
    Complete,
    /// It broke off, came too late or was malformed.
    Cut(Cause),
    /// It is larger than the client takes; the rest was not read.
    TooLarge(Cause),
    /// It came whole, in an encoding that nobody asked for.
    Encoded(Cause),
}

/// What follows from a try.
#[derive(Debug)]
pub(crate) enum Next {
    /// A whole 2xx answer.
    Done(Answer),
    /// The call is over.
    Over(Box<FailureKind>),
    /// Another try is harmless, or asked for; without one, this is how the call ends.
    Again(Box<FailureKind>),
    /// The credential is no longer taken. Without a renewal, this is how the call ends.
    Renew(Box<FailureKind>),
}

/// Where "nothing was sent" and "may have been sent" cannot be told apart, the answer is "may have been sent".
#[expect(clippy::match_same_arms, reason = "the rows of a table")]
pub(crate) fn decide(effect: Effect, tried: Try) -> Next {
    use Effect::{Change, Read, RepeatableChange};
    use Next::{Again, Done, Over};
    match tried {
        Try::NotConnected(cause) => Again(FailureKind::not_done("could not connect", cause)),
        Try::Untrusted { cause, remedy } => {
            let what = "could not connect: the server's certificate was not accepted";
            Over(Box::new(FailureKind::NotDone { what, cause, remedy: Some(remedy) }))
        }
        Try::NoHead(cause) => match effect {
            Read => Again(FailureKind::not_done("no response was received", cause)),
            Change => Over(FailureKind::unknown(None, Some(cause))),
            RepeatableChange => Again(FailureKind::unknown(None, Some(cause))),
        },
        // The size of a body is known before it is read, and refused for.
        Try::TooEarly(answer, _) if answer.status == StatusCode::PAYLOAD_TOO_LARGE => {
            Over(FailureKind::refused(answer))
        }
        // What refuses a read changes nothing, and its reason is worth more than another try.
        Try::TooEarly(answer, _) if effect == Read && !answer.status.is_success() => {
            decide(effect, Try::Head(answer, Body::Complete))
        }
        Try::TooEarly(answer, cause) => match effect {
            Read => Again(FailureKind::not_done("no response was received", cause)),
            Change => Over(FailureKind::unknown(Some(answer), Some(cause))),
            RepeatableChange => Again(FailureKind::unknown(Some(answer), Some(cause))),
        },
        Try::Expired(answer) => Next::Renew(FailureKind::refused(answer)),
        Try::Head(answer, body) => match (Class::of(answer.status), effect, body) {
            (Class::Success, _, Body::Complete) => Done(answer),
            (Class::Success, Read, Body::Cut(cause)) => {
                Again(FailureKind::not_done("no complete response was received", cause))
            }
            (Class::Success, Read, Body::TooLarge(cause) | Body::Encoded(cause)) => {
                Over(Box::new(FailureKind::Unreadable { answer, cause }))
            }
            (Class::Success, RepeatableChange, Body::Cut(cause)) => {
                Again(FailureKind::unknown(Some(answer), Some(cause)))
            }
            (
                Class::Success,
                Change | RepeatableChange,
                Body::Cut(cause) | Body::TooLarge(cause) | Body::Encoded(cause),
            ) => Over(FailureKind::unknown(Some(answer), Some(cause))),
            // Refused before it acted: assumed.
            (Class::Unauthorized, _, _) => Next::Renew(FailureKind::refused(answer)),
            (Class::TooManyRequests, _, _) => Again(FailureKind::refused(answer)),
            // A gateway that gave up, or a server that failed half-way, may have passed the change on first.
            (Class::Passing, Read, _) => Again(FailureKind::refused(answer)),
            (Class::Failing, Read, _) => Over(FailureKind::refused(answer)),
            (Class::Passing, RepeatableChange, body) => Again(FailureKind::unknown(Some(answer), body.cause())),
            (Class::Passing | Class::Failing, Change | RepeatableChange, body) => {
                Over(FailureKind::unknown(Some(answer), body.cause()))
            }
            // A status that refuses is complete with its head; its body is kept as far as it came.
            (Class::Refusal, _, _) => Over(FailureKind::refused(answer)),
        },
    }
}

/// What a status means for the table.
#[derive(Clone, Copy)]
enum Class {
    Success,
    Unauthorized,
    TooManyRequests,
    /// 408, 502, 503, 504: often gone a moment later.
    Passing,
    /// 500, every other 5xx, and what is no status of an answer at all (1xx, 600 and above).
    Failing,
    /// 3xx, which is never followed, and every other 4xx.
    Refusal,
}

impl Class {
    fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            200..=299 => Self::Success,
            401 => Self::Unauthorized,
            429 => Self::TooManyRequests,
            408 | 502..=504 => Self::Passing,
            300..=499 => Self::Refusal,
            _ => Self::Failing,
        }
    }
}

impl Body {
    /// A body that came whole, in an encoding that nobody asked for, cannot be read.
    pub(crate) fn unless_encoded(self, answer: &Answer) -> Self {
        match (self, answer.encoding()) {
            (Self::Complete, Some(encoding)) => {
                Self::Encoded(Cause::new(format!("the response is encoded as {encoding:?}, which was not requested")))
            }
            (end, _) => end,
        }
    }

    fn cause(self) -> Option<Cause> {
        match self {
            Self::Complete => None,
            Self::Cut(cause) | Self::TooLarge(cause) | Self::Encoded(cause) => Some(cause),
        }
    }
}

/// The limits of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) policy: RetryPolicy,
    /// For one try.
    pub(crate) one_try: Duration,
    /// For all tries with the pauses between them, but without waiting for a permit.
    pub(crate) budget: Duration,
    /// A try that has less time than this left is not begun: its deadline could pass while it still connects, and
    /// then nobody could tell whether anything was sent.
    pub(crate) connect: Duration,
}

/// What the engine drives: the network, or a script.
pub(crate) trait TryDriver: Send {
    /// Keeps a place among the client's concurrent tries.
    type Permit: Send;

    fn permit(&mut self) -> impl Future<Output = Self::Permit> + Send;
    /// Takes the credential that is in use now: the wait for a permit or a pause may outlast the one before.
    fn credential(&mut self, limit: Duration) -> impl Future<Output = Result<(), NoCredential>> + Send;
    fn attempt(&mut self, number: u32, limit: Duration) -> impl Future<Output = Try> + Send;
    fn pause(&mut self, pause: Duration) -> impl Future<Output = ()> + Send;
    /// `None` if the credential cannot be renewed.
    fn renew(&mut self, limit: Duration) -> impl Future<Output = Option<Result<(), NoCredential>>> + Send;
    /// From now on a copy of the change may be on its way unanswered.
    fn left_unanswered(&mut self);
}

/// How all tries of a call ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) result: Result<Answer, Box<FailureKind>>,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    /// A copy of the change went out, and its end is not known, whatever came later.
    pub(crate) unanswered: bool,
}

pub(crate) async fn run(effect: Effect, limits: Limits, driver: &mut impl TryDriver) -> Run {
    let started = Instant::now();
    let mut waited = Duration::ZERO;
    let mut attempts = 0;
    let mut renewed = false;
    // Once a copy went unanswered: what came of it, if anything did. Of several, the last that brought something.
    let mut unanswered: Option<Option<Answer>> = None;
    let left_at = |now: Instant, waited| limits.budget.saturating_sub((now - started).saturating_sub(waited));
    let left = |waited| left_at(Instant::now(), waited);
    let result = loop {
        let asked = if attempts == 0 { started } else { Instant::now() };
        let permit = driver.permit().await;
        let now = Instant::now();
        waited += now - asked;
        if let Err(error) = driver.credential(left_at(now, waited)).await {
            break Err(Box::new(FailureKind::NotAuthenticated { error, refused: None }));
        }
        attempts += 1;
        let tried = driver.attempt(attempts, limits.one_try.min(left(waited))).await;
        drop(permit);
        let end = match decide(effect, tried) {
            Next::Done(answer) => break Ok(answer),
            Next::Over(end) => break Err(end),
            Next::Renew(end) if renewed => break Err(end),
            Next::Renew(end) => match driver.renew(left(waited)).await {
                None => break Err(end),
                Some(Err(error)) => break Err(end.without_credential(error)),
                Some(Ok(())) if left(waited) <= limits.connect => break Err(end),
                Some(Ok(())) => {
                    renewed = true;
                    continue;
                }
            },
            Next::Again(end) => end,
        };
        let pause = end.retry_after().unwrap_or_else(|| limits.policy.pause(attempts));
        let is_last = attempts >= limits.policy.max_tries || left(waited).saturating_sub(pause) <= limits.connect;
        if matches!(*end, FailureKind::Unknown { .. }) {
            driver.left_unanswered();
        }
        if is_last {
            break Err(end);
        }
        if let FailureKind::Unknown { answer, cause: _ } = *end {
            unanswered = Some(answer.or(unanswered.flatten()));
        }
        driver.pause(pause).await;
    };
    let unanswered_before = unanswered.is_some();
    let result = match unanswered {
        Some(answer) => result.map_err(|end| Box::new(end.after_unanswered_copy(answer))),
        None => result,
    };
    Run { result, attempts, elapsed: started.elapsed(), unanswered: unanswered_before }
}

impl FailureKind {
    fn not_done(what: &'static str, cause: Cause) -> Box<Self> {
        Box::new(Self::NotDone { what, cause, remedy: None })
    }

    fn unknown(answer: Option<Answer>, cause: Option<Cause>) -> Box<Self> {
        Box::new(Self::Unknown { answer, cause })
    }

    fn refused(answer: Answer) -> Box<Self> {
        Box::new(Self::Refused { answer, after_unanswered_copy: false })
    }

    /// How long the server asks to wait.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { answer, .. } | Self::Unknown { answer: Some(answer), .. } => {
                retry_after(answer.header(RETRY_AFTER.as_str())?, SystemTime::now())
            }
            _ => None,
        }
    }

    /// The refusal stands, and the credential that was missing could not be had.
    fn without_credential(self, error: NoCredential) -> Box<Self> {
        let refused = match self {
            Self::Refused { answer, .. } => Some(answer),
            _ => None,
        };
        Box::new(Self::NotAuthenticated { error, refused })
    }

    /// An earlier copy may have arrived, so no later try proves that nothing happened. What came of that copy is kept.
    fn after_unanswered_copy(self, of_copy: Option<Answer>) -> Self {
        match self {
            Self::NotDone { what: _, cause, remedy: _ } => Self::Unknown { answer: of_copy, cause: Some(cause) },
            Self::NotAuthenticated { error, .. } => Self::Unknown { answer: of_copy, cause: Some(error.into_cause()) },
            Self::Unknown { answer: None, cause } => Self::Unknown { answer: of_copy, cause },
            Self::Refused { answer, .. } => Self::Refused { answer, after_unanswered_copy: true },
            other => other,
        }
    }
}

/// Seconds, or a date. A date in the past means "now".
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}
