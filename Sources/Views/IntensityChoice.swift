import Store

/// What the options of a fusion say of the intensities of all views.
public struct IntensityChoice: Sendable {
  /// The stored value that is no value in views that do not say one.
  public var nodata: StoredNumber?

  /// Whether the IntensityAdjustments of a BigStitcher XML are applied.
  public var appliesAdjustments: Bool

  /// The container of intensity coefficients for the views of a BigStitcher XML.
  public var coefficients: Coefficients?

  /// Coefficients as BigStitcher-Spark writes them: an array `GROUP/setup0/timepoint0/DATASET` for each view.
  public struct Coefficients: Sendable, Hashable {
    /// An N5 or Zarr folder or an HDF5 file; relative to the dataset's folder, or absolute.
    public var path: String
    public var group: String
    public var dataset: String

    public init(path: String, group: String = "", dataset: String = "intensity") {
      (self.path, self.group, self.dataset) = (path, group, dataset)
    }

    /// The array of a view.
    fileprivate func place(of view: BigStitcherFile.ViewID, in folder: String) -> CorrectionPlace {
      let inner = [group, "setup\(view.setup)", "timepoint\(view.time)", dataset].filter { !$0.isEmpty }.joined(separator: "/")
      let container = KnownStores.absolute(path, in: folder)
      guard !Place(container).isFolder else { return CorrectionPlace(path: container + "/" + inner) }
      return CorrectionPlace(path: container, dataset: inner)
    }
  }

  public init(nodata: StoredNumber? = nil, appliesAdjustments: Bool = false, coefficients: Coefficients? = nil) {
    (self.nodata, self.appliesAdjustments, self.coefficients) = (nodata, appliesAdjustments, coefficients)
  }
}

extension DatasetFile {
  private mutating func apply(_ coefficients: IntensityChoice.Coefficients) throws(ViewsError) {
    guard entries.contains(where: { $0.bigStitcherView != nil }) else {
      throw .choiceInvalid(
        what: "option \"intensity_coefficients\" is for the views of a BigStitcher XML, and \(path) is none",
        hint: "give each view of the dataset.json its own \"intensity_coefficients\"")
    }
    for i in entries.indices {
      if let view = entries[i].bigStitcherView { entries[i].coefficients = coefficients.place(of: view, in: folder) }
    }
  }

  /// What the XML's IntensityAdjustments say becomes each view's scale and offset; views that it says nothing of stay as they are.
  private mutating func adjust() throws(ViewsError) {
    guard entries.contains(where: { $0.adjustment != nil }) else {
      throw .choiceInvalid(
        what: "option \"intensity_adjustments\": \(path) has no IntensityAdjustments",
        hint: "they are in the XML of a BigStitcher dataset whose intensities were adjusted; leave the option out")
    }
    for i in entries.indices {
      guard let adjustment = entries[i].adjustment else { continue }
      entries[i].scale *= adjustment.scale
      entries[i].offset = entries[i].offset * adjustment.scale + adjustment.offset
    }
    notes.removeAll { $0 == BigStitcherFile.adjustmentsNote }
  }

  /// The file with what the options say of its views.
  func corrected(by choice: IntensityChoice) throws(ViewsError) -> DatasetFile {
    var file = self
    if let nodata = choice.nodata {
      for i in file.entries.indices where file.entries[i].nodata == nil { file.entries[i].nodata = nodata }
    }
    if choice.appliesAdjustments { try file.adjust() }
    if let coefficients = choice.coefficients { try file.apply(coefficients) }
    return file
  }
}
