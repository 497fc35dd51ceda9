//! A removal plan as a document.

use std::io;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{PlannedCertificate, PlannedRemoval, RemovalPlan};
use crate::lenient::one_line;
use crate::plan_file::{self, Document, PlanError, PlanFormat, PlanHeader};

impl PlanFormat for RemovalPlan {
    const FORMAT: &'static str = "clm.keyfactor.removal-plan";
    const VERSION: u32 = 1;
    const MEMBERS: &'static [&'static str] = &[
        "header",
        "collection_id",
        "certificates",
        "removals",
        "omitted",
        "inventory_schedules",
        // Of documents without a header.
        "certificate_id",
        "thumbprint",
        "issued_cn",
        "has_private_key",
    ];

    fn of_document(header: PlanHeader, mut document: Document) -> Result<Self, PlanError> {
        let plan = Self {
            header,
            collection_id: document.or_default("collection_id")?,
            certificates: document.needed("certificates")?,
            removals: document.needed("removals")?,
            omitted: document.or_default("omitted")?,
            inventory_schedules: document.or_default("inventory_schedules")?,
        };
        plan.checked()
    }

    /// A plan of one certificate, whose members stand beside those of the plan.
    fn of_headless(mut document: Document) -> Result<Self, PlanError> {
        if !document.has("certificate_id") || !document.has("removals") {
            return Err(PlanError::AnotherFormat { found: None, expected: Self::FORMAT });
        }
        let certificate = PlannedCertificate {
            id: document.needed("certificate_id")?,
            thumbprint: document.needed("thumbprint")?,
            issued_cn: document.needed("issued_cn")?,
            has_private_key: document.needed("has_private_key")?,
        };
        let mut removals: Vec<Map<String, Value>> = document.needed("removals")?;
        for removal in &mut removals {
            removal.insert("thumbprint".to_owned(), certificate.thumbprint.as_str().into());
        }
        let removals: Result<Vec<_>, _> =
            removals.into_iter().map(|it| PlannedRemoval::deserialize(Value::Object(it))).collect();
        let plan = Self {
            header: PlanHeader::unknown::<Self>(),
            collection_id: document.or_default("collection_id")?,
            removals: removals.map_err(|error| PlanError::Malformed(format!("`removals`: {error}")))?,
            certificates: vec![certificate],
            omitted: Vec::new(),
            inventory_schedules: Vec::new(),
        };
        plan.checked()
    }
}

impl RemovalPlan {
    /// Reads a plan from JSON, in UTF-8 or in UTF-16 with a byte order mark. Some tools rewrite files in UTF-16.
    /// Plans of earlier versions of this crate are accepted, including those without a header.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::RemovalPlan;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// let mut file = Vec::new();
    /// plan.write_to(&mut file)?;
    /// assert_eq!(RemovalPlan::from_json(&file)?, plan);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`PlanError`] distinguishes a truncated file, a file that is not JSON, a file of another format, such as a
    /// plan for AppViewX, and a plan of a newer version of this crate. Whether the plan was made for another server
    /// is checked when it is used.
    pub fn from_json(bytes: impl AsRef<[u8]>) -> Result<Self, PlanError> {
        plan_file::from_json(bytes.as_ref())
    }

    /// Reads a plan as [`from_json`](Self::from_json), from a reader. Reading stops early if the data does not begin
    /// like a plan or is larger than 128 MiB. It blocks the thread.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::fs::File;
    ///
    /// use clm::keyfactor::RemovalPlan;
    ///
    /// let plan = RemovalPlan::read_from(File::open("removal-plan.json")?)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of [`from_json`](Self::from_json), and [`PlanError::Unreadable`].
    pub fn read_from(reader: impl io::Read) -> Result<Self, PlanError> {
        plan_file::read_from(reader)
    }

    /// Reads a plan from a file, as [`read_from`](Self::read_from). It blocks the thread.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), clm::PlanError> {
    /// use clm::keyfactor::RemovalPlan;
    ///
    /// let plan = RemovalPlan::load("removal-plan.json")?;
    /// println!("{} entries", plan.removals.len());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of [`read_from`](Self::read_from); [`PlanError::Unreadable`] if the file cannot be opened.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, PlanError> {
        plan_file::load(path.as_ref())
    }

    /// Writes the plan to a new file, before you remove anything. The file is complete and on the disk when this
    /// method returns, and only its owner can read it (on Unix; for Windows, see [`platforms`]). An existing file is
    /// never overwritten, because it may be the plan of an earlier removal. This blocks the thread.
    ///
    /// [`platforms`]: crate::guide::platforms
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// # let path = std::env::temp_dir().join(format!("clm-doc-removal-{}.json", std::process::id()));
    /// use clm::keyfactor::RemovalPlan;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// plan.save_new(&path)?;
    /// // … removed, and wanted back, perhaps in another process …
    /// assert_eq!(RemovalPlan::load(&path)?, plan);
    /// # std::fs::remove_file(&path)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`AlreadyExists`](std::io::ErrorKind::AlreadyExists) if there is a file with this name, other errors of the
    /// file system, and those of [`write_to`](Self::write_to). No file is created then.
    pub fn save_new(&self, path: impl AsRef<Path>) -> io::Result<()> {
        plan_file::save_new(self, path.as_ref())
    }

    /// Writes the plan as JSON to a writer. **A partly written file is useless:** to write a file, use
    /// [`save_new`](Self::save_new). It blocks the thread.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use clm::testing::{FakeCertificate, FakeKeyfactor};
    /// # let fake = FakeKeyfactor::start().await;
    /// # let id = fake.issue(FakeCertificate::new("www.example.com").private_key());
    /// # fake.put(fake.add_store(), "www.example.com.pfx", id);
    /// # let (stores, thumbprint) = (fake.client().certificate_stores(), fake.thumbprint(id));
    /// use clm::keyfactor::RemovalPlan;
    ///
    /// let plan = stores.plan_removal_of([thumbprint]).send().await?;
    /// let mut file = Vec::new();
    /// plan.write_to(&mut file)?;
    ///
    /// assert_eq!(RemovalPlan::from_json(&file)?, plan);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of the writer; [`FileTooLarge`](std::io::ErrorKind::FileTooLarge), with nothing written, if the file
    /// would be too large to be read back.
    pub fn write_to(&self, writer: impl io::Write) -> io::Result<()> {
        plan_file::write_to(self, writer)
    }

    /// Each place names one of the certificates, and none of these stands twice.
    fn checked(self) -> Result<Self, PlanError> {
        let mut thumbprints: Vec<_> = self.certificates.iter().map(|it| &it.thumbprint).collect();
        thumbprints.sort();
        let twice = thumbprints.windows(2).find_map(|pair| pair.first().filter(|first| pair.get(1) == Some(first)));
        if let Some(twice) = twice {
            let twice = one_line(twice.as_str());
            return Err(PlanError::Malformed(format!("`certificates`: {twice} is listed twice")));
        }
        let unnamed = self.removals.iter().find(|it| thumbprints.binary_search(&&it.thumbprint).is_err());
        if let Some(unnamed) = unnamed {
            let thumbprint = one_line(unnamed.thumbprint.as_str());
            return Err(PlanError::Malformed(format!("`removals`: {thumbprint} is not one of the certificates")));
        }
        Ok(self)
    }
}
