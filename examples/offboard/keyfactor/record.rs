//! The record of sent calls, a file next to the plan with a line before and after each call. `--follow` reads it after an
//! interruption, and `--undo` reads it to know what was removed.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use clm::jiff::Timestamp;
use clm::keyfactor::{CertificateLocation, CertificateStoreId, JobId, SavedSchedule, Thumbprint};
use serde::{Deserialize, Serialize};

use super::step::Place;
use crate::ended::Trouble;

const FORMAT: &str = "clm.offboard.jobs";
const VERSION: u32 = 1;
/// The maximum size of a file and of a line.
const LARGEST: u64 = 64 * 1024 * 1024;

/// A store, an alias and the expected certificate.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Named {
    store_id: CertificateStoreId,
    alias: String,
    thumbprint: Option<Thumbprint>,
}

impl From<&CertificateLocation> for Named {
    fn from(location: &CertificateLocation) -> Self {
        Self {
            store_id: location.store(),
            alias: location.alias().to_owned(),
            thumbprint: location.expected_thumbprint().cloned(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Action {
    Remove,
    PutBack,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "line")]
enum Line {
    Begun {
        format: String,
        version: u32,
        server: String,
        action: Action,
    },
    Sending {
        place: Named,
        machine: Option<String>,
        path: Option<String>,
    },
    Sent {
        place: Named,
        jobs: Vec<JobId>,
        complete: bool,
    },
    /// The server refused the call, or it was not sent.
    NotDone {
        place: Named,
    },
    /// The schedules that an immediate inventory may erase, written before the request.
    Schedules {
        saved: Vec<SavedSchedule>,
    },
    /// The jobs succeeded, at this time of the server.
    Succeeded {
        place: Named,
        at: Option<String>,
    },
    /// A new inventory confirmed it.
    Confirmed {
        place: Named,
    },
}

/// The record of the current run.
pub(super) struct Record {
    path: PathBuf,
    file: File,
    /// The first failure.
    broken: Option<io::Error>,
}

impl Record {
    /// Another run of the same plan appends to the file.
    pub(super) fn begin(path: &Path, server: &str, action: Action) -> Result<Self, Trouble> {
        let trouble = |error: io::Error| Trouble::PlanFile(path.to_owned(), error.into());
        let mut options = OpenOptions::new();
        options.append(true).read(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(trouble)?;
        end_half_a_line(&mut file).map_err(trouble)?;
        sync_folder_of(path);
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut record = Self { path, file, broken: None };
        let (format, server) = (FORMAT.to_owned(), server.to_owned());
        record.add(&Line::Begun { format, version: VERSION, server, action });
        match record.broken.take() {
            Some(error) => Err(trouble(error)),
            None => Ok(record),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn broken(&self) -> Option<&io::Error> {
        self.broken.as_ref()
    }

    /// Written before the call: if the program ends during the call, the record shows that its outcome is unknown.
    pub(super) fn sending(&mut self, place: &Place) {
        let (machine, path) = (place.machine.clone(), place.path.clone());
        self.add(&Line::Sending { place: (&place.location).into(), machine, path });
    }

    pub(super) fn sent(&mut self, place: &Place, jobs: &[JobId], complete: bool) {
        self.add(&Line::Sent { place: (&place.location).into(), jobs: jobs.to_vec(), complete });
    }

    pub(super) fn not_done(&mut self, place: &Place) {
        self.add(&Line::NotDone { place: (&place.location).into() });
    }

    pub(super) fn schedules(&mut self, saved: &[SavedSchedule]) {
        self.add(&Line::Schedules { saved: saved.to_vec() });
    }

    pub(super) fn succeeded(&mut self, place: &Place, at: Option<Timestamp>) {
        self.add(&Line::Succeeded { place: (&place.location).into(), at: at.map(|at| at.to_string()) });
    }

    pub(super) fn confirmed(&mut self, place: &Place) {
        self.add(&Line::Confirmed { place: (&place.location).into() });
    }

    fn add(&mut self, line: &Line) {
        let text = serde_json::to_string(line).map_err(io::Error::from);
        let written = text.and_then(|text| {
            self.file.write_all(format!("{text}\n").as_bytes())?;
            self.file.sync_data()
        });
        if let (Err(error), None) = (written, &self.broken) {
            self.broken = Some(error);
        }
    }
}

/// Flushes the name of a new file to disk, if the directory can be opened.
fn sync_folder_of(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// Completes a partial last line, left by a program that was stopped.
fn end_half_a_line(file: &mut File) -> io::Result<()> {
    if file.metadata()?.len() == 0 {
        return Ok(());
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    if last == *b"\n" { Ok(()) } else { file.write_all(b"\n") }
}

/// Whether the jobs of a place succeeded.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum JobsEnd {
    #[default]
    NotKnown,
    /// At this time of the server, if known.
    Succeeded(Option<Timestamp>),
}

impl JobsEnd {
    pub(super) fn at(self) -> Option<Timestamp> {
        match self {
            Self::Succeeded(at) => at,
            Self::NotKnown => None,
        }
    }
}

/// What a record contains about a location.
#[derive(Clone, Default)]
pub(super) struct Known {
    pub(super) machine: Option<String>,
    pub(super) path: Option<String>,
    /// `None` if no response is recorded.
    pub(super) jobs: Option<Vec<JobId>>,
    /// Whether there are as many as expected.
    pub(super) complete: bool,
    pub(super) not_done: bool,
    pub(super) jobs_end: JobsEnd,
    pub(super) confirmed: bool,
}

/// All runs of a record.
pub(super) struct Read {
    pub(super) server: String,
    pub(super) action: Action,
    /// In the order in which they were sent.
    pub(super) places: Vec<(CertificateLocation, Known)>,
    /// The inventory schedules that a run may have erased, as first recorded.
    pub(super) schedules: Vec<SavedSchedule>,
}

impl Read {
    pub(super) fn of(path: &Path) -> Result<Self, Trouble> {
        Self::lines(path).map_err(|why| Trouble::PlanFile(path.to_owned(), why.into()))
    }

    fn lines(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let mut reader = BufReader::new(file.take(LARGEST));
        let mut runs: Option<Self> = None;
        let mut numbers = HashMap::new();
        let (mut number, mut cut) = (0, None);
        loop {
            let mut bytes = Vec::new();
            number += 1;
            // The first line shows whether the file is a record.
            let longest = if number == 1 { 4096 } else { LARGEST };
            let read =
                reader.by_ref().take(longest).read_until(b'\n', &mut bytes).map_err(|error| error.to_string())?;
            if read == 0 {
                break;
            }
            let line: Line = match serde_json::from_slice(&bytes) {
                Ok(line) => line,
                // A program that was stopped leaves a partial last line.
                Err(error) if number > 1 && cut.is_none() => {
                    cut = Some(error);
                    continue;
                }
                Err(error) => return Err(format!("line {number} is not a valid record: {error}")),
            };
            if let (Some(error), false) = (cut.take(), matches!(line, Line::Begun { .. })) {
                return Err(format!("line {} is not a valid record: {error}", number - 1));
            }
            match (line, &mut runs) {
                (Line::Begun { format, version, server, action }, runs) => {
                    if format != FORMAT || version != VERSION {
                        return Err(format!(
                            "the format is {format:?}, version {version}; {FORMAT:?}, version {VERSION}, is supported"
                        ));
                    }
                    // A file contains all runs of a plan.
                    runs.get_or_insert_with(|| Self { server, action, places: Vec::new(), schedules: Vec::new() });
                }
                (_, None) => return Err("it is not a record of sent calls".to_owned()),
                (line, Some(run)) => run.take(line, &mut numbers),
            }
        }
        runs.ok_or_else(|| "it is empty".to_owned())
    }

    fn take(&mut self, line: Line, numbers: &mut HashMap<Named, usize>) {
        if let Line::Schedules { saved } = line {
            for saved in saved {
                if self.schedules.iter().all(|it| it.store_id != saved.store_id) {
                    self.schedules.push(saved);
                }
            }
            return;
        }
        let (Line::Sending { place, .. }
        | Line::Sent { place, .. }
        | Line::NotDone { place }
        | Line::Succeeded { place, .. }
        | Line::Confirmed { place }) = &line
        else {
            return;
        };
        let number = *numbers.entry(place.clone()).or_insert_with(|| {
            let location = CertificateLocation::new(place.store_id, &place.alias);
            let location = match &place.thumbprint {
                Some(thumbprint) => location.expecting_thumbprint(thumbprint),
                None => location,
            };
            self.places.push((location, Known::default()));
            self.places.len() - 1
        });
        let Some((_, known)) = self.places.get_mut(number) else { return };
        match line {
            Line::Begun { .. } | Line::Schedules { .. } => {}
            Line::Sending { machine, path, .. } => (known.machine, known.path) = (machine, path),
            Line::Sent { jobs, complete, .. } => (known.jobs, known.complete) = (Some(jobs), complete),
            Line::NotDone { .. } => known.not_done = true,
            Line::Succeeded { at, .. } => {
                known.jobs_end = JobsEnd::Succeeded(at.and_then(|at| at.parse().ok()));
            }
            Line::Confirmed { .. } => known.confirmed = true,
        }
    }
}

/// The path of the record for a plan.
pub(super) fn beside(plan: &Path, action: Action) -> PathBuf {
    plan.with_extension(match action {
        Action::Remove => "jobs",
        Action::PutBack => "undo.jobs",
    })
}
