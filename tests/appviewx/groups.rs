//! Assigning certificates to a group, and reading groups.

use std::time::Duration;

use crate::support::RawServer;
use crate::support::appviewx::{FIRST, SAMPLE_IDS, SECOND, THIRD, builder, client, problems, success, unknown};
use crate::support::scripted::{Answer, Scripted};
use clm::appviewx::{AssignCertificates, AssignOutcome, CertificateGroup, Error, ErrorCode, LookupError};
use clm::testing::{AppViewXPermission, FakeAppViewX, FakeCategory};
use clm::{Reason, RetryPolicy};
use serde_json::{Value, json};

#[tokio::test]
async fn an_assignment_is_sent_flat_and_with_a_comment_only_if_asked_for() {
    for (comment, body) in [
        (None, json!({"groupName": "web servers", "resourceIds": SAMPLE_IDS})),
        (Some("Why"), json!({"groupName": "web servers", "resourceIds": SAMPLE_IDS, "comment": "Why"})),
    ] {
        let server = RawServer::json(200, &success(SAMPLE_IDS.to_vec())).await;
        let mut call = client(&server.origin).certificate_groups().assign("web servers", SAMPLE_IDS);
        if let Some(comment) = comment {
            call = call.comment(comment);
        }
        let outcome = call.send().await.unwrap();
        assert_eq!((outcome.successful_ids(), outcome.group()), (&SAMPLE_IDS.map(Into::into)[..], "web servers"));
        assert!(outcome.is_complete());
        assert_eq!(serde_json::to_value(&outcome).unwrap()["group"], "web servers");
        let request = server.only();
        assert_eq!(request.request_line, "PUT /avxapi/certificate/group/assign?gwsource=external HTTP/1.1");
        assert_eq!(request.json(), body);
    }
}

#[tokio::test]
async fn a_group_without_a_name_is_refused_together_with_everything_else() {
    let groups = client("http://127.0.0.1:9").certificate_groups();
    for (group, reason) in [("", Reason::Empty), (" ", Reason::Blank)] {
        let error = groups.assign(group, ["a,b"]).comment("").send().await.unwrap_err();
        let found: Vec<_> = problems(&error).into_iter().map(|(field, _)| field).collect();
        assert_eq!(found, ["resource_ids[0]", "group", "comment"]);
        assert!(problems(&error).contains(&("group".to_owned(), reason)));
    }
    let error = groups.assign("we\u{202e}b", ["a"]).send().await.unwrap_err();
    let [(field, Reason::InvalidCharacters(found))] = &problems(&error)[..] else { panic!("{error:?}") };
    assert_eq!((field.as_str(), found[0].character, found[0].position), ("group", '\u{202e}', 3));
}

#[tokio::test]
async fn an_assignment_ends_as_an_unassignment_does() {
    let answered = async |status: u16, body: &str| {
        let server = RawServer::json(status, body).await;
        client(&server.origin).certificate_groups().assign("web", [FIRST, SECOND]).send().await
    };
    let silent = answered(200, r#"{"response": null, "message": "done", "appStatusCode": null}"#).await.unwrap();
    assert_eq!(silent.unconfirmed_ids(), [FIRST, SECOND], "an answer that names no id confirms none");
    let gap = Error::from(silent.clone().require_complete().unwrap_err());
    let Error::Incomplete(gap) = gap else { panic!("{gap:?}") };
    assert_eq!(gap.into_outcome::<AssignOutcome>().unwrap(), silent);
    let refused = answered(417, r#"{"message": "read only", "appStatusCode": "READ_GROUP"}"#).await.unwrap_err();
    assert!(matches!(refused, Error::Api(_)), "{refused:?}");
    assert_eq!(refused.code(), Some(&ErrorCode::GroupReadOnly));
    let open = unknown(answered(503, "busy").await.unwrap_err());
    assert!(open.how_to_find_out().contains("/certificate/search"));
    let request = Box::new(open).into_request::<AssignCertificates>().unwrap();
    assert_eq!((request.group(), request.resource_ids()), ("web", &[FIRST.into(), SECOND.into()][..]));
}

#[tokio::test]
async fn repeating_after_silence_is_the_callers_decision_here_too() {
    for (repeat, copies) in [(false, 1), (true, 2)] {
        let server = Scripted::start([Answer::Nothing, Answer::json(200, &success([FIRST].to_vec()))]).await;
        let groups = builder(&server.origin).build().unwrap().certificate_groups();
        let call = groups.assign("web", [FIRST]);
        let call = if repeat { call.repeat_after_silence() } else { call };
        let ended: Result<AssignOutcome, _> = call.send().await;
        assert_eq!(server.received().len(), copies);
        match ended {
            Ok(outcome) => assert!(repeat && outcome.receipt().attempts() == 2),
            Err(error) => assert!(!repeat && matches!(error, Error::OutcomeUnknown(_)), "{error:?}"),
        }
    }
}

#[tokio::test]
async fn a_move_changes_the_policy_on_the_fake() {
    let fake = FakeAppViewX::start().await;
    fake.add_group("strict", "Strict policy");
    fake.add_certificate_of(FakeCategory::Client, FIRST, "web");
    let groups = fake.client().certificate_groups();
    assert_eq!(fake.policy_of(FIRST).as_deref(), Some("Default"));
    groups.assign("strict", [FIRST]).comment("in").send().await.unwrap().require_complete().unwrap();
    assert_eq!(fake.policy_of(FIRST).as_deref(), Some("Strict policy"));
    groups.unassign([FIRST]).comment("out").send().await.unwrap().require_complete().unwrap();
    assert_eq!((fake.group_of(FIRST).as_deref(), fake.policy_of(FIRST).as_deref()), (Some("Default"), Some("Default")));
    assert_eq!(fake.comments_on(FIRST), ["in", "out"]);
}

#[tokio::test]
async fn the_fake_refuses_an_assignment_by_its_state() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate(FIRST, "web");
    fake.add_group("strict", "Strict policy");
    let assign = async |group: &str| {
        let error = fake.client().certificate_groups().assign(group, [FIRST]).send().await.unwrap_err();
        (error.status().unwrap().as_u16(), error.code().unwrap().to_string())
    };
    assert_eq!(assign("nowhere").await, (404, "GROUP_NOT_FOUND".to_owned()));
    fake.deny(AppViewXPermission::WriteGroup("strict".to_owned()));
    assert_eq!(assign("strict").await, (417, "READ_GROUP".to_owned()));
    fake.deny(AppViewXPermission::WriteDefaultGroup);
    assert_eq!(assign("Default").await, (417, "READ_GROUP".to_owned()));
    fake.deny(AppViewXPermission::WriteGroup("web".to_owned()));
    assert_eq!(assign("strict").await, (403, "CERTIFICATE_BELONG_GROUP_PERMISSION_DENIED".to_owned()));
    fake.deny(AppViewXPermission::AssignGroups);
    assert_eq!(assign("strict").await, (403, "AVX_GW_005".to_owned()));
    assert_eq!(fake.group_of(FIRST).as_deref(), Some("web"));
}

async fn names(groups: clm::appviewx::Rows<CertificateGroup>) -> Vec<String> {
    groups.collect().await.unwrap().into_iter().map(|group| group.name.unwrap()).collect()
}

#[tokio::test]
async fn groups_are_listed_page_by_page() {
    let fake = FakeAppViewX::start().await;
    for n in 0..5 {
        fake.add_group(format!("group {n}"), format!("policy {n}"));
    }
    let list = fake.client().certificate_groups().list();
    let expected = ["Default", "group 0", "group 1", "group 2", "group 3", "group 4"];
    assert_eq!(names(list.clone().page_size(4).rows().unwrap()).await, expected);
    let bodies: Vec<_> = fake.requests().iter().map(clm::testing::RecordedRequest::json).collect();
    let second = json!({"searchOptions": {"limit": 4}, "nextPageToken": "after-4"});
    assert_eq!(bodies, [json!({"searchOptions": {"limit": 4}}), second]);
    let rows = list.rows().unwrap().collect().await.unwrap();
    assert_eq!(rows[1].policy_name.as_deref(), Some("policy 0"));
    assert_eq!(fake.requests()[2].json(), json!({"searchOptions": {"limit": 100}}));
}

#[test]
fn a_page_of_groups_keeps_to_the_vendors_cap() {
    for rows in [0, 1_001] {
        let list = client("http://127.0.0.1:9").certificate_groups().list().page_size(rows);
        let refused = list.rows().unwrap_err();
        assert_eq!((refused.problems()[0].field(), refused.problems()[0].reason()), ("page_size", &Reason::OutOfRange));
    }
}

#[tokio::test]
async fn groups_are_found_under_whatever_name_their_list_has() {
    let group = json!({"name": "web", "displayName": 5, "groupBusinessInfo": {"lobName": "x"}});
    for (name, response) in [
        ("an array", json!([group])),
        ("a name", json!({"certificateGroups": [group], "nextPageToken": null})),
        ("beside a list of strings", json!({"names": ["web"], "groups": [group], "nextPageToken": ""})),
        ("nested", json!({"response": {"objects": [group], "nextPageToken": " "}})),
    ] {
        let server = RawServer::json(200, &json!({"Response": response, "Tags": null}).to_string()).await;
        let rows = client(&server.origin).certificate_groups().list().rows().unwrap().collect().await.expect(name);
        let [row] = &rows[..] else { panic!("{name}: {rows:?}") };
        assert_eq!((row.name.as_deref(), row.display_name.as_deref()), (Some("web"), Some("5")), "{name}");
        assert_eq!(row.extra.get("groupBusinessInfo").unwrap(), json!({"lobName": "x"}), "{name}");
        assert_eq!(server.received().len(), 1, "{name}: no token, no further page");
    }
    for response in [json!(null), json!({}), json!("none"), json!({"a": [{}], "b": [{}]})] {
        let server = RawServer::json(200, &json!({ "response": response }).to_string()).await;
        let read = client(&server.origin).certificate_groups().list().rows().unwrap().collect().await;
        assert!(matches!(read, Err(Error::Decode(_))), "{response}: {read:?}");
    }
}

#[tokio::test]
async fn a_list_that_leads_back_to_itself_ends() {
    let page = |name: &str, token: &str| {
        Answer::json(200, &json!({"response": {"groups": [{"name": name}], "nextPageToken": token}}).to_string())
    };
    let server = Scripted::start([page("a", "1"), page("b", "2"), page("c", "1")]).await;
    let mut rows = client(&server.origin).certificate_groups().list().rows().unwrap();
    for name in ["a", "b"] {
        assert_eq!(rows.next().await.unwrap().unwrap().name.as_deref(), Some(name));
    }
    let error = rows.next().await.unwrap().unwrap_err();
    let Error::Lookup(lookup) = &error else { panic!("{error:?}") };
    assert!(matches!(**lookup, LookupError::RepeatedToken { page: 3, .. }), "{lookup:?}");
    assert!(rows.next().await.is_none());
    assert_eq!(server.received().len(), 3);
}

#[tokio::test]
async fn a_group_is_viewed_by_its_name_in_the_query_and_in_a_header() {
    for (name, query, header) in [
        ("web & mail", "gwsource=external&groupName=web%20%26%20mail", Some("web & mail")),
        ("a#b?c", "gwsource=external&groupName=a%23b%3Fc", Some("a#b?c")),
    ] {
        let answer = json!({"response": {"name": name, "policyName": "Strict"}, "message": null});
        let server = RawServer::json(200, &answer.to_string()).await;
        let group = client(&server.origin).certificate_groups().view(name).send().await.unwrap();
        assert_eq!((group.name.as_deref(), group.policy_name.as_deref()), (Some(name), Some("Strict")));
        let request = server.only();
        assert_eq!(request.request_line, format!("GET /avxapi/certificate/group?{query} HTTP/1.1"));
        assert_eq!(request.header("groupname"), header);
        assert_eq!(request.body, b"");
    }
    let error = client("http://127.0.0.1:9").certificate_groups().view("a\r\nb: c").send().await.unwrap_err();
    let [(field, Reason::InvalidCharacters(_))] = &problems(&error)[..] else { panic!("{error:?}") };
    assert_eq!(field, "name");
}

#[tokio::test]
async fn a_view_that_brings_another_group_is_an_error() {
    let view = async |response: Value| {
        let server = RawServer::json(200, &json!({ "response": response }).to_string()).await;
        client(&server.origin).certificate_groups().view("web").send().await
    };
    let error = view(json!({"name": "web-2"})).await.unwrap_err();
    let Error::Lookup(lookup) = &error else { panic!("{error:?}") };
    let LookupError::OtherGroup { asked, answered, .. } = &**lookup else { panic!("{lookup:?}") };
    assert_eq!((asked.as_str(), answered.as_str()), ("web", "web-2"));
    for response in [json!(null), json!([]), json!("web"), json!(true)] {
        let read = view(response).await;
        assert!(matches!(read, Err(Error::Decode(_))), "{read:?}");
    }
    let nameless = view(json!({"displayName": "Web", "name": null})).await.unwrap();
    assert_eq!((nameless.name, nameless.display_name.as_deref()), (None, Some("Web")));
}

#[tokio::test]
async fn the_fake_knows_its_groups() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate(THIRD, "größe");
    let groups = fake.client().certificate_groups();
    assert_eq!(groups.view("größe").send().await.unwrap().name.as_deref(), Some("größe"), "UTF-8 in the query");
    let error = groups.view("nowhere").send().await.unwrap_err();
    assert_eq!(error.code(), Some(&ErrorCode::GroupNotFound));
    fake.deny(AppViewXPermission::ReadGroups);
    let error = groups.view("Default").send().await.unwrap_err();
    assert!(error.remediation().unwrap().contains("access to the certificate groups"), "{error:?}");
    assert!(matches!(groups.list().rows().unwrap().collect().await, Err(Error::Api(_))));
    assert!(fake.unknown_requests().is_empty());
}

#[test]
fn the_default_group_is_a_setting() {
    let named = |name: &str| builder("http://127.0.0.1:9").default_group(name).build();
    assert_eq!(client("http://127.0.0.1:9").certificate_groups().default_group(), "Default");
    assert_eq!(named("Unsorted").unwrap().certificate_groups().default_group(), "Unsorted");
    let error = named(" ").unwrap_err();
    assert!(matches!(&error, Error::Configuration(it) if it.setting() == "default_group"), "{error:?}");
}

#[tokio::test]
async fn a_read_is_tried_as_often_as_it_says() {
    let at_once = RetryPolicy::DEFAULT.pauses(Duration::ZERO, Duration::ZERO);
    for (policy, requests) in [(None, 4), (Some(RetryPolicy::none()), 1)] {
        for read in ["view", "list", "search"] {
            let server = Scripted::start([Answer::json(503, "busy")]).await;
            let client = builder(&server.origin).retry_policy(at_once).build().unwrap();
            let groups = client.certificate_groups();
            let (view, list, search) = (groups.view("web"), groups.list(), client.certificates().search());
            let (view, list, search) = match policy {
                None => (view, list, search),
                Some(policy) => (view.retry_policy(policy), list.retry_policy(policy), search.retry_policy(policy)),
            };
            let error = match read {
                "view" => view.send().await.unwrap_err(),
                "list" => list.rows().unwrap().collect().await.unwrap_err(),
                _ => search.rows().unwrap().collect().await.unwrap_err(),
            };
            assert_eq!(error.status().map(|it| it.as_u16()), Some(503), "{read}");
            assert_eq!((server.received().len(), error.attempts()), (requests, u32::try_from(requests).ok()), "{read}");
        }
    }
}
