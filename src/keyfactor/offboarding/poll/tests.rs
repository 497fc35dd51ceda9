//! How long is waited, on a clock that runs only while everything waits.

use tokio::time::{Duration, Instant};

use super::{Pace, Polling};

/// How long each of the next pauses takes, in seconds.
async fn pauses(polling: &mut Polling, count: usize) -> Vec<f64> {
    let mut pauses = Vec::new();
    for _ in 0..count {
        let before = Instant::now();
        assert!(polling.pause().await.is_some());
        pauses.push(before.elapsed().as_secs_f64());
    }
    pauses
}

#[tokio::test(start_paused = true)]
async fn pauses_double_from_two_seconds_to_thirty_and_are_shortened_by_up_to_a_half() {
    for _ in 0..50 {
        let mut polling = Polling::begin(Pace::default());
        let longest = [2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0];
        for (pause, longest) in pauses(&mut polling, longest.len()).await.into_iter().zip(longest) {
            // The clock counts whole milliseconds.
            assert!((longest / 2.0..=longest + 0.002).contains(&pause), "{pause} of {longest}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn programs_that_began_together_do_not_ask_together() {
    let mut first = Vec::new();
    for _ in 0..20 {
        first.extend(pauses(&mut Polling::begin(Pace::default()), 1).await);
    }
    let spread = |pauses: &[f64]| {
        let (least, most) =
            pauses.iter().fold((f64::MAX, 0.0_f64), |(least, most), it| (least.min(*it), most.max(*it)));
        most - least
    };
    assert!(spread(&first) > 0.1, "{first:?}");
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_waited_for_and_not_overrun() {
    let began = Instant::now();
    let mut polling = Polling::begin(Pace::default());
    let mut rounds = 0;
    while polling.pause().await.is_some() {
        rounds += 1;
    }
    let waited = began.elapsed();
    assert!((Duration::from_secs(1800)..Duration::from_millis(1_800_010)).contains(&waited), "{waited:?}");
    // 30 minutes in pauses of 15 s to 30 s, after four shorter ones.
    assert!((58..=125).contains(&rounds), "{rounds}");
    assert_eq!(polling.left(), Duration::ZERO);
    assert!(polling.pause().await.is_none(), "it stays over");
    assert_eq!(began.elapsed(), waited);
}

#[tokio::test(start_paused = true)]
async fn extreme_settings_do_no_harm() {
    let forever = Pace { first_pause: Duration::MAX / 2, longest_pause: Duration::MAX / 2, deadline: Duration::MAX };
    let mut polling = Polling::begin(forever);
    let waiting = tokio::time::timeout(Duration::from_secs(1_000_000), polling.pause()).await;
    assert!(waiting.is_err(), "it waits on");
    let none = Pace { first_pause: Duration::ZERO, longest_pause: Duration::ZERO, deadline: Duration::ZERO };
    assert!(Polling::begin(none).pause().await.is_none());
    let mut many = Polling { pace: Pace::default(), began: Instant::now(), pauses: u32::MAX };
    assert!(pauses(&mut many, 1).await.iter().all(|pause| (15.0..=30.1).contains(pause)));
}
