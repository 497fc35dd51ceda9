//! What a server says, or what comes in its place, for tests without any server.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

/// The end of a call: a response of the server, or a failure in its place. [`Request::outcome_of`] returns what the crate makes of
/// it, without sending anything.
///
/// The crate handles a response like one from the network: its status, the shape of its body and redaction follow the same rules.
/// There is one attempt: nothing is retried, and no credential is renewed. A request holds no client, so only the secrets of the
/// request itself are redacted.
///
/// # Example
///
/// ```
/// # #[cfg(feature = "keyfactor")] {
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::keyfactor::{
///     CertificateLocation, Client, Credentials, Error, JobId, RemoveOutcome, Schedule,
/// };
/// use clm::testing::Reply;
/// use clm::{serde_json::json, uuid::Uuid};
///
/// /// The code under test: it returns the jobs to follow.
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
/// assert_eq!(
///     to_follow(removal.clone().outcome_of(Reply::json(200, json!([job])))),
///     Ok(vec![job])
/// );
/// assert_eq!(
///     to_follow(removal.clone().outcome_of(Reply::nothing())),
///     Err("look for jobs first")
/// );
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
    /// A response with this status and this JSON body. See the [example](Self#example).
    ///
    /// # Panics
    /// If `status` is below 100 or above 999, or if the body cannot be written as JSON.
    #[must_use]
    #[track_caller]
    #[expect(clippy::expect_used, reason = "a helper of tests")]
    pub fn json(status: u16, body: impl Serialize) -> Self {
        Self::text(status, serde_json::to_vec(&body).expect("the body can be serialized as JSON"))
    }

    /// A response with this status and any body, such as the HTML page of a gateway or an incomplete document.
    ///
    /// ```
    /// # #[cfg(feature = "keyfactor")] {
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Client, Credentials, Error};
    /// use clm::testing::Reply;
    /// use clm::uuid::Uuid;
    ///
    /// let client = Client::builder("https://keyfactor.example.com")
    ///     .credentials(Credentials::bearer("token"))
    ///     .build()?;
    /// let request = client.certificate_stores().get(Uuid::from_u128(1)).build()?;
    /// let error = request.outcome_of(Reply::text(200, "<html>Sign in</html>")).unwrap_err();
    /// assert!(matches!(error, Error::Decode(_)));
    /// # Ok(()) }
    /// # main().unwrap();
    /// # }
    /// ```
    ///
    /// # Panics
    /// If `status` is below 100 or above 999.
    #[must_use]
    #[track_caller]
    #[expect(clippy::expect_used, reason = "a helper of tests")]
    pub fn text(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let status = StatusCode::from_u16(status).expect("the status has three digits");
        let body = Bytes::from(body.into());
        Self { end: End::Answer { status, headers: HeaderMap::new(), body, is_cut: false } }
    }

    /// No response; the request may have arrived. A change ends with `OutcomeUnknown`, a read with `Transport`. See the
    /// [example](Self#example).
    #[must_use]
    pub fn nothing() -> Self {
        Self { end: End::Nothing }
    }

    /// No connection could be opened, so nothing was sent. The call ends with `Transport`.
    ///
    /// ```
    /// # #[cfg(feature = "keyfactor")] {
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Client, Credentials, Error, Schedule};
    /// use clm::testing::Reply;
    /// use clm::uuid::Uuid;
    ///
    /// let client = Client::builder("https://keyfactor.example.com")
    ///     .credentials(Credentials::bearer("token"))
    ///     .build()?;
    /// let stores = client.certificate_stores();
    /// let request = stores.schedule_inventory([Uuid::from_u128(1)], Schedule::Immediate).build()?;
    /// let error = request.outcome_of(Reply::no_connection()).unwrap_err();
    /// assert!(matches!(error, Error::Transport(_)));
    /// # Ok(()) }
    /// # main().unwrap();
    /// # }
    /// ```
    #[must_use]
    pub fn no_connection() -> Self {
        Self { end: End::NoConnection }
    }

    /// The identity provider or the login refused the credential with this code and message, so the call was not sent. It ends with
    /// `Authentication`.
    ///
    /// ```
    /// # #[cfg(feature = "keyfactor")] {
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Client, Credentials, Error};
    /// use clm::testing::Reply;
    /// use clm::uuid::Uuid;
    ///
    /// let client = Client::builder("https://keyfactor.example.com")
    ///     .credentials(Credentials::bearer("token"))
    ///     .build()?;
    /// let request = client.certificate_stores().get(Uuid::from_u128(1)).build()?;
    /// let refused = Reply::no_credential("invalid_client", "The secret has expired.");
    /// let error = request.outcome_of(refused).unwrap_err();
    /// assert!(matches!(error, Error::Authentication(_)));
    /// # Ok(()) }
    /// # main().unwrap();
    /// # }
    /// ```
    #[must_use]
    pub fn no_credential(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { end: End::NoCredential { code: code.into(), message: message.into() } }
    }

    /// Adds a header to the response, such as `X-Keyfactor-Correlation-Id`. It is ignored if there is no response.
    ///
    /// ```
    /// # #[cfg(feature = "keyfactor")] {
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{CertificateLocation, Client, Credentials, Schedule};
    /// use clm::serde_json::json;
    /// use clm::testing::Reply;
    /// use clm::uuid::Uuid;
    ///
    /// let client = Client::builder("https://keyfactor.example.com")
    ///     .credentials(Credentials::bearer("token"))
    ///     .build()?;
    /// let location = CertificateLocation::new(Uuid::from_u128(1), "www.pem");
    /// let removal = client
    ///     .certificate_stores()
    ///     .remove_certificates([location], Schedule::Immediate)
    ///     .build()?;
    /// let reply =
    ///     Reply::json(400, json!({"Message": "no"})).header("X-Keyfactor-Correlation-Id", "4f2a");
    /// let error = removal.outcome_of(reply).unwrap_err();
    /// assert!(error.report().to_string().contains("4f2a"));
    /// # Ok(()) }
    /// # main().unwrap();
    /// # }
    /// ```
    ///
    /// # Panics
    /// If the name or the value is not valid in a header.
    #[must_use]
    #[track_caller]
    #[expect(clippy::expect_used, reason = "a helper of tests")]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let End::Answer { headers, .. } = &mut self.end {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("the name is a valid header name");
            headers.append(name, HeaderValue::from_str(value).expect("the value is a valid header value"));
        }
        self
    }

    /// The response ends in the middle of its body: only the given part arrives.
    ///
    /// ```
    /// # #[cfg(feature = "keyfactor")] {
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{CertificateLocation, Client, Credentials, Error, Schedule};
    /// use clm::testing::Reply;
    /// use clm::uuid::Uuid;
    ///
    /// let client = Client::builder("https://keyfactor.example.com")
    ///     .credentials(Credentials::bearer("token"))
    ///     .build()?;
    /// let location = CertificateLocation::new(Uuid::from_u128(1), "www.pem");
    /// let removal = client
    ///     .certificate_stores()
    ///     .remove_certificates([location], Schedule::Immediate)
    ///     .build()?;
    /// let error = removal.outcome_of(Reply::text(200, "[\"0000").cut()).unwrap_err();
    /// assert!(matches!(error, Error::OutcomeUnknown(_)));
    /// # Ok(()) }
    /// # main().unwrap();
    /// # }
    /// ```
    #[must_use]
    pub fn cut(mut self) -> Self {
        if let End::Answer { is_cut, .. } = &mut self.end {
            *is_cut = true;
        }
        self
    }
}
