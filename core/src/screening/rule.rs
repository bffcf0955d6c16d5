//! The decision rule, version 2, on the codes that answers raised: pure, without questions or answers.
//!
//! Step 1 looks at one dimension: is it positive by the number of strong, medium and weak indicators. Step 2 combines
//! act, means and purpose (the Palermo Protocol) into an outcome, by one rule for adults and one for children. A
//! child needs no means.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The version of the rule that this build applies.
pub const VERSION: u32 = 2;

/// The six dimensions of the Delphi indicators, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Dimension {
    /// Deceptive recruitment.
    DR,
    /// Coercive recruitment.
    CR,
    /// Recruitment by abuse of vulnerability.
    RV,
    /// Exploitation: the purpose.
    EX,
    /// Coercion at destination.
    CD,
    /// Abuse of vulnerability at destination.
    AV,
}

impl Dimension {
    /// All of them, in this order.
    pub const ALL: [Self; 6] = [Self::DR, Self::CR, Self::RV, Self::EX, Self::CD, Self::AV];

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().zip(["DR", "CR", "RV", "EX", "CD", "AV"]).find(|(_, n)| *n == name).map(|(d, _)| d)
    }
}

/// Whose weights are read: adults or children, labour or sexual exploitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Profile {
    /// Adults, labour.
    AL,
    /// Adults, sexual exploitation.
    AS,
    /// Children, labour.
    CL,
    /// Children, sexual exploitation.
    CS,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::AL, Self::AS, Self::CL, Self::CS];

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().zip(["AL", "AS", "CL", "CS"]).find(|(_, n)| *n == name).map(|(p, _)| p)
    }
}

/// The rule that decided. With age in doubt both are run and the more severe outcome is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Path {
    /// Act, means and purpose are needed.
    Adult,
    /// Act and purpose are enough.
    Child,
}

/// What a screening ends with. A screening is never a negative finding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Consent is missing: no record.
    #[default]
    NotScreened,
    /// Nothing indicates trafficking, and nothing unknown could change that to presumed.
    NoIndication,
    /// Not enough is known; what is unknown could still make it presumed.
    Inconclusive,
    /// There are means, a strong indicator, or a child that was moved by somebody outside the family.
    AtRisk,
    /// Exploited, but trafficking is not established.
    Exploited,
    /// Presumed victim of trafficking.
    Presumed,
}

impl Outcome {
    /// The code, as in `facts.csv`.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotScreened => "not_screened",
            Self::NoIndication => "no_indication",
            Self::Inconclusive => "inconclusive",
            Self::AtRisk => "at_risk",
            Self::Exploited => "exploited",
            Self::Presumed => "presumed",
        }
    }
}

/// The order of severity: a child's `presumed` has no tier and ranks with tier 1.
pub(super) fn severity(outcome: Outcome, tier: Option<u8>) -> (Outcome, bool) {
    (outcome, outcome == Outcome::Presumed && tier != Some(2))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Weak,
    Medium,
    Strong,
}

impl Weight {
    pub(super) fn of(letter: &str) -> Option<Self> {
        match letter {
            "S" => Some(Self::Strong),
            "M" => Some(Self::Medium),
            "W" => Some(Self::Weak),
            _ => None,
        }
    }
}

/// Raised indicators of one dimension by weight, and how many more would be raised if every unknown answer
/// were the one that indicates. A zero is not written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Count {
    /// Strong indicators.
    #[serde(skip_serializing_if = "is_zero")]
    pub strong: u32,
    /// Medium indicators.
    #[serde(skip_serializing_if = "is_zero")]
    pub medium: u32,
    /// Weak indicators.
    #[serde(skip_serializing_if = "is_zero")]
    pub weak: u32,
    /// Indicators that unknown answers could still raise.
    #[serde(skip_serializing_if = "is_zero")]
    pub unknown: u32,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl Count {
    /// Step 1 of the rule.
    pub fn is_positive(&self) -> bool {
        let Self { strong: s, medium: m, weak: w, .. } = *self;
        s >= 2 || (s >= 1 && s + m + w >= 2) || m >= 3 || (m >= 2 && w >= 1)
    }
}

/// An indicator: its dimension, and its weight in each profile that lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Indicator {
    pub dimension: Dimension,
    pub weights: BTreeMap<Profile, Weight>,
}

/// What the answers of one interview raise, for the rule.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    /// A code counts once, however many answers raise it.
    pub indicators: BTreeMap<String, Indicator>,
    pub act: bool,
    pub purpose: bool,
    /// A purpose under the child rule only.
    pub child_purpose: bool,
    /// The profiles for sexual exploitation count too.
    pub sexual: bool,
    /// Somebody outside the family arranged it.
    pub unrelated: bool,
}

/// Counts by dimension and profile.
pub(super) type Counts = BTreeMap<Dimension, BTreeMap<Profile, Count>>;

/// What one rule says of one evidence.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub path: Path,
    pub profiles: Vec<Profile>,
    pub counts: Counts,
    pub positive: BTreeSet<Dimension>,
    pub act: bool,
    pub purpose: bool,
    pub means: bool,
    /// Nothing: neither presumed, exploited nor at risk; what is unknown then tells inconclusive from no indication.
    pub outcome: Option<Outcome>,
    /// 1 or 2, only of an adult's `presumed`.
    pub tier: Option<u8>,
}

impl Judged {
    pub(super) fn any(&self, dimensions: &[Dimension]) -> bool {
        dimensions.iter().any(|d| self.positive.contains(d))
    }
}

/// One rule on one evidence.
pub(super) fn judge(path: Path, evidence: &Evidence) -> Judged {
    use Dimension::*;
    let profiles = match (path, evidence.sexual) {
        (Path::Adult, false) => vec![Profile::AL],
        (Path::Adult, true) => vec![Profile::AL, Profile::AS],
        (Path::Child, false) => vec![Profile::CL],
        (Path::Child, true) => vec![Profile::CL, Profile::CS],
    };
    let empty: BTreeMap<Profile, Count> = profiles.iter().map(|p| (*p, Count::default())).collect();
    let mut counts: Counts = Dimension::ALL.into_iter().map(|d| (d, empty.clone())).collect();
    for indicator in evidence.indicators.values() {
        let of_dimension = counts.get_mut(&indicator.dimension).expect("all dimensions are there");
        for (profile, count) in of_dimension {
            match indicator.weights.get(profile) {
                Some(Weight::Strong) => count.strong += 1,
                Some(Weight::Medium) => count.medium += 1,
                Some(Weight::Weak) => count.weak += 1,
                None => {}
            }
        }
    }
    let all = || counts.iter().flat_map(|(d, by_profile)| by_profile.values().map(move |count| (*d, count)));
    let positive: BTreeSet<Dimension> = all().filter(|(_, c)| c.is_positive()).map(|(d, _)| d).collect();
    let strong = all().any(|(_, c)| c.strong > 0);
    let child = path == Path::Child;
    let act = evidence.act;
    let purpose = positive.contains(&EX) || evidence.purpose || (child && evidence.child_purpose);
    let means = positive.iter().any(|d| *d != EX);
    let (outcome, tier) = if act && purpose && child {
        (Some(Outcome::Presumed), None)
    } else if act && purpose && means {
        let recruitment = positive.contains(&DR) || positive.contains(&CR);
        (Some(Outcome::Presumed), Some(if recruitment && positive.contains(&CD) { 1 } else { 2 }))
    } else if purpose {
        (Some(Outcome::Exploited), None)
    } else if means || strong || (child && act && evidence.unrelated) {
        (Some(Outcome::AtRisk), None)
    } else {
        (None, None)
    };
    Judged { path, profiles, counts, positive, act, purpose, means, outcome, tier }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_row_of_the_truth_table_of_one_dimension_holds() {
        let rows: Vec<&str> = include_str!("../../tests/data/dimension-rule.csv").lines().skip(1).collect();
        for row in &rows {
            let cells: Vec<&str> = row.split(',').collect();
            let n = |at: usize| cells[at].parse().expect("a number");
            let count = Count { strong: n(0), medium: n(1), weak: n(2), unknown: 0 };
            assert_eq!(count.is_positive().to_string(), cells[3], "{row}");
        }
        assert_eq!(rows.len(), 38);
    }

    fn indicators(of: &'static [Dimension]) -> impl Strategy<Value = BTreeMap<String, Indicator>> {
        let weight =
            || proptest::option::of(proptest::sample::select(vec![Weight::Weak, Weight::Medium, Weight::Strong]));
        let weights = (weight(), weight(), weight(), weight());
        let one = (proptest::sample::select(of), weights).prop_map(|(dimension, (a, b, c, d))| {
            let of_profile = Profile::ALL.into_iter().zip([a, b, c, d]);
            Indicator { dimension, weights: of_profile.filter_map(|(p, w)| Some((p, w?))).collect() }
        });
        proptest::collection::btree_map("[a-e]", one, 0..6)
    }

    fn evidence(of: &'static [Dimension]) -> impl Strategy<Value = Evidence> {
        (indicators(of), any::<[bool; 5]>()).prop_map(
            |(indicators, [act, purpose, child_purpose, sexual, unrelated])| Evidence {
                indicators,
                act,
                purpose,
                child_purpose,
                sexual,
                unrelated,
            },
        )
    }

    const MEANS: &[Dimension] = &[Dimension::DR, Dimension::CR, Dimension::RV, Dimension::CD, Dimension::AV];

    proptest! {
        #[test]
        fn a_child_is_presumed_or_not_whatever_the_means(
            evidence in evidence(&[Dimension::EX]),
            means in indicators(MEANS),
        ) {
            let presumed = |e: &Evidence| judge(Path::Child, e).outcome == Some(Outcome::Presumed);
            let renamed = means.into_iter().map(|(code, indicator)| (format!("means {code}"), indicator));
            let mut with_means = evidence.clone();
            with_means.indicators.extend(renamed);
            prop_assert_eq!(presumed(&evidence), presumed(&with_means));
        }

        #[test]
        fn the_child_rule_is_never_milder_than_the_adult_rule_on_the_same_weights(evidence in evidence(&Dimension::ALL)) {
            let mut alike = evidence.clone();
            for indicator in alike.indicators.values_mut() {
                let adult = |of: Profile| indicator.weights.get(&of).copied();
                let (labour, sexual) = (adult(Profile::AL), adult(Profile::AS));
                let copy = [(Profile::CL, labour), (Profile::CS, sexual)];
                indicator.weights.retain(|p, _| matches!(p, Profile::AL | Profile::AS));
                indicator.weights.extend(copy.into_iter().filter_map(|(p, w)| Some((p, w?))));
            }
            let (adult, child) = (judge(Path::Adult, &alike), judge(Path::Child, &alike));
            prop_assert!(child.outcome >= adult.outcome);
        }

        #[test]
        fn one_more_code_never_lowers_an_outcome(evidence in evidence(&Dimension::ALL), more in evidence(&Dimension::ALL)) {
            for path in [Path::Adult, Path::Child] {
                let mut both = evidence.clone();
                both.indicators.extend(more.indicators.clone().into_iter().map(|(code, i)| (format!("more {code}"), i)));
                both.act |= more.act;
                both.purpose |= more.purpose;
                both.child_purpose |= more.child_purpose;
                both.sexual |= more.sexual;
                both.unrelated |= more.unrelated;
                let rank = |e: &Evidence| {
                    let judged = judge(path, e);
                    judged.outcome.map(|outcome| severity(outcome, judged.tier))
                };
                prop_assert!(rank(&both) >= rank(&evidence));
            }
        }
    }
}
