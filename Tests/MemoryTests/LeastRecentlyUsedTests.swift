import Memory
import Testing

@Suite struct LeastRecentlyUsedTests {
  private typealias Kept = LeastRecentlyUsed<String, Int>

  private func keeping(_ keys: String) -> Kept {
    var kept = Kept()
    for (i, key) in keys.enumerated() { kept.insert(i, for: String(key)) }
    return kept
  }

  /// All values, in the order in which they go.
  private func order(_ kept: Kept) -> [Int] {
    var kept = kept
    return kept.shrink(toCost: -1)
  }

  @Test func theLeastRecentlyUsedGoesFirst() {
    var kept = keeping("abcd")
    #expect(kept.use("a") == 0 && kept.use("d") == 3 && kept.use("c") == 2)
    #expect(kept.use("x") == nil)
    #expect(order(kept) == [1, 0, 3, 2])
    #expect(kept.shrink(toCost: 2) == [1, 0])
    #expect(!kept.contains("b") && kept.contains("c") && kept.count == 2)
  }

  @Test func lookingAndChangingAreNoUse() {
    var kept = keeping("abc")
    #expect(kept.contains("a"))
    let changed = kept.update("a") { value in
      value += 10
      return value
    }
    #expect(changed == 10)
    #expect(kept.update("x") { $0 } == nil)
    #expect(order(kept) == [10, 1, 2])
  }

  @Test func whatIsAddedAsOldestGoesBeforeAllOthers() {
    var kept = keeping("ab")
    #expect(kept.insertOldest(5, for: "c") == nil)
    #expect(order(kept) == [5, 0, 1])
    // the first entry of all may be added so
    var empty = Kept()
    empty.insertOldest(7, for: "a")
    empty.insert(8, for: "b")
    #expect(order(empty) == [7, 8])
  }

  @Test func aValueInThePlaceOfAnotherTakesItsCostToo() {
    var kept = Kept()
    kept.insert(1, for: "a", cost: 100)
    kept.insert(2, for: "b", cost: 10)
    #expect(kept.insert(3, for: "a", cost: 50) == 1)
    #expect(kept.cost == 60 && kept.count == 2)
    #expect(kept.insertOldest(4, for: "b", cost: 1) == 2)
    #expect(kept.cost == 51 && order(kept) == [4, 3])
  }

  @Test func shrinksByCostAndKeepsTheLeastThatIsAskedFor() {
    var kept = Kept()
    for (i, cost) in [40, 0, 30, 100].enumerated() { kept.insert(i, for: "\(i)", cost: cost) }
    #expect(kept.shrink(toCost: 170).isEmpty)
    #expect(kept.shrink(toCost: 130) == [0])
    // what costs nothing goes too, if it is next
    #expect(kept.shrink(toCost: 100, keeping: 2) == [1])
    #expect(kept.shrink(toCost: 0, keeping: 1) == [2])
    #expect(kept.count == 1 && kept.cost == 100)
    #expect(kept.shrink(toCost: 0) == [3] && kept.cost == 0)
  }

  @Test func takesOutByKey() {
    var kept = keeping("abacada")
    #expect(kept.remove("c") == 3 && kept.remove("c") == nil)
    #expect(kept.removeNewest { $0 < "d" } == 6)
    #expect(kept.removeNewest { $0 > "x" } == nil)
    #expect(kept.removeAll { $0 < "d" } == [1])
    #expect(order(kept) == [5])
  }

  /// The same as a list that is searched from end to end, over many operations in which entries come, go and come again.
  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func doesWhatASimpleListDoes(seed: UInt64) {
    var kept = LeastRecentlyUsed<Int, Int>()
    var list: [(key: Int, value: Int, cost: Int)] = []
    var state = seed
    func random(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % count
    }
    func taken(_ key: Int) -> (key: Int, value: Int, cost: Int)? {
      list.firstIndex { $0.key == key }.map { list.remove(at: $0) }
    }
    for step in 0..<4000 {
      let (key, cost) = (random(24), random(5))
      switch random(7) {
      case 0, 1:
        #expect(kept.insert(step, for: key, cost: cost) == taken(key)?.value)
        list.append((key, step, cost))
      case 2:
        #expect(kept.insertOldest(step, for: key, cost: cost) == taken(key)?.value)
        list.insert((key, step, cost), at: 0)
      case 3:
        let entry = taken(key)
        if let entry { list.append(entry) }
        #expect(kept.use(key) == entry?.value)
      case 4: #expect(kept.remove(key) == taken(key)?.value)
      case 5: #expect(kept.removeOldest() == (list.isEmpty ? nil : list.removeFirst().value))
      default:
        var dropped: [Int] = []
        while list.reduce(0, { $0 + $1.cost }) > 20, let first = list.first {
          dropped.append(first.value)
          list.removeFirst()
        }
        #expect(kept.shrink(toCost: 20) == dropped)
      }
      #expect(kept.count == list.count && kept.cost == list.reduce(0) { $0 + $1.cost })
    }
    #expect(kept.shrink(toCost: -1) == list.map(\.value))
  }
}
