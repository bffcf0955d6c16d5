//! `tabara-desk form preview`: an interview in the terminal, page by page, as a phone would lead it.
//!
//! Each question of a page is asked in turn: a choice by its number or name, several with spaces between, an empty line
//! to go on. A line that starts with `:` is a command. At the end it prints the answers and facts that would be recorded.

use std::io::{self, BufRead, Write};
use tabara_core::interview::{Interview, Invalid, Page, Question};
use tabara_core::questionnaire::NodeType;
use tabara_core::screening::{self, coded_answers};
use tabara_protocol::facts::FactValue;

const HELP: &str = "  an answer, or the number of a choice; empty line: go on
  :clear        takes the answer back
  :back         the page before
  :go NAME      the page of a question
  :lang NAME    another language
  :missing      what is still missing
  :add, :remove a row of a repeat (on the page that asks for one)
  :answers      what would be recorded
  :quit         ends the preview
";

/// What the person did with one prompt.
enum Step {
    On,
    /// Another page is at hand.
    Turned,
    Quit,
}

/// Leads the interview until its end or `:quit`, or the end of the input.
pub fn lead(interview: &mut Interview, input: &mut dyn BufRead, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{} {}   (:help lists the commands)", title(interview), interview.questionnaire().version)?;
    loop {
        let page = interview.page();
        draw(&page, out)?;
        match ask_page(interview, page, input, out)? {
            Step::Quit => return Ok(()),
            Step::Turned => continue,
            Step::On => {}
        }
        let before = interview.page();
        let page = interview.next();
        if page.refused {
            writeln!(out, "  this page is not complete:")?;
        } else if before.last && page.path == before.path {
            return finish(interview, out);
        }
    }
}

fn title(interview: &Interview) -> &str {
    let questionnaire = interview.questionnaire();
    if questionnaire.title.is_empty() { &questionnaire.id } else { &questionnaire.title }
}

fn draw(page: &Page, out: &mut dyn Write) -> io::Result<()> {
    let (done, all) = (page.progress.done, page.progress.all);
    writeln!(out, "\n== {} ({done}/{all}) {}", page.title.as_deref().unwrap_or(&page.path), page.language)?;
    match &page.another {
        Some(another) => {
            writeln!(out, "  {}: {} rows. :add for one more, empty line to go on", another.label, another.rows)
        }
        None => Ok(()),
    }
}

/// Asks the questions of a page in turn; an answer may bring others onto the page.
fn ask_page(
    interview: &mut Interview,
    mut page: Page,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> io::Result<Step> {
    if page.another.is_some() || page.questions.is_empty() {
        return command_or_on(interview, None, &page, input, out);
    }
    let mut asked = Vec::new();
    while let Some(question) = page.questions.iter().find(|question| !asked.contains(&question.path)).cloned() {
        show(&question, out)?;
        if question.kind != NodeType::Note && !question.readonly {
            match command_or_on(interview, Some(&question), &page, input, out)? {
                Step::On => {}
                other => return Ok(other),
            }
        }
        page = interview.page();
        // asked again while its answer breaks a rule
        let broken = page.questions.iter().find(|q| q.path == question.path).and_then(|q| q.message.as_ref());
        match broken.filter(|message| message.why == Invalid::Constraint) {
            Some(message) if message.text.is_empty() => writeln!(out, "  ! this answer is not possible")?,
            Some(message) => writeln!(out, "  ! {}", message.text)?,
            None => asked.push(question.path),
        }
    }
    Ok(Step::On)
}

fn show(question: &Question, out: &mut dyn Write) -> io::Result<()> {
    let star = if question.required { " *" } else { "" };
    writeln!(out, "\n  {}{star}", question.label)?;
    if let Some(hint) = &question.hint {
        writeln!(out, "    ({hint})")?;
    }
    let chosen: Vec<&str> = question.value.as_deref().unwrap_or_default().split(' ').collect();
    for (number, choice) in (1..).zip(&question.choices) {
        let mark = if chosen.contains(&choice.name.as_str()) { 'x' } else { ' ' };
        let label = if choice.label.is_empty() { &choice.name } else { &choice.label };
        writeln!(out, "    [{mark}] {number:>2} {label}")?;
    }
    if let Some(value) = question.value.as_ref().filter(|_| question.choices.is_empty()) {
        writeln!(out, "    = {value}")?;
    }
    match &question.message {
        Some(message) if message.text.is_empty() && message.why == Invalid::Required => {
            writeln!(out, "  ! needs an answer")
        }
        Some(message) => writeln!(out, "  ! {}", message.text),
        None => Ok(()),
    }
}

/// One line of input: an answer to the question at hand, or a command.
fn command_or_on(
    interview: &mut Interview,
    question: Option<&Question>,
    page: &Page,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> io::Result<Step> {
    loop {
        write!(out, "  > ")?;
        out.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(Step::Quit);
        }
        let line = line.trim();
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let another = page.another.as_ref();
        let done = match (word, question, another) {
            ("", ..) => return Ok(Step::On),
            (":quit", ..) => return Ok(Step::Quit),
            (":back", ..) => Ok(interview.back()),
            (":lang", ..) => {
                let form = interview.questionnaire().clone();
                Ok(interview.set_language(screening::language(&form, rest).unwrap_or(rest.trim())))
            }
            (":go", ..) => interview.jump(rest.trim()),
            (":add", _, Some(another)) => interview.add_row(&another.path),
            (":remove", _, Some(another)) => interview.remove_row(&format!("{}[{}]", another.path, another.rows)),
            (":missing" | ":answers", ..) => {
                if word == ":missing" {
                    missing(interview, out)?
                } else {
                    recorded(interview, out)?
                };
                continue;
            }
            (":clear", Some(question), _) => match interview.answer(&question.path, None) {
                Ok(_) => return Ok(Step::On),
                Err(fault) => Err(fault),
            },
            (_, Some(question), _) if !word.starts_with(':') => {
                match interview.answer(&question.path, Some(&answer(question, line))) {
                    Ok(_) => return Ok(Step::On),
                    Err(fault) => Err(fault),
                }
            }
            _ => {
                write!(out, "{HELP}")?;
                continue;
            }
        };
        match done {
            Ok(_) => return Ok(Step::Turned),
            Err(fault) => writeln!(out, "  ! {}", fault)?,
        }
    }
}

/// Numbers of choices as their names; everything else as it was typed.
fn answer(question: &Question, line: &str) -> String {
    if question.choices.is_empty() {
        return line.to_owned();
    }
    let name = |word: &str| {
        let known = question.choices.iter().any(|choice| choice.name == word);
        let number = word.parse::<usize>().ok().filter(|_| !known).and_then(|number| number.checked_sub(1));
        number.and_then(|at| question.choices.get(at)).map_or_else(|| word.to_owned(), |choice| choice.name.clone())
    };
    line.split_whitespace().map(name).collect::<Vec<_>>().join(" ")
}

fn missing(interview: &Interview, out: &mut dyn Write) -> io::Result<()> {
    for missing in interview.missing() {
        writeln!(out, "  missing: {} ({}) {}", missing.path, missing.label, missing.message.text)?;
    }
    Ok(())
}

fn recorded(interview: &Interview, out: &mut dyn Write) -> io::Result<()> {
    for (path, text) in interview.answers() {
        writeln!(out, "  {path} = {text}")?;
    }
    for (fact, value) in coded_answers(interview) {
        let kind = if matches!(value, FactValue::One(_)) { "fact " } else { "facts" };
        writeln!(out, "  {kind} {fact} = {}", value.codes().collect::<Vec<_>>().join(" "))?;
    }
    Ok(())
}

fn finish(interview: &Interview, out: &mut dyn Write) -> io::Result<()> {
    let open = interview.missing();
    writeln!(out, "\n== end")?;
    missing(interview, out)?;
    if open.is_empty() {
        writeln!(out, "  complete; recorded would be:")?;
    }
    recorded(interview, out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tabara_core::interview::InterviewConfig;
    use tabara_core::screening::compile;

    /// What the preview says to these lines.
    fn said(form: &str, lines: &str) -> String {
        let compiled = compile(form.as_bytes());
        assert_eq!(compiled.diagnostics, []);
        let questionnaire = Arc::new(compiled.questionnaire.expect("no faults"));
        let mut interview = Interview::start(questionnaire, InterviewConfig::default());
        let mut out = Vec::new();
        lead(&mut interview, &mut lines.as_bytes(), &mut out).expect("memory");
        String::from_utf8(out).expect("text")
    }

    const FORM: &str = "
        | survey |
        | | type | name | label::English (en) | label::French (fr) | relevant | constraint | constraint_message::English (en) | constraint_message::French (fr) | required |
        | | select_one yn | old | Are you old? | Êtes-vous vieux ? | | | | | yes |
        | | integer | age | How old? | Quel âge ? | ${old} = 'yes' | . > 40 | Too young | Trop jeune | |
        | | text | name | Name | Nom | | | | | |
        | choices |
        | | list_name | name | label::English (en) | label::French (fr) |
        | | yn | yes | Yes | Oui |
        | | yn | no | No | Non |";

    #[test]
    fn a_form_is_walked_with_numbers_messages_and_a_change_of_language() {
        let said = said(FORM, "\n1\n17\n71\n:lang fr\n:back\n72\nDiane\n");
        let order = [
            "Are you old? *",
            "needs an answer",
            "How old?",
            "Too young",
            "Name",
            "Nom",
            "Quel âge ?",
            "= 71",
            "== end",
        ];
        let mut rest = said.as_str();
        for text in order {
            let at = rest.find(text).unwrap_or_else(|| panic!("{text} is missing in\n{said}"));
            rest = &rest[at..];
        }
        assert!(said.contains("old = yes") && said.contains("age = 72") && said.contains("name = Diane"), "{said}");
    }

    #[test]
    fn what_is_not_relevant_is_not_asked_and_the_end_of_input_ends_the_preview() {
        let said = said(FORM, "no\n");
        assert!(said.contains("Name") && !said.contains("How old?"), "{said}");
    }
}
