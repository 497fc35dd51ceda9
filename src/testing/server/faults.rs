//! Faults that a test asks for, and the requests that they hit.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Mutex;
use std::time::Duration;

use http::StatusCode;
use http::header::RETRY_AFTER;
use serde_json::Value;

use super::{FakeCall, Reply, locked};

/// What happens to a request.
#[derive(Clone)]
pub(super) enum Fault {
    Lose,
    Cut,
    Refuse(FakeAnswer),
    /// `None` stands for the vendor's own success, about something else.
    Stray(Option<FakeAnswer>),
}

impl Fault {
    fn kind(&self) -> FakeFaultKind {
        match self {
            Self::Lose => FakeFaultKind::LostAnswer,
            Self::Cut => FakeFaultKind::CutAnswer,
            Self::Refuse(_) => FakeFaultKind::Refusal,
            Self::Stray(_) => FakeFaultKind::StrayAnswer,
        }
    }
}

/// The effect of a fault on a request; see [`RecordedRequest::fault`](super::RecordedRequest::fault).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Schedule;
/// use clm::testing::FakeFaultKind;
///
/// scene.keyfactor.lose_answers(1);
/// let removal = keyfactor
///     .certificate_stores()
///     .remove_certificates(scene.locations(), Schedule::Immediate);
/// assert!(removal.send().await.is_err());
/// assert_eq!(scene.keyfactor.requests()[0].fault(), Some(FakeFaultKind::LostAnswer));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FakeFaultKind {
    /// `lose_answers`: the request was carried out, and its connection was closed without a response.
    LostAnswer,
    /// `cut_answers`: the request was carried out, and half of the response was sent.
    CutAnswer,
    /// `refuse_next`: the request was refused and not carried out.
    Refusal,
    /// `stray_answers`: the request was carried out, and two responses were sent.
    StrayAnswer,
}

impl FakeFaultKind {
    /// Returns the name of the method that sets the fault, such as `lose_answers`.
    ///
    /// ```
    /// use clm::testing::FakeFaultKind;
    ///
    /// assert_eq!(FakeFaultKind::LostAnswer.as_str(), "lose_answers");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LostAnswer => "lose_answers",
            Self::CutAnswer => "cut_answers",
            Self::Refusal => "refuse_next",
            Self::StrayAnswer => "stray_answers",
        }
    }
}

impl fmt::Display for FakeFaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A response for faults. Without a body of its own, its body has the form of the vendor's refusals, as far as that is known.
///
/// # Example
///
/// ```
/// # #[cfg(feature = "keyfactor")] {
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use std::time::Duration;
///
/// use clm::keyfactor::Query;
/// use clm::testing::{FakeAnswer, FakeKeyfactor};
///
/// let fake = FakeKeyfactor::start().await;
/// fake.refuse_next(FakeAnswer::status(429).retry_after(Duration::ZERO), 2);
/// fake.refuse_next(
///     FakeAnswer::status(404).json(serde_json::json!({"Message": "The server is asleep."})),
///     1,
/// );
///
/// let stores = fake.client().certificate_stores();
/// let error = stores.list(Query::all()).rows().unwrap().collect().await.unwrap_err();
/// assert_eq!(error.message(), Some("The server is asleep."));
/// assert_eq!(fake.requests().len(), 3, "a 429 is retried");
/// # }
/// # main();
/// # }
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct FakeAnswer {
    status: StatusCode,
    retry_after: Option<Duration>,
    body: Option<Value>,
}

impl FakeAnswer {
    /// A response with this status. See the [example](Self#example).
    ///
    /// # Panics
    /// If the status is not in the range 200 to 599.
    #[must_use]
    #[track_caller]
    pub fn status(status: u16) -> Self {
        assert!((200..600).contains(&status), "the status of a response must be between 200 and 599, is {status}");
        Self { status: StatusCode::from_u16(status).unwrap_or_default(), retry_after: None, body: None }
    }

    /// Adds a `Retry-After` header with this time in seconds, rounded up. Servers send it with 429 and 503. See the
    /// [example](Self#example).
    #[must_use]
    pub fn retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    /// Sets the body. See the [example](Self#example).
    #[must_use]
    pub fn json(mut self, body: impl Into<Value>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// `usual` is what the vendor's server answers with this status.
    pub(super) fn reply(&self, usual: Reply) -> Reply {
        let mut reply = Reply { status: self.status.as_u16(), ..usual };
        if let Some(body) = &self.body {
            reply.body = Some(body.clone());
        }
        match self.retry_after {
            Some(pause) => {
                let seconds = pause.as_secs().saturating_add(u64::from(pause.subsec_nanos() > 0));
                reply.header(RETRY_AFTER.as_str(), seconds.to_string())
            }
            None => reply,
        }
    }

    pub(super) fn code(&self) -> u16 {
        self.status.as_u16()
    }
}

impl From<u16> for FakeAnswer {
    #[track_caller]
    fn from(status: u16) -> Self {
        Self::status(status)
    }
}

/// A fault that was set. It is active from the moment when it was set, even if this value is dropped. Its methods restrict which
/// requests it affects.
///
/// # Example
///
/// ```
/// # #[cfg(feature = "keyfactor")] {
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::keyfactor::Query;
/// use clm::testing::{FakeKeyfactor, KeyfactorCall};
///
/// let fake = FakeKeyfactor::start().await;
/// let store = fake.add_store();
/// fake.refuse_next(404, 1).of(KeyfactorCall::GetStore).after(1);
///
/// let stores = fake.client().certificate_stores();
/// stores.list(Query::all()).rows()?.collect().await?;
/// assert!(stores.get(store).send().await.is_ok());
/// assert!(stores.get(store).send().await.is_err(), "the second request for this call");
/// # Ok(()) }
/// # main().unwrap();
/// # }
/// ```
pub struct FakeFault<'a, C> {
    faults: &'a Faults,
    id: u64,
    calls: PhantomData<fn(C)>,
}

impl<'a, C: FakeCall> FakeFault<'a, C> {
    pub(super) fn new(faults: &'a Faults, id: u64) -> Self {
        Self { faults, id, calls: PhantomData }
    }

    /// Restricts the fault to this call. By default it affects all calls, including logins and token requests. See the
    /// [example](Self#example).
    #[allow(clippy::must_use_candidate, clippy::return_self_not_must_use, reason = "it acts also if it is dropped")]
    pub fn of(self, call: C) -> Self {
        self.faults.narrow(self.id, call.name());
        self
    }

    /// The first `requests` requests that match the fault are not affected. See the [example](Self#example).
    #[allow(clippy::must_use_candidate, clippy::return_self_not_must_use, reason = "it acts also if it is dropped")]
    pub fn after(self, requests: usize) -> Self {
        self.faults.postpone(self.id, requests);
        self
    }
}

impl<C> fmt::Debug for FakeFault<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeFault").field("number", &self.id).finish_non_exhaustive()
    }
}

/// The faults of a fake, in the order in which they were set.
#[derive(Default)]
pub(in crate::testing) struct Faults(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    set: u64,
    waiting: VecDeque<Waiting>,
    /// The latest that concerns a call counts.
    pauses: Vec<Pause>,
}

struct Waiting {
    id: u64,
    fault: Fault,
    call: Option<&'static str>,
    /// Requests that pass before it begins.
    pass: usize,
    left: usize,
    of: usize,
}

struct Pause {
    id: u64,
    call: Option<&'static str>,
    length: Duration,
}

impl Faults {
    pub(super) fn add(&self, fault: Fault, times: usize) -> u64 {
        let mut queue = locked(&self.0);
        queue.set += 1;
        let id = queue.set;
        queue.waiting.push_back(Waiting { id, fault, call: None, pass: 0, left: times, of: times });
        id
    }

    pub(super) fn slow_down(&self, pause: Duration) -> u64 {
        let mut queue = locked(&self.0);
        queue.set += 1;
        let id = queue.set;
        queue.pauses.push(Pause { id, call: None, length: pause });
        id
    }

    fn narrow(&self, id: u64, call: &'static str) {
        let queue = &mut *locked(&self.0);
        for waiting in queue.waiting.iter_mut().filter(|it| it.id == id) {
            waiting.call = Some(call);
        }
        for pause in queue.pauses.iter_mut().filter(|it| it.id == id) {
            pause.call = Some(call);
        }
    }

    fn postpone(&self, id: u64, requests: usize) {
        for waiting in locked(&self.0).waiting.iter_mut().filter(|it| it.id == id) {
            waiting.pass = requests;
        }
    }

    /// What happens to a request of this call. The first fault that concerns it decides: those behind it wait until it is used up.
    pub(super) fn next(&self, call: Option<&'static str>) -> Option<Fault> {
        let mut queue = locked(&self.0);
        let at = queue.waiting.iter().position(|it| it.left > 0 && (it.call.is_none() || it.call == call))?;
        let waiting = queue.waiting.get_mut(at)?;
        if waiting.pass > 0 {
            waiting.pass -= 1;
            return None;
        }
        waiting.left -= 1;
        let fault = waiting.fault.clone();
        if waiting.left == 0 {
            queue.waiting.remove(at);
        }
        Some(fault)
    }

    /// How long an answer to this call waits.
    pub(super) fn pause(&self, call: Option<&'static str>) -> Duration {
        let queue = locked(&self.0);
        let concerns = |it: &&Pause| it.call.is_none() || it.call == call;
        queue.pauses.iter().rev().find(concerns).map_or(Duration::ZERO, |it| it.length)
    }

    pub(super) fn left(&self) -> usize {
        locked(&self.0).waiting.iter().fold(0, |sum, it| sum.saturating_add(it.left))
    }

    /// What has not happened yet, a line each; empty if all has.
    pub(super) fn unused(&self) -> String {
        let line = |it: &Waiting| {
            let Waiting { fault, call, pass, left, of, .. } = it;
            let status = match fault {
                Fault::Refuse(answer) | Fault::Stray(Some(answer)) => format!(" with {}", answer.code()),
                Fault::Lose | Fault::Cut | Fault::Stray(None) => String::new(),
            };
            let after = if *pass > 0 { format!(", after {pass} more") } else { String::new() };
            let call = call.unwrap_or("any call");
            format!("\n  {}{status}: {left} of {of} left for {call}{after}", fault.kind())
        };
        locked(&self.0).waiting.iter().filter(|it| it.left > 0).map(line).collect()
    }
}

impl Fault {
    pub(super) fn recorded(fault: Option<&Self>) -> Option<FakeFaultKind> {
        fault.map(Self::kind)
    }
}
