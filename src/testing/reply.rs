//! What a server says, or what comes in its place, for tests without any server.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

/// What comes of a call: the answer of a server, or what came in its place. [`Request::outcome_of`] says what the crate makes of it,
/// and nothing is sent.
///
/// An answer is read as one from the network is: what its status means, which shape its body must have, and what of it is redacted
/// are the crate's own rules. There is one try: nothing is sent again, and no credential is renewed. A request holds no client, so
/// that of secrets only those of the request are redacted.
///
/// ```
/// # #[cfg(feature = "keyfactor")] {
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::keyfactor::{CertificateLocation, Client, Credentials, Error, JobId, RemoveOutcome, Schedule};
/// use clm::testing::Reply;
/// use clm::{serde_json::json, uuid::Uuid};
///
/// /// What is to be tested: which jobs are to be followed.
/// fn to_follow(ended: Result<RemoveOutcome, Error>) -> Result<Vec<JobId>, &'static str> {
///     match ended {
///         Ok(removal) => Ok(removal.job_ids().to_vec()),
///         Err(Error::OutcomeUnknown(_)) => Err("look for jobs first"),
///         Err(_) => Err("nothing was removed"),
///     }
/// }
///
/// let stores = Client::builder("https://keyfactor.example.com/KeyfactorAPI")
///     .credentials(Credentials::bearer("token"))
///     .build()?
///     .certificate_stores();
/// let location = CertificateLocation::new(Uuid::from_u128(1), "www.example.com.pfx");
/// let removal = stores.remove_certificates([location], Schedule::Immediate).build()?;
///
/// let job = JobId::from(Uuid::from_u128(2));
/// assert_eq!(to_follow(removal.clone().outcome_of(Reply::json(200, json!([job])))), Ok(vec![job]));
/// assert_eq!(to_follow(removal.clone().outcome_of(Reply::nothing())), Err("look for jobs first"));
/// let refused = removal.outcome_of(Reply::json(403, json!({"Message": "no"})));
/// assert_eq!(to_follow(refused), Err("nothing was removed"));
/// # Ok(()) }
/// # main().unwrap();
/// # }
/// ```
///
/// [`Request::outcome_of`]: crate::Request::outcome_of
#[derive(Clone, Debug)]
pub struct Reply {
    pub(crate) end: End,
}

/// How the one try of a call ended.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Answer { status: StatusCode, headers: HeaderMap, body: Bytes, is_cut: bool },
    Nothing,
    NoConnection,
    NoCredential { code: String, message: String },
}

impl Reply {
    /// An answer with this status and this JSON body.
    ///
    /// # Panics
    /// If `status` is below 100 or above 999, or if the body cannot be written as JSON.
    #[must_use]
    #[track_caller]
    #[expect(clippy::expect_used, reason = "a helper of tests")]
    pub fn json(status: u16, body: impl Serialize) -> Self {
        Self::text(status, serde_json::to_vec(&body).expect("a body that can be written as JSON"))
    }

    /// An answer with this status and this body, whatever it is: the page of a gateway, half a document, no text at all.
    ///
    /// # Panics
    /// If `status` is below 100 or above 999.
    #[must_use]
    #[track_caller]
    #[expect(clippy::expect_used, reason = "a helper of tests")]
    pub fn text(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let status = StatusCode::from_u16(status).expect("a status of three digits");
        let body = Bytes::from(body.into());
        Self { end: End::Answer { status, headers: HeaderMap::new(), body, is_cut: false } }
    }

    /// No answer: the call may have arrived. A change ends as `OutcomeUnknown`, a call that only reads as `Transport`.
    #[must_use]
    pub fn nothing() -> Self {
        Self { end: End::Nothing }
    }

    /// No connection came about, so that nothing was sent: `Transport`.
    #[must_use]
    pub fn no_connection() -> Self {
        Self { end: End::NoConnection }
    }

    /// The identity provider, or the login, refused the credential with this code and message, so that the call was not sent:
    /// `Authentication`.
    #[must_use]
    pub fn no_credential(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { end: End::NoCredential { code: code.into(), message: message.into() } }
    }

    /// The answer has this header, for example `X-Keyfactor-Correlation-Id`. Without an answer there is none.
    ///
    /// # Panics
    /// If name or value can be no header's.
    #[must_use]
    #[track_caller]
    #[expect(clippy::expect_used, reason = "a helper of tests")]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let End::Answer { headers, .. } = &mut self.end {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name of a header");
            headers.append(name, HeaderValue::from_str(value).expect("a value of a header"));
        }
        self
    }

    /// The body breaks off after what is given.
    #[must_use]
    pub fn cut(mut self) -> Self {
        if let End::Answer { is_cut, .. } = &mut self.end {
            *is_cut = true;
        }
        self
    }
}
