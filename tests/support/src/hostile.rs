//! What meets hostile bytes, as functions of bytes: the fuzz targets of `tests/fuzz`, which the ordinary tests call with
//! seeded mutations too. A target panics only where the house is wrong. The seeds are real: the questionnaires of the
//! repository, what is made of them, and each kind of file that a target reads.

use crate::files;
use std::sync::{Arc, LazyLock};
use tabara_core::envelope::{Digest, sha256};
use tabara_core::expression::{Environment, evaluate};
use tabara_core::interview::{Draft, Interview, InterviewConfig};
use tabara_core::questionnaire::Questionnaire;
use tabara_core::screening::compile;
use tabara_core::screening::read_questionnaire;
use tabara_core::vault::keys::KeyFile;
use tabara_core::vault::{DeviceSecret, SecretError};
use zeroize::Zeroizing;

/// A name, what reads the bytes, and what to begin with.
pub struct Target {
    pub name: &'static str,
    pub read: fn(&[u8]),
    pub seeds: fn() -> Vec<Vec<u8>>,
}

pub const TARGETS: [Target; 6] = [
    Target { name: "workbook", read: workbook, seeds: workbooks },
    Target { name: "table", read: table, seeds: questionnaire_files },
    Target { name: "expression", read: expression, seeds: expressions },
    Target { name: "package", read: package, seeds: packages },
    Target { name: "answers", read: answers, seeds: scripts },
    Target { name: "keys", read: keys, seeds: key_files },
];

fn questionnaire_files() -> Vec<Vec<u8>> {
    let files: [&[u8]; 2] = [
        include_bytes!("../../../questionnaires/first-line.md"),
        include_bytes!("../../../questionnaires/returnee-screening.md"),
    ];
    files.map(<[u8]>::to_vec).to_vec()
}

/// An office file as it is, or with a first byte that says what the rest is wrapped in: a mutated zip hardly ever opens.
fn workbook(bytes: &[u8]) {
    match bytes {
        [b'x', rows @ ..] => compile(&files::xlsx(rows)),
        [b's', stream @ ..] if stream.len() < 1 << 20 => compile(&files::xls(stream)),
        bytes => compile(bytes),
    };
}

fn workbooks() -> Vec<Vec<u8>> {
    let cells = |row: usize, cells: [&str; 4]| -> String {
        cells.iter().zip('A'..).map(|(text, column)| files::cell(&format!("{column}{row}"), text)).collect()
    };
    let form = [["type", "name", "label", "relevant"], ["text", "q", "Q", ""], ["integer", "n", "N", "${q} = 'a'"]];
    let rows = |(at, row): (usize, &[&str; 4])| format!("<row r=\"{0}\">{1}</row>", at + 1, cells(at + 1, *row));
    let sheet: String = form.iter().enumerate().map(rows).collect();
    let labels = form
        .iter()
        .enumerate()
        .flat_map(|(row, cells)| cells.iter().enumerate().map(move |(column, text)| files::label(row, column, text)));
    let stream = files::stream(&shared_texts(), &[labels.collect::<Vec<_>>().concat()]);
    vec![
        files::xlsx(sheet.as_bytes()),
        files::xls(&stream),
        [b"x", sheet.as_bytes()].concat(),
        [&b"s"[..], &stream].concat(),
    ]
}

/// A record of two shared texts, one of them in wide letters.
fn shared_texts() -> Vec<u8> {
    files::record(0x00FC, b"\x02\0\0\0\x02\0\0\0\x03\0\0abc\x01\0\x01a\0")
}

fn table(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        compile(format!("| survey |\n| | type | name | label |\n{text}").as_bytes());
        compile(text.as_bytes());
    }
}

fn expression(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let around =
            Environment { now: 1_795_372_200_000, local: 120, seed: 1, language: 0, last_saved: Default::default() };
        let _ = evaluate(text, &around).0.text();
    }
}

/// Every expression of the questionnaires.
fn expressions() -> Vec<Vec<u8>> {
    let all = forms().into_iter().flat_map(|form| {
        let texts = |node: &tabara_core::questionnaire::Node| {
            [node.relevant.clone(), node.constraint.clone(), node.calculation.clone(), node.initial.clone()]
        };
        form.nodes.iter().flat_map(texts).collect::<Vec<_>>()
    });
    let mut all: Vec<Vec<u8>> = all.filter(|text| !text.is_empty()).map(String::into_bytes).collect();
    all.extend(
        ["if(1, 'a', .5) + -2 div 3 mod 4", "regex('ab', '(a|b)+')", "substr('été', 1, 2)", "date('2024-02-29') + 1"]
            .map(|text| text.as_bytes().to_vec()),
    );
    all.sort();
    all.dedup();
    all
}

fn setting() -> InterviewConfig {
    InterviewConfig { language: "fr".into(), now: 1_795_372_200, offset: 120, ..InterviewConfig::default() }
}

fn package(bytes: &[u8]) {
    let Ok(form) = read_questionnaire(bytes) else { return };
    let mut interview = Interview::start(Arc::new(form), setting());
    let _ = (interview.next(), interview.missing(), interview.answers(), interview.facts(), interview.draft());
}

fn forms() -> Vec<Questionnaire> {
    questionnaire_files().iter().filter_map(|bytes| compile(bytes).questionnaire).collect()
}

fn packages() -> Vec<Vec<u8>> {
    forms().iter().map(|form| form.write()).collect()
}

/// A form with what makes interviews hard: rows in rows, a count, filters, a trigger, labels that compute.
static HARD: LazyLock<Arc<Questionnaire>> = LazyLock::new(|| {
    let form = "
| survey |
| | type | name | label::English (en) | label::Francais (fr) | relevant | constraint | calculation | repeat_count | choice_filter | trigger | default |
| | integer | n | N | N | | . < 40 | | | | | |
| | begin repeat | r | R | R | | | | ${n} | | | |
| | text | t | T ${n} | T | | | | | | | |
| | select_one c | s | S | S | ${t} != '' | | | | in = ${t} | | |
| | select_multiple c | m | M | M | | count-selected(.) < 2 | | | | | |
| | begin repeat | q | Q | Q | | | | | | | |
| | date | d | D | D | | . <= today() | | | | | |
| | calculate | k | | | | | position(..) + sum(${d}) | | | | |
| | end repeat | | | | | | | | | | |
| | end repeat | | | | | | | | | | |
| | rank c | o | O | O | | | | | | | |
| | calculate | x | | | | | concat(${x1}, count(${r})) | | | ${n} | |
| | decimal | x1 | X | X | | | sum(${n}) div 3 | | | | 2 |
| choices |
| | list_name | name | label::English (en) | label::Francais (fr) | in |
| | c | a | A | A | a |
| | c | b | B ${n} | B | b |
| settings |
| | form_id | default_language |
| | hard | English (en) |
";
    let compiled = compile(form.as_bytes());
    Arc::new(compiled.questionnaire.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics)))
});

/// Lines of `path=answer`, `+repeat`, `-row`, `>path`, `next`, `back`, or another language; then the draft is taken up.
fn answers(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut interview = Interview::start(HARD.clone(), setting());
    for line in text.lines().take(40) {
        let (first, rest) = line.split_at_checked(1).unwrap_or((line, ""));
        // a refusal is as good as an answer
        let _ = match (first, line.split_once('=')) {
            ("+", _) => interview.add_row(rest),
            ("-", _) => interview.remove_row(rest),
            (">", _) => interview.jump(rest),
            (_, Some((path, answer))) => interview.answer(path, Some(answer).filter(|a| !a.is_empty())),
            ("n", _) => Ok(interview.next()),
            ("b", _) => Ok(interview.back()),
            _ => Ok(interview.set_language(line)),
        };
    }
    let _ = (interview.missing(), interview.facts());
    let draft: Draft = serde_json::from_slice(&serde_json::to_vec(&interview.draft()).expect("JSON")).expect("a draft");
    let resumed = Interview::resume(HARD.clone(), setting(), &draft).expect("its own draft");
    assert_eq!((resumed.answers(), resumed.page()), (interview.answers(), interview.page()));
    assert_eq!((resumed.missing(), resumed.draft()), (interview.missing(), draft));
    let _ = serde_json::from_slice(bytes).map(|draft| Interview::resume(HARD.clone(), setting(), &draft));
}

fn scripts() -> Vec<Vec<u8>> {
    let script = "n=2\nnext\nr[1]/t=a\nr[1]/s=a\nr[2]/m=a b\n+r[1]/q\nr[1]/q[2]/d=2024-02-29\nfr\n-r[1]/q[1]\no=b a\nback\n>x1\nx1=1.5\nn=1\nn=";
    let mut interview = Interview::start(HARD.clone(), setting());
    interview.answer("n", Some("2")).expect("it is asked");
    vec![script.as_bytes().to_vec(), serde_json::to_vec(&interview.draft()).expect("JSON")]
}

/// A key file as it is; and as the body of one whose hash and tag are right, or no mutation would come any further.
fn keys(bytes: &[u8]) {
    let _ = KeyFile::parse(bytes);
    let Ok(body) = std::str::from_utf8(bytes) else { return };
    let whole = serde_json::json!({ "body": body, "sha256": sha256(bytes), "tag": Digest(*SAME) });
    let Ok(keys) = KeyFile::parse(whole.to_string().as_bytes()).and_then(|file| file.check(&Same)) else { return };
    // what costs more than a moment is a matter of the phone's own making
    if keys.cost().memory_kib <= 64 && keys.cost().rounds <= 2 {
        let _ = keys.open("000000", &Same);
    }
}

const SAME: &[u8; 32] = &[7; 32];

/// A key store that says the same to everything, so that every file is its own.
struct Same;

impl DeviceSecret for Same {
    fn derive(&self, _: &str, _: &[u8]) -> Result<Zeroizing<[u8; 32]>, SecretError> {
        Ok(Zeroizing::new(*SAME))
    }
    fn forget(&self, _: &str) -> Result<(), SecretError> {
        Ok(())
    }
}

fn key_files() -> Vec<Vec<u8>> {
    let files: [&[u8]; 2] =
        [include_bytes!("../../vectors/phone-1/keys.json"), include_bytes!("../../vectors/keys.json")];
    let body = r#"{"terms":{"version":1,"vault":"00000000-0000-0000-0000-000000000001","generation":1,
        "kdf":{"memory_kib":8,"rounds":1},"salt":"AAAAAAAAAAAAAAAAAAAAAA"},"wrap":"AAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;
    files.into_iter().chain([body.as_bytes()]).map(<[u8]>::to_vec).collect()
}
