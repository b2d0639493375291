import Foundation
import Testing
import Views

@Suite struct XMLTreeTests {
  /// Foundation's parser traps at such a byte in the name or the value of an attribute.
  @Test(arguments: ["<SpimData>\n<a b\u{1}=\"1\"/></SpimData>", "<SpimData>\n<a b=\"\u{1}m\"/></SpimData>"])
  func bytesThatAreNotUTF8AreNamedByTheirLine(text: String) throws {
    let folder = try ViewsTestFolder()
    // the micro sign in Latin-1
    try folder.write("dataset.xml", Data(text.utf8.map { $0 == 1 ? 0xB5 : $0 }))
    let error = #expect(throws: ViewsError.self) { try DatasetFile.read(folder.path + "/dataset.xml") }
    #expect(error?.description.contains("line 2: it is not UTF-8") == true, "\(String(describing: error))")
  }
}
