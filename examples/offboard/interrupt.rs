//! Ctrl-C while something is sent or waited for.

use std::pin::{Pin, pin};

/// Where an interruption comes from.
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
                    // It cannot be heard, so it ends this program as ever.
                    std::future::pending::<()>().await;
                }
            }
            #[cfg(test)]
            Self::When(notify) => notify.notified().await,
        }
    }
}

/// One interruption, whenever it comes: between two things that are waited for it is not lost.
pub(crate) struct Listening {
    comes: Pin<Box<dyn Future<Output = ()> + Send>>,
    came: bool,
    /// Windows ends a program by Ctrl-C as soon as nobody listens, also in the middle of a call; Unix does not, once somebody
    /// has listened.
    #[cfg(windows)]
    _kept: Option<tokio::signal::windows::CtrlC>,
}

impl Listening {
    /// What comes of it, or nothing if the person at the terminal has had enough.
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

    /// What comes of it, in any case: a change that is under way is not dropped. `at_once` is done when an interruption comes.
    pub(crate) async fn finishing<T>(&mut self, change: impl Future<Output = T>, at_once: impl FnOnce()) -> T {
        let mut change = pin!(change);
        if let Some(value) = self.or(&mut change).await {
            return value;
        }
        at_once();
        change.await
    }

    /// Whether it has come, also while nobody waited.
    pub(crate) async fn came(&mut self) -> bool {
        self.or(std::future::ready(())).await.is_none()
    }
}

/// Real signals, for tests: each has a process of its own, since it would interrupt every test of this one.
#[cfg(unix)]
#[cfg(test)]
pub(crate) mod real {
    use std::process::Command;

    pub(crate) fn interrupt_this_process() {
        let pid = std::process::id().to_string();
        let killed = Command::new("sh").args(["-c", "kill -INT \"$0\"", &pid]).status();
        assert!(killed.unwrap().success());
    }

    /// Runs an ignored test of this program in a process of its own.
    pub(crate) fn assert_passes_alone(name: &str) {
        let child = Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--ignored", "--test-threads=1"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && said.contains("1 passed"), "{said}");
    }
}
