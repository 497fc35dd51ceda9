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
/// It has the calls of [`AppViewXCall`]; any other request is 404, and listed by [`unknown_requests`](Self::unknown_requests).
///
/// **What it does is not always what is known of the server**: [the guide](crate::guide::fakes#appviewx-cert) says of each behaviour
/// whether it is documented, taken from clients' code, inferred, assumed or invented.
pub struct FakeAppViewX {
    server: Server,
    gateway: Arc<Gateway>,
}

/// The category of a certificate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum FakeCategory {
    /// A server certificate.
    Server,
    /// A client certificate.
    Client,
    /// A code signing certificate.
    CodeSigning,
    /// A certificate of a device.
    Device,
}

impl FakeCategory {
    const ALL: [Self; 4] = [Self::Server, Self::Client, Self::CodeSigning, Self::Device];
}

/// What the fake's account may do, unless it is denied.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum AppViewXPermission {
    /// Call the API of groups. Denied: `AVX_GW_005`.
    AssignGroups,
    /// Update certificates, which adding a comment is. Denied: `CERT-ACL-0006`.
    UpdateCertificates,
    /// Work with certificates of this category. Denied: `CERT-ACF-0058`.
    UseCategory(FakeCategory),
    /// View the inventory of this category. Denied: `ACF_NOT_AVAILABLE_FOR_…_CERT`.
    ViewInventory(FakeCategory),
    /// Read and write the group of this name. Denied, it can only be read: its certificates are refused with
    /// `CERTIFICATE_BELONG_GROUP_PERMISSION_DENIED`, their rows say `R`, and nothing can be assigned to it.
    WriteGroup(String),
    /// Search certificates. Denied: `AVX_GW_005`.
    SearchCertificates,
    /// List and view groups. Denied: `AVX_GW_005`.
    ReadGroups,
    /// Read and write the default group. Denied: `DEFAULT_CERT_GROUP_PERMISSION_DENIED`.
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
    /// Starts a fake without certificates, whose account may do everything.
    ///
    /// # Panics
    /// If no loopback port can be had.
    pub async fn start() -> Self {
        Self::start_on(0).await
    }

    /// The same on this port of `127.0.0.1`, for programs that are told where the server is before it starts.
    ///
    /// # Panics
    /// If the port is in use.
    #[expect(clippy::unused_async, reason = "as `start`, which may have to wait one day")]
    pub async fn start_on(port: u16) -> Self {
        let gateway = Arc::new(Gateway::default());
        let service: Arc<dyn Service> = Arc::<Gateway>::clone(&gateway);
        Self { server: Server::start(service, port), gateway }
    }

    /// The base URL, `http://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.origin()
    }

    /// A client of this fake, with a session. It uses no proxy.
    ///
    /// # Panics
    /// Never: the settings are fixed and right.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a helper of tests; the settings are fixed")]
    pub fn client(&self) -> Client {
        Client::builder(self.url()).credentials(self.credentials()).build().expect("the fake's own settings")
    }

    /// Adds a server certificate to a group.
    pub fn add_certificate(&self, resource_id: impl Into<String>, group: impl Into<String>) {
        self.add_certificate_of(FakeCategory::Server, resource_id, group);
    }

    /// Adds a certificate of a category to a group.
    pub fn add_certificate_of(&self, category: FakeCategory, resource_id: impl Into<String>, group: impl Into<String>) {
        let certificate = Certificate { group: group.into(), category, comments: Vec::new(), members: Map::new() };
        self.state(|state| {
            state.keep_group(&certificate.group);
            state.certificates.insert(resource_id.into(), certificate);
        });
    }

    /// Sets a member of a certificate's row in searches, for example `commonName`.
    pub fn set_member(&self, resource_id: &str, name: impl Into<String>, value: impl Into<Value>) {
        self.state(|state| {
            if let Some(certificate) = state.certificates.get_mut(resource_id) {
                certificate.members.insert(name.into(), value.into());
            }
        });
    }

    /// Adds a group with a policy. A group that came with a certificate has the policy `Default`.
    pub fn add_group(&self, name: impl Into<String>, policy: impl Into<String>) {
        self.state(|state| state.groups.insert(name.into(), policy.into()));
    }

    /// The policy that applies to a certificate: that of its group.
    #[must_use]
    pub fn policy_of(&self, resource_id: &str) -> Option<String> {
        self.state(|state| state.certificates.get(resource_id).map(|it| state.policy_of_group(&it.group)))
    }

    /// Puts a certificate into another group, as somebody else might.
    pub fn move_certificate(&self, resource_id: &str, group: impl Into<String>) {
        let group = group.into();
        self.state(|state| {
            state.keep_group(&group);
            if let Some(certificate) = state.certificates.get_mut(resource_id) {
                certificate.group = group;
            }
        });
    }

    /// Searches find every certificate of their categories, whatever they ask for. Invented: the vendor documents no rule
    /// of matching.
    pub fn ignore_search_terms(&self) {
        self.state(|state| state.search.ignores_terms = true);
    }

    /// From now on, searches show every certificate in the group that it is in now, wherever it goes, until
    /// [`catch_up`](Self::catch_up). Invented: whether a search shows a change at once is undocumented by the vendor.
    pub fn lag_behind(&self) {
        self.state(|state| {
            state.search.shown = state.certificates.iter().map(|(id, it)| (id.clone(), it.group.clone())).collect();
        });
    }

    /// Searches show the groups as they are again.
    pub fn catch_up(&self) {
        self.state(|state| state.search.shown.clear());
    }

    /// Every page of a search has all of its rows, whatever `start` and `max` say. Invented, as what happens to members that a
    /// server does not know.
    pub fn ignore_paging(&self) {
        self.state(|state| state.search.ignores_paging = true);
    }

    /// A page of a search has at most so many rows. Invented: the vendor documents no largest page.
    pub fn cap_pages(&self, rows: usize) {
        self.state(|state| state.search.cap = Some(rows));
    }

    /// Answers a search without hits with 404, as a client of the vendor's expects it, instead of 200.
    pub fn answer_no_hits_with_404(&self) {
        self.state(|state| state.search.no_hits_are_404 = true);
    }

    /// Searches write their counts and their range as text, `"totalRecords": "2"`, as the vendor's pages of version 2020.3 have
    /// them. Without it they are numbers, which is what the vendor's clients read.
    pub fn write_counts_as_text(&self) {
        self.state(|state| state.writing.counts_are_text = true);
    }

    /// A login that succeeds tells `availableLoginAttemptCount` as a number, as the vendor's sample of version 2020.1 has it.
    /// Without it the member is null there, as in the sample of 2023.1, which every client reads.
    pub fn tell_login_attempts(&self) {
        self.state(|state| state.writing.tells_login_attempts = true);
    }

    /// The group that a certificate is in; `Default` once it was unassigned.
    #[must_use]
    pub fn group_of(&self, resource_id: &str) -> Option<String> {
        self.state(|state| state.certificates.get(resource_id).map(|it| it.group.clone()))
    }

    /// The comments that were made on a certificate, oldest first.
    #[must_use]
    pub fn comments_on(&self, resource_id: &str) -> Vec<String> {
        self.state(|state| state.certificates.get(resource_id).map(|it| it.comments.clone()).unwrap_or_default())
    }

    /// Takes a permission from the account.
    pub fn deny(&self, permission: AppViewXPermission) {
        self.state(|state| state.denied.insert(permission));
    }

    /// Gives a permission back.
    pub fn allow(&self, permission: &AppViewXPermission) {
        self.state(|state| state.denied.remove(permission));
    }

    /// Accepts these characters in comments as well, as some deployments do.
    pub fn accept_in_comments(&self, characters: &str) {
        self.state(|state| state.comment_characters.extend(characters.chars()));
    }

    /// Treats a comment as a mandatory field. Invented: the vendor documents it as optional.
    pub fn require_comment(&self) {
        self.state(|state| state.comment_required = true);
    }

    /// Refuses comments beyond this number of characters instead of 255. Invented: the vendor documents 255.
    pub fn set_comment_limit(&self, limit: usize) {
        self.state(|state| state.comment_limit = limit);
    }

    /// What the fake was asked, oldest first; the last 10,000 requests and 64 MiB of bodies at most.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.server.requests()
    }

    /// The requests that the fake does not know. The first of each method and path is told as a `tracing` warning as well.
    #[must_use]
    pub fn unknown_requests(&self) -> Vec<RecordedRequest> {
        self.server.unknown_requests()
    }

    /// Asserts that the fake was asked nothing that it does not know.
    ///
    /// # Panics
    /// If it was. The message lists method and path of each such request.
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
