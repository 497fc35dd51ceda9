//! What `--help` prints.

use crate::commands::help;

const BEGINNING: &str = "\
Serve a fake Keyfactor Command and a fake AppViewX CERT+ to programs in any language

Usage:
  serve_fakes [OPTIONS]
  serve_fakes [OPTIONS] COMMAND [ARGUMENTS]

With COMMAND, run it with the environment variables that the vendors' own tools read, and exit with its exit code
when it ends. COMMAND gets no other variable that begins with KEYFACTOR_ or APPVIEWX_.

Without COMMAND, print these variables as shell commands, followed by `# ready`, and serve until standard input
closes (Ctrl-D in a terminal) or until Ctrl-C. Each line of standard input is a command, see below.

The fakes listen on 127.0.0.1 only. With TLS, KEYFACTOR_CA_CERT is a file with the certificate of the authority. The
authority is created at startup, and the file is removed at exit.

Options:
  --scene NAME             Start with this predefined state, see below [default: offboarding]
  --state FILE             Start with the state in FILE, as JSON (docs/fake_state.md)
  --plain                  Serve plain http instead of TLS
  --oauth                  Print the variables for OAuth client credentials instead of user name and password
                           (Keyfactor Command only; the vendor's tools accept only one of the two)
  --no-input               Read no commands, and serve until a signal, for example in the background or in a container
  --keyfactor-port N       Port of Keyfactor Command [default: a free port]
  --appviewx-port N        Port of AppViewX CERT+ [default: a free port]
  -h, --help               Print this help

Commands on standard input. The output of each ends with `# done: COMMAND` or `# failed: COMMAND`; the reason of a
failure is printed to standard error:
";

const END: &str = "\
Scenes. In each, the certificate www.example.com is to be removed:
  offboarding              Keyfactor Command has it in a PEM store on web01.example.com and in an IIS store on
                           web02.example.com. A store on mail.example.com has it only in the chain of another
                           certificate. In AppViewX CERT+, three certificates with this name are in groups, and one
                           with a similar name must stay. Jobs wait for one poll, and run for another one
  orchestrator-offline     It is in two PEM stores; the jobs of the second one never run
  partly-failing           It is in ten PEM stores, three of which fail every job. In AppViewX CERT+, three of ten
                           certificates are gone
  ten-thousand-jobs        Its removal from 10,000 PEM stores is scheduled; every hundredth job fails

Exit codes: that of COMMAND. Without COMMAND:
  0  Standard input closed, or a signal ended it
  1  Something failed
  2  Invalid arguments

Examples:
  Run tests against the fakes:
    serve_fakes pytest tests
  Use the fakes from another terminal:
    serve_fakes > fakes.env
    . ./fakes.env                # in the other terminal
  Let a removal be carried out, but lose its response:
    lose-answers 1 keyfactor.certificate_stores.remove_certificates      # a line of standard input";

pub(crate) fn text() -> String {
    let commands: Vec<String> = help().map(|line| format!("  {line}").trim_end().to_owned()).collect();
    format!("{BEGINNING}{}\n\n{END}", commands.join("\n"))
}
