//! A fake AppViewX server.

mod asks;
mod calls;
mod faults;
mod groups;
mod revocations;
mod search;
mod sessions;
mod snapshot;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};

pub use self::calls::AppViewXCall;
use self::sessions::{Sessions, unauthorised};
use super::server::{KnownCall, RecordedRequest, Reply, Server, Service, assert_none_unknown, locked};
use crate::appviewx::Client;

const DEFAULT_GROUP: &str = "Default";

/// A fake AppViewX server with certificates in groups, sessions, an account and a service account. Feature `testing`.
///
/// It serves the calls of [`AppViewXCall`]. It returns 404 for any other request; [`unknown_requests`](Self::unknown_requests)
/// lists them.
///
/// **The fake is not the vendor's software.** [The guide](crate::guide::fakes#appviewx-cert) says for each behaviour whether it is
/// documented, taken from the code of clients, inferred, assumed or invented.
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::testing::FakeAppViewX;
///
/// let fake = FakeAppViewX::start().await;
/// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
///
/// fake.client().certificate_groups().unassign(["67bc2ca76a105e1a05691c1c"]).send().await?;
/// fake.assert_unassigned("67bc2ca76a105e1a05691c1c");
/// # Ok(()) }
/// ```
pub struct FakeAppViewX {
    server: Server,
    gateway: Arc<Gateway>,
}

/// The category of a certificate; see [`FakeAppViewX::add_certificate_of`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::testing::{FakeAppViewX, FakeCategory};
///
/// let fake = FakeAppViewX::start().await;
/// fake.add_certificate_of(FakeCategory::Device, "67bc2ca76a105e1a05691c1c", "routers");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum FakeCategory {
    /// A server certificate.
    Server,
    /// A client certificate.
    Client,
    /// A code signing certificate.
    CodeSigning,
    /// A device certificate.
    Device,
}

impl FakeCategory {
    const ALL: [Self; 4] = [Self::Server, Self::Client, Self::CodeSigning, Self::Device];
}

/// A permission of the fake's account. The account has all permissions except those that a test [denies](FakeAppViewX::deny).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::testing::{AppViewXPermission, FakeCategory};
///
/// scene.appviewx.deny(AppViewXPermission::UseCategory(FakeCategory::Client));
/// assert!(appviewx.certificate_groups().unassign(scene.resource_ids()).send().await.is_err());
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum AppViewXPermission {
    /// Assign and unassign certificates. If denied: `AVX_GW_005`.
    AssignGroups,
    /// Update certificates; a call with a comment needs it. If denied: `CERT-ACL-0006`.
    UpdateCertificates,
    /// Use certificates of this category. If denied: `CERT-ACF-0058`.
    UseCategory(FakeCategory),
    /// View the inventory of this category. If denied: `ACF_NOT_AVAILABLE_FOR_…_CERT`.
    ViewInventory(FakeCategory),
    /// Read and write the group with this name. If denied, the group is read-only: changes of its certificates are refused with
    /// `CERTIFICATE_BELONG_GROUP_PERMISSION_DENIED`, their rows have the permission `R`, and no certificate can be assigned to it.
    WriteGroup(String),
    /// Search certificates. If denied: `AVX_GW_005`.
    SearchCertificates,
    /// List and view groups. If denied: `AVX_GW_005`.
    ReadGroups,
    /// Read and write the default group. If denied: `DEFAULT_CERT_GROUP_PERMISSION_DENIED`.
    WriteDefaultGroup,
}

#[derive(Default)]
struct Gateway(Mutex<State>);

pub(super) struct State {
    sessions: Sessions,
    denied: BTreeSet<AppViewXPermission>,
    certificates: BTreeMap<String, Certificate>,
    /// The groups with their policies.
    groups: BTreeMap<String, String>,
    search: Search,
    writing: Writing,
    comment_limit: usize,
    comment_characters: BTreeSet<char>,
    comment_required: bool,
}

struct Certificate {
    group: String,
    category: FakeCategory,
    comments: Vec<String>,
    /// What its row holds beside the rest.
    members: Map<String, Value>,
}

/// How searches are answered.
#[derive(Default)]
struct Search {
    ignores_terms: bool,
    no_hits_are_404: bool,
    ignores_paging: bool,
    /// Rows of a page, at most, if there is such a limit.
    cap: Option<usize>,
    /// The groups that searches show although certificates have moved since.
    shown: BTreeMap<String, String>,
}

/// How answers are written.
#[derive(Default)]
struct Writing {
    /// The counts of searches.
    counts_are_text: bool,
    /// Whether a login that succeeds says how many more may fail.
    tells_login_attempts: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            sessions: Sessions::default(),
            denied: BTreeSet::new(),
            certificates: BTreeMap::new(),
            groups: BTreeMap::new(),
            search: Search::default(),
            writing: Writing::default(),
            comment_limit: 255,
            comment_characters: BTreeSet::new(),
            comment_required: false,
        }
    }
}

impl FakeAppViewX {
    /// Starts a fake without certificates on a free port of `127.0.0.1`. Its account has every permission. See the
    /// [example](Self#example).
    ///
    /// # Panics
    /// If no port is available.
    pub async fn start() -> Self {
        Self::start_on(0).await
    }

    /// Starts a fake on this port of `127.0.0.1`, for programs that need the address before the server starts.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeAppViewX;
    ///
    /// # let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    /// let fake = FakeAppViewX::start_on(port).await;
    /// assert_eq!(fake.url(), format!("http://127.0.0.1:{port}"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    /// If the port is in use.
    #[expect(clippy::unused_async, reason = "as `start`, which may have to wait one day")]
    pub async fn start_on(port: u16) -> Self {
        let gateway = Arc::new(Gateway::default());
        let service: Arc<dyn Service> = Arc::<Gateway>::clone(&gateway);
        Self { server: Server::start(service, port), gateway }
    }

    /// Returns the base URL, `http://127.0.0.1:port`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::appviewx::Client;
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// let client = Client::builder(fake.url()).credentials(fake.credentials()).build()?;
    /// assert!(client.base_url().as_str().starts_with(&fake.url()));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn url(&self) -> String {
        self.server.origin()
    }

    /// Returns a client of this fake that has a session. It uses no proxy. See the [example](Self#example).
    ///
    /// # Panics
    /// Never: the settings are fixed and valid.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a helper of tests; the settings are fixed")]
    pub fn client(&self) -> Client {
        Client::builder(self.url()).credentials(self.credentials()).build().expect("the fake's settings are valid")
    }

    /// Adds a server certificate to a group. See the [example](Self#example).
    pub fn add_certificate(&self, resource_id: impl Into<String>, group: impl Into<String>) {
        self.add_certificate_of(FakeCategory::Server, resource_id, group);
    }

    /// Adds a certificate of this category to a group.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::appviewx::CertificateCategory;
    /// use clm::testing::{FakeAppViewX, FakeCategory};
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_certificate_of(FakeCategory::Client, "67bc2ca76a105e1a05691c1c", "agents");
    ///
    /// let search = fake.client().certificates().search().category(CertificateCategory::Client);
    /// assert_eq!(search.rows()?.collect().await?.len(), 1);
    /// # Ok(()) }
    /// ```
    pub fn add_certificate_of(&self, category: FakeCategory, resource_id: impl Into<String>, group: impl Into<String>) {
        let certificate = Certificate { group: group.into(), category, comments: Vec::new(), members: Map::new() };
        self.state(|state| {
            state.keep_group(&certificate.group);
            state.certificates.insert(resource_id.into(), certificate);
        });
    }

    /// Sets a member of a certificate's row in searches, such as `commonName`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// fake.set_member("67bc2ca76a105e1a05691c1c", "commonName", "www.example.com");
    ///
    /// let rows = fake.client().certificates().search().rows()?.collect().await?;
    /// assert_eq!(rows[0].common_name.as_deref(), Some("www.example.com"));
    /// # Ok(()) }
    /// ```
    pub fn set_member(&self, resource_id: &str, name: impl Into<String>, value: impl Into<Value>) {
        self.state(|state| {
            if let Some(certificate) = state.certificates.get_mut(resource_id) {
                certificate.members.insert(name.into(), value.into());
            }
        });
    }

    /// Adds a group with a policy. A group that was added with a certificate has the policy `Default`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_group("web-servers", "Strict");
    /// let group = fake.client().certificate_groups().view("web-servers").send().await?;
    /// assert_eq!(group.policy_name.as_deref(), Some("Strict"));
    /// # Ok(()) }
    /// ```
    pub fn add_group(&self, name: impl Into<String>, policy: impl Into<String>) {
        self.state(|state| state.groups.insert(name.into(), policy.into()));
    }

    /// Returns the policy of a certificate, which is the policy of its group.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_group("web-servers", "Strict");
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// assert_eq!(fake.policy_of("67bc2ca76a105e1a05691c1c").as_deref(), Some("Strict"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn policy_of(&self, resource_id: &str) -> Option<String> {
        self.state(|state| state.certificates.get(resource_id).map(|it| state.policy_of_group(&it.group)))
    }

    /// Moves a certificate to another group, as another user would.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// fake.move_certificate("67bc2ca76a105e1a05691c1c", "agents");
    /// assert_eq!(fake.group_of("67bc2ca76a105e1a05691c1c").as_deref(), Some("agents"));
    /// # Ok(()) }
    /// ```
    pub fn move_certificate(&self, resource_id: &str, group: impl Into<String>) {
        let group = group.into();
        self.state(|state| {
            state.keep_group(&group);
            if let Some(certificate) = state.certificates.get_mut(resource_id) {
                certificate.group = group;
            }
        });
    }

    /// Searches return every certificate of their categories, whatever their terms are. Invented: how terms match is undocumented
    /// by the vendor.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// fake.ignore_search_terms();
    ///
    /// let search = fake.client().certificates().search().free_text("nobody.example.com");
    /// assert_eq!(search.rows()?.collect().await?.len(), 1);
    /// # Ok(()) }
    /// ```
    pub fn ignore_search_terms(&self) {
        self.state(|state| state.search.ignores_terms = true);
    }

    /// From now on, searches return every certificate with its current group, even after it was moved, until
    /// [`catch_up`](Self::catch_up). Invented: whether a search shows a change at once is undocumented by the vendor.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// fake.lag_behind();
    /// fake.move_certificate("67bc2ca76a105e1a05691c1c", "agents");
    ///
    /// let search = fake.client().certificates().search();
    /// assert_eq!(search.clone().rows()?.collect().await?[0].group.as_deref(), Some("web-servers"));
    /// fake.catch_up();
    /// assert_eq!(search.rows()?.collect().await?[0].group.as_deref(), Some("agents"));
    /// # Ok(()) }
    /// ```
    pub fn lag_behind(&self) {
        self.state(|state| {
            state.search.shown = state.certificates.iter().map(|(id, it)| (id.clone(), it.group.clone())).collect();
        });
    }

    /// Searches return the current groups again. See the example of [`lag_behind`](Self::lag_behind).
    pub fn catch_up(&self) {
        self.state(|state| state.search.shown.clear());
    }

    /// Every page of a search has all rows; `start` and `max` are ignored. Invented.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// fake.add_certificate("67bc2ca76a105e1a05691c2c", "web-servers");
    /// fake.ignore_paging();
    ///
    /// let search = fake.client().certificates().search().page_size(1);
    /// assert_eq!(search.rows()?.collect().await?.len(), 2);
    /// # Ok(()) }
    /// ```
    pub fn ignore_paging(&self) {
        self.state(|state| state.search.ignores_paging = true);
    }

    /// Limits pages of a search to this number of rows. Invented: a page limit is undocumented by the vendor.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// fake.add_certificate("67bc2ca76a105e1a05691c2c", "web-servers");
    /// fake.cap_pages(1);
    ///
    /// let rows = fake.client().certificates().search().rows()?.collect().await?;
    /// assert_eq!(rows.len(), 2, "the client reads the next page");
    /// # Ok(()) }
    /// ```
    pub fn cap_pages(&self, rows: usize) {
        self.state(|state| state.search.cap = Some(rows));
    }

    /// Returns 404 instead of 200 for a search without hits. A client of the vendor expects it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.answer_no_hits_with_404();
    /// assert!(fake.client().certificates().search().rows()?.collect().await?.is_empty());
    /// # Ok(()) }
    /// ```
    pub fn answer_no_hits_with_404(&self) {
        self.state(|state| state.search.no_hits_are_404 = true);
    }

    /// Searches write their counts and their range as strings, `"totalRecords": "2"`, as in the vendor's pages of version 2020.3.
    /// Without this setting they are numbers, which the vendor's clients read.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// fake.write_counts_as_text();
    /// assert_eq!(fake.client().certificates().search().rows()?.collect().await?.len(), 1);
    /// # Ok(()) }
    /// ```
    pub fn write_counts_as_text(&self) {
        self.state(|state| state.writing.counts_are_text = true);
    }

    /// A successful login returns `availableLoginAttemptCount` as a number, as in the vendor's sample of version 2020.1. Without
    /// this setting the member is null, as in the sample of 2023.1, which every client reads.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::appviewx::Client;
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.tell_login_attempts();
    /// let client = Client::builder(fake.url()).credentials(fake.login()).build()?;
    /// client.certificates().search().rows()?.collect().await?;
    /// # Ok(()) }
    /// ```
    pub fn tell_login_attempts(&self) {
        self.state(|state| state.writing.tells_login_attempts = true);
    }

    /// Returns the group of a certificate; `Default` after it was unassigned.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// assert_eq!(fake.group_of("67bc2ca76a105e1a05691c1c").as_deref(), Some("web-servers"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn group_of(&self, resource_id: &str) -> Option<String> {
        self.state(|state| state.certificates.get(resource_id).map(|it| it.group.clone()))
    }

    /// Returns the comments on a certificate, oldest first.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// let unassign = fake.client().certificate_groups().unassign(["67bc2ca76a105e1a05691c1c"]);
    /// unassign.comment("CHG 1234").send().await?;
    /// assert_eq!(fake.comments_on("67bc2ca76a105e1a05691c1c"), ["CHG 1234"]);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn comments_on(&self, resource_id: &str) -> Vec<String> {
        self.state(|state| state.certificates.get(resource_id).map(|it| it.comments.clone()).unwrap_or_default())
    }

    /// Removes a permission from the account.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{AppViewXPermission, FakeAppViewX};
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// fake.deny(AppViewXPermission::AssignGroups);
    ///
    /// let unassign = fake.client().certificate_groups().unassign(["67bc2ca76a105e1a05691c1c"]);
    /// let error = unassign.clone().send().await.unwrap_err();
    /// assert_eq!(error.status().map(|status| status.as_u16()), Some(403));
    ///
    /// fake.allow(&AppViewXPermission::AssignGroups);
    /// unassign.send().await?;
    /// # Ok(()) }
    /// ```
    pub fn deny(&self, permission: AppViewXPermission) {
        self.state(|state| state.denied.insert(permission));
    }

    /// Gives a permission back to the account. See the example of [`deny`](Self::deny).
    pub fn allow(&self, permission: &AppViewXPermission) {
        self.state(|state| state.denied.remove(permission));
    }

    /// Accepts these additional characters in comments, as some deployments do.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::appviewx::CommentRule;
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// fake.accept_in_comments("-");
    ///
    /// let unassign = fake.client().certificate_groups().unassign(["67bc2ca76a105e1a05691c1c"]);
    /// unassign.comment_rule(CommentRule::allowing("-")).comment("CHG-1234").send().await?;
    /// # Ok(()) }
    /// ```
    pub fn accept_in_comments(&self, characters: &str) {
        self.state(|state| state.comment_characters.extend(characters.chars()));
    }

    /// Requires a comment. Invented: the vendor documents it as optional.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// fake.require_comment();
    ///
    /// let unassign = fake.client().certificate_groups().unassign(["67bc2ca76a105e1a05691c1c"]);
    /// let error = unassign.send().await.unwrap_err();
    /// assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
    /// # Ok(()) }
    /// ```
    pub fn require_comment(&self) {
        self.state(|state| state.comment_required = true);
    }

    /// Refuses comments with more characters than this. Invented: the vendor documents a limit of 255, which is the default.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// fake.set_comment_limit(4);
    ///
    /// let unassign = fake.client().certificate_groups().unassign(["67bc2ca76a105e1a05691c1c"]);
    /// let error = unassign.comment("CHG 1234").send().await.unwrap_err();
    /// assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
    /// # Ok(()) }
    /// ```
    pub fn set_comment_limit(&self, limit: usize) {
        self.state(|state| state.comment_limit = limit);
    }

    /// Returns the requests that the fake received, oldest first. It keeps the last 10,000 requests, and at most 64 MiB of bodies.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{AppViewXCall, FakeAppViewX};
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.client().certificates().search().rows()?.collect().await?;
    /// assert!(fake.requests()[0].is(AppViewXCall::Search));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.server.requests()
    }

    /// Returns the requests that the fake does not know. The first request of each method and path is also logged as a `tracing`
    /// warning.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::http::Method;
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// let _ = fake.client().raw(Method::GET, "device/list").send().await;
    /// assert_eq!(fake.unknown_requests().len(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn unknown_requests(&self) -> Vec<RecordedRequest> {
        self.server.unknown_requests()
    }

    /// Asserts that the fake received no unknown requests.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.client().certificates().search().rows()?.collect().await?;
    /// fake.assert_no_unknown_requests();
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    /// If there was one. The message lists the method and the path of each.
    #[track_caller]
    pub fn assert_no_unknown_requests(&self) {
        assert_none_unknown(&self.unknown_requests(), self.server.unknown_forgotten());
    }

    fn state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut locked(&self.gateway.0))
    }
}

impl fmt::Debug for FakeAppViewX {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state(|state| {
            f.debug_struct("FakeAppViewX")
                .field("url", &self.url())
                .field("sessions", &state.sessions.len())
                .field("denied", &state.denied)
                .field("certificates", &state.certificates.len())
                .finish_non_exhaustive()
        })
    }
}

impl Service for Gateway {
    fn call(&self, request: &RecordedRequest) -> Option<KnownCall> {
        AppViewXCall::of(request.method(), request.path()).map(AppViewXCall::known)
    }

    fn answer(&self, request: &RecordedRequest) -> Reply {
        let Some(call) = AppViewXCall::of(request.method(), request.path()) else { return Reply::unknown() };
        let mut state = locked(&self.0);
        match call {
            AppViewXCall::Unassign => state.unassign(request),
            AppViewXCall::Assign => state.assign(request),
            AppViewXCall::Revoke => state.revoke(request),
            AppViewXCall::Search => state.search(request),
            AppViewXCall::ListGroups => state.list_groups(request),
            AppViewXCall::ViewGroup => state.view_group(request),
            AppViewXCall::Login => {
                let tells_attempts = state.writing.tells_login_attempts;
                state.sessions.answer(request, |it, request| it.log_in(request, tells_attempts))
            }
            AppViewXCall::Logout => state.sessions.answer(request, Sessions::log_out),
            AppViewXCall::ServiceToken => state.sessions.answer(request, Sessions::service_token),
        }
        .unwrap_or_else(|refusal| refusal)
    }

    fn refusal(&self, status: u16) -> Reply {
        match status {
            401 => unauthorised(),
            // Without a code: the vendor documents none for a cause of this kind.
            _ => Reply::json(
                status,
                json!({
                    "response": null,
                    "message": "The fake was told to refuse this.",
                    "appStatusCode": null,
                    "tags": {},
                    "headers": null,
                }),
            ),
        }
    }

    fn stray(&self) -> Reply {
        Reply::json(
            200,
            json!({
                "Response": {"Successful Ids": ["57a70000000000000000001"]},
                "message": null,
                "appStatusCode": null,
                "Tags": {},
                "Headers": null,
            }),
        )
    }
}

impl State {
    fn authenticate(&self, request: &RecordedRequest) -> Result<(), Reply> {
        self.sessions.accept(request)
    }

    fn permit(&self, permission: &AppViewXPermission, otherwise: (u16, &str, &str)) -> Result<(), Reply> {
        if self.denied.contains(permission) { Err(refusal(otherwise)) } else { Ok(()) }
    }
}

/// What every call must carry.
fn check_call(request: &RecordedRequest) -> Result<(), Reply> {
    if !has_content_type(request, "application/json") {
        return Err(missing("Content-Type"));
    }
    if !request.query().split('&').any(|pair| pair.strip_prefix("gwsource=").is_some_and(|value| !value.is_empty())) {
        return Err(missing("gwsource"));
    }
    Ok(())
}

/// Whether this is the content type, with parameters such as the charset or without.
fn has_content_type(request: &RecordedRequest, expected: &str) -> bool {
    let essence = request.header("content-type").and_then(|it| it.split(';').next());
    essence.is_some_and(|it| it.trim().eq_ignore_ascii_case(expected))
}

fn missing(field: &str) -> Reply {
    refusal((400, "VALIDATION_ERROR_0004", &format!("Mandatory field missing or invalid value: {field}")))
}

fn refusal((status, code, message): (u16, &str, &str)) -> Reply {
    Reply::json(
        status,
        json!({"response": null, "message": message, "appStatusCode": code, "tags": {}, "headers": null}),
    )
}
