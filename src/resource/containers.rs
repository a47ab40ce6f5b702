//! What the nodes of a pool prepare for containers.

use serde::Serialize;

use crate::batch::model::{BatchContainerConfiguration, ContainerType};

use super::RegistrySpec;

/// What the nodes of a pool prepare for containers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContainerConfigurationSpec {
    /// The container technology.
    pub technology: ContainerType,
    /// Images fetched to every node before it takes tasks.
    pub prefetch: Vec<String>,
    /// Registries and how to log in to them.
    pub registries: Vec<RegistrySpec>,
}

impl ContainerConfigurationSpec {
    /// The wire form; passwords are still references.
    pub fn to_wire(&self) -> BatchContainerConfiguration {
        let registries: Vec<_> = self.registries.iter().map(RegistrySpec::to_wire).collect();
        BatchContainerConfiguration {
            r#type: Some(self.technology.clone()),
            container_image_names: (!self.prefetch.is_empty()).then(|| self.prefetch.clone()),
            container_registries: (!registries.is_empty()).then_some(registries),
        }
    }

    pub(super) fn from_wire(configuration: &BatchContainerConfiguration) -> Self {
        Self {
            technology: configuration.r#type.clone().unwrap_or(ContainerType::DockerCompatible),
            prefetch: configuration.container_image_names.clone().unwrap_or_default(),
            registries: configuration
                .container_registries
                .iter()
                .flatten()
                .map(RegistrySpec::from_wire)
                .collect(),
        }
    }

    /// Whether a live configuration's registries are what the recipe asks for, as far as the service tells.
    pub fn same_registries(&self, live: &Self) -> bool {
        self.registries.len() == live.registries.len()
            && self.registries.iter().zip(&live.registries).all(|(desired, live)| desired.same(live))
    }
}
