//! Thumbprints and references to certificates.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::types::CertificateId;
use crate::validation::{Problems, Reason, ValidationError};

/// The SHA-1 thumbprint of a certificate in Command's form: 40 hex digits in upper case.
///
/// `From` takes any text, and the request that contains the thumbprint checks it. `parse` checks it at once. Both
/// accept upper and lower case, and colons, hyphens and spaces between the digits.
///
/// ```
/// # fn main() -> Result<(), clm::ValidationError> {
/// use clm::keyfactor::Thumbprint;
///
/// let digits = "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33";
/// let thumbprint: Thumbprint = digits.parse()?;
/// assert_eq!(thumbprint, Thumbprint::from("00112233445566778899AABBCCDDEEFF00112233"));
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Thumbprint(String);

/// Identifies a certificate.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// let certificates = keyfactor.certificates();
/// let by_id = certificates.locations_of(scene.certificate()).send().await?;
/// let by_thumbprint = certificates.locations_of(scene.thumbprint()).send().await?;
/// assert_eq!(by_id.locations(), by_thumbprint.locations());
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum CertificateRef {
    /// By Command's id.
    Id(CertificateId),
    /// By its SHA-1 thumbprint.
    Thumbprint(Thumbprint),
}

impl Thumbprint {
    /// As people and tools write it: in any case, with colons, hyphens or spaces between the digits. What it is made of is
    /// checked when a request is built.
    fn written(text: &str) -> Self {
        // An invisible mark in front comes along when it is copied out of a Windows dialogue.
        let separators = |it: char| matches!(it, ':' | '-') || it.is_whitespace() || crate::lenient::is_invisible(it);
        Self(text.chars().filter(|it| !separators(*it)).collect::<String>().to_ascii_uppercase())
    }

    /// Returns the hex digits.
    ///
    /// ```
    /// use clm::keyfactor::Thumbprint;
    ///
    /// let thumbprint =
    ///     Thumbprint::from("00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33");
    /// assert_eq!(thumbprint.as_str(), "00112233445566778899AABBCCDDEEFF00112233");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a server's text names; `None` if it is no SHA-1 thumbprint, so that nothing can be compared with it.
    pub(super) fn read(text: &str) -> Option<Self> {
        Some(Self::written(text)).filter(Self::is_sha1)
    }

    /// The thumbprint that an alias is or begins with, as those of IIS and Windows stores do:
    /// `<thumbprint>`, `<thumbprint>:<site>:<protocol>:<ip>:<port>:<host>`.
    pub(super) fn of_alias(alias: &str) -> Option<Self> {
        Self::read(alias).or_else(|| Self::read(alias.split_once(':')?.0))
    }

    fn is_sha1(&self) -> bool {
        let Self(digits) = self;
        digits.len() == 40 && digits.bytes().all(|it| it.is_ascii_hexdigit())
    }

    /// Whether a server's text names the same certificate.
    pub(super) fn is(&self, text: &str) -> bool {
        *self == Self::written(text)
    }

    pub(super) fn check(&self, field: impl fmt::Display, problems: &mut Problems) {
        let Self(digits) = self;
        if digits.is_empty() {
            problems.add(field, Reason::Empty, "must not be empty");
        } else if !self.is_sha1() {
            let found = match digits.chars().find(|it| !it.is_ascii_hexdigit()) {
                Some(other) => format!("contains {other:?}"),
                None if digits.len() == 64 => "has 64, as a SHA-256 thumbprint does".to_owned(),
                None => format!("has {}", digits.len()),
            };
            problems.add(
                field,
                Reason::NotAThumbprint,
                format!("must be a SHA-1 thumbprint: 40 hex digits, optionally with colons and spaces; {found}"),
            );
        }
    }
}

impl From<&str> for Thumbprint {
    fn from(text: &str) -> Self {
        Self::written(text)
    }
}

impl From<String> for Thumbprint {
    fn from(text: String) -> Self {
        Self::written(&text)
    }
}

/// Unlike `From`, it checks the text at once, by the same rule by which a request checks it.
///
/// ```
/// use clm::keyfactor::Thumbprint;
///
/// let thumbprint: Result<Thumbprint, clm::ValidationError> = "00:11:22".parse();
/// assert_eq!(thumbprint.unwrap_err().problems()[0].field(), "thumbprint");
/// ```
impl FromStr for Thumbprint {
    type Err = ValidationError;

    fn from_str(text: &str) -> Result<Self, ValidationError> {
        let (thumbprint, mut problems) = (Self::written(text), Problems::default());
        thumbprint.check("thumbprint", &mut problems);
        problems.finish().map(|()| thumbprint)
    }
}

impl From<Thumbprint> for String {
    fn from(thumbprint: Thumbprint) -> Self {
        thumbprint.0
    }
}

impl From<&String> for Thumbprint {
    fn from(text: &String) -> Self {
        Self::written(text)
    }
}

impl From<&Self> for Thumbprint {
    fn from(thumbprint: &Self) -> Self {
        thumbprint.clone()
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({})", self.0)
    }
}

impl From<CertificateId> for CertificateRef {
    fn from(id: CertificateId) -> Self {
        Self::Id(id)
    }
}

impl From<i32> for CertificateRef {
    fn from(id: i32) -> Self {
        Self::Id(id.into())
    }
}

impl From<Thumbprint> for CertificateRef {
    fn from(thumbprint: Thumbprint) -> Self {
        Self::Thumbprint(thumbprint)
    }
}

impl From<&Thumbprint> for CertificateRef {
    fn from(thumbprint: &Thumbprint) -> Self {
        Self::Thumbprint(thumbprint.clone())
    }
}

impl From<&str> for CertificateRef {
    fn from(thumbprint: &str) -> Self {
        Self::Thumbprint(thumbprint.into())
    }
}

impl From<String> for CertificateRef {
    fn from(thumbprint: String) -> Self {
        Self::Thumbprint(thumbprint.into())
    }
}

impl From<&String> for CertificateRef {
    fn from(thumbprint: &String) -> Self {
        Self::Thumbprint(thumbprint.into())
    }
}

impl fmt::Display for CertificateRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "certificate {id}"),
            Self::Thumbprint(thumbprint) => write!(f, "the certificate with the thumbprint {thumbprint}"),
        }
    }
}
