import Files
import Testing

@Suite struct FileSystemKindTests {
  @Test(arguments: [
    "nfs", "nfs4", "cifs", "smb3", "lustre", "gpfs", "9p", "ceph", "fuse.sshfs", "fuse.rclone", "fuse", "virtiofs", "dvs", "cvfs",
  ])
  func networkTypesAreRefused(type: String) {
    #expect(FileSystemKind.isNetwork(type))
  }

  @Test(arguments: ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs", "fuseblk", "fuse.gocryptfs"])
  func localTypesAreNot(type: String) {
    #expect(!FileSystemKind.isNetwork(type))
  }

  @Test func theLongestMountPointCountsAndTheLastOfAStack() {
    let table = """
      22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
      30 22 0:40 / /home rw shared:2 - autofs systemd-1 rw,fd=1
      31 30 0:41 / /home rw shared:3 - nfs4 server:/home rw
      32 22 0:42 / /home/me/fast\\040disk rw - xfs /dev/sdb rw
      33 22 0:43 / /homely rw master:1 shared:9 - cifs //server/x rw
      """
    #expect(FileSystemKind.mountType(of: "/var/tmp", table: table) == "ext4")
    #expect(FileSystemKind.mountType(of: "/home", table: table) == "nfs4")
    #expect(FileSystemKind.mountType(of: "/home/me", table: table) == "nfs4")
    #expect(FileSystemKind.mountType(of: "/home/me/fast disk/a", table: table) == "xfs")
    #expect(FileSystemKind.mountType(of: "/homely/a", table: table) == "cifs")
    #expect(FileSystemKind.mountType(of: "/homeless", table: table) == "ext4")
  }
}
