//! A server that fails on purpose: alone, or as a proxy before one of the fakes.
//!
//! It plays a script of [`Fault`]s, one for each try, and counts what reached it. A copy of a request counts once its
//! complete body was read, whatever the server says to it afterwards.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, JoinSet};

use super::{Received, no_start, read_request};

/// What happens to one try. The server closes the connection after each of them, except after a complete answer of
/// the right length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// No fault: the server's own answer, or that of the server behind it.
    Good,
    /// Nothing listens on the port: a real refusal by the system.
    ///
    /// A refused connection leaves no trace at a server. So the server learns from the client that the try is over:
    /// the call must run inside [`FaultServer::follow`]. A request that still comes in over an older connection passes
    /// on to the next fault of the script.
    Refuse,
    /// The connection is accepted and closed, nothing is read.
    CloseOnAccept,
    /// The connection is reset (`SO_LINGER` 0) at the first byte of a request. Nothing is read.
    Reset,
    /// Closed when the request's head was read, and nothing beyond it.
    CloseAfterHead,
    /// Closed when the head and half of the body were read.
    CloseAfterHalfBody,
    /// Closed when the whole request was read.
    CloseBeforeAnswer,
    /// The whole request is read, and nothing is answered.
    Hang,
    /// Half of the answer's head, then the end.
    HalfHead,
    /// The answer's head comes with one byte a second.
    TrickledHead,
    /// What is answered is not HTTP.
    NotHttp,
    /// A head with one header of 10 MiB.
    HugeHeader,
    /// An interim answer, then the good one. No fault.
    Interim,
    /// This `Content-Length` instead of the right one.
    Length(Length),
    /// The announced body breaks off in its middle.
    HalfBody,
    /// A body of no announced length breaks off in its middle: only its content can show that.
    HalfBodyUnannounced,
    /// The head comes at once, the body with one byte a second.
    TrickledBody,
    /// Half of the body, and then nothing, but the connection stays.
    BodyHangs,
    /// `Transfer-Encoding: chunked`, but what follows is no chunk.
    ChunkedGarbage,
    /// Chunks with the whole body, but without the last one.
    ChunkedUnended,
    /// A body without an end, after this status.
    Endless(u16),
    /// This status whose body breaks off in its middle.
    Cut(u16),
    /// An answer with this status that begins before anything of the request is read. The request is then read whole. The client
    /// has sent a small one by then, and cannot see the difference.
    AnsweredUnread(u16),
    /// A complete answer with this status and perhaps a `Retry-After`.
    Status(u16, Option<&'static str>),
    /// A complete answer with this status and body.
    Body(u16, &'static str),
    /// A page of HTML with this status.
    Html(u16),
    /// 200 with a body of bytes that are no text.
    NotUtf8,
    /// The good answer, with a byte that is no text inside its first list of strings.
    NotUtf8Inside,
    /// The good answer behind a byte order mark.
    Bom,
    /// The good answer, compressed although nobody asked for it.
    Gzip,
}

/// A `Content-Length` that is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Length {
    TooLarge,
    TooSmall,
    NoNumber,
    /// Two of them, which differ.
    Twice,
}

/// What reached the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    /// Connections that were accepted.
    pub connections: usize,
    /// Requests whose head was read to its end.
    pub heads: usize,
    /// Requests whose body was read to its end.
    pub copies: usize,
    /// Tries that the system refused, as the client reported them.
    pub refused: usize,
}

/// A request of which at least one byte reached the server, in the order of arrival.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arrival {
    pub fault: Fault,
    /// Its body, if it was read to its end.
    pub body: Option<Vec<u8>>,
    /// The status that was answered, if a whole head was.
    pub answered: Option<u16>,
}

impl Arrival {
    /// Whether the server may have acted: it has the request, and did not answer that it refuses.
    pub fn acted_on(&self) -> bool {
        self.body.is_some() && !matches!(self.answered, Some(401 | 429))
    }
}

/// The server. Everything that it runs ends when it is dropped.
pub struct FaultServer {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    address: SocketAddr,
    /// Bound and never listening, so that nobody else gets the port while it refuses.
    _port: TcpSocket,
    runtime: Handle,
    good: Good,
    state: Mutex<State>,
}

/// Where a good answer comes from.
enum Good {
    Own(&'static str),
    Behind(SocketAddr),
}

struct State {
    script: VecDeque<Fault>,
    then: Fault,
    /// Whether complete answers close their connection.
    closes: bool,
    listener: Option<TcpListener>,
    accepting: Option<Waker>,
    seen: Seen,
    arrivals: Vec<Arrival>,
}

tokio::task_local! {
    /// The server that learns about the tries of the call which runs in this task.
    static FOLLOWED: Arc<Shared>;
}

impl FaultServer {
    /// A server whose good answer is 200 with this JSON.
    pub fn answering(json: &'static str) -> Self {
        Self::start(Good::Own(json))
    }

    /// A proxy before the server at `origin`, whose good answers are those of that server. It passes on every complete
    /// request that it does not clearly refuse, before the fault: that server acts, whatever the client hears.
    pub fn before(origin: &str) -> Self {
        let address = origin.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap();
        Self::start(Good::Behind(address.parse().unwrap()))
    }

    fn start(good: Good) -> Self {
        let port = bound(SocketAddr::from(([127, 0, 0, 1], 0)));
        let address = port.local_addr().unwrap();
        let state = State {
            script: VecDeque::new(),
            then: Fault::Good,
            closes: false,
            listener: None,
            accepting: None,
            seen: Seen::default(),
            arrivals: Vec::new(),
        };
        let runtime = Handle::current();
        let shared = Arc::new(Shared { address, _port: port, runtime, good, state: Mutex::new(state) });
        shared.listen_or_refuse(&mut shared.state());
        let task = tokio::spawn(accept(Arc::clone(&shared)));
        Self { shared, task }
    }

    /// `http://127.0.0.1:port`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// One fault for each of the next tries, and one for all tries after them. What was seen before is forgotten.
    pub fn play(&self, script: impl IntoIterator<Item = Fault>, then: Fault) {
        let mut state = self.shared.state();
        state.script = script.into_iter().collect();
        state.then = then;
        state.seen = Seen::default();
        state.arrivals.clear();
        self.shared.listen_or_refuse(&mut state);
    }

    /// Whether complete answers close their connection. They always do before a try that gets no connection, so that
    /// the client needs one.
    pub fn close_after_answers(&self, closes: bool) {
        self.shared.state().closes = closes;
    }

    /// Runs a call of this crate against this server, so that the server knows when one of its tries is over.
    pub async fn follow<F: Future>(&self, call: F) -> F::Output {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| tracing::subscriber::set_global_default(TryEvents).unwrap());
        FOLLOWED.scope(Arc::clone(&self.shared), call).await
    }

    pub fn seen(&self) -> Seen {
        self.shared.state().seen
    }

    pub fn arrivals(&self) -> Vec<Arrival> {
        self.shared.state().arrivals.clone()
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        // The connections end with it: it owns their tasks.
        self.task.abort();
        self.shared.state().listener = None;
    }
}

/// A socket that is bound, but does not listen. Several may be bound to one address, as long as one listens at most.
fn bound(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

impl Fault {
    /// Whether the try gets no connection that can carry a request.
    pub fn before_connection(self) -> bool {
        matches!(self, Self::Refuse | Self::CloseOnAccept)
    }

    /// Whether the answer says that nothing was done.
    fn refuses(self) -> bool {
        match self {
            Self::Status(status, _)
            | Self::Body(status, _)
            | Self::Html(status)
            | Self::Cut(status)
            | Self::AnsweredUnread(status) => {
                matches!(status, 300..=407 | 409..=499)
            }
            _ => false,
        }
    }
}

impl State {
    fn upcoming(&self) -> Fault {
        self.script.front().copied().unwrap_or(self.then)
    }

    /// The fault of the request that comes in, and whether its connection has to be closed after it.
    fn take(&mut self) -> (Fault, bool) {
        // It came over an older connection: those do not notice that nothing listens any more.
        while self.upcoming() == Fault::Refuse && self.script.pop_front().is_some() {}
        // With nothing but refusals to come, the old connections die as well.
        let fault = if self.upcoming() == Fault::Refuse { Fault::Reset } else { self.upcoming() };
        self.script.pop_front();
        (fault, self.closes || self.upcoming().before_connection())
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens on the port, except for a try that is to be refused. To be called after every step.
    fn listen_or_refuse(&self, state: &mut State) {
        let _no_copy_goes_on_listening = no_start();
        if state.upcoming() == Fault::Refuse {
            state.listener = None;
        } else if state.listener.is_none() {
            let _runtime = self.runtime.enter();
            state.listener = Some(bound(self.address).listen(1024).unwrap());
            if let Some(accepting) = state.accepting.take() {
                accepting.wake();
            }
        }
    }

    /// A connection, and whether it is served.
    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<(TcpStream, bool)> {
        let mut state = self.state();
        state.accepting = Some(context.waker().clone());
        loop {
            let Some(listener) = &state.listener else { return Poll::Pending };
            match listener.poll_accept(context) {
                Poll::Ready(Ok((stream, _))) => {
                    state.seen.connections += 1;
                    let served = state.upcoming() != Fault::CloseOnAccept;
                    if !served {
                        state.script.pop_front();
                        self.listen_or_refuse(&mut state);
                    }
                    return Poll::Ready((stream, served));
                }
                // A client that is gone already.
                Poll::Ready(Err(_)) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// A try ended without an answer, says the client.
    fn try_failed(&self) {
        let mut state = self.state();
        if state.upcoming() == Fault::Refuse {
            state.seen.refused += 1;
            state.script.pop_front();
            self.listen_or_refuse(&mut state);
        }
    }

    fn request_begins(&self) -> (Fault, bool) {
        let mut state = self.state();
        let (fault, closes) = state.take();
        state.arrivals.push(Arrival { fault, body: None, answered: None });
        self.listen_or_refuse(&mut state);
        (fault, closes)
    }

    fn head_came(&self) {
        self.state().seen.heads += 1;
    }

    /// Notes a complete copy, with the status that is about to be answered. Calls follow one another, so the last
    /// arrival is the right one.
    fn copy_came(&self, request: &Received, answered: Option<u16>) {
        let mut state = self.state();
        state.seen.heads += 1;
        state.seen.copies += 1;
        let arrival = state.arrivals.last_mut().unwrap();
        arrival.body = Some(request.body.clone());
        arrival.answered = answered;
    }
}

async fn accept(shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, served) = poll_fn(|context| shared.poll_accept(context)).await;
        while connections.try_join_next().is_some() {}
        if served {
            connections.spawn(serve(Arc::clone(&shared), stream));
        }
    }
}

async fn serve(shared: Arc<Shared>, mut stream: TcpStream) {
    loop {
        // A request begins with its first byte, which stays unread: not every fault reads it.
        if stream.peek(&mut [0]).await.unwrap_or(0) == 0 {
            return;
        }
        let (fault, closes) = shared.request_begins();
        if play(&shared, fault, closes, &mut stream).await.is_none() {
            return;
        }
    }
}

/// Plays one fault. `None` if the connection is to be closed, which a failure to write leads to as well.
async fn play(shared: &Shared, fault: Fault, closes: bool, stream: &mut TcpStream) -> Option<()> {
    match fault {
        Fault::CloseOnAccept => return None,
        Fault::Reset => {
            stream.set_zero_linger().unwrap();
            return None;
        }
        Fault::CloseAfterHead => {
            read_head(stream).await?;
            shared.head_came();
            return None;
        }
        Fault::CloseAfterHalfBody => {
            let length = read_head(stream).await?;
            shared.head_came();
            stream.read_exact(&mut vec![0; length / 2]).await.ok()?;
            return None;
        }
        Fault::AnsweredUnread(status) => {
            let head = format!("HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{{");
            write(stream, head.as_bytes()).await?;
        }
        _ => {}
    }
    let request = read_request(stream).await?;
    let good = match shared.good {
        _ if fault.refuses() => Answer::json(Vec::new()),
        Good::Own(json) => Answer::json(json),
        Good::Behind(address) => pass_on(address, &request).await?,
    };
    shared.copy_came(&request, status_of(fault, &good));
    answer(fault, good, closes, stream).await
}

/// The status of the head that a fault answers, if it answers a whole one.
fn status_of(fault: Fault, good: &Answer) -> Option<u16> {
    match fault {
        Fault::Endless(status)
        | Fault::Cut(status)
        | Fault::AnsweredUnread(status)
        | Fault::Status(status, _)
        | Fault::Body(status, _)
        | Fault::Html(status) => Some(status),
        Fault::Good
        | Fault::Interim
        | Fault::Length(Length::TooLarge | Length::TooSmall)
        | Fault::HalfBody
        | Fault::HalfBodyUnannounced
        | Fault::TrickledBody
        | Fault::BodyHangs
        | Fault::ChunkedGarbage
        | Fault::ChunkedUnended
        | Fault::NotUtf8
        | Fault::NotUtf8Inside
        | Fault::Bom
        | Fault::Gzip => Some(good.status),
        Fault::Refuse
        | Fault::CloseOnAccept
        | Fault::Reset
        | Fault::CloseAfterHead
        | Fault::CloseAfterHalfBody
        | Fault::CloseBeforeAnswer
        | Fault::Hang
        | Fault::HalfHead
        | Fault::TrickledHead
        | Fault::NotHttp
        | Fault::HugeHeader
        | Fault::Length(Length::NoNumber | Length::Twice) => None,
    }
}

async fn answer(fault: Fault, mut good: Answer, closes: bool, stream: &mut TcpStream) -> Option<()> {
    let half = good.body.len() / 2;
    match fault {
        Fault::Refuse
        | Fault::CloseOnAccept
        | Fault::Reset
        | Fault::CloseAfterHead
        | Fault::CloseAfterHalfBody
        | Fault::CloseBeforeAnswer => None,
        Fault::Good => good.send(stream, closes).await,
        Fault::AnsweredUnread(_) => {
            write(stream, b"}").await?;
            (!closes).then_some(())
        }
        Fault::Interim => {
            write(stream, b"HTTP/1.1 100 Continue\r\n\r\n").await?;
            good.send(stream, closes).await
        }
        Fault::Hang => until_the_client_goes(stream).await,
        Fault::HalfHead => {
            let head = good.head("content-length: 2\r\n");
            write(stream, &head[..head.len() / 2]).await?;
            None
        }
        Fault::TrickledHead => trickle(stream, &good.head("content-length: 2\r\n")).await,
        Fault::NotHttp => {
            write(stream, b"220 mail.example.com ESMTP\r\n").await?;
            None
        }
        Fault::HugeHeader => {
            let value = "a".repeat(10 * 1024 * 1024);
            write(stream, &good.head(&format!("x-huge: {value}\r\n"))).await?;
            until_the_client_goes(stream).await
        }
        Fault::Length(length) => {
            let right = good.body.len();
            let header = match length {
                Length::TooLarge => format!("content-length: {}\r\n", right + 10),
                Length::TooSmall => format!("content-length: {half}\r\n"),
                Length::NoNumber => "content-length: many\r\n".to_owned(),
                Length::Twice => format!("content-length: {right}\r\ncontent-length: {half}\r\n"),
            };
            good.send_and_close(stream, &header, right).await
        }
        Fault::HalfBody => {
            let header = format!("content-length: {}\r\n", good.body.len());
            good.send_and_close(stream, &header, half).await
        }
        Fault::HalfBodyUnannounced => good.send_and_close(stream, "", half).await,
        Fault::TrickledBody => {
            write(stream, &good.head(&format!("content-length: {}\r\n", good.body.len()))).await?;
            trickle(stream, &good.body).await
        }
        Fault::BodyHangs => {
            write(stream, &good.head(&format!("content-length: {}\r\n", good.body.len()))).await?;
            write(stream, &good.body[..half]).await?;
            until_the_client_goes(stream).await
        }
        Fault::ChunkedGarbage => {
            good.body = b"no length of a chunk\r\n".to_vec();
            let length = good.body.len();
            good.send_and_close(stream, "transfer-encoding: chunked\r\n", length).await
        }
        Fault::ChunkedUnended => {
            let mut chunk = format!("{:x}\r\n", good.body.len()).into_bytes();
            chunk.append(&mut good.body);
            chunk.extend_from_slice(b"\r\n");
            good.body = chunk;
            let length = good.body.len();
            good.send_and_close(stream, "transfer-encoding: chunked\r\n", length).await
        }
        Fault::Endless(status) => {
            write(stream, &Answer { status, ..good }.head("")).await?;
            loop {
                write(stream, &[b' '; 16 * 1024]).await?;
            }
        }
        Fault::Cut(status) => {
            good = Answer { status, ..Answer::json(r#"{"message": "it breaks off"}"#) };
            good.send_and_close(stream, "content-length: 100\r\n", 20).await
        }
        Fault::Status(..) | Fault::Body(..) | Fault::Html(_) => made_up(fault).send(stream, closes).await,
        Fault::NotUtf8 | Fault::NotUtf8Inside | Fault::Bom | Fault::Gzip => {
            written_otherwise(fault, &mut good);
            good.send(stream, closes).await
        }
    }
}

/// The good answer in an encoding that nobody asked for.
fn written_otherwise(fault: Fault, good: &mut Answer) {
    match fault {
        Fault::NotUtf8 => good.body = vec![0xff, 0xfe, 0xfd],
        Fault::NotUtf8Inside => {
            if let Some(at) = good.body.windows(2).position(|two| two == b"[\"") {
                good.body.insert(at + 2, 0xff);
            }
        }
        Fault::Bom => {
            good.body.splice(..0, *b"\xef\xbb\xbf");
        }
        Fault::Gzip => {
            good.body = gzip(&good.body);
            good.headers += "content-encoding: gzip\r\n";
        }
        other => panic!("{other:?} is another kind of fault"),
    }
}

/// A complete answer that owes nothing to the good one.
fn made_up(fault: Fault) -> Answer {
    match fault {
        Fault::Status(status, retry_after) => {
            let mut headers = String::new();
            if let Some(value) = retry_after {
                headers = format!("retry-after: {value}\r\n");
            }
            if (300..400).contains(&status) {
                // To this server: whoever follows it shows up as one more request.
                headers += "location: /elsewhere\r\n";
            }
            // These end with their head, whatever they announce.
            let body = if matches!(status, 204 | 304) { "" } else { r#"{"message": "made up by the fault server"}"# };
            let json = Answer::json(body);
            Answer { status, headers: json.headers + &headers, ..json }
        }
        Fault::Body(status, body) => Answer { status, ..Answer::json(body) },
        Fault::Html(status) => Answer {
            status,
            headers: "content-type: text/html\r\n".to_owned(),
            body: b"<html><head><title>It is not the server</title></head><body>It is a gateway.</body></html>"
                .to_vec(),
        },
        _ => unreachable!("{fault:?} is made of the good answer"),
    }
}

struct Answer {
    status: u16,
    /// Lines, each with its end, without those about length and connection.
    headers: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: "content-type: application/json\r\n".to_owned(), body: body.into() }
    }

    fn head(&self, more: &str) -> Vec<u8> {
        format!("HTTP/1.1 {} -\r\n{}{more}\r\n", self.status, self.headers).into_bytes()
    }

    /// The whole answer, at once. `None` if the connection is to be closed.
    async fn send(&self, stream: &mut TcpStream, closes: bool) -> Option<()> {
        let connection = if closes { "connection: close\r\n" } else { "" };
        let length =
            if self.status == 204 { String::new() } else { format!("content-length: {}\r\n", self.body.len()) };
        let mut bytes = self.head(&format!("{length}{connection}"));
        bytes.extend_from_slice(&self.body);
        write(stream, &bytes).await?;
        (!closes).then_some(())
    }

    /// The head with these headers about the length, and so much of the body.
    async fn send_and_close(&self, stream: &mut TcpStream, length: &str, sent: usize) -> Option<()> {
        let mut bytes = self.head(&format!("{length}connection: close\r\n"));
        bytes.extend_from_slice(&self.body[..sent]);
        write(stream, &bytes).await?;
        None
    }
}

/// Sends the request to the server behind, and takes its whole answer.
async fn pass_on(address: SocketAddr, request: &Received) -> Option<Answer> {
    let mut head = format!("{}\r\nconnection: close\r\n", request.request_line);
    for (name, value) in &request.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    let mut stream = TcpStream::connect(address).await.ok()?;
    write(&mut stream, format!("{head}\r\n").as_bytes()).await?;
    write(&mut stream, &request.body).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.ok()?;
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let body = bytes.split_off(end + 4);
    let head = String::from_utf8(bytes).ok()?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let ours = |line: &&str| {
        let name = line.split(':').next().unwrap_or_default();
        !line.is_empty() && !["content-length", "connection"].iter().any(|it| name.eq_ignore_ascii_case(it))
    };
    let headers = lines.filter(ours).flat_map(|line| [line, "\r\n"]).collect();
    Some(Answer { status, headers, body })
}

async fn write(stream: &mut TcpStream, bytes: &[u8]) -> Option<()> {
    stream.write_all(bytes).await.ok()
}

async fn trickle(stream: &mut TcpStream, bytes: &[u8]) -> Option<()> {
    for byte in bytes {
        write(stream, &[*byte]).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    None
}

async fn until_the_client_goes(stream: &mut TcpStream) -> Option<()> {
    // Nothing more is asked on this connection, so whatever can be read is its end.
    let _ = stream.read(&mut [0]).await;
    None
}

/// Reads a head to its end and no byte further, and gives the length of the body.
async fn read_head(stream: &mut TcpStream) -> Option<usize> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.map_or(Some(0), |length| length.parse().ok())
}

/// The gzip format with one block that is stored as it is.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1];
    packed.extend(length.to_le_bytes());
    packed.extend((!length).to_le_bytes());
    packed.extend(bytes);
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    });
    packed.extend((!crc).to_le_bytes());
    packed.extend(u32::from(length).to_le_bytes());
    packed
}

/// Listens to the crate's own event about each try that got no answer. It is the only way to know that a connection
/// was refused, without guessing from the time that has passed.
struct TryEvents;

impl tracing::Subscriber for TryEvents {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target() == "clm::transport" && metadata.fields().field("error").is_some()
    }

    fn event(&self, _: &tracing::Event<'_>) {
        // An event of another test's call, outside `follow`, concerns no server.
        let _ = FOLLOWED.try_with(|shared| shared.try_failed());
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}
