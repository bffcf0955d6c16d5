//! Expressions outside of any form: for tests, constants, and those who try one.

use super::bind::Binder;
use super::error::ParseError;
use super::expr::{Environment, EvalContext, Instance};
use super::layout::{FORM, InstanceData, Layout};
use super::value::Value;
use crate::package::Package;

/// The value of an expression that belongs to no form, and what is wrong with it.
pub fn evaluate(text: &str, around: &Environment) -> (Value, Vec<ParseError>) {
    let package = Package { languages: vec![String::new()], ..Package::default() };
    let layout = Layout::new(&package);
    let bound = Binder::new(&package, &layout).bind(text, FORM);
    let world = Instance { package: &package, layout: &layout, rows: &InstanceData::new(&layout), around };
    (EvalContext::new(world, 0, FORM).eval(&bound.expr), bound.errors)
}
