"""A loaded separator: the networks that answer together, and what each says about which stem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from demucs.demucs import Demucs
from demucs.htdemucs import HTDemucs

from transcription.core.errors import InvalidOption
from transcription.core.separation.errors import SeparatorDamaged, SeparatorRefused
from transcription.core.separation.networks import keep_sources, spare_memory
from transcription.core.separation.packages import Bag, LoadedNetwork, Network, load_network, read_bag
from transcription.core.separation.separation_options import SeparationOptions

DRUMS = "drums"
CHANNELS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One network of a separator.

    ``place`` is its place in the whole bag. Of the separator's stems it answers for ``stems``, in the order
    of its sources ``rows``, and ``shares`` are what its answers count for; over all members they sum to 1.
    """

    network: Network
    place: int
    rows: tuple[int, ...]
    stems: tuple[int, ...]
    shares: tuple[float, ...]

    def segment(self, wanted_s: float | None) -> int:
        """Return the length of a segment in samples; ``wanted_s`` is shorter than the network's own, or
        ``None``.

        Raises:
            InvalidOption: ``wanted_s`` is longer.
        """
        own_s = Fraction(self.network.segment)
        if wanted_s is not None and wanted_s > own_s:
            raise InvalidOption(option="segment_s", expected=f"it is at most {float(own_s):g} seconds")
        # As Demucs reckons, so that a float's last bit rounds as it does there.
        return int(self.network.samplerate * (self.network.segment if wanted_s is None else wanted_s))

    def window(self, length: int, wanted_s: float | None) -> int:
        """Return how many samples the network is given for ``length`` samples of a segment."""
        if isinstance(self.network, HTDemucs) and wanted_s is not None:
            return self.segment(wanted_s)
        if isinstance(self.network, HTDemucs | Demucs):
            return int(self.network.valid_length(length))  # type: ignore[no-untyped-call, unused-ignore]
        return length

    @property
    def needs_less_for_less(self) -> bool:
        """Whether shorter segments need less memory: a transformer fills them up to its own length."""
        return not (isinstance(self.network, HTDemucs) and self.network.use_train_segment)


@dataclass(frozen=True, slots=True, eq=False)
class Separator:
    """Networks in memory, ready to take songs apart. Not to be shared by threads.

    ``label`` is its name as results record it, with the first digits of its files' SHA-256. ``stems`` are
    those that it gives, in the networks' order: all, or the drums alone. ``bag_size`` counts the networks
    that were left out too.
    """

    name: str
    label: str
    stems: tuple[str, ...]
    rate: int
    members: tuple[Member, ...]
    bag_size: int


def load_separator(folder: Path, options: SeparationOptions) -> Separator:
    """Load the separator ``options.model`` from Demucs' files in ``folder``; nothing is fetched.

    Of the options, ``model`` and ``two_stems`` matter here. For the drums alone only the
    networks that have a say in the drums are loaded: one of the four of htdemucs_ft.

    Raises:
        SeparatorMissing, SeparatorDamaged, SeparatorRefused: see their classes.
    """
    name = options.model
    bag = read_bag(folder, name) or Bag((name,), None, None)
    sources: list[str] = []
    rate = 0
    loaded: list[tuple[int, LoadedNetwork]] = []
    for place, signature in enumerate(bag.signatures):
        row = bag.weights[place] if bag.weights is not None else None
        # The order of the sources is in the weights' file, but has been the same ever since: drums first. A
        # network is loaded to be sure of it, and let go of when it has no say.
        if options.two_stems and row is not None and sources and not row[sources.index(DRUMS)]:
            continue
        one = load_network(folder, signature, name=name)
        sources = sources or _usable_sources(one.network, name)
        rate = rate or int(one.network.samplerate)
        _check_fits(one.network, sources, rate, row, name)
        if bag.segment_s is not None and _may_have(one.network, bag.segment_s):
            one.network.segment = bag.segment_s
        if options.two_stems and row is not None and not row[sources.index(DRUMS)]:
            continue
        loaded.append((place, one))
    wanted = [sources.index(DRUMS)] if options.two_stems else list(range(len(sources)))
    members = tuple(_member(one.network, place, bag, wanted) for place, one in loaded)
    for member in members:
        spare_memory(member.network)
    return Separator(
        name=name,
        label=f"{name} {'+'.join(one.checksum for _, one in loaded)}",
        stems=tuple(sources[source] for source in wanted),
        rate=rate,
        members=members,
        bag_size=len(bag.signatures),
    )


def _usable_sources(network: Network, name: str) -> list[str]:
    sources = [str(source) for source in network.sources]
    if DRUMS not in sources:
        raise SeparatorRefused(name=name, reason="it does not know drums")
    if network.audio_channels != CHANNELS:
        raise SeparatorRefused(name=name, reason="it is not for stereo")
    if len(set(sources)) != len(sources) or not all(source.isidentifier() for source in sources):
        raise SeparatorRefused(name=name, reason="its stems have no names that a file can have")
    return sources


def _check_fits(
    network: Network, sources: list[str], rate: int, row: Sequence[float] | None, name: str
) -> None:
    if _usable_sources(network, name) != sources or not network.samplerate == rate > 0:
        raise SeparatorDamaged(name=name, reason="its networks do not belong together")
    if row is not None and len(row) != len(sources):
        raise SeparatorDamaged(name=name, reason="it has not one weight for each stem")


def _may_have(network: Network, segment_s: float) -> bool:
    return not isinstance(network, HTDemucs) or segment_s <= network.segment


def _member(network: Network, place: int, bag: Bag, wanted: list[int]) -> Member:
    weights = bag.weights or tuple((1.0,) * len(network.sources) for _ in bag.signatures)
    totals = [sum(column) for column in zip(*weights, strict=True)]
    kept = [source for source in wanted if weights[place][source]]
    shares = tuple(weights[place][source] / totals[source] for source in kept)
    stems = tuple(wanted.index(source) for source in kept)
    if len(kept) < len(network.sources) and keep_sources(network, kept):
        return Member(network, place, tuple(range(len(kept))), stems, shares)
    return Member(network, place, tuple(kept), stems, shares)
