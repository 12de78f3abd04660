"""test/mrtmake: MRT (RFC 6396) made of values, for tests whose data is text: a table dump, updates."""
import ipaddress
import struct


def prefix_bytes(prefix):
    n = ipaddress.ip_network(prefix, strict=False)
    return bytes([n.prefixlen]) + n.network_address.packed[: (n.prefixlen + 7) // 8]


def path_bytes(path):
    """A path as a list of ASNs."""
    out = b""
    for i in range(0, len(path), 255):
        some = path[i : i + 255]
        out += struct.pack(">BB", 2, len(some)) + b"".join(struct.pack(">I", a) for a in some)
    return out


def attribute(code, value, flags=0x40):
    return struct.pack(">BBH", flags | 0x10, code, len(value)) + value


def record(time, kind, subtype, body):
    return struct.pack(">IHHI", int(time), kind, subtype, len(body)) + body


def dump(time, rows):
    """rows: (peer address, peer ASN, prefix, path); TABLE_DUMP_V2, a record a prefix."""
    peers = sorted({(a, n) for a, n, _, _ in rows})
    body = struct.pack(">IHH", 0, 0, len(peers))
    for address, asn in peers:
        a = ipaddress.ip_address(address)
        body += struct.pack(">BI", 2 | (a.version == 6), 0) + a.packed + struct.pack(">I", asn)
    out = record(time, 13, 1, body)
    for i, prefix in enumerate(sorted({p for _, _, p, _ in rows})):
        v6 = ":" in prefix
        entries = b""
        mine = [(a, n, path) for a, n, p, path in rows if p == prefix]
        for address, asn, path in mine:
            hop = ipaddress.ip_address(address).packed
            attrs = attribute(1, b"\0") + attribute(2, path_bytes(path))
            attrs += attribute(14, bytes([16]) + b"\0" * 16, 0x80) if v6 else attribute(3, hop[-4:])
            entries += struct.pack(">HIH", peers.index((address, asn)), int(time), len(attrs)) + attrs
        out += record(time, 13, 4 if v6 else 2, struct.pack(">I", i) + prefix_bytes(prefix) + struct.pack(">H", len(mine)) + entries)
    return out


def update(time, address, asn, prefix, path):
    """path None: withdrawn. BGP4MP_ET, MESSAGE_AS4."""
    a = ipaddress.ip_address(address)
    v6 = ":" in prefix
    nlri = prefix_bytes(prefix)
    withdrawn, attrs, announced = b"", b"", b""
    if path is None and v6:
        attrs = attribute(15, struct.pack(">HB", 2, 1) + nlri, 0x80)
    elif path is None:
        withdrawn = nlri
    else:
        attrs = attribute(1, b"\0") + attribute(2, path_bytes(path))
        if v6:
            attrs += attribute(14, struct.pack(">HBB", 2, 1, 16) + b"\0" * 16 + b"\0" + nlri, 0x80)
        else:
            attrs += attribute(3, b"\x0a\0\0\1")
            announced = nlri
    message = struct.pack(">H", len(withdrawn)) + withdrawn + struct.pack(">H", len(attrs)) + attrs + announced
    message = b"\xff" * 16 + struct.pack(">HB", 19 + len(message), 2) + message
    peer = struct.pack(">IIHH", asn, 65000, 0, 2 if a.version == 6 else 1) + a.packed + b"\0" * len(a.packed)
    return record(time, 17, 4, struct.pack(">I", round(time % 1 * 1e6)) + peer + message)
