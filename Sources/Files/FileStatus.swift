import Foundation

/// Questions about files that are asked often, or that need an answer without an error.
public enum FileStatus {
  public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Whether a path leads to a folder, also by a link.
  public static func isFolder(_ path: String) -> Bool { kind(path) == S_IFDIR }

  /// Whether a path leads to a regular file, also by a link.
  public static func isFile(_ path: String) -> Bool { kind(path) == S_IFREG }

  private static func kind(_ path: String) -> mode_t? {
    var status = stat()
    // an error that passes says nothing about the file
    for microseconds in [50_000, 300_000, 0] as [UInt32] {
      if stat(path, &status) == 0 { return status.st_mode & S_IFMT }
      if !ErrnoMeaning(errno).isTransient { return nil }
      usleep(microseconds)
    }
    return nil
  }

  /// The number of the disk that holds a file; nil if the file is not there.
  package static func device(of path: String) -> UInt64? {
    var status = stat()
    return stat(path, &status) == 0 ? UInt64(truncatingIfNeeded: status.st_dev) : nil
  }

  static func device(ofOpen descriptor: Int32) -> UInt64? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? UInt64(truncatingIfNeeded: status.st_dev) : nil
  }

  static func device(of place: (folder: Int32, path: String)) -> UInt64? {
    var status = stat()
    return fstatat(place.folder, place.path, &status, 0) == 0 ? UInt64(truncatingIfNeeded: status.st_dev) : nil
  }

  package static func modifiedAt(_ status: stat) -> Date {
    let time = status.modified
    return Date(timeIntervalSince1970: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
  }

  /// Free bytes on the disk that holds a path, or its nearest existing parent; nil if nobody says.
  package static func freeByteCount(at path: String) -> Int? {
    disk(of: path).map { Int(clamping: UInt64($0.f_bavail) * UInt64($0.f_frsize)) }
  }

  /// Whether it is for want of inodes that the disk that holds a path, or its nearest existing parent, took nothing more: some
  /// file systems are made for so many files. To be asked when it did not; what is given up then frees some.
  package static func isOutOfFiles(at path: String) -> Bool {
    // file systems without such a number say 0 of 0
    guard let disk = disk(of: path), disk.f_files > 0, disk.f_favail < 128 else { return false }
    return UInt64(disk.f_bavail) * UInt64(disk.f_frsize) >= 1 << 16
  }

  private static func disk(of path: String) -> statvfs? {
    var folder = path
    while !exists(folder), folder != "/", !folder.isEmpty { folder = FilePath.folder(of: folder) }
    var status = statvfs()
    return statvfs(folder.isEmpty ? "." : folder, &status) == 0 ? status : nil
  }
}
