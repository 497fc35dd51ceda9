//! Values as servers of several versions write them.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::rows::text_scalar;

/// A time as the server sent it: with `Z`, or without a time zone, as Command 10 does, which means UTC.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// let certificate = keyfactor.certificates().get(scene.certificate()).send().await?;
/// if let Some(end) = &certificate.not_after {
///     println!("{end}, which is {:?}", end.timestamp());
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerTime(String);

impl ServerTime {
    /// Returns the parsed time, or `None` if it cannot be parsed.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::ServerTime;
    /// use clm::serde_json::{from_value, json};
    ///
    /// let time: ServerTime = from_value(json!("2026-03-19T21:26:35"))?;
    /// assert_eq!(time.timestamp(), Some("2026-03-19T21:26:35Z".parse()?));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        let text = self.0.trim();
        text.parse().ok().or_else(|| {
            let zoneless: DateTime = text.parse().ok()?;
            TimeZone::UTC.to_timestamp(zoneless).ok()
        })
    }

    /// Returns the text that the server sent.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::ServerTime;
    /// use clm::serde_json::{from_value, json};
    ///
    /// let time: ServerTime = from_value(json!("2026-03-19T21:26:35"))?;
    /// assert_eq!(time.as_str(), "2026-03-19T21:26:35");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for ServerTime {
    fn from(text: String) -> Self {
        Self(text)
    }
}

text_scalar!(ServerTime, absent: None);

impl fmt::Display for ServerTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ServerTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Implements [`Scalar`], `Serialize` and `Deserialize` for an enumeration that servers write as numbers or as names. It has a
/// `TABLE` of both, `as_str`, an `Unknown` for what is not known yet, and an `Other` for what is not in the table.
macro_rules! enumeration {
    ($name:ident) => {
        impl $name {
            fn written(text: &str) -> Self {
                let text = text.trim();
                let number: Option<i64> = text.parse().ok();
                let is = |row: &&(i64, Self)| number == Some(row.0) || row.1.as_str().eq_ignore_ascii_case(text);
                Self::TABLE.iter().find(is).map_or_else(|| Self::Other(text.to_owned()), |row| row.1.clone())
            }
        }

        impl Scalar for $name {
            const TAKES_BLANK: bool = true;

            fn absent() -> Option<Self> {
                Some(Self::Unknown)
            }

            fn from_text(text: &str) -> Option<Self> {
                Some(Self::written(text))
            }

            fn from_integer(number: i64) -> Option<Self> {
                let found = Self::TABLE.iter().find(|row| row.0 == number);
                Some(found.map_or_else(|| Self::Other(number.to_string()), |row| row.1.clone()))
            }

            fn from_float(number: f64) -> Option<Self> {
                Some(Self::Other(text_of_number(number)))
            }

            fn from_bool(value: bool) -> Option<Self> {
                Some(Self::Other(value.to_string()))
            }

            fn from_json(json: &str) -> Option<Self> {
                Some(Self::Other(json.to_owned()))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(match Self::take(AnyFormat, deserializer)? {
                    Taken::Value(value) => value,
                    Taken::Nothing | Taken::Other(_) => Self::Unknown,
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        /// The vendor's name, or the value that the server sent, on one line.
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    Self::Other(sent) => f.pad(&crate::lenient::one_line(sent)),
                    known => f.pad(known.as_str()),
                }
            }
        }
    };
}
pub(super) use enumeration;
