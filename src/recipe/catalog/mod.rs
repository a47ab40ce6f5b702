//! What the program knows of Azure's offers: sizes and images of virtual machines, and which of them go.
//!
//! The tables are files with the date on which they were true. Nothing here reads the clock: what has ended by that date
//! has ended, and what ends soon after it ends soon.

mod image;
mod retirement;
mod table;
mod vm_size;

pub use image::{ContainerEngine, KnownImage};
pub use retirement::{Retirement, node_agent, vm_size};
pub use vm_size::VmSize;
