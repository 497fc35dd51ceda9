//! "The file is fine, and the tool says that it is no JSON." PowerShell's `Out-File` and `>` write UTF-16 with a byte order mark, its
//! `-Encoding utf8` and many editors write UTF-8 with one; a plan or a configuration that went through one of them could not
//! be read any more, on the day when it was needed for the way back.

use clm::appviewx::GroupPlan;
use clm::keyfactor::{RemovalPlan, Schedule};
use clm::testing::{FakeAppViewX, FakeCertificate, FakeKeyfactor};

/// The same text as tools write it anew.
fn rewritten(text: &str) -> Vec<Vec<u8>> {
    let marked = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let utf16 = |bytes_of: fn(u16) -> [u8; 2]| marked.encode_utf16().flat_map(bytes_of).collect();
    vec![text.into(), marked.clone().into(), utf16(u16::to_le_bytes), utf16(u16::to_be_bytes)]
}

#[tokio::test]
async fn a_removal_plan_is_the_way_back_in_every_encoding() {
    for encoding in 0..4 {
        let fake = FakeKeyfactor::start().await;
        let (store, keyfactor) = (fake.add_store(), fake.client());
        let id = fake.issue(FakeCertificate::new("bücher.example.com").private_key());
        fake.put(store, "bücher.pfx", id);
        let stores = keyfactor.certificate_stores();
        let plan = stores.plan_removal_of([fake.thumbprint(id)]).send().await.unwrap();
        let mut file = Vec::new();
        plan.write_to(&mut file).unwrap();
        stores.remove(&plan, Schedule::Immediate).send().await.unwrap();
        fake.run_jobs();

        let file = rewritten(&String::from_utf8(file).unwrap()).swap_remove(encoding);
        let read = RemovalPlan::read_from(&*file).unwrap();
        assert_eq!(read, plan);
        stores.add_back(&read, Schedule::Immediate).send().await.unwrap();
        fake.run_jobs();
        assert_eq!(fake.held(store, "bücher.pfx"), Some(id));
    }
}

#[tokio::test]
async fn so_is_a_group_plan() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate("67bc2ca76a105e1a05691c1c", "büro");
    let groups = fake.client().certificate_groups();
    let plan = groups.remember_groups(["67bc2ca76a105e1a05691c1c"]).send().await.unwrap();
    let mut file = Vec::new();
    plan.write_to(&mut file).unwrap();
    for file in rewritten(&String::from_utf8(file).unwrap()) {
        assert_eq!(GroupPlan::read_from(&*file).unwrap(), plan);
        assert_eq!(GroupPlan::from_json(file).unwrap(), plan);
    }
}

#[cfg(feature = "config-file")]
#[test]
fn so_is_a_configuration() {
    use clm::keyfactor::ClientBuilder;
    use serde_json::json;

    let profile = json!({"host": "keyfactor.example.com", "access_token": "a-token", "api_path": "KeyfactorAPI"});
    let text = serde_json::to_string_pretty(&json!({"servers": {"default": profile}})).unwrap();
    for (number, bytes) in rewritten(&text).into_iter().enumerate() {
        let name = format!("clm-byte-order-mark-{}-{number}.json", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, bytes).unwrap();
        let read = ClientBuilder::from_config_file(&path, "default");
        std::fs::remove_file(&path).unwrap();
        read.unwrap().build().unwrap();
    }
}
