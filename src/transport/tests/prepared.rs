//! What is prepared once, and what is made only if it is needed.

use std::sync::atomic::{AtomicUsize, Ordering};

use tracing_subscriber::fmt::MakeWriter;

use super::super::audit::{Audit, no_jobs};
use super::super::urls::Urls;
use super::*;

fn parameters(pairs: &[(&'static str, &str)]) -> Parameters {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).to_owned())).collect()
}

#[test]
fn a_prepared_url_is_the_one_that_is_put_together_each_time() {
    let base = base_url("https://localhost/KeyfactorAPI").unwrap();
    let urls = Urls::new(base.clone(), &parameters(&[("gwsource", "a b")]));
    let literal = Path::fixed("CertificateStores/Certificates/Remove");
    let filled = |id: &str| Path::with_values("CertificateStores/{id}", [id.to_owned()]);
    let owned = Path::with_values("Some/Thing".to_owned(), []);
    for _ in 0..3 {
        for (path, own, expected) in [
            (&literal, vec![], "CertificateStores/Certificates/Remove?gwsource=a%20b"),
            (
                &literal,
                parameters(&[("a", "1+1"), ("b", "")]),
                "CertificateStores/Certificates/Remove?gwsource=a%20b&a=1%2B1&b=",
            ),
            (&filled("x/y"), vec![], "CertificateStores/x%2Fy?gwsource=a%20b"),
            (&filled("z"), parameters(&[("a", "&")]), "CertificateStores/z?gwsource=a%20b&a=%26"),
            (&owned, vec![], "Some/Thing?gwsource=a%20b"),
        ] {
            assert_eq!(urls.of(path, &own).unwrap().as_str(), format!("{base}/{expected}"));
        }
    }
    let plain = Urls::new(base.clone(), &vec![]);
    assert_eq!(plain.of(&literal, &vec![]).unwrap().as_str(), format!("{base}/CertificateStores/Certificates/Remove"));
    assert_eq!(plain.of(&Path::base(), &vec![]).unwrap(), base);
}

/// Counts how often it is asked for its targets.
#[derive(Default)]
struct Counted(AtomicUsize);

impl Audited for Counted {
    fn targets(&self) -> String {
        self.0.fetch_add(1, Ordering::Relaxed);
        r#"["a"]"#.to_owned()
    }

    fn scope(&self) -> String {
        String::new()
    }

    fn note(&self) -> Option<&str> {
        None
    }
}

#[derive(Clone, Default)]
struct Written(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn the_audits_targets_are_made_only_for_who_listens() {
    let change = Arc::new(Counted::default());
    let times = || change.0.swap(0, Ordering::Relaxed);
    let audit = || Audit::of_change("a.b", "svc".into(), Some(Arc::clone(&change) as Arc<dyn Audited>));
    let trace = Trace { call: call(Effect::Change).name(), attempts: 1, elapsed: Duration::ZERO, correlation_id: None };
    let jobs_asked_for = AtomicUsize::new(0);
    let jobs = || {
        jobs_asked_for.fetch_add(1, Ordering::Relaxed);
        "7".to_owned()
    };

    tracing::subscriber::with_default(tracing::subscriber::NoSubscriber::new(), || {
        audit().finish(|| AuditEnd::Done, &trace, jobs);
        drop(audit());
        let mut in_flight = audit();
        in_flight.try_begins();
    });
    assert_eq!((times(), jobs_asked_for.load(Ordering::Relaxed)), (0, 0));

    let written = Written::default();
    let listening = tracing_subscriber::fmt().with_writer(written.clone()).with_ansi(false).finish();
    let begun_unheard = audit();
    tracing::subscriber::with_default(listening, || {
        begun_unheard.finish(|| AuditEnd::Done, &trace, jobs);
        drop(audit());
        Audit::none().finish(|| AuditEnd::Done, &trace, no_jobs);
    });
    assert_eq!((times(), jobs_asked_for.load(Ordering::Relaxed)), (2, 1));
    let lines = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    assert_eq!(lines.matches(r#"targets="[\"a\"]""#).count(), 2, "{lines}");
    assert_eq!(lines.lines().count(), 2, "{lines}");
}
