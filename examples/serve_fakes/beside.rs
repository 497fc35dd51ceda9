//! Runs a command while the fakes are served.

use std::ffi::{OsStr, OsString};
use std::process::{Command, ExitCode, ExitStatus};
use std::time::Duration;

use crate::signals;
use crate::trouble::Trouble;

/// The polling interval.
const PAUSE: Duration = Duration::from_millis(20);

/// The prefixes of the variables of the vendors' tools and of the example `offboard`.
const PREFIXES: [&str; 2] = ["KEYFACTOR_", "APPVIEWX_"];

/// Runs the command with these variables, and returns its exit code. It is killed if this program is terminated. It gets no
/// other variables of the vendors' tools: an access token for a real server would take precedence over user and password.
///
/// A terminal sends Ctrl-C to both programs; the command decides what it does.
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

/// Ignores ASCII case: on Windows, `Keyfactor_Hostname` is `KEYFACTOR_HOSTNAME`.
fn is_of_the_vendors_tools(name: &OsStr) -> bool {
    let begins = |name: &str, prefix: &str| name.get(..prefix.len()).is_some_and(|it| it.eq_ignore_ascii_case(prefix));
    name.to_str().is_some_and(|name| PREFIXES.iter().any(|prefix| begins(name, prefix)))
}

/// The exit code, or 128 plus the signal, as in a shell.
fn code(ended: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&ended).map(|signal| 128 + signal);
    #[cfg(not(unix))]
    let signal = None;
    let code = ended.code().or(signal).and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}
