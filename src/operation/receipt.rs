//! Responses as received, with attempts and duration.

use std::time::Duration;

use http::StatusCode;
use serde::Serialize;

use super::Vendor;
use crate::transport::{Exchange, RawBody, ServerText};

/// The response to a call as received, with its attempts and duration.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Schedule;
///
/// let removal = keyfactor
///     .certificate_stores()
///     .remove_certificates(scene.locations(), Schedule::Immediate);
/// let outcome = removal.send().await?;
/// let receipt = outcome.receipt();
/// println!(
///     "{} after {} attempt(s), {:?}",
///     receipt.status(),
///     receipt.attempts(),
///     receipt.elapsed()
/// );
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Receipt {
    attempts: u32,
    elapsed: Duration,
    #[serde(skip_serializing_if = "VendorHeader::is_unknown")]
    correlation_id: VendorHeader,
    #[serde(skip_serializing_if = "VendorHeader::is_unknown")]
    product_version: VendorHeader,
    #[serde(skip)]
    status: StatusCode,
    #[serde(skip)]
    body: RawBody,
}

/// A response header that one vendor has and the other has not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(untagged)]
enum VendorHeader {
    /// The vendor has none.
    Unknown,
    /// The answer had none.
    Missing,
    Sent(ServerText),
}

impl VendorHeader {
    fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }

    fn as_str(&self) -> Option<&str> {
        match self {
            Self::Unknown | Self::Missing => None,
            Self::Sent(value) => Some(value.as_str()),
        }
    }
}

impl Receipt {
    pub(crate) fn of<V: Vendor>(exchange: &Exchange) -> Self {
        let header = |name: Option<&str>, value: &dyn Fn(&str) -> Option<ServerText>| match name.map(value) {
            None => VendorHeader::Unknown,
            Some(None) => VendorHeader::Missing,
            Some(Some(value)) => VendorHeader::Sent(value),
        };
        Self {
            attempts: exchange.trace.attempts,
            elapsed: exchange.trace.elapsed,
            correlation_id: header(V::CORRELATION_ID, &|_| exchange.trace.correlation_id.clone()),
            product_version: header(V::PRODUCT_VERSION, &|name| exchange.answer.said_in(name)),
            status: exchange.answer.status,
            body: exchange.answer.body.clone(),
        }
    }

    /// The number of times the call was sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
    /// let receipt = outcome.receipt();
    /// assert_eq!(receipt.attempts(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The total duration, including the pauses between tries.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
    /// let receipt = outcome.receipt();
    /// println!("{:?}", receipt.elapsed());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The correlation id, for the vendor's support and the server's log: Keyfactor's `X-Keyfactor-Correlation-Id`. No
    /// such header is known for AppViewX.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
    /// let receipt = outcome.receipt();
    /// println!("{:?}", receipt.correlation_id());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.correlation_id.as_str()
    }

    /// The server's version: Keyfactor's `X-Keyfactor-Product-Version`, for example `25.4.1+` followed by a commit. No
    /// such header is known for AppViewX.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
    /// let receipt = outcome.receipt();
    /// println!("{:?}", receipt.product_version());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn product_version(&self) -> Option<&str> {
        self.product_version.as_str()
    }

    /// The HTTP status.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
    /// let receipt = outcome.receipt();
    /// assert_eq!(receipt.status(), 200);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The body as lossy UTF-8. **It may contain a secret** if the server repeats one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
    /// let receipt = outcome.receipt();
    /// println!("{}", receipt.body());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn body(&self) -> &str {
        self.body.as_str()
    }

    /// The bytes of the body. **They may contain a secret** if the server repeats one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
    /// let receipt = outcome.receipt();
    /// println!("{} bytes", receipt.body_bytes().len());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn body_bytes(&self) -> &[u8] {
        self.body.as_bytes()
    }
}
