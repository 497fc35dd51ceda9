//! Plan files: their header, and how they are read. A plan is stored for days and copied between machines, so a file
//! may be truncated, in another encoding, or from another program or server.

mod read;
mod save;

use std::fmt;
use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use url::Url;

pub(crate) use self::read::{from_json, read_from, write_to};
pub(crate) use self::save::{load, save_new};
use crate::lenient::one_line;
use crate::validation::{Problems, Reason};

/// A kind of plan that can be kept as a file.
pub(crate) trait PlanFormat: Sized {
    /// How the file names it.
    const FORMAT: &'static str;
    /// The version that this crate writes, and the newest that it reads.
    const VERSION: u32;
    /// The members of a document, those of a document without a header among them: it begins with one of them.
    const MEMBERS: &'static [&'static str];

    /// The plan of a document whose header was checked.
    fn of_document(header: PlanHeader, document: Document) -> Result<Self, PlanError>;

    /// The same of a document without a header, as earlier versions of this crate wrote it.
    fn of_headless(document: Document) -> Result<Self, PlanError>;
}

/// The header of a plan: its format, the server it was made for, when it was made, and by which program.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// let plan = keyfactor.certificate_stores().plan_removal_of([scene.thumbprint()]).send().await?;
/// println!("made for {:?} at {:?}", plan.header.server, plan.header.made_at);
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[non_exhaustive]
pub struct PlanHeader {
    format: &'static str,
    version: u32,
    /// The base URL of the server that the plan was made for. `None` in files of versions that did not write it. In
    /// this case the server is not checked when the plan is used.
    pub server: Option<String>,
    /// When the plan was made, to the second.
    #[serde(serialize_with = "write_time")]
    pub made_at: Option<Timestamp>,
    /// The crate that made the plan, with its version.
    pub made_by: Option<String>,
}

impl PlanHeader {
    /// Of a plan that is made now.
    pub(crate) fn new<P: PlanFormat>(server: &Url) -> Self {
        Self {
            server: Some(named(server)),
            made_at: Timestamp::from_second(Timestamp::now().as_second()).ok(),
            made_by: Some(concat!("clm ", env!("CARGO_PKG_VERSION")).to_owned()),
            ..Self::unknown::<P>()
        }
    }

    /// Of a plan that says nothing of itself.
    pub(crate) fn unknown<P: PlanFormat>() -> Self {
        Self { format: P::FORMAT, version: P::VERSION, server: None, made_at: None, made_by: None }
    }

    /// The name of the format.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// println!("{}", plan.header().format());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn format(&self) -> &str {
        self.format
    }

    /// The version of the format.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// assert_eq!(plan.header().version(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The server of the plan, if it is another one than this.
    pub(crate) fn other_server(&self, server: &Url) -> Option<OtherServer> {
        let used = named(server);
        // IIS does not care for the case of a path, and the vendors spell theirs in several.
        let planned = self.server.as_ref().filter(|planned| !planned.eq_ignore_ascii_case(&used))?;
        Some(OtherServer { planned: planned.clone(), used })
    }
}

impl OtherServer {
    pub(crate) fn add_to(&self, problems: &mut Problems) {
        let sentence = format!("{self}; call `accept_other_server()` if this is intended");
        problems.add("plan.server", Reason::NeedsConsent, sentence);
    }
}

/// A server as plans name it.
fn named(server: &Url) -> String {
    server.as_str().trim_end_matches('/').to_owned()
}

/// The server of a plan, and another one on which it is to be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct OtherServer {
    planned: String,
    used: String,
}

impl fmt::Display for OtherServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the plan was made for {}, but this client is for {}", one_line(&self.planned), one_line(&self.used))
    }
}

#[expect(clippy::ref_option, reason = "serde asks so")]
pub(crate) fn write_time<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    time.as_ref().map(Timestamp::to_string).serialize(serializer)
}

/// The header as a file has it.
#[derive(Deserialize)]
struct WrittenHeader {
    version: u32,
    server: Option<String>,
    made_at: Option<String>,
    made_by: Option<String>,
}

/// Why a file cannot be used as a plan.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::PlanError;
/// use clm::keyfactor::RemovalPlan;
///
/// match RemovalPlan::read_from(&b"{\"header\": "[..]) {
///     Ok(plan) => println!("{} entries", plan.removals.len()),
///     Err(PlanError::CutOff) => eprintln!("the file is incomplete: use the copy"),
///     Err(error) => eprintln!("the plan cannot be used: {error}"),
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The file could not be read.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::PlanError;
    /// use clm::keyfactor::RemovalPlan;
    ///
    /// # struct Broken;
    /// # impl std::io::Read for Broken {
    /// #     fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> { Err(std::io::Error::other("disk failure")) }
    /// # }
    /// # let file = Broken;
    /// if let Err(PlanError::Unreadable(error)) = RemovalPlan::read_from(file) {
    ///     eprintln!("the plan cannot be read: {error}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the plan cannot be read")]
    Unreadable(#[source] Arc<io::Error>),
    /// The file is larger than the limit. The rest was not read.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::PlanError;
    /// use clm::keyfactor::RemovalPlan;
    ///
    /// # use std::io::Read as _;
    /// # let file = br#"{"header": ""#.chain(std::io::repeat(b'x'));
    /// if let Err(PlanError::TooLarge { limit, .. }) = RemovalPlan::read_from(file) {
    ///     eprintln!("this is not a plan: it is larger than {limit} bytes");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the plan is larger than the limit of {limit} bytes")]
    #[non_exhaustive]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The file is truncated: **it was not written completely**, for example because the disk was full or the program
    /// was stopped, or it was not copied completely. No part of it is used.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::PlanError;
    /// use clm::keyfactor::RemovalPlan;
    ///
    /// # let plan = keyfactor.certificate_stores().plan_removal_of([scene.thumbprint()]).send().await?;
    /// let mut file = clm::serde_json::to_vec(&plan)?;
    /// file.truncate(file.len() / 2);
    /// if let Err(PlanError::CutOff) = RemovalPlan::read_from(&file[..]) {
    ///     eprintln!("the plan was not written completely: use the copy");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the plan is truncated: it was not completely written or copied")]
    CutOff,
    /// The file is not JSON, or not text.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::PlanError;
    /// use clm::keyfactor::RemovalPlan;
    ///
    /// if let Err(PlanError::NotJson(problem)) = RemovalPlan::read_from(&b"thumbprint,store"[..]) {
    ///     eprintln!("this is not a plan: {problem}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the plan is not valid JSON: {0}")]
    NotJson(String),
    /// The file has another format: a plan for the other vendor, or not a plan.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::PlanError;
    /// use clm::keyfactor::RemovalPlan;
    ///
    /// let plan = appviewx.certificate_groups().remember_groups(scene.resource_ids()).send().await?;
    /// let file = clm::serde_json::to_vec(&plan)?;
    /// if let Err(PlanError::AnotherFormat { found, expected, .. }) =
    ///     RemovalPlan::read_from(&file[..])
    /// {
    ///     eprintln!("a file of the format {expected} is needed, and this one has {found:?}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("this is not a plan in the format {expected:?}: {}", named_format(found.as_deref()))]
    #[non_exhaustive]
    AnotherFormat {
        /// The format named in the file, if any.
        found: Option<String>,
        /// The expected format.
        expected: &'static str,
    },
    /// The file was written by a newer version of this crate, in a format that this version does not support.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::PlanError;
    /// use clm::keyfactor::RemovalPlan;
    ///
    /// # let plan = keyfactor.certificate_stores().plan_removal_of([scene.thumbprint()]).send().await?;
    /// let mut file = clm::serde_json::to_value(&plan)?;
    /// file["header"]["version"] = 99.into();
    /// let read = RemovalPlan::read_from(file.to_string().as_bytes());
    /// if let Err(PlanError::NewerVersion { version, by, .. }) = read {
    ///     eprintln!("version {version}, written by {by:?}: update this program");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the plan has format version {version}, but this crate reads only versions up to {known}{}", made_by(by.as_deref()))]
    #[non_exhaustive]
    NewerVersion {
        /// The version of the file.
        version: u32,
        /// The newest supported version.
        known: u32,
        /// The program that wrote the file, if it is named.
        by: Option<String>,
    },
    /// The file is a plan, but a member is missing or invalid. It may have been edited by hand.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::PlanError;
    /// use clm::keyfactor::RemovalPlan;
    ///
    /// # let plan = keyfactor.certificate_stores().plan_removal_of([scene.thumbprint()]).send().await?;
    /// let mut file = clm::serde_json::to_value(&plan)?;
    /// file["removals"][0]["put_back"] = "perhaps".into();
    /// let read = RemovalPlan::read_from(file.to_string().as_bytes());
    /// if let Err(PlanError::Malformed(problem)) = read {
    ///     eprintln!("correct the plan: {problem}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the plan is invalid: {0}")]
    Malformed(String),
}

fn named_format(found: Option<&str>) -> String {
    found.map_or_else(
        || "it does not name a format".to_owned(),
        |found| format!("it has the format {:?}", one_line(found)),
    )
}

fn made_by(by: Option<&str>) -> String {
    by.map(|by| format!(" (written by {})", one_line(by))).unwrap_or_default()
}

/// A plan as JSON, without its header.
pub(crate) struct Document(Map<String, Value>);

impl Document {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn needed<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, PlanError> {
        let value = self.0.remove(name).ok_or_else(|| PlanError::Malformed(format!("missing member `{name}`")))?;
        read_member(name, value)
    }

    /// A member that may be missing.
    pub(crate) fn or_default<T: DeserializeOwned + Default>(&mut self, name: &str) -> Result<T, PlanError> {
        self.0.remove(name).map_or_else(|| Ok(T::default()), |value| read_member(name, value))
    }
}

fn read_member<T: DeserializeOwned>(name: &str, value: Value) -> Result<T, PlanError> {
    serde_json::from_value(value)
        .map_err(|error| PlanError::Malformed(format!("`{name}`: {}", one_line(&error.to_string()))))
}

/// What a document of JSON is.
pub(crate) fn of_value<P: PlanFormat>(value: Value) -> Result<P, PlanError> {
    let another = |found| PlanError::AnotherFormat { found, expected: P::FORMAT };
    let Value::Object(mut members) = value else { return Err(another(None)) };
    let Some(header) = members.remove("header") else { return P::of_headless(Document(members)) };
    let format = header.get("format").and_then(Value::as_str).map(str::to_owned);
    if format.as_deref() != Some(P::FORMAT) {
        return Err(another(format));
    }
    let header: WrittenHeader = read_member("header", header)?;
    if header.version > P::VERSION {
        return Err(PlanError::NewerVersion { version: header.version, known: P::VERSION, by: header.made_by });
    }
    let header = PlanHeader {
        server: header.server,
        made_at: header.made_at.and_then(|time| time.parse().ok()),
        made_by: header.made_by,
        ..PlanHeader::unknown::<P>()
    };
    P::of_document(header, Document(members))
}

/// The same for `Deserialize`.
pub(crate) fn deserialize<'de, P: PlanFormat, D: Deserializer<'de>>(deserializer: D) -> Result<P, D::Error> {
    of_value(Value::deserialize(deserializer)?).map_err(D::Error::custom)
}
