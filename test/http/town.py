"""A town drawn by hand for the tests of streets: two blocks joined by one bridge, a one-way loop, a low gate, an island.

    4---3           6---7        y = 1
    |   |           |   |
    1-#-2===========5---8        y = 0      # = 3 m high, === the bridge 长桥 (way 200)

    3 > 9 > 10 > 4 is one-way (way 300), above the west block; 20---21 is an island far off (way 400).
"""
import os
import tempfile

LAT, LON, STEP = 37.86, 112.55, 0.006
NODES = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (4, 0), 6: (4, 1), 7: (5, 1), 8: (5, 0), 9: (1, 2), 10: (0, 2),
         20: (12, 8), 21: (13, 8)}
WAYS = {
    101: ([1, 2], {"highway": "residential", "name": "低门街", "maxheight": "3"}),
    102: ([2, 3, 4, 1], {"highway": "residential", "name": "西环"}),
    200: ([2, 5], {"highway": "primary", "name": "长桥", "name:en": "Long Bridge", "bridge": "yes", "maxspeed": "60"}),
    201: ([5, 6, 7, 8, 5], {"highway": "residential", "name": "东环"}),
    300: ([3, 9, 10, 4], {"highway": "residential", "name": "单行路", "oneway": "yes"}),
    400: ([20, 21], {"highway": "residential", "name": "岛路"}),
}


def at(node, to=None, share=0.0):
    """lat, lon of a node, or of a place on the way to another."""
    x, y = NODES[node]
    if to is not None:
        x, y = x + (NODES[to][0] - x) * share, y + (NODES[to][1] - y) * share
    return LAT + y * STEP, LON + x * STEP


def lonlat(*places):
    """Places as OSRM writes coordinates."""
    return ";".join(f"{lon:.7f},{lat:.7f}" for lat, lon in places)


def write():
    folder = tempfile.mkdtemp(prefix="tongqu-town-")
    path = os.path.join(folder, "town.osm")
    with open(path, "w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6">\n')
        for node in NODES:
            lat, lon = at(node)
            file.write(f'<node id="{node}" lat="{lat:.7f}" lon="{lon:.7f}" version="1"/>\n')
        for way, (nodes, tags) in WAYS.items():
            file.write(f'<way id="{way}" version="1">' + "".join(f'<nd ref="{n}"/>' for n in nodes)
                       + "".join(f'<tag k="{k}" v="{v}"/>' for k, v in tags.items()) + "</way>\n")
        file.write("</osm>\n")
    return path
