//! Groups: unassign, assign, list and view.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::super::server::{RecordedRequest, Reply, member};
use super::{AppViewXPermission, Certificate, DEFAULT_GROUP, FakeCategory, State, check_call, missing, refusal};

/// The policy of a group that was not added with one.
const DEFAULT_POLICY: &str = "Default";

/// Rows of a page of groups: the vendor's default and its cap.
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 1_000;

impl State {
    pub(super) fn unassign(&mut self, request: &RecordedRequest) -> Result<Reply, Reply> {
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
        Ok(self.move_all(ids, DEFAULT_GROUP, comment.as_ref(), "Group unassign action successfully performed"))
    }

    pub(super) fn assign(&mut self, request: &RecordedRequest) -> Result<Reply, Reply> {
        self.authenticate(request)?;
        let denied = (403, "AVX_GW_005", "User does not have access to the targeted API.");
        self.permit(&AppViewXPermission::AssignGroups, denied)?;
        let body = request.json();
        let ids = read_ids(request, &body)?;
        let group = member(&body, "groupName").as_str().filter(|name| !name.is_empty());
        let group = group.ok_or_else(|| missing("groupName"))?;
        let comment = self.read_comment(member(&body, "comment"))?;
        if !self.group_names().contains(group) {
            return Err(refusal((404, "GROUP_NOT_FOUND", "Invalid group name")));
        }
        for id in &ids {
            if let Some(certificate) = self.certificates.get(id) {
                self.permit_certificate(certificate)?;
            }
        }
        let read_only = (417, "READ_GROUP", "The group can only be read");
        self.permit(&AppViewXPermission::WriteGroup(group.to_owned()), read_only)?;
        if group == DEFAULT_GROUP {
            self.permit(&AppViewXPermission::WriteDefaultGroup, read_only)?;
        }
        Ok(self.move_all(ids, group, comment.as_ref(), "Group assign action successfully performed"))
    }

    /// Moves those that exist and are elsewhere.
    fn move_all(&mut self, ids: Vec<String>, group: &str, comment: Option<&String>, message: &str) -> Reply {
        let mut successful = Vec::new();
        for id in ids {
            if let Some(certificate) = self.certificates.get_mut(&id).filter(|it| it.group != group) {
                group.clone_into(&mut certificate.group);
                certificate.comments.extend(comment.cloned());
                successful.push(id);
            }
        }
        // The spelling of the members is that of the sample on the vendor's page.
        Reply::json(
            200,
            json!({
                "Response": {"Successful Ids": successful},
                "message": message,
                "appStatusCode": null,
                "Tags": {},
                "Headers": null,
            }),
        )
    }

    pub(super) fn list_groups(&self, request: &RecordedRequest) -> Result<Reply, Reply> {
        self.permit_reading(request)?;
        let body = request.json();
        let limit = match member(member(&body, "searchOptions"), "limit") {
            Value::Null => PAGE,
            limit => limit.as_u64().and_then(|it| usize::try_from(it).ok()).ok_or_else(|| missing("limit"))?,
        };
        let start = match member(&body, "nextPageToken") {
            Value::Null => 0,
            token => token
                .as_str()
                .and_then(|it| it.strip_prefix("after-")?.parse().ok())
                .ok_or_else(|| missing("nextPageToken"))?,
        };
        let names = self.group_names();
        let end = start + limit.clamp(1, LARGEST_PAGE);
        let groups: Vec<_> = names.iter().skip(start).take(end - start).map(|name| self.group_row(name)).collect();
        let next = (end < names.len()).then(|| format!("after-{end}"));
        Ok(answer(&json!({"objects": groups, "nextPageToken": next})))
    }

    pub(super) fn view_group(&self, request: &RecordedRequest) -> Result<Reply, Reply> {
        self.permit_reading(request)?;
        let asked = url::form_urlencoded::parse(request.query().as_bytes()).find(|(name, _)| name == "groupName");
        let (_, name) = asked.ok_or_else(|| missing("groupName"))?;
        if !self.group_names().contains(&*name) {
            return Err(refusal((404, "GROUP_NOT_FOUND", "Invalid group name")));
        }
        Ok(answer(&self.group_row(&name)))
    }

    fn permit_reading(&self, request: &RecordedRequest) -> Result<(), Reply> {
        self.authenticate(request)?;
        let denied = (403, "AVX_GW_005", "User does not have access to the targeted API.");
        self.permit(&AppViewXPermission::ReadGroups, denied)?;
        check_call(request)
    }

    fn group_names(&self) -> BTreeSet<&str> {
        self.groups.keys().map(String::as_str).chain([DEFAULT_GROUP]).collect()
    }

    /// A group stays when its last certificate leaves.
    pub(super) fn keep_group(&mut self, name: &str) {
        if !self.groups.contains_key(name) {
            self.groups.insert(name.to_owned(), DEFAULT_POLICY.to_owned());
        }
    }

    pub(super) fn policy_of_group(&self, name: &str) -> String {
        self.groups.get(name).cloned().unwrap_or_else(|| DEFAULT_POLICY.to_owned())
    }

    fn group_row(&self, name: &str) -> Value {
        json!({"name": name, "displayName": name, "description": null, "policyName": self.policy_of_group(name)})
    }

    /// Whether the account may write the group, as a row says it.
    pub(super) fn writes_group(&self, name: &str) -> bool {
        self.denied.iter().all(|denied| match denied {
            AppViewXPermission::WriteGroup(group) => group != name,
            AppViewXPermission::WriteDefaultGroup => name != DEFAULT_GROUP,
            _ => true,
        })
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

    pub(super) fn permit_view(&self, category: FakeCategory) -> Result<(), Reply> {
        let (code, noun) = match category {
            FakeCategory::Server => ("ACF_NOT_AVAILABLE_FOR_SERVER_CERT", "server"),
            FakeCategory::Client => ("ACF_NOT_AVAILABLE_FOR_CLIENT_CERT", "client"),
            FakeCategory::CodeSigning => ("ACF_NOT_AVAILABLE_FOR_CODE_SIGNING_CERT", "code signing"),
            // Invented after the others: the vendor's page has none for it.
            FakeCategory::Device => ("ACF_NOT_AVAILABLE_FOR_DEVICE_CERT", "device"),
        };
        let message = format!("User does not have view permission for the {noun} certificate inventory.");
        self.permit(&AppViewXPermission::ViewInventory(category), (403, code, &message))
    }

    pub(super) fn permit_certificate(&self, certificate: &Certificate) -> Result<(), Reply> {
        let category = certificate.category;
        self.permit_view(category)?;
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
}

fn read_ids(request: &RecordedRequest, body: &Value) -> Result<Vec<String>, Reply> {
    check_call(request)?;
    let ids =
        member(body, "resourceIds").as_array().filter(|ids| !ids.is_empty()).ok_or_else(|| missing("resourceIds"))?;
    ids.iter().map(|id| id.as_str().map(str::to_owned).ok_or_else(|| missing("resourceIds"))).collect()
}

fn answer(response: &Value) -> Reply {
    Reply::json(200, json!({"response": response, "message": null, "appStatusCode": null, "tags": {}, "headers": null}))
}
