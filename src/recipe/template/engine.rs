//! The engine: what expressions can do, and what they cannot.

use std::sync::LazyLock;

use minijinja::{Environment, UndefinedBehavior};

use super::filters;

/// Steps that one expression may take; also bounds the memory it may fill, to about six megabytes.
const FUEL: u64 = 100_000;

/// The function that reads a file; every text has one of its own, which begins at its folder.
pub(super) const FILE: &str = "file";

pub(super) static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_fuel(Some(FUEL));
    // It prints the whole context, which no value should depend on.
    engine.remove_global("debug");
    filters::add_to(&mut engine);
    engine
});

/// Whether a name is one of the functions that every expression knows.
pub(super) fn is_function(name: &str) -> bool {
    name == FILE || ENGINE.globals().any(|(global, _)| global == name)
}

/// Why a name that other template languages have does not exist here.
pub(super) fn why_absent(name: &str) -> Option<&'static str> {
    Some(match name {
        "now" | "today" | "utcnow" | "time" | "date" | "timestamp" | "strftime" => {
            "a recipe gives the same tasks whenever it is read, so there is no clock; pass the time in: -p date=\"$(date -I)\""
        }
        "random" | "rand" | "shuffle" | "randint" | "uuid" | "uuid4" => {
            "a recipe gives the same tasks every time, so there is no chance; `for_each: { random: … }` has random numbers that stay the same"
        }
        "env" | "environ" | "getenv" | "os" | "environment" => {
            "a recipe does not read the environment; declare a parameter, which BATCHYARD_PARAM_<name> sets"
        }
        "secret" | "secrets" | "vault" | "lookup" => {
            "expressions know no secrets; write a reference where the secret belongs: { env: NAME }"
        }
        _ => return None,
    })
}
