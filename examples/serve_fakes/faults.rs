//! Faults that are set by commands.

use std::time::Duration;

use clm::testing::{AppViewXCall, FakeAppViewX, FakeCall, FakeFault, FakeKeyfactor, KeyfactorCall};

use crate::commands::Fakes;

/// The kind of fault, the number of requests, and the calls.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    kind: Kind,
    requests: usize,
    place: Place,
    /// The number of requests that pass first.
    after: usize,
}

#[derive(PartialEq, Eq, Debug)]
enum Kind {
    Lose,
    Cut,
    Stray,
    Refuse(u16),
    SlowDown(Duration),
}

/// One server, both servers, or one call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Both,
    Keyfactor(Option<KeyfactorCall>),
    AppViewX(Option<AppViewXCall>),
}

impl Place {
    /// `keyfactor`, `appviewx`, or the name of a call as printed by `requests`.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let keyfactor = || KeyfactorCall::ALL.iter().find(|call| call.as_str() == name);
        let appviewx = || AppViewXCall::ALL.iter().find(|call| call.as_str() == name);
        match name {
            "keyfactor" => Ok(Self::Keyfactor(None)),
            "appviewx" => Ok(Self::AppViewX(None)),
            _ => keyfactor()
                .map(|call| Self::Keyfactor(Some(*call)))
                .or_else(|| appviewx().map(|call| Self::AppViewX(Some(*call))))
                .ok_or_else(|| format!("{name:?} is not keyfactor, appviewx or the name of a call")),
        }
    }
}

impl Fault {
    /// Parses the words of a line; `None` if it is another command.
    pub(crate) fn of(words: &[&str]) -> Option<Result<Self, String>> {
        let (command, rest) = words.split_first()?;
        let read = match *command {
            "lose-answers" => Self::counted(Kind::Lose, rest),
            "cut-answers" => Self::counted(Kind::Cut, rest),
            "stray-answers" => Self::counted(Kind::Stray, rest),
            "refuse-next" => match rest.split_first() {
                Some((status, rest)) => status_of(status).and_then(|status| Self::counted(Kind::Refuse(status), rest)),
                None => Err("a status is missing".to_owned()),
            },
            "slow-down" => match rest.split_first() {
                // It lasts until it is set again.
                Some((pause, rest)) => {
                    number(pause).and_then(|pause| Self::placed(Kind::SlowDown(Duration::from_millis(pause)), 0, rest))
                }
                None => Err("a number of milliseconds is missing".to_owned()),
            },
            _ => return None,
        };
        Some(read.map_err(|problem| format!("{command}: {problem}")))
    }

    fn counted(kind: Kind, words: &[&str]) -> Result<Self, String> {
        let (requests, rest) = words.split_first().ok_or("a number of requests is missing")?;
        Self::placed(kind, number(requests)?, rest)
    }

    fn placed(kind: Kind, requests: usize, words: &[&str]) -> Result<Self, String> {
        let (place, rest) = match words {
            [] | ["after", ..] => (Place::Both, words),
            [place, rest @ ..] => (Place::named(place)?, rest),
        };
        let after = match rest {
            [] => 0,
            ["after", count] if !matches!(kind, Kind::SlowDown(_)) => number(count)?,
            other => return Err(format!("unexpected {:?}", other.join(" "))),
        };
        Ok(Self { kind, requests, place, after })
    }

    pub(crate) fn set(&self, fakes: &Fakes) {
        match self.place {
            Place::Both => {
                self.set_on(&fakes.keyfactor, None);
                self.set_on(&fakes.appviewx, None);
            }
            Place::Keyfactor(call) => self.set_on(&fakes.keyfactor, call),
            Place::AppViewX(call) => self.set_on(&fakes.appviewx, call),
        }
    }

    fn set_on<F: Faulty>(&self, fake: &F, call: Option<F::Call>) {
        let mut fault = fake.fault(&self.kind, self.requests);
        if let Some(call) = call {
            fault = fault.of(call);
        }
        if self.after > 0 {
            fault.after(self.after);
        }
    }
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{word:?} is not a number"))
}

fn status_of(word: &str) -> Result<u16, String> {
    let status = number(word).ok().filter(|status| (200..600).contains(status));
    status.ok_or_else(|| format!("{word:?} is not a status from 200 to 599"))
}

/// A fake that faults can be set on.
trait Faulty {
    type Call: FakeCall;

    fn fault(&self, kind: &Kind, requests: usize) -> FakeFault<'_, Self::Call>;
}

/// Both fakes have the same methods, but no common trait.
macro_rules! faulty {
    ($fake:ty, $call:ty) => {
        impl Faulty for $fake {
            type Call = $call;

            fn fault(&self, kind: &Kind, requests: usize) -> FakeFault<'_, $call> {
                match kind {
                    Kind::Lose => self.lose_answers(requests),
                    Kind::Cut => self.cut_answers(requests),
                    Kind::Stray => self.stray_answers(requests),
                    Kind::Refuse(status) => self.refuse_next(*status, requests),
                    Kind::SlowDown(pause) => self.slow_down(*pause),
                }
            }
        }
    };
}

faulty!(FakeKeyfactor, KeyfactorCall);
faulty!(FakeAppViewX, AppViewXCall);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn read(line: &str) -> Result<Fault, String> {
        Fault::of(&line.split_whitespace().collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_line_says_what_happens_where_and_when() {
        let fault = |kind, requests, place, after| Ok(Fault { kind, requests, place, after });
        let removal = Place::Keyfactor(Some(KeyfactorCall::RemoveCertificates));
        assert_eq!(read("lose-answers 2"), fault(Kind::Lose, 2, Place::Both, 0));
        assert_eq!(
            read("cut-answers 1 keyfactor.certificate_stores.remove_certificates after 3"),
            fault(Kind::Cut, 1, removal, 3)
        );
        assert_eq!(read("stray-answers 1 appviewx"), fault(Kind::Stray, 1, Place::AppViewX(None), 0));
        assert_eq!(read("refuse-next 429 2 after 1"), fault(Kind::Refuse(429), 2, Place::Both, 1));
        let slow = Kind::SlowDown(Duration::from_millis(250));
        assert_eq!(
            read("slow-down 250 appviewx.certificate_groups.unassign"),
            fault(slow, 0, Place::AppViewX(Some(AppViewXCall::Unassign)), 0)
        );
        assert_eq!(Fault::of(&["run-jobs"]), None);
        assert_eq!(Fault::of(&[]), None);
    }

    #[test]
    fn what_cannot_be_is_told() {
        for (line, problem) in [
            ("lose-answers", "lose-answers: a number of requests is missing"),
            ("lose-answers all", "lose-answers: \"all\" is not a number"),
            ("lose-answers -1", "lose-answers: \"-1\" is not a number"),
            ("lose-answers 1 command", "lose-answers: \"command\" is not keyfactor, appviewx or the name of a call"),
            ("lose-answers 1 keyfactor then 2", "lose-answers: unexpected \"then 2\""),
            ("lose-answers 1 after", "lose-answers: unexpected \"after\""),
            ("refuse-next", "refuse-next: a status is missing"),
            ("refuse-next 100 1", "refuse-next: \"100\" is not a status from 200 to 599"),
            ("refuse-next 503", "refuse-next: a number of requests is missing"),
            ("slow-down 10 after 1", "slow-down: unexpected \"after 1\""),
        ] {
            assert_eq!(read(line), Err(problem.to_owned()), "{line}");
        }
    }
}
