import Geometry
import Testing

@Suite struct HalfTests {
  @Test func everyHalfIsTheNumberItIsAndComesBack() {
    for bits in UInt16.min...UInt16.max {
      let value = Half(bits: bits).float
      let exponent = Int(bits >> 10 & 31)
      let mantissa = Double(bits & 1023)
      if exponent == 31 {
        #expect(mantissa == 0 ? value.isInfinite : value.isNaN)
      } else {
        var scale = 1.0
        for _ in 0..<24 { scale /= 2 }
        for _ in 0..<max(exponent - 1, 0) { scale *= 2 }
        let magnitude = (exponent == 0 ? mantissa : 1024 + mantissa) * scale
        #expect(Double(value) == (bits >> 15 == 1 ? -magnitude : magnitude), "\(bits)")
      }
      if !value.isNaN {
        #expect(Half(value).bits == bits)
        #expect(Half(Double(value)).bits == bits)
      }
    }
  }

  @Test func betweenTwoTheNearerIsTakenAndTheEvenOneInTheMiddle() {
    for bits in stride(from: UInt16(0), to: 0x7bff, by: 7) {
      let (a, b) = (Double(Half(bits: bits).float), Double(Half(bits: bits + 1).float))
      let middle = (a + b) / 2
      let even = bits & 1 == 0 ? bits : bits + 1
      #expect(Half(Float(middle)).bits == even)
      #expect(Half(middle).bits == even)
      #expect(Half(-middle).bits == even | 0x8000)
      #expect(Half(middle.nextDown).bits == bits)
      #expect(Half(middle.nextUp).bits == bits + 1)
    }
    #expect(Half(Float(65519.99)).bits == 0x7bff)
    #expect(Half(Float(65520)).bits == 0x7c00)
    #expect(Half(1e300).bits == 0x7c00)
    #expect(Half(Double.nan).float.isNaN)
  }

  @Test func someHalvesByHand() {
    let expected: [(Double, UInt16)] = [
      (0, 0), (-0.0, 0x8000), (1, 0x3C00), (-2, 0xC000), (65504, 0x7BFF), (65519.9, 0x7BFF), (65520, 0x7C00),
      (0x1p-14, 0x0400), (0x1p-24, 0x0001), (0x1p-25, 0x0000), (0x1.8p-25, 0x0001), (0x1.ffep-15, 0x0400),
      (1.0 + 0x1p-11, 0x3C00), (1.0 + 0x1.8p-10, 0x3C02), (0.1, 0x2E66), (.infinity, 0x7C00), (.nan, 0x7E00),
    ]
    for (value, bits) in expected { #expect(Half(value).bits == bits, "\(value)") }
  }
}
