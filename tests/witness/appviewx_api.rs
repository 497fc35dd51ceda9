//! The calls of the AppViewX program, as the crate spells them now. **A thin layer: only the files
//! `*_api*.rs` and `*_told.rs` name the crate's API.**

use std::time::Duration;

use clm::appviewx::{
    Assign, AssignBack, AssignCertificates, CertificateCategory, CertificateGroups, CertificateSearch, Client,
    ClientBuilder, CommentRule, ConfirmGroup, Credentials, Error, GroupPlan, Keyword, LoginCall, MoveInCalls,
    RememberGroups, ResourceId, SortOrder, Unassign, UnassignCertificates,
};
use clm::{BatchBuilder, ListBuilder, OnFailure, RequestBuilder, RetryPolicy};

use crate::appviewx_told::{
    describe_appviewx_error, describe_assignment, describe_assignments, describe_confirmation, describe_group_plan,
    describe_logout, describe_rows, describe_unassignment, describe_unassignments, describe_value, describe_way_back,
};
use crate::told::Told;

pub(crate) const FIRST: &str = "67bc2ca76a105e1a05691c1c";
pub(crate) const SECOND: &str = "67bc2ca76a105e1a05691c2c";
pub(crate) const THIRD: &str = "67bc2ca76a105e1a05691c3c";

const USER: &str = "svc-clm";
const SESSION: &str = "marker-session";
const PASSWORD: &str = "marker-password";
const SECRET: &str = "marker-service-secret";
/// Of `USER` and `SECRET`.
const BASIC: &str = "c3ZjLWNsbTptYXJrZXItc2VydmljZS1zZWNyZXQ=";
const TOKEN: &str = "marker-service-token";
pub(crate) const SECRETS: &[&str] = &[SESSION, PASSWORD, SECRET, BASIC, TOKEN];

pub(crate) fn client(origin: &str) -> Client {
    builder(origin).build().unwrap()
}

/// Tries twice at most, without a pause.
pub(crate) fn client_of_two_tries(origin: &str) -> Client {
    builder(origin).retry_policy(two_tries()).build().unwrap()
}

/// Sends one request after the other.
pub(crate) fn client_in_turn(origin: &str) -> Client {
    builder(origin).max_concurrent_tries(1).build().unwrap()
}

fn two_tries() -> RetryPolicy {
    RetryPolicy::none().max_tries(2).pauses(Duration::ZERO, Duration::ZERO)
}

fn builder(origin: &str) -> ClientBuilder {
    Client::builder(origin).credentials(Credentials::session_id(SESSION)).retry_policy(RetryPolicy::none())
}

fn failed(client: &Client, error: Error) -> Told {
    let mut told = describe_appviewx_error(&error);
    if let Error::OutcomeUnknown(unknown) = error {
        let client = client.clone();
        told.again = Some(Box::pin(async move {
            let unknown = match unknown.into_request::<UnassignCertificates>() {
                Ok(request) => return drop(client.execute(request).await),
                Err(unknown) => unknown,
            };
            match unknown.into_request::<AssignCertificates>() {
                Ok(request) => drop(client.execute(request).await),
                // The request of a logout is nobody's to send.
                Err(_) => drop(client.logout().await),
            }
        }));
    }
    told
}

// Moves.

pub(crate) type Unassignment = fn(&CertificateGroups) -> RequestBuilder<UnassignCertificates>;
pub(crate) type Assignment = fn(&CertificateGroups) -> RequestBuilder<AssignCertificates>;

pub(crate) const UNASSIGNMENT: Unassignment = |it| it.unassign([FIRST, SECOND, THIRD]).comment("Sample Comment");

pub(crate) const UNASSIGNMENTS: [(&str, Unassignment); 4] = [
    ("without a comment, with a reason", |it| it.unassign([FIRST, SECOND, THIRD]).audit_note("CHG 1234, \"quoted\"")),
    ("of one id that is given twice", |it| it.unassign([FIRST, FIRST])),
    ("with a comment that the server decides on", |it| {
        it.unassign([FIRST]).comment("CHG-1234: ü 😀").comment_rule(CommentRule::ServerDecides)
    }),
    ("with a comment of more characters", |it| {
        it.unassign([FIRST]).comment("CHG-1234").comment_rule(CommentRule::allowing("-"))
    }),
];

pub(crate) const UNASSIGNMENT_REPEATED: Unassignment = |it| it.unassign([FIRST, SECOND, THIRD]).repeat_after_silence();

pub(crate) const REFUSED_UNASSIGNMENTS: [(&str, Unassignment); 6] = [
    ("of nothing, with an empty comment", |it| it.unassign(Vec::<ResourceId>::new()).comment("")),
    ("of ids that are none", |it| it.unassign(["", " ", "a,b", "a\tb", "a\u{200b}b", "a\u{7}b"])),
    ("with a blank comment", |it| it.unassign([FIRST]).comment(" \t")),
    ("with special characters", |it| it.unassign([FIRST]).comment("<b>CHG-1234</b>; a, b. c: d # e / f & g")),
    ("with angle brackets that the server is to decide on", |it| {
        it.unassign([FIRST]).comment("<b>\n").comment_rule(CommentRule::ServerDecides)
    }),
    ("with a long comment", |it| it.unassign([FIRST]).comment("x".repeat(256))),
];

pub(crate) const ASSIGNMENT: Assignment = |it| it.assign("web servers", [FIRST, SECOND, THIRD]);

pub(crate) const ASSIGNMENTS: [(&str, Assignment); 2] = [
    ("with a comment and a reason", |it| {
        it.assign("web \"servers\" ü", [FIRST, SECOND, FIRST]).comment("Sample Comment").audit_note("CHG 1234")
    }),
    ("repeated after silence", |it| it.assign("web servers", [FIRST]).repeat_after_silence()),
];

pub(crate) const ASSIGNMENT_REPEATED: Assignment = |it| it.assign("web servers", [FIRST]).repeat_after_silence();

pub(crate) const REFUSED_ASSIGNMENTS: [(&str, Assignment); 3] = [
    ("of nothing to no group", |it| it.assign("", Vec::<ResourceId>::new())),
    ("to a blank group", |it| it.assign(" ", [FIRST])),
    ("to a group with what cannot be seen", |it| it.assign("we\u{202e}b\n", ["a b"]).comment("-")),
];

/// Built first and executed then, so that the checked request is seen as well.
macro_rules! moved {
    ($client:ident, $build:ident, $describe:ident) => {{
        let groups = $client.certificate_groups();
        let builder = $build(&groups);
        let mut shown = Told::new("");
        shown.show(&builder);
        let mut told = match builder.build() {
            Err(error) => describe_appviewx_error(&error.into()),
            Ok(request) => {
                shown.show(&request);
                match Box::pin($client.execute(request)).await {
                    Ok(outcome) => $describe(outcome),
                    Err(error) => failed(&$client, error),
                }
            }
        };
        told.shown.extend(shown.shown);
        told
    }};
}

pub(crate) async fn unassign(client: Client, build: Unassignment) -> Told {
    moved!(client, build, describe_unassignment)
}

pub(crate) async fn assign(client: Client, build: Assignment) -> Told {
    moved!(client, build, describe_assignment)
}

pub(crate) async fn send_unassignment(client: Client, build: Unassignment) -> Told {
    match Box::pin(build(&client.certificate_groups()).send()).await {
        Ok(outcome) => describe_unassignment(outcome),
        Err(error) => failed(&client, error),
    }
}

pub(crate) async fn send_assignment(client: Client, build: Assignment) -> Told {
    match build(&client.certificate_groups()).send().await {
        Ok(outcome) => describe_assignment(outcome),
        Err(error) => failed(&client, error),
    }
}

pub(crate) async fn unassign_at_most_two(origin: String) -> Told {
    send_unassignment(builder(&origin).max_ids_per_call(2).build().unwrap(), UNASSIGNMENT).await
}

pub(crate) async fn unassign_with_other_settings(origin: String) -> Told {
    let builder =
        builder(&format!("{origin}/gateway/")).gwsource("WEB & more").comment_rule(CommentRule::allowing("-"));
    send_unassignment(builder.build().unwrap(), |it| it.unassign([FIRST]).comment("CHG-1")).await
}

// Moves in calls.

pub(crate) type UnassignmentInCalls = fn(BatchBuilder<MoveInCalls<Unassign>>) -> BatchBuilder<MoveInCalls<Unassign>>;
pub(crate) type AssignmentInCalls = fn(BatchBuilder<MoveInCalls<Assign>>) -> BatchBuilder<MoveInCalls<Assign>>;

pub(crate) const IN_PAIRS: UnassignmentInCalls = |it| it.ids_per_call(2);
pub(crate) const IN_PAIRS_WHOLE: UnassignmentInCalls = |it| it.ids_per_call(2).without_splitting();
pub(crate) const IN_PAIRS_STOPPING: UnassignmentInCalls = |it| it.ids_per_call(2).on_failure(OnFailure::Stop);
pub(crate) const IN_PAIRS_GOING_ON: UnassignmentInCalls = |it| it.ids_per_call(2).on_failure(OnFailure::Continue);
pub(crate) const IN_NOTHING: UnassignmentInCalls = |it| it.ids_per_call(0);
pub(crate) const IN_MORE: UnassignmentInCalls = |it| it.ids_per_call(1_001);

/// `a` to `d`, and `a` again.
pub(crate) async fn unassign_in_calls(client: Client, with: UnassignmentInCalls) -> Told {
    let unassignment = client.certificate_groups().unassign(["a", "b", "c", "d", "a"]).comment("Why");
    match with(unassignment.in_calls().on_failure(OnFailure::ContinueAfterRefusal)).send().await {
        Ok(outcome) => describe_unassignments(outcome),
        Err(error) => describe_appviewx_error(&error),
    }
}

pub(crate) async fn assign_in_calls(client: Client, with: AssignmentInCalls) -> Told {
    let assignment = client.certificate_groups().assign("web", ["a", "b", "c"]);
    match with(assignment.in_calls().on_failure(OnFailure::ContinueAfterRefusal)).send().await {
        Ok(outcome) => describe_assignments(outcome),
        Err(error) => describe_appviewx_error(&error),
    }
}

// Where certificates are, and the way back.

pub(crate) type Confirm = fn(ConfirmGroup) -> ConfirmGroup;
pub(crate) type Remember = fn(RememberGroups) -> RememberGroups;
pub(crate) type Back = fn(AssignBack) -> AssignBack;

/// In one category, so that an id is one search.
pub(crate) const CONFIRM_SERVERS: Confirm = |it| it.category(CertificateCategory::Server);
pub(crate) const REMEMBER_SERVERS: Remember = |it| it.category(CertificateCategory::Server);

pub(crate) async fn confirm(client: Client, ids: &[&str], with: Confirm) -> Told {
    match with(client.certificate_groups().confirm_group(ids.iter().copied(), "Default")).send().await {
        Ok(confirmation) => describe_confirmation(confirmation),
        Err(error) => describe_appviewx_error(&error),
    }
}

pub(crate) async fn remember(client: Client, ids: &[&str], with: Remember) -> Told {
    match with(client.certificate_groups().remember_groups(ids.iter().copied())).send().await {
        Ok(plan) => {
            let only = plan.only([SECOND, "never named"]);
            let mut told = describe_group_plan(plan);
            told.inside("only the second and one more", describe_group_plan(only));
            told
        }
        Err(error) => describe_appviewx_error(&error),
    }
}

pub(crate) async fn assign_back(client: Client, plan: &str, with: Back) -> Told {
    let plan: GroupPlan = serde_json::from_str(plan).unwrap();
    let back = client.certificate_groups().assign_back(&plan).category(CertificateCategory::Server);
    match with(back).send().await {
        Ok(outcome) => describe_way_back(outcome),
        Err(error) => describe_appviewx_error(&error),
    }
}

// Reads.

pub(crate) type Search = fn(ListBuilder<CertificateSearch>) -> ListBuilder<CertificateSearch>;

pub(crate) const SEARCH: Search = |it| it.resource_id(FIRST);
pub(crate) const SEARCH_OF_ALL: Search = |it| {
    it.category(CertificateCategory::Server)
        .category(CertificateCategory::CodeSigning)
        .category(CertificateCategory::Other("Mine".to_owned()))
        .resource_id(FIRST)
        .free_text("example")
        .keyword(Keyword::SubjectCommonName, "www.example.com")
        .keyword("certissuer", "Example CA")
        .sort_by("commonName", SortOrder::Descending)
        .page_size(2)
};
pub(crate) const SEARCH_FILTERED: Search = |it| {
    it.keyword(Keyword::SubjectCommonName, "www.example.com")
        .common_name_is("WWW.example.com")
        .in_group("web servers")
        .sort_by("requestIds", SortOrder::Ascending)
        .page_size(0)
};
pub(crate) const SEARCH_REFUSED: Search = |it| {
    it.category(CertificateCategory::Other("a,b".to_owned()))
        .resource_id("a b")
        .free_text("")
        .keyword("", " ")
        .keyword("x", "1")
        .keyword("x", "2")
        .in_group(" ")
        .common_name_is("")
        .sort_by("", SortOrder::Ascending)
};

pub(crate) async fn search(client: Client, with: Search) -> Told {
    describe_rows(with(client.certificates().search()).rows().map_err(Error::from)).await
}

pub(crate) async fn list_groups(client: Client) -> Told {
    describe_rows(client.certificate_groups().list().rows().map_err(Error::from)).await
}

pub(crate) async fn list_groups_by(client: Client, page_size: u32) -> Told {
    describe_rows(client.certificate_groups().list().page_size(page_size).rows().map_err(Error::from)).await
}

pub(crate) async fn view_group(client: Client) -> Told {
    describe_value("CertificateGroup", client.certificate_groups().view("web servers").send().await)
}

pub(crate) async fn view_group_beyond_ascii(client: Client) -> Told {
    describe_value("CertificateGroup", client.certificate_groups().view("wéb & 漢").send().await)
}

pub(crate) async fn view_no_group(client: Client) -> Told {
    describe_value("CertificateGroup", client.certificate_groups().view(" ").send().await)
}

// Credentials.

pub(crate) type Proof = fn() -> Credentials;

pub(crate) const BY_SESSION: Proof = || Credentials::session_id(SESSION);
pub(crate) const BY_LOGIN: Proof = || Credentials::login(USER, PASSWORD);
pub(crate) const BY_HEADERS: Proof = || Credentials::password_headers(USER, PASSWORD);
pub(crate) const BY_SERVICE_ACCOUNT: Proof = || Credentials::service_account(USER, SECRET);

/// An unassignment, a read and two logouts by one client.
pub(crate) async fn session(origin: String, proof: Proof, perform_login: bool) -> Told {
    let mut builder = Client::builder(origin).credentials(proof()).retry_policy(RetryPolicy::none());
    if perform_login {
        builder = builder.login_call(LoginCall::PerformLogin);
    }
    let client = builder.build().unwrap();
    let mut told = Told::new("an unassignment, a read and two logouts");
    told.show(&client);
    told.inside("unassignment", send_unassignment(client.clone(), |it| it.unassign([FIRST])).await);
    told.inside("read", view_group(client.clone()).await);
    told.inside("logout", logout(client.clone()).await);
    told.inside("second logout", logout(client).await);
    told.again = None;
    told
}

pub(crate) async fn logout(client: Client) -> Told {
    match client.logout().await {
        Ok(outcome) => describe_logout(&outcome),
        Err(error) => failed(&client, error),
    }
}

/// An unassignment alone.
pub(crate) async fn unassign_by(origin: String, proof: Proof) -> Told {
    let client = Client::builder(origin).credentials(proof()).retry_policy(RetryPolicy::none()).build().unwrap();
    let mut told = send_unassignment(client.clone(), |it| it.unassign([FIRST])).await;
    told.again = None;
    told
}

/// Clients that cannot be built.
pub(crate) fn refused_clients() -> Told {
    let url = "https://appviewx.example.com:31443";
    let good = || Client::builder(url).credentials(BY_SESSION());
    let by = |credentials| Client::builder(url).credentials(credentials);
    let clients: Vec<(&str, ClientBuilder)> = vec![
        ("no credentials", Client::builder(url)),
        ("plain http", Client::builder("http://appviewx.example.com").credentials(BY_SESSION())),
        ("no session id", by(Credentials::session_id(""))),
        ("a session id with a space", by(Credentials::session_id("marker-session x"))),
        ("a session id with a line end", by(Credentials::session_id("marker-session\n"))),
        ("no user name", by(Credentials::login("", PASSWORD))),
        ("a password beyond ASCII", by(Credentials::login(USER, "marker-password ü"))),
        ("a password that ends in a space", by(Credentials::password_headers(USER, "marker-password "))),
        ("a colon in a service account", by(Credentials::service_account("a:b", SECRET))),
        ("no secret of a service account", by(Credentials::service_account(USER, ""))),
        ("no gwsource", good().gwsource(" ")),
        ("no default group", good().default_group("")),
        ("no ids", good().max_ids_per_call(0)),
    ];
    let mut told = Told::new("clients that cannot be built");
    for (name, client) in clients {
        told.show(&client);
        match client.build() {
            Ok(_) => told.say(name, "Ok"),
            Err(error) => told.inside(name, describe_appviewx_error(&error)),
        }
    }
    told
}

pub(crate) fn base_urls() -> Told {
    let mut told = Told::new("Ok");
    for url in [
        "https://appviewx.example.com:31443",
        "https://appviewx.example.com:31443/avxapi/",
        "https://appviewx.example.com/gateway",
    ] {
        told.say(url, client(url).base_url());
    }
    told.say("default group", client("https://appviewx.example.com").certificate_groups().default_group());
    told
}
