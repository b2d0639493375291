// What a program of your own needs: `runBlockfuse(registry:)`, and the protocols and types that functions are made of.
// (`Blockfuse` cannot be its name: file systems that ignore case would mix it up with the program.)
@_exported import BlockfuseCLI
@_exported import Fusion
@_exported import Geometry
