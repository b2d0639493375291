import BlockfuseCLI
import CStatic

runBlockfuse()
