#!/usr/bin/env python3
"""Turns the lens and camera database of lensfun into the files that a Quoin shop imports.

Reads every XML file below the source folder and writes products.csv, prices.csv and stock.csv. What
is sold, who made it, its mount and focal length come from the database. Prices and stock are
invented, the same in every run.
"""

import argparse
import csv
import hashlib
import re
import sys
import unicodedata
import xml.etree.ElementTree as ElementTree
from pathlib import Path

SOURCE = Path("/usr/share/lensfun")
TARGET = Path(__file__).resolve().parent / "data"
# The mount of cameras whose lens cannot be taken off; lensfun names one for each of them.
FIXED = "fixed lens"


class Item:
    """A lens or camera to be sold."""

    def __init__(self, kind, maker, title):
        self.kind = kind
        self.maker = maker
        self.title = title
        self.mounts = []
        self.focal = ""

    def add_mounts(self, mounts):
        """Adds those that it does not have yet."""
        self.mounts.extend(mount for mount in mounts if mount not in self.mounts)


def text(element, tag):
    """The English text of a child, or else the one without a language; empty without either."""
    found = {child.get("lang", ""): (child.text or "") for child in element.findall(tag)}
    return " ".join((found.get("en") or found.get("", "")).split())


def mounts_of(element):
    """The names of the mounts. Those of fixed lenses start with a small letter."""
    names = [" ".join((child.text or "").split()) for child in element.findall("mount")]
    return [FIXED if name[:1].islower() else name for name in names if name]


def focal_length(element, model):
    """The focal length such as `50 mm` or `24-70 mm`: stated, in the model's name, or measured."""
    focal = element.find("focal")
    if focal is not None:
        values = [focal.get("value")] if focal.get("value") else [focal.get("min"), focal.get("max")]
    elif match := re.search(r"(\d+(?:\.\d+)?)(?:\s*-\s*(\d+(?:\.\d+)?))?\s*mm", model):
        values = [value for value in match.groups() if value]
    else:
        measured = [entry.get("focal") for entry in element.iterfind("calibration/*")]
        values = [value for value in measured if value]
    numbers = sorted({float(value) for value in values if value})
    if not numbers:
        return ""
    ends = numbers if len(numbers) == 1 else [numbers[0], numbers[-1]]
    return "-".join(f"{number:g}" for number in ends) + " mm"


def read(source):
    """The items of all files by title."""
    files = sorted(source.rglob("*.xml"))
    if not files:
        raise SystemExit(f"{source} has no XML files: apt-get install liblensfun-data-v1, "
                         "or name its folder with --source")
    elements = [element for file in files for element in ElementTree.parse(file).getroot()]
    items, built_in = {}, {}
    for element in elements:
        if element.tag == "lens":
            add_lens(items, built_in, element)
    for element in elements:
        if element.tag == "camera":
            add_camera(items, built_in, element)
    return sorted(items.values(), key=lambda item: (item.title.lower(), item.kind))


def add_lens(items, built_in, element):
    """Adds a lens. The database lists some several times, measured on other cameras."""
    focal = focal_length(element, text(element, "model"))
    if FIXED in mounts_of(element):
        # It cannot be bought without its camera, which gets its focal length.
        for mount in element.findall("mount"):
            built_in.setdefault(mount.text, focal)
        return
    if item := add(items, element):
        item.focal = item.focal or focal


def add_camera(items, built_in, element):
    """Adds a camera."""
    if item := add(items, element):
        mounts = (mount.text for mount in element.findall("mount"))
        item.focal = item.focal or next((built_in[m] for m in mounts if m in built_in), "")


def add(items, element):
    """The item of an element, made when it is new; none for what stands for any maker's."""
    maker, model, variant = (text(element, tag) for tag in ("maker", "model", "variant"))
    if not maker or not model or maker == "Generic":
        return None
    title = model if model.lower().startswith(maker.lower()) else f"{maker} {model}"
    if variant:
        title = f"{title} ({variant})"
    item = items.setdefault((element.tag, title), Item(element.tag, maker, title))
    item.add_mounts(mounts_of(element))
    return item


def slug(title):
    """Letters a-z and digits with - between them."""
    plain = unicodedata.normalize("NFKD", title.replace("µ", "u").replace("+", " plus"))
    words = re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode().lower())
    return "-".join(words)[:90].strip("-")


def draw(key, purpose, low, high):
    """A number from low to high that depends on nothing but key and purpose."""
    digest = hashlib.sha256(f"{purpose}:{key}".encode()).digest()
    return low + int.from_bytes(digest[:8], "big") % (high - low + 1)


def price(item, key):
    """An invented price in whole euros and cents: old compacts cost less than bodies and lenses."""
    low, high = (6, 60) if FIXED in item.mounts else (10, 250)
    return f"{draw(key, 'price', low, high) * 10 - 1}.00"


def describe(item):
    """One true sentence."""
    focal = f" of {item.focal}" if item.focal else ""
    mounts = " or ".join(item.mounts) or "an unknown mount"
    if item.kind == "lens":
        return f"A lens{focal} by {item.maker} for {mounts}."
    if FIXED in item.mounts:
        return f"A camera by {item.maker} with a fixed lens{focal}."
    return f"A camera by {item.maker} for lenses with the mount {mounts}."


def categories(item):
    """Its kind, and each mount below `Mounts`."""
    named = [f"Mounts > {mount}" for mount in item.mounts if mount != FIXED and slug(mount)]
    return " | ".join(["Lenses" if item.kind == "lens" else "Cameras", *named])


def write(target, name, header, rows):
    with open(target / name, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, default=SOURCE, help="folder of the database")
    parser.add_argument("--target", type=Path, default=TARGET, help="folder to write to")
    options = parser.parse_args()

    products, prices, stock, slugs = [], [], [], {}
    for item in read(options.source):
        name = slug(item.title)
        # Two names can differ in what a slug leaves out.
        slugs[name] = slugs.get(name, 0) + 1
        key = name if slugs[name] == 1 else f"{name}-{slugs[name]}"
        sku = f"{item.kind[0].upper()}-{hashlib.sha256(key.encode()).hexdigest()[:10].upper()}"
        products.append([key, item.title, describe(item), categories(item), "published", sku,
                         item.maker, "|".join(item.mounts), item.focal, item.kind])
        prices.append([sku, price(item, key)])
        stock.append([sku, draw(key, "stock", 0, 12)])

    options.target.mkdir(parents=True, exist_ok=True)
    write(options.target, "products.csv",
          ["slug", "title", "description", "category", "status", "sku",
           "attr:Maker", "attr:Mount", "attr:Focal length", "attr:Kind"], products)
    write(options.target, "prices.csv", ["sku", "price"], prices)
    write(options.target, "stock.csv", ["sku", "on_hand"], stock)
    print(f"{len(products)} products in {options.target}", file=sys.stderr)


if __name__ == "__main__":
    main()
