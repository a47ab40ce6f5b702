//! The recipes of the library, every folder of `recipes/` and every older version in them: what each must have, what it plans, that it goes
//! to an account and leaves nothing there, and that a copy of it stands on its own.

mod contents;
mod copies;
mod folder;
mod plans;
mod real;
mod round_trip;
