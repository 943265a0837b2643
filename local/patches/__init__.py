"""Where MiniStack answers otherwise than AWS: a module for each fault, with the page of AWS's documentation behind it.

Pages are paths below docs.aws.amazon.com. A patch goes when MiniStack has mended the fault.
"""
