//! The program of the AppViewX changes, and of what looks where certificates are.

use crate::answers::{HTML, Named, answer, foreign_refusals, json, odd_successes, silences};
use crate::appviewx_answers::{ALL, PLAN, confirmed, found, refusals, refused, row, successes};
use crate::appviewx_api::{self as api, ASSIGNMENT, ASSIGNMENTS, FIRST, SECOND, SECRETS, THIRD, UNASSIGNMENT};
use crate::support::scripted::{Answer, nobody};
use crate::witness::Witness;

fn few() -> Vec<Named> {
    vec![
        ("success", json(200, ALL)),
        ("403", refused(403, "AVX_GW_005", "No access.")),
        ("500", refused(500, "INTERNAL", "Unexpected error.")),
        ("closed before a head", Answer::Nothing),
    ]
}

/// What two tries may meet.
fn pairs() -> Vec<(&'static str, Vec<Answer>)> {
    let later = |status| answer(status, "retry-after: 0\r\n", "");
    vec![
        ("429, then success", vec![later(429), json(200, ALL)]),
        ("429 twice", vec![later(429), refused(429, "TOO_MANY", "Slow down.")]),
        ("429, then 500", vec![later(429), json(500, "")]),
        ("silence, then success", vec![Answer::Nothing, json(200, ALL)]),
        ("silence, then 403", vec![Answer::Nothing, refused(403, "AVX_GW_005", "No access.")]),
        ("silence twice", vec![Answer::Nothing, Answer::Nothing]),
        ("silence, then 500", vec![Answer::Nothing, json(500, "")]),
        ("503, then success", vec![later(503), json(200, ALL)]),
        ("503, then 404", vec![later(503), refused(404, "GROUP_NOT_FOUND", "No such group.")]),
        ("503, then a failing code", vec![later(503), refused(200, "AVX_GW_005", "No access.")]),
        ("503, then an unknown failing code", vec![later(503), refused(200, "NEW", "Oh.")]),
        ("503, then silence", vec![answer(503, "retry-after: 0\r\n", HTML), Answer::Nothing]),
        ("503, then 429", vec![later(503), later(429)]),
        ("503, then HTML", vec![later(503), answer(200, "", HTML)]),
    ]
}

#[tokio::test]
async fn unassignments() {
    let mut witness = Witness::new("appviewx_unassign", SECRETS);
    let answers = [successes(), odd_successes(ALL), silences(), refusals(), foreign_refusals()].concat();
    for (name, answer) in answers {
        let call = async |origin: String| api::unassign(api::client(&origin), UNASSIGNMENT).await;
        witness.call(&format!("unassign, answered {name}"), &[answer], call).await;
    }
    for (name, unassignment) in api::UNASSIGNMENTS {
        for (ending, answer) in few() {
            let call = async |origin: String| api::unassign(api::client(&origin), unassignment).await;
            witness.call(&format!("unassign {name}: {ending}"), &[answer], call).await;
        }
    }
    let call = async |origin: String| api::send_unassignment(api::client(&origin), UNASSIGNMENT).await;
    witness.call("unassign by send()", &[json(200, ALL)], call).await;
    witness.call("unassign two ids at most", &[json(200, ALL)], api::unassign_at_most_two).await;
    witness.call("unassign with other settings", &[json(200, ALL)], api::unassign_with_other_settings).await;
    for (name, unassignment) in api::REFUSED_UNASSIGNMENTS {
        let call = async |origin: String| api::send_unassignment(api::client(&origin), unassignment).await;
        witness.call(&format!("unassign {name}"), &[json(200, ALL)], call).await;
    }
    let unassignment = async { api::unassign(api::client(&nobody()), UNASSIGNMENT).await };
    witness.without_server("unassign where nobody listens", unassignment).await;
    witness.finish();
}

#[tokio::test]
async fn unassignments_that_are_tried_again() {
    let mut witness = Witness::new("appviewx_unassign_again", SECRETS);
    for (name, answers) in pairs() {
        let call = async |origin: String| api::unassign(api::client_of_two_tries(&origin), UNASSIGNMENT).await;
        witness.call(&format!("unassign, two tries: {name}"), &answers, call).await;
        let repeated = api::UNASSIGNMENT_REPEATED;
        let call = async |origin: String| api::unassign(api::client_of_two_tries(&origin), repeated).await;
        witness.call(&format!("unassign, two tries, repeated after silence: {name}"), &answers, call).await;
    }
    witness.finish();
}

#[tokio::test]
async fn assignments() {
    let mut witness = Witness::new("appviewx_assign", SECRETS);
    for (name, answer) in [successes(), odd_successes(ALL), silences(), refusals()].concat() {
        let call = async |origin: String| api::assign(api::client(&origin), ASSIGNMENT).await;
        witness.call(&format!("assign, answered {name}"), &[answer], call).await;
    }
    for (name, assignment) in ASSIGNMENTS {
        for (ending, answer) in few() {
            let call = async |origin: String| api::assign(api::client(&origin), assignment).await;
            witness.call(&format!("assign {name}: {ending}"), &[answer], call).await;
        }
    }
    for (name, answers) in pairs() {
        let repeated = api::ASSIGNMENT_REPEATED;
        let call = async |origin: String| api::assign(api::client_of_two_tries(&origin), repeated).await;
        witness.call(&format!("assign, two tries, repeated after silence: {name}"), &answers, call).await;
    }
    for (name, assignment) in api::REFUSED_ASSIGNMENTS {
        let call = async |origin: String| api::send_assignment(api::client(&origin), assignment).await;
        witness.call(&format!("assign {name}"), &[json(200, ALL)], call).await;
    }
    witness.finish();
}

#[tokio::test]
async fn in_calls() {
    let mut witness = Witness::new("appviewx_in_calls", SECRETS);
    let ok = |ids: &[&str]| json(200, &confirmed(ids));
    let denied = || refused(403, "CERTIFICATE_BELONG_GROUP_PERMISSION_DENIED", "No RW permission.");
    let forbidden = || refused(403, "AVX_GW_005", "No access.");
    let bad = || refused(400, "NEW_CODE_1", "Something new.");
    for (name, with, answers) in [
        ("all are confirmed", api::IN_PAIRS, vec![ok(&["a", "b"]), ok(&["c", "d"])]),
        ("one id is not confirmed, one is unexpected", api::IN_PAIRS, vec![ok(&["a"]), ok(&["c", "d", "e"])]),
        ("the first call is split", api::IN_PAIRS, vec![denied(), denied(), ok(&["b"]), ok(&["c", "d"])]),
        ("the first call is not split", api::IN_PAIRS_WHOLE, vec![denied(), ok(&["c", "d"])]),
        ("the first call is refused, and that is the end", api::IN_PAIRS_STOPPING, vec![denied(), ok(&["c", "d"])]),
        ("the first call is refused as a whole", api::IN_PAIRS, vec![bad(), ok(&["c", "d"])]),
        ("the caller is refused", api::IN_PAIRS, vec![forbidden()]),
        ("the first call is unknown", api::IN_PAIRS, vec![json(500, "")]),
        ("the first call is unknown, going on", api::IN_PAIRS_GOING_ON, vec![json(500, ""), ok(&["c", "d"])]),
        (
            "the first call contradicts itself",
            api::IN_PAIRS,
            vec![json(
                200,
                r#"{"response": {"Successful Ids": ["a"]}, "message": "Partly.", "appStatusCode": "CERT-ACF-0058"}"#,
            )],
        ),
        ("redirected", api::IN_PAIRS, vec![answer(302, "location: /sso\r\n", "")]),
        ("no ids a call", api::IN_NOTHING, vec![bad()]),
        ("too many ids a call", api::IN_MORE, vec![bad()]),
    ] {
        let call = async |origin: String| api::unassign_in_calls(api::client(&origin), with).await;
        witness.call(&format!("unassign in calls: {name}"), &answers, call).await;
    }
    for (name, answers) in [
        ("all are confirmed", vec![ok(&["a", "b", "c"])]),
        ("the call is split twice", vec![denied(), ok(&["a"]), denied(), denied(), ok(&["c"])]),
        ("the group is not found", vec![refused(404, "GROUP_NOT_FOUND", "No such group.")]),
        ("silence", vec![Answer::Nothing]),
    ] {
        let call = async |origin: String| api::assign_in_calls(api::client(&origin), |it| it).await;
        witness.call(&format!("assign in calls: {name}"), &answers, call).await;
    }
    let unassignment = async { api::unassign_in_calls(api::client(&nobody()), api::IN_PAIRS).await };
    witness.without_server("unassign in calls where nobody listens", unassignment).await;
    witness.finish();
}

#[tokio::test]
async fn places() {
    let mut witness = Witness::new("appviewx_places", SECRETS);
    let nothing = || found("", 0);
    let at = |id: &str, group: &str| found(&row(id, group), 1);
    let web = "\"web servers\"";
    let default = "\"Default\"";
    let denied = || refused(403, "ACF_NOT_AVAILABLE_FOR_SERVER_CERT", "No view permission.");
    let two_groups = format!("{}, {}", row(FIRST, web), row(FIRST, default));
    let lookups: Vec<(&str, Vec<&str>, Vec<Answer>)> = vec![
        ("in the group", vec![FIRST], vec![at(FIRST, default)]),
        (
            "elsewhere, nowhere and not named",
            vec![FIRST, SECOND, THIRD],
            vec![at(FIRST, web), at("67bc2ca76a105e1a05691c2cXX", default), at(THIRD, "\" \"")],
        ),
        ("two groups", vec![FIRST], vec![found(&two_groups, 2)]),
        ("one may not be viewed", vec![FIRST, SECOND], vec![denied(), at(SECOND, default)]),
        ("one search fails", vec![FIRST, SECOND], vec![json(500, ""), at(SECOND, default)]),
        ("HTML", vec![FIRST], vec![answer(200, "", HTML)]),
        ("the session is over", vec![FIRST, SECOND], vec![refused(401, "AVX_GW_003", "marker-session")]),
        ("no access at all", vec![FIRST, SECOND], vec![refused(200, "AVX_GW_005", "No access.")]),
        ("silence", vec![FIRST, SECOND], vec![Answer::Nothing]),
        ("ids that are none", vec!["", "a b"], vec![nothing()]),
        ("nothing", vec![], vec![nothing()]),
    ];
    for (name, ids, answers) in &lookups {
        let call = async |origin: String| api::confirm(api::client_in_turn(&origin), ids, api::CONFIRM_SERVERS).await;
        witness.call(&format!("confirm group: {name}"), answers, call).await;
        let call = async |origin: String| api::remember(api::client_in_turn(&origin), ids, api::REMEMBER_SERVERS).await;
        witness.call(&format!("remember groups: {name}"), answers, call).await;
    }
    let answers = [denied(), nothing(), at(FIRST, default)];
    let call = async |origin: String| api::confirm(api::client_in_turn(&origin), &[FIRST], |it| it).await;
    witness.call("confirm group: in the third category", &answers, call).await;
    let answers = [nothing(), denied(), nothing()];
    let call = async |origin: String| api::remember(api::client_in_turn(&origin), &[FIRST], |it| it).await;
    witness.call("remember groups: in no category, one is denied", &answers, call).await;

    let ok = |id: &str| json(200, &confirmed(&[id]));
    let both = || vec![at(FIRST, default), at(SECOND, default)];
    for (name, with, answers) in [
        (
            "both go back",
            (|it| it.comment("Undo CHG 1234").audit_note("CHG 1234")) as api::Back,
            [both(), vec![ok(SECOND), ok(FIRST)]].concat(),
        ),
        ("one is there, one has moved on", |it| it, vec![at(FIRST, web), at(SECOND, "\"another\"")]),
        ("one is not seen yet", |it| it.after_moving([FIRST]), vec![at(FIRST, web), nothing()]),
        (
            "both go back, though moved on",
            |it| it.even_if_moved_on(),
            vec![at(FIRST, "\"x\""), at(SECOND, "null"), ok(SECOND), ok(FIRST)],
        ),
        (
            "both go back from another group",
            |it| it.from_group("another"),
            vec![at(FIRST, "\"another\""), at(SECOND, "\"another\""), ok(SECOND), ok(FIRST)],
        ),
        ("a group is gone", |it| it, [both(), vec![refused(404, "GROUP_NOT_FOUND", "No."), ok(FIRST)]].concat()),
        ("the session ends", |it| it, [both(), vec![refused(401, "AVX_GW_003", "Over.")]].concat()),
        ("an assignment is not answered", |it| it, [both(), vec![Answer::Nothing]].concat()),
        ("a search fails", |it| it, vec![json(500, ""), at(SECOND, default), ok(SECOND)]),
        ("a comment that is refused", |it| it.comment("-").from_group(""), vec![nothing()]),
    ] {
        let call = async |origin: String| api::assign_back(api::client_in_turn(&origin), PLAN, with).await;
        witness.call(&format!("assign back: {name}"), &answers, call).await;
    }
    let twice = PLAN.replace(SECOND, FIRST);
    let call = async |origin: String| api::assign_back(api::client_in_turn(&origin), &twice, |it| it).await;
    witness.call("assign back: a plan that names one twice", &[nothing()], call).await;
    witness.finish();
}
