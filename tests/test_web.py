"""Do the pages work in a real browser: the shop, the widget on another origin, the studio?"""

from __future__ import annotations

import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from served import served

from engine import Engine
from engine.types import EventType
from server import checker, create_app
from web.options import WebOptions

pytestmark = pytest.mark.browser
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"
BUDGET = 200_000  # bytes of a page with its scripts, styles and fonts
WAIT = 30_000  # ms; the machine may be busy


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        message = "NO CHROMIUM: THE BROWSER TESTS DID NOT RUN. Install it: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a new visitor; a dialog (a script that ran) or an error in ours fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(WAIT)
    expect.set_options(timeout=WAIT)
    page = context.new_page()
    wrong: list[str] = []
    page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert not wrong


@pytest.fixture
def shop_url(own_shop: Engine) -> Iterator[str]:
    with served(create_app(own_shop, WebOptions(home=own_shop.home, name="Mokko"))) as address:
        yield address


def ready(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_selector("body[data-ready]")


def told(engine: Engine, kind: EventType, before: int) -> list[Any]:
    """The items of the events of one kind that came since."""
    table = engine.store.events(before)
    return [
        table.items[item] if item >= 0 else table.queries[query]
        for code, item, query in zip(table.type, table.item, table.query, strict=True)
        if list(EventType)[code] == kind
    ]


def test_a_shopper_searches_narrows_looks_and_buys_and_the_next_page_knows(
    page: Page, own_shop: Engine, shop_url: str
) -> None:
    before = own_shop.store.position()
    ready(page, shop_url)
    expect(page.get_by_role("heading", name="Liked by many")).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("boot")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("boot")
    first = page.locator(".card").first
    expect(first.locator("mark").first).to_have_text("boot")
    page.locator(".facet", has_text="Brand").get_by_text("Cedar").click()
    expect(page.locator(".chip.on", has_text="Cedar")).to_be_visible()
    brands = page.locator(".grid .card-brand")
    expect(brands.first).to_have_text("Cedar")
    assert set(brands.all_text_contents()) == {"Cedar"}
    page.get_by_label("Price to").fill("12")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".grid .card")).to_have_count(1)
    page.locator(".card-title a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cedar green hiking boot")
    expect(page.get_by_role("heading", name="You may also like")).to_be_visible()
    page.get_by_role("button", name="Add to bag", exact=True).click()
    expect(page.locator("#basket .dot")).to_have_text("1")
    page.locator("#basket").click()
    page.get_by_role("button", name="Buy now").click()
    expect(page.locator("#toast")).to_contain_text("Thank you")
    assert told(own_shop, EventType.SEARCH, before) == ["boot"]
    for kind in (EventType.CLICK, EventType.CART, EventType.PURCHASE):
        assert told(own_shop, kind, before) == ["boots-green"]
    page.locator(".brandmark").click()
    expect(page.locator(".hero")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert "boots-green" in told(own_shop, EventType.VIEW, before)
    chosen = page.locator(".shelf").first.locator("[data-item-id]")
    expect(chosen.first).to_be_visible()
    assert "boots-green" not in [node.get_attribute("data-item-id") for node in chosen.all()]


def test_the_page_speaks_chinese_turns_dark_and_remembers_both(page: Page, shop_url: str) -> None:
    ready(page, f"{shop_url}/?q=mug")
    page.locator("#language").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator("#q")).to_have_attribute("placeholder", "搜索商品")
    expect(page.locator(".card-title").first).to_contain_text("咖啡杯")
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_another_shopper_is_one_press_away(page: Page, shop_url: str) -> None:
    ready(page, shop_url)
    page.locator("#account").click()
    page.locator(".person").nth(1).click()
    expect(page.get_by_role("heading", name="Chosen for you")).to_be_visible()
    expect(page.locator(".hero h1")).to_contain_text(", u")


def test_what_is_written_in_titles_and_queries_never_runs(
    page: Page, own_shop: Engine, shop_url: str
) -> None:
    own_shop.put_items([{"item_id": EVIL, "title": f"Evil {EVIL}", "brand": EVIL, "category": f"{EVIL} > b"}])
    ready(page, f"{shop_url}/?q=evil")
    expect(page.locator(".card-title").first).to_contain_text("<script>alert(2)</script>")
    page.locator(".card-title a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Evil {EVIL}")
    page.locator("#q").fill(EVIL)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("onerror=alert(1)")
    page.wait_for_load_state("networkidle")


def test_on_a_phone_nothing_hangs_over_and_the_filters_open(browser: Browser, shop_url: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = context.new_page()
    for path in ("/", "/?q=boot", "/?item=boots-red", "/studio", "/docs"):
        ready(page, shop_url + path)
        wide = page.locator("html").evaluate("node => [node.scrollWidth, node.clientWidth]")
        assert wide[0] <= wide[1], path
    ready(page, f"{shop_url}/?q=boot")
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_role("heading", name="Filters")).to_be_visible()
    page.locator(".side .check", has_text="Cedar").click()
    expect(page.locator(".chip.on", has_text="Cedar")).to_be_visible()
    context.close()


def test_a_page_with_all_that_it_loads_stays_small(page: Page, shop_url: str) -> None:
    sizes: dict[str, int] = {}

    def count(response: Any) -> None:
        path = response.url.removeprefix(shop_url)
        if not path.startswith(("/v1/", "/images/")):
            sizes[path] = len(response.body())

    page.on("response", count)
    ready(page, shop_url)
    page.wait_for_load_state("networkidle")
    assert sum(sizes.values()) < BUDGET, sizes
    assert all(not path.startswith("http") for path in sizes)


HOST = """<!doctype html><title>Another shop's page</title><style>h2, p, a {{ color: red !important }}</style>
<script src="{base}/widget.js" data-key="{key}"></script>
<ronghe-search></ronghe-search>
<ronghe-similar item="mugs-red" k="3" url="/product/{{item_id}}"></ronghe-similar>
<ronghe-recommendations user="u01" k="3"></ronghe-recommendations>
<ronghe-trending category="Home" k="2"></ronghe-trending>"""


def test_the_widget_works_on_another_origin_with_a_search_key(page: Page, own_shop: Engine) -> None:
    token, _ = own_shop.store.create_key({"search"}, name="widget")
    text = ""

    class Host(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode() if self.path == "/" else b"<!doctype html><title>product</title>")

        def log_message(self, *told: object) -> None:
            return

    host = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host)
    threading.Thread(target=host.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{host.server_port}"
    options = WebOptions(home=own_shop.home, require_keys=True, cors_origins=(origin,))
    before = own_shop.store.position()
    try:
        with served(create_app(own_shop, options, checker(own_shop))) as base:
            text = HOST.format(base=base, key=token)
            page.goto(origin)
            expect(page.locator("ronghe-similar li")).to_have_count(3)
            expect(page.locator("ronghe-recommendations li")).to_have_count(3)
            expect(page.locator("ronghe-trending li")).to_have_count(2)
            colour = page.locator("ronghe-similar .title").first.evaluate(
                "node => getComputedStyle(node).color"
            )
            assert colour != "rgb(255, 0, 0)"  # the host's style does not reach in
            page.locator("ronghe-search input").fill("kettle")
            page.locator("ronghe-search input").press("Enter")
            expect(page.locator("ronghe-search .results .title").first).to_contain_text("kettle")
            page.locator("ronghe-similar a").first.click()
            page.wait_for_url("**/product/*")
            expect(page).to_have_title("product")
            told_clicks = told(own_shop, EventType.CLICK, before)
            assert len(told_clicks) == 1
            assert page.url.endswith(told_clicks[0])
            assert told(own_shop, EventType.SEARCH, before) == ["kettle"]
            assert len(told(own_shop, EventType.IMPRESSION, before)) >= 3

            text = HOST.format(base=base, key="wrong")
            page.goto(origin)
            page.wait_for_load_state("networkidle")
            assert page.locator("ronghe-similar li").count() == 0
            expect(page.get_by_role("button", name="Search")).to_be_visible()
    finally:
        host.shutdown()
        host.server_close()


def test_an_operator_sees_why_and_changes_it(page: Page, own_shop: Engine, shop_url: str) -> None:
    page.goto(f"{shop_url}/studio")
    expect(page.get_by_text("Events a day")).to_be_visible()
    page.goto(f"{shop_url}/studio?q=boot&user=u01#debug")
    expect(page.locator(".leg")).to_have_count(3)
    expect(page.locator(".leg.fused .moved").first).to_contain_text("keyword #")
    scores = page.locator(".leg.fused .score")
    first = scores.first.text_content()
    page.get_by_label("Weight of personalization").fill("5")
    expect(scores.first).not_to_have_text(str(first))
    page.get_by_role("link", name="Rules").click()
    page.locator("[name=query]").fill("boot")
    page.locator("[name=items]").fill("lamps-red")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".two li").first).to_be_visible()
    expect(page.locator(".two > div").nth(1).locator("li").first).to_contain_text("red desk lamp")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("td", has_text="lamps-red")).to_be_visible()
    page.get_by_role("button", name="Undo the last change").click()
    expect(page.get_by_text("No rules: the models decide alone.")).to_be_visible()
    page.get_by_role("link", name="Generations").click()
    expect(page.get_by_text("served", exact=True)).to_be_visible()
    page.get_by_role("link", name="Keys").click()
    page.get_by_label("For").fill("A partner")
    page.get_by_role("button", name="Make").click()
    token = page.locator(".secret").text_content()
    assert token is not None
    key = own_shop.store.check_key(token)
    assert key is not None
    assert (key.name, key.scopes) == ("A partner", ("search",))


def test_where_keys_are_required_the_shop_opens_and_the_studio_asks(page: Page, own_shop: Engine) -> None:
    token, _ = own_shop.store.create_key({"admin"}, name="operator")
    options = WebOptions(home=own_shop.home, require_keys=True, page_key="public-page-key")
    with served(create_app(own_shop, options, checker(own_shop))) as base:
        ready(page, f"{base}/?q=boot")
        expect(page.locator(".card").first).to_be_visible()
        page.goto(f"{base}/studio")
        page.get_by_label("Admin key").fill(token)
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_text("Events a day")).to_be_visible()


def test_every_route_can_be_tried_on_the_docs_page(page: Page, shop_url: str) -> None:
    ready(page, f"{shop_url}/docs#get--v1-search")
    form = page.locator("#get--v1-search")
    form.locator("input[name=q]").fill("kettle")
    form.get_by_role("button", name="Try it").click()
    expect(form.get_by_role("status")).to_contain_text("200")
    expect(form.locator("pre").nth(1)).to_contain_text("steel kettle")
