// The program of `testing.md`, for its tests: hidden lines there bring it in, and `tests/fakes/guide_testing.rs` holds it against what
// the page shows. In those tests, `#[tokio::test]` stands for `#[tokio::main]`, so that their `main` can call them.

mod automation {
    use std::time::Duration;

    use clm::{appviewx, keyfactor};

    /// Removes a certificate from every store that holds it, and follows the jobs until they end or the
    /// time is up.
    pub async fn offboard(
        client: &keyfactor::Client,
        thumbprint: &str,
        patience: Duration,
    ) -> Result<keyfactor::JobsReport, keyfactor::Error> {
        let (stores, jobs) = (client.certificate_stores(), client.orchestrator_jobs());
        let located = client.certificates().locations_of(thumbprint).send().await?;
        let plan = stores.plan_removal(&located).await?;
        let removal = stores.remove(&plan, keyfactor::Schedule::Immediate).send().await?;
        jobs.watch(removal.job_ids()).deadline(patience).finish().await
    }

    /// Moves certificates to the default group. Returns the ids that the server did not confirm.
    pub async fn unassign(
        client: &appviewx::Client,
        ids: &[&str],
    ) -> Result<Vec<appviewx::ResourceId>, appviewx::Error> {
        let outcome = client.certificate_groups().unassign(ids.iter().copied()).send().await?;
        Ok(outcome.unconfirmed_ids().to_vec())
    }
}
