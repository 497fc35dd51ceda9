//! Values as the server writes them: of any type, with nulls, and with members that nobody documented.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::rows::Scalar;

/// A time as the server wrote it. The format is undocumented by the vendor. It is **assumed** that a number is
/// milliseconds since 1970.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// for certificate in appviewx.certificates().search().rows()?.collect().await? {
///     if let Some(end) = &certificate.valid_to {
///         println!("{end}, which is {:?}", end.timestamp());
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerTime(Value);

impl ServerTime {
    /// The time, if it can be parsed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let rows = appviewx.certificates().search().rows()?.collect().await?;
    /// for valid_to in rows.iter().filter_map(|row| row.valid_to.as_ref()) {
    ///     println!("{:?}", valid_to.timestamp());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        let milliseconds = match &self.0 {
            Value::Number(number) => number.as_i64()?,
            Value::String(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        Timestamp::from_millisecond(milliseconds).ok()
    }

    /// The value as the server wrote it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let rows = appviewx.certificates().search().rows()?.collect().await?;
    /// for valid_to in rows.iter().filter_map(|row| row.valid_to.as_ref()) {
    ///     println!("{:?}", valid_to.raw());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn raw(&self) -> &Value {
        &self.0
    }
}

impl fmt::Display for ServerTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.timestamp() {
            Some(time) => fmt::Display::fmt(&time, f),
            None => fmt::Display::fmt(&self.0, f),
        }
    }
}

impl fmt::Debug for ServerTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Scalar for ServerTime {
    const TAKES_BLANK: bool = true;

    fn absent() -> Option<Self> {
        None
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(Self(text.into()))
    }

    fn from_integer(number: i64) -> Option<Self> {
        Some(Self(number.into()))
    }

    fn from_float(number: f64) -> Option<Self> {
        Some(Self(number.into()))
    }

    fn from_bool(value: bool) -> Option<Self> {
        Some(Self(value.into()))
    }
}
