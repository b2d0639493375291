import Foundation

#if canImport(Darwin)
  import Darwin
#endif

/// Tells network file systems, where SQLite's shared memory and locks do not work, from local ones.
package enum FileSystemKind {
  /// The type of the network file system that a file or folder is on; nil on a local one, or where nobody can say.
  package static func network(at path: String) -> String? {
    #if os(Linux)
      guard let table = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8) else { return nil }
      let full = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
      guard let type = mountType(of: full, table: table), isNetwork(type) else { return nil }
      return type
    #else
      var info = statfs()
      guard statfs(path, &info) == 0, info.f_flags & UInt32(MNT_LOCAL) == 0 else { return nil }
      return withUnsafeBytes(of: info.f_fstypename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    #endif
  }

  /// Whether files get other inodes when a disk is mounted again.
  package static func forgetsNumbers(at path: String) -> Bool {
    #if os(Linux)
      guard let table = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8) else { return false }
      let full = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
      guard let type = mountType(of: full, table: table) else { return false }
      return ["msdos", "vfat", "exfat", "fuseblk"].contains(type) || type.hasPrefix("fuse.")
    #else
      return false
    #endif
  }

  /// By the name that Linux's mount table gives to a type.
  package static func isNetwork(_ type: String) -> Bool {
    let parts = type.split(separator: ".", maxSplits: 1)
    guard let kind = parts.first else { return false }
    // File systems in user space: most are remote (sshfs, rclone, s3fs, gcsfuse, …), so the local ones are listed.
    // One that does not say what it is may be any of them.
    if kind == "fuse" { return parts.count < 2 || !localInUserSpace.contains(String(parts[1])) }
    return remote.contains(String(kind))
  }

  private static let remote: Set<String> = [
    "nfs", "nfs3", "nfs4", "cifs", "smb", "smbfs", "smb2", "smb3", "lustre", "gpfs", "mmfs", "afs", "9p", "ceph",
    "beegfs", "beegfs_nodev", "panfs", "coda", "orangefs", "pvfs2", "gfs", "gfs2", "ocfs2", "wekafs", "glusterfs",
    "ncp", "ncpfs", "davfs", "acfs", "pohmelfs", "vboxsf", "prl_fs", "vmhgfs", "quobyte", "moosefs",
    "virtiofs", "dvs", "cvfs",
  ]

  private static let localInUserSpace: Set<String> = [
    "ntfs", "ntfs-3g", "exfat", "ext2", "fuse-overlayfs", "mergerfs", "unionfs", "unionfs-fuse", "bindfs", "encfs",
    "gocryptfs", "cryfs", "lxcfs", "zfs", "apfs", "squashfuse", "portal",
  ]

  /// The type of the mount that a resolved path is on: the longest mount point above it, the last where several are
  /// stacked. `table` is in the format of `/proc/self/mountinfo`.
  package static func mountType(of path: String, table: String) -> String? {
    var best: (byteCount: Int, type: String)?
    for mount in MountTable(table).mounts {
      guard path == mount.point || mount.point == "/" || path.hasPrefix(mount.point + "/") else { continue }
      if mount.point.utf8.count >= best?.byteCount ?? 0 { best = (mount.point.utf8.count, mount.type) }
    }
    return best?.type
  }
}
