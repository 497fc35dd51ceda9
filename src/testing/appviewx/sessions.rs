//! Sessions, tokens and the account of the fake AppViewX server.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{FakeAppViewX, has_content_type, missing, refusal};
use crate::appviewx::Credentials;
use crate::testing::server::{RecordedRequest, Reply, member};

const USER: &str = "svc-clm";
const PASSWORD: &str = "fake-appviewx-password";
const SERVICE_ID: &str = "svc-account";
const SERVICE_SECRET: &str = "fake-appviewx-secret";
/// A session that is there without a login.
const SESSION: &str = "fake-appviewx-session";
/// The number of the vendor's sample.
const LOGIN_ATTEMPTS: u32 = 10;
/// The vendor's default.
const TOKEN_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// Who may act.
pub(super) struct Sessions {
    live: BTreeSet<String>,
    /// With the moment at which each expires.
    tokens: BTreeMap<String, Instant>,
    password: String,
    attempts_left: u32,
    token_lifetime: Duration,
    issued: u32,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            live: [SESSION.to_owned()].into(),
            tokens: BTreeMap::new(),
            password: PASSWORD.to_owned(),
            attempts_left: LOGIN_ATTEMPTS,
            token_lifetime: TOKEN_LIFETIME,
            issued: 0,
        }
    }
}

impl FakeAppViewX {
    /// Returns a session that the fake accepts until [`expire_sessions`](Self::expire_sessions). See the example of
    /// [`url`](Self::url).
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        Credentials::session_id(SESSION)
    }

    /// Returns the user name and password of the account, to be sent as headers of each request.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::appviewx::Client;
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// let client = Client::builder(fake.url()).credentials(fake.password_headers()).build()?;
    /// client.certificates().search().rows()?.collect().await?;
    /// assert!(fake.requests()[0].header("username").is_some());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn password_headers(&self) -> Credentials {
        Credentials::password_headers(USER, PASSWORD)
    }

    /// Returns the user name and password of the account, for a login.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::appviewx::Client;
    /// use clm::testing::{AppViewXCall, FakeAppViewX};
    ///
    /// let fake = FakeAppViewX::start().await;
    /// let client = Client::builder(fake.url()).credentials(fake.login()).build()?;
    /// client.certificates().search().rows()?.collect().await?;
    /// fake.assert_sent_once(AppViewXCall::Login);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn login(&self) -> Credentials {
        Credentials::login(USER, PASSWORD)
    }

    /// Returns the id and secret of a service account to which the fake issues tokens.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::appviewx::Client;
    /// use clm::testing::{AppViewXCall, FakeAppViewX};
    ///
    /// let fake = FakeAppViewX::start().await;
    /// let client = Client::builder(fake.url()).credentials(fake.service_account()).build()?;
    /// client.certificates().search().rows()?.collect().await?;
    /// fake.assert_sent_once(AppViewXCall::ServiceToken);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn service_account(&self) -> Credentials {
        Credentials::service_account(SERVICE_ID, SERVICE_SECRET)
    }

    /// Returns the user name of the account.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::appviewx::{Client, Credentials};
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// let credentials = Credentials::login(fake.user(), fake.password());
    /// let client = Client::builder(fake.url()).credentials(credentials).build()?;
    /// client.certificates().search().rows()?.collect().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn user(&self) -> &str {
        USER
    }

    /// Returns the current password of the account. `Debug` does not show it, nor the other secrets, although they are fake. See
    /// the example of [`user`](Self::user).
    #[must_use]
    pub fn password(&self) -> String {
        self.state(|state| state.sessions.password.clone())
    }

    /// Returns the id of an active session: that of [`credentials`](Self::credentials), or of another one after that was ended. If
    /// there is none, it creates one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::appviewx::{Client, Credentials};
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// let credentials = Credentials::session_id(fake.session_id());
    /// let client = Client::builder(fake.url()).credentials(credentials).build()?;
    /// client.certificates().search().rows()?.collect().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn session_id(&self) -> String {
        self.state(|state| state.sessions.live_session())
    }

    /// Returns the id of the service account.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::appviewx::{Client, Credentials};
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// let credentials =
    ///     Credentials::service_account(fake.service_account_id(), fake.service_account_secret());
    /// let client = Client::builder(fake.url()).credentials(credentials).build()?;
    /// client.certificates().search().rows()?.collect().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn service_account_id(&self) -> &str {
        SERVICE_ID
    }

    /// Returns the secret of the service account. See the example of [`service_account_id`](Self::service_account_id).
    #[must_use]
    pub fn service_account_secret(&self) -> &str {
        SERVICE_SECRET
    }

    /// Ends all sessions.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::appviewx::Client;
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// let client = Client::builder(fake.url()).credentials(fake.login()).build()?;
    /// client.certificates().search().rows()?.collect().await?;
    /// fake.expire_sessions();
    /// client.certificates().search().rows()?.collect().await?;
    /// assert_eq!(fake.sessions(), 1, "the client logged in again");
    /// # Ok(()) }
    /// ```
    pub fn expire_sessions(&self) {
        self.state(|state| state.sessions.live.clear());
    }

    /// Returns the number of active sessions. A new fake has one, without a login. See the example of
    /// [`expire_sessions`](Self::expire_sessions).
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.state(|state| state.sessions.len())
    }

    /// Expires all tokens of the service account.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::appviewx::Client;
    /// use clm::testing::{AppViewXCall, FakeAppViewX};
    ///
    /// let fake = FakeAppViewX::start().await;
    /// let client = Client::builder(fake.url()).credentials(fake.service_account()).build()?;
    /// client.certificates().search().rows()?.collect().await?;
    /// fake.expire_tokens();
    /// client.certificates().search().rows()?.collect().await?;
    /// let token_requests =
    ///     fake.requests().iter().filter(|it| it.is(AppViewXCall::ServiceToken)).count();
    /// assert_eq!(token_requests, 2);
    /// # Ok(()) }
    /// ```
    pub fn expire_tokens(&self) {
        self.state(|state| state.sessions.tokens.clear());
    }

    /// Sets the lifetime of tokens that are issued from now on. The default is the documented one, 30 minutes.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.set_token_lifetime(Duration::from_secs(60));
    /// # Ok(()) }
    /// ```
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.state(|state| state.sessions.token_lifetime = lifetime);
    }

    /// Changes the password of the account. Sessions stay active.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::appviewx::{Client, Error};
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// let old = fake.login();
    /// fake.set_password("rotated");
    /// let client = Client::builder(fake.url()).credentials(old).build()?;
    /// let error = client.certificates().search().rows()?.collect().await.unwrap_err();
    /// assert!(matches!(error, Error::Authentication(_)));
    /// # Ok(()) }
    /// ```
    pub fn set_password(&self, password: impl Into<String>) {
        self.state(|state| state.sessions.password = password.into());
    }

    /// Sets how many more logins may fail before the account is locked. 0 locks it now; any other number unlocks it. The default is
    /// 10, the number in the vendor's sample. A successful login resets it to the default.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::appviewx::{Client, Error};
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.set_login_attempts(0);
    /// let client = Client::builder(fake.url()).credentials(fake.login()).build()?;
    /// let error = client.certificates().search().rows()?.collect().await.unwrap_err();
    /// assert!(matches!(error, Error::Authentication(_)));
    /// # Ok(()) }
    /// ```
    pub fn set_login_attempts(&self, remaining: u32) {
        self.state(|state| state.sessions.attempts_left = remaining);
    }
}

impl Sessions {
    pub(super) fn len(&self) -> usize {
        self.live.len()
    }

    /// Whether a call comes with a session, a token or the password.
    pub(super) fn accept(&self, request: &RecordedRequest) -> Result<(), Reply> {
        one_kind(request)?;
        let session = request.header("sessionid").is_some_and(|id| self.live.contains(id));
        let token = request.header("token").and_then(|token| self.tokens.get(token));
        let password = self.attempts_left > 0 && self.knows(request);
        let known = session || password || token.is_some_and(|until| Instant::now() < *until);
        if known { Ok(()) } else { Err(unauthorised()) }
    }

    /// The answer to a call about sessions. All of them carry at most one kind of credentials, and `gwsource`.
    pub(super) fn answer(
        &mut self,
        request: &RecordedRequest,
        answer: impl FnOnce(&mut Self, &RecordedRequest) -> Reply,
    ) -> Result<Reply, Reply> {
        one_kind(request)?;
        let named = |pair: &str| pair.strip_prefix("gwsource=").is_some_and(|value| !value.is_empty());
        if request.query().split('&').any(named) { Ok(answer(self, request)) } else { Err(missing("gwsource")) }
    }

    fn knows(&self, request: &RecordedRequest) -> bool {
        request.header("username") == Some(USER) && request.header("password") == Some(&self.password)
    }

    pub(super) fn log_in(&mut self, request: &RecordedRequest, tells_attempts: bool) -> Reply {
        let given = |name| request.header(name).is_some_and(|value| !value.is_empty());
        if !given("username") || !given("password") {
            return self.failed_login(400, "Username or password cannot be null or empty");
        }
        if self.attempts_left == 0 {
            return self.failed_login(401, "Login failed. The account is locked");
        }
        if !self.knows(request) {
            self.attempts_left -= 1;
            return self.failed_login(401, "Login failed. Invalid credentials");
        }
        self.attempts_left = LOGIN_ATTEMPTS;
        let session = self.begin();
        let attempts = tells_attempts.then_some(self.attempts_left);
        envelope(200, &login_response("SUCCESS", None, Some(&session), attempts))
    }

    fn failed_login(&self, status: u16, description: &str) -> Reply {
        envelope(status, &login_response("FAILURE", Some(description), None, Some(self.attempts_left)))
    }

    fn begin(&mut self) -> String {
        let session = format!("{SESSION}-{}", self.next_number());
        self.live.insert(session.clone());
        session
    }

    fn live_session(&mut self) -> String {
        match self.live.first() {
            Some(session) => session.clone(),
            None => self.begin(),
        }
    }

    pub(super) fn log_out(&mut self, request: &RecordedRequest) -> Reply {
        let session = request.header("sessionid").unwrap_or_default();
        if !self.live.remove(session) {
            return unauthorised();
        }
        let response = json!({
            "status": "SUCCESS",
            "appStatusCode": null,
            "statusDescription": null,
            "sessionId": session,
            "lockDownPeriod": null,
            "termsAccepted": null,
            "passwordExpiryMsg": null,
            "emailId": null,
        });
        envelope(200, &response)
    }

    pub(super) fn service_token(&mut self, request: &RecordedRequest) -> Reply {
        if !asks_for_client_credentials(request) {
            return missing("grant_type");
        }
        let basic = request.header("authorization").and_then(|it| it.strip_prefix("Basic "));
        let pair = basic.and_then(|it| STANDARD.decode(it).ok()).and_then(|it| String::from_utf8(it).ok());
        match pair.as_deref().and_then(|pair| pair.split_once(':')) {
            None => refusal((400, "ACCT_SA_001", "Invalid service account id or secret")),
            Some((id, _)) if id != SERVICE_ID => {
                refusal((400, "ACCT_SA_003", "Service account is invalid or not found"))
            }
            Some((_, secret)) if secret != SERVICE_SECRET => {
                refusal((400, "OAUTH_CLNT_015", "Client password is wrong"))
            }
            Some(_) => {
                let token = self.new_token();
                envelope(200, &Value::from(token))
            }
        }
    }

    /// A token of the vendor's shape, whose signature is none.
    fn new_token(&mut self) -> String {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let claims = json!({
            "sub": SERVICE_ID,
            "aud": "avx",
            "clientId": SERVICE_ID,
            "iss": "avx",
            "exp": since_epoch.saturating_add(self.token_lifetime).as_secs(),
            "grant type": "client_credentials",
            "number": self.next_number(),
        });
        let parts = [json!({"alg": "none", "typ": "JWT"}), claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let token = format!("{}.fake-appviewx-token", parts.join("."));
        let now = Instant::now();
        self.tokens.insert(token.clone(), now.checked_add(self.token_lifetime).unwrap_or(now));
        token
    }

    fn next_number(&mut self) -> u32 {
        self.issued += 1;
        self.issued
    }
}

fn login_response(status: &str, description: Option<&str>, session: Option<&str>, attempts: Option<u32>) -> Value {
    json!({
        "status": status,
        "appStatusCode": null,
        "statusDescription": description,
        "sessionId": session,
        "availableLoginAttemptCount": attempts,
    })
}

/// Whether a request names its grant: in a form, as the vendor's clients do, or in the JSON that one of the vendor's pages has.
fn asks_for_client_credentials(request: &RecordedRequest) -> bool {
    const GRANT: &str = "client_credentials";
    if has_content_type(request, "application/json") {
        let body = request.json();
        return member(member(&body, "payload"), "grant_type").as_str() == Some(GRANT);
    }
    has_content_type(request, "application/x-www-form-urlencoded")
        && url::form_urlencoded::parse(request.body()).any(|(name, value)| name == "grant_type" && value == GRANT)
}

/// Refuses a request with two kinds of credentials.
fn one_kind(request: &RecordedRequest) -> Result<(), Reply> {
    let has = |name| request.header(name).is_some();
    let password = has("username") || has("password");
    let kinds = [has("sessionid"), has("token"), has("authorization"), password];
    if kinds.into_iter().filter(|kind| *kind).count() < 2 {
        return Ok(());
    }
    Err(refusal((400, "FAKE_TWO_CREDENTIALS", "The request carries two kinds of credentials")))
}

pub(super) fn unauthorised() -> Reply {
    refusal((401, "AVX_GW_003", "Authentication failed, reason: Invalid credentials"))
}

fn envelope(status: u16, response: &Value) -> Reply {
    let body = json!({"response": response, "message": null, "appStatusCode": null, "tags": null, "headers": null});
    Reply::json(status, body)
}
