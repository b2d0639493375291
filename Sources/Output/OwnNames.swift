/// Which of the names below a folder are such as this program gives. Names are those of the folders on the way, and the last one.
package struct OwnNames: Sendable {
  package let isFile: @Sendable ([String]) -> Bool
  package let isFolder: @Sendable ([String]) -> Bool

  package init(isFile: @escaping @Sendable ([String]) -> Bool, isFolder: @escaping @Sendable ([String]) -> Bool) {
    (self.isFile, self.isFolder) = (isFile, isFolder)
  }
}
