"""The positions as KML 2.2, for a viewer of maps: the crime's circle, each position with its time and its circle."""

import xml.etree.ElementTree as ET

from crimes.evidence.circles import Ring, ring
from crimes.evidence.dossier import Dossier
from crimes.evidence.text import visible
from crimes.evidence.words import accuracy, iso, local, utc
from geofence.projection import Projection
from model.crimes import MatchedPosition

NAMESPACE = "http://www.opengis.net/kml/2.2"
STYLES = {"scene": "ff2000b0", "counts": "ff8a4f0b", "other": "ff005a8a"}  # alpha, blue, green, red


def render_kml(dossier: Dossier) -> str:
    """As XML. Circles are polygons of 72 corners, on the circle."""
    root = ET.Element("kml", xmlns=NAMESPACE)
    document = ET.SubElement(root, "Document")
    _text(document, "name", f"{dossier.reference}: crime {dossier.crime.reference}")
    _text(document, "description", " ".join(dossier.caveats))
    for name, colour in STYLES.items():
        style = ET.SubElement(document, "Style", id=name)
        line = ET.SubElement(style, "LineStyle")
        _text(line, "color", colour)
        _text(line, "width", "2")
        _text(ET.SubElement(style, "PolyStyle"), "fill", "0")
    crime, radius_m = dossier.crime, dossier.run.settings.radius_m
    plane = Projection(crime.lat, crime.lon)
    _circle(document, f"The crime's circle, {radius_m:g} m", "scene", ring(plane, crime.lat, crime.lon, radius_m))
    for one in dossier.finding.positions:
        _position(document, dossier, one, ring(plane, one.lat, one.lon, one.accuracy_m))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False)


def _position(document: ET.Element, dossier: Dossier, one: MatchedPosition, circle: Ring) -> None:
    style = "counts" if one.label else "other"
    folder = ET.SubElement(document, "Folder")
    name = one.label or "does not count"
    _text(folder, "name", f"{name}, {utc(one.fix_time_us)}")
    mark = ET.SubElement(folder, "Placemark")
    _text(mark, "name", name)
    _text(
        mark,
        "description",
        f"{utc(one.fix_time_us)}, {local(one.fix_time_us)} Europe/London; accuracy"
        f" {accuracy(one.accuracy_m, stated=one.accuracy_stated)}; {one.distance_m:.1f} m from the stated place; tag"
        f" {dossier.serial_of(one.device_id)}",
    )
    _text(ET.SubElement(mark, "TimeStamp"), "when", iso(one.fix_time_us))
    _text(mark, "styleUrl", f"#{style}")
    _text(ET.SubElement(mark, "Point"), "coordinates", f"{one.lon!r},{one.lat!r}")
    _circle(folder, f"{name}: circle of accuracy", style, circle)


def _circle(parent: ET.Element, name: str, style: str, corners: Ring) -> None:
    mark = ET.SubElement(parent, "Placemark")
    _text(mark, "name", name)
    _text(mark, "styleUrl", f"#{style}")
    outer = ET.SubElement(ET.SubElement(mark, "Polygon"), "outerBoundaryIs")
    points = " ".join(f"{lon!r},{lat!r}" for lon, lat in corners)
    _text(ET.SubElement(outer, "LinearRing"), "coordinates", points)


def _text(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = visible(text)
