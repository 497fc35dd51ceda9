//! What a search asks for.

use std::fmt;

/// The category of a certificate.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::CertificateCategory;
///
/// let search = appviewx.certificates().search().category(CertificateCategory::Client);
/// assert_eq!(search.rows()?.collect().await?.len(), 1);
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum CertificateCategory {
    /// `Server`.
    Server,
    /// `Client`.
    Client,
    /// `Code signing`. Other pages and clients write `Code Signing` or `CodeSigning`. To send those, use
    /// [`Other`](Self::Other).
    CodeSigning,
    /// `Device`.
    Device,
    /// `Root CA`.
    RootCa,
    /// `Intermediate CA`.
    IntermediateCa,
    /// Any other category, sent unchanged.
    Other(String),
}

impl CertificateCategory {
    /// The vendor's spelling.
    ///
    /// ```
    /// assert_eq!(clm::appviewx::CertificateCategory::RootCa.as_str(), "Root CA");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Server => "Server",
            Self::Client => "Client",
            Self::CodeSigning => "Code signing",
            Self::Device => "Device",
            Self::RootCa => "Root CA",
            Self::IntermediateCa => "Intermediate CA",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for CertificateCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A field of a keyword search.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::Keyword;
///
/// let certificates = appviewx.certificates();
/// let by_name = certificates.search().keyword(Keyword::SubjectCommonName, "www.example.com");
/// let by_serial_number = certificates.search().keyword("certserialno", "01:02:03");
/// # by_name.rows()?; by_serial_number.rows()?;
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Keyword {
    /// `subject:cn`.
    SubjectCommonName,
    /// `subject:o`.
    SubjectOrganization,
    /// `subject:ou`.
    SubjectOrganizationUnit,
    /// `subject:l`.
    SubjectLocality,
    /// `subject:st`.
    SubjectState,
    /// Any other field, by name. The vendor's clients use `certserialno`, `certissuer`, `certcn`, `certsan`,
    /// `certstatus`.
    Other(String),
}

impl Keyword {
    /// The vendor's spelling.
    ///
    /// ```
    /// assert_eq!(clm::appviewx::Keyword::SubjectCommonName.as_str(), "subject:cn");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::SubjectCommonName => "subject:cn",
            Self::SubjectOrganization => "subject:o",
            Self::SubjectOrganizationUnit => "subject:ou",
            Self::SubjectLocality => "subject:l",
            Self::SubjectState => "subject:st",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<&str> for Keyword {
    fn from(name: &str) -> Self {
        Self::Other(name.to_owned())
    }
}

impl From<String> for Keyword {
    fn from(name: String) -> Self {
        Self::Other(name)
    }
}

/// The sort order of rows.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::SortOrder;
///
/// let search = appviewx.certificates().search().sort_by("validTo", SortOrder::Ascending);
/// # search.rows()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum SortOrder {
    /// `asc`.
    Ascending,
    /// `desc`.
    Descending,
}

impl SortOrder {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }
}

impl fmt::Display for SortOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
