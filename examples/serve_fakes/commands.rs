//! Commands on standard input, for programs that cannot call the fakes in Rust.

use std::io::BufRead as _;

use clm::testing::{FakeAppViewX, FakeKeyfactor, RecordedRequest};
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::arguments::Input;
use crate::faults::{Fault, Place};
use crate::forward::Front;
use crate::{log, state};

/// The lines of standard input until it closes. If it is ignored, there are no lines and no end.
pub(crate) struct Lines(Option<UnboundedReceiver<String>>);

impl Lines {
    pub(crate) fn of(input: Input) -> Self {
        Self((input == Input::Commands).then(lines))
    }

    pub(crate) async fn next(&mut self) -> Option<String> {
        match &mut self.0 {
            Some(lines) => lines.recv().await,
            None => std::future::pending().await,
        }
    }
}

/// A thread reads them, because an asynchronous read of standard input would keep the program from ending.
fn lines() -> UnboundedReceiver<String> {
    let (sender, receiver) = unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().split(b'\n') {
            let Ok(line) = line else { return };
            // A line that is not UTF-8 is an unknown command.
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Both fakes, and the TLS ports in front of them.
pub(crate) struct Fakes {
    pub(crate) keyfactor: FakeKeyfactor,
    pub(crate) appviewx: FakeAppViewX,
    pub(crate) fronts: Option<Fronts>,
}

pub(crate) struct Fronts {
    pub(crate) keyfactor: Front,
    pub(crate) appviewx: Front,
}

/// Every command with its description, which can have several lines.
pub(crate) const COMMANDS: [(&str, &str); 14] = [
    ("run-jobs", "Run all waiting orchestrator jobs"),
    ("expire-tokens", "Expire all issued tokens and sessions"),
    (
        "requests",
        "Print all requests as JSON, one per line. Only the names of headers are shown, and only\nthe names of the form \
         fields of token requests",
    ),
    ("changes", "Print those requests that may have changed something"),
    ("snapshot", "Print the state of both fakes as JSON on one line, in the format of --state"),
    ("lose-answers N", "Carry out the next N requests, but close the connection without a response"),
    ("cut-answers N", "Carry out the next N requests, but send only half of the response"),
    ("stray-answers N", "Carry out the next N requests, and send a second, unsolicited response"),
    ("refuse-next STATUS N", "Refuse the next N requests with this status, without carrying them out"),
    ("slow-down MILLISECONDS", "Delay every response by this time"),
    ("faults-left", "Print how many requests of each server the faults will still affect"),
    ("go-away [SERVER]", "Refuse connections to SERVER (keyfactor or appviewx), or to both"),
    ("come-back [SERVER]", "Accept connections again"),
    ("help", "Print this list"),
];

/// What can be appended to faults.
pub(crate) const OF_FAULTS: &str = "\
A fault affects both servers, each for itself. To limit it, append keyfactor, appviewx, or the name of a call as printed by
`requests`. To let K requests pass first, append `after K`: lose-answers 1 appviewx.certificate_groups.unassign after 2";

impl Fakes {
    /// Executes a command, and returns its output or an error message.
    pub(crate) async fn obey(&mut self, line: &str) -> Result<Vec<String>, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let Some(fault) = Fault::of(&words) {
            fault?.set(self);
            return Ok(Vec::new());
        }
        match words.as_slice() {
            ["run-jobs"] => self.keyfactor.run_jobs(),
            ["expire-tokens"] => {
                self.keyfactor.expire_tokens();
                self.appviewx.expire_tokens();
                self.appviewx.expire_sessions();
            }
            ["requests"] => return Ok(self.requests(|_| true)),
            ["changes"] => return Ok(self.requests(RecordedRequest::is_change)),
            ["snapshot"] => return Ok(vec![state::snapshot(self)]),
            ["faults-left"] => {
                let left = json!({"keyfactor": self.keyfactor.faults_left(), "appviewx": self.appviewx.faults_left()});
                return Ok(vec![left.to_string()]);
            }
            ["go-away"] => self.go_away(Place::Both).await,
            ["go-away", server @ ("keyfactor" | "appviewx")] => self.go_away(Place::named(server)?).await,
            ["come-back"] => self.come_back(Place::Both).await?,
            ["come-back", server @ ("keyfactor" | "appviewx")] => self.come_back(Place::named(server)?).await?,
            ["help"] => return Ok(help().map(|line| format!("# {line}").trim_end().to_owned()).collect()),
            [command, ..] if COMMANDS.iter().any(|(known, _)| known.split(' ').next() == Some(command)) => {
                return Err(format!("unexpected arguments in {line:?}; see `help` for those of {command}"));
            }
            _ => return Err(format!("unknown command {line:?}; `help` lists the commands")),
        }
        Ok(Vec::new())
    }

    fn requests(&self, shown: impl Fn(&RecordedRequest) -> bool) -> Vec<String> {
        let asked = [
            ("keyfactor", self.keyfactor.requests()),
            ("identity provider", self.keyfactor.identity_provider().requests()),
            ("appviewx", self.appviewx.requests()),
        ];
        let lines =
            asked.iter().flat_map(|(server, requests)| log::lines(server, requests.iter().filter(|it| shown(it))));
        lines.collect()
    }

    async fn go_away(&mut self, place: Place) {
        if place != Place::AppViewX(None) {
            if let Some(fronts) = &mut self.fronts {
                fronts.keyfactor.go_away().await;
            }
            self.keyfactor.go_away();
        }
        if place != Place::Keyfactor(None) {
            if let Some(fronts) = &mut self.fronts {
                fronts.appviewx.go_away().await;
            }
            self.appviewx.go_away();
        }
    }

    async fn come_back(&mut self, place: Place) -> Result<(), String> {
        let taken = |error: std::io::Error| format!("cannot open the port again: {error}");
        if place != Place::AppViewX(None) {
            self.keyfactor.come_back();
            if let Some(fronts) = &mut self.fronts {
                fronts.keyfactor.come_back().await.map_err(taken)?;
            }
        }
        if place != Place::Keyfactor(None) {
            self.appviewx.come_back();
            if let Some(fronts) = &mut self.fronts {
                fronts.appviewx.come_back().await.map_err(taken)?;
            }
        }
        Ok(())
    }
}

/// The descriptions of all commands.
pub(crate) fn help() -> impl Iterator<Item = String> {
    let commands = COMMANDS.iter().flat_map(|(command, what)| {
        let left = std::iter::once(*command).chain(std::iter::repeat(""));
        left.zip(what.lines()).map(|(command, what)| format!("{command:<24} {what}"))
    });
    commands.chain([String::new()]).chain(OF_FAULTS.lines().map(str::to_owned))
}
