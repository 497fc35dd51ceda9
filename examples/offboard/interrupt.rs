//! Ctrl-C while a call is sent or a job is followed.

use std::pin::{Pin, pin};

/// The source of an interruption.
#[derive(Clone, Default)]
pub(crate) enum Interrupt {
    #[default]
    CtrlC,
    /// For tests.
    #[cfg(test)]
    When(std::sync::Arc<tokio::sync::Notify>),
}

impl Interrupt {
    pub(crate) fn listen(&self) -> Listening {
        Listening {
            comes: Box::pin(self.clone().comes()),
            came: false,
            #[cfg(windows)]
            _kept: tokio::signal::windows::ctrl_c().ok(),
        }
    }

    async fn comes(self) {
        match self {
            Self::CtrlC => {
                if tokio::signal::ctrl_c().await.is_err() {
                    // Without a handler, Ctrl-C ends this program.
                    std::future::pending::<()>().await;
                }
            }
            #[cfg(test)]
            Self::When(notify) => notify.notified().await,
        }
    }
}

/// One interruption. It is not lost if it comes while nothing is awaited.
pub(crate) struct Listening {
    comes: Pin<Box<dyn Future<Output = ()> + Send>>,
    came: bool,
    /// On Windows, Ctrl-C ends a program without a handler, even during a call. On Unix, it does not once a handler was
    /// installed.
    #[cfg(windows)]
    _kept: Option<tokio::signal::windows::CtrlC>,
}

impl Listening {
    /// The value, or `None` after an interruption.
    pub(crate) async fn or<T>(&mut self, waited_for: impl Future<Output = T>) -> Option<T> {
        if self.came {
            return None;
        }
        tokio::select! {
            biased;
            () = &mut self.comes => {
                self.came = true;
                None
            }
            value = waited_for => Some(value),
        }
    }

    /// Always the value: a change that is under way is not dropped. `at_once` runs when an interruption comes.
    pub(crate) async fn finishing<T>(&mut self, change: impl Future<Output = T>, at_once: impl FnOnce()) -> T {
        let mut change = pin!(change);
        if let Some(value) = self.or(&mut change).await {
            return value;
        }
        at_once();
        change.await
    }

    /// Whether an interruption has come, even while nothing was awaited.
    pub(crate) async fn came(&mut self) -> bool {
        self.or(std::future::ready(())).await.is_none()
    }
}

/// Real signals, for tests. Each test has its own process, because a signal would interrupt all tests of this one.
#[cfg(unix)]
#[cfg(test)]
pub(crate) mod real {
    use std::process::Command;

    pub(crate) fn interrupt_this_process() {
        let pid = std::process::id().to_string();
        let killed = Command::new("sh").args(["-c", "kill -INT \"$0\"", &pid]).status();
        assert!(killed.unwrap().success());
    }

    /// Runs an ignored test of this program in its own process.
    pub(crate) fn assert_passes_alone(name: &str) {
        let child = Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--ignored", "--test-threads=1"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && said.contains("1 passed"), "{said}");
    }
}
