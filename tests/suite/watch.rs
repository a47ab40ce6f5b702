//! `watch`: the loop that brings an account to what folders and repositories hold.

mod account;
mod drift;
mod folder;
mod repository;
mod yard;
