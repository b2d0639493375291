import Diagnostics
import Testing

@Suite struct NameListTests {
  @Test func names() {
    #expect(nameList([]) == "")
    #expect(nameList(["a"]) == "\"a\"")
    #expect(nameList(["a", "b"], limit: 2) == "\"a\", \"b\"")
    #expect(nameList(["a", "b", "c", "d"], limit: 2) == "\"a\", \"b\" and 2 more")
    #expect(nameList((0..<1234).map(String.init), limit: 1, isQuoted: false) == "0 and 1,233 more")
  }

  @Test func unknownNamesAreAnsweredWithTheKnown() {
    #expect(nameHint("q", among: ["b", "a"]) == "there are a, b")
    #expect(nameHint("beta", among: ["bets"]) == "did you mean \"bets\"? there is bets")
    #expect(nameHint("q", among: ["x", "y", "z"], prefix: "o.", limit: 2) == "there are o.x, o.y and 1 more")
  }
}
