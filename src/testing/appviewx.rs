//! A fake AppViewX server.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::appviewx_sessions::{Sessions, unauthorised};
use super::server::{RecordedRequest, Reply, Server, Service, locked, member};
use crate::appviewx::Client;

const DEFAULT_GROUP: &str = "Default";

/// A fake AppViewX server with certificates in groups, sessions, an account and a service account. Feature `testing`.
///
/// It knows `PUT /avxapi/certificate/group/unassign`, both spellings of the login (`POST /avxapi/login` and
/// `/avxapi/acctmgmt-perform-login`), `POST /avxapi/acctmgmt-perform-logout` and
/// `POST /avxapi/acctmgmt-get-service-token`. Any other request is answered 501 with a body that names it, and
/// is listed by [`unexpected_requests`](Self::unexpected_requests).
///
/// **Documented by the vendor:** the call, its headers and `gwsource`; the twelve refusals with status, code and
/// message, each for the cause that the page names; the shape of the success; that unassigned certificates land in the
/// default group; the members of a login's and a logout's answer, and the 400 and 401 of a login with their texts; that a
/// service token is the `response` itself, its claims, its 30 minutes, and the codes of its refusals.
///
/// **Assumed of sessions and tokens:** the shape of a login that failed and how it counts
/// `availableLoginAttemptCount` down, that at 0 the account is locked, for password headers too, and that a right password
/// counts up again; that a session lives until it is ended, and that a 401 means that it has ended; the texts of the
/// service token's refusals; that a call on groups takes a token. The tokens bear no signature.
///
/// **Assumed:** the order in which the causes are checked; that a refusal has the same five members as a success, and
/// that one certificate without permission refuses the whole call; that an unknown id, or a certificate that is in the
/// default group already, is left out of `Successful Ids`; which characters are "special" (everything but letters, their
/// marks, digits and the space) and that UTF-16 units are counted; that the message about a mandatory field ends in the
/// field's name; that refusals spell their members in lower case while the success spells them as the page's sample
/// does; that a wrong `Content-Type` or a missing `gwsource` counts as a missing mandatory field; that
/// the default group is called `Default`.
///
/// **Invented, to reach a documented refusal from a client that checks first:**
/// [`require_comment`](Self::require_comment) and [`set_comment_limit`](Self::set_comment_limit).
pub struct FakeAppViewX {
    server: Server,
    gateway: Arc<Gateway>,
}

/// The category of a certificate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum CertificateCategory {
    /// A server certificate.
    Server,
    /// A client certificate.
    Client,
    /// A code signing certificate.
    CodeSigning,
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
    UseCategory(CertificateCategory),
    /// View the inventory of this category. Denied: `ACF_NOT_AVAILABLE_FOR_…_CERT`.
    ViewInventory(CertificateCategory),
    /// Read and write the group of this name. Denied: `CERTIFICATE_BELONG_GROUP_PERMISSION_DENIED`.
    WriteGroup(String),
    /// Read and write the default group. Denied: `DEFAULT_CERT_GROUP_PERMISSION_DENIED`.
    WriteDefaultGroup,
}

#[derive(Default)]
struct Gateway(Mutex<State>);

pub(super) struct State {
    pub(super) sessions: Sessions,
    denied: BTreeSet<AppViewXPermission>,
    certificates: BTreeMap<String, Certificate>,
    comment_limit: usize,
    comment_characters: BTreeSet<char>,
    comment_required: bool,
}

struct Certificate {
    group: String,
    category: CertificateCategory,
    comments: Vec<String>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            sessions: Sessions::default(),
            denied: BTreeSet::new(),
            certificates: BTreeMap::new(),
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
        let gateway = Arc::new(Gateway::default());
        let service: Arc<dyn Service> = Arc::<Gateway>::clone(&gateway);
        Self { server: Server::start(service).await, gateway }
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
        self.add_certificate_of(CertificateCategory::Server, resource_id, group);
    }

    /// Adds a certificate of a category to a group.
    pub fn add_certificate_of(
        &self,
        category: CertificateCategory,
        resource_id: impl Into<String>,
        group: impl Into<String>,
    ) {
        let certificate = Certificate { group: group.into(), category, comments: Vec::new() };
        self.state(|state| state.certificates.insert(resource_id.into(), certificate));
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

    /// The requests that the fake does not know.
    #[must_use]
    pub fn unexpected_requests(&self) -> Vec<RecordedRequest> {
        self.server.unexpected_requests()
    }

    pub(super) fn state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
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
    fn answer(&self, request: &RecordedRequest) -> Reply {
        match (request.method().as_str(), request.path()) {
            ("PUT", "/avxapi/certificate/group/unassign") => {
                locked(&self.0).unassign(request).unwrap_or_else(|refusal| refusal)
            }
            _ => locked(&self.0).sessions.answer(request).unwrap_or_else(|| Reply::unexpected(request)),
        }
    }
}

impl State {
    fn unassign(&mut self, request: &RecordedRequest) -> Result<Reply, Reply> {
        self.authenticate(request)?;
        self.permit(
            &AppViewXPermission::AssignGroups,
            (403, "AVX_GW_005", "User does not have access to the targeted API."),
        )?;
        let body = request.json();
        let ids = read_ids(request, &body)?;
        let comment = self.read_comment(member(&body, "comment"))?;
        for id in &ids {
            if let Some(certificate) = self.certificates.get(id) {
                self.permit_certificate(certificate)?;
            }
        }
        if comment.is_some() {
            self.permit(
                &AppViewXPermission::UpdateCertificates,
                (
                    403,
                    "CERT-ACL-0006",
                    "Access denied since user does not have all the requisite permissions to update certificates.",
                ),
            )?;
        }
        self.permit(
            &AppViewXPermission::WriteDefaultGroup,
            (
                404,
                "DEFAULT_CERT_GROUP_PERMISSION_DENIED",
                "User should have RW permissions for the default certificate group before unassigning certificate.",
            ),
        )?;
        let mut successful = Vec::new();
        for id in ids {
            if let Some(certificate) = self.certificates.get_mut(&id).filter(|it| it.group != DEFAULT_GROUP) {
                DEFAULT_GROUP.clone_into(&mut certificate.group);
                certificate.comments.extend(comment.clone());
                successful.push(id);
            }
        }
        // The spelling of the members is that of the sample on the vendor's page.
        Ok(Reply::json(
            200,
            json!({
                "Response": {"Successful Ids": successful},
                "message": "Group unassign action successfully performed",
                "appStatusCode": null,
                "Tags": {},
                "Headers": null,
            }),
        ))
    }

    fn authenticate(&self, request: &RecordedRequest) -> Result<(), Reply> {
        if self.sessions.accept(request) { Ok(()) } else { Err(unauthorised()) }
    }

    fn read_comment(&self, comment: &Value) -> Result<Option<String>, Reply> {
        let comment = match comment {
            Value::Null if self.comment_required => return Err(missing("comment")),
            Value::Null => return Ok(None),
            Value::String(text) => text,
            _ => return Err(missing("comment")),
        };
        if comment.encode_utf16().count() > self.comment_limit {
            let message = format!("comment exceeds the {}-character limit.", self.comment_limit);
            return Err(refusal((400, "VALIDATION_ERROR_0004", &message)));
        }
        let accepted = |it: char| {
            let plain =
                matches!(it.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark)
                    || it.general_category() == GeneralCategory::DecimalNumber;
            plain || it == ' ' || self.comment_characters.contains(&it)
        };
        if !comment.chars().all(accepted) {
            return Err(refusal((400, "CERT-GEN-0033", "Invalid characters in the comments.")));
        }
        Ok(Some(comment.clone()))
    }

    fn permit_certificate(&self, certificate: &Certificate) -> Result<(), Reply> {
        let category = certificate.category;
        let (code, noun) = match category {
            CertificateCategory::Server => ("ACF_NOT_AVAILABLE_FOR_SERVER_CERT", "server"),
            CertificateCategory::Client => ("ACF_NOT_AVAILABLE_FOR_CLIENT_CERT", "client"),
            CertificateCategory::CodeSigning => ("ACF_NOT_AVAILABLE_FOR_CODE_SIGNING_CERT", "code signing"),
        };
        let message = format!("User does not have view permission for the {noun} certificate inventory.");
        self.permit(&AppViewXPermission::ViewInventory(category), (403, code, &message))?;
        self.permit(
            &AppViewXPermission::UseCategory(category),
            (403, "CERT-ACF-0058", "User does not have the relevant permissions to perform this action."),
        )?;
        self.permit(
            &AppViewXPermission::WriteGroup(certificate.group.clone()),
            (
                403,
                "CERTIFICATE_BELONG_GROUP_PERMISSION_DENIED",
                "User does not have RW permission for the certificate group to which the certificate belongs.",
            ),
        )
    }

    fn permit(&self, permission: &AppViewXPermission, otherwise: (u16, &str, &str)) -> Result<(), Reply> {
        if self.denied.contains(permission) { Err(refusal(otherwise)) } else { Ok(()) }
    }
}

fn read_ids(request: &RecordedRequest, body: &Value) -> Result<Vec<String>, Reply> {
    if request.header("content-type") != Some("application/json") {
        return Err(missing("Content-Type"));
    }
    if !request.query().split('&').any(|pair| pair.strip_prefix("gwsource=").is_some_and(|value| !value.is_empty())) {
        return Err(missing("gwsource"));
    }
    let ids =
        member(body, "resourceIds").as_array().filter(|ids| !ids.is_empty()).ok_or_else(|| missing("resourceIds"))?;
    ids.iter().map(|id| id.as_str().map(str::to_owned).ok_or_else(|| missing("resourceIds"))).collect()
}

pub(super) fn missing(field: &str) -> Reply {
    refusal((400, "VALIDATION_ERROR_0004", &format!("Mandatory field missing or invalid value: {field}")))
}

pub(super) fn refusal((status, code, message): (u16, &str, &str)) -> Reply {
    Reply::json(
        status,
        json!({"response": null, "message": message, "appStatusCode": code, "tags": {}, "headers": null}),
    )
}
