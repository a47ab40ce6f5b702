//! What each command says and how it exits, by the built program against the emulator.

mod recipes;
mod stranger;

mod auto_pools;
mod exit_codes;
mod exit_conditions;
mod faults;
mod first_contact;
mod foreign_work;
mod generations;
mod import_live;
mod logs;
mod plans;
mod programs;
mod quiet;
mod saved_plans;
mod schedules;
mod selections;
mod status;
mod waits;
