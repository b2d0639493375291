extension FusionRecipe {
  /// Whether views that are 0 everywhere, unscaled, always fuse to 0: so for the built-in functions, unless a rescale
  /// moves 0. Of a function of the user's own nothing is assumed.
  public var keepsZero: Bool {
    function is any BuiltinFusion && intensityRange.map { $0.lower >= 0 } ?? true
  }
}
