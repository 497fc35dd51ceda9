//! The vendor's precedence rule for collections and containers, and the setters of both, in one place.

use super::permission_scope::PermissionScope;
use super::types::{CollectionId, ContainerId};
use super::vendor::Keyfactor;
use crate::operation::{Operation, RequestBuilder};
use crate::validation::{Problems, Reason};

/// The collection and the container of a request.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Scope {
    collection: Option<CollectionId>,
    container: Option<ContainerId>,
    both: BothScopes,
}

/// What happens to a container id beside a collection id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum BothScopes {
    #[default]
    CollectionWins,
    Refused,
}

impl Scope {
    pub(super) fn check(self, problems: &mut Problems) {
        let Self { collection, container, both } = self;
        problems.check_positive("collection_id", collection.map(CollectionId::get));
        problems.check_positive("container_id", container.map(ContainerId::get));
        if both == BothScopes::Refused && collection.is_some() && container.is_some() {
            problems.add(
                "container_id",
                Reason::Conflict,
                "must not be set together with a collection: by the vendor's rule, the container would be ignored",
            );
        }
    }

    /// After the precedence rule: a collection beats a container.
    pub(super) fn resolved(self) -> PermissionScope {
        match (self.collection, self.container) {
            (Some(id), ignored_container) => PermissionScope::Collection { id, ignored_container },
            (None, Some(id)) => PermissionScope::Container { id },
            (None, None) => PermissionScope::SystemWideOrContainers,
        }
    }
}

/// An operation whose page documents a collection, in which the server is asked to look for permissions.
pub trait InCollection: Operation<Vendor = Keyfactor> {
    fn scope_settings(&mut self) -> &mut Scope;
}

/// One whose page documents a container as well.
pub trait InContainer: InCollection {}

impl<O: InCollection> RequestBuilder<O> {
    /// Makes the server check permissions in this collection instead of system-wide: to read certificates, and for
    /// [`Certificates::revoke`](super::Certificates::revoke) to revoke them.
    ///
    /// The id must be positive. By default, no collection is sent. If a container is given as well, the collection
    /// takes precedence.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal = stores
    ///     .remove_certificates(scene.locations(), Schedule::Immediate)
    ///     .collection_id(4)
    ///     .send()
    ///     .await?;
    /// assert_eq!(removal.scope().to_string(), "collection 4");
    /// # Ok(()) }
    /// ```
    pub fn collection_id(mut self, id: impl Into<CollectionId>) -> Self {
        self.operation().scope_settings().collection = Some(id.into());
        self
    }
}

impl<O: InContainer> RequestBuilder<O> {
    /// Makes the server check permissions in this container. The id must be positive. By default, no container is
    /// sent. It is sent only without a collection.
    ///
    /// The vendor's pages for Remove and Add mention it, but **no published schema of these two calls has such a
    /// member**, so it may have no effect there. Do not rely on it to narrow a removal. The schema of Revoke has it
    /// since version 25.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal = stores
    ///     .remove_certificates(scene.locations(), Schedule::Immediate)
    ///     .container_id(7)
    ///     .send()
    ///     .await?;
    /// assert_eq!(removal.scope().to_string(), "container 7");
    /// # Ok(()) }
    /// ```
    pub fn container_id(mut self, id: impl Into<ContainerId>) -> Self {
        self.operation().scope_settings().container = Some(id.into());
        self
    }

    /// Refuses a request with both a collection and a container, with a [`ValidationError`](crate::ValidationError).
    /// By default, the collection takes precedence, the container is not sent, and the request's scope shows this.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, Schedule};
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal = stores
    ///     .remove_certificates(scene.locations(), Schedule::Immediate)
    ///     .collection_id(4)
    ///     .container_id(7);
    /// let Err(Error::Validation(refused)) = removal.deny_ambiguous_scope().send().await else {
    ///     panic!()
    /// };
    /// println!("{refused}");
    /// # Ok(()) }
    /// ```
    pub fn deny_ambiguous_scope(mut self) -> Self {
        self.operation().scope_settings().both = BothScopes::Refused;
        self
    }
}
