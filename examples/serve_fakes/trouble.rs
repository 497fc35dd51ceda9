//! Errors.

use std::ffi::OsString;
use std::path::PathBuf;
use std::{fmt, io};

#[derive(Debug)]
pub(crate) enum Trouble {
    /// The option that names the port, and the port.
    Port(&'static str, u16, io::Error),
    Folder(PathBuf, io::Error),
    Certificate(Box<dyn std::error::Error>),
    /// The file, and what is wrong with it.
    State(PathBuf, String),
    /// The program that could not be run.
    Command(OsString, io::Error),
    Output(io::Error),
    /// The URL of a fake without a loopback address.
    Address(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(option, port, error) if error.kind() == io::ErrorKind::AddrInUse => {
                write!(f, "port {port} is in use; choose another --{option}, or omit it for a free port")
            }
            Self::Port(option, port, error) => write!(f, "cannot open port {port} (--{option}): {error}"),
            Self::Folder(path, error) => write!(f, "cannot write {}: {error}", path.display()),
            Self::Certificate(error) => write!(f, "cannot create the certificate: {error}"),
            Self::State(path, problem) => write!(f, "{}: {problem}", path.display()),
            Self::Command(program, error) => write!(f, "cannot run {}: {error}", program.display()),
            Self::Output(error) => write!(f, "cannot write to standard output: {error}"),
            Self::Address(url) => write!(f, "the fake has no loopback address: {url}"),
        }
    }
}
