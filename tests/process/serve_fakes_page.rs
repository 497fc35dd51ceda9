//! The page `docs/serve_fakes.md`: what it says is printed is what is printed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::serve_fakes::{example, output};

const PAGE: &str = include_str!("../../docs/serve_fakes.md");

/// A folder that goes with what is in it.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The blocks of the page: their languages and texts.
fn blocks() -> Vec<(String, String)> {
    let mut blocks: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in PAGE.lines() {
        match (line.strip_prefix("```"), inside) {
            (Some(language), false) => {
                blocks.push((language.to_owned(), String::new()));
                inside = true;
            }
            (Some(_), true) => inside = false,
            (None, true) => {
                let (_, text) = blocks.last_mut().unwrap();
                text.push_str(line);
                text.push('\n');
            }
            (None, false) => {}
        }
    }
    assert!(!inside, "a block does not end");
    blocks
}

/// Without what differs from run to run: ports, the names of folders, times.
fn comparable(text: &str) -> String {
    let mut text = text.to_owned();
    for (before, part) in [
        ("127.0.0.1:", char::is_ascii_digit as fn(&char) -> bool),
        ("KEYFACTOR_PORT='", char::is_ascii_digit),
        ("clm-serve-fakes-", char::is_ascii_hexdigit),
        ("Ran 1 test in ", |it| it.is_ascii_digit() || *it == '.'),
    ] {
        let mut pieces = text.split(before);
        let mut rest = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            rest.push_str(before);
            rest.push_str(piece.trim_start_matches(|it| part(&it)));
        }
        text = rest;
    }
    text
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

#[test]
fn what_the_page_shows_is_what_is_printed() {
    if let Some(missing) = ["bash", "curl", "python3"].into_iter().find(|program| !is_there(program)) {
        eprintln!("skipped: there is no {missing} on this machine");
        return;
    }
    let folder = Folder(std::env::temp_dir().join(format!("clm-page-{:016x}", fastrand::u64(..))));
    std::fs::create_dir(&folder.0).unwrap();
    let program = example("serve_fakes");
    let programs = Path::new(program.get_program()).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut shown = 0;
    for (language, text) in blocks() {
        if language != "console" {
            let name = text.lines().next().and_then(|line| line.strip_prefix("# "));
            if let Some(name) = name.filter(|name| name.ends_with(&format!(".{}", extension(&language)))) {
                std::fs::write(folder.0.join(name), &text).unwrap();
            }
            continue;
        }
        let (command, expected) = text.strip_prefix("$ ").and_then(|it| it.split_once('\n')).unwrap();
        let mut shell = example("serve_fakes");
        let variables: Vec<_> = shell.get_envs().map(|(name, _)| name.to_owned()).collect();
        shell = Command::new("bash");
        for variable in variables {
            shell.env_remove(variable);
        }
        for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            shell.env_remove(proxy).env_remove(proxy.to_lowercase());
        }
        shell.args(["-c", &format!("exec 2>&1\n{command}")]);
        shell.env("PATH", &path).env("TMPDIR", "/tmp").env("PYTHONDONTWRITEBYTECODE", "1").current_dir(&folder.0);
        let said = output(shell.stdin(Stdio::null()));
        let printed = String::from_utf8(said.stdout).unwrap();
        assert_eq!(comparable(printed.trim_end()), comparable(expected.trim_end()), "{command} printed:\n{printed}");
        shown += 1;
    }
    assert_eq!(shown, 8, "as many as the page has");
}

fn extension(language: &str) -> &str {
    match language {
        "python" => "py",
        other => other,
    }
}
