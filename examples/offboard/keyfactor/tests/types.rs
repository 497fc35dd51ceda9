//! What the plan says of the types of stores.

use clm::testing::FakeStoreType;

use super::*;

#[tokio::test]
async fn the_plan_says_what_the_type_asks_for_and_who_chooses_the_alias() {
    let scene = Scene::new().await;
    let store = scene.fake.add_store_of_type(FakeStoreType::iis());
    let binding = [("SiteName", "Shop"), ("IPAddress", "*"), ("Protocol", "https")];
    scene.fake.put_entry(store, scene.thumbprint.clone(), scene.certificate, binding);
    let mut job = scene.removal();
    job.consent.expect = Some(3);
    let (_, text) = ran(job, Mode::Show).await;
    let fields = r#"taken from the inventory: {"IPAddress":"*","Protocol":"https","SiteName":"Shop"}"#;
    let told =
        ["with private key, same alias\n", "with private key, the store chooses the alias\n", "web00003.", fields];
    assert_tells(&text, &told);
    assert!(!text.contains("unknown"), "{text}");
}

#[tokio::test]
async fn the_plan_says_that_a_type_is_unknown_and_why() {
    let scene = Scene::new().await;
    scene.fake.restrict_to([KeyfactorPermission::ReadCertificates, KeyfactorPermission::ReadStores]);
    let (ended, text) = ran(scene.removal(), Mode::Show).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_tells(
        &text,
        &[
            "with private key, same alias if the store type allows it",
            "NOTE: store type unknown for 2 stores: ",
            "403",
            "web00001.example.com /etc/certificates/00001",
            "web00002.example.com /etc/certificates/00002",
            "whether an undo can set",
        ],
    );
}
