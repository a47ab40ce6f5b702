//! Keywords of our own, which say what no keyword of JSON Schema does. Published schemas don't have them.

/// Marks what exists only before expansion.
pub(super) const AUTHORING_ONLY: &str = "x-authoring-only";
/// Names the models of the REST API that an object of the recipe stands for.
pub(super) const REST_MODELS: &str = "x-rest";
/// Says why some keys, which a pattern of names excludes, have no place in an object.
pub(super) const NO_PLACE: &str = "x-no-place";
/// Marks a map whose keys are names of one's own, where what stands under them is nobody's business.
pub(super) const FREE_KEYS: &str = "x-free-keys";
/// Names the definition that another one is a part of.
pub(super) const PART_OF: &str = "x-part-of";
/// Names the properties that such a part does not have.
pub(super) const WITHOUT: &str = "x-without";
