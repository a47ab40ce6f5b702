//! The passes together: from a text to a desired state, or to everything that is wrong with it.

mod allow;
mod composition;
mod documentation;
mod examples;
mod expansion;
mod expressions;
mod factories;
mod hostile;
mod library_page;
mod lowering;
mod mistakes;

mod page;
mod parameters;
mod properties;
mod reference;
mod rules;
mod support;
