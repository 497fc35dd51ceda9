//! The result of a run, and the errors that stop it.

use std::path::PathBuf;
use std::process::ExitCode;

use clm::{ValidationError, appviewx, keyfactor};

/// The exit codes documented in `--help`, ordered from best to worst.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Ended {
    /// Everything is already removed, or already back.
    NothingToDo,
    /// Everything is done, or shown.
    Done,
    /// Nothing failed, but something is still open or unconfirmed.
    Open,
    /// Something failed or was refused.
    Failed,
    /// Invalid arguments or variables.
    Usage,
}

impl Ended {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Open => 3,
            Self::NothingToDo => 4,
        }
    }
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        Self::from(ended.code())
    }
}

/// What stops a run. The result is [`Ended::Failed`].
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Refused by this program, for this reason.
    Refused(String),
    Keyfactor(keyfactor::Error),
    AppViewX(appviewx::Error),
    /// The plan could not be written or read.
    PlanFile(PathBuf, Box<dyn std::error::Error + Send + Sync>),
}

impl From<keyfactor::Error> for Trouble {
    fn from(error: keyfactor::Error) -> Self {
        Self::Keyfactor(error)
    }
}

impl From<appviewx::Error> for Trouble {
    fn from(error: appviewx::Error) -> Self {
        Self::AppViewX(error)
    }
}

/// For Keyfactor only: the AppViewX side wraps its own.
impl From<ValidationError> for Trouble {
    fn from(error: ValidationError) -> Self {
        Self::Keyfactor(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_its_documented_exit_code() {
        let codes = [Ended::Done, Ended::Failed, Ended::Usage, Ended::Open, Ended::NothingToDo].map(Ended::code);
        assert_eq!(codes, [0, 1, 2, 3, 4]);
        for code in codes {
            let documented = format!("\n  {code}  ");
            assert!(crate::help::HELP.contains(&documented), "--help does not say what {code} means");
        }
    }

    #[test]
    fn a_failure_is_worse_than_what_is_open() {
        assert_eq!([Ended::Open, Ended::Failed, Ended::Done].iter().max(), Some(&Ended::Failed));
        assert_eq!([Ended::NothingToDo, Ended::Done].iter().max(), Some(&Ended::Done));
    }
}
