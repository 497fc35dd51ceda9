//! What `--help` prints.

pub(crate) const HELP: &str = "\
Remove certificates from Keyfactor Command stores and from AppViewX CERT+ groups

Usage:
  offboard [OPTIONS] TARGET...
  offboard [OPTIONS] --undo PLAN
  offboard [OPTIONS] --follow FILE
  offboard --probe | --demo | --help

Without --yes, offboard only shows what it finds. TARGET names certificates in Keyfactor Command, in
AppViewX CERT+, or both. With both, everything is looked up and checked before the first change, and
AppViewX CERT+ is changed only after Keyfactor Command is done. Without any argument or variable,
offboard runs the demo.

Keyfactor Command targets (one kind per run):
  --thumbprint HEX         Remove this certificate from every store that holds it; repeatable
  --thumbprints FILE       Read thumbprints from FILE, one per line; # starts a comment
  --certificate-id N       Remove the certificate with this id in Command from every store
  --location STORE=ALIAS   Remove whatever the store with this GUID holds under this alias. Nothing is
                           looked up, and there is no undo plan; repeatable

Keyfactor Command options:
  --collection-id N        Look up the certificate, and check the read permission, in this collection
  --plan FILE              Write the undo plan to FILE; existing files are never overwritten
                           [default: offboard-THUMBPRINT.json, or offboard-THUMBPRINT-and-more.json for
                           several]. What is sent is recorded next to it, see --follow
  --accept-omissions       Proceed although the plan omits locations or certificates
  --job-field NAME=VALUE   Set a job field for all locations; repeatable. The value is never printed, but
                           process listings show arguments
  --no-follow              Do not follow the jobs; required if the account may not read jobs
  --deadline MINUTES       How long to follow the jobs, and then to wait for inventories [default: 30]
  --trigger-inventory      Request an immediate inventory of the stores, to confirm sooner. This very
                           likely erases their inventory schedules: they are saved next to the plan
                           first, and restored afterwards, or by --follow or --undo if offboard is
                           stopped in between

AppViewX CERT+ targets (one kind per run):
  --common-name NAME       Unassign the certificates with exactly this common name from their group; the
                           case of ASCII letters is ignored. Other rows that the search returns are
                           shown and skipped
  --group NAME             Unassign the certificates in the group with exactly this name
  --resource-id ID         Unassign this certificate; repeatable

AppViewX CERT+ options:
  --category NAME          Search for server, client or code-signing certificates only; repeatable
  --comment TEXT           Send a comment: letters, digits and spaces, at most 255 characters
  --comment-allows CHARS   Allow more characters, if your server accepts them in comments, for example -
  --group-plan FILE        Write the undo plan to FILE; existing files are never overwritten
                           [default: offboard-appviewx-NAME.json]

Undo:
  --undo PLAN              Put back what an earlier run removed, as far as its plan allows. PLAN also
                           determines the vendor. Certificates that were moved in AppViewX CERT+ since
                           then are shown and skipped
  --accept-other-server    Proceed although the plan was made for another server, for example because
                           the server has a new name or is a copy

Follow:
  --follow FILE            Follow the jobs of an earlier run, and confirm what they did. FILE is the plan,
                           or the record of sent calls next to it (PLAN.jobs; PLAN.undo.jobs for --undo).
                           This changes nothing, so it needs no --yes, except that it requests
                           inventories with --trigger-inventory and restores lost inventory schedules

Common options:
  --yes                    Make the changes. Requires --expect, unless all targets are --location or
                           --resource-id, which name every location or certificate
  --expect N               Proceed only if exactly N locations or certificates would be changed. With
                           both servers, give locations and certificates: --expect 2+3
  --accept-loss            Proceed although a location or certificate cannot be put back
  --audit-note TEXT        Add a note to the audit events of the crate (tracing target clm::audit); it is
                           never sent to a server
  --dry-run                Print the calls that would be sent, and send only reads, even with --yes
  -h, --help               Print this help

Other commands (no other option):
  --demo                   Run the demo on the fakes that the crate ships, and ignore all variables
  --probe                  Print which open questions of docs/wire-notes.md the server settles. Sends
                           only reads; the output names no host, account, certificate or store

Ctrl-C:
  Calls that were sent are not withdrawn. While calls are sent to Keyfactor Command, or certificates
  are unassigned in AppViewX CERT+, the current call completes and no further call is sent. The open
  jobs are then printed, with the --follow command that continues. While --undo sends calls to
  AppViewX CERT+, the response to the current call is lost: run --undo without --yes to see where the
  certificates are.

Exit codes:
  0  Everything is done; or shown, without --yes
  1  Something failed or was refused
  2  Invalid arguments or variables
  3  Nothing failed, but something is still open or unconfirmed
  4  Nothing to do: everything is already removed, or already back

Environment variables for Keyfactor Command (those of the vendor's own tools):
  KEYFACTOR_HOSTNAME       Host name, with or without https://; http:// for a loopback host only
  KEYFACTOR_PORT           Port [default: 443]
  KEYFACTOR_API_PATH       Path of the API [default: KeyfactorAPI]
  KEYFACTOR_CA_CERT        Additional root certificates: a PEM file, or PEM text
  and one kind of credentials:
  KEYFACTOR_USERNAME, KEYFACTOR_PASSWORD
                           User name and password; KEYFACTOR_DOMAIN if the name does not include it
  KEYFACTOR_AUTH_CLIENT_ID, KEYFACTOR_AUTH_CLIENT_SECRET, KEYFACTOR_AUTH_TOKEN_URL
                           OAuth client credentials; KEYFACTOR_AUTH_SCOPES and KEYFACTOR_AUTH_AUDIENCE
                           if the provider needs them
  KEYFACTOR_AUTH_ACCESS_TOKEN
                           An access token
  For the full list, see the documentation of clm::keyfactor::ClientBuilder::from_vars.

Environment variables for AppViewX CERT+:
  APPVIEWX_URL             Base URL, for example https://appviewx.example.com:31443
  APPVIEWX_CA_CERT         Additional root certificates: a PEM file, or PEM text
  APPVIEWX_GWKEY           Key of the tenant (gwkey), if the gateway serves several
  and one kind of credentials:
  APPVIEWX_USERNAME, APPVIEWX_PASSWORD
                           Log in for a session, and log out at the end
  APPVIEWX_CLIENT_ID, APPVIEWX_CLIENT_SECRET
                           A service account; whether calls on groups accept its token is unproven
  APPVIEWX_SESSION_ID      An existing session; it is not logged out

A second kind of credentials for a server is an error, and so is any other KEYFACTOR_* or APPVIEWX_*
variable.

Examples:
  Show where a certificate is, and what would be removed:
    offboard --thumbprint 910A2DEC89025CC1BEEB8DA1658EEC67F893A2EE
  Remove it from the two locations that were found:
    offboard --thumbprint 910A2DEC89025CC1BEEB8DA1658EEC67F893A2EE --yes --expect 2
  Put it back:
    offboard --undo offboard-910A2DEC89025CC1BEEB8DA1658EEC67F893A2EE.json --yes --expect 2
  Unassign three certificates from their groups in AppViewX CERT+:
    offboard --common-name www.example.com --comment 'CHG 1234' --yes --expect 3";
