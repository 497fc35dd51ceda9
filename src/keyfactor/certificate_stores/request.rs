//! What `execute` takes.

use crate::keyfactor::client::Client;
use crate::keyfactor::error::Error;

/// A checked request for a change, as a builder's `build()` gives it; for
/// [`CertificateStores::execute`](super::CertificateStores::execute). It is implemented for this crate's requests only.
pub trait StoreRequest: Run {}

/// Not nameable from outside, so that nobody else can implement [`StoreRequest`].
pub trait Run {
    /// What the call gives.
    type Outcome;

    /// Sends it.
    fn run(self, client: Client) -> impl Future<Output = Result<Self::Outcome, Error>> + Send;
}
