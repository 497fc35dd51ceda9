//! Where certificates are, remembered before a move, confirmed after it, and brought back. Whatever a search finds, only
//! a row with exactly the id counts.

use crate::support::appviewx::{client, problems};
use crate::support::scripted::{Answer, Scripted, nobody};
use clm::appviewx::{
    AssignBackOutcome, AssignBackState, CertificateCategory, CertificateGroups, CommentRule, Error, ErrorCode,
    GroupConfirmation, GroupMembership, GroupPlan, LookupError,
};
use clm::testing::{AppViewXPermission, FakeAppViewX, FakeCategory as Category};
use clm::{ItemState, Reason};
use serde_json::{Value, json};

/// Three certificates whose ids are parts of each other, in groups of their own, on a fake that finds parts.
async fn nested_ids() -> (FakeAppViewX, CertificateGroups) {
    let fake = FakeAppViewX::start().await;
    for (id, group) in [("ab", "one"), ("abc", "two"), ("abcd", "three")] {
        fake.add_certificate(id, group);
    }
    let groups = fake.client().certificate_groups();
    (fake, groups)
}

fn group(name: &str) -> GroupMembership {
    GroupMembership::Group(name.to_owned())
}

fn moves(fake: &FakeAppViewX) -> Vec<Value> {
    fake.requests().iter().filter(|it| it.method() == "PUT").map(clm::testing::RecordedRequest::json).collect()
}

#[tokio::test]
async fn a_confirmation_tells_each_place() {
    let (fake, groups) = nested_ids().await;
    fake.set_member("abcd", "group", Value::Null);
    let told = groups.confirm_group(["abc", "ab", "x", "abcd", "ab"], "one").send().await.unwrap();
    let expected = [
        ("abc", group("two")),
        ("ab", group("one")),
        ("x", GroupMembership::NotFound),
        ("abcd", GroupMembership::GroupNotNamed),
    ];
    assert_eq!(told.memberships(), expected.map(|(id, place)| (id.into(), place)));
    assert_eq!((told.group(), told.of("ab"), told.of("y")), ("one", Some(&group("one")), None));
    assert_eq!(told.ids_in_group().collect::<Vec<_>>(), ["ab"]);
    assert_eq!(told.others().count(), 3);
    let error = told.clone().require_complete().unwrap_err();
    let error = Error::from(error);
    let Error::Incomplete(gap) = error else { panic!("{error:?}") };
    assert_eq!(gap.into_outcome::<GroupConfirmation>().unwrap(), told);
    let whole = groups.confirm_group(["ab"], "one").send().await.unwrap();
    assert!(whole.require_complete().is_ok());
    let other_case = groups.confirm_group(["ab"], "One").send().await.unwrap();
    assert_eq!(other_case.of("ab"), Some(&group("one")), "names are compared exactly");
    assert!(!other_case.is_complete());
}

#[tokio::test]
async fn a_search_that_finds_everything_moves_nothing_else() {
    let (fake, groups) = nested_ids().await;
    fake.ignore_search_terms();
    let told = groups.confirm_group(["zz", "abc"], "two").send().await.unwrap();
    assert_eq!((told.of("zz"), told.of("abc")), (Some(&GroupMembership::NotFound), Some(&group("two"))));
    let plan = groups.remember_groups(["abc", "zz"]).send().await.unwrap();
    assert_eq!(plan.remembered().len(), 1);
    assert_eq!((&*plan.remembered()[0].group, plan.remembered()[0].resource_id.as_str()), ("two", "abc"));
    assert_eq!(plan.not_remembered()[0].resource_id, "zz");
    groups.unassign(["abc"]).send().await.unwrap().require_complete().unwrap();
    let back = groups.assign_back(&plan).send().await.unwrap();
    assert_eq!(back.of("abc"), Some(&AssignBackState::Sent(ItemState::Confirmed)));
    assert!(matches!(back.of("zz"), Some(AssignBackState::NotRemembered(_))));
    let sent: Vec<_> = moves(&fake).into_iter().map(|body| body["resourceIds"].clone()).collect();
    assert_eq!(sent, [json!(["abc"]), json!(["abc"])]);
    for (id, group) in [("ab", "one"), ("abc", "two"), ("abcd", "three")] {
        assert_eq!(fake.group_of(id).as_deref(), Some(group));
    }
}

#[tokio::test]
async fn certificates_are_looked_for_in_every_category_that_can_be_unassigned() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate_of(Category::Client, "c", "web");
    fake.add_certificate_of(Category::CodeSigning, "s", "web");
    let groups = fake.client().certificate_groups();
    let told = groups.confirm_group(["c", "s"], "web").send().await.unwrap();
    assert!(told.is_complete(), "{told:?}");
    let told = groups.confirm_group(["c", "s"], "web").category(CertificateCategory::Client).send().await.unwrap();
    assert_eq!((told.of("c"), told.of("s")), (Some(&group("web")), Some(&GroupMembership::NotFound)));
    fake.deny(AppViewXPermission::ViewInventory(Category::Client));
    let told = groups.confirm_group(["c", "s"], "web").send().await.unwrap();
    assert_eq!(told.of("s"), Some(&group("web")));
    let Some(GroupMembership::Unreadable(error)) = told.of("c") else { panic!("what is hidden is not gone: {told:?}") };
    assert_eq!(error.code(), Some(&ErrorCode::ClientInventoryDenied));
    assert!(
        groups
            .confirm_group(["s"], "web")
            .category(CertificateCategory::CodeSigning)
            .send()
            .await
            .unwrap()
            .is_complete()
    );
}

#[tokio::test]
async fn an_id_or_group_that_none_can_be_is_refused_first() {
    let groups = client("http://127.0.0.1:9").certificate_groups();
    let error = groups.confirm_group(["a", ""], " ").send().await.unwrap_err();
    let expected = [("resource_ids[1]".to_owned(), Reason::Empty), ("group".to_owned(), Reason::Blank)];
    assert_eq!(problems(&error), expected);
    let error = groups.remember_groups(Vec::<String>::new()).send().await.unwrap_err();
    assert_eq!(problems(&error), [("resource_ids".to_owned(), Reason::Empty)]);
}

/// Answers each search with these rows.
async fn rows(rows: &Value) -> Scripted {
    let total = rows.as_array().unwrap().len();
    let body = json!({"response": {"response": {"objects": rows, "totalRecords": total}}}).to_string();
    Scripted::start([Answer::json(200, &body)]).await
}

#[tokio::test]
async fn rows_that_contradict_each_other_are_no_answer() {
    for (found, expected) in [
        (json!([{"resourceId": "a", "group": "x"}, {"resourceId": "a", "group": "x"}]), Some("x")),
        (json!([{"resourceId": "a", "group": null}, {"resourceId": "a", "group": "x"}]), Some("x")),
        (json!([{"resourceId": "a", "group": "x"}, {"resourceId": "a"}]), Some("x")),
        (json!([{"resourceId": "a", "group": "x"}, {"resourceId": "a", "group": "y"}]), None),
    ] {
        let server = rows(&found).await;
        let told = client(&server.origin).certificate_groups().confirm_group(["a"], "x").send().await.unwrap();
        match (told.of("a").unwrap(), expected) {
            (GroupMembership::Group(name), Some(expected)) => assert_eq!(name, expected, "{found}"),
            (GroupMembership::Unreadable(error), None) => {
                let Error::Lookup(lookup) = &**error else { panic!("{error:?}") };
                assert!(matches!(**lookup, LookupError::TwoGroups { .. }), "{lookup:?}");
            }
            other => panic!("{found}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_search_for_an_id_that_brings_everything_is_given_up() {
    let server = Scripted::choosing(|_, request| {
        let start: u64 = request.json()["filter"]["start"].as_str().unwrap().parse().unwrap();
        let objects: Vec<_> =
            (start..start + 100).map(|n| json!({"resourceId": format!("r{n}"), "group": "x"})).collect();
        Answer::json(
            200,
            &json!({"response": {"response": {"objects": objects, "totalRecords": 1_000_000}}}).to_string(),
        )
    })
    .await;
    let groups = client(&server.origin).certificate_groups();
    let told = groups.confirm_group(["a", "r150"], "x").send().await.unwrap();
    let Some(GroupMembership::Unreadable(error)) = told.of("a") else { panic!("{told:?}") };
    let Error::Lookup(lookup) = &**error else { panic!("{error:?}") };
    assert!(matches!(**lookup, LookupError::TooManyRows { rows: 1_000, .. }), "{lookup:?}");
    assert_eq!(told.of("r150"), Some(&group("x")));
    assert!(server.received().len() <= 21, "{}", server.received().len());
}

#[tokio::test]
async fn what_no_further_search_can_help_ends_the_run() {
    let ids = || (0..50).map(|n| format!("id-{n}"));
    let refusal = json!({"message": "no", "appStatusCode": "AVX_GW_003"}).to_string();
    let server = Scripted::start([Answer::json(401, &refusal)]).await;
    for origin in [server.origin.clone(), nobody()] {
        let told = client(&origin).certificate_groups().confirm_group(ids(), "x").send().await.unwrap();
        assert_eq!(told.memberships().len(), 50);
        assert!(
            told.memberships().iter().all(|(_, place)| matches!(place, GroupMembership::Unreadable(_))),
            "{told:?}"
        );
    }
    assert!(server.received().len() <= 5, "{} logins might lock an account", server.received().len());
}

#[tokio::test]
async fn one_failure_does_not_hide_the_others() {
    let server = Scripted::choosing(|_, request| match request.json()["input"]["resourceId"].as_str().unwrap() {
        "bad" => Answer::json(200, r#"{"response": {}}"#),
        id => {
            let inside = json!({"objects": [{"resourceId": id, "group": "web"}], "totalRecords": "1"});
            Answer::json(200, &json!({"response": {"response": inside}}).to_string())
        }
    })
    .await;
    let groups = client(&server.origin).certificate_groups();
    let plan = groups.remember_groups(["a", "bad", "c"]).send().await.unwrap();
    assert_eq!(plan.remembered().iter().map(|it| it.resource_id.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    assert!(plan.not_remembered()[0].why.contains("cannot be read"), "{plan:?}");
    let error = plan.clone().require_complete().unwrap_err();
    let error = Error::from(error);
    let Error::Incomplete(gap) = error else { panic!("{error:?}") };
    assert_eq!(gap.into_outcome::<GroupPlan>().unwrap(), plan);
}

/// Certificates of two groups, remembered, unassigned, and their plan as it comes back from a file.
async fn unassigned() -> (FakeAppViewX, CertificateGroups, GroupPlan) {
    let fake = FakeAppViewX::start().await;
    for (id, group) in [("a", "web"), ("b", "mail"), ("c", "web"), ("d", "mail")] {
        fake.add_certificate(id, group);
    }
    let groups = fake.client().certificate_groups();
    let plan = groups.remember_groups(["a", "b", "c", "d"]).send().await.unwrap().require_complete().unwrap();
    let kept = serde_json::to_string(&plan).unwrap();
    let read: GroupPlan = serde_json::from_str(&kept).unwrap();
    assert_eq!(read, plan);
    groups.unassign(["a", "b", "c", "d"]).send().await.unwrap().require_complete().unwrap();
    (fake, groups, read)
}

fn states(outcome: &AssignBackOutcome) -> Vec<(&str, &AssignBackState)> {
    outcome.ids().iter().map(|(id, state)| (id.as_str(), state)).collect()
}

#[tokio::test]
async fn certificates_go_back_to_the_groups_that_they_came_from() {
    let (fake, groups, plan) = unassigned().await;
    let outcome = groups.assign_back(&plan).comment("Undone").send().await.unwrap().require_complete().unwrap();
    let confirmed = AssignBackState::Sent(ItemState::Confirmed);
    assert_eq!(states(&outcome), ["a", "b", "c", "d"].map(|id| (id, &confirmed)));
    for (id, group) in [("a", "web"), ("b", "mail"), ("c", "web"), ("d", "mail")] {
        assert_eq!((fake.group_of(id).as_deref(), fake.comments_on(id)), (Some(group), vec!["Undone".to_owned()]));
    }
    let again = groups.assign_back(&plan).send().await.unwrap();
    assert_eq!(states(&again), ["a", "b", "c", "d"].map(|id| (id, &AssignBackState::AlreadyThere)));
    assert_eq!(moves(&fake).len(), 3, "one to unassign, one for each group, none the second time");
    assert!(again.require_complete().is_ok());
}

#[tokio::test]
async fn what_is_missing_is_the_cause_of_the_error() {
    let (fake, groups, plan) = unassigned().await;
    let because = |error: Error| error.report().lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    let places = groups.confirm_group(["a", "b"], "web").send().await.unwrap().require_complete().unwrap_err();
    assert_eq!(because(places.into()), ["  because: a: Default (and 1 more)"]);
    let unknown = groups.remember_groups(["a", "nobody"]).send().await.unwrap();
    let why = unknown.not_remembered()[0].why.clone();
    assert_eq!(because(unknown.require_complete().unwrap_err().into()), [format!("  because: nobody: {why}")]);

    fake.deny(AppViewXPermission::AssignGroups);
    let back = groups.assign_back(&plan).send().await.unwrap();
    let (id, state) = &back.ids()[0];
    let first = format!("  because: {id}: {state} (and 3 more)");
    assert!(first.contains("403 Forbidden"), "{first}");
    assert_eq!(because(back.require_complete().unwrap_err().into()), [first]);
}

// With the rule on the unassignment alone, certificates were moved that could not be put back with the same comment.
#[tokio::test]
async fn the_way_back_takes_the_comment_rule_of_the_way_there() {
    let (fake, groups, plan) = unassigned().await;
    fake.accept_in_comments("-");
    let back = groups.assign_back(&plan).comment("Recommissioned Q4-2026");
    let (asked, error) = (fake.requests().len(), back.clone().send().await.unwrap_err());
    let [(field, Reason::InvalidCharacters(found))] = &problems(&error)[..] else { panic!("{error:?}") };
    assert_eq!((&**field, found.iter().map(|it| it.character).collect()), ("comment", vec!['-']));
    assert_eq!(fake.requests().len(), asked);
    back.comment_rule(CommentRule::allowing("-")).send().await.unwrap().require_complete().unwrap();
    assert_eq!(fake.comments_on("a"), ["Recommissioned Q4-2026"]);
}

#[tokio::test]
async fn a_certificate_that_has_moved_on_stays_unless_told_otherwise() {
    let (fake, groups, plan) = unassigned().await;
    fake.move_certificate("a", "archive");
    fake.move_certificate("b", "mail");
    fake.set_member("c", "group", "");
    let outcome = groups.assign_back(&plan).send().await.unwrap();
    let confirmed = AssignBackState::Sent(ItemState::Confirmed);
    let expected = [
        ("a", &AssignBackState::MovedOn(Some("archive".to_owned()))),
        ("b", &AssignBackState::AlreadyThere),
        ("c", &AssignBackState::MovedOn(None)),
        ("d", &confirmed),
    ];
    assert_eq!(states(&outcome), expected);
    assert_eq!(fake.group_of("a").as_deref(), Some("archive"));
    let error = outcome.clone().require_complete().unwrap_err();
    let error = Error::from(error);
    let Error::Incomplete(gap) = error else { panic!("{error:?}") };
    assert_eq!(format!("{:?}", gap.into_outcome::<AssignBackOutcome>().unwrap()), format!("{outcome:?}"));
    let told = groups.assign_back(&plan).even_if_moved_on().send().await.unwrap();
    assert_eq!((told.of("a"), told.of("c")), (Some(&confirmed), Some(&confirmed)));
    assert_eq!(fake.group_of("a").as_deref(), Some("web"));
}

#[tokio::test]
async fn an_assignment_is_undone_from_the_group_that_it_named() {
    let (fake, groups, plan) = unassigned().await;
    fake.add_group("strict", "Strict policy");
    groups.assign("strict", ["a", "b", "c", "d"]).send().await.unwrap();
    fake.move_certificate("d", "Default");
    let outcome = groups.assign_back(&plan).from_group("strict").send().await.unwrap();
    let confirmed = AssignBackState::Sent(ItemState::Confirmed);
    assert_eq!((outcome.of("a"), outcome.of("b")), (Some(&confirmed), Some(&confirmed)));
    assert_eq!(outcome.of("d"), Some(&AssignBackState::MovedOn(Some("Default".to_owned()))));
    assert_eq!(fake.group_of("d").as_deref(), Some("Default"));
}

#[tokio::test]
async fn what_cannot_be_found_or_read_is_not_assigned() {
    let (fake, groups, _) = unassigned().await;
    let plan: GroupPlan = serde_json::from_value(json!({
        "remembered": [{"resource_id": "a", "group": "web"}, {"resource_id": "gone", "group": "web"}],
        "not_remembered": [{"resource_id": "x", "why": "because"}],
    }))
    .unwrap();
    let outcome = groups.assign_back(&plan).send().await.unwrap();
    let confirmed = AssignBackState::Sent(ItemState::Confirmed);
    let because = AssignBackState::NotRemembered("because".to_owned());
    assert_eq!(states(&outcome), [("a", &confirmed), ("gone", &AssignBackState::NotFound), ("x", &because)]);
    fake.deny(AppViewXPermission::SearchCertificates);
    let outcome = groups.assign_back(&plan).even_if_moved_on().send().await.unwrap();
    let Some(AssignBackState::Unreadable(error)) = outcome.of("a") else { panic!("{outcome:?}") };
    assert_eq!(error.code(), Some(&ErrorCode::ApiAccessDenied));
    assert_eq!(moves(&fake).len(), 2);
}

#[tokio::test]
async fn a_refusal_of_one_group_does_not_stop_the_next_and_an_open_end_does() {
    let (fake, groups, plan) = unassigned().await;
    fake.deny(AppViewXPermission::WriteGroup("mail".to_owned()));
    let outcome = groups.assign_back(&plan).send().await.unwrap();
    assert!(matches!(outcome.of("b"), Some(AssignBackState::Sent(ItemState::Refused(_)))), "{outcome:?}");
    assert_eq!(outcome.of("a"), Some(&AssignBackState::Sent(ItemState::Confirmed)));
    assert_eq!(outcome.answers().len(), 2);

    let server = Scripted::choosing(|_, request| {
        let Some(id) = request.json()["input"]["resourceId"].as_str().map(str::to_owned) else {
            return Answer::Nothing;
        };
        let inside = json!({"objects": [{"resourceId": id, "group": "Default"}], "totalRecords": 1});
        Answer::json(200, &json!({"response": {"response": inside}}).to_string())
    })
    .await;
    let back = client(&server.origin).certificate_groups().assign_back(&plan).accept_other_server();
    let outcome = back.send().await.unwrap();
    assert!(matches!(outcome.of("b"), Some(AssignBackState::Sent(ItemState::Unknown(_)))), "{outcome:?}");
    assert!(matches!(outcome.of("a"), Some(AssignBackState::Sent(ItemState::NotSent(_)))), "{outcome:?}");
    let sent = server.received().iter().filter(|it| it.request_line.starts_with("PUT")).count();
    assert_eq!(sent, 1);
}

#[tokio::test]
async fn a_plan_from_a_file_is_checked_before_anything_is_sent() {
    let (fake, groups, _) = unassigned().await;
    let before = fake.requests().len();
    let plan: GroupPlan = serde_json::from_value(json!({
        "remembered": [
            {"resource_id": "a,b", "group": "web"},
            {"resource_id": "c", "group": ""},
            {"resource_id": "c", "group": "mail"},
        ],
        "not_remembered": [],
    }))
    .unwrap();
    let error = groups.assign_back(&plan).comment("<b>").from_group(" ").send().await.unwrap_err();
    let found: Vec<_> = problems(&error).into_iter().map(|(field, _)| field).collect();
    assert_eq!(found, ["resource_ids[0]", "group", "comment", "plan.remembered[1].group", "plan"]);
    assert_eq!(fake.requests().len(), before);
}

#[tokio::test]
async fn a_plan_of_another_server_is_refused_unless_it_is_accepted() {
    let (_fake, _, plan) = unassigned().await;
    let other = FakeAppViewX::start().await;
    let groups = other.client().certificate_groups();
    let error = groups.assign_back(&plan).send().await.unwrap_err();
    let Error::Validation(refused) = &error else { panic!("{error:?}") };
    let [problem] = refused.problems() else { panic!("{refused:?}") };
    assert_eq!((problem.field(), problem.reason()), ("plan.server", &Reason::NeedsConsent));
    let server = plan.header().server.as_deref().unwrap();
    assert!(problem.sentence().contains(server) && problem.sentence().contains(&other.url()), "{problem}");
    assert!(other.requests().is_empty());
    let outcome = groups.assign_back(&plan).accept_other_server().send().await.unwrap();
    assert!(outcome.ids().iter().all(|(_, state)| *state == AssignBackState::NotFound), "{outcome:?}");
}
