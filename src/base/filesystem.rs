//! Whether a folder lies on a network file system, where locks between hosts are not to be trusted.

use std::fs;
use std::path::Path;

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
    fn the_innermost_mount_decides() {
        let mounts = "/dev/vda / ext4 rw 0 0\nfiler:/x /srv nfs4 rw 0 0\n/dev/vdb /srv/local\\040disk xfs rw 0 0\n";
        let of = |path: &str| network_of(Path::new(path), mounts);
        assert_eq!(of("/srv/state").as_deref(), Some("nfs4"));
        assert_eq!(of("/srv/local disk/state"), None);
        assert_eq!(of("/srvx"), None);
        assert_eq!(of("/var/lib"), None);
    }
}
