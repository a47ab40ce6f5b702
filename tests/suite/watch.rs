//! `watch`: the loop that brings an account to what folders and repositories hold.

mod account;
mod asking;
mod drift;
mod folder;
mod repository;
mod trouble;
mod yard;
