//! Revocation.

use serde_json::{Value, json};

use super::super::server::{RecordedRequest, Reply, member};
use super::{Certificate, State, check_call, missing, refusal};

impl State {
    pub(super) fn revoke(&mut self, request: &RecordedRequest) -> Result<Reply, Reply> {
        self.authenticate(request)?;
        check_call(request)?;
        let body = request.json();
        let is_async = request.path().ends_with("/action");
        if is_async && member(&body, "action").as_str() != Some("Revoke") {
            return Err(missing("action"));
        }
        let id = self.certificate_named(&body)?;
        if member(&body, "reason").as_str().is_none_or(str::is_empty) {
            return Err(missing("reason"));
        }
        let none = || refusal((404, "NO_RECORDS_FOUND", "No matching records found for the given input."));
        let id = id.ok_or_else(none)?;
        let certificate = self.certificates.get(&id).ok_or_else(none)?;
        self.permit_certificate(certificate)?;
        if certificate.members.get("expiryStatus").and_then(Value::as_str) == Some("Revoked") {
            return Err(refusal((406, "CERT-VWF-0006", "The action is not supported for the certificate.")));
        }
        let needs_approval = request.query().split('&').any(|it| it == "autoApproval=false");
        if let Some(certificate) = self.certificates.get_mut(&id).filter(|_| !needs_approval) {
            certificate.members.insert("expiryStatus".to_owned(), "Revoked".into());
            certificate.comments.extend(member(&body, "comments").as_str().map(str::to_owned));
        }
        let response = if is_async || needs_approval { json!({"requestId": "R1042"}) } else { Value::Null };
        let message = "Revoke action has been triggered successfully";
        Ok(Reply::json(
            200,
            json!({"response": response, "message": message, "appStatusCode": "SUCCESS", "tags": {}, "headers": null}),
        ))
    }

    /// The id of the certificate that a body names, by itself or by common name and serial number; `None` if there is no such
    /// certificate.
    fn certificate_named(&self, body: &Value) -> Result<Option<String>, Reply> {
        let text = |name: &str| member(body, name).as_str().filter(|text| !text.is_empty());
        if let Some(id) = text("resourceId") {
            return Ok(Some(id.to_owned()));
        }
        let (Some(name), Some(serial)) = (text("commonName"), text("serialNumber")) else {
            return Err(missing("resourceId"));
        };
        let has = |it: &Certificate, member: &str, value: &str| it.members.get(member).is_some_and(|it| *it == value);
        let mut named =
            self.certificates.iter().filter(|(_, it)| has(it, "commonName", name) && has(it, "serialNumber", serial));
        Ok(named.next().map(|(id, _)| id.clone()))
    }
}
