//! Lines of the standard input: what a program that cannot call Rust asks of the fakes.

use clm::testing::{FakeAppViewX, FakeKeyfactor};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::{log, state};

/// The lines of the standard input, until it closes.
///
/// They are read by a thread of their own: an asynchronous read of the standard input would keep the program from ending.
pub(crate) fn lines() -> UnboundedReceiver<String> {
    let (sender, receiver) = unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            // A line that is no text ends the input as a closed one does.
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Both fakes.
pub(crate) struct Fakes {
    pub(crate) keyfactor: FakeKeyfactor,
    pub(crate) appviewx: FakeAppViewX,
}

/// Every command, and what it does.
pub(crate) const COMMANDS: [(&str, &str); 5] = [
    ("run-jobs", "the orchestrators run every job that waits"),
    ("expire-tokens", "tokens and sessions that were given are refused from now on"),
    ("requests", "prints what they were asked, one line of JSON each; of headers the names alone"),
    ("snapshot", "prints the state of both, one line of JSON in the form of --state"),
    ("help", "prints this list"),
];

impl Fakes {
    /// Does what a line asks for, and gives the lines that answer it; or why it cannot be done.
    pub(crate) fn obey(&self, line: &str) -> Result<Vec<String>, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["run-jobs"] => self.keyfactor.run_jobs(),
            ["expire-tokens"] => {
                self.keyfactor.expire_tokens();
                self.appviewx.expire_tokens();
                self.appviewx.expire_sessions();
            }
            ["requests"] => {
                let asked = [
                    ("keyfactor", self.keyfactor.requests()),
                    ("identity provider", self.keyfactor.identity_provider().requests()),
                    ("appviewx", self.appviewx.requests()),
                ];
                return Ok(asked.iter().flat_map(|(server, requests)| log::lines(server, requests)).collect());
            }
            ["snapshot"] => return Ok(vec![state::snapshot(self)]),
            ["help"] => return Ok(COMMANDS.iter().map(|(command, what)| format!("# {command:<24} {what}")).collect()),
            [command, ..] if COMMANDS.iter().any(|(known, _)| known == command) => {
                return Err(format!("{command} stands alone on its line"));
            }
            _ => return Err(format!("there is no command {line:?}; `help` lists them")),
        }
        Ok(Vec::new())
    }
}
