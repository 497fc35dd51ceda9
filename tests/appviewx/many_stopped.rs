//! A run that its program stops.

use clm::appviewx::Error;
use clm::{ItemState, OnFailure};
use futures_util::FutureExt as _;
use std::error::Error as _;

use super::many_streams::{DENIED, Holding, Told, many, names, not_sent, refusal, refused_together};

#[tokio::test]
async fn the_call_under_way_is_finished_and_no_further_one_is_sent() {
    let mut server = Holding::start().await;
    let mut outcomes = many(&server.origin, 6).start().unwrap();
    assert!(outcomes.next().now_or_never().is_none(), "a call is under way");
    let first = server.next().await;
    outcomes.stop();
    let told: Vec<Told> = vec![outcomes.next().await.unwrap(), outcomes.next().await.unwrap()];
    assert_eq!(names(&told), ["id-2", "id-3"], "what is not sent is known at once");
    first.confirm();
    let rest = outcomes.finish().await;
    assert_eq!(names(rest.items()), ["id-0", "id-1", "id-4", "id-5"]);
    assert!(rest.items()[..2].iter().all(|it| it.state.is_confirmed()), "{rest:?}");
    assert!(!rest.is_complete());
    assert_eq!(rest.calls(), 1);
    for state in rest.items()[2..].iter().chain(&told).map(|it| &it.state) {
        let error = not_sent(state);
        assert!(matches!(**error, Error::Transport(_)), "{error:?}");
        assert_eq!(error.attempts(), Some(0));
        assert_eq!(error.source().unwrap().to_string(), "the caller stopped the run");
    }
    server.nothing_more_has_come().await;
}

#[tokio::test]
async fn a_call_that_is_refused_after_the_stop_is_not_sent_again_in_parts() {
    let mut server = Holding::start().await;
    let mut outcomes = many(&server.origin, 2).on_failure(OnFailure::Continue).start().unwrap();
    assert!(outcomes.next().now_or_never().is_none(), "a call is under way");
    let first = server.next().await;
    outcomes.stop();
    first.answer(403, &refusal(DENIED));
    let rest = outcomes.finish().await;
    for it in rest.items() {
        assert!(matches!(**refused_together(&it.state), Error::Api(_)), "{it:?}");
    }
    assert_eq!((rest.items().len(), rest.calls()), (2, 1));
    server.nothing_more_has_come().await;
}

#[tokio::test]
async fn a_run_that_is_stopped_before_it_begins_sends_nothing_and_one_that_has_ended_stays_as_it_is() {
    let mut server = Holding::start().await;
    let mut outcomes = many(&server.origin, 3).start().unwrap();
    outcomes.stop();
    let rest = outcomes.finish().await;
    assert!(rest.items().iter().all(|it| matches!(it.state, ItemState::NotSent(_))), "{rest:?}");
    assert_eq!((rest.items().len(), rest.calls()), (3, 0));
    server.nothing_more_has_come().await;

    let mut outcomes = many(&server.origin, 1).start().unwrap();
    let (told, ()) = tokio::join!(outcomes.next(), async { server.next().await.confirm() });
    assert!(told.unwrap().state.is_confirmed());
    outcomes.stop();
    assert!(outcomes.ended_by().is_none());
    assert!(outcomes.finish().await.is_complete());
}
