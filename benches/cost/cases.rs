//! What is measured, and where the bars are.

/// One call, with so many places, ids or rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Case {
    pub call: Call,
    pub size: usize,
}

/// The calls that are measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    /// `POST /CertificateStores/Certificates/Remove`, each over a connection of its own.
    Remove,
    /// `PUT /certificate/group/unassign`, each over a connection of its own.
    Unassign,
    /// `GET /OrchestratorJobs/JobHistory`, over a connection that is kept.
    History,
}

/// Who makes the call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// Typed and idiomatic reqwest. What the crate is compared with.
    ByHand,
    /// This crate.
    Crate,
    /// Reqwest with everything prepared that can be: nobody writes it so, and no crate can cost less.
    Prepared,
}

impl Case {
    pub const ALL: [Self; 7] = [
        Self { call: Call::Remove, size: 1 },
        Self { call: Call::Remove, size: 10 },
        Self { call: Call::Remove, size: 100 },
        Self { call: Call::Unassign, size: 1 },
        Self { call: Call::Unassign, size: 10 },
        Self { call: Call::Unassign, size: 100 },
        Self { call: Call::History, size: 50 },
    ];

    pub fn name(self) -> String {
        let call = match self.call {
            Call::Remove => "remove",
            Call::Unassign => "unassign",
            Call::History => "history",
        };
        format!("{call}-{}", self.size)
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|case| case.name() == name)
    }

    /// The most that the crate may cost, in hundredths of what the same costs by hand.
    pub fn bar(self) -> u64 {
        match self.call {
            Call::Remove => 95,
            Call::Unassign => 100,
            Call::History => 115,
        }
    }
}

impl Case {
    /// What the crate may cost at present, in hundredths: the bar for one place, one id and a page of rows, where it is reached. For
    /// many in one call, what is reached. Each with two more, since builds of the same code in other folders differ by more than one.
    /// A change that costs more fails.
    pub fn limit(self) -> u64 {
        match (self.call, self.size) {
            (Call::Remove, 1) | (Call::Unassign, 1) | (Call::History, _) => self.bar() + 2,
            (Call::Remove, 10) => 108,
            (Call::Remove, _) => 138,
            (Call::Unassign, 10) => 103,
            (Call::Unassign, _) => 110,
        }
    }
}

impl Side {
    pub const ALL: [Self; 3] = [Self::ByHand, Self::Crate, Self::Prepared];

    pub fn name(self) -> &'static str {
        match self {
            Self::ByHand => "by-hand",
            Self::Crate => "crate",
            Self::Prepared => "prepared",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.name() == name)
    }
}

/// The places of a removal.
pub fn places(size: usize) -> impl Iterator<Item = (uuid::Uuid, String)> {
    (0..size).map(|index| {
        let store = uuid::Uuid::from_u128(0x5707_0000_0000_4000_8000_0000_0000_0001 + index as u128);
        (store, format!("www{index}.example.com.pfx"))
    })
}

/// The ids of an unassignment.
pub fn resource_ids(size: usize) -> impl Iterator<Item = String> {
    (0..size).map(|index| format!("67bc2ca76a105e1a{index:08x}"))
}

pub const USER: &str = r"EXAMPLE\svc-clm";
pub const PASSWORD: &str = "correct-horse-battery-staple";
pub const SESSION: &str = "5f1ad0a4-7d6e-4a8d-9d8b-0d5e6f0a1b2c";
pub const COMMENT: &str = "Decommissioned with CHG 1234";
pub const QUERY: &str = r#"JobType -contains "Management""#;
