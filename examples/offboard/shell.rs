//! Commands that are printed for the user to run.

use std::borrow::Cow;
use std::path::Path;

/// A path as one argument of a command, quoted if the shell needs it.
pub(crate) fn argument(path: &Path) -> String {
    let text = path.display().to_string();
    if cfg!(windows) { in_double_quotes(&text) } else { for_a_posix_shell(&text) }
}

fn for_a_posix_shell(text: &str) -> String {
    // Only a NUL cannot be quoted, and no path contains one.
    shlex::try_quote(text).map_or_else(|_| text.to_owned(), Cow::into_owned)
}

/// Both shells of Windows accept double quotes, and no path there contains one.
fn in_double_quotes(text: &str) -> String {
    let plain = |it: char| it.is_alphanumeric() || r"\/:._-~".contains(it);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("\"{text}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_only_if_the_shell_needs_it() {
        for (path, posix, windows) in [
            ("/tmp/x/plan.json", "/tmp/x/plan.json", "/tmp/x/plan.json"),
            ("/home/first last/plan.json", "'/home/first last/plan.json'", "\"/home/first last/plan.json\""),
            ("it's.json", "\"it's.json\"", "\"it's.json\""),
            ("$HOME.json", "'$HOME.json'", "\"$HOME.json\""),
            (r"C:\Users\First Last\p.json", r#""C:\\Users\\First Last\\p.json""#, "\"C:\\Users\\First Last\\p.json\""),
            (r"C:\Users\first\p.json", r#""C:\\Users\\first\\p.json""#, r"C:\Users\first\p.json"),
            ("", "''", "\"\""),
        ] {
            assert_eq!(for_a_posix_shell(path), posix, "{path}");
            assert_eq!(in_double_quotes(path), windows, "{path}");
        }
    }
}
