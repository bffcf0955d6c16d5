//! Points are `latitude longitude [altitude accuracy]`, lines and shapes are points separated by `;`. On a sphere of
//! 6,378,100 m, in full precision (E23).

use crate::expression::expr::{EvalContext, Expr};

const RADIUS: f64 = 6_378_100.0;

/// Latitude and longitude in degrees; `None` where something is no point.
fn points(text: &str) -> Option<Vec<(f64, f64)>> {
    let one = |point: &str| {
        let mut parts = point.split_whitespace().map(|part| part.parse::<f64>().ok().filter(|n| n.is_finite()));
        Some((parts.next()??, parts.next()??))
    };
    text.split(';').map(str::trim).filter(|part| !part.is_empty()).map(one).collect()
}

/// Whether a text is a point, or several.
pub fn is_place(text: &str) -> bool {
    points(text).is_some_and(|points| !points.is_empty())
}

/// The points of all arguments: one line or shape, or the points of several nodes.
fn all_points(here: &EvalContext<'_>, a: &[Expr]) -> Option<Vec<(f64, f64)>> {
    let all: Option<Vec<Vec<_>>> = here.values(a).iter().map(|value| points(&value.text())).collect();
    Some(all?.concat())
}

/// Square metres enclosed; 0 of fewer than three points.
pub fn area(here: &EvalContext<'_>, a: &[Expr]) -> f64 {
    let Some(points) = all_points(here, a).filter(|points| points.len() > 2) else { return 0.0 };
    let mut sum = 0.0;
    for (i, (lat, lon)) in points.iter().enumerate() {
        let (next_lat, next_lon) = points[(i + 1) % points.len()];
        let turn = (next_lon - lon).to_radians();
        sum += turn * (2.0 + lat.to_radians().sin() + next_lat.to_radians().sin());
    }
    (sum * RADIUS * RADIUS / 2.0).abs()
}

/// Metres along a line.
pub fn distance(here: &EvalContext<'_>, a: &[Expr]) -> f64 {
    let Some(points) = all_points(here, a) else { return 0.0 };
    points.windows(2).map(|pair| between(pair[0], pair[1])).sum()
}

fn between((lat1, lon1): (f64, f64), (lat2, lon2): (f64, f64)) -> f64 {
    let (lat1, lat2) = (lat1.to_radians(), lat2.to_radians());
    let turn = (lon2 - lon1).to_radians();
    let cos = lat1.sin() * lat2.sin() + lat1.cos() * lat2.cos() * turn.cos();
    cos.clamp(-1.0, 1.0).acos() * RADIUS
}

/// Whether a point lies inside a closed shape, by counting the sides that a ray crosses.
pub fn geofence(point: &str, shape: &str) -> bool {
    let (Some(point), Some(shape)) = (points(point), points(shape)) else { return false };
    let Some((lat, lon)) = point.first().copied() else { return false };
    // closed: the first point stands at the end again
    if shape.len() < 4 || shape.first() != shape.last() {
        return false;
    }
    let crosses = |pair: &[(f64, f64)]| {
        let ((lat1, lon1), (lat2, lon2)) = (pair[0], pair[1]);
        (lon1 > lon) != (lon2 > lon) && lat < (lat2 - lat1) * (lon - lon1) / (lon2 - lon1) + lat1
    };
    shape.windows(2).filter(|pair| crosses(pair)).count() % 2 == 1
}
