//! Variables as lines of a shell.

use std::fmt;

/// `export NAME='value'`, whatever the value holds.
pub(crate) struct Export<'a>(pub(crate) &'a str, pub(crate) &'a str);

impl fmt::Display for Export<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(name, value) = self;
        // Between single quotes, nothing but a single quote means anything to a POSIX shell.
        write!(f, "export {name}='{}'", value.replace('\'', r"'\''"))
    }
}
