use super::*;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use tar::{Builder, Header};

/// A tar archive in the making. Paths are written as they are, which `tar` itself refuses to.
struct Layer(Builder<Vec<u8>>);

impl Layer {
    fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    fn entry(mut self, kind: EntryType, path: &str, link: &str, content: &[u8], mode: u32) -> Self {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        self.0.append(&header, content).unwrap();
        self
    }

    fn file(self, path: &str, content: &str) -> Self {
        self.entry(EntryType::Regular, path, "", content.as_bytes(), 0o644)
    }

    fn folder(self, path: &str) -> Self {
        self.entry(EntryType::Directory, path, "", b"", 0o755)
    }

    fn symlink(self, path: &str, target: &str) -> Self {
        self.entry(EntryType::Symlink, path, target, b"", 0o777)
    }

    fn hard_link(self, path: &str, target: &str) -> Self {
        self.entry(EntryType::Link, path, target, b"", 0o644)
    }

    fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

/// Unpacks layers into `root`, inside a folder that must stay as it is.
struct Sandbox {
    outer: tempfile::TempDir,
}

impl Sandbox {
    fn new() -> Self {
        let outer = tempfile::tempdir().unwrap();
        std::fs::create_dir(outer.path().join("root")).unwrap();
        Self { outer }
    }

    fn root(&self) -> PathBuf {
        self.outer.path().join("root")
    }

    fn unpack(&self, layers: Vec<Layer>) -> io::Result<()> {
        let mut unpacker = Unpacker::new(&self.root(), Limits::default())?;
        for layer in layers {
            unpacker.unpack(layer.bytes().as_slice())?;
        }
        Ok(())
    }

    fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.root().join(path)).ok()
    }

    /// Nothing but the root may ever appear beside it.
    fn assert_contained(&self) {
        let names: Vec<_> =
            std::fs::read_dir(self.outer.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["root"]);
    }
}

#[test]
fn later_layers_cover_earlier_ones() {
    let sandbox = Sandbox::new();
    sandbox
        .unpack(vec![
            Layer::new().folder("etc").file("etc/name", "lower").file("etc/kept", "k"),
            Layer::new().file("etc/name", "upper").file("forgot/the/folder", "f"),
        ])
        .unwrap();
    assert_eq!(sandbox.read("etc/name").as_deref(), Some("upper"));
    assert_eq!(sandbox.read("etc/kept").as_deref(), Some("k"));
    assert_eq!(sandbox.read("forgot/the/folder").as_deref(), Some("f"));
}

#[test]
fn whiteouts_remove_and_opaque_markers_hide_only_lower_layers() {
    let sandbox = Sandbox::new();
    sandbox
        .unpack(vec![
            Layer::new().folder("a").file("a/gone", "1").file("a/stays", "2").folder("b").file("b/old", "3"),
            Layer::new()
                .file("a/.wh.gone", "")
                .folder("b")
                .file("b/new", "4")
                .file("b/.wh..wh..opq", "")
                .file("b/newer", "5")
                .file("nowhere/.wh.thing", ""),
        ])
        .unwrap();
    assert_eq!(sandbox.read("a/gone"), None);
    assert_eq!(sandbox.read("a/stays").as_deref(), Some("2"));
    assert_eq!(sandbox.read("b/old"), None);
    assert_eq!(sandbox.read("b/new").as_deref(), Some("4"));
    assert_eq!(sandbox.read("b/newer").as_deref(), Some("5"));
    assert!(!sandbox.root().join("a/.wh.gone").exists());
}

#[test]
fn paths_that_climb_are_refused() {
    for path in ["../evil", "a/../../evil", "/../evil"] {
        let sandbox = Sandbox::new();
        let error = sandbox.unpack(vec![Layer::new().file(path, "x")]).unwrap_err();
        assert!(error.to_string().contains("climbs out"), "{error}");
        sandbox.assert_contained();
    }
}

#[test]
fn absolute_paths_land_inside() {
    let sandbox = Sandbox::new();
    sandbox.unpack(vec![Layer::new().file("/etc/hosts", "inside")]).unwrap();
    assert_eq!(sandbox.read("etc/hosts").as_deref(), Some("inside"));
}

#[test]
fn a_file_below_a_link_to_the_host_stays_inside() {
    let sandbox = Sandbox::new();
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().to_str().unwrap().to_owned();
    let result =
        sandbox.unpack(vec![Layer::new().symlink("link", &target), Layer::new().file("link/evil", "x")]);
    assert!(result.is_err(), "the link leads nowhere inside");
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);

    let sandbox = Sandbox::new();
    sandbox
        .unpack(vec![
            Layer::new().folder("usr").folder("usr/bin").symlink("bin", "/usr/bin"),
            Layer::new().file("bin/tool", "t").symlink("up", "../../../usr").file("up/x", "y"),
        ])
        .unwrap();
    assert_eq!(sandbox.read("usr/bin/tool").as_deref(), Some("t"));
    assert_eq!(sandbox.read("usr/x").as_deref(), Some("y"));
    sandbox.assert_contained();
}

#[test]
fn a_file_over_a_link_replaces_the_link_not_its_target() {
    let sandbox = Sandbox::new();
    let outside = tempfile::NamedTempFile::new().unwrap();
    let target = outside.path().to_str().unwrap().to_owned();
    sandbox.unpack(vec![Layer::new().symlink("f", &target).file("f", "new")]).unwrap();
    assert_eq!(sandbox.read("f").as_deref(), Some("new"));
    assert_eq!(std::fs::read_to_string(outside.path()).unwrap(), "");
    assert!(!sandbox.root().join("f").is_symlink());
}

#[test]
fn a_folder_swapped_for_a_link_is_not_written_through() {
    let sandbox = Sandbox::new();
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().to_str().unwrap().to_owned();
    let layer = Layer::new().folder("d").file("d/one", "1").symlink("d", &target).file("d/two", "2");
    assert!(sandbox.unpack(vec![layer]).is_err());
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn hard_links_join_files_of_the_image_only() {
    let sandbox = Sandbox::new();
    sandbox
        .unpack(vec![Layer::new().file("a", "1").hard_link("b", "/a"), Layer::new().hard_link("c", "a")])
        .unwrap();
    let inode = |name: &str| std::fs::metadata(sandbox.root().join(name)).unwrap().ino();
    assert_eq!(inode("a"), inode("b"));
    assert_eq!(inode("a"), inode("c"));

    let sandbox = Sandbox::new();
    assert!(sandbox.unpack(vec![Layer::new().hard_link("passwd", "/etc/passwd")]).is_err());
    assert!(sandbox.unpack(vec![Layer::new().hard_link("passwd", "../../etc/passwd")]).is_err());

    // A hard link to a symbolic link is one more symbolic link, not its target.
    let sandbox = Sandbox::new();
    sandbox.unpack(vec![Layer::new().symlink("s", "/etc/passwd").hard_link("h", "s")]).unwrap();
    assert!(sandbox.root().join("h").is_symlink());
}

#[test]
fn whiteouts_cannot_reach_out() {
    let sandbox = Sandbox::new();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("precious"), "x").unwrap();
    symlink(outside.path(), sandbox.root().join("link")).unwrap();
    sandbox.unpack(vec![Layer::new().file("link/.wh.precious", "").file("link/.wh..wh..opq", "")]).unwrap();
    assert!(outside.path().join("precious").exists());
    for bad in [".wh.", ".wh...", ".wh.."] {
        assert!(sandbox.unpack(vec![Layer::new().file(bad, "")]).is_err(), "{bad}");
    }
    sandbox.assert_contained();
}

#[test]
fn devices_are_left_out_and_modes_kept() {
    let sandbox = Sandbox::new();
    sandbox
        .unpack(vec![
            Layer::new()
                .entry(EntryType::Block, "sda", "", b"", 0o666)
                .entry(EntryType::Char, "null", "", b"", 0o666)
                .entry(EntryType::Regular, "su", "", b"x", 0o4755)
                .entry(EntryType::Directory, "tmp", "", b"", 0o1777),
        ])
        .unwrap();
    assert!(!sandbox.root().join("sda").exists());
    assert!(!sandbox.root().join("null").exists());
    let mode = |name: &str| std::fs::metadata(sandbox.root().join(name)).unwrap().permissions().mode();
    assert_eq!(mode("su") & 0o7777, 0o4755);
    assert_eq!(mode("tmp") & 0o7777, 0o1777);
}

#[test]
fn too_many_entries_or_bytes_are_refused() {
    let sandbox = Sandbox::new();
    let unpack = |limits, layer: Layer| {
        Unpacker::new(&sandbox.root(), limits).unwrap().unpack(layer.bytes().as_slice())
    };
    let three = || Layer::new().file("a", "1").file("b", "2").file("c", "3");
    assert!(unpack(Limits { entries: 2, bytes: 100, ..Limits::default() }, three()).is_err());
    assert!(unpack(Limits { entries: 3, bytes: 2, ..Limits::default() }, three()).is_err());
    assert!(unpack(Limits { entries: 3, bytes: 3, ..Limits::default() }, three()).is_ok());
    assert!(unpack(Limits { room: 3 * 4096, ..Limits::default() }, three()).is_ok());
    let full = unpack(Limits { room: 3 * 4096 - 1, ..Limits::default() }, three()).unwrap_err();
    assert_eq!(full.kind(), io::ErrorKind::StorageFull, "each takes a block of the disk");
}

#[test]
fn a_cut_off_layer_is_an_error() {
    let sandbox = Sandbox::new();
    let bytes = Layer::new().file("a", &"x".repeat(4000)).bytes();
    let mut unpacker = Unpacker::new(&sandbox.root(), Limits::default()).unwrap();
    assert!(unpacker.unpack(&bytes[..2000]).is_err());
}

#[test]
fn names_that_would_fill_the_memory_are_refused() {
    for kind in [EntryType::GNULongName, EntryType::GNULongLink, EntryType::XHeader] {
        let long = |length: usize| {
            Layer::new()
                .file("first", "x")
                .entry(kind, "long", "", &vec![b'x'; length], 0o644)
                .file("next", "y")
        };
        let error = Sandbox::new().unpack(vec![long(3 << 20)]).unwrap_err();
        assert!(error.to_string().contains("more than 2 MiB"), "{kind:?}: {error}");
    }
    let sandbox = Sandbox::new();
    sandbox.unpack(vec![Layer::new().file("large", &"x".repeat(9 << 20)).file("next", "y")]).unwrap();
    assert_eq!(sandbox.read("next").as_deref(), Some("y"));
}

#[test]
fn what_belongs_to_nobody_that_there_is_becomes_roots_and_makes_nobody_root() {
    if !rustix::process::geteuid().is_root() {
        // Nobody else gives files away.
        return;
    }
    use crate::node::runtime::oci::ids::{IdMap, Ids};

    let mut builder = Builder::new(Vec::new());
    for (name, owner, mode) in [("theirs", 1000, 0o4755), ("folder", 1000, 0o3775), ("roots", 0, 0o4755)] {
        let mut header = Header::new_gnu();
        header.set_entry_type(if name == "folder" { EntryType::Directory } else { EntryType::Regular });
        header.set_size(0);
        header.set_mode(mode);
        header.set_uid(owner);
        header.set_gid(owner);
        builder.append_data(&mut header, name, &b""[..]).unwrap();
    }
    let layer = builder.into_inner().unwrap();
    let found = |ids: Option<Ids>| {
        let sandbox = Sandbox::new();
        let mut unpacker = Unpacker::new(&sandbox.root(), Limits::default()).unwrap();
        if ids.is_some() {
            unpacker.ids = ids;
        }
        unpacker.unpack(layer.as_slice()).unwrap();
        ["theirs", "folder", "roots"].map(|name| {
            let data = std::fs::metadata(sandbox.root().join(name)).unwrap();
            (data.uid(), data.gid(), data.mode() & 0o7777)
        })
    };
    assert_eq!(found(None), [(1000, 1000, 0o4755), (1000, 1000, 0o3775), (0, 0, 0o4755)]);
    let alone = Ids { users: IdMap::alone(0), groups: IdMap::alone(0) };
    assert_eq!(found(Some(alone)), [(0, 0, 0o755), (0, 0, 0o1775), (0, 0, 0o4755)]);
}
