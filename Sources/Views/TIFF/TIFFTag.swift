/// The tags of TIFF directories, and what their values mean, by the names that libtiff has for them (`tiff.h`) without its
/// prefixes. Those that libtiff does not name are by their writers' documentation.
enum TIFFTag {
  static let subfileType: UInt16 = 254
  /// The tag that `subfileType` replaced.
  static let oldSubfileType: UInt16 = 255
  static let imageWidth: UInt16 = 256
  static let imageLength: UInt16 = 257
  static let bitsPerSample: UInt16 = 258
  static let compression: UInt16 = 259
  static let samplesPerPixel: UInt16 = 277
  static let rowsPerStrip: UInt16 = 278
  static let planarConfig: UInt16 = 284
  static let predictor: UInt16 = 317
  static let tileWidth: UInt16 = 322
  static let tileLength: UInt16 = 323
  static let sampleFormat: UInt16 = 339

  /// ImageJ's pieces beside its description, and how long each is.
  static let imageJMetadataByteCounts: UInt32 = 50838
  static let imageJMetadata: UInt32 = 50839

  /// Tags by which files show that they keep their planes in a way of their own.
  static let zeissLSM: Set<UInt16> = [34412]
  static let metaMorphSTK: Set<UInt16> = [33628, 33629, 33630, 33631]
  static let olympusFluoView: Set<UInt16> = [34361, 34362]
  static let hamamatsuNDPI: Set<UInt16> = [65420, 65449]

  /// Bits of `subfileType`, and a value of `oldSubfileType`: the directory is a smaller copy, or a mask, of another one.
  enum SubfileType {
    static let reducedImage: UInt64 = 1
    static let mask: UInt64 = 4
    static let oldReducedImage: UInt64 = 2
  }

  /// The types of the values in a directory.
  enum ValueType {
    static let byte: UInt16 = 1
    static let short: UInt16 = 3
    static let long: UInt16 = 4
    static let signedByte: UInt16 = 6
    static let signedShort: UInt16 = 8
    static let signedLong: UInt16 = 9
    static let long8: UInt16 = 16
  }

  enum SampleFormat {
    static let unsigned: UInt16 = 1
    static let signed: UInt16 = 2
    static let floatingPoint: UInt16 = 3
    /// Not said: read as unsigned.
    static let void: UInt16 = 4
    static let complexInteger: UInt16 = 5
    static let complexFloatingPoint: UInt16 = 6
  }

  enum Photometric {
    static let minIsWhite: UInt16 = 0
    static let minIsBlack: UInt16 = 1
    static let rgb: UInt16 = 2
    static let palette: UInt16 = 3
    static let yCbCr: UInt16 = 6
  }

  enum PlanarConfig {
    /// The samples of a pixel lie beside each other.
    static let contiguous: UInt16 = 1
  }

  enum Predictor {
    static let none: UInt64 = 1
  }

  enum FillOrder {
    /// The first bit of a byte is its highest.
    static let highestBitFirst: UInt16 = 1
  }

  enum ResolutionUnit {
    static let centimetre: UInt16 = 3
  }

  enum ExtraSample {
    static let associatedAlpha: UInt16 = 1
    static let unassociatedAlpha: UInt16 = 2
  }
}
