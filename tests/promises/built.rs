//! Everything that a user's function can be handed can be made in a user's test, without any server: a new type that is
//! exported has to be made here, or be named among those that are no answer of anybody.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use clm::testing::Reply;
use clm::{Request, RequestBuilder, appviewx, http, keyfactor};
use serde_json::{from_value, json};
use uuid::Uuid;

const THUMBPRINT: &str = "00112233445566778899AABBCCDDEEFF00112233";
const ALIAS: &str = "www.example.com.pfx";
const ID: &str = "67bc2ca76a105e1a05691c1c";

/// Makes a value of each of these types, and gives their names.
macro_rules! built {
    ($($name:ident $([$ty:ty])? = $value:expr;)*) => {{
        $(let _: built!(@ $name $($ty)?) = $value;)*
        vec![$(stringify!($name)),*]
    }};
    (@ $name:ident) => { $name };
    (@ $name:ident $ty:ty) => { $ty };
}

/// What is asked for, and what sends it; what a user makes for it; and what says how it is to be done.
const ASKED_FOR: &[&str] = &[
    // Clients, handles, and what runs on a client.
    "AddBackEach",
    "AddCertificates",
    "AppViewX",
    "Assign",
    "AssignBack",
    "AssignCertificates",
    "BatchBuilder",
    "CertificateGroups",
    "CertificateSearch",
    "CertificateStoreTypes",
    "CertificateStores",
    "Certificates",
    "Client",
    "ClientBuilder",
    "Confirm",
    "ConfirmGroup",
    "ConfirmPutBack",
    "ConfirmRemoved",
    "ControlJobs",
    "GetCertificate",
    "GetCertificateLocations",
    "GetStore",
    "GetStoreType",
    "GroupList",
    "Inventory",
    "JobHistory",
    "JobWatch",
    "JobsForLocation",
    "Keyfactor",
    "ListBuilder",
    "ListStoreTypes",
    "ListStores",
    "LocateCertificate",
    "MoveCertificates",
    "MoveInCalls",
    "Operation",
    "OrchestratorJobs",
    "Outcomes",
    "PlanRemovalOf",
    "RawCall",
    "RememberGroups",
    "RemoveCertificates",
    "RemoveEach",
    "Request",
    "RequestBuilder",
    "RestoreInventorySchedules",
    "RevokeCertificate",
    "RevokeCertificates",
    "ScheduleInventory",
    "ScheduledJobs",
    "SearchCertificates",
    "Unassign",
    "UnassignCertificates",
    "Vendor",
    "ViewGroup",
    // What a user makes for them.
    "CertificateCategory",
    "CertificateId",
    "CertificateLocation",
    "CertificateRef",
    "CertificateStoreEntry",
    "CertificateStoreId",
    "CertificateStoreTypeId",
    "ClientCredentials",
    "CollectionId",
    "Comment",
    "CommentRule",
    "ContainerId",
    "Credentials",
    "Field",
    "JobAction",
    "JobFieldsFromInventory",
    "JobHistoryId",
    "JobId",
    "JobSelection",
    "Keyword",
    "LoginCall",
    "OnFailure",
    "Query",
    "QueryValue",
    "RawEffect",
    "ResourceId",
    "RetryPolicy",
    "RevocationReason",
    "Schedule",
    "Settings",
    "SortOrder",
    "Thumbprint",
    // What belongs to this program rather than to a call, and the crates whose types show.
    "ErrorReport",
    "http",
    "jiff",
    "secrecy",
    "serde_json",
    "url",
    "uuid",
];

fn keyfactor_client() -> keyfactor::Client {
    let credentials = keyfactor::Credentials::bearer("token");
    keyfactor::Client::builder("https://keyfactor.example.com").credentials(credentials).build().unwrap()
}

fn appviewx_client() -> appviewx::Client {
    let credentials = appviewx::Credentials::session_id("session");
    appviewx::Client::builder("https://appviewx.example.com").credentials(credentials).build().unwrap()
}

fn store() -> keyfactor::CertificateStoreId {
    Uuid::from_u128(1).into()
}

fn job() -> keyfactor::JobId {
    Uuid::from_u128(2).into()
}

fn location() -> keyfactor::CertificateLocation {
    keyfactor::CertificateLocation::new(store(), ALIAS)
}

fn asked_for_removal() -> RequestBuilder<keyfactor::RemoveCertificates> {
    let stores = keyfactor_client().certificate_stores();
    stores.remove_certificates([location()], keyfactor::Schedule::Immediate)
}

fn removal_request() -> Request<keyfactor::RemoveCertificates> {
    asked_for_removal().build().unwrap()
}

fn refused(status: u16) -> keyfactor::Error {
    let body = json!({"ErrorCode": "0xA0110002", "Message": "no", "FailedOperations": [{"Reason": "locked"}]});
    removal_request().outcome_of(Reply::json(status, body)).unwrap_err()
}

fn removal() -> keyfactor::RemoveOutcome {
    removal_request().outcome_of(Reply::json(200, json!([job()]))).unwrap()
}

fn run() -> keyfactor::JobHistoryEntry {
    from_value(json!({"JobHistoryId": 7, "JobId": job(), "Status": "Completed", "Result": "Success"})).unwrap()
}

fn report() -> keyfactor::JobsReport {
    keyfactor::JobsReport::of_runs([job()], [run()])
}

fn open_report() -> keyfactor::JobsReport {
    keyfactor::JobsReport::of_runs([job()], []).with_scheduled([job()]).with_stopped_by(refused(403))
}

fn certificate() -> keyfactor::Certificate {
    let place = json!({"StoreId": store(), "CertStoreId": store(), "Alias": ALIAS, "ChainLevel": 0});
    from_value(json!({"Id": 7, "Thumbprint": THUMBPRINT, "IssuedCN": "www.example.com", "Locations": [place]})).unwrap()
}

fn plan() -> keyfactor::RemovalPlan {
    let place = json!({"thumbprint": THUMBPRINT, "store_id": store(), "store_machine": null, "store_path": null,
        "alias": ALIAS, "put_back": "with_private_key"});
    let certificate = json!({"id": 7, "thumbprint": THUMBPRINT, "issued_cn": "www", "has_private_key": true});
    let omitted = json!({"thumbprint": THUMBPRINT, "store_id": store(), "store_machine": null, "store_path": null,
        "alias": "other", "why": {"reason": "not_listed"}});
    from_value(json!({"header": {"format": "clm.keyfactor.removal-plan", "version": 1, "server": null, "made_at": null,
        "made_by": null}, "collection_id": null, "certificates": [certificate], "removals": [place], "omitted": [omitted]}))
    .unwrap()
}

fn keyfactor_values() -> Vec<&'static str> {
    use keyfactor::*;
    let (removal, report) = (removal(), report());
    let stores = keyfactor_client().certificate_stores();
    let revocation =
        keyfactor_client().certificates().revoke([7], RevocationReason::Superseded).comment("CHG").build().unwrap();
    let suspended = json!({"RevokedIds": [], "SuspendedCerts": [{"CertId": 7, "Message": "wait"}]});
    let revoked = revocation.outcome_of(Reply::json(200, suspended)).unwrap();
    let each = asked_for_removal().one_job_per_location().outcome_of(|_| Reply::json(200, json!([job()]))).unwrap();
    let back = stores.add_back_each(&plan(), Schedule::Immediate).outcome_of(|_| Reply::nothing()).unwrap();
    let addition = stores.add_certificates(7, [CertificateStoreEntry::new(store()).alias(ALIAS)], Schedule::Immediate);
    let raw = keyfactor_client().raw(http::Method::GET, "Agents").build().unwrap();
    let api = |error: Error| match error {
        Error::Api(api) => *api,
        other => panic!("{other:?}"),
    };
    let unknown = |error: Error| match error {
        Error::OutcomeUnknown(unknown) => *unknown,
        other => panic!("{other:?}"),
    };
    let seen = JobsSeen::of_rows(from_value(json!({"Id": store()})).unwrap(), None, [], [run()]);
    let located = LocatedCertificate::of_row(certificate()).unwrap();
    let located = located.with_readiness(store(), StoreReadiness::default()).with_readiness_error(refused(403));
    let interval = || ServerSchedule::from(Schedule::Interval { minutes: 60 });
    let needs = json!({"id": 1, "short_name": "PEM", "custom_alias": "Required", "parameters": [],
        "needed_on_remove": [], "needed_on_add": []});
    let needs = from_value(needs).unwrap();
    let gone = ScheduleAfter::Gone { was: interval(), error: refused(403).into() };
    built! {
        AddBackEachOutcome = back;
        AddOutcome = addition.build().unwrap().outcome_of(Reply::json(200, json!([job()]))).unwrap();
        ApiError = api(refused(403));
        Certificate = certificate();
        CertificateLocations = from_value(json!({"Details": []})).unwrap();
        CertificateStore = from_value(json!({"Id": store()})).unwrap();
        CertificateStoreLocation = certificate().locations[0].clone();
        CertificateStoreType = from_value(json!({"StoreType": 1})).unwrap();
        Confirmation = Confirmation::new(
            [ConfirmedLocation::new(location(), RemovalVerdict::Gone)],
            [TriggeredInventory::new(store(), interval(), gone)],
        );
        ConfirmedLocation = ConfirmedLocation::new(location(), RemovalVerdict::Unreadable(refused(403).into()));
        CustomAlias = from_value(json!("Required")).unwrap();
        EntryParameter = from_value(json!({"Name": "Port"})).unwrap();
        EntryParameterType = from_value(json!("Secret")).unwrap();
        Error = refused(403);
        ErrorCode = refused(403).code().unwrap().clone();
        ErrorKind = ErrorKind::Forbidden;
        FailedOperation = api(refused(400)).failed_operations()[0].clone();
        FinishedJob = report.finished()[0].clone();
        FollowedJob [FollowedJob<'_>] = report.of(job()).unwrap();
        FoundLocation = located.locations()[0].clone();
        InventoryCertificate = from_value(json!({"Id": 7, "Thumbprints": THUMBPRINT})).unwrap();
        InventoryEntry = from_value(json!({"Name": ALIAS, "Certificates": []})).unwrap();
        ItemProgress [Vec<ItemProgress<'_, CertificateLocation>>] = removal.with(&report);
        JobChange = JobChange::of_run(run());
        JobHistoryEntry = run();
        JobResult = JobResult::Failure;
        JobState = JobChange::pending(job()).state;
        JobStatus = JobStatus::InProcess;
        JobsOutcome [JobsOutcome<CertificateLocation>] = removal.clone();
        JobsReport = report.clone();
        JobsSeen = seen;
        LocatedCertificate = located;
        LookupError = LookupError::NothingVisible { certificate: CertificateId::from(7).into() };
        OmissionReason = plan().omitted[0].why.clone();
        Omitted = plan().omitted[0].clone();
        OpenJob = open_report().still_open()[0].clone();
        OpenJobPlace = OpenJobPlace::Scheduled;
        OutcomeUnknown = unknown(removal_request().outcome_of(Reply::nothing()).unwrap_err());
        PermissionScope = removal.scope();
        PlannedCertificate = plan().certificates[0].clone();
        PlannedRemoval = plan().removals[0].clone();
        PlannedStoreType = PlannedStoreType::Unknown { why: "no".to_owned() };
        PrivateKeyAllowed = from_value(json!("Optional")).unwrap();
        Progress [Progress<'_>] = each.with(&report)[0].progress.clone();
        PutBackVerdict = PutBackVerdict::HoldsAnother { thumbprint: THUMBPRINT.to_owned() };
        RawJson = run().extra;
        RemovalPlan = plan();
        RemovalVerdict = RemovalVerdict::UnderAnotherAlias { alias: "other.pfx".to_owned() };
        RemoveEachOutcome = each.clone();
        RemoveOutcome = removal.clone();
        Restorability = Restorability::Impossible;
        RestoredSchedule = RestoredSchedule::new(store(), interval(), ScheduleAfter::Restored);
        RevokeOutcome = revoked.clone();
        Rows [Rows<JobHistoryEntry>] = Rows::of_results([Ok(run()), Err(refused(403))]);
        SavedSchedule = from_value(json!({"store_id": store(), "schedule": {"Interval": {"Minutes": 60}}})).unwrap();
        ScheduleAfter = ScheduleAfter::ChangedSince { now: interval() };
        ScheduledJob = from_value(json!({"Id": job()})).unwrap();
        ServerSchedule = interval();
        ServerTime = from_value(json!("2026-03-19T23:30:00Z")).unwrap();
        SharedError = refused(403).into();
        StoreReadiness = from_value(json!({"agent_available": false})).unwrap();
        StoreTypeLocation = from_value(json!({"StoreId": store()})).unwrap();
        StoreTypeLocations = from_value(json!({"StoreType": "PEM"})).unwrap();
        StoreTypeNeeds = needs;
        SuspendedRevocation = revoked.suspended[0].clone();
        TriggeredInventory = TriggeredInventory::new(store(), ServerSchedule::Unset, ScheduleAfter::NotAsked);
        RawAnswer [clm::RawAnswer] = raw.outcome_of(Reply::json(200, json!([]))).unwrap();
    }
}

fn appviewx_values() -> Vec<&'static str> {
    use appviewx::*;
    let groups = appviewx_client().certificate_groups();
    let done = || Reply::json(200, json!({"response": {"Successful Ids": [ID]}, "appStatusCode": null}));
    let unassignment = groups.unassign([ID]).build().unwrap();
    let refused =
        || groups.unassign([ID]).build().unwrap().outcome_of(Reply::json(404, json!({"appStatusCode": "CERT_001"})));
    let api = |error: Error| match error {
        Error::Api(api) => *api,
        other => panic!("{other:?}"),
    };
    let unknown = |error: Error| match error {
        Error::OutcomeUnknown(unknown) => *unknown,
        other => panic!("{other:?}"),
    };
    let plan = || {
        let remembered = json!([{"resource_id": ID, "group": "web"}]);
        let forgotten = json!([{"resource_id": "2", "why": "no row"}]);
        GroupPlan::from_json(json!({"remembered": remembered, "not_remembered": forgotten}).to_string()).unwrap()
    };
    let revocation = appviewx_client().certificates().revoke(ID, RevocationReason::Superseded).build().unwrap();
    let revoked = Reply::json(200, json!({"response": {"requestId": "7"}, "message": "ok", "appStatusCode": null}));
    let revoked = revocation.outcome_of(revoked).unwrap();
    let logout = LogoutOutcome::outcome_of(Reply::json(200, json!({"response": null, "message": "bye"})));
    let LogoutOutcome::LoggedOut(logged_out) = logout.unwrap() else { panic!("no logout") };
    let in_calls = groups.assign("web", [ID]).in_calls().outcome_of(|_| done()).unwrap();
    built! {
        ApiError = api(refused().unwrap_err());
        AssignBackOutcome = AssignBackOutcome::new([(ID, AssignBackState::NotFound)], [in_calls]);
        AssignBackState = AssignBackState::Unreadable(refused().unwrap_err().into());
        AssignOutcome = groups.assign("web", [ID]).build().unwrap().outcome_of(done()).unwrap();
        Certificate = from_value(json!({"_id": ID})).unwrap();
        CertificateGroup = from_value(json!({"name": "web"})).unwrap();
        Error = refused().unwrap_err();
        ErrorCode = refused().unwrap_err().code().unwrap().clone();
        GroupConfirmation = GroupConfirmation::new("web", [(ID, GroupMembership::NotFound)]);
        GroupMembership = GroupMembership::Group("web".to_owned());
        GroupPlan = plan();
        LoggedOut = logged_out;
        LogoutOutcome = LogoutOutcome::NoSession;
        LookupError = LookupError::TwoGroups { first: "web".to_owned(), second: "dmz".to_owned() };
        MoveOutcome [MoveOutcome<Unassign>] = unassignment.clone().outcome_of(done()).unwrap();
        NotRemembered = plan().not_remembered()[0].clone();
        OutcomeUnknown = unknown(unassignment.clone().outcome_of(Reply::text(200, "{\"res").cut()).unwrap_err());
        RawJson = from_value::<Certificate>(json!({"_id": ID, "new": 1})).unwrap().extra;
        RememberedGroup = plan().remembered()[0].clone();
        RevocationState = revoked.state.clone();
        RevokeOutcome = revoked.clone();
        Rows [Rows<Certificate>] = Rows::of_results([Ok(from_value(json!({"_id": ID})).unwrap())]);
        ServerTime = from_value(json!(1_700_000_000_000_u64)).unwrap();
        SharedError = refused().unwrap_err().into();
        UnassignOutcome = unassignment.outcome_of(done()).unwrap();
    }
}

fn values_of_both() -> Vec<&'static str> {
    use clm::*;
    let each = || asked_for_removal().one_job_per_location();
    let many = each().on_failure(OnFailure::Continue).outcome_of(|_| Reply::no_connection()).unwrap();
    let incomplete = || {
        let none = removal_request().outcome_of(Reply::json(200, json!([]))).unwrap();
        none.require_complete().unwrap_err()
    };
    let authentication = match removal_request().outcome_of(Reply::no_credential("invalid_client", "no such client")) {
        Err(keyfactor::Error::Authentication(error)) => *error,
        other => panic!("{other:?}"),
    };
    let configuration = match keyfactor::Client::builder("no URL").build() {
        Err(keyfactor::Error::Configuration(error)) => *error,
        other => panic!("{other:?}"),
    };
    let raw = || keyfactor_client().raw(http::Method::GET, "Agents").effect(RawEffect::Read).build().unwrap();
    let decode =
        match keyfactor_client().certificate_stores().get(store()).build().unwrap().outcome_of(Reply::text(200, "<")) {
            Err(keyfactor::Error::Decode(error)) => *error,
            other => panic!("{other:?}"),
        };
    let transport = match removal_request().outcome_of(Reply::no_connection()) {
        Err(keyfactor::Error::Transport(error)) => *error,
        other => panic!("{other:?}"),
    };
    let no_locations: [keyfactor::CertificateLocation; 0] = [];
    let stores = keyfactor_client().certificate_stores();
    let validation = stores.remove_certificates(no_locations, keyfactor::Schedule::Immediate).build().unwrap_err();
    let comment = appviewx_client().certificate_groups().unassign([ID]).comment("a<b").build().unwrap_err();
    let of_comment = comment.problems()[0].reason().clone();
    let invalid = match &of_comment {
        Reason::InvalidCharacters(characters) => characters[0],
        other => panic!("{other:?}"),
    };
    let answer = raw().outcome_of(Reply::text(200, "<")).unwrap();
    let unreadable = answer.read().unwrap_err();
    let limit = LookupLimit::Deadline(Duration::from_secs(300));
    built! {
        ApiError [ApiError<keyfactor::Keyfactor>] = match refused(409) {
            Error::Api(api) => *api,
            other => panic!("{other:?}"),
        };
        AuthenticationError = authentication;
        ConfigurationError = configuration;
        DecodeError = decode;
        Error [Error<keyfactor::Keyfactor>] = refused(502);
        Incomplete [Incomplete<keyfactor::RemoveOutcome>] = incomplete();
        IncompleteOutcome = incomplete().into();
        InvalidCharacter = invalid;
        ItemOutcome [ItemOutcome<keyfactor::CertificateLocation, keyfactor::RemoveCertificates>] = many.items()[0].clone();
        ItemState [ItemState<keyfactor::Keyfactor>] = ItemState::Refused(refused(403).into());
        LookupLimit = limit;
        LookupLimitReached = LookupLimitReached::new("GET /Certificates", limit, 3);
        ManyOutcome [ManyOutcome<keyfactor::CertificateLocation, keyfactor::RemoveCertificates>] = many.clone();
        OutcomeUnknown [Box<OutcomeUnknown<keyfactor::Keyfactor>>] = match refused(500) {
            Error::OutcomeUnknown(unknown) => unknown,
            other => panic!("{other:?}"),
        };
        PlanError = keyfactor::RemovalPlan::from_json("{").unwrap_err();
        PlanHeader = plan().header;
        Problem = validation.problems()[0].clone();
        RawAnswer = answer;
        Reason = of_comment;
        Receipt = removal().receipt().clone();
        Rows [Rows<u8, keyfactor::Error>] = Rows::of_results([Ok(1)]);
        SharedError [SharedError<keyfactor::Keyfactor>] = refused(403).into();
        TransportError = transport;
        UnreadableReason = unreadable.reason();
        UnreadableAnswer = unreadable;
        ValidationError = validation;
    }
}

/// The names that a file re-exports.
fn exported(file: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let uses = text.split("\npub use ").skip(1).map(|it| it.split(';').next().unwrap());
    let words = uses.flat_map(|it| it.split(|c: char| !c.is_alphanumeric() && c != '_'));
    let is_name = |word: &&str| !matches!(*word, "" | "self" | "crate" | "as");
    let is_type = |word: &str| word.starts_with(char::is_uppercase);
    let names: BTreeSet<String> = words.filter(is_name).filter(|word| is_type(word)).map(str::to_owned).collect();
    assert!(names.len() > 20, "{file}: {names:?}");
    names
}

#[test]
fn everything_that_is_handed_out_can_be_made_without_a_server() {
    for (file, built) in [
        ("src/keyfactor/mod.rs", keyfactor_values()),
        ("src/appviewx/mod.rs", appviewx_values()),
        ("src/lib.rs", values_of_both()),
    ] {
        let built: BTreeSet<&str> = built.into_iter().collect();
        let exported = exported(file);
        let is_missing = |name: &&String| !built.contains(name.as_str()) && !ASKED_FOR.contains(&name.as_str());
        let missing: Vec<&String> = exported.iter().filter(is_missing).collect();
        assert!(
            missing.is_empty(),
            "{file}: a user's test cannot make {missing:?}; or they are asked for, not handed out"
        );
        let both: Vec<&&str> = built.iter().filter(|it| ASKED_FOR.contains(it)).collect();
        assert!(both.is_empty(), "{file}: {both:?}");
    }
}
