//! What both servers should hold, written down a second time, as short as it can be said.

use std::collections::BTreeMap;

use super::{Place, Plan, Step};

#[derive(Default)]
pub(super) struct Model {
    pub(super) stores: [Store; super::STORES],
    pub(super) jobs: Vec<Job>,
    /// The job of each run, whether it succeeded, and whether that was acknowledged.
    pub(super) runs: Vec<(usize, bool, bool)>,
    /// The group of each certificate of AppViewX, and the ids that the last change named as moved.
    pub(super) groups: BTreeMap<&'static str, &'static str>,
    pub(super) moved: Vec<&'static str>,
}

/// Certificates by alias: those that are there, and those that Command's inventory knows.
#[derive(Default)]
pub(super) struct Store {
    pub(super) held: BTreeMap<&'static str, usize>,
    pub(super) seen: BTreeMap<&'static str, usize>,
    pub(super) is_away: bool,
    /// The inventory job and its schedule.
    pub(super) inventory: Option<(usize, Plan)>,
}

pub(super) struct Job {
    pub(super) work: Work,
    pub(super) place: Place,
    pub(super) waits: bool,
    pub(super) state: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Work {
    Remove,
    Add { certificate: usize, overwrite: bool },
    Inventory { again: bool },
}

impl Model {
    /// Whether the server takes it.
    pub(super) fn take(&mut self, step: &Step) -> bool {
        let failed = |model: &Self, run: &usize| !model.runs[*run].1;
        match step {
            Step::Remove { places, .. } => places.iter().for_each(|place| self.wait(Work::Remove, *place)),
            Step::Add { certificate, places, overwrite } => {
                if *overwrite && !places.iter().all(|(store, alias)| self.stores[*store].seen.contains_key(alias)) {
                    return false;
                }
                let work = Work::Add { certificate: *certificate, overwrite: *overwrite };
                for place in places {
                    self.wait(work, *place);
                }
            }
            Step::Inventory { store, plan } => {
                if let Some((before, _)) = self.stores[*store].inventory.take() {
                    (self.jobs[before].waits, self.jobs[before].state) = (false, "unscheduled");
                }
                if *plan != Plan::Off {
                    self.stores[*store].inventory = Some((self.jobs.len(), *plan));
                    self.wait(Work::Inventory { again: *plan != Plan::Now }, (*store, ""));
                }
            }
            Step::Unschedule(jobs) => {
                if jobs.iter().any(|job| matches!(self.jobs[*job].work, Work::Inventory { .. })) {
                    return false;
                }
                for job in jobs.iter().copied().filter(|job| self.jobs[*job].waits).collect::<Vec<_>>() {
                    (self.jobs[job].waits, self.jobs[job].state) = (false, "unscheduled");
                }
            }
            Step::Reschedule(runs) => {
                if !runs.iter().all(|run| failed(self, run)) {
                    return false;
                }
                for (job, ..) in runs.iter().map(|run| self.runs[*run]) {
                    (self.jobs[job].waits, self.jobs[job].state) = (true, "waiting");
                }
            }
            Step::Acknowledge(runs) => {
                if !runs.iter().all(|run| failed(self, run) && !self.runs[*run].2) {
                    return false;
                }
                for run in runs {
                    self.runs[*run].2 = true;
                }
            }
            Step::RunJobs => (0..self.jobs.len()).for_each(|job| self.run(job)),
            Step::Agent { store, is_away } => self.stores[*store].is_away = *is_away,
            Step::TakenOut((store, alias)) => drop(self.stores[*store].held.remove(alias)),
            Step::Move { group, ids } => {
                let group = group.unwrap_or("Default");
                if group == "nowhere" {
                    return false;
                }
                let is_elsewhere = |id: &&str| self.groups.get(id).is_some_and(|now| *now != group);
                self.moved = ids.iter().copied().filter(is_elsewhere).collect();
                self.groups.extend(self.moved.iter().map(|id| (*id, group)));
            }
        }
        true
    }

    fn wait(&mut self, work: Work, place: Place) {
        self.jobs.push(Job { work, place, waits: true, state: "waiting" });
    }

    fn run(&mut self, index: usize) {
        let Job { work, place: (number, alias), waits, state } = &mut self.jobs[index];
        let store = &mut self.stores[*number];
        if !*waits || store.is_away {
            return;
        }
        let (is_there, is_again) = (store.held.contains_key(alias), *work == Work::Inventory { again: true });
        let succeeded = match *work {
            Work::Remove => store.held.remove(alias).is_some(),
            Work::Add { overwrite: false, .. } if is_there => false,
            Work::Add { certificate, .. } => store.held.insert(alias, certificate).is_none() || is_there,
            Work::Inventory { .. } => {
                store.seen = store.held.clone();
                store.inventory = store.inventory.filter(|(job, _)| is_again || *job != index);
                true
            }
        };
        if succeeded && !alias.is_empty() {
            store.seen.remove(alias);
            store.seen.extend(store.held.get_key_value(alias));
        }
        self.runs.push((index, succeeded, false));
        (*waits, *state) = (is_again, if succeeded { "succeeded" } else { "failed" });
    }
}
