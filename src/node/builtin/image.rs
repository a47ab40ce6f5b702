//! Putting the image together.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use ring::digest::{Context, SHA256};
use serde_json::json;
use tar::{Builder, EntryType, Header};

use super::elf::loader;
use super::libraries::{mapped, other_names};
use crate::node::platform::architecture;

/// The image's name.
pub const REFERENCE: &str = "batchyard/hello";

/// Where loaders look by themselves.
const SEARCHED: &[&str] = &["/lib", "/usr/lib", "/lib64", "/usr/lib64"];

/// Why the built-in image could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum BuiltinImageError {
    /// A part of it can't be read.
    #[error("the built-in image needs `{}`, which can't be read", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The archive can't be written.
    #[error("the archive of the built-in image can't be written to `{}`", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> BuiltinImageError {
    let path = path.to_owned();
    move |source| BuiltinImageError::Read { path, source }
}

/// Whether a name means the built-in image.
pub fn is_builtin(reference: &str) -> bool {
    let name = ["docker.io/", "index.docker.io/"]
        .iter()
        .find_map(|registry| reference.strip_prefix(registry))
        .unwrap_or(reference);
    name.strip_suffix(":latest").unwrap_or(name) == REFERENCE
}

/// The image as an archive in the format of `docker save`, made in the folder `cache` unless it is there already.
pub fn archive(cache: &Path) -> Result<PathBuf, BuiltinImageError> {
    // Not by its path, where a newer build may be by now.
    archive_of(Path::new("/proc/self/exe"), cache)
}

/// The same with another executable, which must use no other shared libraries than this process.
pub fn archive_of(executable: &Path, cache: &Path) -> Result<PathBuf, BuiltinImageError> {
    let parts = Parts::of(executable)?;
    let path = cache.join(format!("hello-{}.tar", parts.key()?));
    if path.exists() {
        return Ok(path);
    }
    let write = || -> io::Result<()> {
        fs::create_dir_all(cache)?;
        remove_others(cache)?;
        // Others may be at it, too: this process goes on making the archive for a task that was ended meanwhile.
        let draft = tempfile::Builder::new().prefix(".draft-").tempdir_in(cache)?;
        let archive = draft.path().join("archive");
        parts.write(&draft.path().join("layer"), &archive)?;
        fs::rename(&archive, &path)
    };
    match write() {
        Ok(()) => Ok(path),
        Err(source) => Err(BuiltinImageError::Write { path, source }),
    }
}

/// Archives of other builds of this program have served their time.
fn remove_others(cache: &Path) -> io::Result<()> {
    for entry in fs::read_dir(cache)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("hello-") && name.ends_with(".tar") {
            match fs::remove_file(entry.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// What the image is made of.
#[derive(Debug)]
struct Parts {
    /// Where in the image which file of the host goes.
    files: BTreeMap<PathBuf, PathBuf>,
    /// Further names of libraries.
    links: BTreeMap<PathBuf, PathBuf>,
    /// Folders with libraries in which no loader looks by itself.
    unsearched: BTreeSet<PathBuf>,
}

impl Parts {
    fn of(executable: &Path) -> Result<Self, BuiltinImageError> {
        let content = fs::read(executable).map_err(unreadable(executable))?;
        let mut files = BTreeMap::from([(PathBuf::from("/bin/hello"), executable.to_owned())]);
        let mut links = BTreeMap::new();
        let mut unsearched = BTreeSet::new();
        // A program without a loader has no libraries either.
        if let Some(loader) = loader(&content) {
            let maps = Path::new("/proc/self/maps");
            let maps = fs::read_to_string(maps).map_err(unreadable(maps))?;
            let own = fs::read_link("/proc/self/exe").unwrap_or_default();
            for library in mapped(&maps, &own) {
                for name in other_names(&library) {
                    links.insert(name, library.clone());
                }
                let folder = library.parent().unwrap_or(Path::new("/"));
                if !is_searched(folder) {
                    unsearched.insert(folder.to_owned());
                }
                files.insert(library.clone(), library);
            }
            // Under the very name that the executable asks for, whatever links lead there on this machine.
            links.remove(&loader);
            files.insert(loader.clone(), loader);
        }
        Ok(Self { files, links, unsearched })
    }

    /// Changes whenever a part does.
    fn key(&self) -> Result<String, BuiltinImageError> {
        let mut text = String::from(env!("CARGO_PKG_VERSION"));
        for (target, source) in &self.files {
            let metadata = fs::metadata(source).map_err(unreadable(source))?;
            let (size, seconds, nanoseconds) = (metadata.len(), metadata.mtime(), metadata.mtime_nsec());
            // Writing to a string can't fail.
            let _ = writeln!(text, "{} {size} {seconds}.{nanoseconds} {}", target.display(), metadata.ino());
        }
        Ok(blake3::hash(text.as_bytes()).to_hex().chars().take(16).collect())
    }

    /// Writes the archive. What is small comes first: whoever has the image already need not read on.
    fn write(&self, layer: &Path, archive: &Path) -> io::Result<()> {
        let digest = self.write_layer(layer)?;
        let mut environment = vec!["PATH=/bin".to_owned()];
        if !self.unsearched.is_empty() {
            let folders: Vec<_> = self.unsearched.iter().map(|folder| folder.to_string_lossy()).collect();
            environment.push(format!("LD_LIBRARY_PATH={}", folders.join(":")));
        }
        let config = json!({
            "architecture": architecture(),
            "os": "linux",
            "created": "1970-01-01T00:00:00Z",
            "config": { "Entrypoint": ["/bin/hello"], "WorkingDir": "/", "Env": environment },
            "rootfs": { "type": "layers", "diff_ids": [digest] },
            "history": [{ "created": "1970-01-01T00:00:00Z", "created_by": "batchyard" }],
        });
        let manifest = json!([{
            "Config": "config.json", "RepoTags": [format!("{REFERENCE}:latest")], "Layers": ["layer.tar"]
        }]);
        let mut builder = Builder::new(io::BufWriter::new(File::create(archive)?));
        for (name, content) in [("manifest.json", manifest.to_string()), ("config.json", config.to_string())]
        {
            let mut header = header(EntryType::Regular, 0o644, content.len() as u64);
            builder.append_data(&mut header, name, content.as_bytes())?;
        }
        let layer = File::open(layer)?;
        let mut header = header(EntryType::Regular, 0o644, layer.metadata()?.len());
        builder.append_data(&mut header, "layer.tar", layer)?;
        builder.into_inner()?.into_inner()?.sync_all()
    }

    /// Writes the one layer and returns its digest.
    fn write_layer(&self, path: &Path) -> io::Result<String> {
        let mut builder = Builder::new(DigestWriter::new(io::BufWriter::new(File::create(path)?)));
        for folder in self.folders() {
            let mode = if folder == Path::new("tmp") { 0o1777 } else { 0o755 };
            builder.append_data(&mut header(EntryType::Directory, mode, 0), folder, io::empty())?;
        }
        for (name, content) in [("etc/passwd", "root:x:0:0:root:/:\n"), ("etc/group", "root:x:0:\n")] {
            let mut header = header(EntryType::Regular, 0o644, content.len() as u64);
            builder.append_data(&mut header, name, content.as_bytes())?;
        }
        for (target, source) in &self.files {
            let file = File::open(source)?;
            let mut header = header(EntryType::Regular, 0o755, file.metadata()?.len());
            builder.append_data(&mut header, relative(target), file)?;
        }
        for (name, library) in &self.links {
            builder.append_link(&mut header(EntryType::Symlink, 0o777, 0), relative(name), library)?;
        }
        builder.into_inner()?.finish()
    }

    /// Every folder of the image, parents first.
    fn folders(&self) -> BTreeSet<PathBuf> {
        let mut folders: BTreeSet<PathBuf> = ["bin", "etc", "tmp"].map(PathBuf::from).into();
        for path in self.files.keys().chain(self.links.keys()) {
            folders.extend(relative(path).ancestors().skip(1).map(Path::to_owned));
        }
        folders.remove(Path::new(""));
        folders
    }
}

/// Whether a folder is one of those that loaders look into, or the part of it for one kind of machine: Debian's
/// `/usr/lib/x86_64-linux-gnu`.
fn is_searched(folder: &Path) -> bool {
    SEARCHED.iter().any(|searched| match folder.strip_prefix(searched) {
        Ok(rest) => match rest.components().collect::<Vec<_>>().as_slice() {
            [] => true,
            [Component::Normal(name)] => name.to_string_lossy().contains("-linux-"),
            _ => false,
        },
        Err(_) => false,
    })
}

fn relative(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
}

/// The same for every build of the same parts: no time, no owner but root.
fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

/// Takes the digest of what is written.
struct DigestWriter<W> {
    inner: W,
    context: Context,
}

impl<W: Write> DigestWriter<W> {
    fn new(inner: W) -> Self {
        Self { inner, context: Context::new(&SHA256) }
    }

    fn finish(mut self) -> io::Result<String> {
        self.inner.flush()?;
        Ok(self.context.finish().as_ref().iter().fold(String::from("sha256:"), |mut text, byte| {
            // Writing to a string can't fail.
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }
}

impl<W: Write> Write for DigestWriter<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(buffer)?;
        self.context.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_goes_by_a_few_names() {
        for name in ["batchyard/hello", "batchyard/hello:latest", "docker.io/batchyard/hello"] {
            assert!(is_builtin(name), "{name}");
        }
        for name in ["hello", "batchyard/hello:1", "ghcr.io/batchyard/hello", "batchyard/hello2"] {
            assert!(!is_builtin(name), "{name}");
        }
    }

    #[test]
    fn the_archive_holds_this_program_and_all_that_it_needs() {
        let cache = tempfile::tempdir().unwrap();
        let path = archive(cache.path()).unwrap();
        let mut names = Vec::new();
        let mut outer = tar::Archive::new(File::open(&path).unwrap());
        for entry in outer.entries().unwrap() {
            let entry = entry.unwrap();
            let name = entry.path().unwrap().into_owned();
            if name == Path::new("layer.tar") {
                let mut layer = tar::Archive::new(entry);
                names.extend(layer.entries().unwrap().map(|e| e.unwrap().path().unwrap().into_owned()));
            } else {
                assert!(names.is_empty(), "what is small comes first");
            }
        }
        for expected in ["bin/hello", "etc/passwd", "tmp/"] {
            assert!(names.contains(&PathBuf::from(expected)), "{expected} is missing in {names:?}");
        }
        let own = fs::read("/proc/self/exe").unwrap();
        if let Some(loader) = loader(&own) {
            assert!(names.contains(&relative(&loader).to_owned()), "{loader:?} is missing in {names:?}");
            assert!(names.iter().any(|name| name.to_string_lossy().contains("libc.so")));
        }
    }

    #[test]
    fn it_is_made_once_and_always_the_same() {
        let cache = tempfile::tempdir().unwrap();
        fs::write(cache.path().join("hello-old.tar"), "").unwrap();
        let path = archive(cache.path()).unwrap();
        let first = blake3::hash(&fs::read(&path).unwrap());
        let made = fs::metadata(&path).unwrap().modified().unwrap();
        assert_eq!(archive(cache.path()).unwrap(), path);
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), made);
        fs::remove_file(&path).unwrap();
        assert_eq!(archive(cache.path()).unwrap(), path);
        assert_eq!(blake3::hash(&fs::read(&path).unwrap()), first);
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn several_may_make_it_at_the_same_time() {
        let cache = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            let makers: Vec<_> = (0..4).map(|_| scope.spawn(|| archive(cache.path()))).collect();
            for maker in makers {
                maker.join().unwrap().unwrap();
            }
        });
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn loaders_look_into_the_usual_folders() {
        for searched in ["/lib", "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu"] {
            assert!(is_searched(Path::new(searched)), "{searched}");
        }
        for unsearched in ["/opt/lib", "/usr/lib/foo", "/nix/store/x-glibc/lib", "/usr/local/lib"] {
            assert!(!is_searched(Path::new(unsearched)), "{unsearched}");
        }
    }
}
