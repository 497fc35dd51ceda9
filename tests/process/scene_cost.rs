//! The large scene is quick to set up: counted in allocations of a process of its own, not timed.

use std::process::{Command, Stdio};

use clm::testing::Scene;
use stats_alloc::Region;

use crate::large_fakes::HEAP;
use crate::support::spawn;

const ROLE: &str = "CLM_TEST_SCENE_COST";
const SAYS: &str = "clm-scene: ";
const JOBS: usize = 10_000;
/// For each store with an entry in both layers and a job.
const MOST_ALLOCATIONS: usize = 27;
const MOST_BYTES: usize = 5_200;

/// What the counted process runs. Without the role there is nothing to do.
#[tokio::test]
async fn plays_its_role() {
    if std::env::var_os(ROLE).is_none() {
        return;
    }
    let region = Region::new(HEAP);
    let scene = Scene::ten_thousand_jobs().await;
    let counted = region.change();
    assert_eq!(scene.job_ids().len(), JOBS);
    println!("{SAYS}{} {}", counted.allocations + counted.reallocations, counted.bytes_allocated);
}

#[test]
fn ten_thousand_jobs_take_few_allocations_each() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["scene_cost::plays_its_role", "--exact", "--nocapture"]);
    let output = spawn(command.env(ROLE, "1").stdout(Stdio::piped())).wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let figures = text.lines().find_map(|line| Some(line.split_once(SAYS)?.1)).unwrap();
    println!("allocations and bytes of the scene: {figures}");
    let (allocations, bytes) = figures.split_once(' ').unwrap();
    let (allocations, bytes): (usize, usize) = (allocations.parse().unwrap(), bytes.parse().unwrap());
    assert!(allocations <= MOST_ALLOCATIONS * JOBS, "{allocations} allocations");
    assert!(bytes <= MOST_BYTES * JOBS, "{bytes} bytes");
}
