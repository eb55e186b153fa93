"""Looking at a page as a reader does: wide and narrow, light and dark, with axe over each, and a picture of it."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, Page

WIDTHS = (1280, 390)
HEIGHT = 900
SCHEMES = ("light", "dark")
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# In the dark nothing but the colours differs.
RULES_OF_COLOUR = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
_RUN = """(rules) => axe
    .run(document, {resultTypes: ["violations"], iframes: false, runOnly: rules})
    .then((found) => found.violations)"""
_WIDER = """() => [...document.querySelectorAll("body *")]
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 5).map((each) => each.outerHTML.slice(0, 120))"""


# What htmx says of a request that a later one of the same form has overtaken (hx-sync): that is as it should be. Of one
# that failed it says htmx:sendError or htmx:responseError besides.
_OVERTAKEN = ("htmx:sendAbort", "htmx:afterRequest")


@dataclass
class Looker:
    """`look(page, name)` fails with a readable list of what is wrong with the page; pictures go to `folder`, if any."""

    folder: Path | None
    complaints: list[str] = field(default_factory=list)

    def __call__(self, page: Page, name: str) -> None:
        found = self._seen(page, name) + self.complaints
        self.complaints = []
        assert not found, "\n" + "\n".join(found)

    def listen(self, context: BrowserContext) -> None:
        """Collect what the browser complains about on every page of the context: scripts, policies, failed loads."""
        context.on("console", lambda message: message.type == "error" and self._complain(message.text))
        context.on("weberror", lambda error: self._complain(str(error.error)))

    def _complain(self, sentence: str) -> None:
        if not sentence.startswith(_OVERTAKEN):
            self.complaints.append(f"The console says: {sentence}")

    def _seen(self, page: Page, name: str) -> list[str]:
        """The page in both widths and both schemes; afterwards it is wide and light again."""
        found: list[str] = []
        page.wait_for_load_state()
        page.evaluate(AXE_SCRIPT)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                where = f"{name}, {width} px, {scheme}"
                rules = RULES_OF_COLOUR if scheme == "dark" else RULES
                found += [
                    f"{where}: {sentence}" for sentence in _violations(page, rules) + _wider_than_the_window(page)
                ]
                if self.folder:
                    self._keep_a_picture(page, self.folder / f"{name}-{width}-{scheme}.png", width)
        page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
        page.emulate_media(color_scheme="light")
        return found

    def _keep_a_picture(self, page: Page, path: Path, width: int) -> None:
        """Of the whole page, in a window as high as the page: so a bar at its foot covers nothing."""
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": width, "height": max(HEIGHT, height)})
        page.screenshot(path=path)
        page.set_viewport_size({"width": width, "height": HEIGHT})


def _violations(page: Page, rules: dict) -> list[str]:
    return [
        f"{violation['id']}: {violation['help']}: {', '.join(map(str, node['target']))}: {_summary(node)}"
        for violation in page.evaluate(_RUN, rules)
        for node in violation["nodes"]
    ]


def _summary(node: dict) -> str:
    return re.sub(r"\s+", " ", f"{node['html'][:200]} {node.get('failureSummary', '')}")


def _wider_than_the_window(page: Page) -> list[str]:
    """A page must not scroll sideways; tables that scroll inside their own box may be wider."""
    if page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        return []
    return [f"The page is wider than the window: {page.evaluate(_WIDER)}"]
