import Fusion
import Geometry
import JSON
import Views
import Zarr

/// All options of a fusion: a row each, and the only place that has to know of it. Keys are the names of the reference's
/// `fuse()`.
///
/// Made from the rows: the keys of options.json and how they are read (`JobOptions`, where an option is a property of the
/// name that it has here), the flags of the command line with help and completion, the manual, the table in
/// docs/options.md. The order of the rows is that of the help.
package struct OptionTable: Sendable {
  package let transformKey = OptionRow<String?>(
    "transform_key", default: nil, form: .name,
    help: "Name of the transform that places the views. Default: the only one."
  ) { (map, key) throws(JobError) in
    try map.string(key)
  }

  package let fusionFunction = OptionRow(
    "fusion_func", default: "weighted_average_fusion", form: .name, choices: .fusionFunctions,
    help: OptionHelp { $0.fusionNamesAsRegistered.joined(separator: ", ") + "." }
  ) { (map, key) throws(JobError) in
    try map.string(key)
  }

  package let fusionArguments = OptionRow(
    "fusion_func_kwargs", default: [:], form: .arguments, value: "map",
    help: "Arguments for the fusion function, such as order=tile_3,tile_1 for first_view_wins."
  ) { (map, key) throws(JobError) in
    try map.arguments(key)
  }

  package let fusionArgumentsByOtherName = OptionRow(
    "fusion_method_kwargs", default: [:], form: .arguments, value: "map", otherNameOf: "fusion_func_kwargs",
    help: "Other name of fusion_func_kwargs."
  ) { (map, key) throws(JobError) in
    try map.arguments(key)
  }

  package let weightsFunction = OptionRow<String?>(
    "weights_func", default: nil, "null", form: .name, choices: .weightsFunctions,
    help: OptionHelp { "null, \($0.weightsNames.joined(separator: ", "))." }
  ) { (map, key) throws(JobError) in
    try map.string(key)
  }

  package let weightsArguments = OptionRow(
    "weights_func_kwargs", default: [:], form: .json, value: "map",
    help: """
      Arguments for the weights function, such as sigma_1=5,sigma_2=11 for content_based, or \
      dct_size=32,exponent=1,otf_support_fraction=0.5 for content_based_dct.
      """
  ) { (map, key) throws(JobError) in
    try map.arguments(key)
  }

  package let worldUnit = OptionRow<WorldUnit?>(
    "world_unit", default: nil, form: .name, value: "length",
    help: "Length of one of the dataset's world units, such as 0.25um. Default: what a BigStitcher XML shows, else one micrometre."
  ) { (map, key) throws(JobError) in
    try map.worldUnit(key)
  }

  package let outputSpacing = OptionRow(
    "output_spacing", default: [:], form: .json, value: "map", replacedBy: "output_stack_properties",
    help: "Voxel size of level 0 in world units, such as z=2,y=0.5,x=0.5. Default: the first view's."
  ) { (map, key) throws(JobError) in
    try map.axes(key, scalar: true, "a length above 0") { $0 > 0 }
  }

  package let preservesAnisotropy = OptionRow(
    "preserve_anisotropy", default: false, form: .flag, replacedBy: "output_stack_properties",
    help: "Choose the output's z spacing so that its ratio to y and x is that of the views, on average."
  ) { (map, key) throws(JobError) in
    try map.bool(key)
  }

  package let outputStackMode = OptionRow(
    "output_stack_mode", default: OutputStackMode.union, form: .name, choices: .names(OutputStackMode.self),
    replacedBy: "output_stack_properties", help: "union, intersection or sample."
  ) { (map, key) throws(JobError) in
    try map.choice(key, OutputStackMode.self)
  }

  package let boundingBox = OptionRow<String?>(
    "bounding_box", default: nil, form: .name, value: "name", replacedBy: "output_stack_properties",
    help:
      "Fuse a named region of the dataset instead of all (a BigStitcher bounding box is in the XML's world units)."
  ) { (map, key) throws(JobError) in
    try map.string(key)
  }

  package let outputOrigin = OptionRow(
    "output_origin", default: [:], form: .json, value: "map", replacedBy: "output_stack_properties",
    help: "Position of voxel 0 in world units, such as z=0,y=10,x=-4."
  ) { (map, key) throws(JobError) in
    try map.axes(key, scalar: false, "a position") { _ in true }
  }

  package let outputShape = OptionRow(
    "output_shape", default: [:], form: .json, value: "map", replacedBy: "output_stack_properties",
    help: "Voxels along each axis, such as z=100,y=2000,x=2000."
  ) { (map, key) throws(JobError) in
    try map.counts(key, minimum: 1)
  }

  package let outputStackProperties = OptionRow<OptionMap.Stack?>(
    "output_stack_properties", default: nil, form: .json, value: "json",
    help: "Spacing, origin (in world units) and shape together, as JSON."
  ) { (map, key) throws(JobError) in
    try map.stack(key)
  }

  package let outputChunk = OptionRow<[Axis: Int]?>(
    "output_chunksize", default: nil, form: .json, value: "n or map",
    help:
      "Chunk shape of the output: one number, or z=…,y=…,x=…. Default: the first view's, if it has 32,768 voxels, else 256, in 2D 2048."
  ) { (map, key) throws(JobError) in
    try map.counts(key, minimum: 1)
  }

  package let overlap = OptionRow(
    "overlap_in_pixels", default: [:], "0", form: .json, value: "n or map", help: "Extra voxels computed around each block."
  ) { (map, key) throws(JobError) in
    try map.counts(key, minimum: 0)
  }

  package let interpolationOrder = OptionRow(
    "interpolation_order", default: 1, form: .json, choices: .words(FusionRecipe.interpolationOrders.map(String.init)),
    help: "0 nearest, 1 linear, 2 to 5 B-splines, of which 3 is the usual one."
  ) { (map, key) throws(JobError) in
    try map.integer(key, in: FusionRecipe.interpolationOrders)
  }

  package let planewise = OptionRow(
    "planewise", default: JobOptions.Planewise.auto, form: .json, choices: .names(JobOptions.Planewise.self),
    help: "Blend each z plane separately: auto, true or false."
  ) { (map, key) throws(JobError) in
    try map.planewise(key)
  }

  package let givenBlendingWidths = OptionRow<[Axis: Double]>(
    "blending_widths", default: [:], form: .json, value: "map",
    help: "Widths of the views' soft borders in world units; 0 for no soft border. Default: z=3,y=10,x=10."
  ) { (map, key) throws(JobError) in
    try map.axes(key, scalar: true, "a length, in world units; 0 for none") { $0 >= 0 }
  }

  package let givenBlending = OptionRow<JobOptions.Blending?>(
    "blending", default: nil, "reference", form: .name, choices: .names(JobOptions.Blending.self),
    help: "How soft borders weigh: reference, or product (of a ramp along each axis, from 0, as BigStitcher's)."
  ) { (map, key) throws(JobError) in
    try map.choice(key, JobOptions.Blending.self)
  }

  package let blendingBorder = OptionRow<[Axis: Double]>(
    "blending_border", default: [:], "0", form: .json, value: "map",
    help: "Of blending product: how far from its edge on a view weighs 0, in the lengths of blending_widths."
  ) { (map, key) throws(JobError) in
    try map.axes(key, scalar: true, "a length, 0 or more") { $0 >= 0 }
  }

  package let like = OptionRow<JobOptions.Like?>(
    "like", default: nil, form: .name, choices: .names(JobOptions.Like.self),
    help: "Defaults of another program: bigstitcher (blending product, no border, ramps of 40 world voxels)."
  ) { (map, key) throws(JobError) in
    try map.choice(key, JobOptions.Like.self)
  }

  package let edges = OptionRow(
    "edges", default: EdgeRule.reference, form: .name, choices: .names(EdgeRule.self),
    help: "Voxels beyond all views' voxel centres but within half a voxel of some: reference (background) or filled."
  ) { (map, key) throws(JobError) in
    try map.choice(key, EdgeRule.self)
  }

  package let rounding = OptionRow(
    "rounding", default: JobOptions.Rounding.nearest, form: .name, choices: .names(JobOptions.Rounding.self),
    help: "Rounding of integer outputs: nearest or truncate."
  ) { (map, key) throws(JobError) in
    try map.choice(key, JobOptions.Rounding.self)
  }

  package let downsample = OptionRow(
    "downsample", default: Downsampling.mean, form: .name, choices: .names(Downsampling.self),
    help: "How the coarser levels are made: mean, nearest (the first voxel), mode (for labels) or max."
  ) { (map, key) throws(JobError) in
    try map.choice(key, Downsampling.self)
  }

  package let pyramid = OptionRow(
    "pyramid", default: PyramidOption.reference, "reference", form: .text, value: "scheme or factors",
    choices: .words(PyramidOption.words),
    help:
      "Which levels there are: reference (all long axes are halved), isotropic (the finest axes first), or factors of each, such as 1,2,2;2,4,4 (z,y,x)."
  ) { (map, key) throws(JobError) in
    try map.pyramid(key)
  }

  package let pyramidLevels = OptionRow<Int?>(
    "pyramid_levels", default: nil, form: .json, value: "n",
    help: "How many levels above level 0 there are at most; 0 for none. Default: as many as the sizes allow."
  ) { (map, key) throws(JobError) in
    try map.integer(key, in: 0...40)
  }

  package let pyramidMinimumSize = OptionRow<Int?>(
    "pyramid_minimum_size", default: nil, form: .json, value: "voxels",
    help: "An axis is halved while half its length is above this many voxels. Default: 100."
  ) { (map, key) throws(JobError) in
    try map.integer(key, in: 1...1_000_000_000)
  }

  package let zarrOptions = OptionMapRow(
    "zarr_options", form: .map(hint: "such as ngff_version=0.5,overwrite=true"),
    help: "ome_zarr, ngff_version, overwrite, zarr_array_creation_kwargs.")

  package let ngffVersion = OptionRow(
    "zarr_options.ngff_version", default: OMEWriter.Version.v04, form: .text, choices: .words(["0.4", "0.5"]),
    help: "OME-Zarr version: 0.4 (Zarr v2) or 0.5 (Zarr v3).",
    // 0.4 and 0.5 are names, not numbers
    canonical: { value in value.double.map { .string("\($0)") } ?? value }
  ) { (map, key) throws(JobError) in
    try map.choice(key, OMEWriter.Version.self)
  }

  package let isOMEZarr = OptionRow(
    "zarr_options.ome_zarr", default: true, form: .json, choices: .words(["true", "false"]),
    help: "Write OME-Zarr (true), or a plain array without a pyramid (false)."
  ) { (map, key) throws(JobError) in
    try map.bool(key)
  }

  package let overwrite = OptionRow(
    "zarr_options.overwrite", default: false, form: .flag, help: "Replace an existing output."
  ) { (map, key) throws(JobError) in
    try map.bool(key)
  }

  package let arrayOptions = OptionMapRow("zarr_options.zarr_array_creation_kwargs", form: nil, help: "compressor, shards.")

  package let compressor = OptionRow(
    "zarr_options.zarr_array_creation_kwargs.compressor", default: Compressor.zstd(level: 3), "{\"id\": \"zstd\", \"level\": 3}",
    form: .compressor, value: "json", choices: .words(Codecs.namesWritten + ["null"]),
    help: "Compressor of the output, such as zstd, null, or {\"id\": \"zstd\", \"level\": 3}."
  ) { (map, key) throws(JobError) in
    try map.compressor(key)
  }

  package let shards = OptionRow<[Axis: Int]?>(
    "zarr_options.zarr_array_creation_kwargs.shards", default: nil, form: .json, value: "n or map",
    help: "Shape of a file in voxels, in multiples of the chunk (0.5 only)."
  ) { (map, key) throws(JobError) in
    try map.shards(key)
  }

  package let batchOptions = OptionMapRow("batch_options", form: .json, help: "n_batch, batch_func, batch_func_kwargs.")

  package let batchCount = OptionRow<Int?>(
    "batch_options.n_batch", default: nil, form: nil,
    help: "Blocks that a worker takes at a time. Default: chosen by the program."
  ) { (map, key) throws(JobError) in
    try map.integer(key, in: 1...1_000_000)
  }

  package let batchFunction = OptionRow<String?>(
    "batch_options.batch_func", default: nil, form: nil, help: "A batch function of a program of your own."
  ) { (map, key) throws(JobError) in
    try map.string(key)
  }

  package let batchArguments = OptionRow(
    "batch_options.batch_func_kwargs", default: [:], form: nil, help: "Arguments of the batch function."
  ) { (map, key) throws(JobError) in
    try map.arguments(key)
  }

  package let viewNames = OptionRow<[String]?>(
    "views", default: nil, form: .names, value: "names", help: "Fuse only these views (names, with commas)."
  ) { (map, key) throws(JobError) in
    try map.names(key)
  }

  package let timePoints = OptionRow<[Int]?>(
    "timepoints", default: nil, form: .names, value: "indices", help: "Fuse only these time points (from 0, with commas)."
  ) { (map, key) throws(JobError) in
    try map.indices(key)
  }

  package let channels = OptionRow<[String]?>(
    "channels", default: nil, form: .names, value: "names", help: "Fuse only these channels (names or indices, with commas)."
  ) { (map, key) throws(JobError) in
    try map.names(key)
  }

  package let missingViews = OptionRow(
    "missing_views", default: JobOptions.MissingViews.fail, form: .name, choices: .names(JobOptions.MissingViews.self),
    help: "If images are missing or cannot be opened: fail, or skip them."
  ) { (map, key) throws(JobError) in
    try map.choice(key, JobOptions.MissingViews.self)
  }

  package let outputType = OptionRow<ElementType?>(
    "output_dtype", default: nil, form: .name, value: "type", choices: .names(ElementType.self),
    help: "Element type of the output. Default: the first view's."
  ) { (map, key) throws(JobError) in
    try map.choice(key, ElementType.self)
  }

  package let intensityRange = OptionRow<ClosedRange<Double>?>(
    "intensity_range", default: nil, form: .numbers, value: "min,max",
    help: "Rescale MIN,MAX to the whole range of an integer output."
  ) { (map, key) throws(JobError) in
    try map.range(key)
  }

  package let nodata = OptionRow<StoredNumber?>(
    "nodata", default: nil, form: .number, value: "number",
    help: "Stored value that is no value, in every view that does not say its own, such as the 0 around deskewed stacks."
  ) { (map, key) throws(JobError) in
    try map.storedNumber(key)
  }

  package let intensityAdjustments = OptionRow(
    "intensity_adjustments", default: false, form: .flag,
    help: "Apply the IntensityAdjustments of a BigStitcher XML: each view's intensities times a factor, plus an offset."
  ) { (map, key) throws(JobError) in
    try map.bool(key)
  }

  package let intensityCoefficients = OptionRow<IntensityChoice.Coefficients?>(
    "intensity_coefficients", default: nil, form: .json, value: "path",
    help:
      "Container of intensity coefficients (BigStitcher-Spark; N5, Zarr or HDF5) for a BigStitcher XML, relative to it; or path=…,group=…,dataset=…."
  ) { (map, key) throws(JobError) in
    try map.coefficients(key)
  }

  package let background = OptionRow<StoredNumber?>(
    "background", default: nil, "0", form: .number, value: "number",
    help: "Value of the output where no view has one, and its fill value."
  ) { (map, key) throws(JobError) in
    try map.storedNumber(key)
  }

  package let outputMask = OptionRow(
    "output_mask", default: false, form: .flag, help: "Write the number of views that have a value, instead of voxels."
  ) { (map, key) throws(JobError) in
    try map.bool(key)
  }
}

extension OptionTable {
  /// The blending widths of the reference.
  static let widths: [Axis: Double] = [.z: 3, .y: 10, .x: 10]

  static let rows = OptionTable()

  /// All rows, in order.
  package static let all = Mirror(reflecting: rows).children.compactMap { $0.value as? any AnyOptionRow }

  /// The options within a map, such as `zarr_options`; within an empty name, all that are in none.
  package static func options(in parent: String) -> [any AnyOptionRow] { all.filter { $0.parent == parent } }
}
