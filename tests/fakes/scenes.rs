//! The ready-made scenes are what their documentation says.

use clm::keyfactor::{CertificateRef, JobId, Query};
use clm::testing::{FakeJobKind, FakeJobState, Scene};

#[tokio::test]
async fn every_scene_is_the_same_in_every_run() {
    for (one, other) in [
        (Scene::offboarding().await, Scene::offboarding().await),
        (Scene::orchestrator_offline().await, Scene::orchestrator_offline().await),
        (Scene::partly_failing(2).await, Scene::partly_failing(2).await),
    ] {
        assert_eq!(one.keyfactor.snapshot(), other.keyfactor.snapshot());
        assert_eq!(one.appviewx.snapshot(), other.appviewx.snapshot());
        assert_eq!((one.thumbprint(), one.resource_ids()), (other.thumbprint(), other.resource_ids()));
    }
}

#[tokio::test]
async fn the_certificate_is_found_at_every_location_of_a_scene() {
    for scene in [Scene::offboarding().await, Scene::orchestrator_offline().await, Scene::partly_failing(10).await] {
        let certificate = CertificateRef::from(scene.thumbprint());
        let certificates = scene.keyfactor.client().certificates();
        let located = certificates.locations_of(certificate).collection_id(Scene::COLLECTION).send().await.unwrap();
        assert_eq!(located.certificate().id, scene.certificate());
        assert_eq!(located.certificate().issued_cn, Scene::COMMON_NAME);
        let mut found: Vec<_> =
            located.locations().iter().map(|it| (it.location().store(), it.location().alias().to_owned())).collect();
        found.sort_unstable();
        let mut expected: Vec<_> = scene.locations().iter().map(|it| (it.store(), it.alias().to_owned())).collect();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn the_stores_of_a_story_that_fails_in_part_fail_as_told() {
    for failing in [0, 1, 10, 11] {
        let scene = Scene::partly_failing(failing).await;
        assert_eq!(scene.failing_stores(), &scene.stores()[..failing.min(10)]);
        let unknown = scene.resource_ids().iter().filter(|id| scene.appviewx.group_of(id).is_none()).count();
        assert_eq!(unknown, failing.min(10));
    }
}

#[tokio::test]
async fn ten_thousand_jobs_wait_for_their_first_poll() {
    let scene = Scene::ten_thousand_jobs().await;
    assert_eq!((scene.stores().len(), scene.job_ids().len(), scene.failing_stores().len()), (10_000, 10_000, 100));
    let jobs = scene.keyfactor.jobs();
    assert!(jobs.iter().all(|job| job.kind == FakeJobKind::Remove && job.state == FakeJobState::Waiting));
    assert!(
        jobs.iter().map(|job| (job.id, job.store)).eq(scene
            .job_ids()
            .iter()
            .copied()
            .zip(scene.stores().iter().copied()))
    );
    // Two polls of the 100th job, which fails.
    let job: JobId = scene.job_ids()[99];
    for seen in [0, 1] {
        let history = scene.keyfactor.client().orchestrator_jobs().history(Query::field("JobId").eq(job.get()));
        assert_eq!(history.rows().unwrap().collect().await.unwrap().len(), seen);
    }
    let [polled, next] = [99, 100].map(|index| scene.keyfactor.jobs()[index].state);
    assert_eq!((polled, next), (FakeJobState::Failed, FakeJobState::Waiting));
    assert_eq!(scene.failing_stores()[0], scene.stores()[99]);
}
