//! Why a screening came out as it did, on one page for a reviewer in a hurry: elements of the legal test, what was told for each,
//! what is not known, and which single answer would change the outcome. The focal point sees class and advice only.

use crate::texts::Texts;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use tabara_core::questionnaire::{Indicator, Questionnaire};
use tabara_core::screening::{Assessment, Dimension, Path, assess_again};

/// The page. `answers` are those of the sealed case.
pub fn text(told: &Assessment, answers: &[(String, String)], form: &Questionnaire, texts: &Texts) -> String {
    let page = Page { told, answers, form, texts };
    let mut out = page.outcome();
    out += &page.elements();
    page.list(&mut out, "explained-urgent", told.urgent.iter().map(|code| page.word("urgent", code)));
    page.list(&mut out, "explained-flags", told.flags.iter().map(|code| page.word("flag", code)));
    page.list(&mut out, "explained-review", told.review.iter().map(|code| page.word("review_reason", code)));
    page.list(&mut out, "explained-unknown", told.unknown.iter().map(|name| page.question(name)));
    let change = |change: &tabara_core::screening::Change| {
        let answer = page.answer(&change.question, &change.answer);
        format!("{} {answer} -> {}", page.question(&change.question), page.word("outcome", change.outcome.code()))
    };
    page.list(&mut out, "explained-changes", told.would_change.iter().map(change));
    let versions = [
        ("rule", told.rule.into()),
        ("weights", told.weights.as_str().into()),
        ("form", told.questionnaire.as_str().into()),
    ];
    let _ = writeln!(out, "{}", texts.get("explained-versions", &versions));
    let mut again = assess_again(&Arc::new(form.clone()), answers, told.flags.contains("F_stopped"));
    if let (Some(again), Some(raised)) = (&mut again, &told.raised) {
        (again.outcome, again.raised) =
            (told.outcome, Some(raised.clone()).filter(|raised| raised.from == again.outcome));
    }
    let _ =
        writeln!(out, "{}", texts.say(if again.as_ref() == Some(told) { "explained-same" } else { "explained-other" }));
    out
}

struct Page<'a> {
    told: &'a Assessment,
    answers: &'a [(String, String)],
    form: &'a Questionnaire,
    texts: &'a Texts,
}

impl Page<'_> {
    fn word(&self, list: &str, code: &str) -> String {
        self.form.choice_label(list, code, self.texts.tag()).unwrap_or(code).to_owned()
    }

    fn question(&self, name: &str) -> String {
        let Some(at) = self.form.node(name) else { return name.to_owned() };
        let language = self.form.language(self.texts.tag()).unwrap_or(self.form.default_language);
        self.form.nodes[at].label.get(language, self.form.default_language).to_owned()
    }

    fn answer(&self, question: &str, code: &str) -> String {
        let list = self.form.node(question).and_then(|at| self.form.nodes[at].list());
        list.map_or(code.to_owned(), |list| self.word(&self.form.lists[list as usize].name, code))
    }

    fn outcome(&self) -> String {
        let mut line = self.word("outcome", self.told.outcome.code());
        if let Some(tier) = self.told.tier {
            line += &format!(", {}", self.texts.get("explained-tier", &[("tier", tier.into())]));
        }
        if let Some(raised) = &self.told.raised {
            let (from, reason) = (self.word("outcome", raised.from.code()), self.word("raise_reason", &raised.reason));
            line += &format!(
                ", {}",
                self.texts.get("explained-raised", &[("from", from.into()), ("reason", reason.into())])
            );
        }
        line + "\n"
    }

    /// Act, means, purpose: whether each is met, and the answers behind it.
    fn elements(&self) -> String {
        let child = self.told.rule_path == Some(Path::Child);
        let mut out = String::new();
        for (element, met) in [("act", self.told.act), ("means", self.told.means), ("purpose", self.told.purpose)] {
            let state = match (met, element) {
                (true, _) => "explained-met",
                (false, "means") if child => "explained-not-needed",
                _ => "explained-not-met",
            };
            let _ = writeln!(out, "{}: {}", self.texts.say(&format!("explained-{element}")), self.texts.say(state));
            let mut seen = BTreeSet::new();
            for row in self.form.indicators.iter().filter(|row| self.is_of(row, element) && self.raises(row)) {
                let line =
                    format!("{} {}", self.question(&self.form.nodes[row.question as usize].name), self.given(row));
                if seen.insert(line.clone()) {
                    let _ = writeln!(out, "  - {line}");
                }
            }
        }
        let positive: Vec<String> = self.told.positive.iter().map(|dimension| self.dimension(*dimension)).collect();
        self.list(&mut out, "explained-positive", positive.into_iter());
        out
    }

    fn dimension(&self, dimension: Dimension) -> String {
        self.texts.say(&format!("explained-{}", format!("{dimension:?}").to_lowercase()))
    }

    fn is_of(&self, row: &Indicator, element: &str) -> bool {
        match row.kind.as_str() {
            "act" => element == "act",
            "purpose" | "child_purpose" => element == "purpose",
            "indicator" => element == if row.dimension == "EX" { "purpose" } else { "means" },
            _ => false,
        }
    }

    fn given(&self, row: &Indicator) -> String {
        let name = &self.form.nodes[row.question as usize].name;
        let all = self.answers.iter().find(|(path, _)| path == name).map_or("", |(_, answer)| answer.as_str());
        let means = |code: &&str| row.answer.strip_prefix('!').map_or(*code == row.answer, |other| *code != other);
        let codes: Vec<String> = all.split(' ').filter(means).map(|code| self.answer(name, code)).collect();
        codes.join("; ")
    }

    fn raises(&self, row: &Indicator) -> bool {
        self.told.codes.contains(&row.code) && !self.given(row).is_empty()
    }

    fn list(&self, out: &mut String, id: &str, lines: impl Iterator<Item = String>) {
        let mut lines = lines.peekable();
        if lines.peek().is_some() {
            let _ = writeln!(out, "{}", self.texts.say(id));
            lines.for_each(|line| out.push_str(&format!("  - {line}\n")));
        }
    }
}

#[cfg(test)]
mod tests;
