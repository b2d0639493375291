import Geometry
import Views

extension WorldUnit {
  /// What the options say, else the dataset.
  init(of dataset: Dataset, options: JobOptions) {
    self = options.worldUnit ?? dataset.worldUnit
  }
}

extension JobPlan {
  /// Throws where a world unit takes the output's lengths beyond what numbers hold: they would be no numbers in its metadata.
  func checkLengths() throws(JobError) {
    guard let unit = output.worldUnit, unit != .unknown, unit != .micrometre else { return }
    let physical = outputStack
    let end = physical.origin + Vector3(physical.shape) * physical.spacing
    for lane in 0..<3 where !physical.spacing[lane].isNormal || !physical.origin[lane].isFinite || !end[lane].isFinite {
      throw .invalid(
        what: "with a world unit of \(unit.text) the output has a voxel size of \(physical.spacing[lane]) micrometre along "
          + "\(Axis.space[lane]) and ends at \(end[lane])",
        hint: WorldUnit.hint)
    }
  }
}
