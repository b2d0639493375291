import Fusion
import Geometry
import Testing

/// Views that are turned about the z axis.
@Suite struct PlaneSamplerTests {
  @Test(arguments: [1]) func samplesAreThoseOfTheTwin(_ order: Int) throws {
    try expectTwin([.rotationZ], order: order)
  }
}
