/// The SQL files of this folder, in the order in which they are applied.
///
/// A file that was ever released is never edited: a database remembers the hash of what was applied to it. A change is
/// a new file, listed here and in `Package.swift`.
public let migrations: [(name: String, sql: String)] = [
  ("0001_jobs", String(decoding: PackageResources._001_jobs_sql, as: UTF8.self)),
  ("0002_checksums", String(decoding: PackageResources._002_checksums_sql, as: UTF8.self)),
  ("0003_orders", String(decoding: PackageResources._003_orders_sql, as: UTF8.self)),
  ("0004_samples", String(decoding: PackageResources._004_samples_sql, as: UTF8.self)),
  ("0005_worked", String(decoding: PackageResources._005_worked_sql, as: UTF8.self)),
  ("0006_voxel_revision", String(decoding: PackageResources._006_voxel_revision_sql, as: UTF8.self)),
  ("0007_sums_and_owner", String(decoding: PackageResources._007_sums_and_owner_sql, as: UTF8.self)),
  ("0008_view_checks", String(decoding: PackageResources._008_view_checks_sql, as: UTF8.self)),
  ("0009_view_changes", String(decoding: PackageResources._009_view_changes_sql, as: UTF8.self)),
  ("0010_exit_status", String(decoding: PackageResources._010_exit_status_sql, as: UTF8.self)),
  ("0011_refusal", String(decoding: PackageResources._011_refusal_sql, as: UTF8.self)),
]
