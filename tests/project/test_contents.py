"""The template's table of contents, and the order that it promises."""

import re

from tests.support.template import ROOT, all_states, function_of, functions, template

PARAGRAPHS = (ROOT / "template.yaml").read_text().replace("\nResources:\n", "\nResources:\n\n").split("\n\n")
CONTENTS = PARAGRAPHS[0]
# A section of Resources begins with a comment that stands by itself.
HEADINGS = [text for text in PARAGRAPHS if text and all(line.startswith("  # ") for line in text.splitlines())]


def listed(indent: int) -> list[str]:
    """The names in the table of contents that stand so many blanks after the sign."""
    return [re.split("  +", name)[0] for name in re.findall(rf"^#{' ' * indent}(\w.*)$", CONTENTS, re.MULTILINE)]


def test_the_contents_list_the_sections_of_resources_in_their_order():
    assert listed(5) == [re.split("[.,:]", text.removeprefix("  # "))[0] for text in HEADINGS]


def test_the_contents_list_the_rest_in_its_order():
    named = [name for entry in listed(3) for name in entry.split(", ")]
    assert [name for name in template() if name in named] == named
    assert set(template()) - set(named) == {"AWSTemplateFormatVersion", "Transform", "Description", "Metadata"}


def test_functions_stand_in_the_order_of_the_machines_steps():
    steps = list(dict.fromkeys(function_of(state) for _, _, state in all_states() if state["Type"] == "Task"))
    assert list(functions())[: len(steps)] == steps


def test_a_function_stands_together_with_its_role_and_its_log():
    names = list(template()["Resources"])
    for function in functions():
        place, name = names.index(function), function.removesuffix("Function")
        assert names[place : place + 3] == [function, f"{name}Role", f"{name}Log"]
