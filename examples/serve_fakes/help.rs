//! What `--help` prints.

pub(crate) const HELP: &str = "\
serve_fakes: serves a fake Keyfactor Command and a fake AppViewX CERT+ to programs in any language

  --plain                  plain http instead of TLS
  --keyfactor-port N       default: a free port
  --appviewx-port N        default: a free port
  --state FILE             the state that they start with, as JSON (docs/fake_state.md); default: the ready-made one

It listens on 127.0.0.1 only. On its standard output it prints the variables that the vendors' own tools read, as lines
of a shell, and `# ready`. With TLS, KEYFACTOR_CA_CERT names a file with the authority of its certificate; it is made for
this run, and removed at the end.

  serve_fakes > fakes.env    # in one terminal
  . ./fakes.env              # in another one

It serves until its standard input closes (Ctrl-D), or until Ctrl-C. Lines of its standard input are commands, each
answered by a line that begins with `# done: ` or `# failed: `:

  run-jobs                 the orchestrators run every job that waits
  requests                 what both were asked, one line of JSON each; of headers the names alone
  snapshot                 the state of both, one line of JSON
  help                     lists the commands

The ready-made state: in Keyfactor Command, the certificate www.example.com is in a PEM store on web01.example.com and in
an IIS store on web02.example.com; a store on mail.example.com has it in the chain of partner.example.com only. In
AppViewX CERT+, three certificates of that name are in the groups web-servers and agents, and one of another name is in
the group partners. The orchestrators run a job when it is asked for, after two questions.

Exit codes: 0 at the end, 1 if something failed, 2 for wrong arguments";
