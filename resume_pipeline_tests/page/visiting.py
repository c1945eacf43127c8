"""What a visitor does on the page, in the visitor's words; and what an accessibility check finds."""

from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
SIZES = {"phone": PHONE, "desktop": DESKTOP}
AXE = Axe()

# The server's own answer, held back behind its first `text` event.
SLOW_LINE = """() => {
    const fetched = window.fetch;
    const released = new Promise(resolve => { window.release = resolve; });
    window.fetch = async (...request) => {
        const response = await fetched(...request);
        if (!String(request[0]).endsWith("api/ask")) return response;
        const whole = await response.text();
        const end = whole.indexOf("\\n\\n", whole.indexOf("event: text")) + 2;
        const bytes = text => new TextEncoder().encode(text);
        const body = new ReadableStream({ async start(controller) {
            controller.enqueue(bytes(whole.slice(0, end)));
            const stopped = new Promise(resolve => request[1].signal.addEventListener("abort", () => resolve(true)));
            if (await Promise.race([released, stopped])) return controller.error(new DOMException("", "AbortError"));
            controller.enqueue(bytes(whole.slice(end)));
            controller.close();
        } });
        return new Response(body, { headers: response.headers });
    };
}"""


@dataclass
class Visitor:
    """A page in a browser; ``requests`` has the address of each request, ``complaints`` what scripts reported."""

    page: Page
    site: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, message: Any) -> None:
        # A refused request is logged as an error by the browser itself; that is what some tests are about.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def arrive(self, address: str = "") -> "Visitor":
        """Open the page, and wait until it is ready."""
        self.page.goto(self.site + address)
        expect(self.page.locator("#promise")).to_contain_text("Every citation is checked")
        return self

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name="Your question")

    @property
    def exchange(self) -> Locator:
        """The latest question with its answer."""
        return self.page.get_by_role("article").last

    @property
    def reader(self) -> Locator:
        return self.page.locator("dialog#reader")

    def ask(self, question: str) -> Locator:
        """Type a question and send it with Enter; the exchange, at once."""
        before = self.page.get_by_role("article").count()
        self.box.fill(question)
        self.box.press("Enter")
        expect(self.page.get_by_role("article")).to_have_count(before + 1)
        return self.exchange

    def answer(self, question: str) -> Locator:
        """Ask, and wait until the answer is complete, whatever it says."""
        exchange = self.ask(question)
        expect(exchange.locator(".actions")).to_be_visible()
        return exchange

    def hold(self) -> list[Route]:
        """The next question waits, as on a slow line, until the test continues it."""
        held: list[Route] = []
        self.page.route("**/api/ask", lambda route: held.append(route), times=1)  # noqa: PLW0108  (a list's method takes no mark)
        return held

    def slow_line(self) -> None:
        """Of answers to come only the beginning arrives, up to the first words, until `release()` is called."""
        self.page.evaluate(SLOW_LINE)

    def refuse(self, **response: Any) -> None:
        """The next question gets this response, which no sound server gives."""
        self.page.route("**/api/ask", lambda route: route.fulfill(**response), times=1)

    def inaccessible(self) -> list[str]:
        """What axe holds against the page as it is."""
        # A card that fades in has no final contrast yet.
        self.page.evaluate(
            "Promise.all(document.getAnimations().filter(one => one.effect.getComputedTiming().endTime < Infinity)"
            ".map(one => one.finished)).then(() => null)"
        )
        found = AXE.run(self.page).response["violations"]
        return [
            f"{one['impact']} {one['id']}: {node['html'][:200]} {node['failureSummary']}"
            for one in found
            for node in one["nodes"]
        ]

    def overflows(self) -> bool:
        """Whether the page can be scrolled sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
