//! Lists without an end, read inside another call, in a process of its own: they end, and take little memory.

use clm::keyfactor::{CertificateLocation, Client, Credentials, Error, LookupError, Schedule};
use clm::{LookupLimit, RetryPolicy};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::resident::peak_kib;
use crate::support::keyfactor_reads::{ok, page_of, target};
use crate::support::scripted::Scripted;
use crate::support::tls::{in_a_process_of_its_own, is_the_child};

const DIGITS: &str = "00112233445566778899AABBCCDDEEFF00112233";
const ROWS_OF_A_PAGE: usize = 100;
/// What the process may have taken, with the server in it.
const MOST_KIB: usize = 64 * 1024;

/// Each page has other rows than all before, and the rows are of the size of real ones.
async fn endless() -> Scripted {
    Scripted::choosing(|_, request| {
        if target(request).0 == "Certificates/9" {
            return ok(&json!({"Id": 9, "Thumbprint": DIGITS}));
        }
        let page = page_of(request);
        let is_inventory = target(request).0.ends_with("Inventory");
        let row = |number: usize| -> Value {
            let number = (page - 1) * ROWS_OF_A_PAGE + number;
            let filler = "x".repeat(500);
            if is_inventory {
                let thumbprint = if number == 0 { DIGITS.to_owned() } else { format!("{number:040X}") };
                let alias = if number == 0 { "www.pfx".to_owned() } else { format!("alias {number}") };
                json!({"Name": alias, "Certificates": [{"Thumbprint": thumbprint, "IssuedDN": filler}]})
            } else {
                json!({"Id": number + 1_000_000, "Thumbprint": DIGITS, "IssuedDN": filler, "Locations": []})
            }
        };
        ok(&(0..ROWS_OF_A_PAGE).map(row).collect::<Vec<_>>().into())
    })
    .await
}

fn client(server: &Scripted) -> Client {
    let credentials = Credentials::basic(r"EXAMPLE\svc", "password");
    Client::builder(&server.origin).credentials(credentials).retry_policy(RetryPolicy::none()).build().unwrap()
}

fn lookup<T: std::fmt::Debug>(ended: Result<T, Error>) -> LookupError {
    match ended {
        Err(Error::Lookup(error)) => *error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn look_ups_without_an_end_take_little_memory() {
    // The other tests of this program need memory, too.
    if !is_the_child() {
        let printed = in_a_process_of_its_own("endless_lists::look_ups_without_an_end_take_little_memory", &[]).await;
        print!("{printed}");
        return;
    }
    let server = endless().await;
    let location = CertificateLocation::new(Uuid::from_u128(1), "www.pfx").expecting_thumbprint(DIGITS);
    let stores = client(&server).certificate_stores();
    let error = lookup(stores.remove_certificates([location], Schedule::Immediate).send().await);
    let LookupError::UnfinishedInventory { rows, reached, .. } = error else { panic!("{error:?}") };
    assert_eq!((rows, reached.limit()), (100_000, LookupLimit::Pages(1_000)));
    assert_eq!(server.received().len(), 1_000, "and nothing but the inventory was asked for");
    println!("an inventory of {rows} rows and more: {} KiB at most", peak_kib());

    let server = endless().await;
    let error = lookup(client(&server).certificates().locations_of(DIGITS).send().await);
    assert!(matches!(error, LookupError::Ambiguous { .. }), "{error:?}");
    assert_eq!(server.received().len(), 1, "two rows decide");

    let server = endless().await;
    let error = lookup(client(&server).certificates().locations_of(9).send().await);
    let LookupError::LimitReached(reached) = error else { panic!("{error:?}") };
    assert_eq!(reached.limit(), LookupLimit::Pages(1_000));
    let most = peak_kib();
    println!("a search of as many rows without the certificate: {most} KiB at most");
    assert!(most < MOST_KIB, "{most} KiB");
}
