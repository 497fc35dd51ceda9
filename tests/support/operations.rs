//! Every operation of both vendors, in one table. What the crate promises for all of them is tried with each.
//!
//! A new operation is a name in [`Operation`] and an arm of [`Operation::row`], without which nothing here compiles.

use std::error::Error;
use std::fmt::{Debug, Display};
use std::pin::Pin;
use std::time::Duration;

use clm::http::Method;
use clm::keyfactor::{CertificateLocation, CertificateStoreEntry, Query, Schedule};
use clm::{ClientBuilder, RawCall, RawEffect, RequestBuilder, RetryPolicy, appviewx, keyfactor};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::fault::Fault;
use super::fault_table::{End, limits};
use super::scripted::Answer;

macro_rules! operations {
    ($($operation:ident),* $(,)?) => {
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Operation {
            $($operation),*
        }

        impl Operation {
            pub const ALL: &[Self] = &[$(Self::$operation),*];
        }
    };
}

operations! {
    // Keyfactor: changes, then reads.
    RemoveCertificates,
    AddCertificates,
    ScheduleInventory,
    Unschedule,
    Reschedule,
    Acknowledge,
    RevokeCertificates,
    GetStore,
    ListStores,
    GetStoreType,
    ListStoreTypes,
    Inventory,
    GetCertificate,
    CertificateLocations,
    SearchCertificates,
    JobHistory,
    ScheduledJobs,
    KeyfactorRawChange,
    KeyfactorRawRead,
    // AppViewX: changes, then reads.
    Unassign,
    Assign,
    RevokeCertificate,
    Logout,
    Search,
    ListGroups,
    ViewGroup,
    AppViewXRawChange,
    AppViewXRawRead,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Vendor {
    Keyfactor,
    AppViewX,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    Read,
    Change,
}

/// Which 2xx answers an operation takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    /// Those of the shape that its page has.
    ItsOwn,
    /// Any that can be one: what it means is up to the caller.
    Any,
}

/// What the table says of an operation.
pub struct Row {
    pub vendor: Vendor,
    /// As spans and the audit have it.
    pub name: &'static str,
    pub effect: Effect,
    /// What the audit is told that a change acts on.
    pub targets: &'static str,
    /// What the audit is told of where it acts.
    pub scope: &'static str,
    pub takes: Takes,
    /// The status and the body of an answer that says that all was done.
    pub success: (u16, &'static str),
    /// The secrets that the body carries.
    pub in_body: fn(&Secrets) -> Vec<&'static str>,
    /// Makes the call. Nothing is sent before it is polled.
    pub send: fn(&Site) -> Sent,
}

/// A call under way, which any task can run.
pub type Sent = Pin<Box<dyn Future<Output = Ended> + Send>>;

/// How a call ended, and whatever a program may print of it.
pub struct Ended {
    pub end: End,
    /// How many times it was sent, where that is said.
    pub attempts: Option<u32>,
    pub shown: Vec<String>,
}

/// What must not show.
#[derive(Clone, Copy)]
pub struct Secrets {
    pub password: &'static str,
    pub session: &'static str,
    pub job_field: &'static str,
    pub entry_password: &'static str,
    pub pfx_password: &'static str,
}

/// Where calls are sent, and how.
#[derive(Clone)]
pub struct Site {
    pub origin: String,
    pub secrets: Secrets,
    pub policy: RetryPolicy,
    /// How long a change may take.
    pub patience: Duration,
    /// The faults that the server plays, for which the limits are chosen.
    pub faults: Option<(&'static [Fault], Fault)>,
}

pub const USER: &str = r"EXAMPLE\svc-clm";
/// What the audit is told of each change that can be given a note.
pub const NOTE: &str = "audit marker: CHG 4711, asked for by the owner";

const STORE: Uuid = Uuid::from_u128(0x5a0b_1c2d_0000_4000_8000_0000_0000_0001);
const JOB: Uuid = Uuid::from_u128(0x6c0d_0000_0000_4000_8000_0000_0000_000a);
const ONE_JOB: &str = r#"["6c0d0000-0000-4000-8000-00000000000a"]"#;
const MOVED: &str = r#"{"response": {"Successful Ids": ["id-1"]}, "appStatusCode": null}"#;
const OF_THE_STORE: &str = r#"["5a0b1c2d-0000-4000-8000-000000000001/web01.pfx"]"#;
const SYSTEM_WIDE: &str = "system-wide or containers";

impl Operation {
    #[allow(clippy::too_many_lines, reason = "a table")]
    pub fn row(self) -> Row {
        match self {
            Self::RemoveCertificates => Row {
                targets: OF_THE_STORE,
                scope: SYSTEM_WIDE,
                success: (200, ONE_JOB),
                in_body: |secrets| vec![secrets.job_field],
                ..keyfactor_change("keyfactor.certificate_stores.remove_certificates", |site| {
                    let location = CertificateLocation::new(STORE, "web01.pfx");
                    let location = location.job_field("Pin", site.secrets.job_field);
                    let stores = site.keyfactor().certificate_stores();
                    change!(keyfactor_ended, stores.remove_certificates([location], Schedule::Immediate), it => it.receipt())
                })
            },
            Self::AddCertificates => Row {
                targets: OF_THE_STORE,
                scope: SYSTEM_WIDE,
                success: (200, ONE_JOB),
                in_body: |secrets| vec![secrets.job_field, secrets.entry_password, secrets.pfx_password],
                ..keyfactor_change("keyfactor.certificate_stores.add_certificates", |site| {
                    let Secrets { job_field, entry_password, pfx_password, .. } = site.secrets;
                    let entry = CertificateStoreEntry::new(STORE).alias("web01.pfx").include_private_key();
                    let entry = entry.entry_password(entry_password).pfx_password(pfx_password);
                    let entry = entry.job_field("Pin", job_field);
                    let stores = site.keyfactor().certificate_stores();
                    change!(keyfactor_ended, stores.add_certificates(17, [entry], Schedule::Immediate), it => it.receipt())
                })
            },
            Self::ScheduleInventory => Row {
                targets: r#"["5a0b1c2d-0000-4000-8000-000000000001"]"#,
                ..keyfactor_change("keyfactor.certificate_stores.schedule_inventory", |site| {
                    let stores = site.keyfactor().certificate_stores();
                    change!(keyfactor_ended, stores.schedule_inventory([STORE], Schedule::Immediate), it => it)
                })
            },
            Self::Unschedule => Row {
                targets: ONE_JOB,
                ..keyfactor_change(
                    "keyfactor.orchestrator_jobs.unschedule",
                    |site| change!(keyfactor_ended, site.keyfactor().orchestrator_jobs().unschedule([JOB]), it => it),
                )
            },
            Self::Reschedule => Row {
                targets: "[17]",
                ..keyfactor_change(
                    "keyfactor.orchestrator_jobs.reschedule",
                    |site| change!(keyfactor_ended, site.keyfactor().orchestrator_jobs().reschedule([17_i64]), it => it),
                )
            },
            Self::Acknowledge => Row {
                targets: "[17]",
                ..keyfactor_change(
                    "keyfactor.orchestrator_jobs.acknowledge",
                    |site| change!(keyfactor_ended, site.keyfactor().orchestrator_jobs().acknowledge([17_i64]), it => it),
                )
            },
            Self::RevokeCertificates => Row {
                targets: "[17]",
                scope: SYSTEM_WIDE,
                success: (200, r#"{"RevokedIds": [17], "SuspendedCerts": []}"#),
                ..keyfactor_change("keyfactor.certificates.revoke", |site| {
                    let call = site.keyfactor().certificates().revoke([17], keyfactor::RevocationReason::Superseded);
                    change!(keyfactor_ended, call.comment("Why"), it => it.receipt)
                })
            },
            Self::GetStore => Row {
                success: (200, r#"{"Id": "5a0b1c2d-0000-4000-8000-000000000001"}"#),
                ..keyfactor_read("keyfactor.certificate_stores.get", |site| {
                    read!(keyfactor_ended, site.keyfactor().certificate_stores().get(STORE))
                })
            },
            Self::ListStores => keyfactor_read("keyfactor.certificate_stores.list", |site| {
                list!(keyfactor_ended, site.keyfactor().certificate_stores().list(Query::all()))
            }),
            Self::GetStoreType => Row {
                success: (200, r#"{"StoreType": 0}"#),
                ..keyfactor_read("keyfactor.certificate_store_types.get", |site| {
                    read!(keyfactor_ended, site.keyfactor().certificate_store_types().get(0))
                })
            },
            Self::ListStoreTypes => keyfactor_read("keyfactor.certificate_store_types.list", |site| {
                list!(keyfactor_ended, site.keyfactor().certificate_store_types().list(Query::all()))
            }),
            Self::Inventory => keyfactor_read("keyfactor.certificate_stores.inventory", |site| {
                list!(keyfactor_ended, site.keyfactor().certificate_stores().inventory(STORE))
            }),
            Self::GetCertificate => Row {
                success: (200, r#"{"Id": 17}"#),
                ..keyfactor_read("keyfactor.certificates.get", |site| {
                    read!(keyfactor_ended, site.keyfactor().certificates().get(17))
                })
            },
            Self::CertificateLocations => Row {
                success: (200, "{}"),
                ..keyfactor_read("keyfactor.certificates.locations", |site| {
                    read!(keyfactor_ended, site.keyfactor().certificates().locations(17))
                })
            },
            Self::SearchCertificates => keyfactor_read("keyfactor.certificates.search", |site| {
                list!(keyfactor_ended, site.keyfactor().certificates().search(Query::all()))
            }),
            Self::JobHistory => keyfactor_read("keyfactor.orchestrator_jobs.history", |site| {
                list!(keyfactor_ended, site.keyfactor().orchestrator_jobs().history(Query::all()))
            }),
            Self::ScheduledJobs => keyfactor_read("keyfactor.orchestrator_jobs.scheduled", |site| {
                list!(keyfactor_ended, site.keyfactor().orchestrator_jobs().scheduled(Query::all()))
            }),
            Self::KeyfactorRawChange => Row {
                targets: r#"["DELETE /Certificates/17/Owner"]"#,
                takes: Takes::Any,
                success: (200, r#"{"Id": 17}"#),
                in_body: |secrets| vec![secrets.entry_password],
                ..keyfactor_change("keyfactor.raw", |site| {
                    let call = site.keyfactor().raw(Method::DELETE, "Certificates/{id}/Owner").path_value("id", 17);
                    change!(keyfactor_ended, with_secrets(call, &site.secrets), it => it.receipt())
                })
            },
            Self::KeyfactorRawRead => Row {
                takes: Takes::Any,
                in_body: |secrets| vec![secrets.entry_password],
                ..keyfactor_read("keyfactor.raw", |site| {
                    let call = site.keyfactor().raw(Method::POST, "Certificates/Query").effect(RawEffect::Read);
                    read!(keyfactor_ended, with_secrets(call, &site.secrets))
                })
            },
            Self::Unassign => Row {
                targets: r#"["id-1"]"#,
                success: (200, MOVED),
                ..appviewx_change("appviewx.certificate_groups.unassign", |site| {
                    let groups = site.appviewx().certificate_groups();
                    change!(appviewx_ended, groups.unassign(["id-1"]).comment("Why"), it => it.receipt())
                })
            },
            Self::Assign => Row {
                targets: r#"["id-1"]"#,
                scope: r#"to group "web""#,
                success: (200, MOVED),
                ..appviewx_change("appviewx.certificate_groups.assign", |site| {
                    let groups = site.appviewx().certificate_groups();
                    change!(appviewx_ended, groups.assign("web", ["id-1"]).comment("Why"), it => it.receipt())
                })
            },
            Self::RevokeCertificate => Row {
                targets: r#"["id-1"]"#,
                success: (200, r#"{"response": {}, "message": "done", "appStatusCode": null}"#),
                ..appviewx_change("appviewx.certificates.revoke", |site| {
                    let call = site.appviewx().certificates().revoke("id-1", appviewx::RevocationReason::Superseded);
                    change!(appviewx_ended, call.comments("Why"), it => it.receipt)
                })
            },
            Self::Logout => Row {
                success: (200, r#"{"response": {"status": "SUCCESS"}, "appStatusCode": null}"#),
                ..appviewx_change("appviewx.logout", |site| {
                    let client = site.appviewx();
                    let call = client.logout();
                    assert_send(&call);
                    Box::pin(async move {
                        let attempts = |outcome: &appviewx::LogoutOutcome| match outcome {
                            appviewx::LogoutOutcome::LoggedOut(out) => Some(out.receipt().attempts()),
                            _ => None,
                        };
                        appviewx_ended(Shown::default(), call.await, attempts)
                    })
                })
            },
            Self::Search => Row {
                success: (200, r#"{"response": {"response": {"objects": [], "totalRecords": 0}}}"#),
                ..appviewx_read("appviewx.certificates.search", |site| {
                    list!(appviewx_ended, site.appviewx().certificates().search().free_text("example"))
                })
            },
            Self::ListGroups => Row {
                success: (200, r#"{"response": [{"name": "web"}]}"#),
                ..appviewx_read("appviewx.certificate_groups.list", |site| {
                    list!(appviewx_ended, site.appviewx().certificate_groups().list())
                })
            },
            Self::ViewGroup => Row {
                success: (200, r#"{"response": {"name": "web"}}"#),
                ..appviewx_read("appviewx.certificate_groups.view", |site| {
                    read!(appviewx_ended, site.appviewx().certificate_groups().view("web"))
                })
            },
            Self::AppViewXRawChange => Row {
                targets: r#"["POST /certificate/renew/id-1"]"#,
                takes: Takes::Any,
                success: (200, r#"{"response": {"requestId": 7}, "appStatusCode": null}"#),
                in_body: |secrets| vec![secrets.entry_password],
                ..appviewx_change("appviewx.raw", |site| {
                    let call = site.appviewx().raw(Method::POST, "/certificate/renew/{id}").path_value("id", "id-1");
                    change!(appviewx_ended, with_secrets(call, &site.secrets), it => it.receipt())
                })
            },
            Self::AppViewXRawRead => Row {
                takes: Takes::Any,
                success: (200, r#"{"response": [], "appStatusCode": "SUCCESS"}"#),
                in_body: |secrets| vec![secrets.entry_password],
                ..appviewx_read("appviewx.raw", |site| {
                    let call = site.appviewx().raw(Method::POST, "visualworkflow/list").effect(RawEffect::Read);
                    read!(appviewx_ended, with_secrets(call, &site.secrets))
                })
            },
        }
    }

    /// The calls that change something.
    pub fn changes() -> impl Iterator<Item = (Self, Row)> {
        Self::all().filter(|(_, row)| row.effect == Effect::Change)
    }

    pub fn all() -> impl Iterator<Item = (Self, Row)> {
        Self::ALL.iter().map(|operation| (*operation, operation.row()))
    }
}

fn keyfactor_change(name: &'static str, send: fn(&Site) -> Sent) -> Row {
    let (vendor, effect) = (Vendor::Keyfactor, Effect::Change);
    let (takes, in_body): (_, fn(&Secrets) -> _) = (Takes::ItsOwn, |_| Vec::new());
    Row { vendor, name, effect, targets: "", scope: "", takes, success: (204, ""), in_body, send }
}

fn keyfactor_read(name: &'static str, send: fn(&Site) -> Sent) -> Row {
    Row { effect: Effect::Read, success: (200, "[]"), ..keyfactor_change(name, send) }
}

fn appviewx_change(name: &'static str, send: fn(&Site) -> Sent) -> Row {
    Row { vendor: Vendor::AppViewX, ..keyfactor_change(name, send) }
}

fn appviewx_read(name: &'static str, send: fn(&Site) -> Sent) -> Row {
    Row { effect: Effect::Read, ..appviewx_change(name, send) }
}

impl Row {
    pub fn is_change(&self) -> bool {
        self.effect == Effect::Change
    }

    /// The answer that says that all was done.
    pub fn success(&self) -> Answer {
        match self.success {
            (204, _) => Answer::with(204, "", ""),
            (status, body) => Answer::json(status, body),
        }
    }

    /// How the call ends with [`odd_answer`].
    pub fn end_with_odd_answer(&self) -> End {
        match (self.takes, self.effect) {
            (Takes::Any, _) => End::Done,
            (Takes::ItsOwn, Effect::Change) => End::Unknown(Some(200)),
            (Takes::ItsOwn, Effect::Read) => End::Decode,
        }
    }

    /// Whom the audit names.
    pub fn principal(&self) -> &'static str {
        match self.vendor {
            Vendor::Keyfactor => USER,
            Vendor::AppViewX => "(the holder of a session)",
        }
    }

    /// The note of the audit. A logout belongs to the client, and takes none.
    pub fn note(&self) -> Option<&'static str> {
        (self.name != "appviewx.logout").then_some(NOTE)
    }
}

/// A 2xx answer that no documented call has. A raw call takes what any endpoint could answer.
pub fn odd_answer() -> Answer {
    Answer::json(200, "7")
}

impl Secrets {
    pub const PLAIN: Self = Self {
        password: "password",
        session: "session",
        job_field: "job field",
        entry_password: "entry password",
        pfx_password: "pfx password",
    };
}

impl Site {
    pub fn new(origin: impl Into<String>) -> Self {
        let policy = RetryPolicy::DEFAULT.pauses(Duration::ZERO, Duration::ZERO);
        let patience = Duration::from_secs(300);
        Self { origin: origin.into(), secrets: Secrets::PLAIN, policy, patience, faults: None }
    }

    pub fn keyfactor(&self) -> keyfactor::Client {
        let builder = self.settings(keyfactor::Client::builder(&self.origin));
        builder.credentials(keyfactor::Credentials::basic(USER, self.secrets.password)).build().unwrap()
    }

    pub fn appviewx(&self) -> appviewx::Client {
        let builder = self.settings(appviewx::Client::builder(&self.origin));
        builder.credentials(appviewx::Credentials::session_id(self.secrets.session)).build().unwrap()
    }

    fn settings<S>(&self, builder: ClientBuilder<S>) -> ClientBuilder<S> {
        if let Some((script, then)) = self.faults {
            return limits(builder, script, then);
        }
        let connecting = Duration::from_secs(10).min(self.patience / 2);
        builder.retry_policy(self.policy).connect_timeout(connecting).change_timeout(self.patience)
    }
}

/// A raw call with a secret in its body and one in a header.
fn with_secrets<V: clm::Vendor>(call: RequestBuilder<RawCall<V>>, secrets: &Secrets) -> RequestBuilder<RawCall<V>> {
    let Secrets { entry_password, pfx_password, .. } = *secrets;
    let call = call.query("page", 1).header("x-key", pfx_password).json(&json!({"Password": entry_password}));
    call.secret(entry_password).secret(pfx_password)
}

/// That any task can run it is seen by the compiler.
fn assert_send<T: Send + 'static>(_: &T) {}

/// Sends what a builder builds, with a note for the audit.
macro_rules! change {
    ($ended:ident, $builder:expr, $outcome:ident => $receipt:expr) => {{
        let builder = $builder.audit_note(NOTE);
        let mut shown = Shown::default();
        shown.debug(&builder);
        shown.debug(&builder.clone().build().unwrap());
        let call = builder.send();
        assert_send(&call);
        let boxed: Sent = Box::pin(async move { $ended(shown, call.await, |$outcome| Some($receipt.attempts())) });
        boxed
    }};
}
use change;

/// The same for a call that only reads.
macro_rules! read {
    ($ended:ident, $builder:expr) => {{
        let builder = $builder;
        let mut shown = Shown::default();
        shown.debug(&builder);
        shown.debug(&builder.clone().build().unwrap());
        let call = builder.send();
        assert_send(&call);
        let boxed: Sent = Box::pin(async move { $ended(shown, call.await, |_| None) });
        boxed
    }};
}
use read;

/// All rows of a list.
macro_rules! list {
    ($ended:ident, $builder:expr) => {{
        let builder = $builder;
        let mut shown = Shown::default();
        shown.debug(&builder);
        let rows = builder.rows().unwrap();
        shown.debug(&rows);
        let call = rows.collect();
        assert_send(&call);
        let boxed: Sent = Box::pin(async move { $ended(shown, call.await, |_| None) });
        boxed
    }};
}
use list;

/// Everything that a program may print.
#[derive(Default)]
pub struct Shown(pub Vec<String>);

impl Shown {
    pub fn debug(&mut self, value: &impl Debug) {
        self.0.push(format!("{value:?}"));
        self.0.push(format!("{value:#?}"));
    }

    pub fn display(&mut self, value: &impl Display) {
        self.0.push(value.to_string());
        self.0.push(format!("{value:#}"));
    }

    pub fn error(&mut self, error: &(dyn Error + 'static)) {
        let mut next = Some(error);
        while let Some(error) = next {
            self.debug(&error);
            self.display(&error);
            next = error.source();
        }
    }

    pub fn serialised(&mut self, value: &impl Serialize) {
        self.0.push(serde_json::to_string(value).unwrap());
    }
}

/// How a call of one vendor ended: the vendor cannot be a parameter, since nobody else can name what it has to be.
macro_rules! ended {
    ($ended:ident, $vendor:ident, $refusal:ident => $accessors:expr) => {
        fn $ended<T: Debug + Serialize>(
            mut shown: Shown,
            result: Result<T, $vendor::Error>,
            attempts: impl Fn(&T) -> Option<u32>,
        ) -> Ended {
            let error = match result {
                Ok(outcome) => {
                    shown.debug(&outcome);
                    shown.serialised(&outcome);
                    return Ended { end: End::Done, attempts: attempts(&outcome), shown: shown.0 };
                }
                Err(error) => error,
            };
            shown.error(&error);
            // Not the body: it is what the server sent.
            shown.debug(&(error.status(), error.code(), error.message(), error.remediation(), error.correlation_id()));
            if let $vendor::Error::Api($refusal) = &error {
                shown.debug(&$accessors);
            }
            let end = match &error {
                $vendor::Error::Transport(_) => End::Transport,
                $vendor::Error::Api(refusal) if refusal.after_unanswered_copy() => {
                    End::ApiAfterUnanswered(refusal.status().as_u16())
                }
                $vendor::Error::Api(refusal) => End::Api(refusal.status().as_u16()),
                $vendor::Error::OutcomeUnknown(unknown) => {
                    assert_eq!(unknown.body().is_some(), unknown.status().is_some(), "{unknown:?}");
                    assert_ne!(unknown.how_to_find_out(), "", "{unknown:?}");
                    shown.debug(unknown);
                    End::Unknown(unknown.status().map(|status| status.as_u16()))
                }
                $vendor::Error::Decode(_) => End::Decode,
                _ => End::Other,
            };
            Ended { end, attempts: error.attempts(), shown: shown.0 }
        }
    };
}

ended!(keyfactor_ended, keyfactor, it => it.failed_operations().iter().map(|it| it.reason()).collect::<Vec<_>>());
ended!(appviewx_ended, appviewx, it => (it.tags(), it.successful_ids()));
