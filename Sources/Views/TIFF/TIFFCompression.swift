/// The compressions of TIFF files, by the names that libtiff has for them (`tiff.h`) without their prefix. What can be
/// decoded is libtiff's to say; names are for messages.
enum TIFFCompression {
  static let none: UInt16 = 1
  static let ccittRLE: UInt16 = 2
  static let ccittFax3: UInt16 = 3
  static let ccittFax4: UInt16 = 4
  static let lzw: UInt16 = 5
  static let oldJPEG: UInt16 = 6
  static let jpeg: UInt16 = 7
  static let adobeDeflate: UInt16 = 8
  static let jpegXRNDPI: UInt16 = 22610
  static let packBits: UInt16 = 32773
  static let deflate: UInt16 = 32946
  static let aperioJP2000YCbCr: UInt16 = 33003
  static let aperioJP2000Lossy: UInt16 = 33004
  static let aperioJP2000RGB: UInt16 = 33005
  static let jp2000: UInt16 = 34712
  static let lerc: UInt16 = 34887
  static let jpegLossyDNG: UInt16 = 34892
  static let lzma: UInt16 = 34925
  static let jpegXR: UInt16 = 34934
  static let zstd: UInt16 = 50000
  static let webP: UInt16 = 50001
  static let jpegXL: UInt16 = 50002
  static let jpegXLDNG: UInt16 = 52546

  /// Compressions whose predictor libtiff undoes; a directory of any other one ignores it.
  static let withPredictor: [UInt16] = [lzw, adobeDeflate, deflate, lzma, zstd]

  static func name(_ number: UInt16) -> String {
    switch number {
    case none: "no"
    case ccittRLE, ccittFax3, ccittFax4: "fax"
    case lzw: "LZW"
    case oldJPEG: "old JPEG"
    case jpeg: "JPEG"
    case adobeDeflate, deflate: "deflate"
    case packBits: "PackBits"
    case aperioJP2000YCbCr, aperioJP2000Lossy, aperioJP2000RGB, jp2000: "JPEG 2000"
    case jpegLossyDNG: "lossy JPEG (DNG)"
    case lerc: "LERC"
    case lzma: "LZMA"
    case zstd: "zstd"
    case webP: "WebP"
    case jpegXRNDPI, jpegXR: "JPEG XR"
    case jpegXL, jpegXLDNG: "JPEG XL"
    default: "unknown (\(number))"
    }
  }
}
