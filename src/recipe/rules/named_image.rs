//! Names of container images, for rules that judge them.

use crate::batch::ImageReference;
use crate::batch::image_reference::InvalidImageReference;
use crate::diagnostic::Span;
use crate::recipe::document::Field;

/// The name of an image, read to its end.
#[derive(Debug)]
pub(super) struct NamedImage<'a> {
    /// The name as it is written.
    pub(super) name: &'a str,
    /// Where it stands.
    pub(super) span: Span,
    /// What it says, or what is wrong with it.
    pub(super) reference: Result<ImageReference, InvalidImageReference>,
}

impl<'a> NamedImage<'a> {
    /// Reads a name. `None` if it could not be understood as a text.
    pub(super) fn read(field: &'a Field<String>) -> Option<Self> {
        let name = field.get()?;
        Some(Self { name, span: field.span(), reference: name.parse() })
    }

    /// What the name says, if it is one.
    pub(super) fn reference(&self) -> Option<&ImageReference> {
        self.reference.as_ref().ok()
    }
}
