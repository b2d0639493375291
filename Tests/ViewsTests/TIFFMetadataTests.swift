import Geometry
import Testing
import Views
import Zarr

/// What a file says of its planes, and what the dataset says.
@Suite struct TIFFMetadataTests {
  private func described(_ description: String, planes: Int = 3) -> TinyTIFF {
    var tiff = TinyTIFF(planes: (0..<planes).map { [UInt8($0), 0] }, width: 2)
    tiff.description = description
    return tiff
  }

  /// tifffile calls a stack c in OME-TIFF, if nobody says what it is.
  @Test func theDatasetHasTheLastWordOnTheOnlyAxis() throws {
    let folder = try ViewsTestFolder()
    let files = [
      #"<?xml version="1.0"?><OME><Image><Pixels DimensionOrder="XYCZT" SizeX="2" SizeY="1" SizeZ="1" SizeC="3" SizeT="1" PhysicalSizeX="0.5"><TiffData/></Pixels></Image></OME>"#,
      "ImageJ=1.53t\nimages=3\nchannels=3\n", #"{"shape": [3, 1, 2], "axes": "CYX"}"#,
      "SCIFIO=0.42\naxes=X,Y,Channel\nlengths=2,1,3\nscales=1,1,1\nunits=um,um,null\n",
    ]
    for file in files {
      #expect(try folder.load(described(file)).views[0].levels[0].shape == TCZYX(c: 3, z: 1, y: 1, x: 2))
      let dataset = try folder.load(described(file), keys: #", "axes": ["z", "y", "x"]"#)
      let view = dataset.views[0]
      #expect(view.levels[0].shape == TCZYX(z: 3, y: 1, x: 2) && view.levels[0].axes == [.z, .y, .x])
      #expect(try view.firstVoxel(z: 2) == 2)
      #expect(dataset.notes.contains { $0.contains("\"v\"") && $0.contains("along z") && $0.contains("not along c") })
      #expect(try view.changes().isEmpty)
    }
    let times = try folder.load(described(files[1]), keys: #", "axes": ["t", "y", "x"]"#)
    #expect(times.timeCount == 3 && times.channelCount == 1)
    #expect(try folder.load(described(files[0]), keys: #", "axes": ["c", "y", "x"]"#).notes.isEmpty)
    // one name for two axes, or two for one, is no word on which is which
    #expect(throws: ViewsError.self) {
      try folder.load(described(#"{"shape": [2, 2, 1, 2], "axes": "CZYX"}"#, planes: 4), keys: #", "axes": ["z", "y", "x"]"#)
    }
    #expect(throws: ViewsError.self) { try folder.load(described(files[2]), keys: #", "axes": ["t", "z", "y", "x"]"#) }
  }

  @Test(arguments: ["QYX", "IYX"])
  func anAxisThatTifffileDoesNotKnowIsWhatTheDatasetCallsIt(axes: String) throws {
    let folder = try ViewsTestFolder()
    let tiff = described(#"{"shape": [3, 1, 2], "axes": "\#(axes)"}"#)
    let error = #expect(throws: ViewsError.self) { try folder.load(tiff) }
    #expect(error?.hint.contains("\"axes\"") == true)
    let dataset = try folder.load(tiff, keys: #", "axes": ["z", "y", "x"]"#)
    #expect(dataset.views[0].levels[0].shape == TCZYX(z: 3, y: 1, x: 2) && dataset.notes.isEmpty)
    #expect(try dataset.views[0].firstVoxel(z: 1) == 1)
    let two = described(#"{"shape": [3, 2, 1, 2], "axes": "T\#(axes)"}"#, planes: 6)
    let view = try folder.load(two, keys: #", "axes": ["t", "z", "y", "x"]"#).views[0]
    #expect(view.levels[0].shape == TCZYX(t: 3, c: 1, z: 2, y: 1, x: 2))
    #expect(try view.firstVoxel(t: 2, z: 1) == 5)
  }

  @Test func theFormerDescriptionOfTifffileIsTakenAsTheOtherOne() throws {
    let folder = try ViewsTestFolder()
    for shape in [#"{"shape": [2, 2, 1, 2]}"#, "shape=(2, 2, 1, 2)"] {
      let error = #expect(throws: ViewsError.self) { try folder.load(described(shape, planes: 4)) }
      #expect(error?.description.contains("[2, 2]") == true)
      let view = try folder.load(described(shape, planes: 4), keys: #", "axes": ["c", "z", "y", "x"]"#).views[0]
      #expect(view.levels[0].shape == TCZYX(c: 2, z: 2, y: 1, x: 2))
      #expect(try view.firstVoxel(c: 1) == 2)
    }
    for shape in [#"{"shape": [3, 1, 2]}"#, "shape=(3, 1, 2)", "shape=(3,1,x)", "shape=("] {
      #expect(try folder.load(described(shape)).views[0].levels[0].shape == TCZYX(z: 3, y: 1, x: 2))
    }
  }

  /// Stacks one after the other are no stack of all their planes.
  @Test(arguments: [#"{"shape": [2, 1, 2]}"#, "shape=(2, 1, 2)", #"{"shape": [1, 2, 1, 2], "axes": "TZYX"}"#])
  func severalStacksInOneFile(description: String) throws {
    let folder = try ViewsTestFolder()
    for planes in [4, 3] {
      let error = #expect(throws: ViewsError.self) { try folder.load(described(description, planes: planes)) }
      #expect(error?.description.contains("several images") == true && error?.hint.contains("\"axes\"") == true)
      #expect(throws: ViewsError.self) { try folder.load(described(description, planes: planes), keys: #", "axes": ["z", "y", "x"]"#) }
    }
    #expect(throws: ViewsError.self) { try folder.load(described(description), keys: #", "axes": ["c", "z", "y", "x"]"#) }
    let view = try folder.load(described(description, planes: 4), keys: #", "axes": ["c", "z", "y", "x"]"#).views[0]
    #expect(view.levels[0].shape == TCZYX(c: 2, z: 2, y: 1, x: 2))
    #expect(try view.firstVoxel(c: 1) == 2)
    // planes that were appended have a description each
    #expect(try folder.load(described(#"{"shape": [1, 2]}"#, planes: 4)).views[0].levels[0].shape == TCZYX(z: 4, y: 1, x: 2))
  }

  /// Planes of two channels, three slices and two frames, numbered as they are in the file.
  @Test(arguments: [
    ("czt", [1, 2, 6]), ("default", [1, 2, 6]), ("ctz", [1, 4, 2]), ("zct", [3, 1, 6]), ("ztc", [6, 1, 3]), ("tcz", [2, 4, 1]),
    ("TZC", [6, 2, 1]),
  ])
  func imageJSaysTheOrderOfPlanes(order: String, steps: [Int]) throws {
    let folder = try ViewsTestFolder()
    let description = "ImageJ=1.54f\nimages=12\nchannels=2\nslices=3\nframes=2\norder=\(order)\n"
    let planes = (0..<12).map { [UInt8($0), 0] }
    let view = try folder.load(TinyTIFF(planes: planes, width: 2, description: description)).views[0]
    let source = try view.openSource(level: 0)
    for t in 0..<2 {
      for c in 0..<2 {
        for z in 0..<3 {
          var voxels = [UInt8](repeating: 99, count: source.chunkByteCount)
          _ = try voxels.withUnsafeMutableBytes {
            try source.readChunk(TCZYX(t: t, c: c, z: z, y: 0, x: 0), into: $0, context: CodecContext())
          }
          #expect(Int(voxels[0]) == c * steps[0] + z * steps[1] + t * steps[2])
        }
      }
    }
  }

  @Test func imageJWithoutAUnitHasTheTagsOfAnyTIFFFile() throws {
    let folder = try ViewsTestFolder()
    let planes: [[UInt8]] = [[0, 0], [1, 0]]
    for (lines, spacing) in [("", [1, 0.5]), ("spacing=3.0\n", [3, 0.5]), ("unit=cm\n", [10_000, 0.5]), ("unit=pixel\n", [1, 0.00005])] {
      let tiff = TinyTIFF(
        planes: planes, width: 2, pixelsPerCentimetre: 20_000, description: "ImageJ=1.53t\nimages=2\nslices=2\n\(lines)")
      let stack = try folder.load(tiff).views[0].levels[0].stack
      #expect([stack.spacing[0], stack.spacing[2]] == spacing, "\(lines)")
    }
  }
}
