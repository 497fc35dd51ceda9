//! A command that runs while the fakes are served.

use std::ffi::{OsStr, OsString};
use std::process::{Command, ExitCode, ExitStatus};
use std::time::Duration;

use crate::signals;
use crate::trouble::Trouble;

/// Between two looks whether it runs still.
const PAUSE: Duration = Duration::from_millis(20);

/// What the variables of the vendors' tools begin with, and those of the example `offboard`.
const PREFIXES: [&str; 2] = ["KEYFACTOR_", "APPVIEWX_"];

/// Runs it with these variables to its end, and ends as it does. It is killed if this program is told to end. Other variables
/// of the vendors' tools are taken from it: an access token that is set for a real server would win over user and password.
///
/// A terminal sends Ctrl-C to both: what comes of it is the command's affair.
pub(crate) async fn run(command: &[OsString], variables: &[(&str, String)]) -> Result<ExitCode, Trouble> {
    let Some((program, arguments)) = command.split_first() else { return Ok(ExitCode::SUCCESS) };
    let failed = |error| Trouble::Command(program.clone(), error);
    let mut told_to_end = Box::pin(signals::told_to_end());
    let variables = variables.iter().map(|(name, value)| (name, value));
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if is_of_the_vendors_tools(&name) {
            command.env_remove(name);
        }
    }
    let mut child = command.args(arguments).envs(variables).spawn().map_err(failed)?;
    loop {
        if let Some(ended) = child.try_wait().map_err(failed)? {
            return Ok(code(ended));
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = signals::ctrl_c() => {}
            () = &mut told_to_end => {
                child.kill().and_then(|()| child.wait()).map_err(failed)?;
                return Ok(ExitCode::FAILURE);
            }
        }
    }
}

/// In any case: Windows takes `Keyfactor_Hostname` for `KEYFACTOR_HOSTNAME`.
fn is_of_the_vendors_tools(name: &OsStr) -> bool {
    let begins = |name: &str, prefix: &str| name.get(..prefix.len()).is_some_and(|it| it.eq_ignore_ascii_case(prefix));
    name.to_str().is_some_and(|name| PREFIXES.iter().any(|prefix| begins(name, prefix)))
}

/// Its own code, or what a shell makes of the signal that ended it.
fn code(ended: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&ended).map(|signal| 128 + signal);
    #[cfg(not(unix))]
    let signal = None;
    let code = ended.code().or(signal).and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}
