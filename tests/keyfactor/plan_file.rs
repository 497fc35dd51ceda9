//! Plans as files: what is told apart when one cannot be used.

use std::io::{self, Read};

use clm::PlanError;
use clm::appviewx::GroupPlan;
use clm::keyfactor::{RemovalPlan, Schedule};
use clm::testing::{FakeAppViewX, FakeCertificate, FakeKeyfactor};
use serde_json::{Value, json};

use crate::support::texts;

const REMOVAL: &str = "clm.keyfactor.removal-plan";
const GROUPS: &str = "clm.appviewx.group-plan";

/// A plan of two certificates, and its file.
async fn written() -> (FakeKeyfactor, RemovalPlan, String) {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let ids = ["one", "zwölf \u{1f600}"].map(|name| fake.issue(FakeCertificate::new(name).private_key()));
    for id in ids {
        fake.put(store, fake.thumbprint(id), id);
    }
    let given = ids.map(|id| fake.thumbprint(id));
    let plan = fake.client().certificate_stores().plan_removal_of(given).send().await.unwrap();
    let mut file = Vec::new();
    plan.write_to(&mut file).unwrap();
    (fake, plan, String::from_utf8(file).unwrap())
}

async fn group_plan() -> String {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate("a", "web");
    let plan = fake.client().certificate_groups().remember_groups(["a"]).send().await.unwrap();
    let mut file = Vec::new();
    plan.write_to(&mut file).unwrap();
    String::from_utf8(file).unwrap()
}

#[tokio::test]
async fn a_file_begins_with_what_it_is() {
    let (fake, plan, text) = written().await;
    let value: Value = serde_json::from_str(&text).unwrap();
    let header = &value["header"];
    assert!(
        text.starts_with("{\n  \"header\": {\n    \"format\": \"clm.keyfactor.removal-plan\",\n    \"version\": 1,")
    );
    assert!(text.ends_with("}\n"));
    assert_eq!(header["server"], fake.url());
    assert_eq!(header["made_by"], concat!("clm ", env!("CARGO_PKG_VERSION")));
    let made_at = plan.header.made_at.unwrap();
    assert_eq!(header["made_at"], made_at.to_string());
    assert_eq!((made_at.subsec_nanosecond(), plan.header.format(), plan.header.version()), (0, REMOVAL, 1));
    assert_eq!(RemovalPlan::from_json(&text).unwrap(), plan);
    assert_eq!(serde_json::from_str::<RemovalPlan>(&text).unwrap(), plan);
    // `jq -S` sorts the members.
    let sorted = serde_json::to_string(&value).unwrap();
    assert!(sorted.starts_with("{\"certificates\""), "{sorted}");
    assert_eq!(RemovalPlan::read_from(sorted.as_bytes()).unwrap(), plan);
}

// Every member of a plan may stand first.
#[tokio::test]
async fn a_file_may_begin_with_each_of_its_members() {
    let (_, plan, text) = written().await;
    let value: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    for first in value.keys() {
        let rest: Vec<_> =
            value.iter().filter(|(name, _)| *name != first).map(|(name, it)| format!("{name:?}:{it}")).collect();
        let text = format!("{{ {first:?} : {}, {}}}", value[first], rest.join(","));
        assert_eq!(RemovalPlan::read_from(text.as_bytes()).unwrap(), plan);
    }
}

#[tokio::test]
async fn a_half_written_file_is_told_apart_from_every_byte_on() {
    let (_, _, text) = written().await;
    let whole = text.trim_end().as_bytes();
    for end in 0..whole.len() {
        let error = RemovalPlan::read_from(&whole[..end]).unwrap_err();
        assert!(matches!(error, PlanError::CutOff), "{end}: {error:?}");
    }
    let utf16: Vec<u8> = format!("\u{feff}{}", text.trim_end()).encode_utf16().flat_map(u16::to_le_bytes).collect();
    for end in 3..utf16.len() {
        let error = RemovalPlan::from_json(&utf16[..end]).unwrap_err();
        assert!(matches!(error, PlanError::CutOff), "{end}: {error:?}");
    }
    // What a crash leaves of a file whose length was written before its content.
    let mut zeros = text.clone().into_bytes();
    zeros.truncate(500);
    zeros.resize(1_000, 0);
    for bytes in [zeros, vec![0; 300]] {
        let error = RemovalPlan::from_json(bytes).unwrap_err();
        assert!(matches!(error, PlanError::CutOff), "{error:?}");
    }
}

#[tokio::test]
async fn plans_of_the_other_vendor_are_refused_by_their_name() {
    let (_, _, text) = written().await;
    let groups = group_plan().await;
    let another = |error: PlanError| match error {
        PlanError::AnotherFormat { found, expected, .. } => (found, expected),
        error => panic!("{error:?}"),
    };
    let found = another(RemovalPlan::from_json(&groups).unwrap_err());
    assert_eq!(found, (Some(GROUPS.to_owned()), REMOVAL));
    let found = another(GroupPlan::from_json(&text).unwrap_err());
    assert_eq!(found, (Some(REMOVAL.to_owned()), GROUPS));
    let error = serde_json::from_str::<GroupPlan>(&text).unwrap_err().to_string();
    assert!(error.contains(REMOVAL) && error.contains(GROUPS), "{error}");
    for text in
        ["{}", "[]", " [1, 2", "{\"servers\": {}}", "{\"remembered\": [], \"not_remembered\": []}", "{\"header\": 1}"]
    {
        assert_eq!(another(RemovalPlan::from_json(text).unwrap_err()), (None, REMOVAL), "{text}");
    }
    let found = another(RemovalPlan::from_json("{\"header\": {\"format\": \"x\\n\"}}").unwrap_err());
    assert_eq!(found, (Some("x\n".to_owned()), REMOVAL));
}

#[test]
fn what_is_no_json_says_so() {
    let cases: [&[u8]; 6] =
        [b"removals:\n", b"<html></html>", b"\x7fELF", b"{\"header\" = 1}", b"{\"header\": \"\xff\"}", b"{} {}"];
    for bytes in cases {
        let error = RemovalPlan::from_json(bytes).unwrap_err();
        assert!(matches!(error, PlanError::NotJson(_)), "{bytes:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_newer_version_is_refused_by_its_number() {
    let (_, _, text) = written().await;
    let newer =
        text.replace("\"version\": 1", "\"version\": 2").replace("\"made_by\": \"clm ", "\"made_by\": \"clm 9.");
    let error = RemovalPlan::from_json(newer).unwrap_err();
    let PlanError::NewerVersion { version, known, by, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*version, *known), (2, 1));
    assert!(by.as_deref().unwrap().starts_with("clm 9."));
    assert!(error.to_string().contains("version 2"), "{error}");
}

#[tokio::test]
async fn a_plan_that_was_changed_by_hand_is_refused_where_it_is_wrong() {
    let (_, plan, text) = written().await;
    let value: Value = serde_json::from_str(&text).unwrap();
    let malformed = |change: &dyn Fn(&mut Value)| {
        let mut value = value.clone();
        change(&mut value);
        match RemovalPlan::from_json(value.to_string()).unwrap_err() {
            PlanError::Malformed(problem) => problem,
            error => panic!("{error:?}"),
        }
    };
    let gone = |name: &'static str| {
        move |it: &mut Value| {
            it.as_object_mut().unwrap().remove(name);
        }
    };
    assert!(malformed(&gone("removals")).contains("`removals`"));
    assert!(malformed(&gone("certificates")).contains("`certificates`"));
    assert!(malformed(&|it| it["removals"][0] = json!({})).contains("missing field"));
    assert!(malformed(&|it| it["header"]["version"] = json!("one")).contains("`header`"));
    // A place that names none of the certificates would go without being known.
    let thumbprint = plan.certificates[0].thumbprint.as_str();
    assert!(malformed(&|it| it["certificates"] = json!([it["certificates"][1]])).contains(thumbprint));
    let twice = malformed(&|it| it["certificates"] = json!([it["certificates"][0], it["certificates"][0]]));
    assert!(twice.contains("twice"), "{twice}");
    // What a file has in the place of a thumbprint changes no terminal and no line of a log.
    let hostile = "\u{1b}[2JAB\u{202e}";
    for printed in [
        malformed(&|it| it["removals"][0]["thumbprint"] = json!(hostile)),
        malformed(&|it| {
            for entry in [0, 1] {
                it["certificates"][entry]["thumbprint"] = json!(hostile);
            }
        }),
    ] {
        assert!(printed.contains("[2JAB") && !printed.contains(['\u{1b}', '\u{202e}']), "{printed:?}");
    }
}

// As the first version of this crate wrote it.
#[tokio::test]
async fn a_file_without_a_header_is_read_and_used() {
    let (fake, plan, _) = written().await;
    let (certificate, removal) = (&plan.certificates[0], &plan.removals[0]);
    let old = json!({
        "certificate_id": certificate.id, "thumbprint": certificate.thumbprint, "issued_cn": certificate.issued_cn,
        "has_private_key": true, "collection_id": null,
        "removals": [{"store_id": removal.store_id, "store_machine": null, "store_path": null, "alias": removal.alias,
            "parameters": {}, "readiness": {"agent_available": null, "approved": null, "supports_removal": null},
            "put_back": "with_private_key"}],
    });
    let read = RemovalPlan::read_from(old.to_string().as_bytes()).unwrap();
    assert_eq!((&read.header.server, read.header.made_at), (&None, None));
    assert_eq!(read.certificates, std::slice::from_ref(certificate));
    assert_eq!((read.removals.len(), &read.removals[0].thumbprint), (1, &certificate.thumbprint));
    let stores = fake.client().certificate_stores();
    stores.remove(&read, Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    stores.add_back(&read, Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    assert_eq!(fake.held(removal.store_id, &removal.alias), Some(certificate.id));
    // Written again, it has the form of today.
    let mut file = Vec::new();
    read.write_to(&mut file).unwrap();
    assert_eq!(RemovalPlan::from_json(file).unwrap(), read);
}

/// Counts what is read of it.
struct Counted<R>(R, u64);

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1 += read as u64;
        Ok(read)
    }
}

#[test]
fn a_file_that_is_no_plan_is_not_read_to_its_end() {
    for beginning in ["<html>", "{\"servers\": \"", "[1, "] {
        let mut endless = Counted(beginning.as_bytes().chain(io::repeat(b'x')), 0);
        let error = RemovalPlan::read_from(&mut endless).unwrap_err();
        assert!(matches!(error, PlanError::NotJson(_) | PlanError::AnotherFormat { .. }), "{error:?}");
        assert!(endless.1 <= 4 * 1024, "{} bytes were read", endless.1);
    }
    let limit = 128 * 1024 * 1024;
    let mut endless = Counted("{\"header\": \"".as_bytes().chain(io::repeat(b'x')), 0);
    let error = RemovalPlan::read_from(&mut endless).unwrap_err();
    assert!(matches!(error, PlanError::TooLarge { limit: at, .. } if at == limit), "{error:?}");
    assert!(endless.1 <= limit + 1, "{} bytes were read", endless.1);
}

#[test]
fn a_file_that_cannot_be_read_keeps_its_cause() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is on fire"))
        }
    }
    let error = RemovalPlan::read_from(Broken).unwrap_err();
    assert!(matches!(error, PlanError::Unreadable(_)), "{error:?}");
    assert!(texts(&error).contains("the disk is on fire"), "{}", texts(&error));
}

/// A certificate that stands in very many stores: the plan must still be there when it is wanted back.
#[tokio::test]
async fn a_plan_of_very_many_places_is_read_again_as_it_was_written() {
    let (fake, plan, _) = written().await;
    let mut value = serde_json::to_value(&plan).unwrap();
    let (certificate, mut removal) = (value["certificates"][0].clone(), value["removals"][0].clone());
    removal["store_path"] = "/".repeat(1_000).into();
    let numbers = 0..12_000;
    let of = |number: usize, row: &Value| {
        let mut row = row.clone();
        row["thumbprint"] = format!("{number:040X}").into();
        row
    };
    value["certificates"] = numbers.clone().map(|number| of(number, &certificate)).collect();
    value["removals"] = numbers.map(|number| of(number, &removal)).collect();
    let plan: RemovalPlan = serde_json::from_value(value).unwrap();
    let mut file = Vec::new();
    plan.write_to(&mut file).unwrap();
    assert!(file.len() > 16 * 1024 * 1024, "{}", file.len());
    assert!(RemovalPlan::read_from(file.as_slice()).unwrap() == plan);

    // Every call is checked before the first one, of which none is sent here.
    drop(fake.client().certificate_stores().add_back_each(&plan, Schedule::Immediate).start().unwrap());
    let one = plan.only(|it| it.thumbprint.as_str().ends_with("2EDF"));
    assert_eq!((one.removals.len(), one.certificates.len()), (1, 1));
    assert_eq!(one.certificates[0].thumbprint, one.removals[0].thumbprint);
}
