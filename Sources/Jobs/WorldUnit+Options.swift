import Views

extension WorldUnit {
  /// What the options say, else the dataset.
  init(of dataset: Dataset, options: JobOptions) {
    self = options.worldUnit ?? dataset.worldUnit
  }
}
