"""English and Spanish: by the browser's language, by a switch, and never half of each."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from orders_core.models import OrderStatus, ReturnStatus
from tests.browser.conftest import Open
from tests.browser.site import CONSOLE, Site
from tests.browser.visitor import Visitor
from tests.hosts import STAFF

ENTRY = re.compile(r'^  "?([\w.-]+)"?:\s*(.+?),?$', re.MULTILINE)
HOLE = re.compile(r"\{\w+\}")


def messages(language: str) -> dict[str, str]:
    """The texts of a language as they stand in its file."""
    text = (CONSOLE / f"js/{language}.js").read_text().replace(":\n    ", ": ")
    return dict(ENTRY.findall(text))


@pytest.fixture
def site(embedded_site: Site) -> Site:
    return embedded_site


def test_both_languages_have_the_same_texts_with_the_same_holes() -> None:
    english, spanish = messages("en"), messages("es")
    assert english.keys() == spanish.keys()
    assert len(english) > 200
    for key, text in english.items():
        assert set(HOLE.findall(text)) == set(HOLE.findall(spanish[key])), key


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    code = "\n".join(path.read_text() for path in CONSOLE.rglob("*.js") if path.stem not in ("en", "es"))
    defined = messages("en").keys()
    named = set(re.findall(r'\bt[r]?\(\s*"([\w.-]+)"', code))
    assert named <= defined
    computed = tuple(re.findall(r"[`\"]([a-z]+(?:\.[a-z]+)*\.)\$\{", code))
    unused = {key for key in defined if f'"{key}"' not in code and not key.startswith(computed)}
    assert unused == set()


def test_every_status_and_problem_has_a_name() -> None:
    from orders_core.problems import KINDS

    defined = messages("en").keys()
    assert {f"status.{status}" for status in OrderStatus} <= defined
    assert {f"return.{status}" for status in ReturnStatus} <= defined
    never_seen = {"method-not-allowed", "unsupported-media-type"}
    assert {f"problem.{kind.slug}" for kind in KINDS if kind.slug not in never_seen} <= defined


def test_the_browsers_language_is_taken(visit: Open) -> None:
    visitor = visit(locale="es-ES")
    visitor.open()
    expect(visitor.heading("Iniciar sesión")).to_be_visible()
    assert visitor.page.evaluate("document.documentElement.lang") == "es"
    assert visitor.page.title() == "Iniciar sesión · Orders API"


def test_another_language_falls_back_to_english(visit: Open) -> None:
    visitor = visit(locale="de-DE")
    visitor.open()
    expect(visitor.heading("Sign in")).to_be_visible()


def test_the_switch_keeps_what_was_typed_and_is_remembered(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer, path="new")
    visitor.fill_items(("A-1", "Taza", "2", "9.50"))
    visitor.page.locator(".menu summary").click()
    visitor.page.get_by_label("Language").select_option("es")
    visitor.page.keyboard.press("Escape")
    expect(visitor.heading("Nuevo pedido")).to_be_visible()
    expect(visitor.page.get_by_label("ID de producto")).to_have_value("A-1")
    expect(visitor.page.locator("output.total")).to_have_text("19,00 €")
    visitor.page.reload()
    expect(visitor.heading("Nuevo pedido")).to_be_visible()


def test_faults_are_told_in_spanish(visit: Open, customer: str) -> None:
    visitor = visit(locale="es-ES")
    visitor.open("new")
    visitor.page.get_by_label("Correo electrónico").fill(customer)
    visitor.page.get_by_label("Contraseña").fill("Demo-orders-2026!")
    visitor.page.get_by_role("main").get_by_role("button", name="Iniciar sesión").click()
    visitor.page.get_by_label("Precio unitario").fill("9,999")
    visitor.page.get_by_role("button", name="Hacer pedido").click()
    expect(visitor.page.get_by_label("Precio unitario")).to_have_accessible_description(
        "Como mucho 2 decimales en EUR."
    )


def test_the_theme_is_the_systems_until_one_is_chosen(visit: Open) -> None:
    visitor = visit(color_scheme="dark")
    background = "getComputedStyle(document.documentElement).backgroundColor"
    visitor.sign_in(STAFF)
    dark = visitor.page.evaluate(background)
    visitor.page.locator(".menu summary").click()
    visitor.page.get_by_label("Appearance").select_option("light")
    light = visitor.page.evaluate(background)
    assert dark != light
    visitor.page.reload()
    assert visitor.page.evaluate(background) == light
    assert Path(CONSOLE / "js/first-paint.js").exists()
