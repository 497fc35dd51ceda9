//! The vendor's precedence rule for collections and containers, in one place.

use serde_json::Value;

use super::types::{CollectionId, ContainerId, PermissionScope};
use crate::validation::{Problems, Reason};

/// What a builder was told about the scope.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ScopeSettings {
    pub(super) collection: Option<CollectionId>,
    pub(super) container: Option<ContainerId>,
    pub(super) both: BothScopes,
}

/// What becomes of a container id beside a collection id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum BothScopes {
    #[default]
    CollectionWins,
    Refused,
}

impl ScopeSettings {
    /// A collection beats a container.
    pub(super) fn resolve(self, problems: &mut Problems) -> PermissionScope {
        let Self { collection, container, both } = self;
        problems.check_positive("collection_id", collection.map(CollectionId::get));
        problems.check_positive("container_id", container.map(ContainerId::get));
        if both == BothScopes::Refused && collection.is_some() && container.is_some() {
            problems.add(
                "container_id",
                Reason::Conflict,
                "a collection is given as well; the vendor's rule would ignore the container",
            );
        }
        match (collection, container) {
            (Some(id), ignored_container) => PermissionScope::Collection { id, ignored_container },
            (None, Some(id)) => PermissionScope::Container { id },
            (None, None) => PermissionScope::SystemWideOrContainers,
        }
    }
}

impl PermissionScope {
    /// Says it where a container that was given is not sent.
    pub(super) fn warn_of_ignored_container(self) {
        if let Self::Collection { id, ignored_container: Some(container) } = self {
            tracing::warn!(
                collection_id = id.get(),
                container_id = container.get(),
                "both a collection and a container were given: the collection decides, the container is not sent"
            );
        }
    }

    /// Puts the id that is sent into a body.
    pub(super) fn put_into(self, body: &mut Value) {
        if let (Some((scope, id)), Some(members)) = (self.sent(), body.as_object_mut()) {
            members.insert(scope.member().to_owned(), id.into());
        }
    }

    /// The id that is sent, and whether it names a collection or a container.
    pub(super) fn sent(self) -> Option<(SentScope, i32)> {
        match self {
            Self::Collection { id, ignored_container: _ } => Some((SentScope::Collection, id.get())),
            Self::Container { id } => Some((SentScope::Container, id.get())),
            Self::SystemWideOrContainers => None,
        }
    }
}

/// Which of the two ids is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SentScope {
    Collection,
    Container,
}

impl SentScope {
    /// The member of a body.
    fn member(self) -> &'static str {
        match self {
            Self::Collection => "CollectionId",
            Self::Container => "ContainerId",
        }
    }

    /// The parameter of a query.
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::Collection => "collectionId",
            Self::Container => "containerId",
        }
    }
}
