//! The people of the demo: 1,500 returnees interviewed from June 2021 to June 2023, whose answers come out as the
//! figures that IOM Burundi printed for those two years (1,160 presumed victims; 85 % women or girls; 66 % to Gulf
//! states, 20 % in the region, 14 % inside the country). Everybody is invented; only the sums are from the source.
//!
//! Ages, provinces and forms of exploitation were not printed: they are drawn here, with a fixed seed.

use crate::rng::Rng;
use std::collections::BTreeMap;

/// The first month, and how many there are.
pub const FIRST_MONTH: (i16, i8) = (2021, 6);
pub const MONTHS: usize = 25;

/// How a question is answered that the person's own answers do not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// The answer that raises nothing; lists take `none`.
    Negative,
    /// Does not know.
    Unknown,
}

/// Where the journey led.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    Gulf,
    Regional,
    Internal,
}

/// One interview to come.
#[derive(Debug, Clone)]
pub struct Person {
    /// Months since [`FIRST_MONTH`].
    pub month: usize,
    pub woman_or_girl: bool,
    pub region: Region,
    pub presumed: bool,
    pub answers: BTreeMap<&'static str, String>,
    pub otherwise: Otherwise,
}

/// The sums that must come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truth {
    pub interviews: usize,
    pub people: usize,
    pub women_or_girls: usize,
    pub gulf: usize,
    pub region: usize,
    pub internal: usize,
}

/// The figures of the source, or a tenth of them.
pub fn truth(fast: bool) -> Truth {
    if fast {
        Truth { interviews: 150, people: 116, women_or_girls: 99, gulf: 77, region: 23, internal: 16 }
    } else {
        Truth { interviews: 1500, people: 1160, women_or_girls: 986, gulf: 766, region: 232, internal: 162 }
    }
}

/// Everybody, in the order of the interviews.
pub fn people(fast: bool) -> Vec<Person> {
    let truth = truth(fast);
    let mut rng = Rng::new(2021);
    let mut all = Vec::with_capacity(truth.interviews);
    for n in 0..truth.interviews {
        let presumed = n < truth.people;
        // spread by remainders, so that sex and region are independent of each other and the sums exact
        let woman_or_girl = if presumed { (n * 7) % truth.people < truth.women_or_girls } else { !rng.one_in(4) };
        let region = match if presumed { n } else { rng.below(truth.people) } {
            n if n < truth.gulf => Region::Gulf,
            n if n < truth.gulf + truth.region => Region::Regional,
            _ => Region::Internal,
        };
        let mut person = if presumed { victim(region, &mut rng) } else { other(n, region, &mut rng) };
        person.woman_or_girl = woman_or_girl;
        person.answers.insert("p_sex", if woman_or_girl { "f" } else { "m" }.into());
        person.month = rng.below(MONTHS);
        all.push(person);
    }
    all.sort_by_key(|p| p.month);
    all
}

fn victim(region: Region, rng: &mut Rng) -> Person {
    let child = rng.one_in(8);
    let mut said = journey(region, child, rng);
    let work = match region {
        Region::Gulf => rng.pick(&["ex_domestic", "ex_domestic", "ex_domestic", "ex_domestic ex_sex_private"]),
        Region::Regional => rng.pick(&["ex_agri", "ex_hospitality", "ex_fish", "ex_domestic", "ex_mining"]),
        Region::Internal => rng.pick(&["ex_domestic", "ex_domestic", "ex_trade", "ex_begging"]),
    };
    for (question, answer) in [("q_what", work), ("q_hours", "yes"), ("q_paid", "yes"), ("q_job", "yes")] {
        said.insert(question, answer.into());
    }
    said.insert("q_pay", "yes".into());
    for question in ["q_docs", "q_move", "q_threat", "q_beaten", "q_insult", "q_living", "q_sex"] {
        if rng.one_in(2) {
            said.insert(question, "yes".into());
        }
    }
    let needs = [
        "sv_psychosocial sv_medical",
        "sv_psychosocial sv_shelter",
        "sv_iga sv_psychosocial",
        "sv_family",
        "sv_medical sv_legal",
    ];
    said.insert("n_need", rng.pick(&needs).into());
    said.insert("x_exit", rng.pick(&["escaped", "escaped", "released", "rescued", "embassy"]).into());
    person(region, true, said, Otherwise::Negative)
}

fn other(n: usize, region: Region, rng: &mut Rng) -> Person {
    let mut said = journey(region, false, rng);
    let mut otherwise = Otherwise::Negative;
    match n % 4 {
        // exploited, but no means
        0 => said.extend([("q_what", "ex_construct".into()), ("q_hours", "yes".into()), ("q_paid", "yes".into())]),
        // deceived, but not exploited
        1 => said.extend([("q_job", "yes".into()), ("q_pay", "yes".into()), ("q_what", "none".into())]),
        2 => {
            said.insert("q_what", "ex_hospitality".into());
            said.remove("q_leave");
            otherwise = Otherwise::Unknown;
        }
        // went and came back, nothing wrong
        _ => {
            said.insert("q_what", "none".into());
        }
    }
    said.insert("n_need", rng.pick(&["sv_iga", "sv_training", "sv_material"]).into());
    person(region, false, said, otherwise)
}

fn journey(region: Region, child: bool, rng: &mut Rng) -> BTreeMap<&'static str, String> {
    let age = if child { 10 + rng.below(8) } else { 18 + rng.below(9) + rng.below(12) };
    let place = match region {
        Region::Gulf => rng.pick(&["OM", "SA", "SA", "KW", "AE", "QA"]),
        Region::Regional => rng.pick(&["TZ", "TZ", "RW", "CD", "UG", "KE", "ZM"]),
        Region::Internal => "internal",
    };
    let arranged = match region {
        Region::Gulf => rng.pick(&["agency", "broker", "agency", "friend"]),
        _ => rng.pick(&["friend", "neighbour", "family", "broker"]),
    };
    let asked_well = ["s1_private", "s1_alone", "s3_assent", "s3_caregiver", "s3_stats"].into_iter();
    let told = ["s3_c1", "s3_c2", "s3_c3", "s3_c4", "s3_c5", "s3_c6", "s3_c7"].into_iter();
    let mut said: BTreeMap<_, _> = asked_well.chain(told).map(|question| (question, "yes".to_owned())).collect();
    said.extend([
        ("s2_age", age.to_string()),
        ("s2_age_unsure", "no".into()),
        ("p_already", "no".into()),
        ("p_nat", "BI".into()),
        ("p_disp", "returnee_migrant".into()),
        ("j_left", "yes".into()),
        ("j_where", place.into()),
        ("j_arranged", arranged.into()),
        ("j_months", (1 + rng.below(30)).to_string()),
        ("s3_keep", if rng.one_in(3) { "yes" } else { "no" }.into()),
        ("c_name", "name of the demo".into()),
        ("c_channel", "phone".into()),
        // the one question where "yes" raises nothing
        ("q_leave", "yes".into()),
    ]);
    said
}

fn person(region: Region, presumed: bool, answers: BTreeMap<&'static str, String>, otherwise: Otherwise) -> Person {
    Person { month: 0, woman_or_girl: false, region, presumed, answers, otherwise }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_people_add_up_to_the_printed_figures() {
        for fast in [false, true] {
            let (people, truth) = (people(fast), truth(fast));
            let presumed = || people.iter().filter(|p| p.presumed);
            let to = |region| presumed().filter(|p| p.region == region).count();
            let sums = Truth {
                interviews: people.len(),
                people: presumed().count(),
                women_or_girls: presumed().filter(|p| p.woman_or_girl).count(),
                gulf: to(Region::Gulf),
                region: to(Region::Regional),
                internal: to(Region::Internal),
            };
            assert_eq!(sums, truth);
        }
    }
}
