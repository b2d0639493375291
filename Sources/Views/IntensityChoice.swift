/// What the options of a fusion say of the intensities of all views.
public struct IntensityChoice: Sendable {
  /// The stored value that is no value in views that do not say one.
  public var nodata: StoredNumber?

  /// Whether the IntensityAdjustments of a BigStitcher XML are applied.
  public var appliesAdjustments: Bool

  public init(nodata: StoredNumber? = nil, appliesAdjustments: Bool = false) {
    (self.nodata, self.appliesAdjustments) = (nodata, appliesAdjustments)
  }
}

extension DatasetFile {
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
    return file
  }
}
