//! Functions of other tools that read XLSForm workbooks: their authors bring them along. What to write instead stands
//! among the texts of the compiler.

use super::phrase::{ENGLISH, Phrase};

const SURVEY_CTO: &str = "count-if sum-if min-if max-if join-if rank-index rank-index-if rank-value index \
    choice-label selected-count count-items item-at item-present item-index de-duplicate empty relevant \
    linebreak hash username device-info duration phone-call-duration phone-call-log distance-between short-geopoint \
    plug-in-metadata";
const CHT: &str = "add-date difference-in-days difference-in-weeks difference-in-months difference-in-years parse-timestamp-to-date \
    to-bikram-sambat bikram-sambat z-score strip-whitespace";

/// The tool that a function belongs to, and its cure.
pub fn find(name: &str) -> Option<(&'static str, Phrase)> {
    let bare = name.strip_prefix("cht:");
    let known = |all: &str| all.split(' ').any(|known| known == bare.unwrap_or(name));
    let tool = match bare {
        None if known(SURVEY_CTO) => "SurveyCTO",
        None if !known(CHT) => return None,
        _ => "CHT",
    };
    let cure = ENGLISH.find(&format!("foreign-{}", bare.unwrap_or(name)));
    Some((tool, cure.or_else(|| ENGLISH.find("foreign-cht"))?))
}
