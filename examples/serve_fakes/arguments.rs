//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::scene;

/// The requested action.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Asked {
    Help,
    Serve(Options),
}

#[derive(Default, PartialEq, Eq, Debug)]
pub(crate) struct Options {
    pub(crate) transport: Transport,
    pub(crate) sign_in: SignIn,
    pub(crate) input: Input,
    /// 0 is a free port.
    pub(crate) keyfactor_port: u16,
    /// 0 is a free port.
    pub(crate) appviewx_port: u16,
    pub(crate) scene: scene::Chosen,
    /// Instead of a scene.
    pub(crate) state: Option<PathBuf>,
    /// The command to run with the variables; empty if there is none.
    pub(crate) command: Vec<OsString>,
}

/// How clients connect.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Transport {
    #[default]
    Tls,
    Plain,
}

/// The use of standard input.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Input {
    /// Its lines are commands; the program ends when it closes.
    #[default]
    Commands,
    Ignored,
}

/// How programs sign in to Keyfactor Command. The vendor's tools accept the variables of one way only.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum SignIn {
    #[default]
    Basic,
    OAuth,
}

pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Asked, lexopt::Error> {
    use lexopt::prelude::*;
    let mut options = Options::default();
    let mut scene = None;
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Asked::Help),
            Long("plain") => options.transport = Transport::Plain,
            Long("no-input") => options.input = Input::Ignored,
            Long("oauth") => options.sign_in = SignIn::OAuth,
            Long("keyfactor-port") => options.keyfactor_port = parser.value()?.parse_with(port)?,
            Long("appviewx-port") => options.appviewx_port = parser.value()?.parse_with(port)?,
            Long("scene") => scene = Some(parser.value()?.parse_with(scene::Chosen::named)?),
            Long("state") => options.state = Some(parser.value()?.into()),
            Value(program) => {
                options.command = vec![program];
                options.command.extend(parser.raw_args()?);
            }
            other => return Err(other.unexpected()),
        }
    }
    let (keyfactor, appviewx) = (options.keyfactor_port, options.appviewx_port);
    if keyfactor == appviewx && keyfactor != 0 {
        return Err("--keyfactor-port and --appviewx-port must differ".into());
    }
    if scene.is_some() && options.state.is_some() {
        return Err("--scene cannot be combined with --state".into());
    }
    options.scene = scene.unwrap_or_default();
    Ok(Asked::Serve(options))
}

fn port(text: &str) -> Result<u16, &'static str> {
    text.parse().map_err(|_| "expected a port number from 1 to 65535, or 0 for a free port")
}
