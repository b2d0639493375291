import Fusion
import Geometry
import Testing

/// Views whose axes all mix.
@Suite struct VolumeSamplerTests {
  @Test(arguments: [1]) func samplesAreThoseOfTheTwin(_ order: Int) throws {
    try expectTwin([.shear, .anisotropic, .general], order: order)
  }
}
