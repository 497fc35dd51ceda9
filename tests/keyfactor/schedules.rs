//! Schedules as servers write them.

use clm::keyfactor::{CertificateLocation, ErrorKind, Schedule, ServerSchedule};
use jiff::Timestamp;
use jiff::civil::Weekday;
use serde_json::{Value, json};

use crate::support::keyfactor::client;
use crate::support::scripted::{Answer, Scripted};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn read(written: &Value) -> ServerSchedule {
    ServerSchedule::from(written.clone())
}

#[test]
fn an_object_with_one_kind_is_a_schedule() {
    let late = at("2026-03-19T23:30:00Z");
    for (written, expected) in [
        (json!({"Interval": {"Minutes": 60}}), Schedule::Interval { minutes: 60 }),
        (json!({"interval": {"minutes": "60"}}), Schedule::Interval { minutes: 60 }),
        (json!({"Daily": {"Time": "2026-03-19T23:30:00Z"}}), Schedule::Daily { time: late }),
        (json!({"Daily": {"Time": "2026-03-19T23:30:00.000Z"}}), Schedule::Daily { time: late }),
        (json!({"DAILY": {"TIME": "2026-03-19T23:30:00"}}), Schedule::Daily { time: late }),
        (json!({"Daily": {"Time": "2026-03-20T00:30:00+01:00"}}), Schedule::Daily { time: late }),
        (
            json!({"Weekly": {"Days": [0, 6, "wednesday", "1"], "Time": "2026-03-19T23:30:00Z"}}),
            Schedule::Weekly {
                days: vec![Weekday::Sunday, Weekday::Saturday, Weekday::Wednesday, Weekday::Monday],
                time: late,
            },
        ),
        (json!({"Monthly": {"Day": 27, "Time": "2026-03-19T23:30:00Z"}}), Schedule::Monthly { day: 27, time: late }),
        (json!({"ExactlyOnce": {"Time": "2026-03-19T23:30:00Z"}}), Schedule::ExactlyOnce { time: late }),
        (json!({"Immediate": true}), Schedule::Immediate),
        (json!({"Off": true}), Schedule::Off),
        // As the vendor's clients write them: the other kinds stand there as null.
        (
            json!({"Immediate": null, "Interval": {"Minutes": 5}, "Daily": null, "Weekly": null, "IsEmpty": false}),
            Schedule::Interval { minutes: 5 },
        ),
        (
            json!({"Immediate": false, "Interval": {"Minutes": 5, "AddedLater": 1}, "AddedLater": {}}),
            Schedule::Interval { minutes: 5 },
        ),
        // Version 11 has a short form beside.
        (json!({"Schedule": "I_5", "Interval": {"Minutes": 5}}), Schedule::Interval { minutes: 5 }),
        (json!({"Schedule": "I_5", "IsEmpty": false}), Schedule::Interval { minutes: 5 }),
        (json!("I_60"), Schedule::Interval { minutes: 60 }),
    ] {
        assert_eq!(read(&written), ServerSchedule::Set(expected), "{written}");
    }
}

#[test]
fn a_short_form_of_a_day_is_the_next_such_time() {
    for text in ["D_23:30", "d_23:30", " D_23:30 "] {
        let ServerSchedule::Set(Schedule::Daily { time }) = read(&json!(text)) else { panic!("{text}") };
        assert!(time > Timestamp::now(), "{time}");
        assert!(Schedule::Daily { time }.means_the_same_as(&Schedule::Daily { time: at("2001-01-01T23:30:00Z") }));
    }
}

#[test]
fn what_says_nothing_is_no_schedule() {
    for written in [
        json!(null),
        json!({}),
        json!(""),
        json!(" "),
        json!(false),
        json!({"IsEmpty": true}),
        json!({"Immediate": null, "Interval": null, "Daily": null, "Schedule": null, "IsEmpty": true}),
        json!({"Immediate": false}),
    ] {
        assert_eq!(read(&written), ServerSchedule::Unset, "{written}");
    }
}

#[test]
fn what_cannot_be_read_is_kept_and_never_guessed() {
    let huge = "9".repeat(100_000);
    for written in [
        json!("W_1,3 23:30"),
        json!("M_15 23:30"),
        json!("O_2026-03-19T23:30:00Z"),
        json!("I_"),
        json!("I_0"),
        json!("I_-5"),
        json!("I_+5"),
        json!(format!("I_{huge}")),
        json!(format!("D_{huge}:00")),
        json!("D_24:00"),
        json!("D_23:60"),
        json!("D_2330"),
        json!("hourly"),
        json!("_"),
        json!(7),
        json!(true),
        json!(["I_60"]),
        json!({"Interval": {"Minutes": 0}}),
        json!({"Interval": {"Minutes": -1}}),
        json!({"Interval": {"Minutes": 2_147_483_648_i64}}),
        json!({"Interval": {"Minutes": 1.5}}),
        json!({"Interval": {"Minutes": huge}}),
        json!({"Interval": {"Minutes": 5, "minutes": 6}}),
        json!({"Interval": 5}),
        json!({"Interval": {}}),
        json!({"Daily": {}}),
        json!({"Daily": {"Time": "23:30"}}),
        json!({"Daily": {"Time": 7}}),
        json!({"Daily": {"Time": "-000001-01-01T00:00:00Z"}}),
        json!({"Weekly": {"Days": [], "Time": "2026-03-19T23:30:00Z"}}),
        json!({"Weekly": {"Days": [7], "Time": "2026-03-19T23:30:00Z"}}),
        json!({"Weekly": {"Days": ["noday"], "Time": "2026-03-19T23:30:00Z"}}),
        json!({"Monthly": {"Day": 0, "Time": "2026-03-19T23:30:00Z"}}),
        json!({"Monthly": {"Day": 32, "Time": "2026-03-19T23:30:00Z"}}),
        json!({"Immediate": "soon"}),
        // Two at once, and one that is not known.
        json!({"Immediate": true, "Interval": {"Minutes": 5}}),
        json!({"Yearly": {"Day": 1}}),
    ] {
        assert_eq!(read(&written), ServerSchedule::Unknown(written.clone()), "{written}");
        assert!(read(&written).to_string().chars().count() < 600, "{written}");
        // The file keeps it as it was.
        let kept: ServerSchedule = serde_json::from_value(serde_json::to_value(read(&written)).unwrap()).unwrap();
        assert_eq!(kept, ServerSchedule::Unknown(written.clone()), "{written}");
        assert!(
            serde_json::from_value::<Schedule>(written.clone()).unwrap_err().to_string().contains("invalid schedule")
        );
    }
}

#[test]
fn files_have_the_vendors_object() {
    let time = at("2026-03-19T23:30:00Z");
    for (schedule, written) in [
        (Schedule::Immediate, json!({"Immediate": true})),
        (Schedule::ExactlyOnce { time }, json!({"ExactlyOnce": {"Time": "2026-03-19T23:30:00.000Z"}})),
        (Schedule::Interval { minutes: 60 }, json!({"Interval": {"Minutes": 60}})),
        (Schedule::Daily { time }, json!({"Daily": {"Time": "2026-03-19T23:30:00.000Z"}})),
        (
            Schedule::Weekly { days: vec![Weekday::Sunday, Weekday::Friday], time },
            json!({"Weekly": {"Days": [0, 5], "Time": "2026-03-19T23:30:00.000Z"}}),
        ),
        (Schedule::Monthly { day: 3, time }, json!({"Monthly": {"Day": 3, "Time": "2026-03-19T23:30:00.000Z"}})),
        (Schedule::Off, json!({"Off": true})),
    ] {
        assert_eq!(serde_json::to_value(&schedule).unwrap(), written);
        assert_eq!(serde_json::from_value::<Schedule>(written.clone()).unwrap(), schedule);
        let shown = ServerSchedule::from(schedule);
        assert_eq!(serde_json::to_value(&shown).unwrap(), written);
        assert_eq!(serde_json::from_value::<ServerSchedule>(written).unwrap(), shown);
    }
    assert_eq!(serde_json::to_value(ServerSchedule::Unset).unwrap(), Value::Null);
    let error = serde_json::from_value::<Schedule>(json!({})).unwrap_err();
    assert!(error.to_string().contains("missing schedule"), "{error}");
}

#[test]
fn schedules_are_compared_by_what_they_mean() {
    let daily = |time| Schedule::Daily { time: at(time) };
    let weekly = |days: &[Weekday], time| Schedule::Weekly { days: days.to_vec(), time: at(time) };
    let (monday, friday) = (Weekday::Monday, Weekday::Friday);
    for (one, other, same) in [
        (daily("2026-03-19T23:30:00Z"), daily("2026-04-02T23:30:00.250Z"), true),
        (daily("2026-03-19T23:30:00Z"), daily("2026-03-19T23:31:00Z"), false),
        (
            weekly(&[monday, friday], "2026-03-19T23:30:00Z"),
            weekly(&[friday, monday, monday], "2026-03-23T23:30:00Z"),
            true,
        ),
        (weekly(&[monday], "2026-03-19T23:30:00Z"), weekly(&[friday], "2026-03-19T23:30:00Z"), false),
        (
            Schedule::Monthly { day: 3, time: at("2026-03-03T01:00:00Z") },
            Schedule::Monthly { day: 4, time: at("2026-03-04T01:00:00Z") },
            false,
        ),
        (
            Schedule::ExactlyOnce { time: at("2026-03-19T23:30:00Z") },
            Schedule::ExactlyOnce { time: at("2026-03-20T23:30:00Z") },
            false,
        ),
        (
            Schedule::ExactlyOnce { time: at("2026-03-19T23:30:00Z") },
            Schedule::ExactlyOnce { time: at("2026-03-19T23:30:00.5Z") },
            true,
        ),
        (Schedule::Interval { minutes: 5 }, Schedule::Interval { minutes: 6 }, false),
        (Schedule::Interval { minutes: 5 }, daily("2026-03-19T23:30:00Z"), false),
        (Schedule::Off, Schedule::Off, true),
        (Schedule::Off, Schedule::Immediate, false),
    ] {
        assert_eq!(one.means_the_same_as(&other), same, "{one} and {other}");
        let [one, other] = [one, other].map(ServerSchedule::from);
        assert_eq!(one.means_the_same_as(&other), same, "{one} and {other}");
        assert!(!one.means_the_same_as(&ServerSchedule::Unset));
    }
    let unknown = ServerSchedule::Unknown(json!("W_1"));
    assert!(unknown.means_the_same_as(&unknown.clone()) && !unknown.means_the_same_as(&ServerSchedule::Unset));
}

#[test]
fn schedules_are_told_in_words() {
    let time = at("2026-03-19T23:30:00Z");
    for (schedule, said) in [
        (Schedule::Immediate, "immediately"),
        (Schedule::ExactlyOnce { time }, "once, on 2026-03-19 at 23:30 UTC"),
        (Schedule::Interval { minutes: 1 }, "every minute"),
        (Schedule::Interval { minutes: 60 }, "every 60 minutes"),
        (Schedule::Daily { time }, "every day at 23:30 UTC"),
        (Schedule::Weekly { days: vec![Weekday::Friday, Weekday::Monday], time }, "every Monday, Friday at 23:30 UTC"),
        (Schedule::Monthly { day: 3, time }, "every month on day 3 at 23:30 UTC"),
        (Schedule::Off, "off"),
    ] {
        assert_eq!(schedule.to_string(), said);
    }
    assert_eq!(ServerSchedule::Unset.to_string(), "none");
    assert_eq!(ServerSchedule::Unknown(json!("W_\n1")).to_string(), r#"unreadable: "W_\n1""#);
}

#[test]
fn off_is_for_inventories_alone() {
    let store: uuid::Uuid = "6a2d9e8f-2c0b-4f6e-9d7a-1b2c3d4e5f60".parse().unwrap();
    let stores = client("https://keyfactor.example.com").certificate_stores();
    let problems = [
        stores.remove_certificates([CertificateLocation::new(store, "a")], Schedule::Off).build().unwrap_err(),
        stores
            .add_certificates(1, [clm::keyfactor::CertificateStoreEntry::new(store)], Schedule::Off)
            .build()
            .unwrap_err(),
    ];
    for error in problems {
        let [problem] = error.problems() else { panic!("{error}") };
        assert_eq!(problem.field(), "schedule");
        assert!(problem.sentence().contains("inventory"), "{error}");
    }
    assert!(stores.schedule_inventory([store], Schedule::Off).build().is_ok());
}

#[tokio::test]
async fn a_refused_off_says_what_is_assumed_and_what_to_do_instead() {
    let store: uuid::Uuid = "6a2d9e8f-2c0b-4f6e-9d7a-1b2c3d4e5f60".parse().unwrap();
    let server = Scripted::start([Answer::json(400, r#"{"Message": "Invalid schedule."}"#)]).await;
    let stores = client(&server.origin).certificate_stores();
    let off = stores.schedule_inventory([store], Schedule::Off).send().await.unwrap_err();
    assert_eq!((off.kind(), off.message()), (Some(ErrorKind::BadRequest), Some("Invalid schedule.")));
    let remedy = off.remediation().unwrap();
    for said in [r#"assumes `{"Off":true}`"#, "portal", "set another schedule"] {
        assert!(remedy.contains(said), "{said}: {remedy}");
    }
    assert!(off.report().to_string().contains(remedy));
    // Of other schedules and other statuses, it says nothing of the kind.
    let other = stores.schedule_inventory([store], Schedule::Interval { minutes: 5 }).send().await.unwrap_err();
    assert!(other.remediation().unwrap().starts_with("Correct what the message names"), "{other}");
    let server = Scripted::start([Answer::json(403, "{}")]).await;
    let stores = client(&server.origin).certificate_stores();
    let refused = stores.schedule_inventory([store], Schedule::Off).send().await.unwrap_err();
    assert!(refused.remediation().unwrap().contains("permission to schedule"), "{refused}");
}
