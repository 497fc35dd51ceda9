//! What only raw calls of Keyfactor Command can be given.

use http::HeaderValue;

use super::vendor::RawCall;
use crate::operation::RequestBuilder;

impl RequestBuilder<RawCall> {
    /// Requests another version of the endpoint with the header `x-keyfactor-api-version`. The default is 1. Some of
    /// the vendor's endpoints have a version 2; the response header `Api-Supported-Versions` lists the versions of the
    /// endpoint that was called.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let answer = keyfactor.raw(Method::GET, "Certificates").api_version(2).send().await?;
    /// println!("{:?}", answer.headers().get("api-supported-versions"));
    /// # Ok(()) }
    /// ```
    pub fn api_version(mut self, version: u16) -> Self {
        self.operation().set_own_header("x-keyfactor-api-version", HeaderValue::from(version));
        self
    }
}
