"""The province of the reference data: code 45 until it was merged into the one of code 44."""

from datetime import date

#: As it is today. Its tokens cover what it succeeded, so the units of 2019 too.
PROVINCE = "44"
#: On this day the province of code 45 and its ten districts ended (two tiers since).
LAST_DAY_OF_45 = date(2025, 6, 30)


def province_on(day: date) -> str:
    """The code that the whole province had on a day."""
    return "45" if day <= LAST_DAY_OF_45 else PROVINCE
