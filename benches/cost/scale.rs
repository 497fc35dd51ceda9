//! Whether to check a request costs in proportion to what is in it. Counted, not timed.

use std::path::Path;

use clm::keyfactor::{CertificateLocation, Client, Credentials, Schedule};

use crate::callgrind::{Counts, count};
use crate::cases::places;

/// What there is much of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Many {
    /// Locations of a removal, checked.
    Locations,
    /// Job fields of one location, set and checked.
    JobFields,
}

impl Many {
    const ALL: [Self; 2] = [Self::Locations, Self::JobFields];

    fn name(self) -> &'static str {
        match self {
            Self::Locations => "locations",
            Self::JobFields => "job-fields",
        }
    }

    /// The last one is what the others are compared with. A million locations take callgrind half a minute.
    fn sizes(self) -> &'static [usize] {
        match self {
            Self::Locations => &[1, 1_000, 1_000_000],
            Self::JobFields => &[20, 2_000, 20_000],
        }
    }
}

/// The process that is counted.
pub fn build(many: &str, size: &str) {
    let many = Many::ALL.into_iter().find(|it| it.name() == many).expect("something to build");
    let size: usize = size.parse().expect("a number");
    let client = Client::builder("http://localhost:1").credentials(Credentials::basic("svc", "password"));
    let client = client.max_locations_per_call(usize::MAX).build().expect("a client");
    let stores = client.certificate_stores();
    match many {
        Many::Locations => {
            let locations: Vec<_> = places(size).map(|(store, alias)| CertificateLocation::new(store, alias)).collect();
            let builder = stores.remove_certificates(locations, Schedule::Immediate);
            let request = crate::sides::counted(|| builder.build());
            assert_eq!(request.expect("nothing is wrong").locations().len(), size);
        }
        Many::JobFields => {
            let names: Vec<String> = (0..size).map(|index| format!("Field{index}")).collect();
            let location = places(1).map(|(store, alias)| CertificateLocation::new(store, alias)).next();
            let location = location.expect("one");
            let request = crate::sides::counted(|| {
                let location = names.into_iter().fold(location, |location, name| location.job_field(name, "x"));
                stores.remove_certificates([location], Schedule::Immediate).build()
            });
            assert_eq!(request.expect("nothing is wrong").locations()[0].job_field_names().count(), size);
        }
    }
}

/// Prints a table, and gives what costs more than twice as much for each where there are many as where there are some.
pub fn measure(profiles: &Path) -> Result<Vec<String>, String> {
    println!("\nTo check a request: instructions for each entry.");
    println!("| what | how many | instructions | for each | allocations for each |");
    println!("|---|--:|--:|--:|--:|");
    let mut grown = Vec::new();
    for many in Many::ALL {
        let mut each = Vec::new();
        for size in many.sizes() {
            let name = format!("{}-{size}", many.name());
            let counts = count(&["build", many.name(), &size.to_string()], &profiles.join(&name))?;
            let Counts { instructions, allocations, .. } = counts;
            let of_each = |number: u64| number as f64 / *size as f64;
            let (of_one, heap) = (of_each(instructions), of_each(allocations));
            println!("| {} | {size} | {instructions} | {of_one:.0} | {heap:.1} |", many.name());
            each.push(of_one);
        }
        if let [_, some, most] = each[..]
            && most > 2.0 * some
        {
            grown.push(format!("{}: {most:.0} for each of the most, {some:.0} for each of some", many.name()));
        }
    }
    Ok(grown)
}
