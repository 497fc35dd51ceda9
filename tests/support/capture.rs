//! Everything that is said through `tracing`, at TRACE: with its fields, and as lines of a log.
//!
//! One subscriber serves the whole program. Subscribers of one thread only would race: a callsite that another test's
//! thread reaches first could be switched off for all. The events are kept by thread, and a test of a current-thread
//! runtime has its thread to itself.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::{Mutex, OnceLock};

use tokio::sync::Notify;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Scope};

pub type Fields = BTreeMap<String, String>;

/// An event with its fields and the spans around it, the outermost first.
#[derive(Clone, Debug)]
pub struct Event {
    pub target: String,
    pub level: Level,
    pub fields: Fields,
    pub spans: Vec<(String, Fields)>,
}

impl Event {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    pub fn message(&self) -> &str {
        self.field("message").unwrap_or_default()
    }
}

thread_local! {
    static EVENTS: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) };
    static SPANS: RefCell<Vec<(String, Fields)>> = const { RefCell::new(Vec::new()) };
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static SAID: Rc<Notify> = Rc::new(Notify::new());
}

/// What every thread has said, by the module of its test; by "" if it is no test's. A log of all modules would hold one
/// module's secrets against the others, and take each long to search.
static LOGS: Mutex<BTreeMap<String, Vec<u8>>> = Mutex::new(BTreeMap::new());

/// The harness names a test's thread after the test.
fn module() -> String {
    let thread = std::thread::current();
    thread.name().and_then(|name| name.split_once("::")).map_or_else(String::new, |(module, _)| module.to_owned())
}

/// Begins to listen, if nobody does yet, and forgets what this thread said before.
pub fn start() {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .without_time()
            .with_span_events(FmtSpan::FULL)
            .with_writer(Writer { of_this_thread: false });
        let events = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .without_time()
            .with_writer(Writer { of_this_thread: true });
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Events).with(lines).with(events))
            .unwrap();
    });
    EVENTS.take();
    SPANS.take();
    LINES.take();
}

/// What this thread has said since [`start`].
pub fn events() -> Vec<Event> {
    EVENTS.with_borrow(Clone::clone)
}

/// The spans that this thread has opened since [`start`].
pub fn spans() -> Vec<(String, Fields)> {
    SPANS.with_borrow(Clone::clone)
}

/// The events of this thread for the auditor.
pub fn audit() -> Vec<Event> {
    events().into_iter().filter(|event| event.target == "clm::audit").collect()
}

/// The only event of this thread for the auditor.
pub fn only_audit() -> Event {
    let mut audit = audit();
    assert_eq!(audit.len(), 1, "{audit:#?}");
    audit.remove(0)
}

/// The warnings of this thread.
pub fn warnings() -> Vec<Event> {
    events().into_iter().filter(|event| event.level <= Level::WARN).collect()
}

/// This thread's events as a log has them, with nothing of the spans' coming and going.
pub fn lines() -> String {
    String::from_utf8(LINES.with_borrow(Clone::clone)).unwrap()
}

/// The log of all threads of this module and of those that are no test's, with every span's coming and going.
pub fn everything() -> String {
    let (module, logs) = (module(), LOGS.lock().unwrap());
    let logs = logs.iter().filter(|(of, _)| of.is_empty() || **of == module);
    logs.map(|(_, log)| String::from_utf8_lossy(log)).collect()
}

/// Waits until this thread has said something that meets the condition.
pub async fn until(condition: impl Fn(&Event) -> bool) {
    let said = SAID.with(Rc::clone);
    while !events().iter().any(&condition) {
        said.notified().await;
    }
}

/// The layer that keeps events with their fields.
struct Events;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Events {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Texts::default();
        attributes.record(&mut fields);
        SPANS.with_borrow_mut(|spans| spans.push((attributes.metadata().name().to_owned(), fields.0.clone())));
        context.span(id).unwrap().extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        values.record(context.span(id).unwrap().extensions_mut().get_mut::<Texts>().unwrap());
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let mut fields = Texts::default();
        event.record(&mut fields);
        let spans = context.event_scope(event).into_iter().flat_map(Scope::from_root);
        let spans = spans.map(|span| (span.name().to_owned(), span.extensions().get::<Texts>().unwrap().0.clone()));
        let metadata = event.metadata();
        let event = Event {
            target: metadata.target().to_owned(),
            level: *metadata.level(),
            fields: fields.0,
            spans: spans.collect(),
        };
        EVENTS.with_borrow_mut(|events| events.push(event));
        SAID.with(|said| said.notify_one());
    }
}

#[derive(Default)]
struct Texts(Fields);

impl Visit for Texts {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

/// Writes to the log of all threads, and to the lines of this one.
#[derive(Clone, Copy)]
struct Writer {
    of_this_thread: bool,
}

impl MakeWriter<'_> for Writer {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.of_this_thread {
            LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        }
        LOGS.lock().unwrap().entry(module()).or_default().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
