//! Serves the fakes until the end.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::pin::pin;
use std::process::ExitCode;

use clm::testing::{FakeAppViewX, FakeKeyfactor};
use url::Url;

use crate::arguments::{Input, Options, SignIn, Transport};
use crate::certificates::Tls;
use crate::commands::{Fakes, Fronts, Lines};
use crate::exports::{HOST, Places, exports, variables};
use crate::forward::Front;
use crate::trouble::Trouble;
use crate::{beside, signals, state};

const KEYFACTOR_PORT: &str = "keyfactor-port";
const APPVIEWX_PORT: &str = "appviewx-port";

/// Serves both fakes until the command ends or standard input closes.
pub(crate) async fn serve(options: &Options) -> Result<ExitCode, Trouble> {
    // Installed first, so that the files are always removed.
    let (ctrl_c, told_to_end) = (signals::ctrl_c(), signals::told_to_end());
    let mut served = Served::start(options).await?;
    let variables = variables(&served.fakes, &served.places);
    if !options.command.is_empty() {
        return beside::run(&options.command, &variables).await;
    }
    print(&exports(&variables))?;
    eprintln!("{}", told(options.input));
    until_the_end(&mut served.fakes, Lines::of(options.input), ctrl_c, told_to_end).await.map(|()| ExitCode::SUCCESS)
}

/// A message for the user.
fn told(input: Input) -> &'static str {
    match input {
        Input::Commands => {
            "Serving both fakes until standard input closes (Ctrl-D). Type `help` for a list of commands."
        }
        Input::Ignored => "Serving both fakes until a signal (Ctrl-C).",
    }
}

/// Executes the commands on standard input.
async fn until_the_end(
    fakes: &mut Fakes,
    mut lines: Lines,
    ctrl_c: impl Future<Output = ()>,
    told_to_end: impl Future<Output = ()>,
) -> Result<(), Trouble> {
    let mut told_to_end = pin!(told_to_end);
    let mut ctrl_c = pin!(ctrl_c);
    loop {
        let line = tokio::select! {
            line = lines.next() => line,
            () = &mut ctrl_c => None,
            () = &mut told_to_end => None,
        };
        let Some(line) = line else { return Ok(()) };
        if line.trim().is_empty() {
            continue;
        }
        match fakes.obey(&line).await {
            Ok(mut answer) => {
                answer.push(format!("# done: {}", line.trim()));
                print(&answer.join("\n"))?;
            }
            Err(problem) => {
                eprintln!("serve_fakes: {problem}");
                print(&format!("# failed: {}", line.trim()))?;
            }
        }
    }
}

/// Both fakes and their addresses.
struct Served {
    fakes: Fakes,
    places: Places,
    /// Its files are removed on drop.
    _tls: Option<Tls>,
}

impl Served {
    async fn start(options: &Options) -> Result<Self, Trouble> {
        let served = match options.transport {
            Transport::Plain => Self::plain(options).await?,
            Transport::Tls => Self::tls(options).await?,
        };
        match &options.state {
            Some(file) => state::load(&served.fakes, file)?,
            None => options.scene.arrange(&served.fakes).await?,
        }
        Ok(served)
    }

    /// Plain http, on the ports of the fakes themselves.
    async fn plain(options: &Options) -> Result<Self, Trouble> {
        let (keyfactor, appviewx) = (options.keyfactor_port, options.appviewx_port);
        for (option, port) in [(KEYFACTOR_PORT, keyfactor), (APPVIEWX_PORT, appviewx)] {
            // A fake that cannot open its port panics, so the port is checked first.
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| Trouble::Port(option, port, error))?;
        }
        let fakes = Fakes {
            keyfactor: FakeKeyfactor::start_on(keyfactor).await,
            appviewx: FakeAppViewX::start_on(appviewx).await,
            fronts: None,
        };
        let places = Places {
            keyfactor_port: address(&fakes.keyfactor.url())?.port(),
            appviewx_url: fakes.appviewx.url(),
            token_url: (options.sign_in == SignIn::OAuth).then(|| fakes.keyfactor.token_url()),
            authority: None,
        };
        Ok(Self { fakes, places, _tls: None })
    }

    /// TLS ports in front of the fakes.
    async fn tls(options: &Options) -> Result<Self, Trouble> {
        let tls = Tls::make()?;
        let (keyfactor, appviewx) = (FakeKeyfactor::start().await, FakeAppViewX::start().await);
        let open = async |option, port, fake: &str| {
            let front = Front::open(port, address(fake)?, tls.acceptor.clone()).await;
            front.map_err(|error| Trouble::Port(option, port, error))
        };
        let fronts = Fronts {
            keyfactor: open(KEYFACTOR_PORT, options.keyfactor_port, &keyfactor.url()).await?,
            appviewx: open(APPVIEWX_PORT, options.appviewx_port, &appviewx.url()).await?,
        };
        let mut token_url = None;
        if options.sign_in == SignIn::OAuth {
            let fake = keyfactor.token_url();
            // Only the fakes go away, so this front is not needed any more.
            let port = open(KEYFACTOR_PORT, 0, &fake).await?.port();
            let path = Url::parse(&fake).map(|url| url.path().to_owned()).map_err(|_| Trouble::Address(fake))?;
            token_url = Some(format!("https://{HOST}:{port}{path}"));
        }
        let places = Places {
            keyfactor_port: fronts.keyfactor.port(),
            appviewx_url: format!("https://{HOST}:{}", fronts.appviewx.port()),
            token_url,
            authority: Some(tls.authority().display().to_string()),
        };
        let fakes = Fakes { keyfactor, appviewx, fronts: Some(fronts) };
        Ok(Self { fakes, places, _tls: Some(tls) })
    }
}

/// Prints and flushes whole lines.
fn print(text: &str) -> Result<(), Trouble> {
    let mut output = io::stdout().lock();
    writeln!(output, "{text}").and_then(|()| output.flush()).map_err(Trouble::Output)
}

/// The address of a fake from its URL.
fn address(url: &str) -> Result<SocketAddr, Trouble> {
    let parsed = Url::parse(url).ok();
    let addresses = parsed.and_then(|url| url.socket_addrs(|| None).ok());
    let first = addresses.and_then(|addresses| addresses.first().copied());
    first.ok_or_else(|| Trouble::Address(url.to_owned()))
}
