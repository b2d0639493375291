import Diagnostics
import Testing

@Suite struct WordsForPeopleTests {
  @Test func pluralsAgree() {
    #expect(counted(1, "block") == "1 block" && counted(0, "block") == "0 blocks" && counted(12_345, "block") == "12,345 blocks")
    #expect(counted(1, "process", "processes") == "1 process" && counted(2, "process", "processes") == "2 processes")
    #expect(counted(1, "view is", "views are") == "1 view is" && counted(3, "view is", "views are") == "3 views are")
  }

  @Test func measuredNumbersHaveSixDigits() {
    #expect(measured(12.345678912) == 12.3457 && measured(0.000123456789) == 0.000123457)
    #expect(measured(98_765_432.1) == 98_765_400 && measured(0) == 0 && measured(-1.5) == -1.5)
    #expect(measured(.infinity) == .infinity)
    #expect(measured(-15.545548837, to: 0.0005) == -15.5455 && measured(66_012_345.678, to: 2) == 66_012_346)
    #expect(measured(0.1, to: 0) == 0.1 && measured(1e-9, to: 1e-12) == 1e-9)
  }

  @Test func ratesOfSmallJobsAreNotNothing() {
    #expect(rateText(94_512_345) == "94.5 Mvoxel/s" && rateText(1234) == "0.0012 Mvoxel/s")
  }
}
