//! Many changes of one kind: what they are about, and the calls that carry them.

use std::fmt;
use std::sync::Arc;

use super::many::OnFailure;
use super::many_outcome::ItemState;
use super::{Caller, Change, Operation, Request, SharedError};
use crate::validation::Problems;

/// Many changes of one kind and the calls that carry them out.
pub trait Batch: Clone + fmt::Debug + Send + Sync + 'static {
    type Operation: Change;
    /// The items that each have an outcome.
    type Item: Clone + fmt::Debug + Send + Sync + 'static;
    type Calls: Calls<Operation = Self::Operation, Item = Self::Item>;

    /// The calls, if all of them can be sent.
    fn calls(
        self,
        caller: &Caller<<Self::Operation as Operation>::Vendor>,
        on_failure: OnFailure,
        problems: &mut Problems,
    ) -> Self::Calls;
}

/// The calls of a batch that have not been sent yet.
pub trait Calls: Send + 'static {
    type Operation: Operation;
    type Item;

    /// What all calls have in common.
    fn common(&self) -> &Request<Self::Operation>;

    /// How many items have no outcome yet, before the first call.
    fn count(&self) -> usize;

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

/// A call that is ready to send.
#[derive(Debug)]
pub struct PlannedCall<O: Operation, I> {
    pub(crate) items: Vec<Numbered<I>>,
    pub(crate) request: Request<O>,
    /// The refusal of an earlier call that named these items beside others, if there was one.
    pub(crate) refused: Option<SharedError<O::Vendor>>,
}

/// An item with its number among all of them.
pub(crate) type Numbered<I> = (usize, I);

/// An item with its number and its outcome.
pub(crate) type NumberedState<I, O> = (Numbered<I>, ItemState<<O as Operation>::Vendor>);

/// How a call ended.
pub(crate) type CallEnd<O> = Result<Arc<<O as Operation>::Outcome>, SharedError<<O as Operation>::Vendor>>;
