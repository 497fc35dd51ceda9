//! The ready-made state.

use clm::testing::{FakeCategory, FakeCertificate, FakeOrchestrator, FakeStore, FakeStoreType};
use serde_json::json;

use crate::commands::Fakes;

/// Certificates `www.example.com` and `partner.example.com`.
///
/// In Keyfactor Command, the first is in a PEM store on `web01` and, with a binding, in an IIS store on `web02`; in a store on
/// `mail` it stands in the chain of the second only. In AppViewX, three certificates of that name are in groups, and a
/// fourth has a name that begins like it.
pub(crate) fn tell(fakes: &Fakes) {
    let command = &fakes.keyfactor;
    command.set_clock(jiff::Timestamp::now());
    let www = command.issue(FakeCertificate::new("www.example.com").private_key());
    let partner = command.issue(FakeCertificate::new("partner.example.com"));
    let hourly = |it: FakeStore| it.inventory_schedule(json!({"Interval": {"Minutes": 60}}));
    let file = command.add_store_of_type(FakeStoreType::pem());
    command.set_store(file, |it| hourly(it.machine("web01.example.com").path("/etc/certificates")));
    command.put(file, "www.example.com.pem", www);
    let server = command.add_store_of_type(FakeStoreType::iis());
    command.set_store(server, |it| hourly(it.machine("web02.example.com").path("My")));
    let binding = [("SiteName", "Shop"), ("IPAddress", "*"), ("Protocol", "https")];
    command.put_entry(server, command.thumbprint(www), www, binding);
    let bundle = command.add_store_of_type(FakeStoreType::pem());
    command.set_store(bundle, |it| hourly(it.machine("mail.example.com").path("/etc/certificates")));
    command.put_with_chain(bundle, "partners.pem", partner, [www]);
    command.orchestrator(FakeOrchestrator::new().after_polls(1).running_for(1));

    let server = FakeCategory::Server;
    for (id, category, name, group) in [
        ("67bc2ca76a105e1a05691c1c", server, "www.example.com", "web-servers"),
        ("67bc2ca76a105e1a05691c2c", server, "WWW.example.com", "web-servers"),
        ("67bc2ca76a105e1a05691c3c", FakeCategory::Client, "www.example.com", "agents"),
        ("67bc2ca76a105e1a05691c4c", server, "www.example.com.partner.example", "partners"),
    ] {
        fakes.appviewx.add_certificate_of(category, id, group);
        fakes.appviewx.set_member(id, "commonName", name);
        fakes.appviewx.set_member(id, "validTo", 1_900_000_000_000_i64);
    }
}
