//! Why files cannot be had.

/// Why a file cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The path is empty.
    #[error("the path of the file is empty")]
    Empty,
    /// The path begins at the root of the machine.
    #[error("the path `{path}` is absolute; paths begin at the recipe's folder")]
    Absolute {
        /// The path as written.
        path: String,
    },
    /// The path goes up.
    #[error("the path `{path}` has a `..`; only files below the recipe's folder can be read")]
    Up {
        /// The path as written.
        path: String,
    },
    /// A link leads out.
    #[error("`{path}` is or passes a link that leads out of the recipe's folder")]
    LeadsOut {
        /// The path as written.
        path: String,
    },
    /// It is a folder, a device, or anything else that has no text.
    #[error("`{path}` is no file")]
    NoFile {
        /// The path as written.
        path: String,
    },
    /// It is too large.
    #[error("the file `{path}` is larger than {most} bytes")]
    TooLarge {
        /// The path as written.
        path: String,
        /// The limit.
        most: usize,
    },
    /// All files together are too large.
    #[error("the files that expressions read have more than {most} bytes together")]
    TooMuch {
        /// The limit.
        most: usize,
    },
    /// There are too many files to look at.
    #[error("there are more than {most} files and folders to look at; begin the pattern with a folder")]
    TooMany {
        /// The limit.
        most: usize,
    },
    /// It is no UTF-8 text.
    #[error("the file `{path}` is not UTF-8 text")]
    NotText {
        /// The path as written.
        path: String,
    },
    /// Its name is no UTF-8 text.
    #[error("the name of the file `{path}` is not UTF-8 text")]
    NameNotText {
        /// The path, with replacements.
        path: String,
    },
    /// The machine says no.
    #[error("`{path}` cannot be read: {reason}")]
    Unreadable {
        /// The path as written.
        path: String,
        /// What the machine says.
        reason: String,
    },
}
