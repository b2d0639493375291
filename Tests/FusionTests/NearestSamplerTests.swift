import Fusion
import Geometry
import Testing

/// Nearest samples of views whose axes mix.
@Suite struct NearestSamplerTests {
  @Test(arguments: [0]) func samplesAreThoseOfTheTwin(_ order: Int) throws {
    try expectTwin([.rotationZ, .shear, .anisotropic, .general], order: order)
  }
}
