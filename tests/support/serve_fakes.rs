//! The example `serve_fakes`, started as a process.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;

use super::spawn;

/// An example of this crate, built with the features of this test.
pub fn example(name: &str) -> Command {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        // target/debug/deps/process-0123456789abcdef
        let test = std::env::current_exe().unwrap();
        let profile = test.ancestors().nth(2).unwrap();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--locked", "--example", "serve_fakes", "--example", "offboard"]);
        build.arg("--manifest-path").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        build.arg("--target-dir").arg(profile.parent().unwrap());
        if cfg!(feature = "config-file") {
            build.args(["--features", "config-file"]);
        }
        // Cargo sets these for a test, not for a build. The build script of `ring` watches them: with them, `ring` and all
        // that depends on it would be built again, here and by the next cargo.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|it| it.starts_with("CARGO_PKG_") || it.starts_with("CARGO_MANIFEST_")) {
                build.env_remove(name);
            }
        }
        let finished = output(build.stdin(Stdio::null()));
        assert!(finished.status.success(), "{}", String::from_utf8_lossy(&finished.stderr));
        profile.join("examples")
    });
    let mut command = Command::new(folder.join(name));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|it| it.starts_with("KEYFACTOR_") || it.starts_with("APPVIEWX_")) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a program to its end.
pub fn output(command: &mut Command) -> Output {
    spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped())).wait_with_output().unwrap()
}

/// A program that serves both fakes. It ends with this value at the latest.
pub struct ServeFakes {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// The lines up to the last one of the beginning.
    pub beginning: String,
    pub variables: BTreeMap<String, String>,
}

impl ServeFakes {
    pub fn start(arguments: &[&str]) -> Self {
        let mut command = example("serve_fakes");
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = spawn(&mut command);
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let mut served = Self { child, input, output, beginning: String::new(), variables: BTreeMap::new() };
        loop {
            let line = served.line();
            served.beginning.push_str(&line);
            served.beginning.push('\n');
            if line == "# ready" {
                break;
            }
            if line.starts_with('#') {
                continue;
            }
            let (name, value) = line.strip_prefix("export ").and_then(|it| it.split_once('=')).expect(&line);
            let value = value.strip_prefix('\'').and_then(|it| it.strip_suffix('\'')).expect(&line);
            served.variables.insert(name.to_owned(), value.replace(r"'\''", "'"));
        }
        served
    }

    /// The variables, for `from_vars`.
    pub fn variable(&self, name: &str) -> Option<OsString> {
        self.variables.get(name).map(OsString::from)
    }

    /// The process id, for signals.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// One line of its output.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.output.read_line(&mut line).unwrap();
        assert!(read > 0, "it ended: {:?}, after\n{}", self.child.wait().unwrap(), self.beginning);
        line.strip_suffix('\n').expect("whole lines").to_owned()
    }

    /// Sends it a command, and gives the lines of the answer without the last one, if that says that it is done.
    pub fn ask(&mut self, command: &str) -> Result<Vec<String>, Vec<String>> {
        writeln!(self.input.as_mut().unwrap(), "{command}").unwrap();
        let mut lines = Vec::new();
        loop {
            let line = self.line();
            if line == format!("# done: {command}") {
                return Ok(lines);
            }
            if line == format!("# failed: {command}") {
                return Err(lines);
            }
            lines.push(line);
        }
    }

    /// Closes its input, and waits for its end.
    pub fn finish(mut self) -> ExitStatus {
        self.input = None;
        self.child.wait().unwrap()
    }

    /// Waits for its end, with its input open.
    pub fn wait(&mut self) -> ExitStatus {
        // `Child::wait` would close it.
        let input = self.child.stdin.take();
        assert!(input.is_none(), "it is held here");
        self.child.wait().unwrap()
    }
}

impl Drop for ServeFakes {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}
