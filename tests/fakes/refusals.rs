//! The fakes: every documented refusal is reached by a state, through the real client, and nothing else happens.

use std::panic::{AssertUnwindSafe, catch_unwind};

use clm::RequestBuilder;
use clm::appviewx::{self, CommentRule, ErrorCode, UnassignCertificates};
use clm::keyfactor::{self, CertificateLocation, CertificateStoreId, ErrorKind, RemoveOutcome, Schedule};
use clm::testing::{
    AppViewXPermission, FakeAppViewX, FakeCategory, FakeJobState, FakeKeyfactor, KeyfactorPermission, RecordedRequest,
};
use serde_json::json;

const ID: &str = "67bc2ca76a105e1a05691c1c";
const OTHER: &str = "67bc2ca76a105e1a05691c2c";

/// An open client of the fake, so that the server is the judge of comments.
fn open_client(fake: &FakeAppViewX) -> appviewx::Client {
    let builder = appviewx::Client::builder(fake.url()).credentials(fake.credentials());
    builder.comment_rule(CommentRule::ServerDecides).build().unwrap()
}

/// How a documented refusal is reached.
struct Refusal {
    code: ErrorCode,
    category: FakeCategory,
    comment: Option<&'static str>,
    arrange: fn(&FakeAppViewX),
}

fn refusal(code: ErrorCode, comment: Option<&'static str>, arrange: fn(&FakeAppViewX)) -> Refusal {
    Refusal { code, category: FakeCategory::Server, comment, arrange }
}

fn refusals() -> [Refusal; 12] {
    use AppViewXPermission::{
        AssignGroups, UpdateCertificates, UseCategory, ViewInventory, WriteDefaultGroup, WriteGroup,
    };
    use FakeCategory::{Client, CodeSigning, Server};
    let inventory = |code, category, arrange| Refusal { code, category, comment: None, arrange };
    [
        refusal(ErrorCode::AuthenticationFailed, None, FakeAppViewX::expire_sessions),
        refusal(ErrorCode::MandatoryFieldMissingOrInvalid, None, FakeAppViewX::require_comment),
        refusal(ErrorCode::CommentTooLong, Some("eleven long"), |fake| fake.set_comment_limit(10)),
        refusal(ErrorCode::CommentCharacters, Some("CHG-1"), |_| ()),
        refusal(ErrorCode::ApiAccessDenied, None, |fake| fake.deny(AssignGroups)),
        refusal(ErrorCode::CertificateUpdateDenied, Some("why"), |fake| fake.deny(UpdateCertificates)),
        refusal(ErrorCode::CategoryDenied, None, |fake| fake.deny(UseCategory(Server))),
        refusal(ErrorCode::CurrentGroupDenied, None, |fake| fake.deny(WriteGroup("web".to_owned()))),
        inventory(ErrorCode::ServerInventoryDenied, Server, |fake| fake.deny(ViewInventory(Server))),
        inventory(ErrorCode::ClientInventoryDenied, Client, |fake| fake.deny(ViewInventory(Client))),
        inventory(ErrorCode::CodeSigningInventoryDenied, CodeSigning, |fake| fake.deny(ViewInventory(CodeSigning))),
        refusal(ErrorCode::DefaultGroupDenied, None, |fake| fake.deny(WriteDefaultGroup)),
    ]
}

#[tokio::test]
async fn every_documented_refusal_of_appviewx_is_a_state() {
    for Refusal { code, category, comment, arrange } in refusals() {
        let fake = FakeAppViewX::start().await;
        fake.add_certificate_of(category, ID, "web");
        fake.add_certificate_of(category, OTHER, "mail");
        arrange(&fake);
        let before = fake.snapshot();
        let with_comment = |unassign: RequestBuilder<UnassignCertificates>| match comment {
            Some(comment) => unassign.comment(comment),
            None => unassign,
        };
        let unassign = open_client(&fake).certificate_groups().unassign([OTHER, ID]);
        let error = with_comment(unassign).send().await.unwrap_err();
        assert!(matches!(error, appviewx::Error::Api(_)), "{code:?}: {error:?}");
        assert_eq!(error.code(), Some(&code));
        assert_eq!(error.status(), code.documented_status(), "{code:?}");
        assert!(error.message().is_some() && error.remediation().is_some(), "{code:?}");
        // One certificate without permission refuses the whole call, so none has moved.
        for (id, group) in [(ID, "web"), (OTHER, "mail")] {
            assert_eq!(fake.group_of(id).as_deref(), Some(group), "{code:?}");
            assert_eq!(fake.comments_on(id), Vec::<String>::new(), "{code:?}");
        }
        assert_eq!(fake.snapshot(), before, "{code:?}");
        let statuses: Vec<u16> = fake.requests().iter().map(RecordedRequest::status).collect();
        assert_eq!(statuses, [error.status().unwrap().as_u16()], "{code:?}");
        assert!(fake.unknown_requests().is_empty(), "{code:?}");
    }
}

#[tokio::test]
async fn a_permission_can_be_given_back() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate(ID, "web");
    let groups = fake.client().certificate_groups();
    for permission in [
        AppViewXPermission::AssignGroups,
        AppViewXPermission::UseCategory(FakeCategory::Server),
        AppViewXPermission::ViewInventory(FakeCategory::Server),
        AppViewXPermission::WriteGroup("web".to_owned()),
        AppViewXPermission::WriteDefaultGroup,
    ] {
        fake.deny(permission.clone());
        let error = groups.unassign([ID]).send().await.unwrap_err();
        assert!(matches!(error, appviewx::Error::Api(_)), "{permission:?}: {error:?}");
        fake.allow(&permission);
    }
    fake.deny(AppViewXPermission::UpdateCertificates);
    assert!(groups.unassign([ID]).send().await.unwrap().is_complete(), "without a comment nothing is updated");
}

#[tokio::test]
async fn a_permission_for_another_group_or_category_is_not_missed() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate(ID, "web");
    fake.deny(AppViewXPermission::WriteGroup("mail".to_owned()));
    fake.deny(AppViewXPermission::ViewInventory(FakeCategory::Client));
    fake.deny(AppViewXPermission::UseCategory(FakeCategory::CodeSigning));
    assert!(fake.client().certificate_groups().unassign([ID]).send().await.unwrap().is_complete());
}

#[tokio::test]
async fn unassigning_moves_to_the_default_group_and_keeps_the_comment() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate(ID, "web");
    fake.add_certificate(OTHER, "mail");
    let groups = fake.client().certificate_groups();
    let outcome = groups.unassign([ID]).comment("Decommissioned with CHG 1234").send().await.unwrap();
    assert_eq!(outcome.successful_ids(), [ID]);
    assert_eq!(outcome.message(), Some("Group unassign action successfully performed"));
    assert!(outcome.is_complete());
    assert_eq!(fake.group_of(ID).as_deref(), Some("Default"));
    assert_eq!(fake.comments_on(ID), ["Decommissioned with CHG 1234"]);
    assert_eq!((fake.group_of(OTHER).as_deref(), fake.comments_on(OTHER)), (Some("mail"), vec![]));

    // Assumed by the fake: what is in the default group, or unknown, is left out of the answer.
    let again = groups.unassign([ID, OTHER, "nobody"]).send().await.unwrap();
    assert_eq!(again.successful_ids(), [OTHER]);
    assert_eq!(again.unconfirmed_ids(), [ID, "nobody"]);
    assert_eq!(fake.comments_on(ID), ["Decommissioned with CHG 1234"]);
    assert_eq!(fake.group_of("nobody"), None);

    fake.accept_in_comments("-:");
    fake.add_certificate(ID, "web");
    let outcome = open_client(&fake).certificate_groups().unassign([ID]).comment("CHG-1: done").send().await.unwrap();
    assert!(outcome.is_complete());
    assert_eq!(fake.comments_on(ID), ["CHG-1: done"]);
}

#[tokio::test]
async fn sessions_end_and_password_headers_stay() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate(ID, "web");
    let with = |credentials| appviewx::Client::builder(fake.url()).credentials(credentials).build().unwrap();
    let session = fake.client();
    fake.expire_sessions();
    for (name, client) in [
        ("an expired session", session),
        ("an unknown session", with(appviewx::Credentials::session_id("unknown"))),
        ("an unknown user", with(appviewx::Credentials::password_headers("nobody", "unknown"))),
        ("a wrong password", with(appviewx::Credentials::password_headers("svc-clm", "unknown"))),
    ] {
        let error = client.certificate_groups().unassign([ID]).send().await.unwrap_err();
        assert_eq!(error.code(), Some(&ErrorCode::AuthenticationFailed), "{name}");
        assert_eq!(error.status().map(|it| it.as_u16()), Some(401), "{name}");
    }
    assert_eq!(fake.group_of(ID).as_deref(), Some("web"));
    let outcome = with(fake.password_headers()).certificate_groups().unassign([ID]).send().await.unwrap();
    assert!(outcome.is_complete());
}

async fn remove(
    fake: &FakeKeyfactor,
    store: CertificateStoreId,
    alias: &str,
    collection: Option<i32>,
) -> Result<RemoveOutcome, keyfactor::Error> {
    let location = CertificateLocation::new(store, alias);
    let mut removal = fake.client().certificate_stores().remove_certificates([location], Schedule::Immediate);
    if let Some(id) = collection {
        removal = removal.collection_id(id);
    }
    removal.send().await
}

/// Status, kind and code of a refusal, and that it left no job behind.
fn assert_refused(name: &str, fake: &FakeKeyfactor, result: Result<RemoveOutcome, keyfactor::Error>, status: u16) {
    let error = result.expect_err(name);
    let keyfactor::Error::Api(refusal) = &error else { panic!("{name}: {error:?}") };
    let (kind, code) = match status {
        401 => (ErrorKind::Unauthorized, None),
        403 => (ErrorKind::Forbidden, Some(keyfactor::ErrorCode::PermissionDenied)),
        404 => (ErrorKind::NotFound, Some(keyfactor::ErrorCode::ObjectNotFound)),
        other => panic!("{name}: no row for {other}"),
    };
    assert_eq!((refusal.status().as_u16(), refusal.kind()), (status, kind), "{name}");
    assert_eq!(refusal.code(), code.as_ref(), "{name}");
    assert!(refusal.remediation().is_some() && refusal.correlation_id().is_some(), "{name}");
    assert!(fake.jobs().is_empty(), "{name}: {:?}", fake.jobs());
}

#[tokio::test]
async fn a_removal_becomes_jobs_and_the_jobs_remove() {
    let fake = FakeKeyfactor::start().await;
    let (one, two) = (fake.add_store(), fake.add_store());
    for (store, alias) in [(one, "web01.pfx"), (one, "stays"), (two, "web01.pfx")] {
        fake.add_certificate(store, alias);
    }
    let locations = [CertificateLocation::new(one, "web01.pfx"), CertificateLocation::new(two, "web01.pfx")];
    let stores = fake.client().certificate_stores();
    let removal = stores.remove_certificates(locations, Schedule::Immediate).send().await.unwrap();
    assert!(removal.is_complete());
    let jobs = fake.jobs();
    let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
    assert_eq!(removal.job_ids(), ids);
    assert_ne!(ids[0], ids[1]);
    assert!(removal.receipt().correlation_id().is_some());
    assert!(removal.receipt().product_version().is_some_and(|it| it.starts_with("25.4.1+")));
    for (job, store) in jobs.iter().zip([one, two]) {
        assert_eq!((job.store, job.alias.as_str()), (store, "web01.pfx"));
        assert_eq!((job.recurring, job.state), (false, FakeJobState::Waiting));
    }
    assert_eq!(fake.aliases(one), ["stays", "web01.pfx"], "a job is scheduled, nothing is gone yet");
    fake.run_jobs();
    assert_eq!((fake.aliases(one), fake.aliases(two)), (vec!["stays".to_owned()], vec![]));
    assert!(fake.jobs().iter().all(|job| job.state == FakeJobState::Succeeded), "{:?}", fake.jobs());
    // What ran once does not run again.
    fake.add_certificate(one, "web01.pfx");
    fake.run_jobs();
    assert_eq!(fake.aliases(one), ["stays", "web01.pfx"]);
}

#[tokio::test]
async fn an_unknown_alias_becomes_a_job_that_fails() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.add_certificate(store, "web01.pfx");
    assert_eq!(remove(&fake, store, "WEB01.pfx", None).await.unwrap().job_ids().len(), 1);
    fake.run_jobs();
    assert_eq!(fake.jobs()[0].state, FakeJobState::Failed);
    assert_eq!(fake.aliases(store), ["web01.pfx"]);
}

#[tokio::test]
async fn a_recurring_removal_takes_the_successor() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.add_certificate(store, "web01.pfx");
    let stores = fake.client().certificate_stores();
    let locations = [CertificateLocation::new(store, "web01.pfx")];
    let removal = stores.remove_certificates(locations, Schedule::Interval { minutes: 60 });
    removal.allow_recurring().send().await.unwrap();
    assert!(fake.jobs()[0].recurring);
    fake.run_jobs();
    assert_eq!((fake.aliases(store), fake.jobs()[0].state), (vec![], FakeJobState::Succeeded));
    fake.run_jobs();
    assert_eq!(fake.jobs()[0].state, FakeJobState::Failed, "there was nothing left");
    fake.add_certificate(store, "web01.pfx");
    fake.run_jobs();
    assert_eq!((fake.aliases(store), fake.jobs()[0].state), (vec![], FakeJobState::Succeeded));
}

#[tokio::test]
async fn keyfactor_takes_the_credentials_that_it_knows() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.accept_bearer("known-token");
    for (name, credentials, status) in [
        ("a wrong password", keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "unknown"), Some(401)),
        ("an unknown user", keyfactor::Credentials::basic("nobody", "unknown"), Some(401)),
        ("an unknown token", keyfactor::Credentials::bearer("unknown"), Some(401)),
        ("the account", fake.credentials(), None),
        ("a known token", keyfactor::Credentials::bearer("known-token"), None),
    ] {
        let client = keyfactor::Client::builder(fake.url()).credentials(credentials).build().unwrap();
        let location = CertificateLocation::new(store, "web01.pfx");
        let removal = client.certificate_stores().remove_certificates([location], Schedule::Immediate);
        match (removal.send().await, status) {
            (Ok(outcome), None) => assert!(outcome.is_complete(), "{name}"),
            (result, Some(status)) => assert_refused(name, &fake, result, status),
            (Err(error), None) => panic!("{name}: {error:?}"),
        }
    }
}

#[tokio::test]
async fn keyfactor_permissions_follow_collection_and_container() {
    use KeyfactorPermission::{ReadCertificates, ReadCertificatesIn, ScheduleStores, ScheduleStoresIn};
    const READ: &str = "/certificates/collections/read/";
    const SCHEDULE: &str = "/certificate_stores/schedule/";
    for (name, permissions, collection, container, refused) in [
        ("everything", vec![ReadCertificates, ScheduleStores], None, None, None),
        ("nothing", vec![], None, None, Some(READ)),
        ("no reading", vec![ScheduleStores], None, None, Some(READ)),
        ("no scheduling", vec![ReadCertificates], None, None, Some(SCHEDULE)),
        ("read in 4, unsaid", vec![ReadCertificatesIn(4), ScheduleStores], None, None, Some(READ)),
        ("read in 4, said", vec![ReadCertificatesIn(4), ScheduleStores], Some(4), None, None),
        ("read in 5, said 4", vec![ReadCertificatesIn(5), ScheduleStores], Some(4), None, Some(READ)),
        ("not in 5", vec![ReadCertificatesIn(5), ScheduleStores], Some(5), None, Some(READ)),
        ("a container id changes nothing", vec![ReadCertificatesIn(4), ScheduleStores], None, Some(7), Some(READ)),
        ("schedule in 7", vec![ReadCertificates, ScheduleStoresIn(7)], None, None, None),
        ("schedule in 8", vec![ReadCertificates, ScheduleStoresIn(8)], None, None, Some(SCHEDULE)),
        ("both narrow", vec![ReadCertificatesIn(4), ScheduleStoresIn(7)], Some(4), None, None),
    ] {
        let fake = FakeKeyfactor::start().await;
        let store = fake.add_store_in(7);
        fake.add_certificate_in(store, "web01.pfx", 4);
        fake.restrict_to(permissions);
        let location = CertificateLocation::new(store, "web01.pfx");
        let mut removal = fake.client().certificate_stores().remove_certificates([location], Schedule::Immediate);
        if let Some(id) = collection {
            removal = removal.collection_id(id);
        }
        if let Some(id) = container {
            removal = removal.container_id(id);
        }
        let result = removal.send().await;
        let Some(missing) = refused else {
            assert!(result.expect(name).is_complete(), "{name}");
            continue;
        };
        let error = result.as_ref().expect_err(name);
        assert!(error.message().is_some_and(|it| it.contains(missing)), "{name}: {error}");
        if collection.is_none() {
            assert!(error.remediation().is_some_and(|it| it.contains("collection_id")), "{name}");
        }
        assert_refused(name, &fake, result, 403);
    }
}

#[tokio::test]
async fn an_unknown_store_is_not_found_and_refuses_the_whole_call() {
    let fake = FakeKeyfactor::start().await;
    let known = fake.add_store();
    let elsewhere = "6a2d9e8f-2c0b-4f6e-9d7a-1b2c3d4e5f60".parse().unwrap();
    assert_refused("one", &fake, remove(&fake, elsewhere, "web01.pfx", None).await, 404);
    let both = [CertificateLocation::new(known, "a"), CertificateLocation::new(elsewhere, "a")];
    let removal = fake.client().certificate_stores().remove_certificates(both, Schedule::Immediate);
    assert_refused("both", &fake, removal.send().await, 404);
    assert_eq!(fake.requests().iter().map(RecordedRequest::status).collect::<Vec<_>>(), [404, 404]);
}

#[tokio::test]
async fn an_unknown_endpoint_is_not_found_and_is_in_the_log() {
    let keyfactor = FakeKeyfactor::start().await;
    let appviewx = FakeAppViewX::start().await;
    let remove_path = "/CertificateStores/Certificates/Remove";
    let unassign_path = "/certificate/group/unassign";
    for (base, named) in [
        (keyfactor.url(), format!("PUT /KeyfactorAPI/avxapi{unassign_path}")),
        (format!("{}/tenant", appviewx.url()), format!("PUT /tenant/avxapi{unassign_path}")),
    ] {
        let client = appviewx::Client::builder(base).credentials(appviewx.credentials()).build().unwrap();
        let error = client.certificate_groups().unassign([ID]).send().await.unwrap_err();
        assert_eq!(error.status().map(|it| it.as_u16()), Some(404), "{named}");
        assert_eq!(error.body(), Some(""), "{named}");
    }
    for (base, named) in [
        (format!("{}/KeyfactorAPI", appviewx.url()), format!("POST /KeyfactorAPI{remove_path}")),
        (keyfactor.url().replace("KeyfactorAPI", "Keyfactor/API"), format!("POST /Keyfactor/API{remove_path}")),
    ] {
        let client = keyfactor::Client::builder(base).credentials(keyfactor.credentials()).build().unwrap();
        let location = CertificateLocation::new(keyfactor.add_store(), "a");
        let removal = client.certificate_stores().remove_certificates([location], Schedule::Immediate);
        let error = removal.send().await.unwrap_err();
        assert_eq!(error.status().map(|it| it.as_u16()), Some(404), "{named}");
        assert_eq!(error.body(), Some(""), "{named}");
    }
    let paths = |requests: Vec<RecordedRequest>| -> Vec<String> {
        requests.iter().map(|it| format!("{} {}", it.method(), it.path())).collect()
    };
    assert_eq!(
        paths(keyfactor.unknown_requests()),
        [format!("PUT /KeyfactorAPI/avxapi{unassign_path}"), format!("POST /Keyfactor/API{remove_path}")]
    );
    assert_eq!(
        paths(appviewx.unknown_requests()),
        [format!("PUT /tenant/avxapi{unassign_path}"), format!("POST /KeyfactorAPI{remove_path}")]
    );
    assert!(keyfactor.jobs().is_empty());
    let said = |assert: &dyn Fn()| -> String {
        let panic = catch_unwind(AssertUnwindSafe(assert)).unwrap_err();
        panic.downcast_ref::<String>().unwrap().clone()
    };
    assert_eq!(
        said(&|| keyfactor.assert_no_unknown_requests()),
        format!(
            "2 requests unknown to the fake:\n  PUT /KeyfactorAPI/avxapi{unassign_path}\n  POST /Keyfactor/API{remove_path}"
        )
    );
    assert_eq!(
        said(&|| appviewx.assert_no_unknown_requests()),
        format!(
            "2 requests unknown to the fake:\n  PUT /tenant/avxapi{unassign_path}\n  POST /KeyfactorAPI{remove_path}"
        )
    );
    FakeKeyfactor::start().await.assert_no_unknown_requests();
    FakeAppViewX::start().await.assert_no_unknown_requests();
}

#[tokio::test]
async fn the_log_tells_what_was_asked_and_answered() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate(ID, "web");
    let groups = fake.client().certificate_groups();
    groups.unassign([ID]).comment("Sample Comment").send().await.unwrap();
    fake.expire_sessions();
    groups.unassign([OTHER]).send().await.unwrap_err();
    let requests = fake.requests();
    assert_eq!(requests.iter().map(RecordedRequest::status).collect::<Vec<_>>(), [200, 401]);
    let first = &requests[0];
    assert_eq!((first.method().as_str(), first.path()), ("PUT", "/avxapi/certificate/group/unassign"));
    assert_eq!(first.query(), "gwsource=external");
    assert_eq!(first.header("Content-Type"), Some("application/json"));
    assert_eq!(first.headers()["content-type"], "application/json");
    assert_eq!(first.json(), json!({"resourceIds": [ID], "comment": "Sample Comment"}));
    assert_eq!(first.body(), serde_json::to_vec(&first.json()).unwrap());
    assert_eq!(requests[1].json(), json!({"resourceIds": [OTHER]}));
}

#[tokio::test]
async fn debug_of_the_fakes_and_of_their_logs_has_no_secret() {
    let keyfactor = FakeKeyfactor::start().await;
    let store = keyfactor.add_store();
    keyfactor.accept_bearer("marker-token");
    let location = CertificateLocation::new(store, "web01.pfx").job_field("Password", "marker-field");
    for credentials in [keyfactor.credentials(), keyfactor::Credentials::bearer("marker-token")] {
        let client = keyfactor::Client::builder(keyfactor.url()).credentials(credentials).build().unwrap();
        let stores = client.certificate_stores();
        stores.remove_certificates([location.clone()], Schedule::Immediate).send().await.unwrap();
    }
    let appviewx = FakeAppViewX::start().await;
    appviewx.add_certificate(ID, "web");
    for credentials in [appviewx.credentials(), appviewx.password_headers()] {
        let client = appviewx::Client::builder(appviewx.url()).credentials(credentials).build().unwrap();
        client.certificate_groups().unassign([ID]).send().await.unwrap();
    }
    let mut secrets = vec!["marker-token".to_owned(), "marker-field".to_owned()];
    for (log, headers) in
        [(keyfactor.requests(), ["authorization"].as_slice()), (appviewx.requests(), &["sessionid", "password"])]
    {
        for name in headers {
            secrets.extend(log.iter().filter_map(|request| request.header(name)).map(str::to_owned));
        }
    }
    assert_eq!(secrets.len(), 6, "two tokens, a session, a password, two of our own: {secrets:?}");
    for text in [
        format!("{keyfactor:?} {keyfactor:#?} {:?} {:#?}", keyfactor.requests(), keyfactor.jobs()),
        format!("{appviewx:?} {appviewx:#?} {:?} {:#?}", appviewx.requests(), appviewx.requests()),
        format!("{:?} {:?}", keyfactor.credentials(), keyfactor.client()),
        format!("{:?} {:?} {:?}", appviewx.credentials(), appviewx.password_headers(), appviewx.client()),
    ] {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret} shows in {text}");
        }
        assert!(!text.contains("fake-keyfactor-password") && !text.contains("fake-appviewx-password"), "{text}");
    }
}
