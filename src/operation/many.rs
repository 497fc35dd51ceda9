//! Many changes in one call after the other: each outcome is handed out when it is known.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::task::{Id, JoinSet};
use tracing::Instrument as _;

use super::many_outcome::{ItemOutcome, ItemState, ManyOutcome};
use super::{Caller, Change, Error, FailureScope, Operation, Request, SharedError};
use crate::validation::{Problems, Reason, ValidationError};

/// What happens after a call that failed.
///
/// Whatever is chosen, nothing further is sent after a failure that every call would meet: no connection, no valid credential,
/// 401, 429, a redirect, no access to the call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum OnFailure {
    /// Nothing further is sent. Calls under way run to their end.
    #[default]
    Stop,
    /// After a refusal the further calls are sent; after a call whose outcome is unknown, nothing further is.
    ContinueAfterRefusal,
    /// The further calls are sent, also after one whose outcome is unknown.
    Continue,
}

type OutcomeOf<B> = <<B as Batch>::Operation as Operation>::Outcome;
type ItemOutcomeOf<B> = ItemOutcome<<B as Batch>::Item, <B as Batch>::Operation>;
type ManyOutcomeOf<B> = ManyOutcome<<B as Batch>::Item, <B as Batch>::Operation>;
type NumberedOutcome<B> = (usize, ItemOutcomeOf<B>);
type VendorOf<B> = <<B as Batch>::Operation as Operation>::Vendor;

/// Many changes of one kind, and how they are made calls.
pub trait Batch: Clone + fmt::Debug + Send + Sync + 'static {
    type Operation: Change;
    /// What gets an outcome of its own.
    type Item: Clone + fmt::Debug + Send + Sync + 'static;
    type Calls: Calls<Operation = Self::Operation, Item = Self::Item>;

    /// The calls, if all of them can be sent.
    fn calls(self, caller: &Caller<VendorOf<Self>>, on_failure: OnFailure, problems: &mut Problems) -> Self::Calls;
}

/// The calls of a batch that are still to be sent.
pub trait Calls: Send + 'static {
    type Operation: Operation;
    type Item;

    fn next_call(&mut self) -> Option<PlannedCall<Self::Operation, Self::Item>>;

    /// What the outcome of a call means for each of its items. Those that are to be sent again in another call are left out.
    fn settle(
        &mut self,
        items: Vec<Numbered<Self::Item>>,
        ended: CallEnd<Self::Operation>,
    ) -> Vec<NumberedState<Self::Item, Self::Operation>>;

    /// Everything that was given again, and counts once.
    fn repeated(&self) -> Vec<Self::Item>;

    /// The refusals of the calls that were sent again in parts.
    fn split_calls(&self) -> &[SharedError<<Self::Operation as Operation>::Vendor>] {
        &[]
    }
}

/// A call that is ready to be sent.
#[derive(Debug)]
pub struct PlannedCall<O, I> {
    pub(crate) items: Vec<Numbered<I>>,
    pub(crate) request: Request<O>,
}

/// An item with its number among all of them.
pub(crate) type Numbered<I> = (usize, I);

/// An item with its number and what became of it.
pub(crate) type NumberedState<I, O> = (Numbered<I>, ItemState<<O as Operation>::Vendor>);

/// How a call ended.
pub(crate) type CallEnd<O> = Result<Arc<<O as Operation>::Outcome>, SharedError<<O as Operation>::Vendor>>;

/// The words of the audit for an item's call.
type AuditNote<I> = Arc<dyn Fn(&[I]) -> String + Send + Sync>;

/// Builds a run of many changes, in one call after the other. [`start`](Self::start) gives a stream of outcomes, and
/// [`send`](Self::send) all of them.
///
/// - Each call is a change of its own, with its own audit event.
/// - After a call that failed, nothing further is sent, unless [`on_failure`](Self::on_failure) says otherwise.
/// - A stream that is dropped starts nothing further. Calls under way run to their end, and into the audit.
#[derive(Clone)]
#[must_use = "nothing is sent before `send()` or `start()`"]
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

    /// What happens after a call that failed. Default [`OnFailure::Stop`].
    pub fn on_failure(mut self, then: OnFailure) -> Self {
        self.on_failure = then;
        self
    }

    /// How many calls may be under way at once. Default 1. The client's own limit holds as well.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls;
        self
    }

    /// What the audit event of each call says beside its targets, made of what the call names. It stays in this program. Where
    /// it is blank, the note of the whole request stays.
    pub fn audit_note_for(mut self, note: impl Fn(&[B::Item]) -> String + Send + Sync + 'static) -> Self {
        self.audit_note = Some(Arc::new(note));
        self
    }

    /// Checks everything, and gives the outcomes as a stream. Nothing is sent before the first one is asked for.
    ///
    /// # Errors
    /// [`ValidationError`] with every problem of the whole batch. What happens later is in the outcomes.
    pub fn start(self) -> Result<Outcomes<B>, ValidationError> {
        let Self { caller, batch, on_failure, concurrency, audit_note } = self;
        let mut problems = Problems::default();
        let calls = batch.calls(&caller, on_failure, &mut problems);
        if concurrency == 0 {
            problems.add("concurrency", Reason::OutOfRange, "at least one call must be under way");
        }
        problems.finish()?;
        Ok(Outcomes {
            caller,
            calls,
            on_failure,
            concurrency,
            audit_note,
            running: JoinSet::new(),
            items: HashMap::new(),
            known: VecDeque::new(),
            sent: 0,
            ended_by: None,
            gaps_handed_out: 0,
        })
    }

    /// Sends the calls, and gives the outcome of every item.
    ///
    /// # Errors
    /// [`Error::Validation`] alone, before the first call. What happens later is in the outcome.
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

/// The outcomes of a batch, each handed out when it is known. A `Stream`; [`next`](Self::next) and
/// [`finish`](Self::finish) need no other crate.
#[must_use = "nothing is sent before the first outcome is asked for"]
pub struct Outcomes<B: Batch> {
    caller: Caller<VendorOf<B>>,
    calls: B::Calls,
    on_failure: OnFailure,
    concurrency: usize,
    audit_note: Option<AuditNote<B::Item>>,
    running: JoinSet<Result<OutcomeOf<B>, Error<VendorOf<B>>>>,
    /// What the calls under way name.
    items: HashMap<Id, Vec<Numbered<B::Item>>>,
    /// Outcomes that were not handed out yet.
    known: VecDeque<NumberedOutcome<B>>,
    sent: u32,
    ended_by: Option<SharedError<VendorOf<B>>>,
    /// Outcomes that were handed out, and are not confirmed.
    gaps_handed_out: usize,
}

impl<B: Batch> Outcomes<B> {
    /// The next outcome, in the order in which they become known; `None` once there is one for every item.
    pub async fn next(&mut self) -> Option<ItemOutcome<B::Item, B::Operation>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    async fn next_numbered(&mut self) -> Option<NumberedOutcome<B>> {
        std::future::poll_fn(|context| self.poll_numbered(context)).await
    }

    /// Sends what is left, and gives the outcomes that were not handed out yet, in the order of their items. Those that
    /// [`next`](Self::next) gave are not in it, but a gap among them is one of the whole.
    pub async fn finish(mut self) -> ManyOutcomeOf<B> {
        let mut outcomes = Vec::new();
        while let Some(outcome) = self.next_numbered().await {
            outcomes.push(outcome);
        }
        outcomes.sort_by_key(|(number, _)| *number);
        ManyOutcome {
            items: outcomes.into_iter().map(|(_, outcome)| outcome).collect(),
            repeated: self.calls.repeated(),
            calls: self.sent,
            split_calls: self.calls.split_calls().to_vec(),
            ended_by: self.ended_by.clone(),
            gaps_before: self.gaps_handed_out,
        }
    }

    /// How many calls were begun.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.sent
    }

    /// The error after which nothing further is sent, if there was one.
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
                // A call that panicked.
                Poll::Ready(Some(Err(error))) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    // The runtime ends, and nobody asks any more.
                    Err(_) => return Poll::Ready(None),
                },
                Poll::Ready(None) => return Poll::Ready(None),
            }
        }
    }

    fn begin_calls(&mut self) {
        while self.ended_by.is_none() && self.running.len() < self.concurrency {
            let Some(PlannedCall { items, mut request }) = self.calls.next_call() else { return };
            if let Some(note) = &self.audit_note {
                let named: Vec<B::Item> = items.iter().map(|(_, item)| item.clone()).collect();
                let note = note(&named);
                if !note.trim().is_empty() {
                    request = request.with_audit_note(note);
                }
            }
            // Without a runtime, no task can be spawned.
            if let Err(error) = self.caller.check_runtime(|| request.call_name()) {
                self.settle(items, Err(error));
                continue;
            }
            let caller = self.caller.clone();
            let call = async move { caller.execute(request).await };
            let task = self.running.spawn(call.in_current_span());
            self.items.insert(task.id(), items);
            self.sent += 1;
        }
    }

    fn take(&mut self, id: Id, ended: Result<OutcomeOf<B>, Error<VendorOf<B>>>) {
        if let Some(items) = self.items.remove(&id) {
            self.settle(items, ended);
        }
    }

    /// What the call came to that names these items.
    fn settle(&mut self, items: Vec<Numbered<B::Item>>, ended: Result<OutcomeOf<B>, Error<VendorOf<B>>>) {
        match ended.map(Arc::new).map_err(SharedError::from) {
            Ok(answer) => {
                let states = self.calls.settle(items, Ok(Arc::clone(&answer)));
                self.known.extend(states.into_iter().map(|((number, item), state)| {
                    (number, ItemOutcome { item, state, answer: Some(Arc::clone(&answer)) })
                }));
            }
            Err(error) => {
                let states = self.calls.settle(items, Err(error.clone()));
                self.hand_out(states);
                let scope = error.failure_scope();
                let stops = match self.on_failure {
                    OnFailure::Stop => true,
                    OnFailure::ContinueAfterRefusal => scope == FailureScope::Unknown || scope.ends_a_run(),
                    OnFailure::Continue => scope.ends_a_run(),
                };
                if stops {
                    self.ended_by.get_or_insert(error);
                }
            }
        }
        // Also what a call under way has put back since the run ended.
        if let Some(error) = self.ended_by.clone() {
            self.leave_unsent(&error);
        }
    }

    fn leave_unsent(&mut self, error: &SharedError<VendorOf<B>>) {
        while let Some(call) = self.calls.next_call() {
            let states = call.items.into_iter().map(|item| (item, ItemState::NotSent(error.clone()))).collect();
            self.hand_out(states);
        }
    }

    fn hand_out(&mut self, states: Vec<NumberedState<B::Item, B::Operation>>) {
        let outcomes = states.into_iter();
        self.known.extend(outcomes.map(|((number, item), state)| (number, ItemOutcome { item, state, answer: None })));
    }
}

// Nothing in it is pinned.
impl<B: Batch> Unpin for Outcomes<B> {}

impl<B: Batch> Stream for Outcomes<B> {
    type Item = ItemOutcome<B::Item, B::Operation>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_numbered(context).map(|outcome| {
            let (_, outcome) = outcome?;
            self.gaps_handed_out += usize::from(!outcome.state.is_confirmed());
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
