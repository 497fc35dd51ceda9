//! The vendor's identifiers.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::rows::{Scalar, number_scalar};

/// GUIDs in rows.
macro_rules! guid_scalar {
    ($id:ty) => {
        impl Scalar for $id {
            const TAKES_BLANK: bool = false;

            fn absent() -> Option<Self> {
                None
            }

            fn from_text(text: &str) -> Option<Self> {
                text.trim().parse().ok()
            }

            fn from_integer(_: i64) -> Option<Self> {
                None
            }

            fn from_float(_: f64) -> Option<Self> {
                None
            }

            fn from_bool(_: bool) -> Option<Self> {
                None
            }
        }
    };
}

/// The GUID of a certificate store.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::keyfactor::CertificateStoreId;
///
/// let id: CertificateStoreId = "2d5b1a5c-5c2e-4a8e-9b3f-0f6e2a1b7c3d".parse()?;
/// assert_eq!(id.to_string(), "2d5b1a5c-5c2e-4a8e-9b3f-0f6e2a1b7c3d");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CertificateStoreId(Uuid);

/// The GUID of an orchestrator job.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::keyfactor::JobId;
///
/// let id: JobId = "10b0aaaa-0000-4000-8000-000000000001".parse()?;
/// assert_eq!(id.to_string(), "10b0aaaa-0000-4000-8000-000000000001");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(Uuid);

/// Command's id of a certificate.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::keyfactor::CertificateId;
///
/// let id: CertificateId = "1234".parse()?;
/// assert_eq!(id, CertificateId::from(1234));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CertificateId(i32);

/// The id of one run of an orchestrator job.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::keyfactor::JobHistoryId;
///
/// let id: JobHistoryId = "40321".parse()?;
/// assert_eq!(id, JobHistoryId::from(40_321));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobHistoryId(i64);

/// The id of a certificate collection. Requests refuse an id that is not positive.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::CollectionId;
///
/// # let argument = clm::testing::Scene::COLLECTION.to_string();
/// let collection: CollectionId = argument.parse()?;
/// let located = keyfactor
///     .certificates()
///     .locations_of(scene.thumbprint())
///     .collection_id(collection)
///     .send()
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CollectionId(i32);

/// The id of a certificate store container. Requests refuse an id that is not positive.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{ContainerId, Query};
///
/// let container: ContainerId = "3".parse()?;
/// let stores =
///     keyfactor.certificate_stores().list(Query::field("ContainerId").eq(container)).rows()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContainerId(i32);

/// The id of a certificate store type. 0 is valid.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::keyfactor::CertificateStoreTypeId;
///
/// let id: CertificateStoreTypeId = "2".parse()?;
/// assert_eq!(id, CertificateStoreTypeId::from(2));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CertificateStoreTypeId(i32);

number_scalar!(CertificateId, of: i32);
number_scalar!(JobHistoryId, of: i64);
number_scalar!(CollectionId, of: i32);
number_scalar!(ContainerId, of: i32);
number_scalar!(CertificateStoreTypeId, of: i32);
guid_scalar!(CertificateStoreId);
guid_scalar!(JobId);
guid_scalar!(Uuid);

impl CertificateStoreId {
    /// Returns the GUID.
    ///
    /// ```
    /// use clm::keyfactor::CertificateStoreId;
    /// use clm::uuid::Uuid;
    ///
    /// assert_eq!(CertificateStoreId::from(Uuid::from_u128(1)).get(), Uuid::from_u128(1));
    /// ```
    #[must_use]
    pub const fn get(self) -> Uuid {
        self.0
    }
}

impl JobId {
    /// Returns the GUID.
    ///
    /// ```
    /// use clm::keyfactor::JobId;
    /// use clm::uuid::Uuid;
    ///
    /// assert_eq!(JobId::from(Uuid::from_u128(1)).get(), Uuid::from_u128(1));
    /// ```
    #[must_use]
    pub const fn get(self) -> Uuid {
        self.0
    }
}

impl CollectionId {
    /// Returns the number.
    ///
    /// ```
    /// use clm::keyfactor::CollectionId;
    ///
    /// assert_eq!(CollectionId::from(7).get(), 7);
    /// ```
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl ContainerId {
    /// Returns the number.
    ///
    /// ```
    /// use clm::keyfactor::ContainerId;
    ///
    /// assert_eq!(ContainerId::from(7).get(), 7);
    /// ```
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl CertificateStoreTypeId {
    /// Returns the number.
    ///
    /// ```
    /// use clm::keyfactor::CertificateStoreTypeId;
    ///
    /// assert_eq!(CertificateStoreTypeId::from(7).get(), 7);
    /// ```
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl CertificateId {
    /// Returns the number.
    ///
    /// ```
    /// use clm::keyfactor::CertificateId;
    ///
    /// assert_eq!(CertificateId::from(7).get(), 7);
    /// ```
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl JobHistoryId {
    /// Returns the number.
    ///
    /// ```
    /// use clm::keyfactor::JobHistoryId;
    ///
    /// assert_eq!(JobHistoryId::from(7).get(), 7);
    /// ```
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl From<i32> for CertificateId {
    fn from(id: i32) -> Self {
        Self(id)
    }
}

impl From<i64> for JobHistoryId {
    fn from(id: i64) -> Self {
        Self(id)
    }
}

impl From<&CertificateId> for CertificateId {
    fn from(id: &CertificateId) -> Self {
        *id
    }
}

impl From<&JobHistoryId> for JobHistoryId {
    fn from(id: &JobHistoryId) -> Self {
        *id
    }
}

impl fmt::Display for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for JobHistoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl From<Uuid> for CertificateStoreId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl From<CertificateStoreId> for Uuid {
    fn from(id: CertificateStoreId) -> Self {
        id.0
    }
}

impl From<&CertificateStoreId> for CertificateStoreId {
    fn from(id: &CertificateStoreId) -> Self {
        *id
    }
}

impl FromStr for CertificateStoreId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

impl From<Uuid> for JobId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl From<JobId> for Uuid {
    fn from(id: JobId) -> Self {
        id.0
    }
}

impl From<&JobId> for JobId {
    fn from(id: &JobId) -> Self {
        *id
    }
}

impl FromStr for JobId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

impl From<i32> for CollectionId {
    fn from(id: i32) -> Self {
        Self(id)
    }
}

impl From<i32> for ContainerId {
    fn from(id: i32) -> Self {
        Self(id)
    }
}

impl From<i32> for CertificateStoreTypeId {
    fn from(id: i32) -> Self {
        Self(id)
    }
}

impl fmt::Display for CertificateStoreTypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for CertificateStoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for CollectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Reads the number in decimal digits. Nothing else is accepted, not even white space.
macro_rules! number_from_str {
    ($id:ty) => {
        impl FromStr for $id {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, ParseIntError> {
                text.parse().map(Self)
            }
        }
    };
}

number_from_str!(CertificateId);
number_from_str!(JobHistoryId);
number_from_str!(CollectionId);
number_from_str!(ContainerId);
number_from_str!(CertificateStoreTypeId);
