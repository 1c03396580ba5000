"""Tokens are renewed before and after they expire, unseen, at both hosts."""

from playwright.sync_api import Request, Route, expect

from tests.browser.visitor import Visitor


def renews(request: Request) -> bool:
    return "REFRESH_TOKEN_AUTH" in (request.post_data or "")


def test_tokens_are_renewed_before_they_expire(visitor: Visitor, customer: str) -> None:
    visitor.page.clock.install()
    visitor.sign_in(customer)
    with visitor.page.expect_response(lambda answer: renews(answer.request)) as renewal:
        visitor.page.clock.fast_forward("56:00")
    assert renewal.value.ok


def test_a_refused_token_is_renewed_unseen(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    sent: list[str] = []

    def spoil_the_first(route: Route) -> None:
        sent.append(route.request.headers["authorization"])
        spoiled = {**route.request.headers, "authorization": "Bearer expired"}
        route.continue_(headers=spoiled if len(sent) == 1 else route.request.headers)

    visitor.page.route("**/v1/orders", spoil_the_first)
    visitor.place_order()
    assert len(sent) == 2
    expect(visitor.page.locator("tfoot .total")).to_have_text("€19.00")
