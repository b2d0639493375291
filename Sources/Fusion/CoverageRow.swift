/// The coverage of a row: for each voxel the share of a filter's window in which the view has values, 0 to 1. Before any
/// filter it is 1 where the view has a value, else 0.
///
/// Most rows hold one number, all along or but for their ends, and are then not computed voxel by voxel.
struct CoverageRow {
  /// Rows of one `CoverageRows` that have the same number are equal; rows of zeros always have number 0.
  var number: Int32
  /// The columns outside which all are 0.
  var support: Range<Int>
  /// The columns inside which all are `value`.
  var core: Range<Int>
  var value: Float
  /// All columns of the row.
  var data: UnsafePointer<Float>
}
