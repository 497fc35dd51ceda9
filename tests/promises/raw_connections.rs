//! Calls without a type: each has a connection of its own, whatever the endpoint.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::raw::both;
use crate::support::{read_request, reply};
use clm::RawEffect;
use clm::http::Method;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

/// A server that would answer many requests over one connection, and leaves an answer that nobody asked for after each. It
/// counts the connections over which a request came.
async fn keeping_server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let used = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&used);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let counter = Arc::clone(&counter);
            tokio::spawn(async move {
                let mut requests = 0;
                while let Some(request) = read_request(&mut stream).await {
                    requests += 1;
                    if requests == 1 {
                        counter.fetch_add(1, Ordering::SeqCst);
                    }
                    let named = request.header("x-number").unwrap();
                    let own = reply(200, "content-type: application/json\r\n", named);
                    let stray = reply(200, "content-type: application/json\r\n", "\"stray\"");
                    if stream.write_all(&own).await.is_err() || stream.write_all(&stray).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (origin, used)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_raw_call_has_its_own_connection_and_its_own_answer() {
    both!(|client, vendor| {
        let (origin, used) = keeping_server().await;
        let client = client(&origin);
        let mut sent = 0;
        for method in [Method::GET, Method::POST, Method::DELETE] {
            for effect in [RawEffect::Read, RawEffect::Change] {
                for _ in 0..5 {
                    sent += 1;
                    let call = client.raw(method.clone(), "a").effect(effect).header("x-number", sent.to_string());
                    assert_eq!(call.read().await.unwrap(), sent, "{vendor}: {method} {effect:?}");
                }
            }
        }
        assert_eq!(used.load(Ordering::SeqCst), sent, "{vendor}");
    });
}
