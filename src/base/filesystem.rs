//! What the file system promises: whether locks between hosts can be trusted, and files that
//! appear whole.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use crate::base::Chance;

/// File systems whose locks do not hold between the hosts that mount them.
const NETWORK: [&str; 10] = [
    "afs",
    "ceph",
    "cifs",
    "fuse.glusterfs",
    "fuse.sshfs",
    "glusterfs",
    "nfs",
    "nfs4",
    "smb3",
    "smbfs",
];

/// The network file system that `folder`, or the nearest folder above it that exists, lies on;
/// none on a local disk, and where this system does not tell.
#[must_use]
pub fn network(folder: &Path) -> Option<String> {
    let existing = folder
        .ancestors()
        .find_map(|at| fs::canonicalize(at).ok())?;
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    network_of(&existing, &mounts)
}

/// Makes `file`, which must not exist yet, whole or not at all: a reader never sees half of it.
/// Its owner alone can read it.
///
/// # Errors
/// When something of that name exists already, or it cannot be written.
pub fn write_new(file: &Path, text: &str) -> io::Result<()> {
    let Some(name) = file.file_name() else {
        return Err(io::Error::new(
            ErrorKind::InvalidInput,
            "it is no name of a file",
        ));
    };
    let mut beside = name.to_owned();
    beside.push(format!(".{}", Chance::from_entropy().uuid().simple()));
    let draft = file.with_file_name(beside);
    // A link, unlike a renaming, fails where something of that name exists.
    let placed = write_draft(&draft, text).and_then(|()| fs::hard_link(&draft, file));
    match fs::remove_file(&draft) {
        Err(why) if placed.is_ok() => Err(why),
        _ => placed,
    }
}

fn write_draft(draft: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut new = options.write(true).create_new(true).open(draft)?;
    new.write_all(text.as_bytes())?;
    new.sync_all()
}

fn network_of(folder: &Path, mounts: &str) -> Option<String> {
    let mounted = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        let at = fields.nth(1)?.replace("\\040", " ");
        Some((at, fields.next()?))
    });
    let around = mounted.filter(|(at, _)| folder.starts_with(at));
    let (_, kind) = around.max_by_key(|(at, _)| at.len())?;
    NETWORK.contains(&kind).then(|| kind.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_is_whole_private_and_never_in_the_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.json");
        write_new(&file, "first").unwrap();
        let taken = write_new(&file, "second").unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&file).unwrap(), "first");
        let names = fs::read_dir(folder.path()).unwrap();
        assert_eq!(names.count(), 1, "no draft is left");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        for no_file in ["/", "..", "no/such/folder/plan.json"] {
            write_new(Path::new(no_file), "x").unwrap_err();
        }
    }

    #[test]
    fn the_innermost_mount_decides() {
        let mounts = "/dev/vda / ext4 rw 0 0\nfiler:/x /srv nfs4 rw 0 0\n/dev/vdb /srv/local\\040disk xfs rw 0 0\n";
        let of = |path: &str| network_of(Path::new(path), mounts);
        assert_eq!(of("/srv/state").as_deref(), Some("nfs4"));
        assert_eq!(of("/srv/local disk/state"), None);
        assert_eq!(of("/srvx"), None);
        assert_eq!(of("/var/lib"), None);
    }
}
