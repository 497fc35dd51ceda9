//! Many certificates: several calls, and one outcome that says of each id what became of it.

use std::collections::HashMap;

use super::many_outcome::{IdOutcome, ManyOutcome, SharedError};
use super::moving::{Move, MoveCertificates, MoveCertificatesBuilder};
use super::outcome::MoveOutcome;
use crate::appviewx::error::{ApiError, Error};
use crate::appviewx::error_code::ErrorCode;
use crate::appviewx::types::ResourceId;
use crate::validation::{Problems, Reason, ValidationError};

/// Ids in one call, unless told otherwise. The vendor documents no limit.
const IDS_PER_CALL: usize = 100;

/// Refusals of single ids, alike and in a row, after which no call is split any more until one is taken.
const REFUSALS_ALIKE: usize = 8;

/// What happens after a call that did not go well.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Then {
    /// The further calls are sent.
    GoOn,
    /// Nothing further is sent.
    Stop,
}

/// An unassignment or an assignment of many certificates, in one call after the other.
///
/// - A call that is refused **because of a certificate in it** is split in two, and those again, until the certificates
///   that are refused stand alone: one of them does not hold up the others. Refusals of this kind are
///   `CERTIFICATE_BELONG_GROUP_PERMISSION_DENIED`, `ACF_NOT_AVAILABLE_FOR_…_CERT`, `CERT-ACF-0058`, `READ_GROUP` and
///   `OPEN_WORK_ORDERS_FOUND`. **This is the one exception to "a change is sent once":** the certificates of such a call
///   are named again, and **assumed** is that the refusal means that none of it was carried out. Where that must not be
///   assumed, say [`without_splitting`](Self::without_splitting).
/// - Splitting ends after eight single certificates that were refused in a row with the same code: it is not about one of
///   them then. The rest of what was refused is [`RefusedTogether`](IdOutcome::RefusedTogether); calls that were not sent
///   yet are, and once one is taken, calls are split again.
/// - A call that may have arrived is neither split nor sent again; and nothing further is sent, unless you say so with
///   [`after_unknown`](Self::after_unknown).
/// - Nothing further is sent after a call that could not be sent, and after a refusal that the next call would get as
///   well: 401, 429, a redirect, 404 without a code, `AVX_GW_005`, `CERT-GEN-0033` and `GROUP_NOT_FOUND`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let fake = clm::testing::FakeAppViewX::start().await;
/// # let ids: Vec<String> = (0..250).map(|n| format!("id-{n}")).collect();
/// # for id in &ids { fake.add_certificate(id, "web-servers"); }
/// # let appviewx = fake.client();
/// let outcome = appviewx.certificate_groups().unassign(&ids).in_calls().ids_per_call(100).send().await?;
/// for (id, state) in outcome.ids() {
///     if !state.is_confirmed() {
///         eprintln!("{id}: {state:?}");
///     }
/// }
/// # assert!(outcome.is_complete());
/// # Ok(()) }
/// ```
///
/// Each call is a change of its own, with its own audit event. A future of [`send`](Self::send) that is dropped sends
/// nothing further and tells nothing of the calls before: spawn it if it may be.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct MoveInCalls<M> {
    whole: MoveCertificatesBuilder<M>,
    ids_per_call: usize,
    after_refusal: Then,
    after_unknown: Then,
    splits: Splits,
}

/// Whether a call that is refused because of a certificate is split.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Splits {
    Always,
    Never,
}

impl<M: Move> MoveInCalls<M> {
    pub(super) fn new(whole: MoveCertificatesBuilder<M>) -> Self {
        Self {
            whole,
            ids_per_call: IDS_PER_CALL,
            after_refusal: Then::GoOn,
            after_unknown: Then::Stop,
            splits: Splits::Always,
        }
    }

    /// How many ids one call names: at least 1, at most the client's
    /// [`max_ids_per_call`](crate::appviewx::ClientBuilder::max_ids_per_call). Default 100.
    pub fn ids_per_call(mut self, ids: usize) -> Self {
        self.ids_per_call = ids;
        self
    }

    /// What happens after a refusal. Default [`Then::GoOn`]. With [`Then::Stop`], a refused call is not split either.
    pub fn after_refusal(mut self, then: Then) -> Self {
        self.after_refusal = then;
        self
    }

    /// Splits no call: no certificate is named twice, and those of a refused call are all
    /// [`RefusedTogether`](IdOutcome::RefusedTogether).
    pub fn without_splitting(mut self) -> Self {
        self.splits = Splits::Never;
        self
    }

    /// What happens after a call that may have arrived. Default [`Then::Stop`].
    pub fn after_unknown(mut self, then: Then) -> Self {
        self.after_unknown = then;
        self
    }

    /// Sends the calls.
    ///
    /// # Errors
    /// [`Error::Validation`] alone, before the first call. What became of the calls is in the outcome, id by id.
    pub async fn send(self) -> Result<ManyOutcome<M>, Error> {
        let handle = self.whole.handle().clone();
        let mut run = self.check()?;
        while let Some(call) = run.waiting.pop() {
            let answered = handle.execute(run.whole.for_ids(&call.ids)).await;
            run.take(call.ids, answered);
        }
        Ok(run.finish())
    }

    fn check(self) -> Result<Run<M>, ValidationError> {
        let Self { whole, ids_per_call, after_refusal, after_unknown, splits } = self;
        let limit = whole.handle().client().max_ids_per_call();
        let mut problems = Problems::default();
        let whole = whole.check(usize::MAX, &mut problems);
        if !(1..=limit).contains(&ids_per_call) {
            problems.add(
                "ids_per_call",
                Reason::OutOfRange,
                format!("{ids_per_call} ids a call, but one call carries between 1 and {limit}"),
            );
        }
        problems.finish()?;
        let waiting = whole.resource_ids().chunks(ids_per_call).rev().map(Waiting::new).collect();
        Ok(Run {
            whole,
            waiting,
            after_refusal,
            after_unknown,
            splits,
            alike: 0,
            refused_last: None,
            ids: HashMap::new(),
            answers: Vec::new(),
            calls: 0,
            split_calls: Vec::new(),
            ended_by: None,
        })
    }
}

/// A call that is still to be sent.
struct Waiting {
    ids: Vec<ResourceId>,
    /// The refusal of the call that it is a part of, if that was split.
    refused: Option<SharedError>,
}

impl Waiting {
    fn new(ids: &[ResourceId]) -> Self {
        Self { ids: ids.to_vec(), refused: None }
    }
}

/// Where the sending of many calls is.
struct Run<M> {
    whole: MoveCertificates<M>,
    /// The ids of the calls that are still to be sent, the next one last.
    waiting: Vec<Waiting>,
    after_refusal: Then,
    after_unknown: Then,
    splits: Splits,
    /// Single ids that were refused alike, and nothing was taken since the first of them.
    alike: usize,
    refused_last: Option<SharedError>,
    /// The refusals of calls that were split.
    split_calls: Vec<SharedError>,
    ids: HashMap<ResourceId, IdOutcome>,
    answers: Vec<MoveOutcome<M>>,
    calls: u32,
    ended_by: Option<SharedError>,
}

impl<M: Move> Run<M> {
    /// Takes over what one call came to.
    fn take(&mut self, mut ids: Vec<ResourceId>, answered: Result<MoveOutcome<M>, Error>) {
        self.calls += 1;
        let error = match answered {
            Ok(outcome) => {
                self.set(outcome.successful_ids(), &IdOutcome::Confirmed);
                self.set(outcome.unconfirmed_ids(), &IdOutcome::Unconfirmed);
                self.answers.push(outcome);
                self.alike = 0;
                return;
            }
            Err(error) => SharedError::from(error),
        };
        let then = match Verdict::of(&error) {
            Verdict::Refused(Because::Certificate) if ids.len() > 1 && self.may_split() => {
                let second = ids.split_off(ids.len() / 2);
                let part = |ids| Waiting { ids, refused: Some(error.clone()) };
                self.waiting.extend([part(second), part(ids)]);
                self.split_calls.push(error);
                return;
            }
            Verdict::Refused(because) => {
                let state = if ids.len() == 1 { IdOutcome::Refused } else { IdOutcome::RefusedTogether };
                self.set(&ids, &state(error.clone()));
                if because == Because::Certificate && ids.len() == 1 {
                    self.brake(&error);
                }
                if because == Because::Caller { Then::Stop } else { self.after_refusal }
            }
            Verdict::Unknown => {
                self.set(&ids, &IdOutcome::Unknown(error.clone()));
                self.after_unknown
            }
            Verdict::Contradicts(named) => {
                let (named, others): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| named.contains(id));
                self.set(&named, &IdOutcome::Unknown(error.clone()));
                self.set(&others, &IdOutcome::RefusedTogether(error.clone()));
                self.after_unknown
            }
            Verdict::NotSent => {
                self.set(&ids, &IdOutcome::NotSent(error.clone()));
                Then::Stop
            }
        };
        if then == Then::Stop {
            for call in std::mem::take(&mut self.waiting) {
                self.set(&call.ids, &IdOutcome::NotSent(error.clone()));
            }
            self.ended_by = Some(error);
        }
    }

    fn may_split(&self) -> bool {
        self.splits == Splits::Always && self.after_refusal == Then::GoOn && self.alike < REFUSALS_ALIKE
    }

    /// Counts a refusal of a single id. After too many alike, the parts that still wait are left as they were refused.
    fn brake(&mut self, error: &SharedError) {
        let is_alike = self.refused_last.as_ref().is_some_and(|last| last.code() == error.code());
        self.alike = if is_alike { self.alike + 1 } else { 1 };
        self.refused_last = Some(error.clone());
        if self.alike < REFUSALS_ALIKE {
            return;
        }
        while let Some(part) = self.waiting.pop_if(|call| call.refused.is_some()) {
            if let Some(refused) = part.refused {
                self.set(&part.ids, &IdOutcome::RefusedTogether(refused));
            }
        }
    }

    fn set(&mut self, ids: &[ResourceId], outcome: &IdOutcome) {
        self.ids.extend(ids.iter().map(|id| (id.clone(), outcome.clone())));
    }

    fn finish(self) -> ManyOutcome<M> {
        let Self { whole, mut ids, answers, calls, split_calls, ended_by, .. } = self;
        let (asked, repeated) = whole.into_ids();
        let ids = asked
            .into_iter()
            .map(|id| {
                let outcome = ids.remove(&id).unwrap_or(IdOutcome::Unconfirmed);
                (id, outcome)
            })
            .collect();
        ManyOutcome { ids, repeated, answers, calls, split_calls, ended_by }
    }
}

/// What a failed call means for its ids.
enum Verdict {
    /// None of it was carried out.
    Refused(Because),
    /// It may have been carried out.
    Unknown,
    /// It says that it failed, and that these succeeded.
    Contradicts(Vec<ResourceId>),
    /// Nothing of it left.
    NotSent,
}

/// Of what a refusal is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Because {
    Certificate,
    Caller,
    Call,
}

impl Verdict {
    fn of(error: &Error) -> Self {
        match error {
            Error::OutcomeUnknown(_) => Self::Unknown,
            Error::Api(api) if api.after_unanswered_copy() => Self::Unknown,
            Error::Api(api) if !api.successful_ids().is_empty() => Self::Contradicts(api.successful_ids().to_vec()),
            Error::Api(api) if is_of_the_caller(api) || is_of_every_call(api) => Self::Refused(Because::Caller),
            Error::Api(api) if api.code().is_some_and(is_of_a_certificate) => Self::Refused(Because::Certificate),
            Error::Api(_) => Self::Refused(Because::Call),
            _ => Self::NotSent,
        }
    }
}

/// Whether the next call would fare no better, whatever it asks for.
fn is_of_the_caller(api: &ApiError) -> bool {
    let says_code = api.code().is_some_and(|code| !code.as_str().trim().is_empty());
    match (api.status().as_u16(), api.code()) {
        (_, Some(ErrorCode::AuthenticationFailed | ErrorCode::ApiAccessDenied)) | (401 | 429, _) => true,
        // An answer of something on the way.
        (300..=399 | 404, _) => !says_code,
        _ => false,
    }
}

/// Whether the next call of the same change would fare no better: it has the same comment and the same group.
fn is_of_every_call(api: &ApiError) -> bool {
    matches!(api.code(), Some(ErrorCode::CommentCharacters | ErrorCode::GroupNotFound))
}

/// Whether a call with other certificates may fare better.
fn is_of_a_certificate(code: &ErrorCode) -> bool {
    match code {
        ErrorCode::CurrentGroupDenied | ErrorCode::GroupReadOnly | ErrorCode::OpenWorkOrders => true,
        code => is_of_a_category(code),
    }
}

/// Whether certificates of another category may fare better.
pub(super) fn is_of_a_category(code: &ErrorCode) -> bool {
    match code {
        ErrorCode::CategoryDenied
        | ErrorCode::ServerInventoryDenied
        | ErrorCode::ClientInventoryDenied
        | ErrorCode::CodeSigningInventoryDenied => true,
        ErrorCode::Other(code) => code.trim().starts_with("ACF_NOT_AVAILABLE_"),
        _ => false,
    }
}

/// Whether further calls are pointless after this error, for calls that only read as well.
pub(super) fn ends_the_run(error: &Error) -> bool {
    match error {
        Error::Api(api) => is_of_the_caller(api),
        Error::Authentication(_) | Error::Transport(_) => true,
        _ => false,
    }
}
