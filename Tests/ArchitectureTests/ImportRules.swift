/// What the targets of a package may use: those on lower floors, and what they declare.
struct ImportRules {
  /// Targets from the ground up; those on one floor do not know each other.
  let floors: [[String]]
  /// Libraries of others, each with the targets that may use it.
  let libraries: [String: Set<String>]
  /// Modules that come with the system and the compiler.
  let system: Set<String>

  /// All that breaks a rule, a sentence each.
  func problems(of manifest: PackageManifest) -> [String] {
    let targets = manifest.targets.filter { !$0.isTest }
    var problems: [String] = []
    var floor: [String: Int] = [:]
    for (number, names) in floors.enumerated() {
      for name in names where floor.updateValue(number, forKey: name) != nil { problems.append("\(name) is on two floors") }
    }
    let names = Set(targets.map(\.name))
    for name in floor.keys.sorted() where !names.contains(name) { problems.append("\(name) is on a floor and is no target") }
    for target in targets {
      guard let own = floor[target.name] else {
        problems.append("\(target.name) is on no floor: no rule says what it may import")
        continue
      }
      for name in target.dependencies {
        if let users = libraries[name] {
          if !users.contains(target.name) { problems.append("\(target.name) uses \(name), which is not for it") }
        } else if let other = floor[name], other < own {
        } else {
          problems.append("\(target.name) uses \(name), which is on no lower floor")
        }
      }
      problems += undeclaredImports(target) + unusedDependencies(target)
    }
    // tests may use any target, but a build from nothing knows only what is declared
    for target in manifest.targets where target.isTest { problems += undeclaredImports(target) }
    return problems
  }

  private func undeclaredImports(_ target: PackageManifest.Target) -> [String] {
    var problems: [String] = []
    for (file, imports) in target.imports.sorted(by: { $0.key < $1.key }) {
      for name in imports.sorted() where !system.contains(name) && !target.dependencies.contains(name) {
        problems.append("\(file) imports \(name), which \(target.name) does not declare")
      }
    }
    return problems
  }

  /// Arrows that no file needs.
  private func unusedDependencies(_ target: PackageManifest.Target) -> [String] {
    if target.imports.isEmpty { return [] }
    let used = target.imports.values.reduce(into: Set()) { $0.formUnion($1) }
    return target.dependencies.filter { !used.contains($0) }.map { "\(target.name) declares \($0) and no file imports it" }
  }
}
