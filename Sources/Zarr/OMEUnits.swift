/// Units of length and time as OME-Zarr metadata spell them (UDUNITS-2 names, and the short forms that writers use).
package enum OMEUnits {
  /// Micrometres in one of `unit`. Nil for a unit that is no length; a missing one counts as micrometre, and so do the
  /// placeholders of writers that did not know it.
  package static func micrometres(in unit: String?) -> Double? {
    guard let unit else { return 1 }
    if placeholders.contains(unit.lowercased()) { return 1 }
    return length(of: unit)
  }

  /// Micrometres in one of a unit that must be a length.
  package static func length(of unit: String) -> Double? { lengths[unit] ?? lengths[unit.lowercased()] }

  /// Seconds in one of `unit`; nil for a unit that is no known time.
  package static func seconds(in unit: String) -> Double? {
    times[unit] ?? times[unit.lowercased()]
  }

  /// The full name of a time unit (`s` -> `second`); unknown ones as they are.
  package static func timeName(_ unit: String) -> String {
    shortTimes[unit] ?? shortTimes[unit.lowercased()] ?? unit
  }

  /// The name by which OME-Zarr lists a time unit, as written metadata must have it; nil for one that it does not list.
  package static func listedTime(_ unit: String) -> String? {
    let name = timeName(unit)
    if times[name] != nil { return name }
    return times[name.lowercased()] == nil ? nil : name.lowercased()
  }

  private static let placeholders: Set<String> = ["", "pixel", "pixels", "px", "voxel", "none", "null", "unknown"]

  private static let prefixes: [(name: String, power: Int)] = [
    ("yotta", 24), ("zetta", 21), ("exa", 18), ("peta", 15), ("tera", 12), ("giga", 9), ("mega", 6), ("kilo", 3),
    ("hecto", 2), ("", 0), ("deci", -1), ("centi", -2), ("milli", -3), ("micro", -6), ("nano", -9), ("pico", -12),
    ("femto", -15), ("atto", -18), ("zepto", -21), ("yocto", -24),
  ]

  private static let lengths: [String: Double] = {
    var table: [String: Double] = [
      "angstrom": 1e-4, "ångström": 1e-4, "inch": 25_400, "foot": 304_800, "yard": 914_400, "mile": 1_609_344_000,
      "parsec": 3.0856775814913673e22,
      "m": 1e6, "dm": 1e5, "cm": 1e4, "mm": 1000, "um": 1, "\u{B5}m": 1, "\u{3BC}m": 1, "nm": 1e-3, "pm": 1e-6,
      "micron": 1, "microns": 1,
    ]
    for (prefix, power) in prefixes {
      let factor = powerOfTen(power + 6)
      for stem in ["meter", "metre", "meters", "metres"] { table[prefix + stem] = factor }
    }
    return table
  }()

  private static let times: [String: Double] = {
    var table: [String: Double] = ["minute": 60, "hour": 3600, "day": 86_400]
    for (prefix, power) in prefixes { table[prefix + "second"] = powerOfTen(power) }
    for (short, name) in shortTimes { table[short] = table[name] }
    return table
  }()

  private static let shortTimes: [String: String] = [
    "s": "second", "sec": "second", "seconds": "second", "ms": "millisecond", "milliseconds": "millisecond",
    "us": "microsecond", "\u{B5}s": "microsecond", "\u{3BC}s": "microsecond", "ns": "nanosecond", "min": "minute",
    "minutes": "minute", "h": "hour", "hr": "hour", "hours": "hour", "d": "day", "days": "day",
  ]

  /// Exact where a Double can be: 1e-3 is the literal's value, not the tenth part of a tenth part of a tenth.
  private static func powerOfTen(_ power: Int) -> Double {
    Double("1e\(power)") ?? 1
  }
}
