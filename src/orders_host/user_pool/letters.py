"""What the pool writes to its users, in their language."""

from __future__ import annotations

from typing import Final, NamedTuple

from orders_host.mail.letter import Letter
from orders_host.user_pool.codes import LIFE, Purpose

DEFAULT_LANGUAGE: Final = "en"


class _Template(NamedTuple):
    subject: str
    explanation: str


# By the user's language; {hours} is how long the code can be used.
_TEMPLATES: Final = {
    "en": {
        Purpose.CONFIRM: _Template(
            "Your confirmation code",
            "Enter it within {hours} h to confirm your account. If you did not sign up, ignore this message.",
        ),
        Purpose.RESET: _Template(
            "Your password reset code",
            "Enter it within {hours} h together with a new password. If you did not ask for it, ignore this"
            " message: your password stays as it is.",
        ),
        Purpose.VERIFY: _Template(
            "Your verification code",
            "Enter it within {hours} h to show that this address is yours.",
        ),
    },
    "es": {
        Purpose.CONFIRM: _Template(
            "Tu código de confirmación",
            "Introdúcelo antes de {hours} h para confirmar tu cuenta. Si no te has registrado, ignora este"
            " mensaje.",
        ),
        Purpose.RESET: _Template(
            "Tu código para cambiar la contraseña",
            "Introdúcelo antes de {hours} h con una contraseña nueva. Si no lo has pedido, ignora este"
            " mensaje: tu contraseña no cambia.",
        ),
        Purpose.VERIFY: _Template(
            "Tu código de verificación",
            "Introdúcelo antes de {hours} h para demostrar que esta dirección es tuya.",
        ),
    },
}


def code_letter(purpose: Purpose, address: str, code: str, locale: str | None, now: float) -> Letter:
    """The letter that brings a code.

    Args:
        locale: the user's attribute of OpenID Connect, such as `es-MX` or `es_MX`; its language decides.
        now: Unix time in seconds, when the code was made.
    """
    language = (locale or "")[:2].lower()
    template = _TEMPLATES.get(language, _TEMPLATES[DEFAULT_LANGUAGE])[purpose]
    explanation = template.explanation.format(hours=LIFE[purpose] // 3_600)
    text = f"{template.subject}: {code}\n\n{explanation}\n"
    return Letter(address, template.subject, text, now + LIFE[purpose])
