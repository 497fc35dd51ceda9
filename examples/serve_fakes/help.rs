//! What `--help` prints.

use crate::commands::help;

const BEGINNING: &str = "\
serve_fakes: serves a fake Keyfactor Command and a fake AppViewX CERT+ to programs in any language

  serve_fakes [OPTIONS]
  serve_fakes [OPTIONS] COMMAND [ARGUMENTS]

  --plain                  plain http instead of TLS
  --oauth                  the variables for OAuth client credentials instead of user name and password
                           (Keyfactor Command; the vendor's tools take one of the two only)
  --scene NAME             the ready-made state to begin with, see below; default: offboarding
  --state FILE             the state to begin with, as JSON (docs/fake_state.md)
  --no-input               reads no commands and serves until a signal ends it, as in the background or in a container
  --keyfactor-port N       default: a free port
  --appviewx-port N        default: a free port

It listens on 127.0.0.1 only. A COMMAND is run with the variables that the vendors' own tools read, and with no other one
that begins with KEYFACTOR_ or APPVIEWX_; serve_fakes ends when it ends, with its exit code. With TLS, KEYFACTOR_CA_CERT names a file with the authority of the certificate; it is made
for this run, and removed at the end.

  serve_fakes pytest tests

Without a COMMAND, the standard output begins with these variables as lines of a shell, and `# ready`:

  serve_fakes > fakes.env    # in one terminal
  . ./fakes.env              # in another one

It then serves until its standard input closes (Ctrl-D in a terminal), or until Ctrl-C. A line of its standard input is a
command. What it prints ends with a line `# done: COMMAND` or `# failed: COMMAND`; why it failed goes to the error stream.
";

const END: &str = "\
Scenes. In each, the certificate www.example.com is to be taken out of service:
  offboarding              in Keyfactor Command it is in a PEM store on web01.example.com and in an IIS store on
                           web02.example.com; a store on mail.example.com has it in the chain of another one only. In
                           AppViewX CERT+, three certificates of that name are in groups, and one of a similar name
                           has to stay. Jobs wait for one question about them and run for another one
  orchestrator-offline     in two PEM stores; the jobs of the second never run
  partly-failing           in ten PEM stores; in three of them every job fails. In AppViewX CERT+, three of ten are gone
  ten-thousand-jobs        its removal from 10,000 PEM stores is scheduled; every hundredth job fails

Exit codes: that of COMMAND; without one, 0 at the end; 1 if something failed, 2 for wrong arguments";

pub(crate) fn text() -> String {
    let commands: Vec<String> = help().map(|line| format!("  {line}").trim_end().to_owned()).collect();
    format!("{BEGINNING}\n{}\n\n{END}", commands.join("\n"))
}
