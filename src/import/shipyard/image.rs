//! Container images: what they are called, which registry they come from, and what stands in for Singularity's.

use super::section::Section;

/// Singularity images of the recipes that came with Batch Shipyard whose authors publish the same program as a container image.
const SAME_PROGRAM: &[(&str, &str)] = &[
    ("library://alfpark/linpack/linpack:2018-intel-mkl", "alfpark/linpack:2018-intel-mkl"),
    ("library://vincent.labonte/mpi/mpibench:intelmpi", "vincentlabo/mpibench:intelmpi"),
    ("library://vincent.labonte/mpi/mpibench:mpich", "vincentlabo/mpibench:mpich"),
    ("library://vincent.labonte/mpi/mpibench:openmpi", "vincentlabo/mpibench:openmpi"),
];

/// The image that a task runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Image {
    /// A container image.
    Container(String),
    /// An image that only Singularity can run.
    Missing(String),
}

impl Image {
    /// The image behind a Singularity URI.
    fn of_singularity(uri: &str) -> (Self, String) {
        if let Some(image) = uri.strip_prefix("docker://") {
            return (
                Self::Container(image.to_owned()),
                format!("Singularity made it of the container image `{image}`, which runs as it is"),
            );
        }
        if let Some((_, image)) = SAME_PROGRAM.iter().find(|(known, _)| *known == uri) {
            return (
                Self::Container((*image).to_owned()),
                format!("`{image}` has the same program as a container image; paths in it may differ"),
            );
        }
        let why = "only Singularity can run it: name a container image in its place";
        (Self::Missing(uri.to_owned()), why.to_owned())
    }
}

/// The image that a section names; Singularity's with what it became noted.
pub(super) fn named(section: &Section<'_>) -> Option<Image> {
    let docker = section.get("docker_image");
    // Batch Shipyard's code reads `image`, too, which its schema never let through.
    let legacy = section.get("image");
    if let Some(image) = docker.word().or_else(|| legacy.word()) {
        if section.get("singularity_image").is_present() {
            section.get("singularity_image").dropped("the task has a `docker_image`, too, and runs in that");
        }
        return Some(Image::Container(image));
    }
    singularity(&section.get("singularity_image"))
}

/// The image behind a Singularity image.
pub(super) fn singularity(section: &Section<'_>) -> Option<Image> {
    let uri = section.word()?;
    let (image, note) = Image::of_singularity(&uri);
    section.changed(note);
    Some(image)
}

/// The registry's host that an image comes from.
pub(super) fn server(image: &str) -> &str {
    match image.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first,
        _ => "docker.io",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_come_from_the_registry_that_they_name() {
        assert_eq!(server("busybox"), "docker.io");
        assert_eq!(server("alfpark/caffe:cpu"), "docker.io");
        assert_eq!(server("quay.io/biocontainers/blast:2"), "quay.io");
        assert_eq!(server("localhost:5000/a"), "localhost:5000");
    }

    #[test]
    fn singularity_images_become_container_images_where_there_is_one() {
        let image = |uri| Image::of_singularity(uri).0;
        assert_eq!(
            image("docker://tensorflow/tensorflow:2"),
            Image::Container("tensorflow/tensorflow:2".into())
        );
        assert!(matches!(image("library://vincent.labonte/mpi/mpibench:mpich"), Image::Container(_)));
        for uri in ["library://a/b/c", "shub://a/b", "oras://x.io/a"] {
            assert_eq!(image(uri), Image::Missing(uri.into()));
        }
    }
}
