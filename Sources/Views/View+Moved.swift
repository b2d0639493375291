import Files

extension View {
  /// The same image at another place: its own path, those of its levels and of the files that it consists of, as far as they
  /// lie in a folder that was moved. What was recorded of their state stays.
  package func moved(_ moves: [PathMove]) -> View {
    View(
      name: name, path: moves.moved(path) ?? path, transforms: transforms, details: details.moved(moves),
      fingerprint: fingerprint.moved(moves))
  }
}

extension ViewDetails {
  fileprivate func moved(_ moves: [PathMove]) -> ViewDetails {
    ViewDetails(
      format: format, levels: levels.map { $0.moved(moves) }, times: times, channels: channels, intensityScale: intensityScale,
      intensityOffset: intensityOffset, isPlacedByDataset: isPlacedByDataset, dataset: dataset, mending: mending,
      correction: correction?.moved(moves))
  }
}

extension Fingerprint {
  /// How the names of fields that are about a file begin; the rest is its path, absolute where it does not lie in the image.
  private static let ofFiles = [filePrefix, digestPrefix, folderPrefix] + CorrectionImage.Role.allCases.map { $0.rawValue + " " }

  fileprivate func moved(_ moves: [PathMove]) -> Fingerprint {
    Fingerprint(
      fields: Dictionary(
        fields.map { field, value in
          guard let prefix = Self.ofFiles.first(where: field.hasPrefix),
            let path = moves.moved(String(field.dropFirst(prefix.count)))
          else { return (field, value) }
          return (prefix + path, value)
        }, uniquingKeysWith: { first, _ in first }))
  }
}
