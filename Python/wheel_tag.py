"""The wheel's platform: any Linux with this processor, since the program inside needs no library of the system."""

import platform
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelTag(BuildHookInterface):  # type: ignore[type-arg]
    """Names the systems that the wheel may be installed on."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Set the tag, from the names of PEP 600 and PEP 656."""
        machine = platform.machine()
        systems = [f"manylinux2014_{machine}", f"manylinux_2_17_{machine}", f"musllinux_1_1_{machine}"]
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-" + ".".join(systems)
