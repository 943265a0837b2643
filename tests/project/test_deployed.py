"""The comparison of what would be deployed: order and comments are no difference, a value is."""

import subprocess

from tests.support.template import ROOT

# In the SAM CLI's environment, whose transformation it is.
PROGRAM = """
from tools.deployed import comparable

head = "Transform: AWS::Serverless-2016-10-31\\nResources:\\n"
properties = "{Handler: a.b, Runtime: python3.13, CodeUri: x/}"
function = f"  F:\\n    Type: AWS::Serverless::Function\\n    Properties: {properties}\\n"
topic = "  T: {Type: AWS::SNS::Topic}\\n"
text = head + function + topic
for edited in (head + topic + "  # a comment\\n" + function, text.replace("a.b", "a.c")):
    print(comparable("template.yaml", edited) == comparable("template.yaml", text))
"""


def test_a_comparison_sees_values_and_neither_order_nor_comments():
    python = ROOT / ".venv-sam" / "bin" / "python"
    done = subprocess.run([python, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("True\nFalse\n", 0), done.stderr
