"""The public Demucs models: bags of networks that take a song apart.

Signatures, checksums and addresses are those of the package demucs 4.1.0 (``demucs/remote``). A checkpoint's
name ends in the first eight digits of its SHA-256. Where all 64 are given, at least two people who fetched
the file independently have published them, and they begin with those eight. Sizes are what the server tells.
"""

from __future__ import annotations

from transcription.core.engines import Engine, Package, WeightFile

DEFAULT_SEPARATOR = "htdemucs"

_ROOT = "https://dl.fbaipublicfiles.com/demucs/"
_HYBRID_TRANSFORMER = "hybrid_transformer/"
_MDX = "mdx_final/"
_WORKER = "pip install -r requirements/worker.txt"
_PACKAGES = (Package("torch", "PyTorch", _WORKER), Package("demucs", "Demucs", _WORKER))
_DIFFQ = Package("diffq", "diffq", "pip install diffq")

# By the first digits, which are in the files' names.
_ALL_DIGITS = {
    digits[:8]: digits
    for digits in (
        "8726e21a993978c7ba086d3872e7608d7d5bfca646ca4aca459ffda844faa8b4",
        "ba3fe64ae8ef66ac9a4857222ce48efbdc5eb3ad375cb79dd13debee5aaa4066",
        "e57c48e6b0e38af4f7118d7bd08c49f0a0c0edf7d09143bdd902ea0d237303e6",
        "ef3bcb9c8b40d14ae5d51b6db2587339cc12c6b77c0be151ce6d69002e087bf2",
        "f3cf25b222c4eed7cd49dd8b2c9597d50c18bd154090f7b919cfa5f93cf22c49",
        "34c22ccb381c6f9fdbf324f04e1e2fe21aaaf293f5ded163a162697ff9a02ddd",
    )
}


def _bag(
    name: str, folder: str, *files: tuple[str, int], for_drums: tuple[str, ...] = (), quantised: bool = False
) -> Engine:
    return Engine(
        name=name,
        task="separate",
        version="4.1.0",
        licence="MIT",
        source="Demucs by Meta AI and A. Défossez, fetched from dl.fbaipublicfiles.com on first use",
        files=tuple(_file(folder, stem, size) for stem, size in files),
        packages=(*_PACKAGES, _DIFFQ) if quantised else _PACKAGES,
        for_drums=for_drums,
    )


def _file(folder: str, stem: str, size_bytes: int) -> WeightFile:
    published = stem.rsplit("-", 1)[1]
    return WeightFile(
        name=f"{stem}.th",
        sha256=_ALL_DIGITS.get(published, published),
        size_bytes=size_bytes,
        base_url=_ROOT,
        path_at_source=f"{folder}{stem}.th",
    )


# ``for_drums``: the networks whose weight for the drums is not zero in the bag's own table.
DEMUCS_MODELS: tuple[Engine, ...] = (
    _bag("htdemucs", _HYBRID_TRANSFORMER, ("955717e8-8726e21a", 84_141_911)),
    _bag(
        "htdemucs_ft", _HYBRID_TRANSFORMER,
        ("f7e0c4bc-ba3fe64a", 84_141_271), ("d12395a8-e57c48e6", 84_141_271),
        ("92cfc3b6-ef3bcb9c", 84_141_271), ("04573f0d-f3cf25b2", 84_141_271),
        for_drums=("f7e0c4bc",),
    ),
    _bag("htdemucs_6s", _HYBRID_TRANSFORMER, ("5c90dfd2-34c22ccb", 54_996_327)),
    _bag("hdemucs_mmi", _HYBRID_TRANSFORMER, ("75fc33f5-1941ce65", 167_407_275)),
    _bag(
        "mdx", _MDX,
        ("0d19c1c6-0f06f20e", 178_048_329), ("7ecf8ec1-70f50cc9", 178_048_329),
        ("c511e2ab-fe698775", 167_334_095), ("7d865c68-3d5dd56b", 167_918_783),
        for_drums=("0d19c1c6", "c511e2ab", "7d865c68"),
    ),
    _bag(
        "mdx_extra", _MDX,
        ("e51eebcc-c1b80bdd", 167_399_275), ("a1d90b5c-ae9d2452", 167_391_595),
        ("5d2d6c55-db83574e", 167_391_595), ("cfa93e08-61801ae1", 167_399_275),
    ),
    _bag(
        "mdx_q", _MDX,
        ("6b9c2ca1-3fd82607", 59_648_321), ("b72baf4e-8778635e", 44_368_175),
        ("42e558d4-196e0e1b", 58_227_087), ("305bc58f-18378783", 46_847_123),
        for_drums=("6b9c2ca1", "42e558d4", "305bc58f"), quantised=True,
    ),
    _bag(
        "mdx_extra_q", _MDX,
        ("83fc094f-4a16d450", 50_756_993), ("464b36d7-e5a9386e", 38_893_153),
        ("14fc6a69-a89dd0ee", 38_491_885), ("7fd6ef75-a905dd85", 39_436_529),
        quantised=True,
    ),
)  # fmt: skip
