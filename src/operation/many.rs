//! Many changes in successive calls, with each outcome returned as soon as it is known.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Instrument as _};

use super::batch::{Batch, Calls as _, Numbered, NumberedState, PlannedCall};
use super::many_outcome::{HandedOut, ItemOutcome, ItemState, ManyOutcome};
use super::{Caller, Error, FailureScope, Operation, Request, SharedError};
use crate::transport::Cause;
use crate::validation::{Problems, Reason, ValidationError};

/// What happens after a failed call.
///
/// With every variant, nothing further is sent after a failure that all calls would meet: no connection, no valid
/// credential, 401, 429, a redirect, or no access to the call.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::OnFailure;
///
/// let unassign = appviewx.certificate_groups().unassign(scene.resource_ids());
/// let outcome = unassign.in_calls().on_failure(OnFailure::Continue).send().await?;
/// # assert!(outcome.is_complete());
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum OnFailure {
    /// Nothing further is sent. Calls in progress are completed.
    #[default]
    Stop,
    /// The remaining calls are sent after a refusal, but not after a call with an unknown outcome.
    ContinueAfterRefusal,
    /// The remaining calls are sent, even after a call with an unknown outcome. Use it if the items do not depend on each
    /// other.
    Continue,
}

type OutcomeOf<B> = <<B as Batch>::Operation as Operation>::Outcome;
type ItemOutcomeOf<B> = ItemOutcome<<B as Batch>::Item, <B as Batch>::Operation>;
type ManyOutcomeOf<B> = ManyOutcome<<B as Batch>::Item, <B as Batch>::Operation>;
type NumberedOutcome<B> = (usize, ItemOutcomeOf<B>);
type VendorOf<B> = <<B as Batch>::Operation as Operation>::Vendor;

/// The words of the audit for an item's call.
type AuditNote<I> = Arc<dyn Fn(&[I]) -> String + Send + Sync>;

/// Builds a run of many changes in successive calls. [`start`](Self::start) returns a stream of outcomes, and
/// [`send`](Self::send) returns all of them at the end.
///
/// - Each call is a separate change with its own audit event.
/// - After a failed call, nothing further is sent, unless [`on_failure`](Self::on_failure) is set.
/// - Dropping the stream stops the run. Calls in progress are completed and audited.
/// - **Dropping the future of [`send`](Self::send) or [`Outcomes::finish`] loses the outcomes collected so far.** With
///   a timeout or in `select!`, use [`Outcomes::next`], which is cancellation safe.
/// - Each call runs in its own task, with the current span and `tracing` subscriber. Tokio task-locals are not
///   inherited.
/// - If the runtime is shut down during a run, calls in progress become [`Unknown`](ItemState::Unknown), and nothing
///   further is sent.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::OnFailure;
///
/// let unassign = appviewx.certificate_groups().unassign(scene.resource_ids());
/// let batch = unassign.in_calls().on_failure(OnFailure::ContinueAfterRefusal).concurrency(2);
/// let outcome = batch.send().await?;
/// assert!(outcome.is_complete());
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "nothing is sent until `send()` or `start()` is called"]
pub struct BatchBuilder<B: Batch> {
    caller: Caller<VendorOf<B>>,
    batch: B,
    on_failure: OnFailure,
    concurrency: usize,
    audit_note: Option<AuditNote<B::Item>>,
}

impl<B: Batch> BatchBuilder<B> {
    pub(crate) fn new(caller: Caller<VendorOf<B>>, batch: B) -> Self {
        Self { caller, batch, on_failure: OnFailure::default(), concurrency: 1, audit_note: None }
    }

    /// Sets what happens after a failed call. Default [`OnFailure::Stop`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::OnFailure;
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).one_job_per_location();
    /// let outcome = removal.on_failure(OnFailure::Continue).send().await?;
    /// for it in outcome.items() {
    ///     println!("{it}");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn on_failure(mut self, then: OnFailure) -> Self {
        self.on_failure = then;
        self
    }

    /// Sets how many calls may be in progress at once. Default 1. The client's own limit also applies.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).one_job_per_location();
    /// let outcome = removal.concurrency(4).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls;
        self
    }

    /// Sets a function that creates the audit note of each call from its items. The note is not sent to the server. If
    /// the function returns a blank text, the note of the whole request is used.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let unassign = appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls();
    /// let outcome = unassign
    ///     .audit_note_for(|ids| format!("CHG 1234, {} certificates", ids.len()))
    ///     .send()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn audit_note_for(mut self, note: impl Fn(&[B::Item]) -> String + Send + Sync + 'static) -> Self {
        self.audit_note = Some(Arc::new(note));
        self
    }

    /// Checks the whole batch and returns the outcomes as a stream. Nothing is sent until the first outcome is
    /// requested.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).one_job_per_location();
    /// let mut outcomes = removal.start()?;
    /// while let Some(outcome) = outcomes.next().await {
    ///     println!("{outcome}");
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ValidationError`] with all problems of the batch. Later errors are in the outcomes.
    pub fn start(self) -> Result<Outcomes<B>, ValidationError> {
        let Self { caller, batch, on_failure, concurrency, audit_note } = self;
        let mut problems = Problems::default();
        let calls = batch.calls(&caller, on_failure, &mut problems);
        if concurrency == 0 {
            problems.add("concurrency", Reason::OutOfRange, "must be greater than zero");
        }
        problems.finish()?;
        calls.common().note_scope();
        Ok(Outcomes {
            caller,
            total: calls.count(),
            calls,
            on_failure,
            concurrency,
            audit_note,
            running: JoinSet::new(),
            under_way: HashMap::new(),
            known: VecDeque::new(),
            sent: 0,
            ended_by: None,
            handed_out: HandedOut::default(),
        })
    }

    /// Sends the calls and returns the outcome of every item. If the future is dropped, the outcomes collected so far
    /// are lost.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().send().await?;
    /// assert!(outcome.is_complete());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Only [`Error::Validation`], before the first call. Later errors are in the outcome.
    pub async fn send(self) -> Result<ManyOutcomeOf<B>, Error<VendorOf<B>>> {
        Ok(self.start()?.finish().await)
    }

    /// What is run, for the setters of one batch.
    pub(crate) fn batch(&mut self) -> &mut B {
        &mut self.batch
    }
}

impl<B: Batch> fmt::Debug for BatchBuilder<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { caller: _, batch, on_failure, concurrency, audit_note: _ } = self;
        f.debug_struct("BatchBuilder")
            .field("batch", batch)
            .field("on_failure", on_failure)
            .field("concurrency", concurrency)
            .finish_non_exhaustive()
    }
}

/// The outcomes of a batch, each returned as soon as it is known. It implements `Stream`; [`next`](Self::next) and
/// [`finish`](Self::finish) work without an additional crate.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// let unassign = appviewx.certificate_groups().unassign(scene.resource_ids());
/// let mut outcomes = unassign.in_calls().ids_per_call(1).start()?;
/// while let Some(outcome) = outcomes.next().await {
///     println!("{}: {}", outcome.item, outcome.state);
/// }
/// # Ok(()) }
/// ```
#[must_use = "nothing is sent until the first outcome is requested"]
pub struct Outcomes<B: Batch> {
    caller: Caller<VendorOf<B>>,
    /// How many items there are.
    total: usize,
    calls: B::Calls,
    on_failure: OnFailure,
    concurrency: usize,
    audit_note: Option<AuditNote<B::Item>>,
    running: JoinSet<Result<OutcomeOf<B>, Error<VendorOf<B>>>>,
    under_way: HashMap<Id, UnderWay<B>>,
    /// Outcomes that were not handed out yet.
    known: VecDeque<NumberedOutcome<B>>,
    sent: u32,
    ended_by: Option<SharedError<VendorOf<B>>>,
    handed_out: HandedOut,
}

/// A call under way.
struct UnderWay<B: Batch> {
    items: Vec<Numbered<B::Item>>,
    refused: Option<SharedError<VendorOf<B>>>,
    /// What was asked for, for a call whose task ends without an outcome.
    request: Request<B::Operation>,
    since: Instant,
}

impl<B: Batch> Outcomes<B> {
    /// Returns the next outcome as soon as it is known, or `None` after the last one. This method is cancellation safe:
    /// if the future is dropped, the next call returns the same outcome.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let mut outcomes =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().start()?;
    /// while let Some(outcome) = outcomes.next().await {
    ///     println!("{outcome}");
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn next(&mut self) -> Option<ItemOutcome<B::Item, B::Operation>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    async fn next_numbered(&mut self) -> Option<NumberedOutcome<B>> {
        std::future::poll_fn(|context| self.poll_numbered(context)).await
    }

    /// Sends the remaining calls and returns the outcomes that [`next`](Self::next) has not returned yet, in the order
    /// of their items. Whether the result is complete takes the outcomes that `next` returned into account. If the
    /// future is dropped, the outcomes collected so far are lost.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let mut outcomes =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().start()?;
    /// let first = outcomes.next().await;
    /// let rest = outcomes.finish().await;
    /// assert_eq!(rest.items().len(), 2);
    /// # Ok(()) }
    /// ```
    pub async fn finish(mut self) -> ManyOutcomeOf<B> {
        let mut outcomes = Vec::new();
        while let Some(outcome) = self.next_numbered().await {
            outcomes.push(outcome);
        }
        self.outcome(outcomes)
    }

    /// The outcome of the run, of which these outcomes were not handed out.
    fn outcome(&self, mut outcomes: Vec<NumberedOutcome<B>>) -> ManyOutcomeOf<B> {
        outcomes.sort_by_key(|(number, _)| *number);
        ManyOutcome {
            items: outcomes.into_iter().map(|(_, outcome)| outcome).collect(),
            repeated: self.calls.repeated(),
            calls: self.sent,
            split_calls: self.calls.split_calls().to_vec(),
            ended_by: self.ended_by.clone(),
            total: self.total,
            handed_out: self.handed_out,
        }
    }

    /// Stops the run, for example when the program is interrupted. Calls in progress are completed, and
    /// [`next`](Self::next) and [`finish`](Self::finish) return their outcomes. Items whose calls were not sent become
    /// [`NotSent`](ItemState::NotSent) with an [`Error::Transport`] that reports the stop, and so does
    /// [`ended_by`](Self::ended_by). A refused call is not split any further. Stopping a run that has already ended has
    /// no effect.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let fake = clm::testing::FakeAppViewX::start().await;
    /// # let ids = ["67bc2ca76a105e1a05691c1c", "67bc2ca76a105e1a05691c2c"];
    /// # for id in ids { fake.add_certificate(id, "web-servers"); }
    /// # let (groups, interrupted) = (fake.client().certificate_groups(), std::future::ready(()));
    /// let mut outcomes = groups.unassign(ids).in_calls().ids_per_call(1).start()?;
    /// let mut interrupted = std::pin::pin!(interrupted);
    /// loop {
    ///     tokio::select! {
    ///         outcome = outcomes.next() => match outcome {
    ///             Some(outcome) => println!("{outcome}"),
    ///             None => break,
    ///         },
    ///         () = &mut interrupted => {
    ///             outcomes.stop();
    ///             break;
    ///         }
    ///     }
    /// }
    /// // The call under way, and what was not sent.
    /// let rest = outcomes.finish().await;
    /// # assert_eq!(rest.calls() as usize, fake.requests().len());
    /// # Ok(()) }
    /// ```
    pub fn stop(&mut self) {
        if self.ended_by.is_none() && (self.calls.count() > 0 || !self.running.is_empty()) {
            let why = Cause::new("the caller stopped the run");
            let error = Error::nothing_sent(self.calls.common().call_name(), why);
            self.ended_by = Some(error.into());
            self.leave_unsent();
        }
    }

    /// The number of calls that were started.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let mut outcomes =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().start()?;
    /// while outcomes.next().await.is_some() {}
    /// assert_eq!(outcomes.calls(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.sent
    }

    /// The error that ended the run, if there was one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let mut outcomes =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().start()?;
    /// while outcomes.next().await.is_some() {}
    /// if let Some(error) = outcomes.ended_by() {
    ///     eprintln!("{}", error.report());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn ended_by(&self) -> Option<&SharedError<VendorOf<B>>> {
        self.ended_by.as_ref()
    }

    fn poll_numbered(&mut self, context: &mut Context<'_>) -> Poll<Option<NumberedOutcome<B>>> {
        loop {
            if let Some(outcome) = self.known.pop_front() {
                return Poll::Ready(Some(outcome));
            }
            self.begin_calls();
            if !self.known.is_empty() {
                continue;
            }
            match self.running.poll_join_next_with_id(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok((id, ended)))) => self.take(id, ended),
                Poll::Ready(Some(Err(error))) => self.take_without_answer(error),
                Poll::Ready(None) => return Poll::Ready(None),
            }
        }
    }

    /// The next call, with its words for the audit.
    fn next_call(&mut self) -> Option<PlannedCall<B::Operation, B::Item>> {
        let mut call = self.calls.next_call()?;
        if let Some(note) = &self.audit_note {
            let named: Vec<B::Item> = call.items.iter().map(|(_, item)| item.clone()).collect();
            let note = note(&named);
            if !note.trim().is_empty() {
                call.request = call.request.with_audit_note(note);
            }
        }
        Some(call)
    }

    /// The whole run, of which each call ends as is said here. Nothing is sent.
    #[cfg(feature = "testing")]
    pub(super) fn ended_by_each(
        mut self,
        mut end_of: impl FnMut(Request<B::Operation>) -> Result<OutcomeOf<B>, Error<VendorOf<B>>>,
    ) -> ManyOutcomeOf<B> {
        while self.ended_by.is_none()
            && let Some(PlannedCall { items, request, refused }) = self.next_call()
        {
            self.sent += 1;
            self.settle(items, refused.as_ref(), end_of(request));
        }
        let outcomes = self.known.drain(..).collect();
        self.outcome(outcomes)
    }

    fn begin_calls(&mut self) {
        while self.ended_by.is_none() && self.running.len() < self.concurrency {
            let Some(PlannedCall { items, request, refused }) = self.next_call() else { return };
            // Without a runtime, no task can be spawned.
            if let Err(error) = self.caller.check_runtime(|| request.call_name()) {
                self.settle(items, refused.as_ref(), Err(error));
                continue;
            }
            let (caller, asked) = (self.caller.clone(), request.clone());
            let call = async move { caller.execute(Arc::new(asked)).await };
            let call = call.in_current_span();
            let task = match current_subscriber() {
                Some(subscriber) => self.running.spawn(call.with_subscriber(subscriber)),
                None => self.running.spawn(call),
            };
            self.under_way.insert(task.id(), UnderWay { items, refused, request, since: Instant::now() });
            self.sent += 1;
        }
    }

    fn take(&mut self, id: Id, ended: Result<OutcomeOf<B>, Error<VendorOf<B>>>) {
        if let Some(UnderWay { items, refused, .. }) = self.under_way.remove(&id) {
            self.settle(items, refused.as_ref(), ended);
        }
    }

    /// The task of a call panicked, or its runtime was shut down: the call may have arrived.
    fn take_without_answer(&mut self, task: JoinError) {
        if let Some(UnderWay { items, refused, request, since }) = self.under_way.remove(&task.id()) {
            let why = if task.is_panic() {
                "the call panicked"
            } else {
                "the runtime was shut down before a response was \
                                                                   received"
            };
            let error = SharedError::from(Error::without_answer(request, since.elapsed(), why));
            // Other calls under way have ended with their runtime as well, whatever is to happen after a failure.
            self.ended_by.get_or_insert_with(|| error.clone());
            self.settle_error(items, refused.as_ref(), error);
        }
        if let Ok(panic) = task.try_into_panic() {
            std::panic::resume_unwind(panic);
        }
    }

    /// What the call came to that names these items.
    fn settle(
        &mut self,
        items: Vec<Numbered<B::Item>>,
        refused: Option<&SharedError<VendorOf<B>>>,
        ended: Result<OutcomeOf<B>, Error<VendorOf<B>>>,
    ) {
        let answer = match ended {
            Ok(answer) => Arc::new(answer),
            Err(error) => return self.settle_error(items, refused, error.into()),
        };
        let states = self.calls.settle(items, Ok(Arc::clone(&answer)));
        self.known.extend(
            states.into_iter().map(|((number, item), state)| {
                (number, ItemOutcome { item, state, answer: Some(Arc::clone(&answer)) })
            }),
        );
        self.leave_unsent();
    }

    fn settle_error(
        &mut self,
        items: Vec<Numbered<B::Item>>,
        refused: Option<&SharedError<VendorOf<B>>>,
        error: SharedError<VendorOf<B>>,
    ) {
        let states = self.calls.settle(items, Err(error.clone()));
        self.hand_out(states, refused);
        let scope = error.failure_scope();
        let stops = match self.on_failure {
            OnFailure::Stop => true,
            OnFailure::ContinueAfterRefusal => scope == FailureScope::Unknown || scope.ends_a_run(),
            OnFailure::Continue => scope.ends_a_run(),
        };
        if stops {
            self.ended_by.get_or_insert(error);
        }
        self.leave_unsent();
    }

    /// If the run has ended: what was not sent, and what a call under way has put back since.
    fn leave_unsent(&mut self) {
        let Some(error) = self.ended_by.clone() else { return };
        while let Some(PlannedCall { items, refused, .. }) = self.calls.next_call() {
            let states = items.into_iter().map(|item| (item, ItemState::NotSent(error.clone()))).collect();
            self.hand_out(states, refused.as_ref());
        }
    }

    /// Items that an earlier call named and the server refused were sent: they are as that call left them.
    fn hand_out(
        &mut self,
        states: Vec<NumberedState<B::Item, B::Operation>>,
        refused: Option<&SharedError<VendorOf<B>>>,
    ) {
        self.known.extend(states.into_iter().map(|((number, item), state)| {
            let state = match (state, refused) {
                (ItemState::NotSent(_), Some(refused)) => ItemState::RefusedTogether(refused.clone()),
                (state, _) => state,
            };
            (number, ItemOutcome { item, state, answer: None })
        }));
    }
}

/// `None` if there is none by now: a task that is held to that would hear of none that is installed later, and a callsite that
/// it reaches first would be switched off for all of the program.
fn current_subscriber() -> Option<Dispatch> {
    tracing::dispatcher::get_default(|current| (!current.is::<NoSubscriber>()).then(|| current.clone()))
}

// Nothing in it is pinned.
impl<B: Batch> Unpin for Outcomes<B> {}

impl<B: Batch> Stream for Outcomes<B> {
    type Item = ItemOutcome<B::Item, B::Operation>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_numbered(context).map(|outcome| {
            let (_, outcome) = outcome?;
            self.handed_out.count(&outcome);
            Some(outcome)
        })
    }
}

/// Calls under way run to their end.
impl<B: Batch> Drop for Outcomes<B> {
    fn drop(&mut self) {
        self.running.detach_all();
    }
}

impl<B: Batch> fmt::Debug for Outcomes<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcomes")
            .field("calls", &self.sent)
            .field("under_way", &self.running.len())
            .field("ended_by", &self.ended_by)
            .finish_non_exhaustive()
    }
}
