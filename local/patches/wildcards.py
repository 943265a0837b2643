"""IAM: `*` and `?` in a policy match any character, a line break of an object's key, too.

AWS: "IAM JSON policy elements: Resource", /IAM/latest/UserGuide/reference_policies_elements_resource.html: "*" stands
for any combination of characters and "?" for any single one. MiniStack's regular expression stops at a line break.
"""

import re

from local import ministack


def install() -> None:
    compiled = ministack.compile_wildcards.original

    def with_line_breaks(pattern: str, ignore_case: bool) -> re.Pattern[str]:
        made = compiled(pattern, ignore_case)
        return re.compile(made.pattern, made.flags | re.DOTALL)

    ministack.compile_wildcards.replace(with_line_breaks)
