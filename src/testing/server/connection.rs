//! One connection: requests in, answers out, and the faults between them.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::faults::Fault;
use super::wire::{Tampering, Wire};
use super::{RecordedRequest, Reply, Shared, locked};

/// The largest body of a request. Beyond it, the answer is 413.
const MOST_REQUEST_BYTES: usize = 16 * 1024 * 1024;
/// How much of a larger body is read, so that a client which writes to the end sees the answer.
const MOST_DISCARDED_BYTES: usize = 64 * 1024 * 1024;

const JSON: &str = "application/json; charset=utf-8";

/// Serves a connection to its end.
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Where it cannot be set, answers are only slower.
    let _ = stream.set_nodelay(true);
    let tampering = Tampering::default();
    let wire = Wire::new(stream, tampering.clone());
    let service = service_fn(|request| exchange(request, Arc::clone(&shared), tampering.clone()));
    // How it ended says nothing: clients go when they like.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(wire), service).await;
}

/// Carries out a request. `Err` closes the connection without an answer.
async fn exchange(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    tampering: Tampering,
) -> io::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = read(body).await.map_err(io::Error::other)?;
    let mut recorded = RecordedRequest {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.clone().unwrap_or_default(),
        status: 0,
        call: None,
        fault: None,
    };
    recorded.call = shared.service.call(&recorded);
    let name = recorded.operation();
    let fault = shared.faults.next(name);
    let reply = match (body, &fault) {
        (None, _) => too_large(),
        (_, Some(Fault::Refuse(answer))) => answer.reply(shared.service.refusal(answer.code())),
        _ => shared.service.answer(&recorded),
    };
    recorded.status = reply.status;
    recorded.fault = Fault::recorded(fault.as_ref());
    let without_body = recorded.method == Method::HEAD || reply.is_without_body();
    shared.record(recorded);

    let pause = shared.faults.pause(name);
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    let (response, length) = response(reply);
    match fault {
        Some(Fault::Lose) => return Err(io::ErrorKind::ConnectionAborted.into()),
        Some(Fault::Cut) => tampering.cut(if without_body { 0 } else { length }),
        Some(Fault::Stray(answer)) => {
            let stray = match answer {
                Some(answer) => answer.reply(shared.service.refusal(answer.code())),
                None => shared.service.stray(),
            };
            tampering.add_stray(bytes_of(&stray));
        }
        Some(Fault::Refuse(_)) | None => {}
    }
    Ok(response)
}

impl Shared {
    /// Keeps a request in the log. The first one of its kind that the fake does not know is told.
    fn record(&self, request: RecordedRequest) {
        let mut log = locked(&self.log);
        let same = |it: &RecordedRequest| it.is_unknown() && it.method == request.method && it.path == request.path;
        let told = !request.is_unknown() || log.iter().any(same);
        let (method, path) = (request.method.clone(), request.path.clone());
        log.record(request);
        drop(log);
        if !told {
            tracing::warn!(
                target: "clm::testing",
                %method,
                path,
                "unknown request: the fake responds as for an unknown endpoint"
            );
        }
    }
}

/// `None` if it is too large.
async fn read(mut body: Incoming) -> Result<Option<Bytes>, hyper::Error> {
    let (mut kept, mut length) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        length += data.len();
        if length <= MOST_REQUEST_BYTES {
            kept.extend_from_slice(&data);
        } else if length > MOST_DISCARDED_BYTES {
            break;
        }
    }
    Ok((length <= MOST_REQUEST_BYTES).then(|| kept.freeze()))
}

/// With a body of the fake's own.
fn too_large() -> Reply {
    let said = format!("this fake accepts bodies of at most {MOST_REQUEST_BYTES} bytes");
    Reply::json(413, Value::from(said)).header(CONNECTION.as_str(), "close")
}

/// With the length of its body.
fn response(reply: Reply) -> (Response<Full<Bytes>>, usize) {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or_default();
    let headers = response.headers_mut();
    if reply.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    }
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    let body: Bytes = match (reply.page, reply.body) {
        (Some(page), _) => page.into(),
        (None, Some(body)) => body.to_string().into(),
        (None, None) => Bytes::new(),
    };
    let length = body.len();
    *response.body_mut() = Full::new(body);
    (response, length)
}

/// A whole answer, as it stands on the wire.
fn bytes_of(reply: &Reply) -> Bytes {
    let status = StatusCode::from_u16(reply.status).unwrap_or_default();
    let mut text = format!("HTTP/1.1 {} {}\r\n", status.as_str(), status.canonical_reason().unwrap_or("-"));
    for (name, value) in &reply.headers {
        // Writing to a text does not fail.
        let _ = write!(text, "{name}: {value}\r\n");
    }
    if reply.is_without_body() {
        text.push_str("\r\n");
    } else {
        let body = reply.body.as_ref().map(ToString::to_string).unwrap_or_default();
        let _ = write!(text, "content-type: {JSON}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    }
    text.into()
}
