//! What makes a way back wrong without anybody noticing: a search that lags behind, certificates that the move never
//! touched, and settings that do nothing.

use crate::support::appviewx as appviewx_support;
use crate::support::appviewx::client;
use crate::support::scripted::{Answer, Scripted, nobody};
use clm::appviewx::{
    AssignBackState, AssignCertificates, CertificateCategory, Client, Credentials, Error, ErrorCode, GroupMembership,
    GroupPlan,
};
use clm::testing::{AppViewXPermission, FakeAppViewX, FakeCategory as Category};
use clm::{ItemState, OnFailure};
use serde_json::{Value, json};

const SENT_BACK: AssignBackState = AssignBackState::Sent(ItemState::Confirmed);

async fn fake_with(ids: &[&str]) -> FakeAppViewX {
    let fake = FakeAppViewX::start().await;
    for id in ids {
        fake.add_certificate(*id, "web");
    }
    fake
}

fn plan(remembered: &Value, not_remembered: &Value) -> GroupPlan {
    serde_json::from_value(json!({"remembered": remembered, "not_remembered": not_remembered})).unwrap()
}

#[tokio::test]
async fn a_search_that_lags_behind_does_not_make_a_move_undone() {
    let fake = fake_with(&["a", "b"]).await;
    let groups = fake.client().certificate_groups();
    let plan = groups.remember_groups(["a", "b"]).send().await.unwrap();
    fake.lag_behind();
    let moved = groups.unassign(["a"]).in_calls().send().await.unwrap();
    fake.mark();
    let back = groups.assign_back(&plan).after_moving(moved.confirmed()).send().await.unwrap();
    assert_eq!(
        (back.of("a"), back.of("b")),
        (Some(&AssignBackState::NotSeenYet), Some(&AssignBackState::AlreadyThere))
    );
    assert!(!back.of("a").unwrap().is_back() && !back.is_complete());
    assert_eq!(fake.group_of("a").as_deref(), Some("Default"));
    fake.assert_untouched();
    let unaware = groups.assign_back(&plan).send().await.unwrap();
    assert_eq!(unaware.of("a"), Some(&AssignBackState::AlreadyThere), "as far as a search can say");
    fake.catch_up();
    let back = groups.assign_back(&plan).after_moving(["a", "x"]).send().await.unwrap();
    assert_eq!((back.of("a"), back.of("x")), (Some(&SENT_BACK), None));
    assert!(back.is_complete());
}

#[tokio::test]
async fn what_the_move_did_not_touch_is_left_where_somebody_else_put_it() {
    let fake = fake_with(&["a", "b"]).await;
    let groups = fake.client().certificate_groups();
    let plan = groups.remember_groups(["a", "b"]).send().await.unwrap();
    let moved = groups.unassign(["a"]).in_calls().send().await.unwrap();
    fake.move_certificate("b", "Default");
    let plan = plan.only(moved.possibly_done());
    let back = groups.assign_back(&plan).send().await.unwrap().require_complete().unwrap();
    assert_eq!(back.ids(), [("a".into(), SENT_BACK)]);
    assert_eq!(fake.group_of("b").as_deref(), Some("Default"));
}

#[test]
fn a_part_of_a_plan_loses_no_id() {
    let group = |id: &str| json!({"resource_id": id, "group": "web"});
    let why = |id: &str, why: &str| json!({"resource_id": id, "why": why});
    let whole = plan(&json!([group("a"), group("b"), group("a")]), &json!([why("c", "gone"), why("d", "gone")]));
    let expected =
        plan(&json!([group("a"), group("a")]), &json!([why("c", "gone"), why("x", "the plan does not contain it")]));
    assert_eq!(whole.only(["x", "c", "a", "x"]), expected);
}

#[tokio::test]
async fn ids_that_may_have_moved_are_those_that_were_not_refused() {
    let all = ["a", "b", "c", "d", "e", "f", "g", "h"];
    for (then, calls, expected) in
        [(OnFailure::Stop, 2, vec!["a", "b"]), (OnFailure::Continue, 4, vec!["a", "b", "e", "f", "g", "h"])]
    {
        let server = Scripted::choosing(|number, request| match number {
            0 => Answer::json(200, r#"{"response": {"Successful Ids": ["a"]}}"#),
            1 => Answer::json(403, r#"{"appStatusCode": "CERT-ACL-0006"}"#),
            2 => Answer::Nothing,
            3 => Answer::json(200, r#"{"response": {"Successful Ids": ["h"]}}"#),
            _ => panic!("{:?}", request.request_line),
        })
        .await;
        let call = client(&server.origin).certificate_groups().unassign(all).in_calls();
        let outcome = call.ids_per_call(2).on_failure(then).send().await.unwrap();
        assert_eq!(outcome.possibly_done().collect::<Vec<_>>(), expected, "{then:?}");
        assert_eq!(outcome.confirmed().collect::<Vec<_>>(), if calls == 4 { vec!["a", "h"] } else { vec!["a"] });
        assert_eq!(server.received().len(), calls, "{then:?}");
    }
}

#[tokio::test]
async fn the_group_that_a_move_ends_in_is_the_clients() {
    let fake = fake_with(&["a"]).await;
    let plan = fake.client().certificate_groups().remember_groups(["a"]).send().await.unwrap();
    fake.move_certificate("a", "Landing");
    let other = Client::builder(fake.url()).credentials(fake.credentials()).default_group("Landing").build().unwrap();
    let back = other.certificate_groups().assign_back(&plan).send().await.unwrap();
    assert_eq!(back.of("a"), Some(&SENT_BACK));
}

#[tokio::test]
async fn only_the_named_categories_are_searched() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate_of(Category::Client, "c", "web");
    let groups = fake.client().certificate_groups();
    let remember = |category| groups.remember_groups(["c"]).category(category).send();
    assert_eq!(remember(CertificateCategory::Server).await.unwrap().not_remembered()[0].resource_id, "c");
    let plan = remember(CertificateCategory::Client).await.unwrap();
    assert_eq!(plan.remembered()[0].group, "web");
    groups.unassign(["c"]).send().await.unwrap();
    let back = |category| groups.assign_back(&plan).category(category).send();
    assert_eq!(back(CertificateCategory::Server).await.unwrap().of("c"), Some(&AssignBackState::NotFound));
    assert_eq!(back(CertificateCategory::Client).await.unwrap().of("c"), Some(&SENT_BACK));
}

#[tokio::test]
async fn the_reason_of_a_way_back_is_that_of_its_assignments() {
    let server = Scripted::choosing(|_, request| {
        if request.request_line.starts_with("PUT") {
            return Answer::Nothing;
        }
        let inside = json!({"objects": [{"resourceId": "a", "group": "Default"}], "totalRecords": 1});
        Answer::json(200, &json!({"response": {"response": inside}}).to_string())
    })
    .await;
    let plan = plan(&json!([{"resource_id": "a", "group": "web"}]), &json!([]));
    let back =
        client(&server.origin).certificate_groups().assign_back(&plan).audit_note("undone").send().await.unwrap();
    let Some(AssignBackState::Sent(ItemState::Unknown(error))) = back.of("a") else { panic!("{back:?}") };
    let Error::OutcomeUnknown(unknown) = &**error else { panic!("{error:?}") };
    let request = unknown.request::<AssignCertificates>().unwrap();
    assert_eq!((request.audit_note(), request.group()), (Some("undone"), "web"));
}

#[tokio::test]
async fn a_group_that_is_gone_does_not_stop_the_way_back_of_the_others() {
    let fake = fake_with(&["a", "b"]).await;
    let groups = fake.client().certificate_groups();
    groups.unassign(["a", "b"]).send().await.unwrap();
    let plan = plan(&json!([{"resource_id": "a", "group": "gone"}, {"resource_id": "b", "group": "web"}]), &json!([]));
    let back = groups.assign_back(&plan).send().await.unwrap();
    let Some(AssignBackState::Sent(ItemState::Refused(error))) = back.of("a") else { panic!("{back:?}") };
    assert_eq!(error.code(), Some(&ErrorCode::GroupNotFound));
    assert_eq!(back.of("b"), Some(&SENT_BACK));
}

#[tokio::test]
async fn remembering_fails_if_no_search_can_help() {
    let ids = || (0..50).map(|n| format!("id-{n}"));
    let server = Scripted::start([Answer::json(401, r#"{"appStatusCode": "AVX_GW_003"}"#)]).await;
    let remembered = client(&server.origin).certificate_groups().remember_groups(ids()).send().await;
    let Err(Error::Api(refused)) = remembered else { panic!("{remembered:?}") };
    assert_eq!(refused.code(), Some(&ErrorCode::AuthenticationFailed));
    let remembered = client(&nobody()).certificate_groups().remember_groups(ids()).send().await;
    assert!(matches!(remembered, Err(Error::Transport(_))), "{remembered:?}");
    let fake = fake_with(&["a"]).await;
    fake.deny(AppViewXPermission::SearchCertificates);
    let remembered = fake.client().certificate_groups().remember_groups(["a", "b"]).send().await;
    let Err(Error::Api(refused)) = remembered else { panic!("{remembered:?}") };
    assert_eq!(refused.code(), Some(&ErrorCode::ApiAccessDenied));
}

#[tokio::test]
async fn a_wrong_password_costs_one_login_however_many_ids_there_are() {
    let ids = || (0..50).map(|n| format!("id-{n}"));
    let server = Scripted::start([Answer::json(401, r#"{"message": "no", "appStatusCode": "AVX_GW_003"}"#)]).await;
    let client = Client::builder(&server.origin)
        .credentials(Credentials::login("ci", "wrong"))
        .retry_policy(clm::RetryPolicy::none())
        .build()
        .unwrap();
    let remembered = client.certificate_groups().remember_groups(ids()).send().await;
    assert!(matches!(remembered, Err(Error::Authentication(_))), "{remembered:?}");
    assert_eq!(server.received().len(), 1, "one login and no search");

    let server = Scripted::start([Answer::Nothing]).await;
    let told = appviewx_support::client(&server.origin).certificate_groups().confirm_group(ids(), "x").send().await;
    assert!(told.unwrap().memberships().iter().all(|(_, place)| matches!(place, GroupMembership::Unreadable(_))));
    assert!(server.received().len() <= 5, "{} calls to a server that does not answer", server.received().len());
}

#[tokio::test]
async fn a_category_that_may_not_be_viewed_does_not_hide_the_next() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate_of(Category::Client, "c", "web");
    fake.deny(AppViewXPermission::ViewInventory(Category::Server));
    let told = fake.client().certificate_groups().confirm_group(["c", "gone"], "web").send().await.unwrap();
    assert_eq!(told.of("c"), Some(&GroupMembership::Group("web".to_owned())));
    let Some(GroupMembership::Unreadable(error)) = told.of("gone") else {
        panic!("what may be hidden is not gone: {told:?}")
    };
    assert_eq!(error.code(), Some(&ErrorCode::ServerInventoryDenied));
}
