//! Charts as SVG, drawn from shown numbers only. Widths are percentages and text keeps its size, so that a chart is
//! as readable on a phone as on paper. Each chart has a table with the same numbers beside it; for who cannot see it,
//! the table is the chart.

use super::labels::label;
use super::texts::Language;
use crate::statistics::{Month, Shown};
use maud::{Markup, html};
use std::sync::OnceLock;

/// A bar under a label: its share of the longest.
pub fn bar(value: Shown, longest: u32) -> Markup {
    let percent = f64::from(value.at_least()) * 100.0 / f64::from(longest.max(1));
    html! {
        svg.bar width="100%" height="8" aria-hidden="true" focusable="false" {
            rect.track width="100%" height="8" rx="2" {}
            rect.value width=(format!("{percent:.1}%")) height="8" rx="2" {}
        }
    }
}

/// The next round number: 1, 2 or 5 and zeros.
fn step_for(highest: u32, steps: u32) -> u32 {
    let least = highest.div_ceil(steps).max(5);
    (0..9).flat_map(|zeros| [1, 2, 5].map(|n| n * 10u32.pow(zeros))).find(|step| *step >= least).unwrap_or(least)
}

/// Columns by month.
pub fn months(values: &[(Month, Shown)], unit: &str, title: &str, language: Language) -> Markup {
    const TOP: f64 = 18.0;
    const HEIGHT: f64 = 180.0;
    let highest = values.iter().map(|(_, n)| n.at_least()).max().unwrap_or(0).max(5);
    let step = step_for(highest, 4);
    let full = highest.div_ceil(step) * step;
    let y = |n: u32| TOP + HEIGHT * (1.0 - f64::from(n) / f64::from(full));
    let width = 100.0 / values.len().max(1) as f64;
    let every_month = values.len() <= 12;
    html! {
        svg.months role="img" width="100%" height="226" aria-label=(title) {
            @for n in (0..=full).step_by(step as usize) {
                line.grid x1="0" x2="100%" y1=(format!("{:.1}", y(n))) y2=(format!("{:.1}", y(n))) {}
            }
            @for (at, (month, shown)) in values.iter().enumerate() {
                @let x = format!("{:.2}%", width * (at as f64 + 0.12));
                @let tall = (f64::from(shown.at_least()) / f64::from(full) * HEIGHT).max(1.5);
                @let class = if shown.at_least() == 0 { "value none" } else { "value" };
                rect class=(class) x=(x) width=(format!("{:.2}%", width * 0.76)) y=(format!("{:.1}", TOP + HEIGHT - tall))
                    height=(format!("{tall:.1}")) {
                    title { (language.month(*month)) ": " (language.shown(*shown)) }
                }
                @if every_month {
                    text.tick x=(format!("{:.2}%", width * (at as f64 + 0.5))) y="214" text-anchor="middle" {
                        (language.text(&format!("short-month-{}", month.number())))
                    }
                } @else if month.number() == 1 || at == 0 {
                    line.tick x1=(format!("{:.2}%", width * at as f64)) x2=(format!("{:.2}%", width * at as f64)) y1="198" y2="206" {}
                    text.tick x=(format!("{:.2}%", width * at as f64)) y="220" { (month.year()) }
                }
            }
            @for n in (step..=full).step_by(step as usize) {
                text.scale x="0" y=(format!("{:.1}", y(n) - 4.0)) {
                    (language.number(n)) @if n + step > full { " " (unit) }
                }
            }
        }
    }
}

/// Women on the left, men on the right, an age band a row.
pub fn pyramid(rows: &[(String, Shown, Shown)], names: [&str; 2], title: &str) -> Markup {
    const ROW: usize = 33;
    let longest = rows.iter().flat_map(|(_, f, m)| [f, m]).map(|n| n.at_least()).max().unwrap_or(0).max(1);
    let width = |n: Shown| f64::from(n.at_least()) * 36.0 / f64::from(longest);
    html! {
        svg.pyramid role="img" width="100%" height=(rows.len() * ROW + 26) aria-label=(title) {
            text.side x="0" y="14" { (names[0]) }
            text.side x="100%" y="14" text-anchor="end" { (names[1]) }
            @for (at, (age, women, men)) in rows.iter().enumerate() {
                @let y = 26 + at * ROW;
                rect.track x="0" width="36%" y=(y) height="20" {}
                rect.track x="64%" width="36%" y=(y) height="20" {}
                rect.women x=(format!("{:.2}%", 36.0 - width(*women))) width=(format!("{:.2}%", width(*women))) y=(y) height="20" {}
                rect.men x="64%" width=(format!("{:.2}%", width(*men))) y=(y) height="20" {}
                text.age x="50%" y=(y + 15) text-anchor="middle" { (age) }
            }
        }
    }
}

struct Shape {
    code: &'static str,
    at: [&'static str; 2],
    path: &'static str,
}

/// Outlines of the provinces: `web/provinces.csv`, made from the source that `web/SOURCES.md` names.
fn shapes() -> &'static [Shape] {
    static SHAPES: OnceLock<Vec<Shape>> = OnceLock::new();
    SHAPES.get_or_init(|| {
        let rows = include_str!("provinces.csv").lines().skip(1);
        let read = |row: &'static str| {
            let mut cells = row.splitn(4, ',');
            Some(Shape { code: cells.next()?, at: [cells.next()?, cells.next()?], path: cells.next()? })
        };
        rows.filter_map(read).collect()
    })
}

/// Five shades; the fewest, or fewer than can be shown, are the lightest.
fn shade(value: Shown, highest: u32) -> u32 {
    match value.at_least() {
        0 => 0,
        n => (n * 4).div_ceil(highest.max(1)).clamp(1, 4),
    }
}

/// The map of the provinces, each with name and number; `own` is set off where one province is looked at.
pub fn map(values: &[(String, Shown)], own: Option<&str>, title: &str, language: Language) -> Markup {
    let value = |code: &str| values.iter().find(|(of, _)| of == code).map(|(_, shown)| *shown);
    let highest = values.iter().map(|(_, shown)| shown.at_least()).max().unwrap_or(0);
    html! {
        svg.map role="img" viewBox="-6 -4 352 406" aria-label=(title) {
            @for shape in shapes() {
                @let class = match (value(shape.code), own) {
                    (Some(shown), _) => format!("shade{}", shade(shown, highest)),
                    (None, Some(own)) if own == shape.code => "own".to_owned(),
                    _ => "other".to_owned(),
                };
                path class=(class) d=(shape.path) {
                    title {
                        (label("place", shape.code, language))
                        @if let Some(shown) = value(shape.code) { ": " (language.shown(shown)) }
                    }
                }
            }
            @for shape in shapes() {
                g.name transform=(format!("translate({} {})", shape.at[0], shape.at[1])) {
                    text text-anchor="middle" { (label("place", shape.code, language)) }
                    @if let Some(shown) = value(shape.code) {
                        text.number y="17" text-anchor="middle" { (language.shown(shown)) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tabara_protocol::places;

    #[test]
    fn every_province_has_an_outline() {
        assert!(places::provinces().all(|p| shapes().iter().any(|s| s.code == p.code && s.path.starts_with('M'))));
    }

    #[test]
    fn scales_are_round() {
        assert_eq!([7, 45, 160, 1160].map(|n| step_for(n, 4)), [5, 20, 50, 500]);
    }

    #[test]
    fn a_number_that_is_not_shown_draws_nothing() {
        let drawn = bar(Shown::Below(5), 100).into_string();
        assert!(drawn.contains("width=\"0.0%\""));
        assert_eq!((shade(Shown::Below(5), 100), shade(Shown::Number(100), 100)), (0, 4));
    }
}
