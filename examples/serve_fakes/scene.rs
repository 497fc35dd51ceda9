//! The scenes of the crate.

use clm::testing::{Scene, load_both};
use serde_json::json;

use crate::commands::Fakes;
use crate::trouble::Trouble;

/// The number of failing stores in `partly-failing`.
const FAILING: usize = 3;

/// The initial scene.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Chosen {
    #[default]
    Offboarding,
    OrchestratorOffline,
    PartlyFailing,
    TenThousandJobs,
}

impl Chosen {
    const ALL: [Self; 4] = [Self::Offboarding, Self::OrchestratorOffline, Self::PartlyFailing, Self::TenThousandJobs];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Offboarding => "offboarding",
            Self::OrchestratorOffline => "orchestrator-offline",
            Self::PartlyFailing => "partly-failing",
            Self::TenThousandJobs => "ten-thousand-jobs",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|it| it.name() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.into_iter().map(Self::name).collect();
            format!("expected one of {}", names.join(", "))
        })
    }

    async fn arranged(self) -> Scene {
        match self {
            Self::Offboarding => Scene::offboarding().await,
            Self::OrchestratorOffline => Scene::orchestrator_offline().await,
            Self::PartlyFailing => Scene::partly_failing(FAILING).await,
            Self::TenThousandJobs => Scene::ten_thousand_jobs().await,
        }
    }

    /// Loads the scene into the fakes. The server's clock is the clock of this machine, because programs compare
    /// the two.
    pub(crate) async fn arrange(self, fakes: &Fakes) -> Result<(), Trouble> {
        let scene = self.arranged().await;
        let state = json!({"keyfactor": scene.keyfactor.snapshot(), "appviewx": scene.appviewx.snapshot()});
        load_both(&state, &fakes.keyfactor, &fakes.appviewx)
            .map_err(|error| Trouble::State(self.name().into(), error.to_string()))?;
        fakes.keyfactor.set_clock(jiff::Timestamp::now());
        Ok(())
    }
}
