//! `watch`: the loop that brings an account to what folders and repositories hold.

mod account;
mod asking;
mod clone;
mod drift;
mod folder;
mod forge;
mod mending;
mod quota;
mod records;
mod repository;
mod trouble;
mod yard;
