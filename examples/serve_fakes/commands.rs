//! Lines of the standard input: what a program that cannot call Rust asks of the fakes.

use std::io::BufRead as _;

use clm::testing::{FakeAppViewX, FakeKeyfactor, RecordedRequest};
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::arguments::Input;
use crate::faults::{Fault, Place};
use crate::forward::Front;
use crate::{log, state};

/// The lines of the standard input, until it closes; none, and no end, if it is ignored.
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

/// They are read by a thread of their own: an asynchronous read of the standard input would keep the program from ending.
fn lines() -> UnboundedReceiver<String> {
    let (sender, receiver) = unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().split(b'\n') {
            let Ok(line) = line else { return };
            // A line that is no text is no command, and is told so.
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Both fakes, and the ports with TLS in front of them.
pub(crate) struct Fakes {
    pub(crate) keyfactor: FakeKeyfactor,
    pub(crate) appviewx: FakeAppViewX,
    pub(crate) fronts: Option<Fronts>,
}

pub(crate) struct Fronts {
    pub(crate) keyfactor: Front,
    pub(crate) appviewx: Front,
}

/// Every command, and what it does.
pub(crate) const COMMANDS: [(&str, &str); 14] = [
    ("run-jobs", "the orchestrators run every job that waits"),
    ("expire-tokens", "tokens and sessions that were given are refused from now on"),
    ("requests", "prints what both were asked, one line of JSON each; of headers and token requests the names alone"),
    ("changes", "prints those of them that may have changed something"),
    ("snapshot", "prints the state of both, one line of JSON in the form of --state"),
    ("lose-answers N", "carries out the next N requests, and closes their connections without an answer"),
    ("cut-answers N", "carries them out, and sends half of the answer"),
    ("stray-answers N", "carries them out, answers, and sends a second answer that nobody asked for"),
    ("refuse-next STATUS N", "answers them with this status, and does not carry them out"),
    ("slow-down MILLISECONDS", "answers every request so much later"),
    ("faults-left", "prints how many requests the faults are still to hit, of each server"),
    ("go-away [SERVER]", "refuses connections; SERVER is keyfactor or appviewx, both without it"),
    ("come-back [SERVER]", "takes connections again"),
    ("help", "prints this list"),
];

/// What faults can have behind them.
pub(crate) const OF_FAULTS: &str = "\
A fault is for each of the two servers, or for what follows it: keyfactor, appviewx, or a call by its name, as `requests`
prints it. With `after K` in the end, K requests pass before: lose-answers 1 appviewx.certificate_groups.unassign after 2";

impl Fakes {
    /// Does what a line asks for, and gives the lines that answer it; or why it cannot be done.
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
                return Err(format!("{line:?} says too much; `help` tells what {command} takes"));
            }
            _ => return Err(format!("there is no command {line:?}; `help` lists them")),
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
        let taken = |error: std::io::Error| format!("the port cannot be had again: {error}");
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

/// The commands, one line each, and what faults can have behind them.
pub(crate) fn help() -> impl Iterator<Item = String> {
    let commands = COMMANDS.iter().map(|(command, what)| format!("{command:<24} {what}"));
    commands.chain([String::new()]).chain(OF_FAULTS.lines().map(str::to_owned))
}
