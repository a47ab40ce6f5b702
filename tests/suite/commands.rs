//! What each command says and how it exits, by the built program against the emulator.

mod stranger;

mod foreign_work;
mod plans;
