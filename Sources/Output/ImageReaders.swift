import Diagnostics
import Files
import JobStore
import Store

/// The jobs of a database whose views lie in an image, or are it: what they have not done yet they cannot do without it.
package struct ImageReaders {
  package let path: String
  /// One view of each job.
  package let views: [JobView]

  /// Nil where there is none. A view that leads there by a link of another name than the image's is not seen.
  ///
  /// - Parameters:
  ///   - path: without links.
  ///   - job: whose own views do not count.
  package init?(of path: String, in store: JobStore, but job: JobID? = nil) throws {
    let name = "/" + FilePath.lastComponent(of: path)
    var resolver = PathResolver()
    views = try store.firstViews { view in
      // links are asked for only where the name fits: disks of other jobs may not answer
      guard (view + "/").contains(name + "/") else { return false }
      return isWithin(view, path) || isWithin(resolver.resolve(address: view), path)
    }.filter { $0.job != job }
    self.path = path
    if views.isEmpty { return nil }
  }

  /// What whoever replaces or removes the image is to know.
  package var note: String {
    let jobs = views.prefix(Self.namedAtMost).map { "job \($0.job)" }.joined(separator: ", ")
    let more = views.count > Self.namedAtMost ? " and \((views.count - Self.namedAtMost).grouped) more" : ""
    return "\(path) is an input of \(jobs)\(more): what is not done there yet cannot be done without it"
  }

  private static let namedAtMost = 5
}

private func isWithin(_ path: String, _ folder: String) -> Bool { path == folder || path.hasPrefix(folder + "/") }
