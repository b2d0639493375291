import Geometry
import Testing
import Views

@Suite struct SCIFIODescriptionTests {
  private func load(
    _ folder: ViewsTestFolder, axes: String = "X,Y,Channel,Z", lengths: String = "2,1,2,3", scales: String = "0.5,0.25,1.0,2.0",
    units: String = "\\u00B5m,um,null,nm", keys: String = ""
  ) throws -> Dataset {
    var tiff = TinyTIFF(planes: (0..<6).map { [$0, 0] }, width: 2)
    tiff.description = """
      SCIFIO=0.42.0
      axes=\(axes)
      lengths=\(lengths)
      scales=\(scales)
      units=\(units)
      bitsPerPixel=8
      images=6
      channels=2
      slices=3
      frames=1
      hyperstack=true

      """
    return try folder.load(tiff, keys: keys)
  }

  @Test func axesScalesAndUnits() throws {
    let folder = try ViewsTestFolder()
    let view = try load(folder).views[0]
    #expect(view.levels[0].shape == TCZYX(c: 2, z: 3, y: 1, x: 2))
    #expect(view.levels[0].stack.spacing == Vector3(0.002, 0.25, 0.5))
    for (c, z) in [(0, 0), (1, 0), (0, 1), (1, 2)] { #expect(try view.firstVoxel(c: c, z: z) == UInt8(z * 2 + c)) }
    let other = try load(folder, axes: "X,Y,Z,Time,Lifetime", lengths: "2,1,3,2,1", scales: "1,1,1,5,1", units: "um,um,um,sec,null")
    #expect(other.timePoints == [0, 5] && other.timeUnit == "second")
    #expect(try other.views[0].firstVoxel(t: 1, z: 1) == 4)
  }

  @Test func aUnitThatIsNoLengthNeedsTheDataset() throws {
    let folder = try ViewsTestFolder()
    let error = #expect(throws: ViewsError.self) { try load(folder, units: "um,parrot,null,um") }
    #expect(error?.description.contains("parrot") == true)
    let view = try load(folder, units: "um,parrot,null,um", keys: #", "spacing": {"z": 1, "y": 2, "x": 3}"#).views[0]
    #expect(view.levels[0].stack.spacing == Vector3(1, 2, 3))
  }

  @Test(arguments: [
    ("X,Y,Lifetime,Z", "2,1,2,3", "an axis Lifetime of length 2"), ("X,Y,Channel,Z", "2,1,2,2", "the file's 6 planes"),
    ("X,Y,Channel,Z", "2,1,2,30", "the file's 6 planes"), ("X,Y,Channel,Z", "2,2,2,3", "2 x 2 pixels"),
    ("X,Y,Channel,Channel", "2,1,2,3", "twice"), ("X,Y,Channel", "2,1,2,3", "3 axes and 4 lengths"),
    ("Channel,Z", "2,3", "0 x 0 pixels"), ("X,Y,Channel,Z", "2,1,0,3", "length 0"),
    ("X,Y,Channel,Z", "2,1,9223372036854775807,9223372036854775807", "the file's 6 planes"),
  ])
  func whatDoesNotFitIsRefused(axes: String, lengths: String, words: String) throws {
    let error = #expect(throws: ViewsError.self) { try load(ViewsTestFolder(), axes: axes, lengths: lengths) }
    #expect(error?.description.contains(words) == true, "\(error as Any)")
  }
}
