//! The fake as the variables of the vendor's own tools.

use std::collections::BTreeMap;

use super::FakeKeyfactor;

impl FakeKeyfactor {
    /// Returns the environment variables of the vendor's own tools for this fake, with its user and password: to test
    /// a program that is configured by them. They go into
    /// [`ClientBuilder::from_vars`](crate::keyfactor::ClientBuilder::from_vars), or into the environment of a process.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{ClientBuilder, Query};
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let variables = fake.variables();
    /// let client = ClientBuilder::from_vars(|name| variables.get(name).map(Into::into))?.build()?;
    /// client.certificate_stores().list(Query::all()).rows()?.collect().await?;
    ///
    /// // A process of your own: `Command::new("target/debug/nightly").envs(fake.variables())`.
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn variables(&self) -> BTreeMap<&'static str, String> {
        let mut variables = self.place();
        variables.insert("KEYFACTOR_USERNAME", self.user().to_owned());
        variables.insert("KEYFACTOR_PASSWORD", self.password().to_owned());
        variables
    }

    /// Returns the variables as [`variables`](Self::variables), with the client of the
    /// [`identity_provider`](Self::identity_provider) instead of user and password.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{ClientBuilder, Query};
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let variables = fake.oauth_variables();
    /// let client = ClientBuilder::from_vars(|name| variables.get(name).map(Into::into))?.build()?;
    /// client.certificate_stores().list(Query::all()).rows()?.collect().await?;
    /// assert_eq!(fake.identity_provider().tokens_issued(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn oauth_variables(&self) -> BTreeMap<&'static str, String> {
        let provider = self.identity_provider();
        let mut variables = self.place();
        variables.insert("KEYFACTOR_AUTH_CLIENT_ID", provider.client_id().to_owned());
        variables.insert("KEYFACTOR_AUTH_CLIENT_SECRET", provider.client_secret());
        variables.insert("KEYFACTOR_AUTH_TOKEN_URL", self.token_url());
        variables
    }

    fn place(&self) -> BTreeMap<&'static str, String> {
        let address = self.server.address();
        BTreeMap::from([
            ("KEYFACTOR_HOSTNAME", format!("http://{}", address.ip())),
            ("KEYFACTOR_PORT", address.port().to_string()),
            ("KEYFACTOR_API_PATH", self.state(|state| state.api_path.clone())),
        ])
    }
}
