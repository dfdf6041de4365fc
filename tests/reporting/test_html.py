"""The page: order, escaping, policy, links, sameness."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import itertools
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.columns import (
    OBSERVED_COLUMNS,
    STRIP_COLUMNS,
    STRIP_CONTEXT_COLUMNS,
    STRIP_ID,
    STRIP_REGION_COLUMNS,
)
from colibri_geo.language import LANGUAGES, load_messages
from colibri_geo.layers.findings import Findings
from colibri_geo.reporting import build_model, overview_picture, picture_strips, render_html, write_report
from colibri_geo.reporting.html import read_asset
from colibri_geo.reporting.pictures import Overview, StripPicture
from tests.reporting.fake_pair import FakeChangeMap, make_pair
from tests.support.example_run import example_findings, example_record, example_strips

UNKNOWN = "it has a form that no catalogue knows"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7 * 7 }}</style></title>\u202e\x00\x1b\f"
VOID = frozenset({"meta", "link", "img", "br", "input"})


class Page(HTMLParser):
    """What a reader of the markup needs: ids, links, headings, sources, text, and whether tags nest."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.headings: list[int] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.languages: list[str] = []
        self.words: list[str] = []
        self.spoken: list[str] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
            spoken = self.languages[-1] if self.languages else ""
            coded = tag == "code" or ("class", "code") in attrs
            self.languages.append(dict(attrs).get("lang") or ("" if coded else spoken))
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        for name, value in attrs:
            self.attributes.append((name, value or ""))
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "aria-labelledby"}:
                self.targets += [
                    part.removeprefix("#") for part in (value or "").split() if not part.startswith("data:")
                ]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that is closed at once."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()
            self.languages.pop()

    def handle_endtag(self, tag: str) -> None:
        """Hold that the tag that was opened last is closed first."""
        assert self.open.pop() == tag
        self.languages.pop()

    def handle_data(self, data: str) -> None:
        """Note text that a reader sees."""
        if self.open and self.open[-1] not in {"style", "script"}:
            self.words.append(data)
            if self.languages[-1] == self.languages[0]:
                self.spoken.append(data)

    @property
    def text(self) -> str:
        """All text in order, spaces made common."""
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def pictures() -> tuple[StripPicture, ...]:
    """Pictures of the example run."""
    pair = make_pair(example_strips())
    return picture_strips(pair, example_strips(), change=FakeChangeMap(pair))


@pytest.fixture(scope="module")
def overview() -> Overview:
    """Overview of the example run."""
    return overview_picture(make_pair(example_strips()), max_px=200)


@pytest.fixture(scope="module")
def markup(pictures: tuple[StripPicture, ...], overview: Overview) -> str:
    """The page of the example run."""
    return render_html(build_model(example_findings(), example_record(), pictures, overview))


def hostile_run() -> tuple[Findings, RunRecord]:
    """The example run with hostile text wherever a file could put it."""
    findings, record = example_findings(), example_record()
    long = HOSTILE + "y" * 1_000_000
    names = ["country", "admin1", "admin2", "country_code", "admin1_code", "admin2_code", "reasons", "designator"]
    names += ["aerodrome_name", "aerodrome_code"]
    strips = findings.strips.assign(**dict.fromkeys(names, HOSTILE), before_id=long, after_id=long, confuser=long)
    assert findings.regions is not None
    assert findings.strip_context is not None
    scene = dataclasses.replace(
        record.before,
        name=long,
        quantity=long,
        scaling=long,
        mask=long,
        sensor=long,
        product_id=long,
        processing_baseline=long,
        licence=long,
        crs=long,
        notes=(long,),
    )
    layers = tuple(dataclasses.replace(layer, name=long, credit=long, notes=(long,)) for layer in record.layers)
    hostile = dataclasses.replace(
        findings,
        strips=strips.rename(index={"S002": HOSTILE}),
        strip_regions=findings.strip_regions.assign(name=HOSTILE, code=HOSTILE),
        observed=findings.observed.assign(name=HOSTILE, code=HOSTILE),
        regions=findings.regions.assign(name=long),
        strip_context=findings.strip_context.assign(name=HOSTILE, layer=HOSTILE),
    )
    return hostile, dataclasses.replace(
        record,
        before=scene,
        after=scene,
        layers=layers,
        versions={long: long},
        probability_basis=long,
        pair=dataclasses.replace(record.pair, notes=(long,)),
    )


def test_looked_at_comes_before_any_finding(markup: str) -> None:
    """The reader learns what was not seen before anything that was found."""
    anchors = ["looked-at", "inputs", "bottom-line", "overview", "ranking", "sheets", "strip-1", "method", "evidence"]
    places = [markup.index(f'id="{anchor}"') for anchor in anchors]
    assert places == sorted(places)
    text = Page(markup).text
    assert text.index("80.0 %") < text.index("candidate cleared strips are new")
    assert text.index("not a basis for the use of force") < text.index("What was looked at", 300)


def test_markup_is_well_formed(markup: str) -> None:
    """Tags close in the order in which they were opened, and none stays open."""
    assert Page(markup).open == []


def test_ids_are_unique_and_links_resolve(markup: str) -> None:
    """Every anchor exists once, and every link and label leads to one."""
    page = Page(markup)
    assert len(page.ids) == len(set(page.ids))
    assert set(page.targets) <= set(page.ids)
    fills = set(re.findall(r"url\(#([^)]+)\)", markup))
    assert fills <= set(page.ids)


def test_headings_are_in_order(markup: str) -> None:
    """One main heading, and no level is skipped on the way down."""
    levels = Page(markup).headings
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_page_asks_for_nothing(markup: str) -> None:
    """No attribute and no style names a place outside of the page."""
    page = Page(markup)
    sources = [
        value for name, value in page.attributes if name in {"src", "href", "xlink:href", "data", "action", "srcset"}
    ]
    assert all(value.startswith(("#", "data:")) for value in sources)
    style = re.search(r"<style>(.*?)</style>", markup, flags=re.DOTALL)
    assert style is not None
    assert not re.search(r"@import|url\(|http|//", style.group(1))


def source_hash(markup: str, tag: str) -> str:
    """Return the checksum, as a policy writes it, of what stands in the one tag of a kind."""
    (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", markup, flags=re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_policy_lets_in_one_style_and_one_script(markup: str) -> None:
    """The policy names the checksums of exactly the style and the script that the page holds, and nothing else."""
    policy = next(value for name, value in Page(markup).attributes if name == "content" and "default-src" in value)
    assert policy.split("; ") == [
        "default-src 'none'",
        "img-src data:",
        f"style-src {source_hash(markup, 'style')}",
        f"script-src {source_hash(markup, 'script')}",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert markup.index("Content-Security-Policy") < markup.index("<style>")


def test_no_inline_style_or_handler(markup: str) -> None:
    """Nothing that the policy would refuse stands in the page."""
    page = Page(markup)
    names = {name for name, _ in page.attributes}
    assert "style" not in names
    assert not {name for name in names if name.startswith("on")}
    assert not {"iframe", "object", "embed", "base", "form"} & set(page.tags)


def test_script_is_that_of_the_package(markup: str) -> None:
    """The one script of the page is the package's own, which cannot end its tag early."""
    script = read_asset("report.js")
    assert Page(markup).tags.count("script") == 1
    assert f"<script>{script}</script>" in markup
    assert not re.search(r"</script|<!--", script, flags=re.IGNORECASE)


def test_every_figure_names_its_column(markup: str) -> None:
    """Each fact names columns of the tables or keys of the manifest that exist; those of a sheet name columns."""
    tables = {
        "strips": (*STRIP_COLUMNS, STRIP_ID),
        "observed": OBSERVED_COLUMNS,
        "strip_regions": STRIP_REGION_COLUMNS,
        "strip_context": STRIP_CONTEXT_COLUMNS,
    }
    known = {f"{table}.{column.name}" for table, columns in tables.items() for column in columns} | {"strips.geometry"}
    named = [value.split() for value in re.findall(r'data-column="([^"]*)"', markup)]
    assert all(named)
    assert {name if "." in name else f"strips.{name}" for names in named for name in names} <= known

    record = dataclasses.asdict(dataclasses.replace(example_record(), candidates=7))
    for key in {key for value in re.findall(r'data-manifest="([^"]*)"', markup) for key in value.split()}:
        part: Any = {"run": record}
        for name in key.split("."):
            part = part[name]

    words = re.search(r'<dl class="words">.*?</dl>', markup, flags=re.DOTALL)
    assert words is not None
    facts = re.findall(r"<dd([^>]*)>", markup.replace(words.group(), ""))
    assert all("data-column=" in fact or "data-manifest=" in fact for fact in facts)
    figures = markup[markup.index('id="looked-at"') : markup.index('id="strip-1"')]
    cells = [cell for cell in re.findall(r"<td([^>]*)>", figures) if 'class="swatch' not in cell]
    assert len(cells) > 100
    assert all("data-column=" in cell or "data-manifest=" in cell for cell in cells)
    sheets = markup[markup.index('id="strip-1"') : markup.index('id="method"')]
    assert all("data-column=" in fact for fact in re.findall(r"<dd([^>]*)>", sheets))
    assert sheets.count("<dd") > 10 * len(example_strips())
    shown = re.search(r'data-column="snr">([^<]*)<', sheets)
    assert shown is not None
    assert shown.group(1).startswith("14.2 ")


def test_annex_leads_from_a_figure_to_pixels(markup: str) -> None:
    """The way from a figure to its column, its row, its pixels and back is told, with keys that the manifest has."""
    text = Page(markup).text
    for word in ("data-column", "data-manifest", "findings.gpkg", "run.pair.transform", "run.before.sha256"):
        assert word in text


def test_profiles_are_drawn_with_words(markup: str) -> None:
    """Each sheet has its two diagrams, each with a text for those who do not see it."""
    labels = [value for name, value in Page(markup).attributes if name == "aria-label"]
    told = [label for label in labels if label.startswith("Mean red over the")]
    assert len(told) == markup.count('<svg class="chart"') == 2 * len(example_strips())


def test_pictures_have_text_for_those_who_do_not_see_them(markup: str) -> None:
    """Each picture has an alternative; each map a title and a description."""
    page = Page(markup)
    alternatives = [value for name, value in page.attributes if name == "alt"]
    assert len(alternatives) == page.tags.count("img") == 3 * len(example_strips())
    assert all(alternatives)
    assert page.tags.count("desc") == 2


def test_strips_of_the_map_lead_to_their_sheets(markup: str) -> None:
    """Each strip's line, its casing and its number on the overview map are links, which need no script."""
    (overview_map,) = re.findall(r'<figure class="map overview">.*?</figure>', markup, flags=re.DOTALL)
    links = [value for name, value in Page(overview_map).attributes if name == "href" and value.startswith("#")]
    assert sorted(links) == sorted(
        f"#strip-{number}" for number in range(1, len(example_strips()) + 1) for _ in range(3)
    )


def test_borders_look_in_the_legend_as_on_the_map(markup: str) -> None:
    """On an image borders are white, in the legend too; on a map without one they are dark in both."""
    maps = re.findall(r'<svg[^>]* class="drawing( on-image)?".*?<ul class="legend"(.*?)</ul>', markup, re.DOTALL)
    signs = [(bool(image), "on-image" in legend) for image, legend in maps if 'class="region-' in legend]
    assert sorted(set(signs)) == [(False, False), (True, True)]


def test_measures_carry_the_number_they_are_sorted_by() -> None:
    """Measures of the ranked table stand there as plain numbers too; what is not known carries none."""
    strips = example_strips().assign(width_m=float("nan"))
    model = build_model(dataclasses.replace(example_findings(), strips=strips), example_record(), (), None)
    second = model.ranking.rows[1]
    assert [cell.value for cell in second] == ["2", None, "1", "0.7", "1140.18", "", "0.3", None]
    named = 'data-column="length_m length_lo_m length_hi_m"'
    assert f'class="numeric" data-value="1140.18" {named}><div><p>1,140\N{NO-BREAK SPACE}m</p>' in render_html(model)


def test_same_run_same_bytes(tmp_path: Path, pictures: tuple[StripPicture, ...], overview: Overview) -> None:
    """The same input gives the same bytes."""
    for name in ("first.html", "second.html"):
        write_report(example_findings(), example_record(), pictures, overview, tmp_path / name)
    assert (tmp_path / "first.html").read_bytes() == (tmp_path / "second.html").read_bytes()


def test_empty_run_is_a_full_report() -> None:
    """Without a single strip the page keeps all its parts, and says the share."""
    markup = render_html(build_model(example_findings(strips=False), example_record(), (), None))
    page = Page(markup)
    assert {"looked-at", "inputs", "bottom-line", "overview", "ranking", "method", "evidence"} <= set(page.ids)
    assert set(page.targets) <= set(page.ids)
    assert "Nothing new found in 51.2 km² observed (80.0 % of the 64.0 km² asked)." in page.text


def test_run_without_regions_is_a_full_report() -> None:
    """Without region layers the table of regions holds the one row of everything asked."""
    findings = example_findings()
    bare = dataclasses.replace(
        findings, regions=None, observed=findings.observed.iloc[:1], strip_regions=findings.strip_regions.iloc[:0]
    )
    assert "Everything asked" in Page(render_html(build_model(bare, example_record(), (), None))).text


@pytest.mark.parametrize("strips", [True, False])
def test_nothing_is_printed_as_code(strips: bool) -> None:
    """No code for a missing value reaches the page."""
    text = Page(render_html(build_model(example_findings(strips=strips), example_record(), (), None))).text
    assert not re.search(r"\b(nan|NaN|NaT|None|inf|undefined)\b", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_text_stays_text(language: str) -> None:
    """Script, markup, template code and control signs from names and tags are shown, cut, and do nothing."""
    findings, record = hostile_run()
    messages = load_messages(language)
    markup = render_html(build_model(findings, record, (), None, messages=messages), messages=messages)
    page = Page(markup)
    assert "img" not in page.tags
    assert re.findall(r"<script.*?</script>", markup, flags=re.DOTALL) == [
        f"<script>{read_asset('report.js')}</script>"
    ]
    assert not {name for name, _ in page.attributes if name.startswith("on") or name == "style"}
    assert len(page.ids) == len(set(page.ids))
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert not set(markup) & set("\x00\x1b\f\u202e")
    assert messages.say("text.cut", text="", count=messages.number(len(HOSTILE) + 1_000_000)) in markup
    assert len(markup) < 400_000


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_page_speaks_the_language(language: str, pictures: tuple[StripPicture, ...]) -> None:
    """In another language no English stands on the page but what the run recorded and no catalogue knows, marked so."""
    findings, messages = example_findings(), load_messages(language)
    strips = findings.strips.assign(reasons=f"contrast 14 times the scatter of parallel lines nearby; {UNKNOWN}")
    findings = dataclasses.replace(findings, strips=strips)
    markup = render_html(build_model(findings, example_record(), pictures, None, messages=messages), messages=messages)
    page = Page(markup)
    assert page.open == []
    assert ("lang", language) in page.attributes
    assert len(page.ids) == len(set(page.ids))
    assert set(page.targets) <= set(page.ids)
    assert f'<span lang="en">{UNKNOWN}</span>' in markup
    spoken = " ".join(page.spoken)
    assert messages.say("recorded.why.contrast", times="14") in spoken
    assert re.findall(r"\b(?:the|of|and|was|were|with|from|strip|beside|would)\b", spoken) == []
    share = f"{messages.number(80, digits=1)}\N{NO-BREAK SPACE}%"
    assert markup.index(share) < markup.index('class="sheet"')


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_coordinates_are_written_one_way_in_every_language(language: str) -> None:
    """On maps and in tables they have a point and the letters of navigation; other numbers are the language's."""
    settings = example_record().settings.replace(strips_per_1000_km2=0.5)
    record, coordinate = (
        dataclasses.replace(example_record(), settings=settings),
        re.compile(r"\d[\d.,'°]*[°\"] ?[A-Z]\b"),
    )
    own, english = (
        Page(render_html(build_model(example_findings(), record, (), None, messages=spoken), messages=spoken)).text
        for spoken in (load_messages(language), load_messages("en"))
    )
    found = coordinate.findall(own)
    assert found == coordinate.findall(english)
    assert {"77.28° W", "1.24° N"} <= set(found)
    assert not any("," in text for text in found)
    assert any('"W' in text for text in found)
    told = english.count(" 0.5 ") - own.count(" 0.5 ")  # settings alone stay as a settings file has them
    assert own.count(" 0,5 ") == told > 0


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_nothing_new_is_never_said_without_the_share(language: str) -> None:
    """Without a strip the page says in each language how much of the ground asked was observed."""
    messages = load_messages(language)
    model = build_model(example_findings(strips=False), example_record(), (), None, messages=messages)
    share, seen = (messages.number(value, digits=1) for value in (80, 51.2))
    assert share in model.bottom_line.statement
    assert seen in model.bottom_line.statement
    assert model.cover.caution.startswith(messages.say("caution"))


def test_wording_of_the_page_is_in_the_catalogue() -> None:
    """The template holds no words of its own, so that a translation is complete."""
    template = read_asset("report.html.j2")
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", template, flags=re.DOTALL)
    between_tags = re.sub(r"<[^>]*>", " ", bare)
    assert set(re.findall(r"[A-Za-z]{2,}", between_tags)) <= {
        "data",
        "label",
        "class",
        "column",
        "manifest",
        "id",
        "value",
    }  # a macro of attributes


def test_line_ends_of_a_checkout_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """A style sheet checked out with other line ends gives the same page."""
    before = read_asset("report.css")
    original = Path.read_text

    def read_with_returns(path: Path, **options: str) -> str:
        return original(path, **options).replace("\n", "\r\n")  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "read_text", read_with_returns)
    assert read_asset("report.css") == before
