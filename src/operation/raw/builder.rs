//! What a raw call can be given.

use std::fmt;

use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{RawCall, RawEffect};
use crate::operation::{Error, RequestBuilder, Vendor};

impl<V: Vendor> RequestBuilder<RawCall<V>> {
    /// What stands for a placeholder of the path. It is sent as one segment, percent-encoded; it shows like that in the audit
    /// of a change, and in no error and no span. At most 2,048 bytes, without `/`, `\` and control characters, and nothing that a
    /// server could take for `..`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let path = "CertificateStores/{id}";
    /// let store = keyfactor.raw(Method::GET, path).path_value("id", scene.stores()[0]).read().await?;
    /// assert_eq!(store["Id"], scene.stores()[0].to_string());
    /// # Ok(()) }
    /// ```
    pub fn path_value(mut self, placeholder: impl Into<String>, value: impl fmt::Display) -> Self {
        self.operation().path.set(placeholder.into(), value.to_string());
        self
    }

    /// Adds a parameter to the query; the same name can be given several times. Names and values are percent-encoded, and
    /// are shown nowhere. At most 32 KiB altogether. What the client sends itself, AppViewX's `gwsource` and `gwkey`, is
    /// refused.
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

    /// Adds a header. Its value is visible ASCII and spaces, at most 8 KiB, and is shown nowhere.
    ///
    /// Refused are headers that the crate sets itself (`Accept`, `Content-Type`, those of the credential and of the vendor),
    /// those of the connection (`Host`, `Content-Length`, …), those by which some servers take another method or path
    /// (`X-HTTP-Method-Override`, `X-Original-URL`, …), and those by which a proxy says who called and by which host
    /// (`Forwarded`, whatever begins with `X-Forwarded-`, `X-Real-IP`, …).
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.operation().headers.push((name.into(), value.into()));
        self
    }

    /// The body, written as JSON at once. A GET or HEAD takes none. It is shown nowhere; what of it a server must not be
    /// quoted with is a [`secret`](Self::secret).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::http::Method;
    ///
    /// let body = clm::serde_json::json!({"StoreIds": [scene.stores()[0]], "Schedule": {"Immediate": true}});
    /// let call = keyfactor.raw(Method::POST, "CertificateStores/Schedule").json(&body).audit_note("CHG 1234");
    /// assert_eq!(call.send().await?.status(), 204);
    /// # Ok(()) }
    /// ```
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        self.operation().set_json(body);
        self
    }

    /// Whether the call can change something, where the method does not say it: a POST that only searches, for example.
    ///
    /// **A call that is declared to read may be sent several times, and is not audited.**
    pub fn effect(mut self, effect: RawEffect) -> Self {
        self.operation().effect = effect;
        self
    }

    /// Names a value that must not be shown, wherever it stands in the request: it is redacted from what the crate shows of
    /// the answer. It is not sent by this. None can stand in the path. One of less than four
    /// characters cannot be told from ordinary words, and is not looked for.
    pub fn secret(mut self, secret: impl Into<SecretString>) -> Self {
        self.operation().secrets.push(secret.into());
        self
    }

    /// Sends the call, and reads its answer with [`RawAnswer::read`](super::RawAnswer::read).
    ///
    /// # Errors
    /// Those of [`send`](Self::send). If the answer cannot be read: [`Error::Decode`] of a call that only reads. Of a change,
    /// which was carried out, [`Error::Incomplete`] with the [`RawAnswer`](super::RawAnswer) inside.
    pub fn read(self) -> impl Future<Output = Result<Value, Error<V>>> + Send + use<V> {
        let sent = self.send();
        async move { Ok(sent.await?.read()?) }
    }

    /// Sends the call, and reads its answer with [`RawAnswer::read_as`](super::RawAnswer::read_as).
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn read_as<T: DeserializeOwned>(self) -> impl Future<Output = Result<T, Error<V>>> + Send + use<V, T> {
        let sent = self.send();
        async move { Ok(sent.await?.read_as()?) }
    }
}
