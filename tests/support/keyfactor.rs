//! What the tests of the Keyfactor client share.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex};

use clm::RequestBuilder;
use clm::keyfactor::{
    CertificateLocation, CertificateStoreId, CertificateStores, Client, ClientBuilder, Credentials, Error,
    PermissionScope, RemoveCertificates, Schedule,
};
use jiff::Timestamp;
use jiff::civil::Weekday;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

pub const USER: &str = r"EXAMPLE\svc-clm";
pub const PASSWORD: &str = "hunter2-password";
/// Of `USER` and `PASSWORD`.
pub const BASIC: &str = "Basic RVhBTVBMRVxzdmMtY2xtOmh1bnRlcjItcGFzc3dvcmQ=";
pub const FIELD_VALUE: &str = "hunter2-field";
pub const PATH: &str = "/KeyfactorAPI/CertificateStores/Certificates/Remove";
pub const CALL: &str = "POST /CertificateStores/Certificates/Remove";
pub const STORE: &str = "f0cc1a2b-0000-4000-8000-00000000c476";
pub const JOB: &str = "d985c4a4-0000-4000-8000-000000000001";

pub fn store(number: u128) -> CertificateStoreId {
    Uuid::from_u128(number).into()
}

pub fn builder(base_url: &str) -> ClientBuilder {
    Client::builder(base_url).credentials(Credentials::basic(USER, PASSWORD))
}

/// A client that tries once, so that a test sees what one answer means.
pub fn client(base_url: &str) -> Client {
    builder(base_url).retry_policy(clm::RetryPolicy::none()).build().unwrap()
}

/// A location with a secret in a job field.
pub fn location() -> CertificateLocation {
    CertificateLocation::new(store(1), "web01.pfx").job_field("EntryPassword", FIELD_VALUE)
}

/// The removal of that location, at once.
pub fn removal(client: &Client) -> RequestBuilder<RemoveCertificates> {
    client.certificate_stores().remove_certificates([location()], Schedule::Immediate)
}

/// One way to build a removal, and the body that it has to become.
pub struct Variant {
    pub name: &'static str,
    pub build: fn(&CertificateStores) -> RequestBuilder<RemoveCertificates>,
    pub body: Value,
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn plain(stores: &CertificateStores, schedule: Schedule) -> RequestBuilder<RemoveCertificates> {
    let store: CertificateStoreId = STORE.parse().unwrap();
    stores.remove_certificates([CertificateLocation::new(store, "A")], schedule)
}

fn with_fields(stores: &CertificateStores, location: CertificateLocation) -> RequestBuilder<RemoveCertificates> {
    stores.remove_certificates([location], Schedule::Immediate)
}

/// Every setter of the builder, every kind of schedule, every kind of job field.
#[allow(clippy::too_many_lines, reason = "a table")]
pub fn variants() -> Vec<Variant> {
    let plain_location = json!([{"CertificateStoreId": STORE, "Alias": "A"}]);
    let scheduled = |name, build, schedule: Value| Variant {
        name,
        build,
        body: json!({"CertificateStores": plain_location, "Schedule": schedule}),
    };
    let scoped = |name, build, member: Option<(&str, i32)>| {
        let mut body = json!({"CertificateStores": plain_location, "Schedule": {"Immediate": true}});
        if let Some((member, id)) = member {
            body[member] = id.into();
        }
        Variant { name, build, body }
    };
    let fields = |name, build, fields: Value| {
        let location = json!({"CertificateStoreId": store(1), "Alias": "A", "JobFields": fields});
        Variant { name, build, body: json!({"CertificateStores": [location], "Schedule": {"Immediate": true}}) }
    };
    let new = |stores: &CertificateStores| with_fields(stores, CertificateLocation::new(store(1), "A"));
    vec![
        scheduled("immediate", |it| plain(it, Schedule::Immediate), json!({"Immediate": true})),
        scheduled(
            "an unneeded consent",
            |it| plain(it, Schedule::Immediate).allow_recurring(),
            json!({"Immediate": true}),
        ),
        scheduled(
            "exactly once, whole seconds",
            |it| plain(it, Schedule::ExactlyOnce { time: at("2026-03-19T21:26:35Z") }),
            json!({"ExactlyOnce": {"Time": "2026-03-19T21:26:35.000Z"}}),
        ),
        scheduled(
            "exactly once, milliseconds",
            |it| plain(it, Schedule::ExactlyOnce { time: at("2026-03-19T21:26:35.967Z") }),
            json!({"ExactlyOnce": {"Time": "2026-03-19T21:26:35.967Z"}}),
        ),
        scheduled(
            "exactly once, below a millisecond",
            |it| plain(it, Schedule::ExactlyOnce { time: at("2026-12-31T23:59:59.999999999Z") }),
            json!({"ExactlyOnce": {"Time": "2026-12-31T23:59:59.999Z"}}),
        ),
        scheduled(
            "exactly once, written with an offset",
            |it| plain(it, Schedule::ExactlyOnce { time: at("2026-01-01T00:30:00.5+02:00") }),
            json!({"ExactlyOnce": {"Time": "2025-12-31T22:30:00.500Z"}}),
        ),
        scheduled(
            "exactly once, from a time zone",
            |it| {
                let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(-5));
                let time = zone.to_timestamp(jiff::civil::date(2026, 3, 19).at(21, 26, 35, 967_000_000)).unwrap();
                plain(it, Schedule::ExactlyOnce { time })
            },
            json!({"ExactlyOnce": {"Time": "2026-03-20T02:26:35.967Z"}}),
        ),
        scheduled(
            "exactly once, in the past and the first year",
            |it| plain(it, Schedule::ExactlyOnce { time: at("0001-01-01T00:00:00Z") }),
            json!({"ExactlyOnce": {"Time": "0001-01-01T00:00:00.000Z"}}),
        ),
        scheduled(
            "the shortest interval",
            |it| plain(it, Schedule::Interval { minutes: 1 }).allow_recurring(),
            json!({"Interval": {"Minutes": 1}}),
        ),
        scheduled(
            "the longest interval",
            |it| plain(it, Schedule::Interval { minutes: 2_147_483_647 }).allow_recurring(),
            json!({"Interval": {"Minutes": 2_147_483_647}}),
        ),
        scheduled(
            "daily",
            |it| plain(it, Schedule::Daily { time: at("2026-03-19T23:30:00Z") }).allow_recurring(),
            json!({"Daily": {"Time": "2026-03-19T23:30:00.000Z"}}),
        ),
        scheduled(
            "weekly, days out of order and twice",
            |it| {
                let days = vec![Weekday::Saturday, Weekday::Monday, Weekday::Sunday, Weekday::Monday];
                plain(it, Schedule::Weekly { days, time: at("2026-03-19T23:30:00Z") }).allow_recurring()
            },
            json!({"Weekly": {"Days": [0, 1, 6], "Time": "2026-03-19T23:30:00.000Z"}}),
        ),
        scheduled(
            "weekly, every day",
            |it| {
                let days = Weekday::Monday.cycle_forward().take(7).collect();
                plain(it, Schedule::Weekly { days, time: at("2026-03-19T23:30:00Z") }).allow_recurring()
            },
            json!({"Weekly": {"Days": [0, 1, 2, 3, 4, 5, 6], "Time": "2026-03-19T23:30:00.000Z"}}),
        ),
        scheduled(
            "monthly",
            |it| plain(it, Schedule::Monthly { day: 31, time: at("2026-03-19T23:30:00Z") }).allow_recurring(),
            json!({"Monthly": {"Day": 31, "Time": "2026-03-19T23:30:00.000Z"}}),
        ),
        scoped("a collection", |it| plain(it, Schedule::Immediate).collection_id(4), Some(("CollectionId", 4))),
        scoped(
            "the last collection set, the largest id",
            |it| plain(it, Schedule::Immediate).collection_id(4).collection_id(i32::MAX),
            Some(("CollectionId", i32::MAX)),
        ),
        scoped(
            "a collection that must stand alone, and does",
            |it| plain(it, Schedule::Immediate).collection_id(4).deny_ambiguous_scope(),
            Some(("CollectionId", 4)),
        ),
        scoped(
            "both: the container is not sent",
            |it| plain(it, Schedule::Immediate).collection_id(4).container_id(9),
            Some(("CollectionId", 4)),
        ),
        scoped(
            "both, the other way round",
            |it| plain(it, Schedule::Immediate).container_id(9).collection_id(4),
            Some(("CollectionId", 4)),
        ),
        scoped("no scope, none denied", |it| plain(it, Schedule::Immediate).deny_ambiguous_scope(), None),
        scoped(CONTAINER_ALONE, |it| plain(it, Schedule::Immediate).container_id(9), Some(("ContainerId", 9))),
        fields(
            "job fields: text, numbers, booleans",
            |it| {
                let location = CertificateLocation::new(store(1), "A")
                    .job_field("ServerName", "web01")
                    .job_field("Empty", "")
                    .job_field("Port", 443)
                    .job_field("Weight", -1.5)
                    .job_field("Largest", u64::MAX)
                    .job_field("Force", true)
                    .job_field("Ümlaut \"quoted\"", String::from("\\\n"));
                with_fields(it, location)
            },
            json!({
                "ServerName": "web01", "Empty": "", "Port": 443, "Weight": -1.5, "Largest": 18_446_744_073_709_551_615_u64,
                "Force": true, "Ümlaut \"quoted\"": "\\\n",
            }),
        ),
        fields(
            "a job field set twice alike",
            |it| with_fields(it, CertificateLocation::new(store(1), "A").job_field("N", 1).job_field("N", 1)),
            json!({"N": 1}),
        ),
        Variant {
            name: "no job fields",
            build: new,
            body: json!({
                "CertificateStores": [{"CertificateStoreId": store(1), "Alias": "A"}],
                "Schedule": {"Immediate": true},
            }),
        },
        Variant {
            name: "repeats are sent once, in the order of the first",
            build: |it| {
                let first = CertificateLocation::new(store(2), "A").job_field("X", 1).job_field("Y", 2);
                let alike = CertificateLocation::new(store(2), "A").job_field("Y", 2).job_field("X", 1);
                let other = CertificateLocation::new(store(1), "A");
                let locations = [first.clone(), other.clone(), first, alike, other];
                it.remove_certificates(locations, Schedule::Immediate)
            },
            body: json!({
                "CertificateStores": [
                    {"CertificateStoreId": store(2), "Alias": "A", "JobFields": {"X": 1, "Y": 2}},
                    {"CertificateStoreId": store(1), "Alias": "A"},
                ],
                "Schedule": {"Immediate": true},
            }),
        },
    ]
}

/// The variant whose body has a member that no published schema has.
pub const CONTAINER_ALONE: &str = "a container alone";

/// A scope as its kind, its id and the container that is ignored.
pub fn scope_parts(scope: PermissionScope) -> (&'static str, Option<i32>, Option<i32>) {
    match scope {
        PermissionScope::SystemWideOrContainers => ("none", None, None),
        PermissionScope::Collection { id, ignored_container, .. } => {
            ("collection", Some(id.get()), ignored_container.map(clm::keyfactor::ContainerId::get))
        }
        PermissionScope::Container { id, .. } => ("container", Some(id.get()), None),
        other => panic!("a kind of scope that no test knows: {other:?}"),
    }
}

/// No error type of the HTTP library, no address and no secret can be had from an error.
pub fn assert_discreet(case: &str, error: &Error, origin: &str) {
    let address = origin.trim_start_matches("http://");
    let (_, port) = address.rsplit_once(':').unwrap();
    let mut below: Option<&(dyn StdError + 'static)> = Some(error);
    let mut depth = 0;
    while let Some(it) = below {
        depth += 1;
        assert!(depth < 20, "{case}: the chain of causes does not end");
        assert!(!it.is::<reqwest::Error>(), "{case}: a cause is the HTTP library's: {it:?}");
        let shown = it.to_string();
        for hidden in [port, "127.0.0.1", "http://", PASSWORD, BASIC.trim_start_matches("Basic "), FIELD_VALUE] {
            assert!(!shown.contains(hidden), "{case}: {hidden} in {shown}");
        }
        below = it.source();
    }
    let debug = format!("{error:?}");
    for hidden in [address, "reqwest::", PASSWORD, BASIC.trim_start_matches("Basic "), FIELD_VALUE] {
        assert!(!debug.contains(hidden), "{case}: {hidden} in {debug}");
    }
}

/// A loopback server that does what a test says with every connection, and keeps what became of each.
pub struct Server<T> {
    pub origin: String,
    connections: Arc<Mutex<Vec<tokio::task::JoinHandle<T>>>>,
    task: tokio::task::JoinHandle<()>,
}

impl<T: Send + 'static> Server<T> {
    pub async fn start<F: Future<Output = T> + Send + 'static>(
        serve: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                all.lock().unwrap().push(tokio::spawn(serve(stream)));
            }
        });
        Self { origin, connections, task }
    }

    /// What became of every connection so far; waits for their ends.
    pub async fn ends(&self) -> Vec<T> {
        let connections = std::mem::take(&mut *self.connections.lock().unwrap());
        let mut ends = Vec::new();
        for connection in connections {
            ends.push(connection.await.unwrap());
        }
        ends
    }
}

impl<T> Drop for Server<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}
