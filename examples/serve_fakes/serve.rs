//! From the start to the end.

use std::io::{self, Write as _};
use std::net::SocketAddr;

use clm::testing::{FakeAppViewX, FakeKeyfactor};

use crate::arguments::{Options, Transport};
use crate::certificates::Tls;
use crate::commands::{Fakes, lines};
use crate::exports::Export;
use crate::forward::forward;
use crate::signals::interrupted;
use crate::trouble::Trouble;
use crate::{state, story};

const HOST: &str = "127.0.0.1";

/// Serves both fakes until the standard input closes or the program is interrupted.
pub(crate) async fn until_the_input_closes(options: &Options) -> Result<(), Trouble> {
    let fakes = Fakes { keyfactor: FakeKeyfactor::start().await, appviewx: FakeAppViewX::start().await };
    match &options.state {
        Some(file) => state::load(&fakes, file)?,
        None => story::tell(&fakes),
    }
    let tls = match options.transport {
        Transport::Tls => Some(Tls::make()?),
        Transport::Plain => None,
    };
    let open = async |name, port, url: String| {
        let fake = address(url)?;
        let acceptor = tls.as_ref().map(|tls| tls.acceptor.clone());
        forward(port, fake, acceptor).await.map_err(|error| Trouble::Port(name, port, error))
    };
    let keyfactor_port = open("keyfactor-port", options.keyfactor_port, fakes.keyfactor.url()).await?;
    let appviewx_port = open("appviewx-port", options.appviewx_port, fakes.appviewx.url()).await?;

    print(&exports(keyfactor_port, appviewx_port, tls.as_ref()))?;
    eprintln!("Serving both fakes until the standard input closes (Ctrl-D). `help` lists what can be asked of them.");
    let mut lines = lines();
    let mut interrupted = Box::pin(interrupted());
    loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            () = &mut interrupted => None,
        };
        let Some(line) = line else { return Ok(()) };
        if line.trim().is_empty() {
            continue;
        }
        match fakes.obey(&line) {
            Ok(answer) => print(&answer)?,
            Err(problem) => {
                eprintln!("serve_fakes: {problem}");
                print(&format!("# failed: {}", line.trim()))?;
            }
        }
    }
}

/// Whoever reads the output gets whole lines at once.
fn print(text: &str) -> Result<(), Trouble> {
    let mut output = io::stdout().lock();
    writeln!(output, "{text}").and_then(|()| output.flush()).map_err(Trouble::Output)
}

/// The address of a fake from its URL.
fn address(url: String) -> Result<SocketAddr, Trouble> {
    let parsed = url::Url::parse(&url).ok();
    let addresses = parsed.and_then(|url| url.socket_addrs(|| None).ok());
    addresses.and_then(|addresses| addresses.first().copied()).ok_or(Trouble::Address(url))
}

/// The variables of the vendors' own tools.
fn exports(keyfactor_port: u16, appviewx_port: u16, tls: Option<&Tls>) -> String {
    let authority = tls.map(|tls| tls.authority().display().to_string());
    let (host, scheme) = match tls {
        Some(_) => (HOST.to_owned(), "https"),
        None => (format!("http://{HOST}"), "http"),
    };
    let (keyfactor_port, appviewx_url) = (keyfactor_port.to_string(), format!("{scheme}://{HOST}:{appviewx_port}"));
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
