//! Functions of other tools that read XLSForm workbooks: their authors bring them along.

const COUNT: &str = "write count(${repeat}[condition])";
const TOTAL: &str = "write sum(${repeat}[condition]/question)";
const DAYS: &str = "write the difference of two dates: it is a number of days";

/// Name, tool, and what to write instead.
const FOREIGN: &[(&str, &str, &str)] = &[
    ("count-if", "SurveyCTO", COUNT),
    ("sum-if", "SurveyCTO", TOTAL),
    ("min-if", "SurveyCTO", "write min(${repeat}[condition]/question)"),
    ("max-if", "SurveyCTO", "write max(${repeat}[condition]/question)"),
    ("join-if", "SurveyCTO", "write join(separator, ${repeat}[condition]/question)"),
    ("rank-index", "SurveyCTO", "write 1 + count(${repeat}[question > value])"),
    ("rank-index-if", "SurveyCTO", "write 1 + count(${repeat}[condition and question > value])"),
    ("rank-value", "SurveyCTO", "write 1 + count(${repeat}[question > value])"),
    ("index", "SurveyCTO", "write position(..)"),
    ("choice-label", "SurveyCTO", "write jr:choice-name(value, '${question}')"),
    ("selected-count", "SurveyCTO", "write count-selected(${question})"),
    ("count-items", "SurveyCTO", "write count-selected() of a text with spaces between the items"),
    ("item-at", "SurveyCTO", "write selected-at() of a text with spaces between the items"),
    ("item-present", "SurveyCTO", "write selected() of a text with spaces between the items"),
    ("item-index", "SurveyCTO", "there is no such function here"),
    ("de-duplicate", "SurveyCTO", "there is no such function here"),
    ("empty", "SurveyCTO", "write ${question} = ''"),
    ("relevant", "SurveyCTO", "repeat the rule of the question"),
    ("linebreak", "SurveyCTO", "write the line break into the text"),
    ("hash", "SurveyCTO", "write digest(text, 'SHA-256')"),
    ("username", "SurveyCTO", "add a row of the type username"),
    ("device-info", "SurveyCTO", "this program reads no identity of a phone"),
    ("duration", "SurveyCTO", "subtract a row of the type start from now()"),
    ("phone-call-duration", "SurveyCTO", "this program does not watch calls"),
    ("phone-call-log", "SurveyCTO", "this program does not watch calls"),
    ("distance-between", "SurveyCTO", "write distance()"),
    ("short-geopoint", "SurveyCTO", "take the first two words: selected-at(${point}, 0)"),
    ("plug-in-metadata", "SurveyCTO", "field plug-ins are not run here"),
    ("add-date", "CHT", "add days to a date: date(${date} + 7)"),
    ("difference-in-days", "CHT", DAYS),
    ("difference-in-weeks", "CHT", "write int((${later} - ${earlier}) div 7)"),
    ("difference-in-months", "CHT", "write int((${later} - ${earlier}) div 30.4375)"),
    ("difference-in-years", "CHT", "write int((${later} - ${earlier}) div 365.25)"),
    ("parse-timestamp-to-date", "CHT", "write date-time()"),
    ("to-bikram-sambat", "CHT", "there is one calendar here"),
    ("bikram-sambat", "CHT", "there is one calendar here"),
    ("z-score", "CHT", "put the table beside the form and ask it with pulldata()"),
    ("strip-whitespace", "CHT", "write normalize-space()"),
];

/// The tool that a function belongs to, and its cure.
pub fn find(name: &str) -> Option<(&'static str, &'static str)> {
    let bare = name.strip_prefix("cht:");
    let known = FOREIGN.iter().find(|(known, ..)| *known == bare.unwrap_or(name));
    known
        .map(|(_, tool, cure)| (*tool, *cure))
        .or_else(|| bare.map(|_| ("CHT", "functions of the Community Health Toolkit are not run here")))
}
