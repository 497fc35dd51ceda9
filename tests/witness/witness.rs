//! Runs calls against a server with a fixed script, writes down what it sees, and compares that with what was kept.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::support::Received;
use crate::support::capture;
use crate::support::scripted::{Answer, Scripted};
use crate::told::{Told, one_line};

/// One file of the witness.
pub(crate) struct Witness {
    name: &'static str,
    /// What must show in no `Debug`, no text of an error and no event.
    secrets: &'static [&'static str],
    text: String,
}

/// A server that gives its answers in turn, the last one again and again, and can begin anew.
struct Server {
    scripted: Scripted,
    next: Arc<Mutex<usize>>,
}

impl Server {
    async fn start(answers: &[Answer]) -> Self {
        let next = Arc::new(Mutex::new(0));
        let (answers, counter) = (answers.to_vec(), Arc::clone(&next));
        let scripted = Scripted::choosing(move |_, _| {
            let mut next = counter.lock().unwrap();
            *next += 1;
            answers.get(*next - 1).or(answers.last()).unwrap().clone()
        });
        Self { scripted: scripted.await, next }
    }

    fn begin_anew(&self) {
        *self.next.lock().unwrap() = 0;
    }
}

impl Witness {
    pub(crate) fn new(name: &'static str, secrets: &'static [&'static str]) -> Self {
        Self { name, secrets, text: format!("{name}\n") }
    }

    /// One call, against a server with these answers. `call` is given the server's origin.
    pub(crate) async fn call(&mut self, title: &str, answers: &[Answer], call: impl AsyncFn(String) -> Told) {
        let server = Server::start(answers).await;
        let told = self.observe(title, &[("ADDR", &server.scripted)], call(server.scripted.origin.clone())).await;
        let Some(again) = told.again else { return };
        let first = server.scripted.received();
        server.begin_anew();
        again.await;
        let received = server.scripted.received();
        let second = &received[first.len()..];
        let copies = if second.is_empty() { "nothing".to_owned() } else { format!("{} request(s)", second.len()) };
        let alike = first.len() >= second.len()
            && first[first.len() - second.len()..].iter().map(written).eq(second.iter().map(written));
        let verdict = if alike { "the same bytes as before" } else { "OTHER BYTES than before" };
        writeln!(self.text, "given back and executed: {copies}, {verdict}").unwrap();
    }

    /// The same with a second server, whose origin is given as well.
    pub(crate) async fn call_with_two(
        &mut self,
        title: &str,
        provider: &[Answer],
        api: &[Answer],
        call: impl AsyncFn(String, String) -> Told,
    ) {
        let (provider, api) = (Server::start(provider).await, Server::start(api).await);
        let call = call(provider.scripted.origin.clone(), api.scripted.origin.clone());
        self.observe(title, &[("PROVIDER", &provider.scripted), ("ADDR", &api.scripted)], call).await;
    }

    /// What was refused before anything could be sent.
    pub(crate) async fn without_server(&mut self, title: &str, call: impl Future<Output = Told>) {
        self.observe(title, &[], call).await;
    }

    async fn observe(&mut self, title: &str, servers: &[(&str, &Scripted)], call: impl Future<Output = Told>) -> Told {
        capture::start();
        let mut told = call.await;
        let mut text = format!("\n=== {title}\n");
        for (name, server) in servers {
            let to = if servers.len() > 1 { format!(" to {name}") } else { String::new() };
            for (number, request) in server.received().iter().enumerate() {
                writeln!(text, "request {}{to}:\n{}", number + 1, written(request)).unwrap();
            }
        }
        text += &told.text();
        for event in capture::events().into_iter().filter(|event| event.target.starts_with("clm")) {
            let fields = event.fields.iter().filter(|(name, _)| *name != "message");
            let fields: Vec<String> = fields.map(|(name, value)| format!("    {name}: {}", one_line(value))).collect();
            let spans = format!("{:?}", event.spans);
            told.shown.push(format!("{:?} {spans}", event.fields));
            let kind = match event.target.as_str() {
                "clm::audit" => "audit",
                _ if event.level <= tracing::Level::WARN => "warning",
                _ => continue,
            };
            writeln!(text, "{kind}: {} {}\n{}", event.level, one_line(event.message()), fields.join("\n")).unwrap();
        }
        for (name, server) in servers {
            text = text.replace(server.origin.trim_start_matches("http://"), name);
        }
        // The next version changes nothing else.
        text = text.replace(concat!("clm/", env!("CARGO_PKG_VERSION")), "clm/VERSION");
        // A schedule that is restored begins at its next time of day.
        let today = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date();
        for day in [Some(today), today.tomorrow().ok()].into_iter().flatten() {
            text = text.replace(&format!("{day}T23:30:00.000Z"), "(the next 23:30)");
        }
        assert!(!text.contains("127.0.0.1:"), "an address of this run: {text}");
        for (secret, shown) in self.secrets.iter().flat_map(|secret| told.shown.iter().map(move |it| (secret, it))) {
            assert!(!shown.contains(secret), "{}: {title}: the secret {secret} shows in {shown}", self.name);
        }
        self.text += &text;
        told
    }

    /// Compares, or writes if `CLM_WITNESS` is `write`.
    pub(crate) fn finish(self) {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/witness").join(format!("{}.txt", self.name));
        if std::env::var_os("CLM_WITNESS").is_some_and(|it| it == "write") {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            return std::fs::write(path, self.text).unwrap();
        }
        // A package holds this test and not its texts.
        if PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".cargo_vcs_info.json").exists() {
            return;
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if let Some(difference) = difference(&kept, &self.text) {
            panic!("{}: {difference}\n(CLM_WITNESS=write writes it anew)", path.display());
        }
    }
}

/// The first line that differs, with the call that it belongs to and what stands before it.
fn difference(kept: &str, seen: &str) -> Option<String> {
    if kept == seen {
        return None;
    }
    // Not `lines()`, which takes two kinds of line ends for one.
    let (kept, seen): (Vec<&str>, Vec<&str>) = (kept.split('\n').collect(), seen.split('\n').collect());
    let first = kept.iter().zip(&seen).take_while(|(kept, seen)| kept == seen).count();
    let call = kept[..first].iter().rfind(|line| line.starts_with("===")).unwrap_or(&"(its beginning)");
    let before = kept[first.saturating_sub(4)..first].join("\n  ");
    let at = |lines: &[&str]| lines.get(first).map_or("(the end)".to_owned(), |line| (*line).to_owned());
    Some(format!("line {} differs, in\n{call}\n  {before}\n- {}\n+ {}", first + 1, at(&kept), at(&seen)))
}

/// A request as bytes: its line, its headers by name, its body.
fn written(request: &Received) -> String {
    let mut text = format!("    {}\n", one_line(&request.request_line));
    for (name, value) in request.sorted_headers() {
        writeln!(text, "    {name}: {}", one_line(&value)).unwrap();
    }
    let body = one_line(&String::from_utf8_lossy(&request.body));
    write!(text, "    body: {}", if body.is_empty() { "(none)" } else { &body }).unwrap();
    text
}
