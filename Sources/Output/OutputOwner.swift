import Files
import JobStore
import JSON
import Planning
import Store

/// Which job database an output belongs to, as it is noted beside the output: `OUT.blockfuse/owner.json`.
package struct OutputOwner: Equatable, Sendable {
  /// The database's uuid, and its generation when this was written.
  package let database: String
  package let generation: Int
  /// The path of the database, for people.
  package let path: String
  /// The uuid of the job: where the output is another job's, this speaks of one that is gone.
  package let job: String

  /// What lies beside an output and belongs to it: its owner, its lock, its work orders.
  package static func folder(ofOutput path: String) -> String { path + ".blockfuse" }

  private static func file(ofOutput path: String) -> Place { Place(folder(ofOutput: path)) / fileName }

  package static let fileName = "owner.json"

  package init(_ identity: DatabaseIdentity, path: String, job: String) {
    (database, generation, self.path, self.job) = (identity.uuid, identity.generation, path, job)
  }

  /// Nil where none was noted. One that cannot be read is an error: nobody may take it for none.
  package static func read(ofOutput path: String) throws -> OutputOwner? {
    let file = file(ofOutput: path)
    let bytes: [UInt8]?
    do throws(StorageError) {
      bytes = try file.bytes(limit: 1 << 20)
    } catch {
      if error.isMissing { return nil }
      throw error
    }
    guard let bytes else { return nil }
    guard let known = try? JSONValue.parse(bytes), let database = known["database"]?.string, let path = known["path"]?.string,
      let job = known["job"]?.string, case .int(let number)? = known["generation"],
      let generation = Int(exactly: number), DatabaseIdentity.possibleGenerations.contains(generation)
    else {
      throw JobError.output(
        "\(file.address) does not say which job database the output belongs to",
        hint: "remove it if no other job database writes to that output; the next run notes its own")
    }
    return OutputOwner(database: database, generation: generation, path: path, job: job)
  }

  private init(database: String, generation: Int, path: String, job: String) {
    (self.database, self.generation, self.path, self.job) = (database, generation, path, job)
  }

  package func write(ofOutput path: String) throws(StorageError) {
    let json = JSONValue.object([
      "database": .string(database), "generation": JSONValue(generation), "path": .string(self.path), "job": .string(job),
    ])
    try Self.file(ofOutput: path).put([UInt8](json.serialized(pretty: true)))
  }
}
