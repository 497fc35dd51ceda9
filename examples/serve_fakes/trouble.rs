//! What can go wrong.

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
    /// The program that was to run.
    Command(OsString, io::Error),
    Output(io::Error),
    /// A fake's address, which is always one on loopback.
    Address(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(option, port, error) if error.kind() == io::ErrorKind::AddrInUse => {
                write!(f, "port {port} is in use by another program; give another --{option}, or none for a free one")
            }
            Self::Port(option, port, error) => write!(f, "port {port} (--{option}) cannot be had: {error}"),
            Self::Folder(path, error) => write!(f, "{} cannot be written: {error}", path.display()),
            Self::Certificate(error) => write!(f, "the certificate cannot be made: {error}"),
            Self::State(path, problem) => write!(f, "{}: {problem}", path.display()),
            Self::Command(program, error) => write!(f, "{} cannot be run: {error}", program.display()),
            Self::Output(error) => write!(f, "the output cannot be written: {error}"),
            Self::Address(url) => write!(f, "a fake has no address on loopback: {url}"),
        }
    }
}
