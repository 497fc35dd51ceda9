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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::Export;

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_what_was_written() {
        for value in
            ["", r"EXAMPLE\svc-clm", "it's", "'", "''\\''", "a b\tc\nd", "$HOME `id` $(id) \\ \"x\" !! *", "-n", "ü€"]
        {
            let script = format!("{}\nprintf %s \"$CLM_VALUE\"", Export("CLM_VALUE", value));
            let said = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert!(said.status.success(), "{script}");
            assert_eq!(String::from_utf8(said.stdout).unwrap(), value, "{script}");
        }
    }

    #[test]
    fn every_value_is_quoted() {
        assert_eq!(Export("A", "b").to_string(), "export A='b'");
        assert_eq!(Export("A", "b'c").to_string(), r"export A='b'\''c'");
    }
}
