//! What `--help` prints.

pub(crate) const HELP: &str = "\
offboard: takes certificates out of service

Keyfactor Command, one of:
  --thumbprint HEX         find every store that holds this certificate, and remove it there; repeatable
  --thumbprints FILE       the same for each line of a file; a # begins a comment
  --certificate-id N       the same, by Command's number for it
  --location STORE=ALIAS   remove what the certificate store (a GUID) holds under this alias, whatever
                           it is: nothing is looked up, and there is no plan for undo; repeatable
and with them:
  --collection-id N        look for the certificate, and check the right to read it, in this collection
  --plan FILE              where the plan for undo goes; never over an existing file
                           (default offboard-THUMBPRINT.json, or offboard-THUMBPRINT-and-more.json for several).
                           What is sent is kept beside it, see --follow
  --accept-omissions       go on although the plan leaves places or certificates out
  --job-field NAME=VALUE   a job field for all places; repeatable. Its value is never printed, but lists of
                           processes show arguments
  --no-follow              do not follow the jobs; needed if the account may not
  --deadline MINUTES       how long jobs are followed, and inventories then waited for (default 30)
  --trigger-inventory      have the stores inventoried right away, to confirm sooner. That very likely erases
                           their inventory schedules; they are kept beside the plan before, and set again
                           afterwards, or by --follow or --undo if this program is stopped in between

AppViewX CERT+, one of:
  --common-name NAME       find the certificates with this common name, and unassign them from their
                           group. Only rows equal to it count, whatever the case of ASCII letters; other
                           rows that the search gives are shown and left alone
  --group NAME             the same for the certificates in the group of exactly this name
  --resource-id ID         the same for this certificate; repeatable
and with them:
  --category NAME          look for server, client or code-signing certificates only; repeatable
  --comment TEXT           why: letters, digits and spaces, at most 255 characters
  --comment-allows CHARS   other characters that your server accepts in a comment, for example -
  --group-plan FILE        where the plan for undo goes; never over an existing file
                           (default offboard-appviewx-NAME.json)

Both sides together: both are looked at and checked before the first change; Keyfactor Command comes
first, and AppViewX CERT+ only if that was done.

The way back, alone:
  --undo PLAN.json         put back what an earlier run's plan can put back; the plan says of which vendor
                           it is. In AppViewX, what somebody has moved since is shown and left alone
  --accept-other-server    go on although the plan was made for another server: it has another name now, or
                           this one is a copy of it

All:
  --yes                    send it. Needs --expect N, except with --location and --resource-id alone, which
                           name every place or certificate. Without --yes, only show what is there
  --expect N               how many places or certificates are meant: another number is refused.
                           With both sides, places and certificates: --expect 2+3
  --accept-loss            go on although a place or certificate cannot be put back
  --audit-note TEXT        what the audit events of the crate say beside the targets (target clm::audit of
                           tracing); never sent
  --demo                   run on the fakes that the crate ships, whatever variables are set; alone
  --dry-run                print the calls that would be sent; sends only reads, also with --yes

Reporting what a server does, alone:
  --probe                  print which open questions of docs/wire-notes.md this server settles, by calls
                           that only read; nothing printed names a host, an account, a certificate or a store

Following jobs again, alone:
  --follow FILE            follow the jobs of an earlier run, and confirm what they did. FILE is the plan, or
                           the file beside it that a run fills with what it sends (PLAN.jobs; PLAN.undo.jobs
                           for --undo). It only asks for inventories, with --trigger-inventory, and sets
                           inventory schedules again that were lost, so it needs no --yes

Ctrl-C withdraws nothing: what is sent is sent. While calls are sent to Keyfactor Command, the one under way
is finished and no further one is sent. The open jobs are printed then, and the --follow that goes on with them.
So is a call to AppViewX CERT+ that takes certificates out of their group. While --undo sends calls there, the
answer to the one under way is lost; --undo without --yes shows where the certificates are.

Exit codes:
  0  all done; or shown, without --yes
  1  something failed or was refused
  2  wrong arguments or variables
  3  nothing failed, but something is still open or unconfirmed
  4  nothing to do: it is gone, or back, already; nothing was sent

Keyfactor Command's server and account, in the variables of its own tools:
  KEYFACTOR_HOSTNAME       host name, with or without https://; with http://, a loopback host only
  KEYFACTOR_PORT           default 443
  KEYFACTOR_API_PATH       default KeyfactorAPI
  KEYFACTOR_CA_CERT        more roots, a PEM file or its text
  KEYFACTOR_USERNAME, KEYFACTOR_PASSWORD, and KEYFACTOR_DOMAIN if the name does not hold it;
  or KEYFACTOR_AUTH_CLIENT_ID, _CLIENT_SECRET, _TOKEN_URL, and _SCOPES, _AUDIENCE if needed;
  or KEYFACTOR_AUTH_ACCESS_TOKEN
  The rest of them is in the documentation of clm::keyfactor::ClientBuilder::from_vars.

AppViewX CERT+'s server and account:
  APPVIEWX_URL             for example https://appviewx.example.com:31443
  APPVIEWX_USERNAME, APPVIEWX_PASSWORD: logs in for a session, and out in the end;
  or APPVIEWX_CLIENT_ID, APPVIEWX_CLIENT_SECRET: a service account (that calls on groups take its token
  is unproven);
  or APPVIEWX_SESSION_ID: a session that you have; it is not ended
  APPVIEWX_CA_CERT         more roots, a PEM file or its text
  APPVIEWX_GWKEY           the key of the tenant (gwkey), where a gateway serves several

One kind of credentials for each: another one beside it is refused, and so is any other KEYFACTOR_* or
APPVIEWX_* variable.

Without any argument and variable it shows the job on the fakes that the crate ships.";
