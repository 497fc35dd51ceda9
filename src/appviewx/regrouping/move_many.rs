//! Moving many certificates in several calls, with a state for each id.

use std::collections::HashSet;

use crate::appviewx::certificate_groups::{Move, MoveCertificates, MoveOutcome};
use crate::appviewx::types::ResourceId;
use crate::appviewx::vendor::{AppViewX, Caller, Error, SharedError};
use crate::operation::{
    Batch, BatchBuilder, CallEnd, Calls, FailureScope, ItemState, ManyOutcome, Numbered, OnFailure, PlannedCall,
    Request, RequestBuilder,
};
use crate::validation::{Problems, Reason};

/// Ids in one call, unless told otherwise or the client allows fewer. The vendor documents no limit.
const IDS_PER_CALL: usize = 100;

/// Refusals of single ids, alike and in a row, after which no call is split any more until one is taken.
const REFUSALS_ALIKE: usize = 8;

impl<M: Move> RequestBuilder<MoveCertificates<M>> {
    /// Splits the ids into several calls, and returns the state of each id.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let fake = clm::testing::FakeAppViewX::start().await;
    /// # let ids: Vec<String> = (0..250).map(|n| format!("id-{n}")).collect();
    /// # for id in &ids { fake.add_certificate(id, "web-servers"); }
    /// # let appviewx = fake.client();
    /// use clm::OnFailure;
    ///
    /// let call = appviewx.certificate_groups().unassign(&ids).in_calls();
    /// let outcome =
    ///     call.ids_per_call(100).on_failure(OnFailure::ContinueAfterRefusal).send().await?;
    /// for it in outcome.items() {
    ///     if !it.state.is_confirmed() {
    ///         eprintln!("{it}");
    ///     }
    /// }
    /// # assert!(outcome.is_complete());
    /// # Ok(()) }
    /// ```
    ///
    /// - Each call is a separate change with its own audit event.
    /// - After a failed call, nothing further is sent by default.
    /// - With [`OnFailure::ContinueAfterRefusal`], the remaining calls are sent after a refusal, unless they would fail
    ///   in the same way: after 401, 429, a redirect, 404 without a code, `AVX_GW_005`, `CERT-GEN-0033` and
    ///   `GROUP_NOT_FOUND`. With [`OnFailure::Continue`], they are also sent after a call with an unknown outcome. That
    ///   call is neither split nor retried.
    /// - With either option, a call that is refused **because of one of its certificates** is split in two, repeatedly,
    ///   until each refused certificate is in a call of its own and all others are processed. These refusals are
    ///   `CERTIFICATE_BELONG_GROUP_PERMISSION_DENIED`, `ACF_NOT_AVAILABLE_FOR_…_CERT`, `CERT-ACF-0058`, `READ_GROUP`
    ///   and `OPEN_WORK_ORDERS_FOUND`. **This is the one exception to "a change is sent once":** the certificates of
    ///   the refused call are sent again. It is **assumed** that such a refusal means that no part of the call was
    ///   carried out. If you cannot rely on this, call [`without_splitting`](BatchBuilder::without_splitting).
    /// - Splitting stops after eight consecutive single certificates were refused with the same code, because the cause
    ///   is then unlikely to be a single certificate. The rest of the refused certificates are reported as
    ///   [`RefusedTogether`](ItemState::RefusedTogether). Calls that were not sent yet are still sent, and once one is
    ///   accepted, splitting resumes.
    pub fn in_calls(self) -> BatchBuilder<MoveInCalls<M>> {
        let (caller, whole) = self.into_parts();
        BatchBuilder::new(caller, MoveInCalls { whole, ids_per_call: None, splitting: Splitting::Allowed })
    }
}

impl<M: Move> BatchBuilder<MoveInCalls<M>> {
    /// Sets the number of ids in one call: at least 1, at most the client's
    /// [`max_ids_per_call`](crate::appviewx::ClientBuilder::max_ids_per_call). Default 100, or that limit if it is
    /// smaller.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let unassign = appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls();
    /// let outcome = unassign.ids_per_call(2).send().await?;
    /// assert_eq!(outcome.calls(), 2);
    /// # Ok(()) }
    /// ```
    pub fn ids_per_call(mut self, ids: usize) -> Self {
        self.batch().ids_per_call = Some(ids);
        self
    }

    /// Disables splitting. No certificate is sent twice, and all certificates of a refused call are reported as
    /// [`RefusedTogether`](ItemState::RefusedTogether).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::OnFailure;
    ///
    /// let unassign = appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls();
    /// let outcome =
    ///     unassign.on_failure(OnFailure::ContinueAfterRefusal).without_splitting().send().await?;
    /// # Ok(()) }
    /// ```
    pub fn without_splitting(mut self) -> Self {
        self.batch().splitting = Splitting::Never;
        self
    }
}

/// A request to unassign or assign many certificates in several calls; see [`RequestBuilder::in_calls`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// let unassign = appviewx.certificate_groups().unassign(scene.resource_ids());
/// let outcome = unassign.in_calls().ids_per_call(2).send().await?;
/// assert_eq!((outcome.calls(), outcome.confirmed().count()), (2, 3));
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct MoveInCalls<M> {
    whole: Request<MoveCertificates<M>>,
    ids_per_call: Option<usize>,
    splitting: Splitting,
}

/// Whether a call that is refused because of a certificate is split.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Splitting {
    Allowed,
    Never,
}

impl<M: Move> Batch for MoveInCalls<M> {
    type Operation = MoveCertificates<M>;
    type Item = ResourceId;
    type Calls = MoveCalls<M>;

    fn calls(self, caller: &Caller, on_failure: OnFailure, problems: &mut Problems) -> MoveCalls<M> {
        let Self { mut whole, ids_per_call, splitting } = self;
        let defaults = caller.settings();
        // They are split over several calls, so the limit of a call does not matter.
        whole.operation_mut().check_with_limit(usize::MAX, defaults, problems);
        whole.check_settings(problems);
        let limit = defaults.max_ids_per_call;
        let ids_per_call = ids_per_call.unwrap_or(IDS_PER_CALL.min(limit));
        if !(1..=limit).contains(&ids_per_call) {
            problems.add(
                "ids_per_call",
                Reason::OutOfRange,
                format!("must be between 1 and {limit}, is {ids_per_call}"),
            );
        }
        let splitting = if on_failure == OnFailure::Stop { Splitting::Never } else { splitting };
        MoveCalls::new(&whole, ids_per_call.max(1), splitting)
    }
}

/// The calls that have not been sent yet.
#[derive(Debug)]
pub struct MoveCalls<M> {
    /// The move, without ids.
    common: Request<MoveCertificates<M>>,
    repeated: Vec<ResourceId>,
    /// The next one last.
    waiting: Vec<WaitingCall>,
    splitting: Splitting,
    /// Single ids that were refused alike, and nothing was taken since the first of them.
    alike: usize,
    refused_last: Option<SharedError>,
    split_calls: Vec<SharedError>,
}

/// A call that is still to be sent.
#[derive(Debug)]
struct WaitingCall {
    ids: Vec<Numbered<ResourceId>>,
    /// The refusal of the call that it is a part of, if that was split.
    refused: Option<SharedError>,
}

/// An id and its outcome.
type IdState = (Numbered<ResourceId>, ItemState<AppViewX>);

impl<M: Move> MoveCalls<M> {
    fn new(whole: &Request<MoveCertificates<M>>, ids_per_call: usize, splitting: Splitting) -> Self {
        let ids: Vec<Numbered<ResourceId>> = whole.resource_ids().iter().cloned().enumerate().collect();
        let calls = ids.chunks(ids_per_call).rev();
        Self {
            common: whole.with_operation(whole.of_ids(Vec::new())),
            repeated: whole.repeated().to_vec(),
            waiting: calls.map(|ids| WaitingCall { ids: ids.to_vec(), refused: None }).collect(),
            splitting,
            alike: 0,
            refused_last: None,
            split_calls: Vec::new(),
        }
    }

    fn taken(&mut self, ids: Vec<Numbered<ResourceId>>, outcome: &MoveOutcome<M>) -> Vec<IdState> {
        self.alike = 0;
        let confirmed: HashSet<&ResourceId> = outcome.successful_ids().iter().collect();
        let with_state = |numbered: Numbered<ResourceId>| {
            let is_confirmed = confirmed.contains(&numbered.1);
            (numbered, if is_confirmed { ItemState::Confirmed } else { ItemState::Unconfirmed })
        };
        ids.into_iter().map(with_state).collect()
    }

    /// None of the call was carried out.
    fn refused(&mut self, mut ids: Vec<Numbered<ResourceId>>, error: SharedError, scope: FailureScope) -> Vec<IdState> {
        let is_about_one = scope == FailureScope::Item;
        if ids.len() > 1 {
            if is_about_one && self.splitting == Splitting::Allowed && self.alike < REFUSALS_ALIKE {
                let second = ids.split_off(ids.len() / 2);
                let part = |ids| WaitingCall { ids, refused: Some(error.clone()) };
                self.waiting.extend([part(second), part(ids)]);
                self.split_calls.push(error);
                return Vec::new();
            }
            return all(ids, &ItemState::RefusedTogether(error));
        }
        let mut states = all(ids, &ItemState::Refused(error.clone()));
        if is_about_one {
            states.extend(self.count_alike(error));
        }
        states
    }

    /// Counts a refusal of a single id. After too many alike, the parts that still wait are left as they were refused.
    fn count_alike(&mut self, error: SharedError) -> Vec<IdState> {
        let is_alike = self.refused_last.as_ref().is_some_and(|last| last.code() == error.code());
        self.alike = if is_alike { self.alike + 1 } else { 1 };
        self.refused_last = Some(error);
        let mut left = Vec::new();
        while self.alike >= REFUSALS_ALIKE
            && let Some(WaitingCall { ids, refused: Some(refused) }) = self.waiting.pop_if(|it| it.refused.is_some())
        {
            left.extend(all(ids, &ItemState::RefusedTogether(refused)));
        }
        left
    }
}

impl<M: Move> Calls for MoveCalls<M> {
    type Operation = MoveCertificates<M>;
    type Item = ResourceId;

    fn common(&self) -> &Request<MoveCertificates<M>> {
        &self.common
    }

    fn count(&self) -> usize {
        self.waiting.iter().map(|call| call.ids.len()).sum()
    }

    fn next_call(&mut self) -> Option<PlannedCall<MoveCertificates<M>, ResourceId>> {
        let WaitingCall { ids: items, refused } = self.waiting.pop()?;
        let ids = items.iter().map(|(_, id)| id.clone()).collect();
        let request = self.common.with_operation(self.common.of_ids(ids));
        Some(PlannedCall { items, request, refused })
    }

    fn settle(&mut self, ids: Vec<Numbered<ResourceId>>, ended: CallEnd<MoveCertificates<M>>) -> Vec<IdState> {
        let error = match ended {
            Ok(outcome) => return self.taken(ids, &outcome),
            Err(error) => error,
        };
        match (&*error, error.failure_scope()) {
            (Error::Api(api), _) if !api.after_unanswered_copy() && !api.ids_to_compare().is_empty() => {
                let named = api.ids_to_compare();
                let (named, others): (Vec<_>, Vec<_>) = ids.into_iter().partition(|(_, id)| named.contains(id));
                let mut states = all(named, &ItemState::Unknown(error.clone()));
                states.extend(all(others, &ItemState::RefusedTogether(error)));
                states
            }
            (_, FailureScope::Unknown) => all(ids, &ItemState::Unknown(error)),
            (Error::Api(_), scope) => self.refused(ids, error, scope),
            _ => all(ids, &ItemState::NotSent(error)),
        }
    }

    fn repeated(&self) -> Vec<ResourceId> {
        self.repeated.clone()
    }

    fn split_calls(&self) -> &[SharedError] {
        &self.split_calls
    }
}

/// The same of all of them.
fn all(ids: Vec<Numbered<ResourceId>>, state: &ItemState<AppViewX>) -> Vec<IdState> {
    ids.into_iter().map(|id| (id, state.clone())).collect()
}

impl<M: Move> ManyOutcome<ResourceId, MoveCertificates<M>> {
    /// The state of one id, or `None` if it was not requested.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().send().await?;
    /// let state = outcome.of(&scene.resource_ids()[0]).expect("it was requested");
    /// assert!(state.is_confirmed());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn of(&self, id: &str) -> Option<&ItemState<AppViewX>> {
        self.items().iter().find(|outcome| outcome.item == id).map(|outcome| &outcome.state)
    }
}
