"""Commands for contributors. None of it is deployed."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Costs are reckoned by the product's own code, imported as Lambda imports it.
sys.path.insert(0, str(ROOT / "functions"))
