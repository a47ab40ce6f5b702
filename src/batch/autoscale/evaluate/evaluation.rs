//! What a formula comes to.

use std::collections::BTreeMap;
use std::fmt;

use super::value::Value;
use crate::batch::autoscale::{DeallocationOption, ServiceVariable};

/// What a formula comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// How many dedicated nodes the pool should have.
    pub dedicated: i32,
    /// How many Spot nodes the pool should have.
    pub low_priority: i32,
    /// What happens to running tasks when nodes go.
    pub deallocation: DeallocationOption,
    /// The variables of the formula itself.
    pub variables: BTreeMap<String, Value>,
}

impl Evaluation {
    /// What a formula comes to that says nothing: the pool stays as it is.
    pub fn unchanged(dedicated: i32, low_priority: i32) -> Self {
        let deallocation = DeallocationOption::Requeue;
        Self { dedicated, low_priority, deallocation, variables: BTreeMap::new() }
    }
}

/// As the service writes the results of an evaluation: the service's variables, then the others by name.
impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={};", ServiceVariable::TargetDedicatedNodes.as_str(), self.dedicated)?;
        write!(f, "{}={};", ServiceVariable::TargetLowPriorityNodes.as_str(), self.low_priority)?;
        write!(f, "{}={}", ServiceVariable::NodeDeallocationOption.as_str(), self.deallocation.as_str())?;
        self.variables.iter().try_for_each(|(name, value)| write!(f, ";{name}={value}"))
    }
}
