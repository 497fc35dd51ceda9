//! Revocation.

use serde_json::{Value, json};

use super::body::member;
use super::permissions::collection_of;
use super::refusal::{bad_request, not_found};
use super::state::{State, numbered};
use crate::testing::server::Reply;

/// The codes of the vendor's schema.
const REASONS: [i64; 10] = [-1, 0, 1, 2, 3, 4, 5, 6, 8, 999];

impl State {
    pub(super) fn revoke(&mut self, body: &Value) -> Result<Reply, Reply> {
        let ids = member(body, "CertificateIds").as_array().filter(|ids| !ids.is_empty());
        let ids =
            ids.and_then(|ids| ids.iter().map(|id| i32::try_from(id.as_i64()?).ok()).collect::<Option<Vec<i32>>>());
        let ids = ids.ok_or_else(|| bad_request("CertificateIds must name at least one certificate."))?;
        let reason = member(body, "Reason").as_i64().unwrap_or_default();
        if !REASONS.contains(&reason) {
            return Err(bad_request("Reason is not valid."));
        }
        if member(body, "Comment").as_str().is_none_or(str::is_empty) {
            return Err(bad_request("Comment is required."));
        }
        let collection = collection_of(member(body, "CollectionId"))?;
        for id in &ids {
            self.permit_revoking(*id, collection)?;
            let certificate = self.certificates.get(*id).ok_or_else(|| not_found(&format!("Certificate {id}")))?;
            if !certificate.can_be_revoked() {
                return Err(bad_request(&format!("Certificate {id} is already revoked.")));
            }
        }
        let (mut revoked, mut suspended) = (Vec::new(), Vec::new());
        for id in ids {
            if self.certificates.revoke(id, reason) {
                revoked.push(id);
            } else {
                let workflow = numbered(0x30f1_0000, u64::from(id.unsigned_abs()));
                let message = "The revocation waits for an approval.";
                suspended.push(json!({"CertId": id, "WorkflowId": workflow, "Message": message}));
            }
        }
        Ok(Reply::json(200, json!({"RevokedIds": revoked, "SuspendedCerts": suspended})))
    }
}
