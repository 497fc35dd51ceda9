//! The server under the fakes: where it runs, how it stops, and what it takes.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use clm::appviewx;
use clm::keyfactor::Query;
use clm::testing::{FakeAppViewX, FakeKeyfactor};
use tokio::runtime::Runtime;

/// The port of a fake's URL.
fn port_of(url: &str) -> u16 {
    url.rsplit_once("127.0.0.1:").unwrap().1.split('/').next().unwrap().parse().unwrap()
}

fn connect(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port)).unwrap()
}

/// What comes until the server closes the connection.
fn read_to_end(mut stream: &TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset ends it as well: the server closed with something unread.
    match stream.read_to_end(&mut bytes) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
        _ => String::from_utf8(bytes).unwrap(),
    }
}

#[test]
fn a_fake_survives_the_runtime_that_started_it() {
    let first = Runtime::new().unwrap();
    let (keyfactor, appviewx) = first.block_on(async { (FakeKeyfactor::start().await, FakeAppViewX::start().await) });
    drop(first);

    let store = keyfactor.add_store();
    appviewx.add_certificate("id-1", "web");
    Runtime::new().unwrap().block_on(async {
        let stores = keyfactor.client().certificate_stores().list(Query::all()).rows().unwrap();
        assert_eq!(stores.collect().await.unwrap()[0].id, store);
        let outcome = appviewx.client().certificate_groups().unassign(["id-1"]).send().await.unwrap();
        assert_eq!(outcome.successful_ids(), ["id-1"]);
    });
}

#[test]
fn a_program_without_a_runtime_can_use_a_fake() {
    let fake = Runtime::new().unwrap().block_on(FakeKeyfactor::start());
    let mut stream = connect(port_of(&fake.url()));
    let request = "GET /KeyfactorAPI/CertificateStores HTTP/1.1\r\nhost: fake\r\n";
    // Twice on one connection.
    for number in 1..=2 {
        write!(stream, "{request}\r\n").unwrap();
        let mut answer = [0; 13];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(std::str::from_utf8(&answer).unwrap(), "HTTP/1.1 401 ", "request {number}");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\nnull") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
    }
    write!(stream, "{request}connection: close\r\n\r\n").unwrap();
    assert!(read_to_end(&stream).starts_with("HTTP/1.1 401 "));
    assert_eq!(fake.requests().len(), 3);
}

#[test]
fn a_dropped_fake_listens_no_more_and_ends_its_connections() {
    for _ in 0..20 {
        let fake = Runtime::new().unwrap().block_on(FakeAppViewX::start());
        let port = port_of(&fake.url());
        let idle = connect(port);
        let mut half = connect(port);
        half.write_all(b"PUT /avxapi/certificate/group/unassign HTTP/1.1\r\nhost: fake\r\ncontent-length: 10\r\n\r\n{")
            .unwrap();
        drop(fake);

        assert_eq!(read_to_end(&idle), "");
        assert_eq!(read_to_end(&half), "");
        // Nobody holds the port.
        drop(TcpListener::bind(("127.0.0.1", port)).unwrap());
        let refused = TcpStream::connect(("127.0.0.1", port)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }
}

#[tokio::test]
async fn a_fake_is_dropped_in_the_middle_of_a_call() {
    let fake = FakeKeyfactor::start().await;
    let client = fake.client();
    let stores = client.certificate_stores().list(Query::all()).rows().unwrap();
    let (read, ()) = tokio::join!(stores.collect(), async { drop(fake) });
    // It depends on who was first, and nothing hangs.
    match read {
        Ok(rows) => assert!(rows.is_empty()),
        Err(error) => assert!(matches!(error, clm::keyfactor::Error::Transport(_)), "{error:?}"),
    }
}

#[tokio::test]
async fn a_fake_starts_on_the_port_that_it_is_told() {
    let first = FakeKeyfactor::start().await;
    let port = port_of(&first.url());
    drop(first);
    let second = FakeKeyfactor::start_on(port).await;
    assert_eq!(second.url(), format!("http://127.0.0.1:{port}/KeyfactorAPI"));
    drop(second);
    let third = FakeAppViewX::start_on(port).await;
    assert_eq!(third.url(), format!("http://127.0.0.1:{port}"));
}

#[test]
#[should_panic(expected = "the fake cannot listen on 127.0.0.1:")]
fn a_port_in_use_is_a_panic_that_says_so() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    Runtime::new().unwrap().block_on(FakeKeyfactor::start_on(port));
}

#[test]
fn a_body_of_more_than_16_mib_is_answered_413_and_not_kept() {
    let fake = Runtime::new().unwrap().block_on(FakeAppViewX::start());
    let port = port_of(&fake.url());
    let bound = 16 * 1024 * 1024;
    for (length, status) in [(bound, 401), (bound + 1, 413)] {
        let mut stream = connect(port);
        let head = "PUT /avxapi/certificate/group/unassign HTTP/1.1\r\nhost: fake\r\nconnection: close\r\n";
        write!(stream, "{head}content-length: {length}\r\n\r\n").unwrap();
        stream.write_all(&vec![b' '; length]).unwrap();
        let answer = read_to_end(&stream);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    let log = fake.requests();
    assert_eq!(log.iter().map(|it| (it.status(), it.body().len())).collect::<Vec<_>>(), [(401, bound), (413, 0)]);
}

#[tokio::test]
async fn the_clients_of_a_dropped_fake_find_nobody() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate("id-1", "web");
    let client = fake.client();
    let groups = client.certificate_groups();
    groups.unassign(["id-1"]).send().await.unwrap();
    drop(fake);
    let error = groups.unassign(["id-1"]).retry_policy(clm::RetryPolicy::none()).send().await.unwrap_err();
    assert!(matches!(error, appviewx::Error::Transport(_)), "{error:?}");
}
