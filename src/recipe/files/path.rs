//! Parts of paths, as text: `/` separates, on every machine.

/// What stands behind the last `/`: `c.tar.gz` of `a/b/c.tar.gz`.
pub fn basename(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}

/// What stands before the last `/`: `a/b` of `a/b/c.tar.gz`; `.` if there is none, so that `<dirname>/x` is always below.
pub fn dirname(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    match trimmed.rsplit_once('/') {
        Some((folder, _)) => {
            let folder = folder.trim_end_matches('/');
            if folder.is_empty() { "/" } else { folder }
        }
        None if trimmed.is_empty() && !path.is_empty() => "/",
        None => ".",
    }
}

/// The last part without its extension: `c.tar` of `a/b/c.tar.gz`.
pub fn stem(path: &str) -> &str {
    let name = basename(path);
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}

/// What stands behind the last dot of the last part: `gz` of `a/b/c.tar.gz`; nothing if there is none.
pub fn extension(path: &str) -> &str {
    match basename(path).rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => extension,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_apart() {
        let parts = |path| (dirname(path), basename(path), stem(path), extension(path));
        assert_eq!(parts("a/b/c.tar.gz"), ("a/b", "c.tar.gz", "c.tar", "gz"));
        assert_eq!(parts("c"), (".", "c", "c", ""));
        assert_eq!(parts(".bashrc"), (".", ".bashrc", ".bashrc", ""));
        assert_eq!(parts("a/"), (".", "a", "a", ""));
        assert_eq!(parts("/a"), ("/", "a", "a", ""));
        assert_eq!(parts("a//b.c"), ("a", "b.c", "b", "c"));
        assert_eq!(parts("/"), ("/", "", "", ""));
        assert_eq!(parts(""), (".", "", "", ""));
    }
}
