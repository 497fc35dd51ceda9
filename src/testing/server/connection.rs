//! One connection: requests in, answers out.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::{RecordedRequest, Reply, Shared, locked};

/// The largest body of a request. Beyond it, the answer is 413.
const MOST_REQUEST_BYTES: usize = 16 * 1024 * 1024;
/// How much of a larger body is read, so that a client which writes to the end sees the answer.
const MOST_DISCARDED_BYTES: usize = 64 * 1024 * 1024;

/// Serves a connection to its end.
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Where it cannot be set, answers are only slower.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| exchange(request, Arc::clone(&shared)));
    // How it ended says nothing: clients go when they like.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn exchange(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = read(body).await?;
    let mut recorded = RecordedRequest {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.clone().unwrap_or_default(),
        status: 0,
        expected: true,
    };
    let reply = match body {
        Some(_) => shared.service.answer(&recorded),
        None => too_large(),
    };
    recorded.status = reply.status;
    recorded.expected = reply.expected;
    locked(&shared.log).record(recorded);
    Ok(response(reply))
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

/// With a body, since the vendors' own is undocumented.
fn too_large() -> Reply {
    let said = format!("this fake takes bodies of at most {MOST_REQUEST_BYTES} bytes");
    Reply::json(413, Value::from(said)).header(CONNECTION.as_str(), "close")
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or_default();
    let headers = response.headers_mut();
    if reply.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    }
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    *response.body_mut() = match (reply.page, reply.body) {
        (Some(page), _) => Full::from(page),
        (None, Some(body)) => Full::from(body.to_string()),
        (None, None) => Full::default(),
    };
    response
}
