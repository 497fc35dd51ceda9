//! From the start to the end.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use clm::testing::{FakeAppViewX, FakeKeyfactor};
use url::Url;

use crate::arguments::{Options, Transport};
use crate::certificates::Tls;
use crate::commands::{Fakes, lines};
use crate::exports::Export;
use crate::forward::forward;
use crate::trouble::Trouble;
use crate::{signals, state, story};

const HOST: &str = "127.0.0.1";

/// Serves both fakes until the standard input closes or the program is interrupted.
pub(crate) async fn until_the_input_closes(options: &Options) -> Result<(), Trouble> {
    // Heard from the start, so that the end always tidies up.
    let mut interrupted = Box::pin(signals::interrupted());
    let served = Served::start(options).await?;
    print(&served.exports())?;
    eprintln!("Serving both fakes until the standard input closes (Ctrl-D). `help` lists what can be asked of them.");
    let mut lines = lines();
    loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            () = &mut interrupted => None,
        };
        let Some(line) = line else { return Ok(()) };
        if line.trim().is_empty() {
            continue;
        }
        match served.fakes.obey(&line) {
            Ok(answer) => print(&answer)?,
            Err(problem) => {
                eprintln!("serve_fakes: {problem}");
                print(&format!("# failed: {}", line.trim()))?;
            }
        }
    }
}

/// Both fakes, and where they are reached.
struct Served {
    fakes: Fakes,
    keyfactor_port: u16,
    appviewx_port: u16,
    tls: Option<Tls>,
}

impl Served {
    async fn start(options: &Options) -> Result<Self, Trouble> {
        let (keyfactor, appviewx) =
            (("keyfactor-port", options.keyfactor_port), ("appviewx-port", options.appviewx_port));
        let served = match options.transport {
            Transport::Plain => Self::plain(keyfactor, appviewx).await?,
            Transport::Tls => Self::tls(keyfactor, appviewx).await?,
        };
        match &options.state {
            Some(file) => state::load(&served.fakes, file)?,
            None => story::tell(&served.fakes),
        }
        Ok(served)
    }

    /// On the ports of the fakes themselves.
    async fn plain(keyfactor: Port, appviewx: Port) -> Result<Self, Trouble> {
        for (option, port) in [keyfactor, appviewx] {
            // A fake that does not get its port has no words for a user of this program.
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| Trouble::Port(option, port, error))?;
        }
        let fakes = Fakes {
            keyfactor: FakeKeyfactor::start_on(keyfactor.1).await,
            appviewx: FakeAppViewX::start_on(appviewx.1).await,
        };
        let (keyfactor_port, appviewx_port) =
            (address(fakes.keyfactor.url())?.port(), address(fakes.appviewx.url())?.port());
        Ok(Self { fakes, keyfactor_port, appviewx_port, tls: None })
    }

    /// In front of the fakes.
    async fn tls(keyfactor: Port, appviewx: Port) -> Result<Self, Trouble> {
        let tls = Tls::make()?;
        let fakes = Fakes { keyfactor: FakeKeyfactor::start().await, appviewx: FakeAppViewX::start().await };
        let open = async |(option, port): Port, fake: String| {
            let forwarded = forward(port, address(fake)?, tls.acceptor.clone()).await;
            forwarded.map_err(|error| Trouble::Port(option, port, error))
        };
        let keyfactor_port = open(keyfactor, fakes.keyfactor.url()).await?;
        let appviewx_port = open(appviewx, fakes.appviewx.url()).await?;
        Ok(Self { fakes, keyfactor_port, appviewx_port, tls: Some(tls) })
    }

    /// The variables of the vendors' own tools.
    fn exports(&self) -> String {
        let authority = self.tls.as_ref().map(|tls| tls.authority().display().to_string());
        let (host, scheme) = match self.tls {
            Some(_) => (HOST.to_owned(), "https"),
            None => (format!("http://{HOST}"), "http"),
        };
        let keyfactor_port = self.keyfactor_port.to_string();
        let appviewx_url = format!("{scheme}://{HOST}:{}", self.appviewx_port);
        let mut variables = vec![
            ("KEYFACTOR_HOSTNAME", host.as_str()),
            ("KEYFACTOR_PORT", &keyfactor_port),
            ("KEYFACTOR_API_PATH", "KeyfactorAPI"),
            ("KEYFACTOR_USERNAME", r"EXAMPLE\svc-clm"),
            ("KEYFACTOR_PASSWORD", "fake-keyfactor-password"),
            ("APPVIEWX_URL", &appviewx_url),
            ("APPVIEWX_USERNAME", "svc-clm"),
            ("APPVIEWX_PASSWORD", "fake-appviewx-password"),
        ];
        if let Some(authority) = &authority {
            variables.extend([("KEYFACTOR_CA_CERT", authority.as_str()), ("APPVIEWX_CA_CERT", authority)]);
        }
        let lines = variables.into_iter().map(|(name, value)| Export(name, value).to_string());
        lines.chain(["# ready".to_owned()]).collect::<Vec<_>>().join("\n")
    }
}

/// The option that names a port, and the port.
type Port = (&'static str, u16);

/// Whoever reads the output gets whole lines at once.
fn print(text: &str) -> Result<(), Trouble> {
    let mut output = io::stdout().lock();
    writeln!(output, "{text}").and_then(|()| output.flush()).map_err(Trouble::Output)
}

/// The address of a fake from its URL.
fn address(url: String) -> Result<SocketAddr, Trouble> {
    let parsed = Url::parse(&url).ok();
    let addresses = parsed.and_then(|url| url.socket_addrs(|| None).ok());
    addresses.and_then(|addresses| addresses.first().copied()).ok_or(Trouble::Address(url))
}
