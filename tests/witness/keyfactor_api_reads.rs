//! The reads of the Keyfactor program, the whole job and the credentials, as the crate spells them now; see
//! `keyfactor_api.rs`.

use std::time::Duration;

use clm::RetryPolicy;
use clm::keyfactor::{
    CertificateLocation, Certificates, Client, ClientBuilder, ClientCredentials, ConfirmRemoved, Credentials, Error,
    JobId, JobWatch, OrchestratorJobs, Query, RemovalPlan, Schedule,
};
use clm::secrecy::SecretString;
use clm::uuid::Uuid;

use crate::keyfactor_api::{
    CLIENT_SECRET, DIGITS, PASSWORD, REMOVALS, TOKEN, USER, client, expecting, failed, job, send_removal, store,
};
use crate::keyfactor_told::{
    describe_addition, describe_confirmation, describe_keyfactor_error, describe_located, describe_plain,
    describe_plan, describe_removal, describe_report, describe_rows, describe_stop, describe_value, state,
};
use crate::shared_told::as_json;
use crate::told::Told;

// Reads.

pub(crate) async fn certificate(client: Client) -> Told {
    describe_value("Certificate", client.certificates().get(17).send().await)
}

pub(crate) async fn certificate_in_both_scopes(client: Client) -> Told {
    let get = client.certificates().get(17).collection_id(4).container_id(9);
    describe_value("Certificate", get.send().await)
}

pub(crate) async fn certificate_in_a_container(client: Client) -> Told {
    describe_value("Certificate", client.certificates().get(17).container_id(9).send().await)
}

pub(crate) async fn certificate_below_zero(client: Client) -> Told {
    describe_value("Certificate", client.certificates().get(-1).collection_id(0).send().await)
}

pub(crate) async fn certificate_locations(client: Client) -> Told {
    describe_value("CertificateLocations", client.certificates().locations(17).send().await)
}

pub(crate) async fn certificate_locations_in_a_collection(client: Client) -> Told {
    describe_value("CertificateLocations", client.certificates().locations(17).collection_id(4).send().await)
}

pub(crate) async fn search(client: Client) -> Told {
    let search = client.certificates().search(Query::field("IssuedCN").contains("example.com"));
    describe_rows(search.rows().map_err(Error::from)).await
}

pub(crate) async fn search_with_all_flags(client: Client) -> Told {
    let query = Query::field("KeySizeInBits").lt(2048).or(Query::field("Revoked").eq(true));
    let search = client.certificates().search(query).collection_id(4).page_size(2);
    let search = search.include_revoked().include_expired().include_locations().include_metadata();
    describe_rows(search.include_has_private_key().rows().map_err(Error::from)).await
}

pub(crate) async fn search_for_everything(client: Client) -> Told {
    describe_rows(client.certificates().search(Query::all()).page_size(0).rows().map_err(Error::from)).await
}

pub(crate) async fn search_for_what_cannot_be_written(client: Client) -> Told {
    let query = Query::field("A").eq("\"").and(Query::field("B").one_of(Vec::<&str>::new()));
    describe_rows(client.certificates().search(query).collection_id(0).rows().map_err(Error::from)).await
}

pub(crate) async fn list_stores(client: Client) -> Told {
    let query = Query::field("ClientMachine").starts_with("web").and(Query::field("Approved").eq(true));
    describe_rows(client.certificate_stores().list(query).rows().map_err(Error::from)).await
}

pub(crate) async fn list_stores_by_nothing(client: Client) -> Told {
    describe_rows(client.certificate_stores().list(Query::raw("")).rows().map_err(Error::from)).await
}

pub(crate) async fn list_store_types(client: Client) -> Told {
    let query = Query::field("ShortName").eq("IISU");
    describe_rows(client.certificate_store_types().list(query).rows().map_err(Error::from)).await
}

pub(crate) async fn get_store_type(client: Client) -> Told {
    describe_value("CertificateStoreType", client.certificate_store_types().get(104).send().await)
}

pub(crate) async fn get_store_type_below_all(client: Client) -> Told {
    describe_value("CertificateStoreType", client.certificate_store_types().get(-2).send().await)
}

pub(crate) async fn get_store(client: Client) -> Told {
    let read = client.certificate_stores().get(store(1)).send().await;
    let asked = read.as_ref().ok().map(|store| (store.has_inventory_schedule(), as_json(&store.properties())));
    let mut told = describe_value("CertificateStore", read);
    if let Some((scheduled, properties)) = asked {
        told.say("has an inventory schedule", scheduled);
        told.say("properties", properties);
    }
    told
}

pub(crate) async fn inventory(client: Client) -> Told {
    describe_rows(client.certificate_stores().inventory(store(1)).rows().map_err(Error::from)).await
}

pub(crate) async fn history(client: Client) -> Told {
    let history = client.orchestrator_jobs().history(Query::field("JobId").eq(JobId::from(job(1))));
    describe_rows(history.rows().map_err(Error::from)).await
}

pub(crate) async fn history_of_nothing(client: Client) -> Told {
    describe_rows(client.orchestrator_jobs().history(Query::raw(" ")).rows().map_err(Error::from)).await
}

pub(crate) async fn scheduled(client: Client) -> Told {
    describe_rows(client.orchestrator_jobs().scheduled(Query::all()).rows().map_err(Error::from)).await
}

pub(crate) async fn scheduled_of_nothing(client: Client) -> Told {
    describe_rows(client.orchestrator_jobs().scheduled(Query::raw("")).rows().map_err(Error::from)).await
}

pub(crate) async fn can_follow(client: Client) -> Told {
    describe_plain(client.orchestrator_jobs().can_follow().await)
}

// The whole job.

pub(crate) type Locate = fn(&Certificates) -> clm::keyfactor::LocateCertificate;

pub(crate) const BY_THUMBPRINT: Locate =
    |it| it.locations_of("01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef:01:23:45:67");
pub(crate) const BY_ID: Locate = |it| it.locations_of(17).collection_id(4);
pub(crate) const BY_NONSENSE: Locate = |it| it.locations_of("no thumbprint").collection_id(0);

pub(crate) async fn locate(client: Client, locate: Locate) -> Told {
    match locate(&client.certificates()).send().await {
        Ok(located) => describe_located(&located),
        Err(error) => describe_keyfactor_error(&error),
    }
}

/// By thumbprint, and then the plan.
pub(crate) async fn plan(client: Client) -> Told {
    let located = client.certificates().locations_of(DIGITS).send().await.unwrap();
    match client.certificate_stores().plan_removal(&located).await {
        Ok(plan) => describe_plan(&plan),
        Err(error) => describe_keyfactor_error(&error),
    }
}

/// A plan as a file of today has it.
fn kept(plan: &str) -> RemovalPlan {
    serde_json::from_str(plan).unwrap()
}

pub(crate) async fn remove_by_plan(client: Client, plan: &str) -> Told {
    match client.certificate_stores().remove(&kept(plan), Schedule::Immediate).send().await {
        Ok(outcome) => describe_removal(outcome),
        Err(error) => failed(&client, error),
    }
}

pub(crate) async fn add_back(client: Client, plan: &str) -> Told {
    match client.certificate_stores().add_back(&kept(plan), Schedule::Immediate).send().await {
        Ok(outcome) => describe_addition(outcome),
        Err(error) => failed(&client, error),
    }
}

pub(crate) type Confirm = fn(ConfirmRemoved) -> ConfirmRemoved;

/// Of one location with a thumbprint and one without, in two stores or in one.
pub(crate) async fn confirm(client: Client, stores: u128, with: Confirm) -> Told {
    let other = CertificateLocation::new(store(stores), "other.pfx");
    let confirm = client.certificate_stores().confirm_removed([expecting(), other]);
    match with(confirm.pauses(Duration::ZERO, Duration::ZERO).deadline(Duration::from_secs(600))).send().await {
        Ok(confirmation) => describe_confirmation(&confirmation),
        Err(error) => describe_keyfactor_error(&error),
    }
}

/// The pause is longer than the deadline, so that there is one look.
pub(crate) const ONE_LOOK: Confirm =
    |it| it.pauses(Duration::from_secs(600), Duration::from_secs(600)).deadline(Duration::from_secs(1));

pub(crate) async fn confirm_nothing(client: Client) -> Told {
    let locations = [CertificateLocation::new(Uuid::nil(), "")];
    let mut told = Told::new("two refusals");
    for locations in [Vec::new(), locations.to_vec()] {
        let error = client.certificate_stores().confirm_removed(locations).send().await.unwrap_err();
        told.inside("refused", describe_keyfactor_error(&error));
    }
    told
}

pub(crate) type Watch = fn(&OrchestratorJobs) -> JobWatch;

pub(crate) const WATCH: Watch = |it| {
    it.watch([job(1), job(2), job(1)])
        .pauses(Duration::ZERO, Duration::from_millis(1))
        .deadline(Duration::from_secs(600))
};
pub(crate) const WATCH_AFTER: Watch = |it| WATCH(it).after([40_i64, 39]);
pub(crate) const WATCH_ONE_ROUND: Watch = |it| {
    it.watch([job(1), job(2), job(3)])
        .pauses(Duration::from_secs(600), Duration::from_secs(600))
        .deadline(Duration::from_secs(1))
};
pub(crate) const WATCH_NOTHING: Watch = |it| it.watch(Vec::<JobId>::new());
pub(crate) const WATCH_NIL: Watch = |it| it.watch([Uuid::nil()]);

/// Every change, and the report.
pub(crate) async fn watch(client: Client, start: Watch) -> Told {
    let mut watch = start(&client.orchestrator_jobs());
    let mut told = Told::new("a watch");
    while let Some(change) = watch.next().await {
        match change {
            Ok(change) => {
                let run = change.entry.map_or("no run".to_owned(), |entry| format!("run {}", entry.job_history_id));
                told.say("change", format!("{}: {} ({run})", change.job_id, state(&change.state)));
            }
            Err(error) => told.inside("stopped", describe_stop(&error, &watch.report())),
        }
    }
    told.show(&watch);
    told.inside("report", describe_report(&watch.report()));
    if let Err(error) = watch.report().require_success() {
        told.inside("require_success", describe_keyfactor_error(&error.into()));
    }
    told
}

/// To its end, and what is open is withdrawn.
pub(crate) async fn watch_and_withdraw(client: Client) -> Told {
    let jobs = client.orchestrator_jobs();
    match WATCH_ONE_ROUND(&jobs).finish().await {
        Err(error) => describe_keyfactor_error(&error),
        Ok(report) => match jobs.unschedule_open(&report).await {
            Err(error) => failed(&client, error),
            Ok(withdrawn) => {
                let mut told = Told::new("Ok, withdrawn");
                told.list("jobs", withdrawn);
                told.inside("report", describe_report(&report));
                told
            }
        },
    }
}

// Credentials.

pub(crate) type Form = fn(ClientCredentials) -> ClientCredentials;

/// A removal and a read by one client, whose tokens come from `provider`.
pub(crate) async fn by_client_credentials(provider: String, api: String, with: Form) -> Told {
    let credentials =
        Credentials::client_credentials(format!("{provider}/oauth2/token?tenant=1"), "clm", CLIENT_SECRET);
    let client = Client::builder(api).credentials(with(credentials)).retry_policy(RetryPolicy::none());
    two_calls(client.build().unwrap()).await
}

async fn two_calls(client: Client) -> Told {
    let mut told = Told::new("a removal and a read");
    told.show(&client);
    told.inside("removal", send_removal(client.clone(), REMOVALS[0].2).await);
    told.inside("read", certificate(client).await);
    told.again = None;
    told
}

pub(crate) async fn by_bearer(origin: String) -> Told {
    let client = Client::builder(origin).credentials(Credentials::bearer(TOKEN)).retry_policy(RetryPolicy::none());
    two_calls(client.build().unwrap()).await
}

pub(crate) async fn by_bearer_from(origin: String) -> Told {
    let credentials = Credentials::bearer_from(|| async { Ok::<_, std::io::Error>(SecretString::from(TOKEN)) });
    let client = Client::builder(origin).credentials(credentials).retry_policy(RetryPolicy::none());
    two_calls(client.build().unwrap()).await
}

pub(crate) async fn by_bearer_from_that_fails(origin: String) -> Told {
    let credentials =
        Credentials::bearer_from(|| async { Err::<SecretString, _>(std::io::Error::other("the vault is sealed")) });
    let client = Client::builder(origin).credentials(credentials).retry_policy(RetryPolicy::none());
    two_calls(client.build().unwrap()).await
}

/// Clients that cannot be built.
pub(crate) fn refused_clients() -> Told {
    let basic = |user: &str, password: &str| Credentials::basic(user, password);
    let good = || basic(USER, PASSWORD);
    let url = "https://keyfactor.example.com/KeyfactorAPI";
    let oauth = |url: &str, id: &str| Credentials::client_credentials(url, id, CLIENT_SECRET);
    let clients: Vec<(&str, ClientBuilder)> = vec![
        ("no credentials", Client::builder(url)),
        ("plain http", Client::builder("http://keyfactor.example.com").credentials(good())),
        ("no URL", Client::builder("keyfactor").credentials(good())),
        ("a query in the URL", Client::builder(format!("{url}?a=b")).credentials(good())),
        ("a user in the URL", Client::builder("https://u:p@keyfactor.example.com").credentials(good())),
        ("no user name", Client::builder(url).credentials(basic("", PASSWORD))),
        ("no password", Client::builder(url).credentials(basic(USER, ""))),
        ("a colon in the name", Client::builder(url).credentials(basic("a:b", PASSWORD))),
        ("a line end in the password", Client::builder(url).credentials(basic(USER, "marker-password\n"))),
        ("no token", Client::builder(url).credentials(Credentials::bearer(""))),
        ("a token of two lines", Client::builder(url).credentials(Credentials::bearer("marker-token\nx"))),
        ("a token URL of plain http", Client::builder(url).credentials(oauth("http://idp.example.com/", "clm"))),
        ("no client id", Client::builder(url).credentials(oauth("https://idp.example.com/", " "))),
        (
            "a scope of two words",
            Client::builder(url).credentials(oauth("https://idp.example.com/", "clm").scope("a b")),
        ),
        ("no locations", Client::builder(url).credentials(good()).max_locations_per_call(0)),
    ];
    let mut told = Told::new("clients that cannot be built");
    for (name, client) in clients {
        told.show(&client);
        match client.build() {
            Ok(_) => told.say(name, "Ok"),
            Err(error) => told.inside(name, describe_keyfactor_error(&error)),
        }
    }
    told
}

/// Where the API path goes, and names as the vendor's tools send them.
pub(crate) fn base_urls() -> Told {
    let mut told = Told::new("Ok");
    for url in [
        "https://keyfactor.example.com",
        "https://keyfactor.example.com/",
        "https://keyfactor.example.com/Keyfactor/API//",
        "https://keyfactor.example.com:8443/KeyfactorAPI",
    ] {
        told.say(url, client(url).base_url());
    }
    told
}

pub(crate) async fn by_user_at_domain(origin: String) -> Told {
    let credentials = Credentials::basic("svc-clm@EXAMPLE", PASSWORD);
    certificate(Client::builder(origin).credentials(credentials).build().unwrap()).await
}
