//! Random sequences of calls leave the fakes, what the clients read of them, and a model that knows neither, agreeing about
//! every store, job and group.

mod model;

use std::collections::{BTreeMap, BTreeSet};

use clm::appviewx;
use clm::keyfactor::{
    self, CertificateId, CertificateLocation, CertificateStoreEntry, CertificateStoreId, JobHistoryId, JobId, Query,
    Schedule, ServerSchedule,
};
use clm::testing::{FakeAgent, FakeAppViewX, FakeCertificate, FakeKeyfactor};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::{Value, json};

use self::model::{Model, Work};

const CASES: u32 = 40;
const STEPS: usize = 24;
const STORES: usize = 2;
const CERTIFICATES: usize = 3;
/// Two of them differ in their case alone.
const ALIASES: [&str; 3] = ["web01.pfx", "WEB01.pfx", "other name"];
const GROUPS: [&str; 4] = ["Default", "web", "dmz", "nowhere"];
const IDS: [&str; 3] = ["67bc2ca76a105e1a05691c1c", "67bc2ca76a105e1a05691c2c", "unknown"];

/// A store, by its number, and an alias.
type Place = (usize, &'static str);

/// Jobs and runs are named by numbers that may be larger than there are: see [`Step::of`].
#[derive(Clone, Debug)]
enum Step {
    Remove {
        places: BTreeSet<Place>,
        checked: bool,
    },
    Add {
        certificate: usize,
        places: BTreeSet<Place>,
        overwrite: bool,
    },
    Inventory {
        store: usize,
        plan: Plan,
    },
    Unschedule(BTreeSet<usize>),
    Reschedule(BTreeSet<usize>),
    Acknowledge(BTreeSet<usize>),
    RunJobs,
    Agent {
        store: usize,
        is_away: bool,
    },
    /// By somebody else, so that the inventory does not show it.
    TakenOut(Place),
    Move {
        group: Option<&'static str>,
        ids: BTreeSet<&'static str>,
    },
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Plan {
    Now,
    Every(u32),
    Off,
}

impl Plan {
    fn schedule(self) -> Schedule {
        match self {
            Self::Now => Schedule::Immediate,
            Self::Every(minutes) => Schedule::Interval { minutes },
            Self::Off => Schedule::Off,
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = || (0..STORES, select(&ALIASES[..]));
    let places = || btree_set(place(), 1..4);
    let some = || btree_set(0_usize..64, 1..3);
    let plan = prop_oneof![Just(Plan::Now), (1_u32..100).prop_map(Plan::Every), Just(Plan::Off)];
    let ids = btree_set(select(&IDS[..]), 1..4);
    let step = prop_oneof![
        3 => (places(), any::<bool>()).prop_map(|(places, checked)| Step::Remove { places, checked }),
        4 => (0..CERTIFICATES, places(), prop::bool::weighted(0.3))
            .prop_map(|(certificate, places, overwrite)| Step::Add { certificate, places, overwrite }),
        2 => (0..STORES, plan).prop_map(|(store, plan)| Step::Inventory { store, plan }),
        1 => some().prop_map(Step::Unschedule),
        1 => some().prop_map(Step::Reschedule),
        1 => some().prop_map(Step::Acknowledge),
        4 => Just(Step::RunJobs),
        1 => (0..STORES, any::<bool>()).prop_map(|(store, is_away)| Step::Agent { store, is_away }),
        1 => place().prop_map(Step::TakenOut),
        2 => (prop::option::of(select(&GROUPS[..])), ids).prop_map(|(group, ids)| Step::Move { group, ids }),
    ];
    vec(step, 1..STEPS)
}

impl Step {
    /// The same about jobs and runs that there are; `None` if there are none.
    fn of(self, model: &Model) -> Option<Self> {
        let among = |chosen: BTreeSet<usize>, count: usize| -> Option<BTreeSet<usize>> {
            (count > 0).then(|| chosen.into_iter().map(|it| it % count).collect())
        };
        Some(match self {
            Self::Unschedule(jobs) => Self::Unschedule(among(jobs, model.jobs.len())?),
            Self::Reschedule(runs) => Self::Reschedule(among(runs, model.runs.len())?),
            Self::Acknowledge(runs) => Self::Acknowledge(among(runs, model.runs.len())?),
            other => other,
        })
    }
}

/// Both fakes, and the clients that are used.
struct Servers {
    command: FakeKeyfactor,
    keyfactor: keyfactor::Client,
    gateway: FakeAppViewX,
    appviewx: appviewx::Client,
    stores: [CertificateStoreId; STORES],
    certificates: [CertificateId; CERTIFICATES],
}

impl Servers {
    async fn start() -> Self {
        let (command, gateway) = (FakeKeyfactor::start().await, FakeAppViewX::start().await);
        let certificates = std::array::from_fn(|it| command.issue(FakeCertificate::new(format!("{it}.example.com"))));
        let stores = std::array::from_fn(|_| command.add_store());
        for group in &GROUPS[1..3] {
            gateway.add_group(*group, "Strict");
        }
        IDS[..2].iter().for_each(|id| gateway.add_certificate(*id, "web"));
        Self { keyfactor: command.client(), appviewx: gateway.client(), command, gateway, stores, certificates }
    }

    /// Whether the server took it. Each change that is not taken is refused in so many words.
    async fn take(&self, step: &Step, model: &Model) -> bool {
        let (stores, jobs) = (self.keyfactor.certificate_stores(), self.keyfactor.orchestrator_jobs());
        let count = |count: usize| move |named: usize| assert_eq!(named, count, "one job for each place");
        let ended = match step {
            Step::Remove { places, checked } => {
                let location = |(store, alias): &Place| {
                    let location = CertificateLocation::new(self.stores[*store], *alias);
                    match model.stores[*store].seen.get(alias).filter(|_| *checked) {
                        Some(seen) => location.expecting_thumbprint(self.command.thumbprint(self.certificates[*seen])),
                        None => location,
                    }
                };
                let removal = stores.remove_certificates(places.iter().map(location), Schedule::Immediate);
                removal.send().await.map(|it| it.job_ids().len()).map(count(places.len()))
            }
            Step::Add { certificate, places, overwrite } => {
                let entry = |(store, alias): &Place| {
                    let entry = CertificateStoreEntry::new(self.stores[*store]).alias(*alias);
                    if *overwrite { entry.overwrite() } else { entry }
                };
                let certificate = self.certificates[*certificate];
                let addition = stores.add_certificates(certificate, places.iter().map(entry), Schedule::Immediate);
                addition.send().await.map(|it| it.job_ids().len()).map(count(places.len()))
            }
            Step::Inventory { store, plan } => {
                stores.schedule_inventory([self.stores[*store]], plan.schedule()).send().await.map(drop)
            }
            Step::Unschedule(chosen) => jobs.unschedule(self.job_ids(chosen)).send().await.map(drop),
            Step::Reschedule(runs) => jobs.reschedule(runs.iter().copied().map(run_id)).send().await.map(drop),
            Step::Acknowledge(runs) => jobs.acknowledge(runs.iter().copied().map(run_id)).send().await.map(drop),
            Step::RunJobs => {
                self.command.run_jobs();
                Ok(())
            }
            Step::Agent { store, is_away } => {
                let agent = if *is_away { FakeAgent::Unavailable } else { FakeAgent::Available };
                self.command.set_store(self.stores[*store], |it| it.agent(agent));
                Ok(())
            }
            Step::TakenOut((store, alias)) => {
                self.command.remove_unseen(self.stores[*store], alias);
                Ok(())
            }
            Step::Move { group, ids } => return self.move_certificates(*group, ids, model).await,
        };
        match ended {
            Ok(()) => true,
            Err(keyfactor::Error::Api(refusal)) if refusal.status() == 400 => false,
            Err(error) => panic!("{}", error.report()),
        }
    }

    async fn move_certificates(&self, group: Option<&str>, ids: &BTreeSet<&'static str>, model: &Model) -> bool {
        let groups = self.appviewx.certificate_groups();
        let moved = match group {
            Some(group) => groups.assign(group, ids.clone()).send().await.map(|it| it.successful_ids().to_vec()),
            None => groups.unassign(ids.clone()).send().await.map(|it| it.successful_ids().to_vec()),
        };
        match moved {
            Ok(moved) => {
                assert_eq!(moved, model.moved, "the ids that were elsewhere");
                true
            }
            Err(appviewx::Error::Api(refusal)) if refusal.code() == Some(&appviewx::ErrorCode::GroupNotFound) => false,
            Err(error) => panic!("{}", error.report()),
        }
    }

    fn job_ids(&self, chosen: &BTreeSet<usize>) -> Vec<JobId> {
        let all = self.command.jobs();
        chosen.iter().map(|job| all[*job].id).collect()
    }

    fn number_of(&self, store: &Value) -> Option<usize> {
        self.stores.iter().position(|it| json!(it) == *store)
    }
}

fn run_id(run: usize) -> JobHistoryId {
    JobHistoryId::from(5_000_000_001 + i64::try_from(run).unwrap())
}

/// What the model says that a snapshot of the fakes holds.
fn expected_snapshot(model: &Model, servers: &Servers) -> Value {
    let schedule = |plan: Plan| match plan {
        Plan::Now => json!({"Immediate": true}),
        Plan::Every(minutes) => json!({"Interval": {"Minutes": minutes}}),
        Plan::Off => Value::Null,
    };
    let id = |certificate: &usize| servers.certificates[*certificate];
    let entries =
        |layer: &BTreeMap<&str, usize>| layer.iter().map(|(alias, it)| json!([alias, id(it)])).collect::<Vec<_>>();
    let stores = model.stores.iter().map(|it| {
        let schedule = it.inventory.map(|(_, plan)| schedule(plan));
        json!({"held": entries(&it.held), "inventory": entries(&it.seen), "schedule": schedule})
    });
    let jobs = model.jobs.iter().map(|it| {
        let (kind, certificate) = match &it.work {
            Work::Remove => ("remove", None),
            Work::Add { certificate, .. } => ("add", Some(id(certificate))),
            Work::Inventory { .. } => ("inventory", None),
        };
        json!([kind, it.place.0, it.place.1, certificate, it.state])
    });
    json!({"stores": stores.collect::<Vec<_>>(), "jobs": jobs.collect::<Vec<_>>(), "runs": expected_runs(model),
        "groups": model.groups})
}

fn expected_runs(model: &Model) -> Vec<Value> {
    let words = |succeeded| if succeeded { "success" } else { "failure" };
    let status = |acknowledged| if acknowledged { "acknowledged" } else { "completed" };
    model.runs.iter().map(|(job, succeeded, seen)| json!([job, words(*succeeded), status(*seen)])).collect()
}

/// The same out of the fakes' snapshots.
fn snapshot(servers: &Servers) -> Value {
    let (command, gateway) = (servers.command.snapshot(), servers.gateway.snapshot());
    let list = |value: &Value| value.as_array().unwrap().clone();
    let entries =
        |layer: &Value| list(layer).iter().map(|it| json!([it["alias"], it["certificate"]])).collect::<Vec<_>>();
    let stores = list(&command["stores"]);
    let stores = stores.iter().map(|it| {
        json!({"held": entries(&it["held"]), "inventory": entries(&it["inventory"]), "schedule": it["inventory_schedule"]})
    });
    let jobs = list(&command["jobs"]);
    let job_of = |id: &Value| jobs.iter().position(|job| job["id"] == *id);
    let runs = list(&command["runs"]);
    let runs = runs.iter().map(|it| json!([job_of(&it["job"]), it["result"], it["status"]]));
    let shown = jobs
        .iter()
        .map(|it| json!([it["kind"], servers.number_of(&it["store"]), it["alias"], it["certificate"], it["state"]]));
    let groups = list(&gateway["certificates"]);
    let groups = groups.iter().map(|it| (it["id"].as_str().unwrap().to_owned(), it["group"].clone()));
    json!({"stores": stores.collect::<Vec<_>>(), "jobs": shown.collect::<Vec<_>>(), "runs": runs.collect::<Vec<_>>(),
        "groups": groups.collect::<serde_json::Map<_, _>>()})
}

/// What the clients read: inventories and schedules of the stores, places of the certificates, jobs that wait, runs, groups.
async fn compare_with_what_is_read(servers: &Servers, model: &Model) {
    let (stores, jobs) = (servers.keyfactor.certificate_stores(), servers.keyfactor.orchestrator_jobs());
    for (id, store) in servers.stores.iter().zip(&model.stores) {
        let shown = stores.get(*id).send().await.unwrap().inventory_schedule;
        let wanted = store.inventory.map_or(ServerSchedule::Unset, |(_, plan)| plan.schedule().into());
        assert_eq!(shown, wanted, "the schedule of {id}");
        let read = stores.inventory(*id).rows().unwrap().collect().await.unwrap();
        let read: Vec<(String, CertificateId)> =
            read.into_iter().map(|it| (it.alias, it.certificates[0].id.unwrap())).collect();
        let seen = store.seen.iter().map(|(alias, it)| ((*alias).to_owned(), servers.certificates[*it]));
        assert_eq!(read, seen.collect::<Vec<_>>(), "the inventory of {id}");
    }
    let search = servers.keyfactor.certificates().search(Query::all()).include_locations();
    let found = search.rows().unwrap().collect().await.unwrap().into_iter();
    let found: BTreeSet<(CertificateId, Option<CertificateStoreId>, String)> = found
        .flat_map(|it| it.locations.clone().into_iter().map(move |place| (it.id, place.cert_store_id, place.alias)))
        .collect();
    let places = servers.stores.iter().zip(&model.stores).flat_map(|(id, store)| {
        store.seen.iter().map(|(alias, it)| (servers.certificates[*it], Some(*id), (*alias).to_owned()))
    });
    assert_eq!(found, places.collect(), "the places of the certificates");

    let all: Vec<JobId> = servers.command.jobs().into_iter().map(|job| job.id).collect();
    let waiting = jobs.scheduled(Query::all()).rows().unwrap().collect().await.unwrap();
    let waiting: BTreeSet<JobId> = waiting.into_iter().map(|job| job.id).collect();
    let waits = all.iter().zip(&model.jobs).filter(|(_, job)| job.waits).map(|(id, _)| *id);
    assert_eq!(waiting, waits.collect(), "the jobs that wait");
    let mut runs = jobs.history(Query::all()).rows().unwrap().collect().await.unwrap();
    runs.reverse();
    let runs: Vec<Value> = runs
        .iter()
        .map(|run| {
            let job = all.iter().position(|id| *id == run.job_id);
            json!([job, run.result.as_str().to_lowercase(), run.status.as_str().to_lowercase()])
        })
        .collect();
    assert_eq!(runs, expected_runs(model), "the job history");

    let found = servers.appviewx.certificates().search().rows().unwrap();
    let found = found.collect().await.unwrap().into_iter();
    let found: BTreeMap<String, Option<String>> =
        found.map(|it| (it.resource_id.unwrap().to_string(), it.group.clone())).collect();
    let groups = model.groups.iter().map(|(id, group)| ((*id).to_owned(), Some((*group).to_owned())));
    assert_eq!(found, groups.collect(), "the groups that a search shows");
}

async fn agree(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let servers = Servers::start().await;
    let mut model = Model { groups: IDS[..2].iter().map(|id| (*id, "web")).collect(), ..Model::default() };
    for (number, step) in steps.into_iter().enumerate() {
        let Some(step) = step.of(&model) else { continue };
        let is_taken = model.take(&step);
        prop_assert_eq!(servers.take(&step, &model).await, is_taken, "step {}, {:?}", number, step);
        let (found, wanted) = (snapshot(&servers), expected_snapshot(&model, &servers));
        prop_assert_eq!(found, wanted, "after step {}, {:?}", number, step);
        if matches!(step, Step::RunJobs) {
            compare_with_what_is_read(&servers, &model).await;
        }
    }
    compare_with_what_is_read(&servers, &model).await;
    compare_with_what_is_loaded(&servers).await;
    Ok(())
}

/// Fakes that are made of a snapshot have the same snapshot.
async fn compare_with_what_is_loaded(servers: &Servers) {
    let (command, gateway) = (servers.command.snapshot(), servers.gateway.snapshot());
    assert_eq!(FakeKeyfactor::start_from(&command).await.unwrap().snapshot(), command);
    assert_eq!(FakeAppViewX::start_from(&gateway).await.unwrap().snapshot(), gateway);
}

/// `CLM_SEED=<number>` repeats a run that failed.
#[test]
fn fakes_and_clients_agree_with_a_model_about_every_store_job_and_group() {
    let given = std::env::var("CLM_SEED").ok();
    let seed = given.map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("CLM_SEED is a number"));
    let bytes: Vec<u8> = seed.to_le_bytes().repeat(4);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config { cases: CASES, failure_persistence: None, max_shrink_iters: 500, ..Config::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ended = TestRunner::new_with_rng(config, rng).run(&steps(), |steps| runtime.block_on(agree(steps)));
    if let Err(failure) = ended {
        panic!("CLM_SEED={seed}: {failure}");
    }
}
