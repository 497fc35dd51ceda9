//! The scope in which the server checks permissions.

use std::fmt;

use serde::Serialize;

use super::types::{CollectionId, ContainerId};

/// The scope in which the server checks the caller's permissions.
///
/// The vendor's precedence rule is applied before a request is sent: a collection takes precedence over a container.
/// Without either, permissions granted system-wide or for the stores' containers apply.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{PermissionScope, Schedule};
///
/// let stores = keyfactor.certificate_stores();
/// let removal = stores.remove_certificates(scene.locations(), Schedule::Immediate);
/// let request = removal.collection_id(4).container_id(7).build()?;
/// match request.scope() {
///     PermissionScope::Collection { id, ignored_container: Some(container), .. } => {
///         println!("checked in collection {id:?}; container {container:?} is not sent");
///     }
///     other => println!("{other}"),
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PermissionScope {
    #[default]
    /// Neither id was given: the caller needs permissions that are granted system-wide or for the stores' containers.
    SystemWideOrContainers,
    /// A collection was given; it is sent as `CollectionId`.
    #[non_exhaustive]
    Collection {
        /// The collection in which the caller may read certificates.
        id: CollectionId,
        /// The container that was given as well. The vendor ignores it together with a collection, so it is **not
        /// sent**.
        ignored_container: Option<ContainerId>,
    },
    /// Only a container was given; it is sent as `ContainerId`.
    #[non_exhaustive]
    Container {
        /// The container.
        id: ContainerId,
    },
}

/// For people and for the audit.
impl fmt::Display for PermissionScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SystemWideOrContainers => f.write_str("system-wide or containers"),
            Self::Collection { id, ignored_container: None } => write!(f, "collection {id}"),
            Self::Collection { id, ignored_container: Some(container) } => {
                write!(f, "collection {id} (container {container} ignored)")
            }
            Self::Container { id } => write!(f, "container {id}"),
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
                "both a collection and a container are set: the collection takes precedence, and the container is not \
                 sent"
            );
        }
    }

    /// The collection's id, if that is what is sent.
    pub(super) fn sent_collection(self) -> Option<i32> {
        self.sent().filter(|(scope, _)| *scope == SentScope::Collection).map(|(_, id)| id)
    }

    /// The container's id, if that is what is sent.
    pub(super) fn sent_container(self) -> Option<i32> {
        self.sent().filter(|(scope, _)| *scope == SentScope::Container).map(|(_, id)| id)
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
    /// The parameter of a query.
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::Collection => "collectionId",
            Self::Container => "containerId",
        }
    }
}
