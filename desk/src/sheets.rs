//! Pages to print: HTML that every browser prints, one sheet of paper after the other, without anything from the network.

use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = "body{font:13pt/1.45 sans-serif;margin:2cm;color:#000}section{page-break-after:always;max-width:17cm}\
    h1{font-size:17pt;margin:0 0 .6cm}h2{font-size:13pt}dl{display:grid;grid-template-columns:auto 1fr;gap:.1cm .6cm}dt{font-weight:bold}\
    dd{margin:0}.aloud{font:12pt monospace}.qr svg{width:9cm;height:9cm}.small{font-size:9pt;word-break:break-all}";

/// A document of sheets.
pub fn document(title: &str, language: &str, sheets: &[Markup]) -> String {
    html! {
        (DOCTYPE)
        html lang=(language) {
            head { meta charset="utf-8"; title { (title) } style { (PreEscaped(STYLE)) } }
            body { @for sheet in sheets { section { (sheet) } } }
        }
    }
    .into_string()
}

/// Names with their values; empty values are left out.
pub fn facts(rows: &[(String, String)]) -> Markup {
    html! {
        dl { @for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) { dt { (name) } dd { (value) } } }
    }
}
