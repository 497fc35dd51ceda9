//! Ctrl-C while something is waited for.

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
    /// What comes of it, or nothing if the person at the terminal has had enough.
    pub(crate) async fn or<T>(&self, waited_for: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.comes() => None,
            value = waited_for => Some(value),
        }
    }

    async fn comes(&self) {
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
