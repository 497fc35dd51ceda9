//! What the values print, and which of them can be read from text.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use clm::appviewx::{
    AssignBackState, Comment, GroupMembership, Keyword, LogoutOutcome, NotRemembered, RememberedGroup, ResourceId,
    RevocationState, SortOrder,
};
use clm::http::StatusCode;
use clm::keyfactor::{
    CertificateId, CertificateLocation, CertificateStoreEntry, CertificateStoreId, CertificateStoreTypeId,
    CollectionId, ConfirmedLocation, ContainerId, CustomAlias, EntryParameterType, ErrorKind, JobAction, JobChange,
    JobHistoryId, JobId, JobResult, JobState, JobStatus, JobsReport, OpenJobPlace, PlannedCertificate, PlannedRemoval,
    PrivateKeyAllowed, PutBackVerdict, RemovalVerdict, Restorability, RestoredSchedule, SavedSchedule, ScheduleAfter,
    ServerSchedule, Thumbprint, TriggeredInventory,
};
use clm::serde_json::{self, from_value, json};
use clm::uuid::Uuid;
use clm::{ItemState, SharedError, appviewx, keyfactor};
use serde::Serialize;
use serde::de::DeserializeOwned;

const THUMBPRINT: &str = "00112233445566778899AABBCCDDEEFF00112233";

fn store() -> Uuid {
    Uuid::from_u128(0x5707)
}

/// An error of the client, for states that have one.
fn error() -> SharedError<keyfactor::Keyfactor> {
    keyfactor::Error::from(keyfactor::LookupError::NothingVisible { certificate: 7.into() }).into()
}

fn printed<T: Display>(expected: &str, value: &T) {
    assert_eq!(value.to_string(), expected);
}

/// Text, value, text; JSON, value, JSON.
fn round_trip<T>(text: &str, value: &T)
where
    T: FromStr<Err: Debug> + Display + Serialize + DeserializeOwned + PartialEq + Debug,
{
    assert_eq!(text.parse::<T>().unwrap(), *value, "{text}");
    assert_eq!(value.to_string().parse::<T>().unwrap(), *value, "{text}");
    assert_eq!(serde_json::from_str::<T>(&serde_json::to_string(value).unwrap()).unwrap(), *value, "{text}");
}

#[test]
fn every_id_is_read_from_what_it_prints() {
    round_trip("7", &CertificateId::from(7));
    round_trip("9223372036854775807", &JobHistoryId::from(i64::MAX));
    round_trip("7", &CollectionId::from(7));
    round_trip("7", &ContainerId::from(7));
    round_trip("0", &CertificateStoreTypeId::from(0));
    let guid = "00000000-0000-0000-0000-000000005707";
    round_trip(guid, &CertificateStoreId::from(store()));
    round_trip(guid, &JobId::from(store()));
    round_trip("67bc2ca76a105e1a05691c1c", &ResourceId::from("67bc2ca76a105e1a05691c1c"));
    round_trip("00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33", &Thumbprint::from(THUMBPRINT));
    assert_eq!("CHG 1234".parse::<Comment>().unwrap(), Comment::new("CHG 1234").unwrap());
}

#[test]
fn what_is_no_id_is_refused_with_the_reason() {
    for text in ["", " 7", "7 ", "seven", "2147483648", "7.0"] {
        assert!(text.parse::<CertificateId>().is_err(), "{text:?}");
        assert!(text.parse::<CollectionId>().is_err(), "{text:?}");
        assert!(text.parse::<ContainerId>().is_err(), "{text:?}");
        assert!(text.parse::<CertificateStoreTypeId>().is_err(), "{text:?}");
    }
    assert!("9223372036854775808".parse::<JobHistoryId>().is_err());
    let reasons = |error: &clm::ValidationError| {
        error.problems().iter().map(|it| (it.field().to_owned(), format!("{:?}", it.reason()))).collect::<Vec<_>>()
    };
    let of = |field: &str, reason: &str| vec![(field.to_owned(), reason.to_owned())];
    let longer = format!("{THUMBPRINT}0");
    for (text, reason) in [("", "Empty"), ("00:11:22", "NotAThumbprint"), (longer.as_str(), "NotAThumbprint")] {
        assert_eq!(reasons(&text.parse::<Thumbprint>().unwrap_err()), of("thumbprint", reason), "{text:?}");
    }
    assert_eq!(reasons(&"".parse::<ResourceId>().unwrap_err()), of("resource_id", "Empty"));
    assert_eq!(reasons(&" ".parse::<ResourceId>().unwrap_err()), of("resource_id", "Blank"));
    let two = "67bc2ca76a105e1a05691c1c,67bc2ca76a105e1a05691c1d".parse::<ResourceId>().unwrap_err();
    assert_eq!(two.problems().len(), 1, "{two}");
    assert!("CHG-1234".parse::<Comment>().is_err());
}

#[test]
fn locations_and_entries_print_where_they_are_and_no_secret() {
    let place = r#""web\u{1b}01.pfx" in store 00000000-0000-0000-0000-000000005707"#;
    let location = CertificateLocation::new(store(), "web\u{1b}01.pfx").job_field("Pin", "secret-marker");
    printed(place, &location);
    printed(&format!("{place}: gone"), &ConfirmedLocation::new(location.clone(), RemovalVerdict::Gone));
    let entry = CertificateStoreEntry::new(store())
        .job_field("Pin", "secret-marker")
        .entry_password("secret-marker")
        .pfx_password("secret-marker");
    printed("store 00000000-0000-0000-0000-000000005707", &entry);
    printed(place, &entry.alias("web\u{1b}01.pfx"));
    let removal: PlannedRemoval = from_value(json!({
        "thumbprint": THUMBPRINT, "store_id": store(), "store_machine": "web01\r\n", "store_path": "/etc",
        "alias": "web\u{1b}01.pfx", "parameters": {"Pin": "secret-marker"}, "put_back": "impossible",
    }))
    .unwrap();
    printed(&format!(r"{place}, web01\r\n, /etc"), &removal);
    let certificate: PlannedCertificate =
        from_value(json!({"id": 7, "thumbprint": THUMBPRINT, "issued_cn": "web01", "has_private_key": true})).unwrap();
    printed(&format!(r#""web01", {THUMBPRINT}"#), &certificate);
}

#[test]
fn the_vendors_terms_print_as_the_vendor_writes_them() {
    printed("CompletedWillRetry", &JobStatus::CompletedWillRetry);
    printed("Failure", &JobResult::Failure);
    printed("Forbidden", &CustomAlias::Forbidden);
    printed("Required", &PrivateKeyAllowed::Required);
    printed("MultipleChoice", &EntryParameterType::MultipleChoice);
    printed("Reschedule", &JobAction::Reschedule);
    printed("Unschedule", &JobAction::Unschedule);
    printed("Acknowledge", &JobAction::Acknowledge);
    printed(r"odd\nvalue", &JobStatus::Other("odd\nvalue".to_owned()));
    printed("superseded", &keyfactor::RevocationReason::Superseded);
    printed("code 999", &keyfactor::RevocationReason::Other(999));
    printed("CA compromise", &appviewx::RevocationReason::CaCompromise);
    printed("subject:cn", &Keyword::SubjectCommonName);
    printed("asc", &SortOrder::Ascending);
    printed("desc", &SortOrder::Descending);
    printed("forbidden", &ErrorKind::Forbidden);
    printed("418 I'm a teapot", &ErrorKind::Other(StatusCode::IM_A_TEAPOT));
    assert_eq!(format!("[{:<8}]", JobResult::Failure), "[Failure ]", "it can be a column");
}

#[test]
fn the_states_of_jobs_print_in_words() {
    printed("waiting for its orchestrator", &JobState::Pending);
    printed("running", &JobState::Running);
    printed("will be retried", &JobState::WillRetry);
    printed("Warning", &JobState::Done(JobResult::Warning));
    printed(r"odd\u{7}", &JobState::Other("odd\u{7}".to_owned()));
    printed("waiting for its orchestrator", &OpenJobPlace::Scheduled);
    printed("started", &OpenJobPlace::Begun);
    printed("not found", &OpenJobPlace::Unknown);
    let job = JobId::from(store());
    let entry =
        from_value(json!({"JobHistoryId": 1, "JobId": job, "Status": "InProcess", "Result": "Unknown"})).unwrap();
    printed("job 00000000-0000-0000-0000-000000005707: running", &JobChange::of_run(entry));
    let report = JobsReport::of_runs([job], []);
    printed("job 00000000-0000-0000-0000-000000005707: not finished: not found", &report.still_open()[0]);
}

#[test]
fn verdicts_print_in_words() {
    let unreadable = "certificate 7 does not exist or is not visible to this account";
    printed("gone", &RemovalVerdict::Gone);
    printed("still listed", &RemovalVerdict::StillThere);
    printed("replaced by AB", &RemovalVerdict::HoldsAnother { thumbprint: "AB".to_owned() });
    printed(r#"still listed, under the alias "b\n""#, &RemovalVerdict::UnderAnotherAlias { alias: "b\n".to_owned() });
    printed("listed, but the store has no inventory schedule", &RemovalVerdict::NotInventoried { listed: true });
    printed(&format!("the inventory cannot be used: {unreadable}"), &RemovalVerdict::Unreadable(error()));
    printed("back", &PutBackVerdict::Back);
    printed(r#"back, under the alias "b""#, &PutBackVerdict::BackUnderAnotherAlias { alias: "b".to_owned() });
    printed("not back: the alias holds AB", &PutBackVerdict::HoldsAnother { thumbprint: "AB".to_owned() });
    printed("not listed", &PutBackVerdict::NotListed);
    printed("unchanged", &ScheduleAfter::Unchanged);
    printed("changed since to none", &ScheduleAfter::ChangedSince { now: ServerSchedule::Unset });
    let gone = ScheduleAfter::Gone { was: ServerSchedule::Unset, error: error() };
    printed(&format!("lost; it was none, and could not be restored: {unreadable}"), &gone);
    printed("needs a decision about the private key", &Restorability::Unclear);
    let of_store = "store 00000000-0000-0000-0000-000000005707";
    let mut triggered = TriggeredInventory::new(store(), ServerSchedule::Unset, ScheduleAfter::NoneBefore);
    printed(&format!("{of_store}: inventory triggered, schedule none before"), &triggered);
    triggered.error = Some(error());
    printed(&format!("{of_store}: inventory not triggered: {unreadable}; schedule none before"), &triggered);
    triggered.schedule_after = ScheduleAfter::NotAsked;
    printed(&format!("{of_store}: inventory not triggered: {unreadable}"), &triggered);
    printed(
        &format!("{of_store}: none: unchanged"),
        &RestoredSchedule::new(store(), ServerSchedule::Unset, ScheduleAfter::Unchanged),
    );
    let saved: SavedSchedule = from_value(json!({"store_id": store()})).unwrap();
    printed(&format!("{of_store}: none"), &saved);
}

#[test]
fn the_states_of_items_print_in_words_with_their_error() {
    let unreadable = "certificate 7 does not exist or is not visible to this account";
    printed("confirmed", &ItemState::<keyfactor::Keyfactor>::Confirmed);
    printed("not confirmed", &ItemState::<keyfactor::Keyfactor>::Unconfirmed);
    printed(&format!("refused: {unreadable}"), &ItemState::Refused(error()));
    printed(&format!("refused together with other items: {unreadable}"), &ItemState::RefusedTogether(error()));
    printed(&format!("may have been carried out: {unreadable}"), &ItemState::Unknown(error()));
    printed(&format!("not sent: {unreadable}"), &ItemState::NotSent(error()));
}

#[test]
fn groups_and_revocations_print_in_words() {
    printed(r"web\r\nservers", &GroupMembership::Group("web\r\nservers".to_owned()));
    printed("group not named", &GroupMembership::GroupNotNamed);
    printed("confirmed", &AssignBackState::Sent(ItemState::Confirmed));
    printed(r#"moved since, to "archive""#, &AssignBackState::MovedOn(Some("archive".to_owned())));
    printed("the search still shows it in its old group", &AssignBackState::NotSeenYet);
    printed("revoked", &RevocationState::Revoked);
    printed("no session", &LogoutOutcome::NoSession);
    // A plan may come from a file.
    let remembered: RememberedGroup = from_value(json!({"resource_id": "a\n1", "group": "web\u{202e}"})).unwrap();
    printed(r"a\n1: web\u{202e}", &remembered);
    let not_remembered: NotRemembered = from_value(json!({"resource_id": "a1", "why": "not\nfound"})).unwrap();
    printed(r"a1: not\nfound", &not_remembered);
}

#[tokio::test]
async fn an_item_of_a_batch_prints_on_one_line() {
    let scene = clm::testing::Scene::offboarding().await;
    let client = scene.keyfactor.client();
    let removal = client.certificate_stores().remove_certificates(scene.locations(), keyfactor::Schedule::Immediate);
    let outcome = removal.one_job_per_location().send().await.unwrap();
    let located = client.certificates().locations_of(scene.thumbprint()).send().await.unwrap();
    for (item, found) in outcome.items().iter().zip(located.locations()) {
        printed(&format!("{}: confirmed", item.item), item);
        let place = [found.store_machine().unwrap(), found.store_path().unwrap()].join(", ");
        printed(&format!("{}, {place}", found.location()), found);
    }
    let ids = scene.resource_ids();
    let outcome = scene.appviewx.client().certificate_groups().unassign(ids).in_calls().send().await.unwrap();
    printed(&format!("{}: confirmed", ids[0]), &outcome.items()[0]);
}
