import BlockfuseCLI

runBlockfuse()
