//! Recording the groups of certificates, so that they can be put back.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize};

use super::group_lookup::{GroupLookup, GroupMembership, Memberships};
use crate::appviewx::certificate_groups::CertificateGroups;
use crate::appviewx::certificates::CertificateCategory;
use crate::appviewx::types::{ResourceId, check_resource_ids, collect_ids};
use crate::appviewx::vendor::{Error, SharedError};
use crate::operation::{FirstCase, Incomplete};
use crate::plan_file::{self, Document, PlanError, PlanFormat, PlanHeader};
use crate::validation::Problems;

impl CertificateGroups {
    /// Records which groups certificates are in before you move them, so that [`assign_back`](Self::assign_back) can
    /// put them back.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?.require_complete()?;
    /// let mut file = Vec::new();
    /// plan.write_to(&mut file)?;
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `POST /certificate/search`, as in [`confirm_group`](Self::confirm_group).
    /// - **Permissions:** the right to view the certificate inventory of the categories. If the account may not view
    ///   one category, the next one is searched.
    /// - **Arguments:** resource ids, at least one.
    /// - **Errors:** `Validation`, and errors that every further search would meet (no valid credential, no connection,
    ///   no access to the search). Ids whose group could not be determined for another reason are listed in the plan.
    /// - **Source:** AppViewX CERT+ API reference, "Search/Get Certificate Inventory".
    pub fn remember_groups(&self, resource_ids: impl IntoIterator<Item: Into<ResourceId>>) -> RememberGroups {
        RememberGroups { lookup: GroupLookup::new(self.caller.clone()), resource_ids: collect_ids(resource_ids) }
    }
}

/// A request to record the groups of certificates; see [`CertificateGroups::remember_groups`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// let remember = appviewx.certificate_groups().remember_groups(scene.resource_ids());
/// let plan = remember.send().await?.require_complete()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until `send()` is called"]
pub struct RememberGroups {
    lookup: GroupLookup,
    resource_ids: Vec<ResourceId>,
}

impl RememberGroups {
    /// Adds a category to search. Categories are searched in the order of these calls. Default: server, client and code
    /// signing certificates.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::CertificateCategory;
    ///
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups
    ///     .remember_groups(scene.resource_ids())
    ///     .category(CertificateCategory::Server)
    ///     .send()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn category(mut self, category: CertificateCategory) -> Self {
        self.lookup.category(category);
        self
    }

    /// Searches for each id.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// assert!(plan.is_complete());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Validation`], and errors that every further search would meet: no valid credential, no connection, 401,
    /// 429, or no access to the search. Ids whose group could not be determined for another reason are in the plan,
    /// each with its reason.
    pub async fn send(self) -> Result<GroupPlan, Error> {
        let mut problems = Problems::default();
        let (ids, _) = check_resource_ids(self.resource_ids, usize::MAX, &mut problems);
        problems.finish()?;
        let header = PlanHeader::new::<GroupPlan>(self.lookup.server());
        let mut plan = GroupPlan { header, remembered: Vec::new(), not_remembered: Vec::new() };
        let Memberships { of_ids, ended_by } = self.lookup.memberships(ids).await;
        for (resource_id, membership) in of_ids {
            let why = match membership {
                GroupMembership::Group(group) => {
                    plan.remembered.push(RememberedGroup { resource_id, group });
                    continue;
                }
                GroupMembership::GroupNotNamed => "its row does not name a group".to_owned(),
                GroupMembership::NotFound => "no certificate with exactly this id was found".to_owned(),
                GroupMembership::Unreadable(error) => error.to_string(),
            };
            plan.not_remembered.push(NotRemembered { resource_id, why });
        }
        // The memberships are gone, so nobody shares the error any more.
        ended_by.and_then(SharedError::into_error).map_or(Ok(plan), Err)
    }
}

/// The group that each certificate was in. A plan can be serialised and stored. It contains no secrets.
///
/// [`CertificateGroups::assign_back`] puts the certificates back into these groups. Store the plan **before** you move
/// anything: a program that stops halfway cannot put them back without it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let fake = clm::testing::FakeAppViewX::start().await;
/// # fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
/// # let groups = fake.client().certificate_groups();
/// let ids = ["67bc2ca76a105e1a05691c1c"];
/// let plan = groups.remember_groups(ids).send().await?.require_complete()?;
/// let mut kept = Vec::new();
/// plan.write_to(&mut kept)?;
///
/// let moved = groups.unassign(ids).in_calls().send().await?;
///
/// let plan = clm::appviewx::GroupPlan::from_json(&kept)?;
/// let plan = plan.only(moved.possibly_done());
/// let outcome = groups.assign_back(&plan).after_moving(moved.confirmed()).send().await?;
/// assert!(outcome.is_complete());
/// # assert_eq!(fake.group_of(ids[0]).as_deref(), Some("web-servers"));
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub struct GroupPlan {
    header: PlanHeader,
    remembered: Vec<RememberedGroup>,
    not_remembered: Vec<NotRemembered>,
}

impl<'de> Deserialize<'de> for GroupPlan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        plan_file::deserialize(deserializer)
    }
}

impl PlanFormat for GroupPlan {
    const FORMAT: &'static str = "clm.appviewx.group-plan";
    const VERSION: u32 = 1;
    const MEMBERS: &'static [&'static str] = &["header", "remembered", "not_remembered"];

    fn of_document(header: PlanHeader, mut document: Document) -> Result<Self, PlanError> {
        let (remembered, not_remembered) = (document.needed("remembered")?, document.needed("not_remembered")?);
        Ok(Self { header, remembered, not_remembered })
    }

    fn of_headless(document: Document) -> Result<Self, PlanError> {
        if !document.has("remembered") {
            return Err(PlanError::AnotherFormat { found: None, expected: Self::FORMAT });
        }
        Self::of_document(PlanHeader::unknown::<Self>(), document)
    }
}

impl GroupPlan {
    /// Reads a plan from the bytes of a file: JSON in UTF-8, or in UTF-16 with a byte order mark, which some tools
    /// write. Plans of earlier versions of this crate can be read, including those without a header.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::GroupPlan;
    ///
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// let mut file = Vec::new();
    /// plan.write_to(&mut file)?;
    /// assert_eq!(GroupPlan::from_json(&file)?, plan);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`PlanError`] distinguishes a truncated file, a file that is not JSON, a file of another format, such as a plan
    /// for Keyfactor, and a file of a newer version of this crate. Whether the plan was made for another server is
    /// checked when it is used.
    pub fn from_json(bytes: impl AsRef<[u8]>) -> Result<Self, PlanError> {
        plan_file::from_json(bytes.as_ref())
    }

    /// Reads a plan from a reader. Reading stops early if the input does not start like a plan or is larger than 128
    /// MiB. This blocks the thread.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::GroupPlan;
    ///
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// let mut file = Vec::new();
    /// plan.write_to(&mut file)?;
    /// assert_eq!(GroupPlan::read_from(file.as_slice())?, plan);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The errors of [`from_json`](Self::from_json), [`PlanError::TooLarge`] and [`PlanError::Unreadable`].
    pub fn read_from(reader: impl io::Read) -> Result<Self, PlanError> {
        plan_file::read_from(reader)
    }

    /// Reads a plan from a file, as [`read_from`](Self::read_from). This blocks the thread.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), clm::PlanError> {
    /// use clm::appviewx::GroupPlan;
    ///
    /// let plan = GroupPlan::load("group-plan.json")?;
    /// println!("{} certificates", plan.remembered().len());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The errors of [`read_from`](Self::read_from). [`PlanError::Unreadable`] if the file cannot be opened.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, PlanError> {
        plan_file::load(path.as_ref())
    }

    /// Writes the plan to a new file, before you move anything. The file is complete and on the disk when this method
    /// returns, and only its owner can read it (on Unix; for Windows, see [`platforms`]). An existing file is never
    /// overwritten, because it may be the plan of an earlier move. This blocks the thread.
    ///
    /// [`platforms`]: crate::guide::platforms
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// # let path = std::env::temp_dir().join(format!("clm-doc-groups-{}.json", std::process::id()));
    /// use clm::appviewx::GroupPlan;
    ///
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// plan.save_new(&path)?;
    /// // … moved, and wanted back, perhaps in another process …
    /// assert_eq!(GroupPlan::load(&path)?, plan);
    /// # std::fs::remove_file(&path)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`AlreadyExists`](std::io::ErrorKind::AlreadyExists) if there is a file with this name, other errors of the
    /// file system, and those of [`write_to`](Self::write_to). No file is created then.
    pub fn save_new(&self, path: impl AsRef<Path>) -> io::Result<()> {
        plan_file::save_new(self, path.as_ref())
    }

    /// Writes the plan as JSON to a writer. **A truncated file cannot be used:** to write a file, use
    /// [`save_new`](Self::save_new). This blocks the thread.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// let mut file = Vec::new();
    /// plan.write_to(&mut file)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The errors of the writer. [`FileTooLarge`](std::io::ErrorKind::FileTooLarge), with nothing written, if the file
    /// would be too large to read back.
    pub fn write_to(&self, writer: impl io::Write) -> io::Result<()> {
        plan_file::write_to(self, writer)
    }

    /// The header: for which server the plan was made, when, and by which program.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// println!("made for {:?}", plan.header().server);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn header(&self) -> &PlanHeader {
        &self.header
    }

    /// The certificates whose group is known.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// for it in plan.remembered() {
    ///     println!("{} is in {}", it.resource_id, it.group);
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn remembered(&self) -> &[RememberedGroup] {
        &self.remembered
    }

    /// The certificates whose group could not be determined. The plan cannot put them back.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// for it in plan.not_remembered() {
    ///     eprintln!("{}: {}", it.resource_id, it.why);
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn not_remembered(&self) -> &[NotRemembered] {
        &self.not_remembered
    }

    /// Returns a plan limited to these certificates. A certificate that this plan does not contain is listed in
    /// [`not_remembered`](Self::not_remembered).
    ///
    /// Pass the certificates that your move may have changed, as returned by
    /// [`possibly_done`](crate::ManyOutcome::possibly_done). If your move did not change a certificate, someone else
    /// may have put it where it is, and the plan should not change that.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// let plan = plan.only([&scene.resource_ids()[0]]);
    /// assert_eq!(plan.remembered().len(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn only(&self, resource_ids: impl IntoIterator<Item: Into<ResourceId>>) -> Self {
        let mut wanted: BTreeSet<ResourceId> = resource_ids.into_iter().map(Into::into).collect();
        let mut only = self.clone();
        only.remembered.retain(|it| wanted.contains(&it.resource_id));
        only.not_remembered.retain(|it| wanted.contains(&it.resource_id));
        for named in only.remembered.iter().map(|it| &it.resource_id) {
            wanted.remove(named);
        }
        for named in only.not_remembered.iter().map(|it| &it.resource_id) {
            wanted.remove(named);
        }
        let unnamed = wanted.into_iter();
        let why = "the plan does not contain it";
        only.not_remembered.extend(unnamed.map(|resource_id| NotRemembered { resource_id, why: why.to_owned() }));
        only
    }

    /// Whether the group of every certificate is known.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// assert!(plan.is_complete());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.not_remembered.is_empty()
    }

    /// Returns an error if a group is unknown.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?.require_complete()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Incomplete`], which contains this plan, if [`is_complete`](Self::is_complete) is false.
    pub fn require_complete(self) -> Result<Self, Incomplete<Self>> {
        if self.is_complete() {
            return Ok(self);
        }
        let missing = self.not_remembered.len();
        let gap = format!("certificates whose group is not known: {missing} of {}", missing + self.remembered.len());
        let first_case = FirstCase::of(&self.not_remembered, |it| format!("{}: {}", it.resource_id, it.why));
        Err(Incomplete::because(gap, first_case, self))
    }
}

/// A certificate and its recorded group.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// let plan = appviewx.certificate_groups().remember_groups(scene.resource_ids()).send().await?;
/// for it in plan.remembered() {
///     println!("{} was in {}", it.resource_id, it.group);
/// }
/// # assert_eq!(plan.remembered().len(), 3);
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RememberedGroup {
    /// The resource id of the certificate.
    pub resource_id: ResourceId,
    /// The group that it was in.
    pub group: String,
}

/// A certificate whose group could not be determined.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// # let ids = ["000000000000000000000000"];
/// let plan = appviewx.certificate_groups().remember_groups(ids).send().await?;
/// for it in plan.not_remembered() {
///     println!("{it}");
/// }
/// # assert_eq!(plan.not_remembered().len(), 1);
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NotRemembered {
    /// The resource id of the certificate.
    pub resource_id: ResourceId,
    /// The reason, as readable text.
    pub why: String,
}
