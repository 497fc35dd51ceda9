//! What the fake answers when it refuses.

use serde_json::json;

use crate::testing::server::Reply;

/// Without a code: those of such refusals are not known.
pub(super) fn bad_request(message: &str) -> Reply {
    Reply::json(400, json!({"Message": message}))
}

pub(super) fn not_found(what: &str) -> Reply {
    Reply::json(404, json!({"ErrorCode": "0xA0130000", "Message": format!("{what} was not found.")}))
}

pub(super) fn forbidden(missing: &str) -> Reply {
    let message = format!("User 7 does not have the required permissions: {missing}.");
    Reply::json(403, json!({"ErrorCode": "0xA0140002", "Message": message}))
}

/// Inferred: no vendor page names it.
pub(super) fn unsupported_media_type(given: &str) -> Reply {
    Reply::json(415, json!({"Message": format!("The content type '{given}' is not supported.")}))
}

pub(super) fn unauthorized() -> Reply {
    Reply::json(401, json!(null))
}
