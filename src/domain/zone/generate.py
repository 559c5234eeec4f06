#!/usr/bin/env python3
"""Writes prefixes.tsv, area_codes.tsv and countries.tsv from libphonenumber's facts.

Run when the facts should be newer:

    pip install phonenumbers==9.0.43 tzdata==2026.6
    python3 src/domain/zone/generate.py 2026-10-01

The date is written into the headers. North American numbers (+1) go by area code: the union of the zones of every exchange
under it, since mobile phones of an area share its code, not its exchanges. Everything else goes by libphonenumber's prefixes,
mended by own_clocks.py: many of their zones only stand for one that is meant.
"""

import collections
import pathlib
import sys

import phonenumbers
from phonenumbers.geodata import GEOCODE_DATA
from phonenumbers.tzdata import TIMEZONE_DATA

import own_clocks

HERE = pathlib.Path(__file__).parent
HEADER = """# {what}
# Source: libphonenumber {version} by way of the Python package `phonenumbers`; licence Apache-2.0,
# copyright The Libphonenumber Authors. {more}Written {date} by generate.py; do not edit by hand.
"""
TZDATA = """Zones of countries: IANA time zone database {version},
# zone.tab by way of the Python package `tzdata`; public domain. """

# Younger codes laid over an area; libphonenumber gives them one zone, the area has two.
OVERLAYS = {
    "1930": "1812", "1364": "1270", "1448": "1850", "1729": "1423", "1458": "1541", "1986": "1208",
    "1236": "1250", "1257": "1250", "1672": "1250", "1778": "1250", "1367": "1418", "1581": "1418",
}

STATES = {
    "Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA", "Colorado": "CO",
    "Connecticut": "CT", "Delaware": "DE", "Florida": "FL", "Georgia": "GA", "Hawaii": "HI", "Idaho": "ID",
    "Illinois": "IL", "Indiana": "IN", "Iowa": "IA", "Kansas": "KS", "Kentucky": "KY", "Louisiana": "LA",
    "Maine": "ME", "Maryland": "MD", "Massachusetts": "MA", "Michigan": "MI", "Minnesota": "MN", "Mississippi": "MS",
    "Missouri": "MO", "Montana": "MT", "Nebraska": "NE", "Nevada": "NV", "New Hampshire": "NH", "New Jersey": "NJ",
    "New Mexico": "NM", "New York": "NY", "North Carolina": "NC", "North Dakota": "ND", "Ohio": "OH", "Oklahoma": "OK",
    "Oregon": "OR", "Pennsylvania": "PA", "Rhode Island": "RI", "South Carolina": "SC", "South Dakota": "SD",
    "Tennessee": "TN", "Texas": "TX", "Utah": "UT", "Vermont": "VT", "Virginia": "VA", "Washington State": "WA",
    "Washington D.C.": "DC", "West Virginia": "WV", "Wisconsin": "WI", "Wyoming": "WY",
}
TERRITORIES = {"PR", "VI", "GU", "MP", "AS"}
UNITED_STATES = set(STATES.values()) | TERRITORIES


def area_codes():
    """Area code -> sorted zones, union over everything under it."""
    zones = collections.defaultdict(set)
    for prefix, names in TIMEZONE_DATA.items():
        if prefix.startswith("1") and len(prefix) >= 4:
            zones[prefix[:4]].update(names)
    for young, old in OVERLAYS.items():
        zones[young].update(zones[old])
    return {code: sorted(names) for code, names in sorted(zones.items())}


def state_of(code):
    """The postal code of the state most numbers of an area code are placed in; empty outside the United States."""
    named = collections.Counter()
    for prefix, names in GEOCODE_DATA.items():
        if prefix.startswith(code) and "en" in names:
            place = names["en"].split(", ")[-1]
            named[STATES.get(place, place)] += 1
    region = phonenumbers.region_code_for_number(phonenumbers.parse(f"+{code}2345678"))
    if region in TERRITORIES:
        return region
    return next((place for place, _ in named.most_common() if place in UNITED_STATES), "")


def countries():
    """Calling code, and within +1 the area code too, -> ISO 3166 country; the main one where several share a code."""
    for code, regions in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()):
        if code != 1:
            yield str(code), "" if regions[0] == "001" else regions[0]
    yield "77", "KZ"
    for code in area_codes():
        region = phonenumbers.region_code_for_number(phonenumbers.parse(f"+{code}2345678"))
        region = region or phonenumbers.region_code_for_number(phonenumbers.parse(f"+{OVERLAYS.get(code, code)}2345678"))
        if region or state_of(OVERLAYS.get(code, code)):
            yield code, "US" if region is None or region in TERRITORIES else region


def write(name, what, date, rows, more=""):
    text = HEADER.format(what=what, version=phonenumbers.__version__, date=date, more=more)
    text += "".join("\t".join(row) + "\n" for row in rows)
    (HERE / name).write_text(text, encoding="utf-8")


def main():
    date = sys.argv[1]
    rows = [(code[1:], state_of(OVERLAYS.get(code, code)), " ".join(names)) for code, names in area_codes().items()]
    write("area_codes.tsv", "North American area code, US state or territory (empty elsewhere), IANA zones.", date, rows)
    rows = [(prefix, " ".join(names)) for prefix, names in own_clocks.prefixes(int(date[:4]))]
    write("prefixes.tsv", "Calling prefix (longest match wins), IANA zones. +1 by area code: area_codes.tsv.", date, rows,
          TZDATA.format(version=own_clocks.VERSION))
    write("countries.tsv", "Calling code (+1: area code), ISO 3166 country; US territories count as US, empty: no country.", date,
          sorted(countries()))


if __name__ == "__main__":
    main()
