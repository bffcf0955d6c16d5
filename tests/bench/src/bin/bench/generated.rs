//! The forms that all engines are measured with: those of the shared folder's `gen_forms.py`, as tables.

use std::fmt::Write as _;

/// Blocks of ten questions in a group, each with a running total that reads the one before.
pub fn blocks(count: usize) -> String {
    let columns = "type | name | label::English (en) | label::Francais (fr) | relevant | required | constraint | \
                   constraint_message | calculation | choice_filter";
    let mut form = format!("| survey |\n| | {columns} |\n");
    let mut row = |kind: &str, name: &str, label: &str, rest: [&str; 6]| {
        let french = if label.is_empty() { String::new() } else { format!("FR {label}") };
        writeln!(form, "| | {kind} | {name} | {label} | {french} | {} |", rest.join(" | ")).expect("memory");
    };
    row("select_one yn", "consent", "Do you agree to take part?", ["", "yes", "", "", "", ""]);
    for b in 0..count {
        let at = |text: &str| text.replace('#', &b.to_string());
        let before = if b == 0 { "0".to_owned() } else { format!("${{t_{}}}", b - 1) };
        let total = at(&format!("{before} + coalesce(${{n_#}}, 0)"));
        let age = at("if(${d_#} != '', int((today() - ${d_#}) div 365.25), '')");
        let none = "not(selected(., 'none') and count-selected(.) > 1)";
        row("begin group", &at("g_#"), &at("Section #"), ["${consent} = 'yes'", "", "", "", "", ""]);
        let some = [". >= 0 and . <= 50", "0 to 50"];
        row("integer", &at("n_#"), &at("How many people in section #?"), ["", "yes", some[0], some[1], "", ""]);
        row("select_one region", &at("reg_#"), "Which region?", [""; 6]);
        let (asked, filter) = (at("${reg_#} != ''"), at("region = ${reg_#}"));
        row("select_one place", &at("pl_#"), "Which place?", [&asked, "", "", "", "", &filter]);
        row("select_multiple need", &at("need_#"), "What is needed?", ["", "", none, "None stands alone", "", ""]);
        let legal = at("selected(${need_#}, 'legal') and ${n_#} > 0");
        row("text", &at("why_#"), "Please explain", [&legal, "", "", "", "", ""]);
        row("date", &at("d_#"), "When did it happen?", [&at("${n_#} > 0"), "", ". <= today()", "", "", ""]);
        row("calculate", &at("age_#"), "", ["", "", "", "", &age, ""]);
        row("calculate", &at("t_#"), "", ["", "", "", "", &total, ""]);
        let note = at("So far ${t_#} people; section needs ${need_#}");
        row("note", &at("note_#"), &note, [&at("${t_#} > 0"), "", "", "", "", ""]);
        let share = at("${t_#} > 5 and ${age_#} != ''");
        row("decimal", &at("w_#"), "Share of income spent?", [&share, "", "", "", "", ""]);
        row("end group", "", "", [""; 6]);
    }
    form + &choices() + &settings("q2000")
}

/// A household: a repeat of twelve fields, and totals over its rows.
pub fn roster() -> String {
    const ROWS: &str = "
        select_one yn | consent | Agree? |||
        integer | size | Household size | | . >= 0 and . <= 200 |
        begin repeat | m | Member |||
        text | name | Name |||
        integer | age | Age | | . >= 0 and . <= 120 |
        select_one yn | sick | Sick? |||
        select_multiple need | needs | Needs |||
        calculate | idx | | | | position(..)
        calculate | child | | | | if(${age} < 18, 1, 0)
        calculate | elder | | | | if(${age} >= 60, 1, 0)
        text | guardian | Guardian | ${child} = 1 ||
        calculate | share | | | | round(${age} div 12, 2)
        note | mn | ${name} is ${age} | ${name} != '' ||
        integer | school | School years | ${child} = 1 | . <= ${age} |
        decimal | muac | MUAC (mm) | ${age} < 5 ||
        end repeat | | |||
        calculate | n | | | | count(${m})
        calculate | children | | | | sum(${child})
        calculate | elders | | | | sum(${elder})
        calculate | oldest | | | | max(${age})
        calculate | dep | | | | if(${n} - ${children} - ${elders} > 0, (${children} + ${elders}) div (${n} - ${children} - ${elders}), 0)
        note | r | Dependency ${dep} | ${dep} > 1 ||
        text | first | Name of the first member's guardian | indexed-repeat(${age}, ${m}, 1) < 18 ||";
    let rows: String = ROWS
        .lines()
        .map(str::trim)
        .filter(|row| !row.is_empty())
        .fold(String::new(), |all, row| all + "| | " + row + " |\n");
    let columns = "type | name | label::English (en) | relevant | constraint | calculation";
    format!("| survey |\n| | {columns} |\n{rows}") + &choices() + &settings("roster")
}

fn settings(id: &str) -> String {
    format!(
        "| settings |\n| | form_title | form_id | version | default_language |\n| | {id} | {id} | 1 | English (en) |\n"
    )
}

fn choices() -> String {
    let mut form =
        String::from("| choices |\n| | list_name | name | label::English (en) | label::Francais (fr) | region |\n");
    let mut choice = |list: &str, name: &str, label: &str, region: &str| {
        writeln!(form, "| | {list} | {name} | {label} | {label} | {region} |").expect("memory");
    };
    choice("yn", "yes", "Yes", "");
    choice("yn", "no", "No", "");
    (0..10).for_each(|i| choice("region", &format!("r{i}"), &format!("Region {i}"), ""));
    (0..100).for_each(|i| choice("place", &format!("p{i}"), &format!("Place {i}"), &format!("r{}", i % 10)));
    ["food", "water", "shelter", "health", "legal", "none"].iter().for_each(|need| choice("need", need, need, ""));
    form
}
