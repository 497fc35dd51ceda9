//! What tests ask of the fakes, and what assertions say: each passes, and each fails with exactly these words.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};

use clm::http::Method;
use clm::keyfactor::{CertificateLocation, CertificateStoreEntry, CertificateStoreId, Schedule};
use clm::testing::{
    AppViewXCall, FakeAppViewX, FakeCertificate, FakeJobKind, FakeJobState, FakeKeyfactor, FakeOrchestrator,
    KeyfactorCall, KeyfactorPermission, RecordedRequest,
};
use serde_json::json;

use crate::support::fake_keyfactor::{get, post, remove};

/// What it panics with.
fn said(assertion: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(assertion)).expect_err("it passes");
    panic.downcast_ref::<String>().expect("a formatted message").clone()
}

async fn with_two() -> (FakeKeyfactor, CertificateStoreId) {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.add_certificate(store, "web01.pfx");
    fake.add_certificate(store, "web02.pfx");
    (fake, store)
}

#[tokio::test]
async fn removed_is_what_a_job_has_removed() {
    let (fake, store) = with_two().await;
    assert_eq!(
        said(|| fake.assert_removed(store, "web01.pfx")),
        "\"web01.pfx\" was not removed from the store 57070000-0000-4000-8000-000000000001: it is still there, and no job removed it
entries in the store:
  \"web01.pfx\"
  \"web02.pfx\"
jobs on the store: none
requests: none"
    );
    remove(&fake, store, "web01.pfx").await;
    assert_eq!(
        said(|| fake.assert_removed(store, "web01.pfx")),
        "\"web01.pfx\" was not removed from the store 57070000-0000-4000-8000-000000000001: it is still there, and no job removed it
entries in the store:
  \"web01.pfx\"
  \"web02.pfx\"
jobs on the store:
  10b00000-0000-4000-8000-000000000001: remove \"web01.pfx\", waiting
requests:
  POST /KeyfactorAPI/CertificateStores/Certificates/Remove: 200"
    );
    fake.run_jobs();
    fake.assert_removed(store, "web01.pfx");
    let successor = fake.issue(FakeCertificate::new("successor"));
    fake.put_entry(store, "web01.pfx", successor, [("SiteName", "Shop")]);
    fake.put_entry(store, "web01.pfx", successor, [("SiteName", "Blog")]);
    assert_eq!(
        said(|| fake.assert_removed(store, "web01.pfx")),
        "\"web01.pfx\" was not removed from the store 57070000-0000-4000-8000-000000000001: a job removed it, but it is there again, or another entry with this alias is
entries in the store:
  \"web01.pfx\", 2 entries
  \"web02.pfx\"
jobs on the store:
  10b00000-0000-4000-8000-000000000001: remove \"web01.pfx\", succeeded
requests:
  POST /KeyfactorAPI/CertificateStores/Certificates/Remove: 200"
    );
}

#[tokio::test]
async fn what_is_gone_without_a_job_that_succeeded_was_not_removed() {
    let (fake, store) = with_two().await;
    fake.orchestrator(FakeOrchestrator::new().fails("no space"));
    fake.set_store(store, |it| it.inventory_schedule(json!({"Interval": {"Minutes": 60}})));
    fake.remove_unseen(store, "web01.pfx");
    remove(&fake, store, "web01.pfx").await;
    fake.run_jobs();
    fake.mark();
    assert_eq!(
        said(|| fake.assert_removed(store, "web01.pfx")),
        "\"web01.pfx\" was not removed from the store 57070000-0000-4000-8000-000000000001: it is not there, but no job removed it
entries in the store:
  \"web02.pfx\"
jobs on the store:
  10b00000-0000-4000-8000-000000000001: inventory, failed
  10b00000-0000-4000-8000-000000000002: remove \"web01.pfx\", failed
requests: none"
    );
    // A warning is a success.
    fake.orchestrator(FakeOrchestrator::new().warns("slow"));
    remove(&fake, store, "web02.pfx").await;
    fake.run_jobs();
    fake.assert_removed(store, "web02.pfx");
}

#[tokio::test]
async fn the_job_of_an_alias_is_the_newest() {
    let (fake, store) = with_two().await;
    assert_eq!(fake.job_of(store, "web01.pfx"), None);
    let first = remove(&fake, store, "web01.pfx").await;
    fake.run_jobs();
    let second = remove(&fake, store, "web01.pfx").await;
    let job = fake.job_of(store, "web01.pfx").unwrap();
    assert_eq!((job.id, job.kind, job.state), (second, FakeJobKind::Remove, FakeJobState::Waiting));
    assert_ne!(job.id, first);
    assert_eq!(
        (fake.job_of(store, "web02.pfx"), fake.job_of(CertificateStoreId::from(uuid::Uuid::nil()), "web01.pfx")),
        (None, None)
    );
}

#[tokio::test]
async fn untouched_is_what_received_no_change() {
    let (fake, store) = with_two().await;
    fake.client().certificate_stores().get(store).send().await.unwrap();
    fake.assert_untouched();
    // A refusal as well: it was to change something.
    fake.restrict_to([KeyfactorPermission::ReadStores]);
    let location = || [CertificateLocation::new(store, "web01.pfx").job_field("PIN", "job-field-value")];
    let client = fake.client();
    let refused = client.certificate_stores().remove_certificates(location(), Schedule::Immediate).send().await;
    assert_eq!(refused.unwrap_err().status().map(|it| it.as_u16()), Some(403));
    assert_eq!(fake.changes().iter().map(RecordedRequest::status).collect::<Vec<_>>(), [403]);
    assert_eq!(
        said(|| fake.assert_untouched()),
        "the Keyfactor fake was touched
changes received:
  POST /KeyfactorAPI/CertificateStores/Certificates/Remove: 403"
    );
    fake.mark();
    fake.assert_untouched();
    assert_eq!(fake.changes().len(), 0);
    fake.restrict_to([
        KeyfactorPermission::ReadCertificates,
        KeyfactorPermission::ReadStores,
        KeyfactorPermission::ScheduleStores,
    ]);
    fake.mark();
    client.certificate_stores().remove_certificates(location(), Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    let said = said(|| fake.assert_untouched());
    assert_eq!(
        said,
        r#"the Keyfactor fake was touched
changes received:
  POST /KeyfactorAPI/CertificateStores/Certificates/Remove: 200
differences since the mark:
  clock: "2026-03-19T21:00:03Z", was "2026-03-19T21:00:00Z"
  jobs[10b00000-0000-4000-8000-000000000001]: new, {"alias":"web01.pfx","certificate":null,"id":"10b00000-0000-4000-8000-000000000001","job_fields":{"PIN":null},"kind":"remove","overwrite":false,"recurring":false,"requested":"2026-03-19T21:00:01Z","retried":0,"schedule":{"Immediate":true},"state":"succeeded","store":"57070000-0000-4000-8000-000000000001"}
  runs[0]: new, {"end":"2026-03-19T21:00:03Z","job":"10b00000-0000-4000-8000-000000000001","message":null,"result":"success","start":"2026-03-19T21:00:02Z","status":"completed"}
  stores[57070000-0000-4000-8000-000000000001].held[web01.pfx]: removed, was {"alias":"web01.pfx","certificate":1,"chain":[],"parameters":{"PrivateKeyEntry":"…"}}
  stores[57070000-0000-4000-8000-000000000001].inventory[web01.pfx]: removed, was {"alias":"web01.pfx","certificate":1,"chain":[],"parameters":{"PrivateKeyEntry":"…"}}"#
    );
}

#[tokio::test]
async fn a_state_that_changes_without_a_request_is_touched_as_well() {
    let (fake, store) = with_two().await;
    fake.put_entry(store, "web02.pfx", fake.issue(FakeCertificate::new("second")), [("SiteName", "Shop")]);
    fake.mark();
    fake.replace_unseen(store, "web02.pfx", 1.into());
    assert_eq!(
        said(|| fake.assert_untouched()),
        "the Keyfactor fake was touched
changes received: none
differences since the mark:
  stores[57070000-0000-4000-8000-000000000001].held[web02.pfx].certificate: 1, was 2
  stores[57070000-0000-4000-8000-000000000001].held[web02.pfx #2].certificate: 1, was 3"
    );
}

#[tokio::test]
async fn a_change_that_the_fake_does_not_know_is_one() {
    let fake = FakeKeyfactor::start().await;
    assert_eq!(get(&fake, "Enrollment").await.status, 404);
    fake.assert_untouched();
    assert_eq!(post(&fake, "Enrollment/PFX", json!({})).await.status, 404);
    assert_eq!(
        said(|| fake.assert_untouched()),
        "the Keyfactor fake was touched
changes received:
  POST /KeyfactorAPI/Enrollment/PFX: 404"
    );
}

#[tokio::test]
async fn sent_once_counts_every_try_since_the_mark() {
    let (fake, store) = with_two().await;
    assert_eq!(
        said(|| fake.assert_sent_once(KeyfactorCall::RemoveCertificates)),
        "keyfactor.certificate_stores.remove_certificates was never sent\nrequests: none"
    );
    remove(&fake, store, "web01.pfx").await;
    fake.assert_sent_once(KeyfactorCall::RemoveCertificates);
    remove(&fake, store, "web02.pfx").await;
    assert_eq!(
        said(|| fake.assert_sent_once(KeyfactorCall::RemoveCertificates)),
        "keyfactor.certificate_stores.remove_certificates was sent 2 times
requests:
  POST /KeyfactorAPI/CertificateStores/Certificates/Remove: 200
  POST /KeyfactorAPI/CertificateStores/Certificates/Remove: 200"
    );
    let names = |alias: &'static str| move |body: &serde_json::Value| body["CertificateStores"][0]["Alias"] == alias;
    fake.assert_sent_once_with(KeyfactorCall::RemoveCertificates, names("web02.pfx"));
    fake.mark();
    remove(&fake, store, "web01.pfx").await;
    fake.assert_sent_once(KeyfactorCall::RemoveCertificates);
    assert_eq!(
        said(|| fake.assert_sent_once_with(KeyfactorCall::RemoveCertificates, names("web02.pfx"))),
        "keyfactor.certificate_stores.remove_certificates with a matching body was never sent
requests:
  POST /KeyfactorAPI/CertificateStores/Certificates/Remove: 200"
    );
}

#[tokio::test]
async fn of_many_requests_the_last_ones_are_printed() {
    let (fake, store) = with_two().await;
    for _ in 0..25 {
        fake.client().certificate_stores().get(store).send().await.unwrap();
    }
    let said = said(|| fake.assert_sent_once(KeyfactorCall::GetStore));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 23);
    assert_eq!(
        lines[..4],
        [
            "keyfactor.certificate_stores.get was sent 25 times",
            "requests:",
            "  5 earlier ones, not shown",
            "  GET /KeyfactorAPI/CertificateStores/57070000-0000-4000-8000-000000000001: 200",
        ]
    );
}

#[tokio::test]
async fn a_certificate_is_unassigned_once_a_call_for_it_has_moved_it() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate("c1", "web-servers");
    let groups = fake.client().certificate_groups();
    assert_eq!(
        said(|| fake.assert_unassigned("c1")),
        "the certificate \"c1\" was not unassigned: it is in the group \"web-servers\", and no request for it returned 200
requests: none"
    );
    fake.move_certificate("c1", "Default");
    assert_eq!(
        said(|| fake.assert_unassigned("c1")),
        "the certificate \"c1\" was not unassigned: it is in the group \"Default\", and no request for it returned 200
requests: none"
    );
    fake.move_certificate("c1", "web-servers");
    groups.unassign(["c1", "c2"]).send().await.unwrap();
    fake.assert_unassigned("c1");
    assert_eq!(
        said(|| fake.assert_unassigned("c2")),
        "the certificate \"c2\" was not unassigned: it is unknown to the fake
requests:
  PUT /avxapi/certificate/group/unassign: 200"
    );
    groups.assign("web-servers", ["c1"]).send().await.unwrap();
    fake.assert_assigned("c1", "web-servers");
    assert_eq!(
        said(|| fake.assert_assigned("c1", "agents")),
        "the certificate \"c1\" was not assigned to the group \"agents\": it is in the group \"web-servers\"
requests:
  PUT /avxapi/certificate/group/unassign: 200
  PUT /avxapi/certificate/group/assign: 200"
    );
    assert_eq!(
        said(|| fake.assert_unassigned("c1")),
        "the certificate \"c1\" was not unassigned: it is in the group \"web-servers\"
requests:
  PUT /avxapi/certificate/group/unassign: 200
  PUT /avxapi/certificate/group/assign: 200"
    );
}

#[tokio::test]
async fn logins_do_not_touch_the_appviewx_fake() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate("c1", "web-servers");
    let client = clm::appviewx::Client::builder(fake.url()).credentials(fake.login()).build().unwrap();
    fake.mark();
    client.certificate_groups().view("web-servers").send().await.unwrap();
    client.logout().await.unwrap();
    fake.assert_untouched();
    fake.assert_sent_once(AppViewXCall::Login);
    client.certificate_groups().unassign(["c1"]).comment("CHG 1").send().await.unwrap();
    assert_eq!(
        said(|| fake.assert_sent_once(AppViewXCall::Login)),
        "appviewx.login was sent 2 times
requests:
  POST /avxapi/login: 200
  GET /avxapi/certificate/group: 200
  POST /avxapi/acctmgmt-perform-logout: 200
  POST /avxapi/login: 200
  PUT /avxapi/certificate/group/unassign: 200"
    );
    fake.assert_sent_once_with(AppViewXCall::Unassign, |body| body["comment"] == "CHG 1");
    assert_eq!(
        fake.changes().iter().map(|it| it.path().to_owned()).collect::<Vec<_>>(),
        ["/avxapi/certificate/group/unassign"]
    );
    assert_eq!(
        said(|| fake.assert_untouched()),
        r#"the AppViewX fake was touched
changes received:
  PUT /avxapi/certificate/group/unassign: 200
differences since the mark:
  certificates[c1].comments[0]: new, "CHG 1"
  certificates[c1].group: "Default", was "web-servers""#
    );
}

/// The place of the panic is that of the assertion in the test.
#[tokio::test]
async fn assertions_point_to_the_line_of_the_test() {
    use std::sync::{Arc, Mutex};

    let (fake, store) = with_two().await;
    let place = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&place);
    let before = std::panic::take_hook();
    let this = std::thread::current().id();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().id() == this {
            *seen.lock().unwrap() = panic.location().map(|it| it.file().to_owned());
        } else {
            before(panic);
        }
    }));
    for assertion in [
        &(|| fake.assert_removed(store, "web01.pfx")) as &dyn Fn(),
        &|| fake.assert_sent_once(KeyfactorCall::Unschedule),
        &|| fake.assert_sent_once_with(KeyfactorCall::Unschedule, |_| true),
    ] {
        said(assertion);
        assert_eq!(place.lock().unwrap().take().unwrap(), file!());
    }
}

#[tokio::test]
async fn assertions_show_no_values_of_job_fields_parameters_and_properties() {
    let (fake, store) = with_two().await;
    let certificate = fake.issue(FakeCertificate::new("new.example.com"));
    fake.mark();
    let entry = CertificateStoreEntry::new(store).alias("new.pfx").job_field("Password", "s3cret-value");
    let stores = fake.client().certificate_stores();
    stores.add_certificates(certificate, [entry], Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    fake.put_entry(store, "web01.pfx", certificate, [("PIN", "s3cret-too")]);
    fake.set_store(store, |it| it.properties(json!({"ServerPassword": "s3cret-as-well"})));
    let message = said(|| fake.assert_untouched());
    assert!(!message.contains("s3cret"), "{message}");
    for name in ["Password\":\"…\"", "PIN\":\"…\"", "ServerPassword"] {
        assert!(message.contains(name), "{message}");
    }
}

/// Four bodies of 15 MiB fit, and a fifth does not.
#[tokio::test]
async fn what_the_log_has_forgotten_is_not_taken_for_what_never_came() {
    let fill = |fake: &FakeKeyfactor| {
        let body = vec![b' '; 15 * 1024 * 1024];
        let port = fake.url().rsplit_once(':').unwrap().1.split_once('/').unwrap().0.parse::<u16>().unwrap();
        for _ in 0..5 {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let head = format!(
                "GET /KeyfactorAPI/Status/Endpoints HTTP/1.1\r\nhost: fake\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&body).unwrap();
            stream.read_to_end(&mut Vec::new()).unwrap();
        }
    };
    let (fake, store) = with_two().await;
    let unknown = fake.client().raw(Method::GET, "CertificateCollections").read().await.unwrap_err();
    assert_eq!(unknown.status().map(|it| it.as_u16()), Some(404));
    remove(&fake, store, "web01.pfx").await;
    fill(&fake);
    let forgotten = "the fake no longer has the first 3 requests since the mark or the start, so this cannot be checked: it keeps \
                     the last 10,000 requests and 64 MiB of bodies; call `mark()` later, or assert earlier";
    assert_eq!(said(|| fake.assert_untouched()), forgotten);
    assert_eq!(said(|| fake.assert_sent_once(KeyfactorCall::RemoveCertificates)), forgotten);
    assert_eq!(
        said(|| fake.assert_no_unknown_requests()),
        "1 request unknown to the fake:\n  1 more that the fake no longer has"
    );
    fake.mark();
    fake.assert_untouched();
    remove(&fake, store, "web02.pfx").await;
    fake.assert_sent_once(KeyfactorCall::RemoveCertificates);
}
