//! Roles: who may see what.

use crate::statistics::Scope;

/// What an account may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Coordinator,
    ProvincialCoordinator(Scope),
    NationalDataOfficer,
}

impl Role {
    pub const WORDS: [&str; 3] = ["coordinator", "provincial-coordinator", "national-data-officer"];

    /// From its word and, for a provincial coordinator, the code of the province.
    pub fn read(word: &str, province: Option<&str>) -> Option<Self> {
        match (word, province) {
            ("coordinator", None) => Some(Self::Coordinator),
            ("provincial-coordinator", Some(code)) => Scope::province(code).map(Self::ProvincialCoordinator),
            ("national-data-officer", None) => Some(Self::NationalDataOfficer),
            _ => None,
        }
    }

    /// The place of a role in [`Self::WORDS`], and of its name among the texts of the pages.
    pub fn index(self) -> usize {
        match self {
            Self::Coordinator => 0,
            Self::ProvincialCoordinator(_) => 1,
            Self::NationalDataOfficer => 2,
        }
    }

    pub fn word(self) -> &'static str {
        Self::WORDS[self.index()]
    }

    pub fn province(self) -> Option<&'static str> {
        match self {
            Self::ProvincialCoordinator(scope) => scope.code(),
            Self::Coordinator | Self::NationalDataOfficer => None,
        }
    }

    /// The first page of this role.
    pub fn home(self) -> Scope {
        match self {
            Self::ProvincialCoordinator(scope) => scope,
            Self::Coordinator | Self::NationalDataOfficer => Scope::Nation,
        }
    }

    pub fn may_see(self, scope: Scope) -> bool {
        match self {
            Self::ProvincialCoordinator(own) => scope == own,
            Self::Coordinator | Self::NationalDataOfficer => true,
        }
    }

    pub fn sees_exact_counts(self) -> bool {
        self == Self::NationalDataOfficer
    }

    pub fn sees_audit(self) -> bool {
        !matches!(self, Self::ProvincialCoordinator(_))
    }
}
