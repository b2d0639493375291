import Fusion
import Testing

@Suite struct FunctionArgumentsTests {
  private let arguments = FunctionArguments(["a": .number(2), "b": .bool(true), "c": .string("x"), "d": .null])

  @Test func valuesAreReadByTheirType() throws {
    #expect(try arguments.number("a", default: 1, of: "f") == 2)
    #expect(try arguments.number("z", default: 1, of: "f") == 1)
    #expect(try arguments.bool("b", default: false, of: "f"))
    #expect(try arguments.string("c", default: "y", of: "f") == "x")
    #expect(throws: FusionError.self) { try arguments.number("b", default: 1, of: "f") }
    #expect(throws: FusionError.self) { try arguments.bool("d", default: true, of: "f") }
    #expect(throws: FusionError.self) { try arguments.string("a", default: "", of: "f") }
  }

  @Test func whatIsNotKnownIsAnError() throws {
    try arguments.finish(knowing: ["a", "b", "c", "d"], of: "f")
    #expect(throws: FusionError.unknownArgument(function: "f", name: "b", known: ["a", "c", "d"])) {
      try arguments.finish(knowing: ["a", "c", "d"], of: "f")
    }
  }
}
