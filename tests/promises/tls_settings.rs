//! TLS settings are read by `build()`: what cannot be used is refused there, by name and without a word of a key.

use std::io;
use std::sync::{Arc, Mutex};

use clm::appviewx;
use clm::keyfactor::{Client, ClientBuilder, Credentials, Error};
use rcgen::{CertificateParams, KeyPair};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::support::capture;
use crate::support::tls::{Authority, Leaf};

/// Settings have to be right for every client, whether it uses them or not.
const BASE_URLS: [&str; 2] = ["https://command.example.invalid", "http://127.0.0.1:1"];

fn client_of(base_url: &str) -> ClientBuilder {
    Client::builder(base_url).credentials(Credentials::bearer("a-token"))
}

fn leaf() -> Leaf {
    Authority::new("an authority").issue(&["client.invalid"])
}

/// The same text without its line ends, as it comes out of a careless environment variable.
fn on_one_line(pem: &str) -> String {
    pem.lines().collect::<Vec<_>>().join(" ")
}

/// A PEM section with these bytes.
fn section(label: &str, base64: &str) -> String {
    format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n")
}

/// The lines between the first and the last.
fn body(pem: &str) -> Vec<&str> {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

/// All that an error shows: its texts from the outside in, and both forms of `Debug`.
fn shown(error: &Error) -> String {
    let mut shown = format!("{error}\n{error:?}\n{error:#?}");
    let mut below = std::error::Error::source(error);
    while let Some(error) = below {
        shown = format!("{shown}\n{error}\n{error:?}");
        below = error.source();
    }
    shown
}

/// Whether a piece of a key is in a text, as it is or as the numbers of its bytes. What its certificate holds as well,
/// such as the public half, is no secret.
fn quotes(text: &str, Leaf { certificate_pem, key_pem }: &Leaf) -> bool {
    let public = body(certificate_pem).concat();
    body(key_pem).iter().flat_map(|line| line.as_bytes().chunks_exact(8)).any(|piece| {
        let (piece, numbers) = (std::str::from_utf8(piece).unwrap(), format!("{piece:?}"));
        !public.contains(piece) && (text.contains(piece) || text.contains(numbers.trim_matches(['[', ']'])))
    })
}

/// What is wrong with how settings are refused; all of it, so that a failure shows every case at once.
#[derive(Default)]
struct Complaints(Vec<String>);

impl Complaints {
    /// These settings must be refused in the name of this one, for every base URL and without a word of the key.
    fn check(&mut self, case: &str, setting: &str, leaf: &Leaf, set: &dyn Fn(ClientBuilder) -> ClientBuilder) {
        for base_url in BASE_URLS {
            let builder = set(client_of(base_url));
            if quotes(&format!("{builder:?}\n{builder:#?}"), leaf) {
                self.0.push(format!("{setting}, {case}, {base_url}: the builder quotes the key"));
            }
            match builder.build() {
                Ok(_) => self.0.push(format!("{setting}, {case}, {base_url}: it was taken")),
                Err(error) => {
                    if quotes(&shown(&error), leaf) {
                        self.0.push(format!("{setting}, {case}, {base_url}: the error quotes the key: {error}"));
                    }
                    match error {
                        Error::Configuration(error) if error.setting() == setting => {}
                        other => self.0.push(format!("{setting}, {case}, {base_url}: {other}")),
                    }
                }
            }
        }
    }
}

impl Drop for Complaints {
    fn drop(&mut self) {
        assert!(std::thread::panicking() || self.0.is_empty(), "\n{}", self.0.join("\n"));
    }
}

/// What is no bundle of certificates. The key in it must not show.
fn no_bundles(Leaf { certificate_pem, key_pem }: &Leaf) -> Vec<(&'static str, String)> {
    let request = CertificateParams::new(vec!["client.invalid".to_owned()]).unwrap();
    let request = request.serialize_request(&KeyPair::generate().unwrap()).unwrap().pem().unwrap();
    let certificate = body(certificate_pem).join("\n");
    let half = &certificate[..certificate.len() / 2];
    let (without_last_line, _) = certificate_pem.trim_end().rsplit_once('\n').unwrap();
    vec![
        ("empty", String::new()),
        ("blank", " \n\t\n".to_owned()),
        ("a path", "/etc/ssl/certs/ca.pem".to_owned()),
        ("text", "this is no PEM at all".to_owned()),
        ("comments only", "# subject: CN=nobody\n# nothing follows\n".to_owned()),
        ("a certificate request", request),
        ("a public key", section("PUBLIC KEY", half)),
        ("base64 that breaks off", section("CERTIFICATE", &half[..half.len() / 4 * 4 - 1])),
        ("base64 with a foreign character", certificate_pem.replacen('A', "*", 1)),
        ("a certificate that breaks off", without_last_line.to_owned()),
        ("a good certificate and one that breaks off", format!("{certificate_pem}{without_last_line}")),
        ("an empty section", section("CERTIFICATE", "")),
        ("a section without base64", section("CERTIFICATE", "not base64 at all")),
        ("bytes that are no certificate", section("CERTIFICATE", "AAECAwQFBgcICQoLDA0ODw==")),
        ("half a certificate", section("CERTIFICATE", &half[..half.len() / 4 * 4])),
        (
            "a good certificate and bytes that are none",
            format!("{certificate_pem}{}", section("CERTIFICATE", "AAECAwQFBgcICQoLDA0ODw==")),
        ),
        ("one line", on_one_line(certificate_pem)),
        ("line ends that were escaped", certificate_pem.replace('\n', "\\n")),
        ("a label of its own", certificate_pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE")),
        ("a key", key_pem.clone()),
        ("a key and a certificate", format!("{key_pem}{certificate_pem}")),
        ("a certificate and a key", format!("{certificate_pem}{key_pem}")),
        ("a key with a certificate's label", key_pem.replace("PRIVATE KEY", "CERTIFICATE")),
        ("a key on one line", on_one_line(key_pem)),
        ("a key with escaped line ends", key_pem.replace('\n', "\\n")),
        ("a key whose first line lost a dash", key_pem.replacen("PRIVATE KEY-----", "PRIVATE KEY----", 1)),
        ("a key whose first line end was lost", key_pem.replacen("PRIVATE KEY-----\n", "PRIVATE KEY----- ", 1)),
        ("a key whose last line was lost", key_pem.lines().take(2).collect::<Vec<_>>().join("\n")),
    ]
}

#[test]
fn what_is_no_bundle_of_certificates_is_refused_as_a_root() {
    let leaf = leaf();
    let good = Authority::new("an authority").pem();
    let mut complaints = Complaints::default();
    for (case, pem) in no_bundles(&leaf) {
        let (good, pem) = (&*good, &*pem);
        complaints.check(case, "add_root_certificate", &leaf, &|it| it.add_root_certificate(pem));
        complaints.check(case, "only_root_certificate", &leaf, &|it| it.only_root_certificate(pem));
        // A good bundle does not hide another one, and it does not help to check nothing.
        complaints.check(case, "only_root_certificate", &leaf, &|it| {
            it.add_root_certificate(good).only_root_certificate(pem).danger_accept_invalid_certs(true)
        });
        complaints.check(case, "add_root_certificate", &leaf, &|it| {
            it.add_root_certificate(pem).only_root_certificate(good).danger_accept_invalid_certs(true)
        });
    }
}

#[test]
fn what_is_no_chain_of_certificates_is_refused_as_an_identity() {
    let leaf = leaf();
    let mut complaints = Complaints::default();
    for (case, pem) in no_bundles(&leaf) {
        complaints.check(case, "client_identity", &leaf, &|it| it.client_identity(&*pem, &*leaf.key_pem));
    }
}

#[test]
fn what_is_no_key_is_refused_as_an_identity() {
    let leaf = leaf();
    let Leaf { certificate_pem, key_pem } = &leaf;
    let base64 = body(key_pem).join("\n");
    let keys = [
        ("empty", String::new()),
        ("blank", " \n".to_owned()),
        ("text", "this is no PEM at all".to_owned()),
        ("a certificate", certificate_pem.clone()),
        ("an encrypted key", key_pem.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY")),
        ("a public key", key_pem.replace("PRIVATE KEY", "PUBLIC KEY")),
        ("bytes that are no key", section("PRIVATE KEY", "AAECAwQFBgcICQoLDA0ODw==")),
        ("another kind of key", key_pem.replace("PRIVATE KEY", "RSA PRIVATE KEY")),
        ("half a key", section("PRIVATE KEY", &base64[..base64.len() / 8 * 4])),
        ("base64 that breaks off", section("PRIVATE KEY", &base64[..base64.len() / 8 * 4 - 1])),
        ("a foreign character in it", key_pem.replacen("\nMI", "\nM*", 1)),
        ("one line", on_one_line(key_pem)),
        ("escaped line ends", key_pem.replace('\n', "\\n")),
        ("no last line", key_pem.lines().take(2).collect::<Vec<_>>().join("\n")),
        ("a first line that lost a dash", key_pem.replacen("PRIVATE KEY-----", "PRIVATE KEY----", 1)),
    ];
    let mut complaints = Complaints::default();
    for (case, key) in keys {
        complaints.check(case, "client_identity", &leaf, &|it| it.client_identity(certificate_pem, &*key));
    }
}

#[test]
fn a_key_that_does_not_fit_its_certificate_is_refused() {
    let (one, other) = (leaf(), leaf());
    let set = |it: ClientBuilder| it.client_identity(&*one.certificate_pem, &*other.key_pem);
    Complaints::default().check("another's key", "client_identity", &other, &set);
}

#[test]
fn a_client_identity_never_shows() {
    let leaf = leaf();
    for base_url in BASE_URLS {
        let builder = client_of(base_url).client_identity(&*leaf.certificate_pem, &*leaf.key_pem);
        let text = format!("{builder:?}\n{builder:#?}");
        assert!(!quotes(&text, &leaf), "{text}");
        assert!(text.contains("client_identity: true"), "{text}");
        let client = builder.build().unwrap();
        let text = format!("{client:?}\n{client:#?}\n{:?}", client.certificate_stores());
        assert!(!quotes(&text, &leaf), "{text}");
        assert!(text.contains("client_identity: true"), "{text}");
    }
}

#[test]
fn usual_bundles_are_taken() {
    let (one, two) = (Authority::new("one"), Authority::new("two"));
    let Leaf { certificate_pem, key_pem } = one.issue(&["client.invalid"]);
    let commented = format!(
        "# Bundle of the department\nsubject=CN = one\n\n{}\n# the other one, with Ünicode in its comment\n{}\n# end",
        one.pem(),
        two.pem()
    );
    let bundles = [
        ("with comments", commented),
        ("with the line ends of Windows", format!("{}{}", one.pem(), two.pem()).replace('\n', "\r\n")),
        ("with a byte order mark", format!("\u{feff}# comment\n{}", one.pem())),
        ("without a last line end", one.pem().trim_end().to_owned()),
        ("the same twice", format!("{}{}", one.pem(), one.pem())),
    ];
    for (case, pem) in bundles {
        for base_url in BASE_URLS {
            let wrong = |error: Error| panic!("{case}: {}", shown(&error));
            client_of(base_url).add_root_certificate(&*pem).build().unwrap_or_else(wrong);
            client_of(base_url).only_root_certificate(&*pem).build().unwrap_or_else(wrong);
        }
    }
    for base_url in BASE_URLS {
        let chain = format!("# the leaf\n{certificate_pem}# its authority\n{}", one.pem());
        let key = format!("# the key\n{key_pem}").replace('\n', "\r\n");
        client_of(base_url).client_identity(&*chain, key).build().unwrap();
        // As `openssl req -nodes` and many vaults hand it out: the key's file holds the certificate too.
        client_of(base_url).client_identity(&*chain, format!("{key_pem}{certificate_pem}")).build().unwrap();
    }
}

/// Text of every event of this thread, while it lives.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The warning is for whoever reads the logs of a program that somebody else configured.
#[test]
fn an_unchecked_server_is_announced_by_every_build() {
    capture::start(); // A callsite that another thread reaches first would be switched off without it.
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let _guard = subscriber.set_default();

    for base_url in BASE_URLS {
        let unchecked = || client_of(base_url).danger_accept_invalid_certs(true);
        assert!(format!("{:?}", unchecked()).contains("danger_accept_invalid_certs: true"));
        assert_eq!(log.take(), "", "a builder that is not built is no danger");
        for _ in 0..3 {
            let client = unchecked().build().unwrap();
            let warned = log.take();
            assert_eq!(warned.matches("WARN").count(), 1, "{warned}");
            assert_eq!(warned.matches("danger_accept_invalid_certs").count(), 1, "{warned}");
            assert!(format!("{client:?}").contains("danger_accept_invalid_certs: true"), "{client:?}");
            let clone = client.clone();
            assert_eq!(log.take(), "", "a clone is no build: {clone:?}");
        }

        for checked in [client_of(base_url), unchecked().danger_accept_invalid_certs(false)] {
            assert!(format!("{checked:?}").contains("danger_accept_invalid_certs: false"), "{checked:?}");
            let client = checked.build().unwrap();
            assert_eq!(log.take(), "");
            assert!(format!("{client:?}").contains("danger_accept_invalid_certs: false"), "{client:?}");
        }

        let credentials = appviewx::Credentials::session_id("a-session");
        let appviewx = appviewx::Client::builder(base_url).credentials(credentials).danger_accept_invalid_certs(true);
        let client = appviewx.build().unwrap();
        assert_eq!(log.take().matches("danger_accept_invalid_certs").count(), 1);
        assert!(format!("{client:?}").contains("danger_accept_invalid_certs: true"), "{client:?}");
    }
}
