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

pub(crate) const HELP: &str = "\
# run-jobs   the orchestrators run every job that waits
# requests   what both were asked, one line of JSON each; of headers the names alone
# snapshot   the state of both, one line of JSON
# help       this list";

impl Fakes {
    /// What a line asks for is done, and this is the answer to it; or why not.
    pub(crate) fn obey(&self, line: &str) -> Result<String, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["run-jobs"] => {
                self.keyfactor.run_jobs();
                Ok(done(line))
            }
            ["requests"] => {
                let asked = [("keyfactor", self.keyfactor.requests()), ("appviewx", self.appviewx.requests())];
                let lines = asked.iter().flat_map(|(server, requests)| log::lines(server, requests));
                Ok(lines.chain([done(line)]).collect::<Vec<_>>().join("\n"))
            }
            ["snapshot"] => Ok(format!("{}\n{}", state::snapshot(self), done(line))),
            ["help"] => Ok(format!("{HELP}\n{}", done(line))),
            _ => Err(format!("there is no command {line:?}; `help` lists them")),
        }
    }
}

fn done(line: &str) -> String {
    format!("# done: {}", line.trim())
}
