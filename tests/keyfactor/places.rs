//! Finding the entry of a plan, and the result of a confirmation, of a location.

use std::collections::BTreeSet;

use clm::SharedError;
use clm::keyfactor::{
    CertificateLocation, Confirmation, ConfirmedLocation, Error, LookupError, PutBackVerdict, RemovalVerdict, Schedule,
};
use clm::testing::{FakeCertificate, FakeKeyfactor, FakeStoreType};
use uuid::Uuid;

const THUMBPRINT: &str = "00112233445566778899AABBCCDDEEFF00112233";

#[test]
fn gone_is_what_all_gone_accepts() {
    let error = SharedError::from(Error::from(LookupError::NothingVisible { certificate: 7.into() }));
    let verdicts = [
        (RemovalVerdict::Gone, true),
        (RemovalVerdict::HoldsAnother { thumbprint: THUMBPRINT.to_owned() }, true),
        (RemovalVerdict::AliasGone, false),
        (RemovalVerdict::UnderAnotherAlias { alias: "b".to_owned() }, false),
        (RemovalVerdict::StillThere, false),
        (RemovalVerdict::NeverListed, false),
        (RemovalVerdict::NotInventoried { listed: true }, false),
        (RemovalVerdict::NotInventoried { listed: false }, false),
        (RemovalVerdict::NotRead, false),
        (RemovalVerdict::Unreadable(error), false),
    ];
    for (verdict, is_gone) in verdicts {
        assert_eq!(verdict.is_gone(), is_gone, "{verdict:?}");
        let location = CertificateLocation::new(Uuid::from_u128(1), "a");
        let confirmation = Confirmation::new([ConfirmedLocation::new(location, verdict.clone())], []);
        assert_eq!(confirmation.all_gone(), is_gone, "{verdict:?}");
    }
}

#[test]
fn a_confirmation_has_the_result_of_each_location() {
    let place = |alias: &str| CertificateLocation::new(Uuid::from_u128(1), alias).expecting_thumbprint(THUMBPRINT);
    let (shop, intranet) = (place("www").job_field("SiteName", "Shop"), place("www").job_field("SiteName", "Intranet"));
    let confirmation = Confirmation::new(
        [
            ConfirmedLocation::new(shop.clone(), PutBackVerdict::Back),
            ConfirmedLocation::new(intranet.clone(), PutBackVerdict::NotListed),
            ConfirmedLocation::new(place("mail"), PutBackVerdict::NotRead),
        ],
        [],
    );
    let of = |location: &CertificateLocation| confirmation.of(location).map(|it| it.verdict.clone());
    assert!(matches!(of(&shop), Some(PutBackVerdict::Back)));
    assert!(matches!(of(&intranet), Some(PutBackVerdict::NotListed)));
    // Job fields that were added or left out do not make it another place.
    assert!(matches!(of(&place("www")), Some(PutBackVerdict::Back)));
    assert!(matches!(of(&place("mail").job_field("SiteName", "Mail")), Some(PutBackVerdict::NotRead)));
    for other in [
        place("ftp"),
        CertificateLocation::new(Uuid::from_u128(2), "mail").expecting_thumbprint(THUMBPRINT),
        CertificateLocation::new(Uuid::from_u128(1), "mail").expecting_thumbprint("0".repeat(40)),
        CertificateLocation::new(Uuid::from_u128(1), "mail"),
    ] {
        assert!(of(&other).is_none(), "{other:?}");
    }
}

#[tokio::test]
async fn a_plan_has_the_entry_of_each_location() {
    let fake = FakeKeyfactor::start().await;
    let (iis, pem) = (fake.add_store_of_type(FakeStoreType::iis()), fake.add_store());
    let certificate = fake.issue(FakeCertificate::new("www.example.com"));
    for site in ["Shop", "Intranet"] {
        fake.put_entry(iis, "www", certificate, [("SiteName", site), ("Port", "443")]);
    }
    fake.put(pem, "www.pem", certificate);
    let stores = fake.client().certificate_stores();
    let plan = stores.plan_removal_of([fake.thumbprint(certificate)]).send().await.unwrap();
    assert_eq!(plan.removals.len(), 3);

    // Each location leads to its own entry, and none to another's.
    let outcome = stores.remove(&plan, Schedule::Immediate).one_job_per_location().send().await.unwrap();
    let found = outcome.items().iter().map(|it| plan.removal_at(&it.item).unwrap());
    let sites: BTreeSet<_> =
        found.map(|it| (it.store_id, it.parameters.get("SiteName").cloned())).map(|it| format!("{it:?}")).collect();
    assert_eq!(sites.len(), 3, "{sites:?}");

    let bare = CertificateLocation::new(pem, "www.pem");
    assert_eq!(plan.removal_at(&bare).map(|it| it.alias.as_str()), Some("www.pem"));
    let changed = plan.removals[0].location().job_field("ServerName", "web01");
    assert_eq!(plan.removal_at(&changed), Some(&plan.removals[0]));
    let another = bare.clone().expecting_thumbprint("0".repeat(40));
    assert_eq!(plan.removal_at(&another), None);
    assert_eq!(plan.removal_at(&CertificateLocation::new(iis, "www.pem")), None);
    assert_eq!(plan.removal_at(&CertificateLocation::new(pem, "mail.pem")), None);
}
