//! What a Keyfactor Command server answers in the program. All are literals.

use crate::answers::{Named, answer, json};
use crate::support::scripted::Answer;

const NAMED: &str = "content-type: application/json; charset=utf-8\r\nx-keyfactor-correlation-id: 7f3c9a10-1111-4222-8333-444455556666\r\nx-keyfactor-product-version: 25.4.1+abcdef0\r\n";

pub(crate) const ONE_JOB: &str = r#"["d9850000-0000-4000-8000-000000000001"]"#;
pub(crate) const TWO_JOBS: &str = r#"["d9850000-0000-4000-8000-000000000001", "d9850000-0000-4000-8000-000000000002"]"#;

/// With the headers of a real server.
pub(crate) fn named(status: u16, body: &str) -> Answer {
    answer(status, NAMED, body)
}

pub(crate) fn counted(total: u64, body: &str) -> Answer {
    answer(200, &format!("content-type: application/json\r\nx-total-count: {total}\r\n"), body)
}

pub(crate) fn job_answers() -> Vec<Named> {
    vec![
        ("two jobs", named(200, TWO_JOBS)),
        ("one job", named(200, ONE_JOB)),
        (
            "three jobs, in other spellings",
            json(
                200,
                r#"["D9850000-0000-4000-8000-000000000001", "{d9850000-0000-4000-8000-000000000002}", " d985000000004000800000000000000a "]"#,
            ),
        ),
        (
            "the nil GUID and what is no GUID",
            json(
                200,
                r#"["00000000-0000-0000-0000-000000000000", 17, {"Id": 1}, "job", null, "d9850000-0000-4000-8000-000000000001"]"#,
            ),
        ),
        (
            "one job twice",
            json(200, r#"["d9850000-0000-4000-8000-000000000001", "d9850000-0000-4000-8000-000000000001"]"#),
        ),
        ("an object in the place of a list", json(200, r#"{"JobIds": ["d9850000-0000-4000-8000-000000000001"]}"#)),
        ("a version before 11", answer(200, "x-keyfactor-product-version: 10.2.0\r\n", TWO_JOBS)),
        (
            "a version before 11 and a message",
            answer(200, "x-keyfactor-product-version: 10.2.0\r\n", r#"{"Message": "the job store is offline"}"#),
        ),
    ]
}

pub(crate) fn refusals() -> Vec<Named> {
    vec![
        (
            "400 in the vendor's shape",
            named(
                400,
                r#"{"ErrorCode": "0xA0130000", "Message": "The certificate store was not found.\r\nCheck the id.", "FailedOperations": []}"#,
            ),
        ),
        (
            "400 with FailedOperations",
            named(
                400,
                r#"{"ErrorCode": null, "Message": null, "FailedOperations": [{"Reason": "The store is locked", "Ids": [1]}, {"Reason": null}, {"Reason": "The alias is unknown"}]}"#,
            ),
        ),
        (
            "400 as RFC 7807",
            json(
                400,
                r#"{"type": "https://tools.ietf.org/html/rfc7231#section-6.5.1", "title": "One or more validation errors occurred.", "status": 400, "traceId": "00-aa-bb-00", "errors": {"Schedule": ["The Schedule field is required."], "$.CertificateStores[0].Alias": ["Too long.", "Not known."]}}"#,
            ),
        ),
        (
            "400 as RFC 7807 with a detail",
            json(400, r#"{"title": "Bad Request", "detail": "The collection does not exist.", "status": 400}"#),
        ),
        ("400 with a number as code", json(400, r#"{"ErrorCode": -2146233088, "Message": "Odd."}"#)),
        ("400 with an unknown code", json(400, r#"{"ErrorCode": "0xA0FFFFFF", "Message": "New."}"#)),
        ("400 with a blank code and message", json(400, r#"{"ErrorCode": " ", "Message": " "}"#)),
        ("400 in lower case", json(400, r#"{"errorcode": "0xa0110002", "message": "No private key."}"#)),
        ("400 with a JSON text", json(400, "\"Alias is required\"")),
        ("400 with a JSON list", json(400, "[1, 2]")),
        ("401 in the vendor's shape", named(401, r#"{"Message": "Authorization has been denied for this request."}"#)),
        (
            "403 in the vendor's shape",
            named(
                403,
                r#"{"ErrorCode": "0xA0140002", "Message": "User EXAMPLE\\svc-clm does not have the required permissions: Certificate Store Management: Schedule."}"#,
            ),
        ),
        ("403 as RFC 7807", json(403, r#"{"title": "Forbidden", "status": 403}"#)),
        ("404 in the vendor's shape", named(404, r#"{"ErrorCode": "0xA0130000", "Message": "Object not found."}"#)),
        ("413 as RFC 7807", json(413, r#"{"title": "Payload Too Large", "status": 413}"#)),
        ("429 in the vendor's shape, Retry-After: 0", answer(429, "retry-after: 0\r\n", r#"{"Message": "Too many."}"#)),
        (
            "500 in the vendor's shape",
            named(500, r#"{"ErrorCode": "0xA0110029", "Message": "An unexpected error occurred."}"#),
        ),
        (
            "500 with FailedOperations",
            named(500, r#"{"FailedOperations": [{"Reason": "Job 2 could not be made"}], "Message": ""}"#),
        ),
        (
            "500 as RFC 7807",
            json(500, r#"{"title": "Internal Server Error", "status": 500, "detail": "See the log."}"#),
        ),
        (
            "400 that repeats the header's secret",
            json(
                400,
                r#"{"ErrorCode": "marker-password", "Message": "bad header Basic RVhBTVBMRVxzdmMtY2xtOm1hcmtlci1wYXNzd29yZA== of marker-password", "FailedOperations": [{"Reason": "marker-password is wrong"}]}"#,
            ),
        ),
        (
            "500 that repeats the header's secret in plain text",
            answer(500, "", "Header: RVhBTVBMRVxzdmMtY2xtOm1hcmtlci1wYXNzd29yZA== (marker-password)"),
        ),
    ]
}

pub(crate) const CERTIFICATE: &str = r#"{"Id": 17, "Thumbprint": "0123456789ABCDEF0123456789ABCDEF01234567", "SerialNumber": "1A2B", "IssuedDN": "CN=www.example.com,O=Example", "IssuedCN": "www.example.com", "IssuerDN": "CN=Example CA", "NotBefore": "2026-01-01T00:00:00Z", "NotAfter": "2027-01-01T00:00:00", "CertStateString": "Active (1)", "HasPrivateKey": true, "Locations": [{"StoreMachine": "web01", "StorePath": "/etc/ssl", "Alias": "web01.pfx", "ChainLevel": 0, "CertStoreId": "f0cc0000-0000-4000-8000-000000000001", "StoreType": 2}, {"StoreMachine": "web02", "StorePath": "/etc/ssl", "Alias": "other.pfx", "ChainLevel": 0, "CertStoreId": "f0cc0000-0000-4000-8000-000000000002"}, {"StoreMachine": "web03", "StorePath": "/etc/ssl", "Alias": "chain.pfx", "ChainLevel": 1, "CertStoreId": "f0cc0000-0000-4000-8000-000000000003"}, {"Alias": "nowhere.pfx", "ChainLevel": "", "CertStoreId": ""}], "Metadata": {"Owner": "ops"}, "New": {"member": [1]}}"#;

pub(crate) const SPARSE_CERTIFICATE: &str =
    r#"{"Id": 17, "Thumbprint": null, "Locations": null, "Metadata": null, "NotAfter": null, "HasPrivateKey": null}"#;

pub(crate) const OTHER_CERTIFICATE: &str = r#"{"Id": 18, "Thumbprint": "FEDCBA9876543210FEDCBA9876543210FEDCBA98"}"#;

pub(crate) const LOCATIONS: &str = r#"{"Details": [{"StoreType": "PEM File", "StoreTypeId": 2, "StoreCount": 1, "Locations": [{"StoreId": "f0cc0000-0000-4000-8000-000000000001", "ClientMachine": "web01", "StorePath": "/etc/ssl", "Alias": "web01.pfx", "IPAddress": null, "Port": null}, {"StoreId": "", "IpAddress": "192.0.2.1", "Port": 443, "Odd": true}]}, {"StoreType": null, "Locations": null}], "More": 1}"#;

pub(crate) const STORE: &str = r#"{"Id": "f0cc0000-0000-4000-8000-000000000001", "ClientMachine": "web01", "Storepath": "/etc/ssl", "ContainerId": 9, "CertStoreType": 2, "Approved": true, "AgentId": "a9e00000-0000-4000-8000-000000000001", "AgentAssigned": true, "InventorySchedule": {"Daily": {"Time": "2026-03-19T23:30:00Z"}}, "CertStoreInventoryJobId": "10b00000-0000-4000-8000-000000000001", "Properties": "{\"ServerUseSsl\": \"true\"}", "DisplayName": "web01 - /etc/ssl"}"#;

/// It will never be inventoried.
pub(crate) const STORE_WITHOUT_SCHEDULE: &str = r#"{"Id": "f0cc0000-0000-4000-8000-000000000001", "Storepath": null, "ContainerId": "", "AgentId": "", "AgentAssigned": null, "InventorySchedule": {"Immediate": false, "IsEmpty": true}, "CertStoreInventoryJobId": "", "Properties": "none"}"#;

/// With a schedule, whose job is not named.
pub(crate) const STORE_WITHOUT_JOB: &str =
    r#"{"Id": "f0cc0000-0000-4000-8000-000000000001", "InventorySchedule": {"Interval": {"Minutes": 60}}}"#;

pub(crate) const OTHER_STORE: &str = r#"{"Id": "f0cc0000-0000-4000-8000-000000000009"}"#;

/// In the spelling of real servers.
pub(crate) const STORE_TYPE: &str = r#"{"Name": "IIS Bound Certificate", "ShortName": "IISU", "StoreType": 104, "CustomAliasAllowed": "Forbidden", "PrivateKeyAllowed": "Required", "EntryParameters": [{"Name": "SiteName", "DisplayName": "IIS Site Name", "Type": "String", "DefaultValue": "Default Web Site", "RequiredWhen": {"HasPrivateKey": false, "OnAdd": true, "OnRemove": true, "OnReenrollment": true}, "ValidationOptions": {"OnAdd": 1, "OnRemove": 1}}], "LocalStore": false}"#;

/// In the spelling of the vendor's schema.
pub(crate) const STORE_TYPE_BY_SCHEMA: &str = r#"{"StoreType": 104, "CustomAliasAllowed": 0, "PrivateKeyAllowed": 2, "EntryParameters": [{"Name": "Protocol", "Type": 2, "Options": "https,http", "ValidationOptions": {"HasPrivateKey": 0, "OnAdd": 1, "OnRemove": 2, "OnODKG": 0}}]}"#;

pub(crate) const OTHER_STORE_TYPE: &str = r#"{"StoreType": 0, "ShortName": "JKS"}"#;

/// The alias `web01.pfx` with the certificate and its chain, and one more.
pub(crate) const INVENTORY: &str = r#"[{"Name": "web01.pfx", "CertStoreId": "f0cc0000-0000-4000-8000-000000000001", "Certificates": [{"Id": 17, "IssuedDN": "CN=www.example.com", "Thumbprint": "0123456789abcdef0123456789abcdef01234567", "NotAfter": "2027-01-01T00:00:00Z"}, {"Id": 3, "IssuedDN": "CN=Example CA", "Thumbprint": "3333333333333333333333333333333333333333"}], "Parameters": {"PrivateKeyEntry": "Yes"}}, {"Name": "bystander.pfx", "Certificates": [], "Parameters": null, "Odd": 1}]"#;

pub(crate) const INVENTORY_WITH_ANOTHER: &str = r#"[{"Name": "web01.pfx", "Certificates": [{"Id": 18, "Thumbprint": "FEDCBA9876543210FEDCBA9876543210FEDCBA98"}]}]"#;

pub(crate) const INVENTORY_OF_ANOTHER_STORE: &str = r#"[{"Name": "web01.pfx", "CertStoreId": "f0cc0000-0000-4000-8000-000000000009", "Certificates": [{"Thumbprint": "0123456789ABCDEF0123456789ABCDEF01234567"}]}]"#;

pub(crate) const INVENTORY_WITHOUT_IT: &str =
    r#"[{"Name": "bystander.pfx", "Certificates": [{"Thumbprint": "4444444444444444444444444444444444444444"}]}]"#;

pub(crate) const OTHER_INVENTORY: &str = r#"[{"Name": "other.pfx", "Certificates": [{"Id": 17, "Thumbprint": "0123456789ABCDEF0123456789ABCDEF01234567"}], "Parameters": {}}]"#;

/// A run of job 1 or 2. `rest` are members, each with a comma before it.
pub(crate) fn run(id: u32, job: u32, status: &str, result: &str, rest: &str) -> String {
    format!(
        r#"{{"JobHistoryId": {id}, "JobId": "d9850000-0000-4000-8000-00000000000{job}", "AgentMachine": "agent01", "JobType": "Management", "OperationStart": "2026-03-19T21:26:35.967Z", "OperationEnd": null, "Message": null, "Result": {result}, "Status": {status}, "StorePath": "/etc/ssl", "ClientMachine": "web01"{rest}}}"#
    )
}

pub(crate) fn runs(runs: &[String]) -> Answer {
    json(200, &format!("[{}]", runs.join(", ")))
}

/// A run of the inventory job of `STORE`.
pub(crate) fn inventory_run(id: u32, end: &str) -> Answer {
    let body = format!(
        r#"[{{"JobHistoryId": {id}, "JobId": "10b00000-0000-4000-8000-000000000001", "OperationEnd": "{end}", "Result": 2, "Status": 3}}]"#
    );
    json(200, &body)
}

pub(crate) const SCHEDULED: &str = r#"[{"Id": "d9850000-0000-4000-8000-000000000002", "ClientMachine": "web01", "Target": "/etc/ssl", "JobType": "Management", "Schedule": {"Immediate": true}}, {"Id": "d9850000-0000-4000-8000-000000000009", "ClientMachine": null}]"#;

/// As `plan_removal` makes them.
pub(crate) const PLAN: &str = r#"{"certificate_id": 17, "thumbprint": "0123456789ABCDEF0123456789ABCDEF01234567", "issued_cn": "www.example.com", "has_private_key": true, "collection_id": 4, "removals": [{"store_id": "f0cc0000-0000-4000-8000-000000000001", "store_machine": "web01", "store_path": "/etc/ssl", "alias": "web01.pfx", "parameters": {"PrivateKeyEntry": "Yes"}, "readiness": {"agent_available": true, "approved": true, "supports_removal": null}, "put_back": "with_private_key"}, {"store_id": "f0cc0000-0000-4000-8000-000000000002", "store_machine": null, "store_path": null, "alias": "other.pfx", "put_back": "unclear"}]}"#;
