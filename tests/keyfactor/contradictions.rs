//! A 2xx answer to a change that has the shape of an error, or says the same thing twice in two ways, is no success.

use clm::keyfactor::{CertificateId, CertificateLocation, Error, RevocationReason, RevokeOutcome, Schedule};
use serde_json::json;
use uuid::Uuid;

use crate::support::keyfactor::client;
use crate::support::{RawServer, texts};

const JOB: &str = "10b00000-0000-4000-8000-000000000001";

async fn revoke(body: &str) -> Result<RevokeOutcome, Error> {
    let server = RawServer::json(200, body).await;
    let certificates = client(&server.origin).certificates();
    let ended = certificates.revoke([7, 8], RevocationReason::Superseded).comment("CHG 1234").send().await;
    server.only();
    ended
}

#[tokio::test]
async fn a_revocation_that_names_an_error_leaves_it_open() {
    for body in [
        r#"{"ErrorCode": "0xA0140002", "Message": "no"}"#,
        r#"{"RevokedIds": [7, 8], "ErrorCode": "0xA0140002", "Message": "no"}"#,
        r#"{"revokedids": [7, 8], "errorcode": 5}"#,
        r#"{"RevokedIds": [7, 8], "ErrorCode": null, "errorCode": "0xA0140002"}"#,
        r#"{"type": "about:blank", "title": "Internal Server Error", "status": 500, "RevokedIds": [7, 8]}"#,
    ] {
        let error = revoke(body).await.unwrap_err();
        assert!(matches!(error, Error::OutcomeUnknown(_)), "{body}: {error:?}");
        assert_eq!(error.body(), Some(body));
        assert!(texts(&error).contains("the response names an error despite its success status"), "{}", texts(&error));
    }
}

#[tokio::test]
async fn two_lists_of_one_name_leave_it_open() {
    for body in [
        r#"{"RevokedIds": [7, 8], "RevokedIds": []}"#,
        r#"{"RevokedIds": [7], "revokedIds": [7, 8]}"#,
        r#"{"RevokedIds": [7, 8], "SuspendedCerts": [], "SuspendedCerts": [{"CertId": 8}]}"#,
    ] {
        let error = revoke(body).await.unwrap_err();
        assert!(matches!(error, Error::OutcomeUnknown(_)), "{body}: {error:?}");
        assert_eq!(error.body(), Some(body));
    }
    for body in [
        r#"{"RevokedIds": [7, 8], "revokedids": null}"#,
        r#"{"RevokedIds": [7, 8], "RevokedIds": [7, 8], "ErrorCode": "", "errorcode": null}"#,
        r#"{"RevokedIds": [7, 8], "ErrorCode": 0, "status": 200}"#,
    ] {
        let outcome = revoke(body).await.unwrap_or_else(|error| panic!("{body}: {error:?}"));
        assert_eq!(outcome.revoked, [CertificateId::from(7), CertificateId::from(8)], "{body}");
        assert!(outcome.is_complete(), "{body}");
    }
}

/// What else stands beside the job ids never makes a removal complete, and no job id is lost.
#[tokio::test]
async fn job_ids_beside_errors_are_kept_and_are_no_whole() {
    let error = json!({"ErrorCode": "0xA0140002", "Message": "no"});
    let location = || CertificateLocation::new(Uuid::from_u128(0x5707), "web01.pfx");
    let both = json!([JOB, error]).to_string();
    let server = RawServer::json(200, &both).await;
    let stores = client(&server.origin).certificate_stores();
    let outcome = stores.remove_certificates([location()], Schedule::Immediate).send().await.unwrap();
    assert_eq!(outcome.job_ids()[0].to_string(), JOB);
    assert_eq!((outcome.unrecognized_entries(), outcome.entries_left_out()), (&[error.clone()][..], 0));
    assert!(!outcome.is_complete());

    for body in [error.to_string(), json!({"JobIds": [JOB], "Errors": [error]}).to_string()] {
        let server = RawServer::json(200, &body).await;
        let stores = client(&server.origin).certificate_stores();
        let ended = stores.remove_certificates([location()], Schedule::Immediate).send().await;
        let Err(Error::OutcomeUnknown(unknown)) = ended else { panic!("{body}: {ended:?}") };
        assert_eq!(unknown.body(), Some(&*body));
    }
}
