//! File systems that are changed from elsewhere, of which the kernel tells nothing.

use std::path::Path;

/// The name of the file system that holds `directory`, if that is changed by other machines.
pub(super) fn system_of(directory: &Path) -> Option<String> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let mounts = std::fs::read("/proc/self/mountinfo").ok()?;
    let system = system_in(&String::from_utf8_lossy(&mounts), directory)?;
    is_remote(&system).then_some(system)
}

/// The file system that `mounts` (in the format of `/proc/self/mountinfo`) has for `directory`.
fn system_in(mounts: &str, directory: &Path) -> Option<String> {
    let mut best: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        let Some((mount, rest)) = line.split_once(" - ") else { continue };
        let (Some(point), Some(system)) = (mount.split(' ').nth(4), rest.split(' ').next()) else {
            continue;
        };
        let point = unescape(point);
        // Of two mounts at one place, the later one is seen.
        let better = best.is_none_or(|(len, _)| point.len() >= len);
        if better && directory.starts_with(&point) {
            best = Some((point.len(), system));
        }
    }
    best.map(|(_, system)| system.to_owned())
}

/// Blanks and the like are written in octal.
fn unescape(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(code) => {
                plain.push(char::from(code));
                plain.push_str(&part[3..]);
            }
            None => plain.push_str(part),
        }
    }
    plain
}

fn is_remote(system: &str) -> bool {
    const REMOTE: [&str; 17] = [
        "9p", "afs", "beegfs", "ceph", "cifs", "coda", "gfs2", "gpfs", "lustre", "nfs", "nfs4",
        "ocfs2", "orangefs", "smb3", "smbfs", "vboxsf", "virtiofs",
    ];
    REMOTE.contains(&system) || system.starts_with("fuse.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:5 / /srv rw shared:2 - nfs4 server:/srv rw,vers=4.2
23 22 8:2 / /srv/local\\040disk rw shared:3 - xfs /dev/sdb1 rw
24 21 0:6 / /mnt rw - ext4 /dev/sdc1 rw
25 24 0:7 / /mnt rw master:1 - fuse.sshfs host: rw
";

    #[test]
    fn the_nearest_mount_says_which_it_is() {
        let system = |path: &str| system_in(MOUNTS, Path::new(path)).unwrap();
        assert_eq!(system("/etc/app"), "ext4");
        assert_eq!(system("/srv/app"), "nfs4");
        assert_eq!(system("/srvother"), "ext4");
        assert_eq!(system("/srv/local disk/app"), "xfs");
        assert_eq!(system("/mnt"), "fuse.sshfs");
        assert!(is_remote("nfs4") && is_remote("fuse.sshfs"));
        assert!(!is_remote("ext4") && !is_remote("fuseblk") && !is_remote("overlay"));
        assert_eq!(system_in("nonsense", Path::new("/")), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_machine_says_it() {
        assert!(
            system_in(
                &std::fs::read_to_string("/proc/self/mountinfo").unwrap(),
                Path::new("/proc")
            )
            .is_some_and(|system| system == "proc")
        );
    }
}
