//! A nightly job without an asynchronous runtime: removes a list of certificates from all certificate stores, and writes a
//! report.
//!
//! ```text
//! cargo run --example nightly -- thumbprints.csv report.csv plan.json
//! ```
//!
//! The list is a CSV file with a column `thumbprint` and an optional column `change`, which becomes the audit note. The client
//! is configured by the variables of the vendor's own tools (`KEYFACTOR_HOSTNAME`, …). `offboard --undo plan.json` puts the
//! certificates back. A location that fails does not stop the others. The exit code is 0 only if every certificate of the list
//! is confirmed to be gone from every location, or is in no store.

use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use clm::OnFailure;
use clm::blocking::{Wait, WaitEach};
use clm::keyfactor::{
    CertificateLocation, Client, ClientBuilder, ItemProgress, OmissionReason, RemovalPlan, Schedule, Thumbprint,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            match error.downcast_ref::<clm::keyfactor::Error>() {
                Some(error) => eprintln!("{}", error.report()),
                None => eprintln!("{error}"),
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [list, report, plan] = arguments.as_slice() else {
        return Err("usage: nightly LIST.csv REPORT.csv PLAN.json".into());
    };
    let keyfactor = ClientBuilder::from_env()?.build()?;
    let list = read_list(File::open(list).map_err(|error| of_file(list, &error))?)?;
    // Create the report before the first change: if it cannot be written, nothing is removed.
    let report = File::create_new(report).map_err(|error| of_file(report, &error))?;
    offboard(&keyfactor, &list, Path::new(plan), report)
}

/// An error of the file system does not name the file.
fn of_file(path: impl AsRef<Path>, error: &io::Error) -> String {
    format!("{}: {error}", path.as_ref().display())
}

/// The certificates to remove, and the changes that they belong to, if the list names them.
struct List {
    thumbprints: Vec<Thumbprint>,
    changes: HashMap<Thumbprint, String>,
}

fn read_list(file: impl Read) -> Result<List> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let headers = reader.headers()?.clone();
    let column = |name: &str| headers.iter().position(|header| header.eq_ignore_ascii_case(name));
    let thumbprint = column("thumbprint").ok_or("the list has no column `thumbprint`")?;
    let change = column("change");
    let mut list = List { thumbprints: Vec::new(), changes: HashMap::new() };
    for row in reader.records() {
        let row = row?;
        let thumbprint = Thumbprint::from(row.get(thumbprint).unwrap_or_default());
        let change = change.and_then(|column| row.get(column)).filter(|change| !change.is_empty());
        list.changes.extend(change.map(|change| (thumbprint.clone(), change.to_owned())));
        list.thumbprints.push(thumbprint);
    }
    Ok(list)
}

/// Returns whether every certificate is confirmed to be gone from every location, or is in no store.
fn offboard(keyfactor: &Client, list: &List, plan_file: &Path, report_file: impl Write) -> Result<bool> {
    let stores = keyfactor.certificate_stores();
    let plan = stores.plan_removal_of(list.thumbprints.clone()).allow_empty().send().wait()?;
    if !keyfactor.orchestrator_jobs().can_follow().wait()? {
        return Err("this account may not read jobs; nothing was removed".into());
    }
    // A complete new file, or an error before anything is removed.
    plan.save_new(plan_file).map_err(|error| of_file(plan_file, &error))?;
    // A removal by a plan without entries is refused.
    let ends = if plan.removals.is_empty() { Vec::new() } else { remove(keyfactor, &plan, list)? };
    write_report(&plan, &ends, report_file)?;
    let is_known = |why: &OmissionReason| *why == OmissionReason::InNoStore;
    Ok(plan.omitted.iter().all(|it| is_known(&it.why)) && ends.iter().all(|it| it.is_gone))
}

/// The result for a location.
struct End {
    location: CertificateLocation,
    job: String,
    certificate: String,
    is_gone: bool,
}

fn remove(keyfactor: &Client, plan: &RemovalPlan, list: &List) -> Result<Vec<End>> {
    let (stores, jobs) = (keyfactor.certificate_stores(), keyfactor.orchestrator_jobs());
    // One call for each location, so that a refusal of one does not affect the others.
    let changes = list.changes.clone();
    let removal = stores
        .remove(plan, Schedule::Immediate)
        .accept_omissions()
        .one_job_per_location()
        .on_failure(OnFailure::Continue)
        .audit_note_for(move |locations| {
            let thumbprint = locations.first().and_then(CertificateLocation::expected_thumbprint);
            thumbprint.and_then(|it| changes.get(it)).cloned().unwrap_or_default()
        });
    let mut sent = Vec::new();
    let mut job_ids = Vec::new();
    for outcome in removal.start()?.wait_each() {
        for id in outcome.answer.iter().flat_map(|answer| answer.job_ids()) {
            println!("job {id}: {}", outcome.item);
            job_ids.push(*id);
        }
        sent.push(outcome);
    }

    // Without jobs, there is nothing to follow or to confirm.
    let watch = jobs.watch(&job_ids);
    let report = if job_ids.is_empty() { watch.report() } else { watch.finish().wait()? };
    let items: Vec<_> = sent.iter().map(|outcome| outcome.with(&report)).collect();
    let removed: Vec<_> = items.iter().filter(|it| it.progress.succeeded()).map(|it| it.item.clone()).collect();
    let confirmation =
        if removed.is_empty() { None } else { Some(stores.confirm_removed(removed).was_listed().send().wait()?) };
    let end = |it: &ItemProgress<'_, CertificateLocation>| {
        let confirmed = confirmation.as_ref().and_then(|confirmation| confirmation.of(it.item));
        End {
            location: it.item.clone(),
            job: it.progress.to_string(),
            certificate: confirmed.map_or("not confirmed".to_owned(), |it| it.verdict.to_string()),
            is_gone: confirmed.is_some_and(|it| it.verdict.is_gone()),
        }
    };
    Ok(items.iter().map(end).collect())
}

fn write_report(plan: &RemovalPlan, ends: &[End], file: impl Write) -> Result<()> {
    let mut report = csv::Writer::from_writer(file);
    report.write_record(["thumbprint", "machine", "path", "alias", "job", "certificate"])?;
    for end in ends {
        let thumbprint = end.location.expected_thumbprint().map_or("", Thumbprint::as_str);
        let place = plan.removal_at(&end.location);
        let machine = place.and_then(|it| it.store_machine.as_deref()).unwrap_or_default();
        let path = place.and_then(|it| it.store_path.as_deref()).unwrap_or_default();
        report.write_record([thumbprint, machine, path, end.location.alias(), &end.job, &end.certificate])?;
    }
    for left_out in &plan.omitted {
        let machine = left_out.store_machine.as_deref().unwrap_or_default();
        let path = left_out.store_path.as_deref().unwrap_or_default();
        let alias = left_out.alias.as_deref().unwrap_or_default();
        report.write_record([left_out.thumbprint.as_str(), machine, path, alias, "", &left_out.why.to_string()])?;
    }
    Ok(report.flush()?)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use clm::keyfactor::CertificateStoreId;
    use clm::testing::{FakeCertificate, FakeKeyfactor, FakeOrchestrator, KeyfactorCall, KeyfactorPermission};

    fn new_path() -> PathBuf {
        static PATHS: AtomicU32 = AtomicU32::new(0);
        let number = PATHS.fetch_add(1, Ordering::Relaxed);
        std::env::temp_dir().join(format!("clm-nightly-{}-{number}.json", std::process::id()))
    }

    /// A store with a certificate, and the list that names it. Jobs end at once.
    fn scene() -> (FakeKeyfactor, CertificateStoreId, List) {
        let fake = FakeKeyfactor::start().wait();
        fake.orchestrator(FakeOrchestrator::new().after_polls(0));
        let store = fake.add_store();
        let certificate = fake.issue(FakeCertificate::new("www.example.com"));
        fake.put(store, "www.pfx", certificate);
        let list = read_list(format!("thumbprint\n{}\n", fake.thumbprint(certificate)).as_bytes()).unwrap();
        (fake, store, list)
    }

    /// Offboards a list, and returns how that ended, the plan if there is one, and the report.
    fn nightly(fake: &FakeKeyfactor, list: &List) -> (Result<bool>, Option<RemovalPlan>, String) {
        let (path, mut report) = (new_path(), Vec::new());
        let ended = offboard(&fake.client(), list, &path, &mut report);
        let plan = RemovalPlan::load(&path).ok();
        let _ = std::fs::remove_file(&path);
        (ended, plan, String::from_utf8(report).unwrap())
    }

    #[test]
    fn a_list_is_removed_and_unknown_certificates_are_reported() {
        let fake = FakeKeyfactor::start().wait();
        fake.orchestrator(FakeOrchestrator::new().after_polls(0));
        let store = fake.add_store();
        let certificate = fake.issue(FakeCertificate::new("www.example.com"));
        fake.put(store, "www.pfx", certificate);
        let known = fake.thumbprint(certificate);
        let unknown = "00112233445566778899AABBCCDDEEFF00112233";
        let list = format!("Change, Thumbprint\nCHG-1, {known}\nCHG-1, {unknown}\n");

        let list = read_list(list.as_bytes()).unwrap();
        assert_eq!(list.changes[&Thumbprint::from(known.as_str())], "CHG-1");
        let (all_gone, plan, report) = nightly(&fake, &list);

        assert!(!all_gone.unwrap(), "one of the two is unknown");
        assert!(fake.aliases(store).is_empty());
        let [header, done, left_out] = report.lines().collect::<Vec<_>>()[..] else { panic!("{report}") };
        assert_eq!(header, "thumbprint,machine,path,alias,job,certificate");
        assert!(done.starts_with(known.as_str()) && done.contains(",www.pfx,") && done.ends_with(",gone"), "{done}");
        assert!(left_out.starts_with(unknown), "{left_out}");
        assert_eq!(plan.unwrap().removals.len(), 1);
    }

    #[test]
    fn a_list_needs_no_changes() {
        let (fake, store, list) = scene();
        assert!(nightly(&fake, &list).0.unwrap());
        assert!(fake.aliases(store).is_empty());
    }

    #[test]
    fn a_location_that_fails_does_not_stop_the_others_and_is_not_waited_for() {
        let fake = FakeKeyfactor::start().wait();
        fake.orchestrator(FakeOrchestrator::new().after_polls(0));
        let stores = [(); 4].map(|()| fake.add_store());
        let certificate = fake.issue(FakeCertificate::new("www.example.com"));
        for store in stores {
            fake.put(store, "www.pfx", certificate);
        }
        fake.orchestrator_of(stores[1], FakeOrchestrator::new().after_polls(0).fails("Access is denied"));
        // The first call is refused, and the response to the third one is lost.
        fake.refuse_next(404, 1).of(KeyfactorCall::RemoveCertificates);
        fake.lose_answers(1).of(KeyfactorCall::RemoveCertificates).after(1);
        let list = read_list(format!("thumbprint\n{}\n", fake.thumbprint(certificate)).as_bytes()).unwrap();

        let (all_gone, _, report) = nightly(&fake, &list);
        assert!(!all_gone.unwrap());

        fake.assert_faults_used();
        let [_, refused, failed, unknown, gone] = report.lines().collect::<Vec<_>>()[..] else { panic!("{report}") };
        assert!(refused.contains("404") && refused.ends_with(",not confirmed"), "{refused}");
        assert!(failed.contains("Access is denied") && failed.ends_with(",not confirmed"), "{failed}");
        assert!(unknown.contains("the outcome is unknown") && unknown.ends_with(",not confirmed"), "{unknown}");
        assert!(gone.ends_with(",gone"), "{gone}");
    }

    #[test]
    fn a_refusal_of_all_is_a_report() {
        use KeyfactorPermission::{ReadCertificates, ReadJobs, ReadStores};
        let (fake, _, list) = scene();
        fake.restrict_to([ReadCertificates, ReadJobs, ReadStores]);
        let (all_gone, _, report) = nightly(&fake, &list);
        assert!(!all_gone.unwrap());
        assert!(report.contains("/certificate_stores/schedule/"), "{report}");
        assert!(fake.jobs().is_empty());
    }

    #[test]
    fn the_next_night_there_is_nothing_to_do() {
        let (fake, _, list) = scene();
        assert!(nightly(&fake, &list).0.unwrap());
        fake.mark();
        let (all_gone, _, report) = nightly(&fake, &list);
        assert!(all_gone.unwrap());
        fake.assert_untouched();
        assert!(report.ends_with("it is in no store that is visible to this account\n"), "{report}");
    }

    #[test]
    fn an_invalid_list_is_refused_before_anything_is_sent() {
        let said = read_list("serial\n1\n".as_bytes()).err().unwrap().to_string();
        assert_eq!(said, "the list has no column `thumbprint`");

        let fake = FakeKeyfactor::start().wait();
        let list = read_list("thumbprint\nxyz\n".as_bytes()).unwrap();
        let refused = nightly(&fake, &list).0.unwrap_err();
        assert!(refused.to_string().contains("thumbprints[0]"), "{refused}");
        assert!(fake.requests().is_empty());
    }

    #[test]
    fn the_plan_of_another_run_is_kept_and_nothing_is_removed() {
        let (fake, _, list) = scene();
        let path = new_path();
        std::fs::write(&path, "earlier").unwrap();
        let refused = offboard(&fake.client(), &list, &path, Vec::new()).unwrap_err();
        assert!(refused.to_string().starts_with(&path.display().to_string()), "{refused}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "earlier");
        assert!(fake.jobs().is_empty());
        std::fs::remove_file(&path).unwrap();
    }
}
