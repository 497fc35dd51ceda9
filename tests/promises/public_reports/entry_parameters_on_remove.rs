//! "Removing a certificate from IIS fails: site name and binding are missing." The type of the store declares entry parameters
//! that a removal needs, and a removal by thumbprint carried none.

use clm::keyfactor::{
    CertificateId, CertificateStoreId, Client, JobFieldsFromInventory, PlannedStoreType, RemovalPlan, Schedule,
};
use clm::testing::{FakeCertificate, FakeJobState, FakeKeyfactor, FakeStoreType, KeyfactorPermission};
use serde_json::{Value, json};

const BINDING: [(&str, &str); 4] =
    [("SiteName", "Default Web Site"), ("IPAddress", "*"), ("Protocol", "https"), ("HostName", "www.example.com")];

struct Bound {
    fake: FakeKeyfactor,
    keyfactor: Client,
    store: CertificateStoreId,
    id: CertificateId,
}

/// An IIS store with a certificate and this binding.
async fn bound(parameters: &[(&'static str, &'static str)]) -> Bound {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store_of_type(FakeStoreType::iis());
    let id = fake.issue(FakeCertificate::new("www.example.com").private_key());
    fake.put_entry(store, fake.thumbprint(id), id, parameters.iter().copied());
    let keyfactor = fake.client();
    Bound { fake, keyfactor, store, id }
}

impl Bound {
    async fn plan(&self) -> RemovalPlan {
        let located = self.keyfactor.certificates().locations_of(self.id).send().await.unwrap();
        self.keyfactor.certificate_stores().plan_removal(&located).await.unwrap()
    }

    /// The job fields of the last change that was sent.
    fn sent(&self) -> Value {
        let requests = self.fake.requests();
        let last = requests.iter().rfind(|it| it.method() == "POST").unwrap().json();
        last["CertificateStores"][0]["JobFields"].clone()
    }

    fn last_job(&self) -> FakeJobState {
        self.fake.run_jobs();
        self.fake.jobs().last().unwrap().state
    }
}

#[tokio::test]
async fn a_removal_by_thumbprint_says_what_the_type_asks_for() {
    let bound = bound(&BINDING).await;
    let stores = bound.keyfactor.certificate_stores();
    let plan = bound.plan().await;
    let needed = json!({"IPAddress": "*", "Protocol": "https", "SiteName": "Default Web Site"});
    assert_eq!(json!(plan.removals[0].job_fields_on_remove()), needed, "the plan says it beforehand");
    assert_eq!(plan.removals[0].missing_on_remove().count(), 0);

    stores.remove(&plan, Schedule::Immediate).send().await.unwrap();
    assert_eq!((bound.sent(), bound.last_job()), (needed.clone(), FakeJobState::Succeeded));
    assert!(bound.fake.aliases(bound.store).is_empty());

    // And back: without the alias, all that the inventory showed tells which binding it was.
    stores.add_back(&plan, Schedule::Immediate).send().await.unwrap();
    let mut all = needed;
    all["HostName"] = json!("www.example.com");
    assert_eq!((bound.sent(), bound.last_job()), (all, FakeJobState::Succeeded));
    let rows = stores.inventory(bound.store).rows().unwrap().collect().await.unwrap();
    assert!(BINDING.iter().all(|(name, value)| rows[0].parameters[*name] == *value), "{rows:?}");
}

#[tokio::test]
async fn the_caller_decides_what_is_taken_from_the_inventory() {
    for (choice, names, ends) in [
        (JobFieldsFromInventory::Never, vec![], FakeJobState::Failed),
        (JobFieldsFromInventory::WhereNeeded, vec!["IPAddress", "Protocol", "SiteName"], FakeJobState::Succeeded),
        (
            JobFieldsFromInventory::Always,
            vec!["HostName", "IPAddress", "Protocol", "SiteName"],
            FakeJobState::Succeeded,
        ),
    ] {
        let bound = bound(&BINDING).await;
        let removal = bound.keyfactor.certificate_stores().remove(&bound.plan().await, Schedule::Immediate);
        removal.job_fields_from_inventory(choice).send().await.unwrap();
        let sent = bound.sent();
        let sent: Vec<&str> = sent.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        assert_eq!((sent, bound.last_job()), (names, ends), "{choice:?}");
    }
}

#[tokio::test]
async fn what_the_inventory_does_not_show_is_named_and_can_be_given() {
    let bound = bound(&[("SiteName", "Default Web Site"), ("HostName", "")]).await;
    let stores = bound.keyfactor.certificate_stores();
    let plan = bound.plan().await;
    let missing: Vec<&str> = plan.removals[0].missing_on_remove().collect();
    assert_eq!(missing, ["IPAddress", "Protocol"]);
    assert_eq!(plan.removals[0].missing_on_add().collect::<Vec<_>>(), missing);

    stores.remove(&plan, Schedule::Immediate).send().await.unwrap();
    assert_eq!(bound.last_job(), FakeJobState::Failed);
    let removal = stores.remove(&plan, Schedule::Immediate);
    // What the caller says comes first.
    let removal = removal.map_locations(|it| it.job_field("IPAddress", "*").job_field("Protocol", "https"));
    let removal = removal.map_locations(|it| it.job_field("sitename", "Default Web Site"));
    assert!(!format!("{removal:?}").contains("Default Web Site"));
    removal.send().await.unwrap();
    assert_eq!(bound.sent(), json!({"IPAddress": "*", "Protocol": "https", "sitename": "Default Web Site"}));
    assert_eq!(bound.last_job(), FakeJobState::Succeeded);
}

#[tokio::test]
async fn without_the_type_nothing_is_taken_unless_it_is_asked_for() {
    let bound = bound(&BINDING).await;
    bound.fake.restrict_to([
        KeyfactorPermission::ReadCertificates,
        KeyfactorPermission::ReadStores,
        KeyfactorPermission::ScheduleStores,
    ]);
    let stores = bound.keyfactor.certificate_stores();
    let plan = bound.plan().await;
    assert!(
        matches!(&plan.removals[0].store_type, PlannedStoreType::Unknown { why } if why.contains("403")),
        "{plan:?}"
    );
    stores.remove(&plan, Schedule::Immediate).send().await.unwrap();
    assert_eq!((bound.sent(), bound.last_job()), (Value::Null, FakeJobState::Failed));
    let removal = stores.remove(&plan, Schedule::Immediate);
    removal.job_fields_from_inventory(JobFieldsFromInventory::Always).send().await.unwrap();
    assert_eq!(
        (bound.sent()["SiteName"].as_str(), bound.last_job()),
        (Some("Default Web Site"), FakeJobState::Succeeded)
    );
    // It may read types by now: the refusal was not remembered.
    bound.fake.put_entry(bound.store, bound.fake.thumbprint(bound.id), bound.id, BINDING);
    bound.fake.restrict_to([
        KeyfactorPermission::ReadCertificates,
        KeyfactorPermission::ReadStores,
        KeyfactorPermission::ReadStoreTypes,
    ]);
    assert_eq!(bound.plan().await.removals[0].store_type.needs().unwrap().short_name.as_deref(), Some("IISU"));
}
