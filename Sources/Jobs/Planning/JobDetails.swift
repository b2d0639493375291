import Views

/// What a job's record keeps beside its columns.
public struct JobDetails: Sendable, Codable {
  public var plan: JobPlan
  /// What the output's metadata say of where it came from.
  public var provenance: JSONText
  /// The options file that was given, and what it said.
  public var optionsFile: String?
  public var optionsFileContent: JSONText?
  /// Views that were chosen and whose images could not be opened; nil: none, as in all records from before it was asked.
  public var missingViews: [MissingView]?
  /// Names of views that no voxel of the output comes from, and of how many; nil: none.
  public var viewsWithoutVoxels: [String]?
  public var viewCount: Int?
}

extension JobDetails {
  /// What a run says again of what the job leaves out.
  public var notes: [String] {
    PlanNotes.missing(missingViews ?? []) + PlanNotes.absent(viewsWithoutVoxels ?? [], of: viewCount ?? 0)
  }
}
