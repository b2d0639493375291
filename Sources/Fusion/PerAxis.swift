/// A value for each axis in space, z, y, x, in place: an array in a loop costs more than what is done with it.
struct PerAxis<Value> {
  var z: Value
  var y: Value
  var x: Value

  init(_ value: (_ axis: Int) -> Value) { (z, y, x) = (value(0), value(1), value(2)) }
  init(repeating value: Value) { (z, y, x) = (value, value, value) }

  @inline(__always)
  subscript(axis: Int) -> Value { axis == 0 ? z : axis == 1 ? y : x }
}

extension PerAxis: Sendable where Value: Sendable {}
