//! The setters of a raw call.

use std::fmt;

use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{RawCall, RawEffect};
use crate::operation::{Error, RequestBuilder, Vendor};

impl<V: Vendor> RequestBuilder<RawCall<V>> {
    /// Sets the value of a placeholder in the path. It is percent-encoded and sent as one segment. It appears
    /// percent-encoded in the audit of a change, but not in errors or spans. At most 2,048 bytes, without `/`, `\` and
    /// control characters. Values that a server could interpret as `..` are rejected.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let path = "CertificateStores/{id}";
    /// let store =
    ///     keyfactor.raw(Method::GET, path).path_value("id", scene.stores()[0]).read().await?;
    /// assert_eq!(store["Id"], scene.stores()[0].to_string());
    /// # Ok(()) }
    /// ```
    pub fn path_value(mut self, placeholder: impl Into<String>, value: impl fmt::Display) -> Self {
        self.operation().path.set(placeholder.into(), value.to_string());
        self
    }

    /// Adds a query parameter. A name can be added several times. Names and values are percent-encoded and never appear
    /// in errors, logs or the audit. The whole query may be at most 32 KiB. AppViewX's `gwsource` and `gwkey`, which
    /// the client sends itself, are rejected.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let call = keyfactor.raw(Method::GET, "Certificates").query("ReturnLimit", 1);
    /// let rows = call.read().await?;
    /// assert_eq!(rows.as_array().map(Vec::len), Some(1));
    /// # Ok(()) }
    /// ```
    pub fn query(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.operation().query.push((name.into(), value.to_string()));
        self
    }

    /// Adds a header. The value may contain visible ASCII and spaces, at most 8 KiB, and never appears in errors, logs
    /// or the audit.
    ///
    /// These headers are rejected: those that the crate sets itself (`Accept`, `Content-Type`, credential and vendor
    /// headers), connection headers (`Host`, `Content-Length`, …), headers that override the method or path on some
    /// servers (`X-HTTP-Method-Override`, `X-Original-URL`, …), and headers that describe proxies and the original
    /// client (`Forwarded`, `X-Forwarded-*`, `X-Real-IP`, …).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let call =
    ///     keyfactor.raw(Method::GET, "CertificateStores").header("x-request-source", "nightly job");
    /// let answer = call.send().await?;
    /// # Ok(()) }
    /// ```
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.operation().headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body, which is serialised as JSON immediately. GET and HEAD cannot have a body. The body never appears
    /// in errors, logs or the audit. If it contains a secret that a server might repeat in a message, name it with
    /// [`secret`](Self::secret).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let body = clm::serde_json::json!({"StoreIds": [scene.stores()[0]], "Schedule": {"Immediate": true}});
    /// let call = keyfactor
    ///     .raw(Method::POST, "CertificateStores/Schedule")
    ///     .json(&body)
    ///     .audit_note("CHG 1234");
    /// assert_eq!(call.send().await?.status(), 204);
    /// # Ok(()) }
    /// ```
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        self.operation().set_json(body);
        self
    }

    /// Sets whether the call can change something. Use it if the method does not imply this, for example for a POST
    /// that only searches.
    ///
    /// **A call declared as a read may be retried and is not audited.**
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::RawEffect;
    /// use clm::http::Method;
    ///
    /// let call = keyfactor.raw(Method::GET, "CertificateStores").effect(RawEffect::Read);
    /// let answer = call.send().await?;
    /// # Ok(()) }
    /// ```
    pub fn effect(mut self, effect: RawEffect) -> Self {
        self.operation().effect = effect;
        self
    }

    /// Declares a value in the request as secret. It is redacted wherever the crate shows text from the response. This
    /// does not send the value. The path must not contain a secret. Secrets shorter than four characters are not
    /// redacted, because they cannot be distinguished from ordinary text.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let body = clm::serde_json::json!({"StoreIds": [scene.stores()[0]], "Schedule": {"Immediate": true}});
    /// let call = keyfactor
    ///     .raw(Method::POST, "CertificateStores/Schedule")
    ///     .json(&body)
    ///     .secret("a password in the body");
    /// let answer = call.send().await?;
    /// # Ok(()) }
    /// ```
    pub fn secret(mut self, secret: impl Into<SecretString>) -> Self {
        self.operation().secrets.push(secret.into());
        self
    }

    /// Sends the call and deserialises the response with [`RawAnswer::read`](super::RawAnswer::read).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let stores = keyfactor.raw(Method::GET, "CertificateStores").read().await?;
    /// assert!(stores.is_array());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of [`send`](Self::send). If the response cannot be read: [`Error::Decode`] for a read. For a change, which
    /// was carried out, [`Error::Incomplete`] with the [`RawAnswer`](super::RawAnswer).
    pub fn read(self) -> impl Future<Output = Result<Value, Error<V>>> + Send + use<V> {
        let sent = self.send();
        async move { Ok(sent.await?.read()?) }
    }

    /// Sends the call and deserialises the response with [`RawAnswer::read_as`](super::RawAnswer::read_as).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let stores: Vec<clm::serde_json::Value> =
    ///     keyfactor.raw(Method::GET, "CertificateStores").read_as().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn read_as<T: DeserializeOwned>(self) -> impl Future<Output = Result<T, Error<V>>> + Send + use<V, T> {
        let sent = self.send();
        async move { Ok(sent.await?.read_as()?) }
    }
}
