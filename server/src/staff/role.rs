//! Roles: who may do what, and where. All of it stands here; a page names the permission that it needs.

use crate::statistics::Scope;
use Permission::*;

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Numbers of the own places, rounded.
    Figures,
    /// The same exactly. Each page is noted first.
    ExactCounts,
    /// Who reported, and what was refused, late or perhaps double.
    Coverage,
    /// Referrals that nobody answered in time, without anything of a case.
    WorkLists,
    /// What waits in quarantine, and deciding about it.
    Quarantine,
    /// The list of phones, revoking and trusting one.
    Devices,
    /// Who has an account.
    SeeAccounts,
    /// Inviting somebody, and ending an account.
    ManageAccounts,
    /// Who saw what.
    Audit,
}

/// What an account may do. A provincial coordinator does it in one province, all others in the nation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    NationalCoordinator,
    ProvincialCoordinator(Scope),
    NationalDataOfficer,
    Reviewer,
    DeviceOfficer,
    Auditor,
}

/// The permissions of each role, in the order of [`Role::WORDS`].
const PERMISSIONS: [&[Permission]; 6] = [
    &[Figures, Coverage, WorkLists, SeeAccounts, Audit],
    &[Figures, Coverage, WorkLists],
    &[Figures, ExactCounts, Coverage, WorkLists, Quarantine, SeeAccounts, ManageAccounts, Audit],
    &[Figures, Coverage, WorkLists, Quarantine],
    &[Coverage, Quarantine, Devices],
    &[Coverage, SeeAccounts, Audit],
];

impl Role {
    pub const WORDS: [&str; 6] = [
        "national-coordinator",
        "provincial-coordinator",
        "national-data-officer",
        "reviewer",
        "device-officer",
        "auditor",
    ];

    /// From its word and, for a provincial coordinator, the code of the province.
    pub fn read(word: &str, province: Option<&str>) -> Option<Self> {
        let role = match Self::WORDS.iter().position(|known| *known == word)? {
            1 => return Scope::province(province?).map(Self::ProvincialCoordinator),
            0 => Self::NationalCoordinator,
            2 => Self::NationalDataOfficer,
            3 => Self::Reviewer,
            4 => Self::DeviceOfficer,
            _ => Self::Auditor,
        };
        province.is_none().then_some(role)
    }

    /// The place of a role in [`Self::WORDS`], and of its name among the texts of the pages.
    pub fn index(self) -> usize {
        match self {
            Self::NationalCoordinator => 0,
            Self::ProvincialCoordinator(_) => 1,
            Self::NationalDataOfficer => 2,
            Self::Reviewer => 3,
            Self::DeviceOfficer => 4,
            Self::Auditor => 5,
        }
    }

    pub fn word(self) -> &'static str {
        Self::WORDS[self.index()]
    }

    pub fn may(self, what: Permission) -> bool {
        PERMISSIONS[self.index()].contains(&what)
    }

    /// Whose numbers this role sees first.
    pub fn home(self) -> Scope {
        if let Self::ProvincialCoordinator(scope) = self { scope } else { Scope::Nation }
    }

    pub fn province(self) -> Option<&'static str> {
        self.home().code()
    }

    /// Whether a permission reaches to a place.
    pub fn covers(self, scope: Scope) -> bool {
        self.home() == Scope::Nation || self.home() == scope
    }
}
