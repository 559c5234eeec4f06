#!/usr/bin/env python3
"""Writes zip_codes.tsv from the ZIP codes that the Python package `zipcodes` carries.

Run when the facts should be newer:

    pip install zipcodes
    python3 src/domain/zone/generate_postal.py 2026-10-01

The date is written into the header. A row is the first three digits of a ZIP code: every state and every zone that any ZIP
code under it lies in, so that a prefix that straddles a boundary has both sides. Zones that have shown the same clock since
2007 go by the name that states.rs uses. Prefixes of the armed forces have a region (AA, AE, AP) and no zone.
"""

import collections
import datetime
import importlib.metadata
import pathlib
import sys
import zoneinfo

import zipcodes

HERE = pathlib.Path(__file__).parent
HEADER = """# First three digits of a ZIP code, US states or territories, IANA zones (- for the armed forces: anywhere).
# Source: the Python package `zipcodes` {version}, licence MIT, copyright Sean Pianka, which assembles the USPS ZIP Locale
# Detail (public domain) and unitedstateszipcodes.org; only prefixes, states and zones are taken.
# Written {date} by generate_postal.py; do not edit by hand.
"""

ZONES = [
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles", "America/Anchorage",
    "America/Adak", "Pacific/Honolulu", "America/Puerto_Rico", "America/St_Thomas", "Pacific/Guam", "Pacific/Saipan",
    "Pacific/Pago_Pago", "Pacific/Palau", "Pacific/Chuuk", "Pacific/Majuro", "Pacific/Pohnpei", "Pacific/Kosrae",
]
ARMED_FORCES = {"AA", "AE", "AP"}

# West Wendover, Nevada (89883) keeps Mountain time (49 CFR 71.9); the Federated States of Micronesia have two zones, and the
# source names only one of them.
ADDED = {"898": {"America/Denver"}, "969": {"Pacific/Pohnpei"}}


def clock(name):
    """The offsets of a zone on the 15th of every month of five years."""
    zone = zoneinfo.ZoneInfo(name)
    days = (datetime.datetime(year, month, 15, 12, tzinfo=zone) for year in range(2026, 2031) for month in range(1, 13))
    return tuple(day.utcoffset() for day in days)


CLOCKS = {}
for known in ZONES:
    CLOCKS.setdefault(clock(known), known)


def plain(name):
    """The usual name of a zone; None for what is no zone."""
    if name in ZONES:
        return name
    return CLOCKS[clock(name)] if name in zoneinfo.available_timezones() else None


def prefixes():
    """Prefix -> (states, zones)."""
    places = collections.defaultdict(lambda: (set(), set()))
    for code in zipcodes.list_all():
        states, zones = places[code["zip_code"][:3]]
        states.add(code["state"])
        zones.update(filter(None, [plain(code["timezone"])]))
    for prefix, zones in ADDED.items():
        places[prefix][1].update(zones)
    return {prefix: (states & ARMED_FORCES, set()) if states & ARMED_FORCES else (states, zones) for prefix, (states, zones) in places.items()}


def main():
    rows = [HEADER.format(version=importlib.metadata.version("zipcodes"), date=sys.argv[1])]
    for prefix, (states, zones) in sorted(prefixes().items()):
        if not zones and not states & ARMED_FORCES:
            raise SystemExit(f"{prefix}: no zone is known")
        rows.append(f"{prefix}\t{' '.join(sorted(states))}\t{' '.join(sorted(zones)) or '-'}\n")
    (HERE / "zip_codes.tsv").write_text("".join(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
