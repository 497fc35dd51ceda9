//! What the user has agreed to.

use crate::ended::Trouble;
use crate::report::{counted, shown};

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Consent {
    pub(crate) expect: Option<usize>,
    pub(crate) loss: Loss,
    /// Whether to proceed if the plan omits something.
    pub(crate) omissions: Loss,
    /// Whether to accept a plan for another server.
    pub(crate) other_server: Loss,
}

/// Whether to accept a loss.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Loss {
    #[default]
    Refused,
    Accepted,
}

impl Consent {
    /// `what` is counted: locations or certificates.
    pub(crate) fn check_size(self, size: usize, what: &str) -> Result<(), Trouble> {
        match self.expect {
            Some(expected) if expected != size => Err(Trouble::Refused(format!(
                "{} would be changed, but --expect is {expected}. Nothing was sent; check the list above",
                counted(size, what)
            ))),
            _ => Ok(()),
        }
    }

    pub(crate) fn check_omissions(self, omitted: usize) -> Result<(), Trouble> {
        if omitted == 0 || self.omissions == Loss::Accepted {
            return Ok(());
        }
        Err(Trouble::Refused(format!(
            "the plan has {}. Nothing was sent; to proceed without the omitted locations and certificates, add \
             --accept-omissions",
            counted(omitted, "omission")
        )))
    }

    /// `planned` is the server in the plan, if there is one.
    pub(crate) fn check_server(self, planned: Option<&str>, used: &str) -> Result<(), Trouble> {
        let plain = |server: &str| server.trim_end_matches('/').to_ascii_lowercase();
        match planned {
            Some(planned) if self.other_server == Loss::Refused && plain(planned) != plain(used) => {
                Err(Trouble::Refused(format!(
                    "the plan was made for {}, but this is {}. No request was sent; if it is the same server under \
                     another name, or a copy of it, add --accept-other-server",
                    shown(planned),
                    shown(used)
                )))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn check_losses(self, losses: usize, what: &str) -> Result<(), Trouble> {
        if losses == 0 || self.loss == Loss::Accepted {
            return Ok(());
        }
        Err(Trouble::Refused(format!(
            "{} cannot be put back. Nothing was sent; to proceed anyway, add --accept-loss",
            counted(losses, what)
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expectation_is_met_or_refused() {
        let consent = |expect| Consent { expect, ..Consent::default() };
        for (expect, size) in [(None, 3), (Some(3), 3), (Some(0), 0)] {
            assert!(consent(expect).check_size(size, "location").is_ok());
        }
        for (expected, size) in [(2, 3), (4, 3), (0, 1)] {
            let Err(Trouble::Refused(why)) = consent(Some(expected)).check_size(size, "location") else {
                panic!("{size} was taken for {expected}");
            };
            let counted = if size == 1 { "1 location".to_owned() } else { format!("{size} locations") };
            let said = format!("{counted} would be changed, but --expect is {expected}. Nothing was sent;");
            assert_eq!(why, format!("{said} check the list above"));
        }
    }

    #[test]
    fn a_plan_for_another_server_needs_consent() {
        let consent = |other_server| Consent { other_server, ..Consent::default() };
        let planned = "https://command.example.com/KeyfactorAPI";
        for (planned, used) in [
            (None, "https://other.example.com/"),
            (Some(planned), planned),
            (Some(planned), "https://command.example.com/keyfactorapi/"),
        ] {
            assert!(consent(Loss::Refused).check_server(planned, used).is_ok(), "{used}");
        }
        let other = "https://other.example.com/KeyfactorAPI";
        assert!(consent(Loss::Accepted).check_server(Some(planned), other).is_ok());
        let Err(Trouble::Refused(why)) = consent(Loss::Refused).check_server(Some(planned), other) else {
            panic!("a plan for another server was taken");
        };
        assert!(why.starts_with(&format!("the plan was made for {planned}, but this is {other}. ")), "{why}");
        assert!(why.contains("--accept-other-server"));
    }

    #[test]
    fn a_loss_needs_consent() {
        let consent = |loss| Consent { loss, ..Consent::default() };
        assert!(consent(Loss::Refused).check_losses(0, "location").is_ok());
        assert!(consent(Loss::Accepted).check_losses(2, "location").is_ok());
        let refused = consent(Loss::Refused).check_losses(1, "location");
        assert!(matches!(refused, Err(Trouble::Refused(why)) if why.contains("--accept-loss")));
    }
}
