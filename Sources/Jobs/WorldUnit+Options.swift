import Views

extension WorldUnit {
  /// What the options say, else the dataset.
  init(of dataset: Dataset, options: JobOptions) throws(JobError) {
    if let given = options.worldUnit {
      self = given
    } else if let problem = dataset.worldUnitProblem {
      throw .invalid(what: problem, hint: Self.hint)
    } else {
      self = dataset.worldUnit
    }
  }
}
