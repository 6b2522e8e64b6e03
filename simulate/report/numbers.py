"""Numbers as the report prints them: as many digits as mean something, real minus signs, units kept beside them."""

from __future__ import annotations

import math

MISSING = "–"
NOT_REACHED = "not reached"
NOISE, RELATIVE_NOISE = 1e-6, 1e-9  # an error below, absolute or as a part of its number, is that of rounding


def fixed(value: float | None, decimals: int, sign: bool = False) -> str:
    """`value` with so many decimals, thousands apart.

    Examples
    --------
    >>> fixed(-0.041, 2), fixed(1234.5, 1), fixed(None, 2), fixed(2.04, 1, sign=True), fixed(-0.001, 1)
    ('−0.04', '1,234.5', '–', '+2.0', '0.0')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    text = f"{value:,.{decimals}f}"
    if float(text.replace(",", "")) == 0.0:
        return text.lstrip("-")
    return ("+" if sign and value > 0 else "") + text.replace("-", "−")


def decimals_for(error: float | None, least: int, most: int) -> int:
    """Decimals at which the first digit of a Monte Carlo error shows, within bounds.

    Examples
    --------
    >>> decimals_for(0.03, 1, 3), decimals_for(0.4, 1, 3), decimals_for(1e-5, 1, 3), decimals_for(None, 1, 3)
    (2, 1, 3, 1)
    """
    if error is None or not math.isfinite(error) or error < NOISE:
        return least if error is None else most
    return min(max(-math.floor(math.log10(error)), least), most)


def error(value: float | None, decimals: int) -> str:
    """A Monte Carlo error to the decimals of its number, never printed as a false zero; rounding noise is none.

    Examples
    --------
    >>> error(0.034, 2), error(0.0004, 2), error(0.009, 2), error(1212.4, 0), error(None, 2), error(4e-14, 2)
    ('0.03', '0.0004', '0.01', '1,212', '', '0')
    """
    if value is None or not math.isfinite(value):
        return ""
    if value < NOISE:
        return "0"
    if value < 0.5 * 10.0**-decimals:
        decimals = -math.floor(math.log10(value))
    return f"{value:,.{decimals}f}"


def percent(share: float | None, decimals: int = 1) -> str:
    r"""A share as a percentage, its sign kept on the same line; what is not zero is not printed as zero.

    Examples
    --------
    >>> percent(0.25), percent(None), percent(0.0004), percent(0.0), percent(0.004, 0)
    ('25.0\xa0%', '–', '<0.1\xa0%', '0.0\xa0%', '<1\xa0%')
    """
    if share is None or not math.isfinite(share):
        return MISSING
    text = f"{100 * share:.{decimals}f}"
    if share > 0.0 and float(text) == 0.0:
        text = f"<{10.0**-decimals:.{decimals}f}"
    return f"{text}\N{NO-BREAK SPACE}%"


def p_value(p: float | None) -> str:
    """A p value.

    Examples
    --------
    >>> p_value(0.0004), p_value(0.0312), p_value(None)
    ('<0.001', '0.031', '–')
    """
    if p is None or not math.isfinite(p):
        return MISSING
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def count(n: float | None) -> str:
    """A whole number with its thousands apart."""
    return MISSING if n is None else f"{n:,.0f}"


def plain_number(value: float | None, least: int = 0) -> str:
    """A reported number with the digits it was given, and at least so many decimals.

    Examples
    --------
    >>> plain_number(16.8), plain_number(15.0, 1), plain_number(0.7, 2), plain_number(0.673, 2), plain_number(1234567.0)
    ('16.8', '15.0', '0.70', '0.673', '1,234,567')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    text = f"{value:,.10g}" if abs(value) < 1e10 else f"{value:.4g}"
    if "e" not in text and len(text.partition(".")[2]) < least:
        text = f"{value:,.{least}f}"
    return text.replace("-", "−")


def money(value: float | None, currency: str, sign: bool = False) -> str:
    r"""An amount with its currency, in whole units unless it is small.

    Examples
    --------
    >>> money(85789.2, "USD"), money(-2.347, "GBP"), money(None, "USD")
    ('USD\xa085,789', 'GBP\xa0−2.35', '–')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{currency}\N{NO-BREAK SPACE}{fixed(value, 0 if abs(value) >= 10 or value == 0 else 2, sign)}"
