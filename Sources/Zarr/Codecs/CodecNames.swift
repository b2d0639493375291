/// The names of a codec in the formats that know it. A format without a name does not have the codec: it is refused there.
package struct CodecNames: Sendable {
  /// The name in summaries of arrays and in messages.
  package let name: String
  /// The `id` of a `compressor`, and of a filter, in Zarr v2.
  package var compressorV2: String?
  package var filterV2: String?
  /// Names in Zarr v3; the first is the one that we write.
  package var v3: [String] = []
  /// Names of a `compression` in N5.
  package var n5: [String] = []
  /// The registered number of the filter in HDF5.
  package var hdf5: Int32?

  init(
    _ name: String, compressorV2: String? = nil, filterV2: String? = nil, v3: [String] = [], n5: [String] = [],
    hdf5: Int32? = nil
  ) {
    (self.name, self.compressorV2, self.filterV2) = (name, compressorV2, filterV2)
    (self.v3, self.n5, self.hdf5) = (v3, n5, hdf5)
  }
}
