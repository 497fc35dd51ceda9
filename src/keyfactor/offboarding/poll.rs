//! Asking again and again, until something has happened or the time is up.

use tokio::time::{Duration, Instant};

/// The vendor's own tools begin with 2 s and double up to 30 s.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a job or an inventory is waited for, unless told otherwise.
const DEADLINE: Duration = Duration::from_secs(30 * 60);

/// How often to ask, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) first_pause: Duration,
    pub(super) longest_pause: Duration,
    pub(super) deadline: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { first_pause: FIRST_PAUSE, longest_pause: LONGEST_PAUSE, deadline: DEADLINE }
    }
}

/// A wait that is under way.
#[derive(Debug)]
pub(super) struct Polling {
    pace: Pace,
    began: Instant,
    pauses: u32,
}

impl Polling {
    pub(super) fn begin(pace: Pace) -> Self {
        Self { pace, began: Instant::now(), pauses: 0 }
    }

    /// The time that is left.
    pub(super) fn left(&self) -> Duration {
        self.pace.deadline.saturating_sub(self.began.elapsed())
    }

    /// Puts the deadline off.
    pub(super) fn extend(&mut self, time: Duration) {
        self.pace.deadline = self.began.elapsed() + time;
    }

    /// Waits before the next round; `None` if the deadline comes first, which is then waited for.
    pub(super) async fn pause(&mut self) -> Option<()> {
        let longest =
            self.pace.first_pause.saturating_mul(2_u32.saturating_pow(self.pauses)).min(self.pace.longest_pause);
        self.pauses = self.pauses.saturating_add(1);
        // Between half and the whole, so that many programs that began together do not ask together.
        let pause = longest.mul_f64(0.5 + fastrand::f64() / 2.0);
        let left = self.left();
        tokio::time::sleep(pause.min(left)).await;
        (pause < left).then_some(())
    }
}

#[cfg(test)]
mod tests;
