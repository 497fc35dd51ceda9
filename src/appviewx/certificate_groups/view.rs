//! `GET /certificate/group`.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

use super::group::{CertificateGroup, READ_PERMISSION};
use super::handle::CertificateGroups;
use crate::appviewx::answer;
use crate::appviewx::lookup_error::LookupError;
use crate::appviewx::types::check_group_name;
use crate::appviewx::vendor::{AppViewX, CallDefaults, ReadError};
use crate::operation::{DocumentedCall, Operation, RequestBuilder};
use crate::rows;
use crate::transport::{Cause, Exchange, Parameters, Path};
use crate::validation::Problems;

impl CertificateGroups {
    /// Reads one certificate group.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let group = appviewx.certificate_groups().view("web-servers").send().await?;
    /// println!("{group:?}");
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `GET /certificate/group`. The vendor's page lists the name as a header in its table and as a query
    ///   parameter in its sample, so it is sent as both. A name that is not a valid header value is sent as a query
    ///   parameter only.
    /// - **Permissions:** access to the groups (assumed).
    /// - **Arguments:** the group's name. A response about another group is a `Lookup` error.
    /// - **Errors:** those of [`appviewx::Error`](crate::appviewx::Error). The response for an unknown name is
    ///   undocumented by the vendor for this call. Other calls return 404 with `NO_RECORDS_FOUND` or `GROUP_NOT_FOUND`.
    /// - **Source:** AppViewX CERT+ API reference, "View Certificate Group".
    pub fn view(&self, name: impl Into<String>) -> RequestBuilder<ViewGroup> {
        self.caller.request(ViewGroup { name: name.into() })
    }
}

/// A request to read one group; see [`CertificateGroups::view`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// let request = appviewx.certificate_groups().view("web-servers").build()?;
/// assert_eq!(request.name(), "web-servers");
/// let group = appviewx.execute(request).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ViewGroup {
    name: String,
}

impl ViewGroup {
    /// The group's name.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let request = appviewx.certificate_groups().view("web-servers").build()?;
    /// assert_eq!(request.name(), "web-servers");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Operation for ViewGroup {
    type Vendor = AppViewX;
    type Outcome = CertificateGroup;

    fn call(&self) -> DocumentedCall {
        DocumentedCall::read("appviewx.certificate_groups.view", Method::GET, Path::fixed("certificate/group"))
    }

    fn check(&mut self, _: &CallDefaults, problems: &mut Problems) {
        check_group_name(&self.name, "name", problems);
    }

    fn query(&self) -> Parameters {
        vec![("groupName".into(), self.name.clone())]
    }

    fn headers(&self) -> HeaderMap {
        let name = HeaderValue::from_str(&self.name).ok();
        name.into_iter().map(|name| (HeaderName::from_static("groupname"), name)).collect()
    }

    fn permission_needed(&self) -> Option<&'static str> {
        Some(READ_PERMISSION)
    }

    fn read(&self, exchange: &Exchange) -> Result<CertificateGroup, ReadError> {
        let group = match answer::envelope(exchange)?.response {
            group @ Value::Object(_) => {
                rows::read_row::<CertificateGroup>(&group.to_string()).map_err(ReadError::Unreadable)?
            }
            _ => return Err(ReadError::Unreadable(Cause::new("expected a group in the response"))),
        };
        match group.name.as_ref().filter(|answered| **answered != self.name) {
            Some(answered) => {
                let (asked, answered) = (self.name.clone(), exchange.answer.said(answered).into_string());
                Err(ReadError::Lookup(LookupError::OtherGroup { asked, answered }))
            }
            None => Ok(group),
        }
    }
}
