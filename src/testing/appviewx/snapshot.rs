//! The state as JSON, and fakes made from it.

use serde_json::{Map, Value, json};

use super::{AppViewXPermission, Certificate, DEFAULT_GROUP, FakeAppViewX, FakeCategory, State};
use crate::testing::state::{FakeStateError, Loaded, Object, members, number, one_of, text, unknown_word, word_with};

/// The state as JSON: to compare it before and after, to store it, and to start a fake from it.
impl FakeAppViewX {
    /// Returns the state as JSON: certificates with their group, category, comments and the members of their rows, groups with
    /// their policies, the denied permissions, and the settings that are on. Equal states give equal values. The members are
    /// described on [this page](crate::guide::fake_state).
    ///
    /// It **omits** secrets: sessions, tokens and passwords. It also omits what is not state of the server: the requests and
    /// faults.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// let before = fake.snapshot();
    /// assert_eq!(before["certificates"][0]["group"], "web-servers");
    ///
    /// fake.move_certificate("67bc2ca76a105e1a05691c1c", "agents");
    /// assert_ne!(fake.snapshot(), before);
    /// # }
    /// ```
    #[must_use]
    pub fn snapshot(&self) -> Value {
        self.state(|state| state.to_snapshot())
    }

    /// Starts a fake in the state of a [`snapshot`](Self::snapshot) or of a document that was written by hand. Missing members have
    /// defaults, so a short document is enough. The members are described on [this page](crate::guide::fake_state).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::serde_json::json;
    /// use clm::testing::FakeAppViewX;
    ///
    /// let certificates = json!([{"id": "67bc2ca76a105e1a05691c1c", "group": "web-servers"}]);
    /// let fake = FakeAppViewX::start_from(&json!({"certificates": certificates})).await?;
    /// assert_eq!(fake.group_of("67bc2ca76a105e1a05691c1c").as_deref(), Some("web-servers"));
    ///
    /// let error = FakeAppViewX::start_from(&json!({"certificates": [{"group": "web-servers"}]}))
    ///     .await
    ///     .unwrap_err();
    /// assert_eq!(error.to_string(), "certificates[0].id: is missing");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If a member is unknown or cannot be read. The error contains its path.
    ///
    /// # Panics
    /// If no port is available.
    pub async fn start_from(state: &Value) -> Result<Self, FakeStateError> {
        let state = Self::read_snapshot(state)?;
        let fake = Self::start().await;
        fake.replace_state(state);
        Ok(fake)
    }

    /// Replaces the state of the fake by that of a [`snapshot`](Self::snapshot). Sessions, tokens, the account and the recorded
    /// requests stay.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// let before = fake.snapshot();
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// fake.load(&before)?;
    /// assert_eq!(fake.group_of("67bc2ca76a105e1a05691c1c"), None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If a member is unknown or cannot be read. The error contains its path, and the state of the fake does not change.
    pub fn load(&self, state: &Value) -> Result<(), FakeStateError> {
        self.replace_state(Self::read_snapshot(state)?);
        Ok(())
    }

    pub(in crate::testing) fn read_snapshot(state: &Value) -> Result<State, FakeStateError> {
        State::from_snapshot(state)
    }

    pub(in crate::testing) fn replace_state(&self, loaded: State) {
        self.state(|state| {
            let before = std::mem::replace(state, loaded);
            state.sessions = before.sessions;
        });
    }
}

impl State {
    fn to_snapshot(&self) -> Value {
        let certificates = self.certificates.iter().map(|(id, it)| {
            json!({
                "id": id,
                "group": it.group,
                "category": category_word(it.category),
                "comments": it.comments,
                "members": it.members,
            })
        });
        json!({
            "denied": self.denied.iter().map(permission).collect::<Vec<_>>(),
            "modes": self.modes(),
            "comment_limit": self.comment_limit,
            "comment_characters": self.comment_characters.iter().collect::<String>(),
            "groups": self.groups.iter().map(|(name, policy)| json!({"name": name, "policy": policy})).collect::<Vec<_>>(),
            "certificates": certificates.collect::<Vec<_>>(),
            "groups_in_searches": self.search.shown,
        })
    }

    fn modes(&self) -> Vec<Value> {
        let switches = [
            ("answer_no_hits_with_404", self.search.no_hits_are_404),
            ("ignore_paging", self.search.ignores_paging),
            ("ignore_search_terms", self.search.ignores_terms),
            ("require_comment", self.comment_required),
            ("tell_login_attempts", self.writing.tells_login_attempts),
            ("write_counts_as_text", self.writing.counts_are_text),
        ];
        let on = switches.into_iter().filter(|(_, on)| *on).map(|(name, _)| json!(name));
        on.chain(self.search.cap.map(|rows| json!({"cap_pages": rows}))).collect()
    }

    fn from_snapshot(value: &Value) -> Loaded<Self> {
        let mut object = Object::of(value)?;
        let denied = object.list("denied", |_, it| read_permission(it))?.into_iter().collect();
        let mut state = Self { denied, ..Self::default() };
        object.list("modes", |_, it| state.load_mode(it))?;
        if let Some(limit) = object.take("comment_limit", number)? {
            state.comment_limit = limit;
        }
        let characters = object.take("comment_characters", text)?.unwrap_or_default();
        state.comment_characters = characters.chars().collect();
        object.list("groups", |_, it| state.load_group(it))?;
        object.list("certificates", |_, it| state.load_certificate(it))?;
        let shown = object.take("groups_in_searches", |it| state.groups_in_searches(it))?;
        state.search.shown = shown.unwrap_or_default().into_iter().collect();
        object.finish()?;
        Ok(state)
    }

    fn load_mode(&mut self, value: &Value) -> Loaded<()> {
        match word_with(value)? {
            ("answer_no_hits_with_404", Value::Null) => self.search.no_hits_are_404 = true,
            ("ignore_paging", Value::Null) => self.search.ignores_paging = true,
            ("ignore_search_terms", Value::Null) => self.search.ignores_terms = true,
            ("require_comment", Value::Null) => self.comment_required = true,
            ("tell_login_attempts", Value::Null) => self.writing.tells_login_attempts = true,
            ("write_counts_as_text", Value::Null) => self.writing.counts_are_text = true,
            ("cap_pages", rows) => {
                self.search.cap = Some(number(rows).map_err(|error| error.in_member("cap_pages"))?);
            }
            (word, _) => return Err(unknown_word(word)),
        }
        Ok(())
    }

    fn load_group(&mut self, value: &Value) -> Loaded<()> {
        let mut object = Object::of(value)?;
        let name = object.need("name", text)?;
        let policy = object.take("policy", text)?;
        object.finish()?;
        if self.groups.contains_key(&name) {
            return Err(FakeStateError::new(format!("'{name}' is listed twice")).in_member("name"));
        }
        match policy {
            Some(policy) => self.groups.insert(name, policy).map_or((), drop),
            None => self.keep_group(&name),
        }
        Ok(())
    }

    /// A group that is not listed comes with its certificate.
    fn load_certificate(&mut self, value: &Value) -> Loaded<()> {
        let mut object = Object::of(value)?;
        let id = object.need("id", text)?;
        let category = object.take("category", |it| one_of(it, &FakeCategory::ALL, category_word))?;
        let group = object.take("group", text)?;
        let certificate = Certificate {
            group: group.unwrap_or_else(|| DEFAULT_GROUP.to_owned()),
            category: category.unwrap_or(FakeCategory::Server),
            comments: object.list("comments", |_, it| text(it))?,
            members: object.take("members", members)?.unwrap_or_default(),
        };
        object.finish()?;
        if certificate.group != DEFAULT_GROUP {
            self.keep_group(&certificate.group);
        }
        match self.certificates.insert(id.clone(), certificate) {
            None => Ok(()),
            Some(_) => Err(FakeStateError::new(format!("'{id}' is listed twice")).in_member("id")),
        }
    }

    fn groups_in_searches(&self, value: &Value) -> Loaded<Vec<(String, String)>> {
        let shown: Map<String, Value> = members(value)?;
        let shown = shown.into_iter().map(|(id, group)| {
            let known = self.certificates.contains_key(&id);
            let group = if known { text(&group) } else { Err(FakeStateError::new("no certificate has this id")) };
            group.map_err(|error| error.in_member(id.as_str())).map(|group| (id, group))
        });
        shown.collect()
    }
}

fn category_word(it: FakeCategory) -> &'static str {
    match it {
        FakeCategory::Server => "server",
        FakeCategory::Client => "client",
        FakeCategory::CodeSigning => "code_signing",
        FakeCategory::Device => "device",
    }
}

fn permission(it: &AppViewXPermission) -> Value {
    match it {
        AppViewXPermission::AssignGroups => json!("assign_groups"),
        AppViewXPermission::UpdateCertificates => json!("update_certificates"),
        AppViewXPermission::UseCategory(category) => json!({"use_category": category_word(*category)}),
        AppViewXPermission::ViewInventory(category) => json!({"view_inventory": category_word(*category)}),
        AppViewXPermission::WriteGroup(group) => json!({"write_group": group}),
        AppViewXPermission::SearchCertificates => json!("search_certificates"),
        AppViewXPermission::ReadGroups => json!("read_groups"),
        AppViewXPermission::WriteDefaultGroup => json!("write_default_group"),
    }
}

fn read_permission(value: &Value) -> Loaded<AppViewXPermission> {
    let (word, given) = word_with(value)?;
    let category = || one_of(given, &FakeCategory::ALL, category_word).map_err(|error| error.in_member(word));
    Ok(match (word, given) {
        ("assign_groups", Value::Null) => AppViewXPermission::AssignGroups,
        ("update_certificates", Value::Null) => AppViewXPermission::UpdateCertificates,
        ("use_category", _) => AppViewXPermission::UseCategory(category()?),
        ("view_inventory", _) => AppViewXPermission::ViewInventory(category()?),
        ("write_group", _) => AppViewXPermission::WriteGroup(text(given).map_err(|error| error.in_member(word))?),
        ("search_certificates", Value::Null) => AppViewXPermission::SearchCertificates,
        ("read_groups", Value::Null) => AppViewXPermission::ReadGroups,
        ("write_default_group", Value::Null) => AppViewXPermission::WriteDefaultGroup,
        _ => return Err(unknown_word(word)),
    })
}
