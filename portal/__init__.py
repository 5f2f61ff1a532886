"""The web side: routes, views, feeds, commands. Everything that knows HTTP lives here."""

import warnings
from importlib import metadata

# Pyramid 2.1 asks pkg_resources, which therefore is locked; who starts the portal cannot do anything about it.
warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
warnings.filterwarnings("ignore", message=r"Deprecated call to `pkg_resources")

__version__ = metadata.version("beschlussportal")
