import Files
import GRDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Which database a file is, and whether it is that file that its owner wrote last, or a copy of it.
///
/// A database that is moved keeps its inode; a copy, by whatever tool, gets another. So of all files with one `uuid` one is
/// the database, and it alone may be written.
public struct DatabaseIdentity: Hashable, Sendable {
  /// The same in all copies.
  public let uuid: String
  /// Rises whenever a copy takes over: the one that was left behind has a lower number.
  public let generation: Int
  /// The file as it was when this was written.
  package let inode: Int
  public let path: String

  package enum Standing: Equatable {
    case own
    /// The same file, by another path.
    case moved
    case copy
  }

  /// More often no database was ever taken over: another number is damage, and would leave the next take-over without one.
  package static let possibleGenerations = 1...1_000_000_000_000

  package init(uuid: String, generation: Int, inode: Int, path: String) {
    (self.uuid, self.generation, self.inode, self.path) = (uuid, generation, inode, path)
  }

  /// Nil in a database that nobody has written since it was known.
  static func load(_ db: Database) throws -> DatabaseIdentity? {
    guard try db.row("SELECT 1 FROM sqlite_schema WHERE name = 'identity'") != nil,
      let row = try db.row("SELECT uuid, generation, inode, path FROM identity")
    else { return nil }
    let generation = try row.integer("generation")
    guard possibleGenerations.contains(generation) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "it says that it was taken over \(generation) times")
    }
    return DatabaseIdentity(
      uuid: try row.text("uuid"), generation: generation, inode: try row.integer("inode"), path: try row.text("path"))
  }

  func save(_ db: Database) throws {
    try db.run(
      """
      INSERT INTO identity (only_row, uuid, generation, inode, path) VALUES (1, ?, ?, ?, ?)
      ON CONFLICT (only_row) DO UPDATE
      SET uuid = excluded.uuid, generation = excluded.generation, inode = excluded.inode, path = excluded.path
      """, [uuid, generation, inode, path])
  }

  /// What the file at a path is, which holds this.
  package func standing(of path: String) -> Standing {
    // where the system does not say, nobody is kept from working
    guard let file = DatabaseFile.Identity(path) else { return .own }
    guard file.number == inode else {
      return path == self.path && FileSystemKind.forgetsNumbers(at: path) ? .own : .copy
    }
    if path == self.path { return .own }
    // another disk may have a file of the same number
    guard let old = DatabaseFile.Identity(self.path), old.number == inode, old.device != file.device else { return .moved }
    return .copy
  }
}
