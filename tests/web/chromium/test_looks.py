"""Every page at two widths, light and dark: it fits, can be tapped and read, and loads nothing from elsewhere."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.web.chromium.stage import DESK, PHONE, Scheme, Sight, Stage

#: What a finger or a key can use, with the size of what one hits; links inside a sentence are as high as its line.
_SMALL = """() => {
  const hit = (one) => (one.matches("[type=checkbox], [type=radio]") && one.closest("label")) || one;
  const inSentence = (one) => one.matches("a") && getComputedStyle(one).display === "inline" &&
    [...one.parentElement.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.querySelectorAll("a, button, input, select, textarea, summary")]
    .filter((one) => one.checkVisibility() && one.type !== "hidden" && !one.matches(".skip") && !inSentence(one))
    .map((one) => ({ box: hit(one).getBoundingClientRect(), html: one.outerHTML.slice(0, 90) }))
    .filter(({ box }) => box.height < 43.9 || box.width < 43.9)
    .map(({ box, html }) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`);
}"""
_SIDEWAYS = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  const beyond = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > room + 1);
  return ["wider than the screen", ...beyond.slice(0, 5).map((one) => one.outerHTML.slice(0, 120))];
}"""
_BROKEN = """() => [...document.querySelectorAll(".figures dt")].filter((one) => {
  const line = document.createRange();
  line.selectNodeContents(one);
  return line.getClientRects().length > one.textContent.trim().split(/\\s+/).length;
}).map((one) => one.textContent)"""
_OPEN = 'document.querySelectorAll("main details, #troubles details").forEach((one) => { one.open = true; })'


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_every_page_fits_can_be_tapped_and_read(stage: Stage, width: int, scheme: Scheme) -> None:
    found: dict[str, list[str]] = {}

    with stage.sight(width, scheme) as sight:
        for path in stage.paths():
            if not sight.go(path).startswith("text/html"):
                continue
            sight.page.evaluate(_OPEN)
            wrong = [*sight.page.evaluate(_SIDEWAYS), *sight.complaints, *sight.elsewhere]
            wrong += sight.page.evaluate(_SMALL) if width == PHONE else []
            wrong += _of_axe(sight) if (width, scheme) != (DESK, "dark") else []  # its colours are those of a phone
            if wrong:
                found[path] = wrong
            sight.complaints.clear()

    assert not found, "\n".join(f"{path}: {one}" for path, wrong in found.items() for one in wrong)


def test_no_label_of_a_figure_breaks_inside_a_word_on_a_phone(stage: Stage) -> None:
    with stage.sight(PHONE) as sight:
        sight.go("/status")
        sight.page.evaluate(
            "document.querySelectorAll('.figures dd').forEach((one) => { one.append(' long'.repeat(30)); })"
        )

        assert sight.page.evaluate(_BROKEN) == []


@pytest.mark.parametrize("panel", [".menu", ".stop"])
def test_what_opens_in_the_head_fits_a_phone(stage: Stage, panel: str) -> None:
    with stage.sight(PHONE) as sight:
        sight.go("/positions")
        sight.page.click(f"header {panel} > summary")

        assert sight.page.evaluate(_SIDEWAYS) == []
        assert sight.page.evaluate(_SMALL) == []
        assert _of_axe(sight) == []


def test_login_needs_neither_script_nor_a_wide_screen(stage: Stage) -> None:
    session, stage.session = stage.session, None
    try:
        with stage.sight(PHONE, "dark") as sight:
            sight.go("/login")

            assert [*sight.page.evaluate(_SIDEWAYS), *sight.page.evaluate(_SMALL), *_of_axe(sight)] == []
            assert sight.page.locator("script").count() == 0
    finally:
        stage.session = session


def _of_axe(sight: Sight) -> list[str]:
    """What axe-core calls serious or critical."""
    options = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    violations = Axe().run(sight.page, options=options).response["violations"]
    return [
        f"axe {one['id']}: {node['html'][:100]} {[check['message'] for check in node['any']][:1]}"
        for one in violations
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"][:3]
    ]
