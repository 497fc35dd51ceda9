//! Answers that both vendors' programs share. All are literals; every head says that the connection closes.

use crate::support::scripted::Answer;

pub(crate) type Named = (&'static str, Answer);

pub(crate) const HTML: &str = "<!DOCTYPE html>\n<html><head><title>Sign in to the proxy</title></head>\n<body><h1>Please sign in</h1></body></html>";

/// `headers` are lines, each with its line end.
pub(crate) fn answer(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Answer {
    let body = body.as_ref();
    let length =
        if status == 204 || status == 304 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let head = format!("HTTP/1.1 {status} -\r\nconnection: close\r\n{length}{headers}\r\n");
    Answer::Bytes([head.as_bytes(), body].concat())
}

pub(crate) fn json(status: u16, body: &str) -> Answer {
    answer(status, "content-type: application/json\r\n", body)
}

fn html(status: u16) -> Answer {
    answer(status, "content-type: text/html\r\n", HTML)
}

fn cut(status: u16, body: &str) -> Answer {
    let head = format!("HTTP/1.1 {status} -\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len() + 10);
    Answer::Bytes([head.as_bytes(), body.as_bytes()].concat())
}

/// Successes by their status, whose content nobody expects. `good` is a good body.
pub(crate) fn odd_successes(good: &str) -> Vec<Named> {
    vec![
        ("200 with an empty body", json(200, "")),
        ("204 without content", answer(204, "", "")),
        ("200 with null", json(200, "null")),
        ("200 with a page of HTML", html(200)),
        ("200 with a byte order mark before the good body", json(200, &format!("\u{feff}{good}"))),
        ("202 with the good body", json(202, good)),
        ("200 with an empty object", json(200, "{}")),
        ("200 with an empty array", json(200, "[]")),
        ("200 with a text", json(200, "\"ok\"")),
        ("200 with a number", json(200, "7")),
        ("200 with bytes that are no text", answer(200, "content-type: application/json\r\n", b"[\"\xff\xfe\"]")),
        ("200 that is cut", cut(200, good)),
    ]
}

/// No head of an answer.
pub(crate) fn silences() -> Vec<Named> {
    vec![
        ("closed before a head", Answer::Nothing),
        ("closed within the head", Answer::Bytes(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec())),
        ("an answer that is not HTTP", Answer::Bytes(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())),
    ]
}

/// Refusals of something on the way, and statuses with nothing that a vendor would say.
pub(crate) fn foreign_refusals() -> Vec<Named> {
    vec![
        ("302 elsewhere", answer(302, "location: https://sso.example.com/login?next=%2F\r\n", "")),
        ("307 elsewhere, with HTML", answer(307, "location: /elsewhere\r\ncontent-type: text/html\r\n", HTML)),
        ("400 with HTML", html(400)),
        ("400 with an empty body", json(400, "")),
        ("400 with plain text", answer(400, "content-type: text/plain\r\n", "no such thing\r\nhere\u{7}")),
        ("400 that is cut", cut(400, "{\"Message\": \"half")),
        ("401 with HTML", answer(401, "content-type: text/html\r\nwww-authenticate: Basic realm=\"here\"\r\n", HTML)),
        ("401 with an empty body", answer(401, "www-authenticate: Negotiate\r\n", "")),
        ("403 with HTML", html(403)),
        ("403 with an empty body", json(403, "")),
        ("404 with HTML", html(404)),
        ("404 with an empty body", json(404, "")),
        ("405 with an empty body", json(405, "")),
        ("408 with an empty body", json(408, "")),
        ("409 with an empty body", json(409, "")),
        ("413 with HTML", html(413)),
        ("417 with an empty body", json(417, "")),
        ("429 with Retry-After: 0", answer(429, "retry-after: 0\r\n", "")),
        ("429 with HTML and Retry-After: 0", answer(429, "retry-after: 0\r\ncontent-type: text/html\r\n", HTML)),
        ("500 with HTML", html(500)),
        ("500 with an empty body", json(500, "")),
        ("500 that is cut", cut(500, "{\"Message\": \"half")),
        ("501 with an empty body", json(501, "")),
        ("502 with HTML", html(502)),
        ("503 with an empty body and Retry-After: 0", answer(503, "retry-after: 0\r\n", "")),
        ("503 with HTML", html(503)),
        ("504 with an empty body", json(504, "")),
    ]
}
