import Views

/// What a job's record keeps beside its columns.
package struct JobDetails: Sendable, Codable {
  package let plan: JobPlan
  /// What the output's metadata say of where it came from.
  package let provenance: JSONText
  /// The options file that was given, and what it said.
  package let optionsFile: String?
  package let optionsFileContent: JSONText?
  /// Views that were chosen and whose images could not be opened; nil: none, as in all records from before it was asked.
  package let missingViews: [MissingView]?
  /// Names of views that no voxel of the output comes from, and of how many; nil: none.
  package let viewsWithoutVoxels: [String]?
  package let viewCount: Int?

  package init(
    plan: JobPlan, provenance: JSONText, optionsFile: String?, optionsFileContent: JSONText?, missingViews: [MissingView]?,
    viewsWithoutVoxels: [String]?, viewCount: Int?
  ) {
    (self.plan, self.provenance) = (plan, provenance)
    (self.optionsFile, self.optionsFileContent) = (optionsFile, optionsFileContent)
    (self.missingViews, self.viewsWithoutVoxels, self.viewCount) = (missingViews, viewsWithoutVoxels, viewCount)
  }
}

extension JobDetails {
  /// What a run says again of what the job leaves out.
  package var notes: [String] {
    PlanNotes.missing(missingViews ?? []) + PlanNotes.absent(viewsWithoutVoxels ?? [], of: viewCount ?? 0, in: plan.fusion)
  }
}
