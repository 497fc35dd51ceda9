// What the tests of `testing.md` share. See `library.rs`.

include!("library.rs");

use std::time::Duration;

use automation::{offboard, unassign};
use clm::keyfactor::{CertificateStoreId, Client, Error, ErrorKind};
use clm::testing::{
    FakeAnswer, FakeAppViewX, FakeCertificate, FakeKeyfactor, FakeOrchestrator, KeyfactorCall,
    KeyfactorPermission, Scene,
};

const PATIENCE: Duration = Duration::from_secs(60);

struct Site {
    fake: FakeKeyfactor,
    store: CertificateStoreId,
    thumbprint: String,
}

async fn site() -> Site {
    let fake = FakeKeyfactor::start().await;
    // Each job ends with the first query for it, so that no test waits.
    fake.orchestrator(FakeOrchestrator::new().after_polls(0));
    let store = fake.add_store();
    let certificate = fake.issue(FakeCertificate::new("www.example.com"));
    fake.put(store, "www.pfx", certificate);
    let thumbprint = fake.thumbprint(certificate);
    Site { fake, store, thumbprint }
}
