"""Every sentence and word of the report in English, by key: the language that the other catalogues translate.

Texts hold values in braces, as `str.format` reads them. A text that counts has two keys, ``.one`` and ``.many``.
"""

from __future__ import annotations

REPORT = {
    # ------------------------------------------------------------------------------------------------ values
    "value.unknown": "not known",
    "value.not_stated": "not stated",
    "value.none": "none",
    "value.range": "{low} to {high}",
    "value.interval": "{value} ({range})",
    "value.days.one": "{count} day",
    "value.days.many": "{count} days",
    "value.hours.one": "{count} hour",
    "value.hours.many": "{count} hours",
    "value.size": "{rows} rows × {cols} columns, {pixel} pixels",
    "value.bytes": "{count} bytes",
    "value.named": "{name} ({code})",
    "text.cut": "{text}… (cut, {count} characters)",
    "direction.north": "N",
    # ------------------------------------------------------------------------------------------------- cover
    "cover.page_title": "Change report: {before} and {after}",
    "cover.heading": "Change report: candidate cleared strips",
    "cover.before": "Before",
    "cover.after": "After",
    "cover.gap": "{gap} between the two images, {start} to {stop}",
    "cover.place": "{regions}: {area} around {centre}",
    "cover.place.ground": "{area} around {centre}",
    "cover.synthetic": "Synthetic: {names} made by simulation. This report shows no real place.",
    "cover.synthetic.one": "{name} was",
    "cover.synthetic.both": "both images were",
    "cover.caution": (
        "Preliminary analysis, not validated in the field, not a basis for the use of force. "
        "A candidate cleared strip is a straight cleared line in an image: an image cannot tell who made it "
        "or what it is for."
    ),
    "paper.caution": "Preliminary analysis, not validated in the field, not a basis for the use of force.",
    "cover.handling": (
        "This report gives exact positions. Pass it on only to people who need them: strips can be a "
        "community's way out."
    ),
    "nav.skip": "Skip to the report",
    "nav.contents": "Contents",
    "nav.back": "Back to the table of strips",
    # --------------------------------------------------------------------------------------------- looked at
    "looked_at.heading": "What was looked at",
    "looked_at.full": "All of the {asked} asked was observed on both dates.",
    "looked_at.part": "Of {asked} asked, {observed} was observed on both dates: {share}.",
    "looked_at.rest": (
        "The other {rest} was not seen on one of the dates or on both. A strip there is not in this report, "
        "whether it exists or not."
    ),
    "looked_at.none": "Not observed: of {asked} asked, no ground was seen clear on both dates.",
    "looked_at.nothing_asked": "No ground was asked about: the images and the area of interest share none.",
    "looked_at.asked": "Asked",
    "looked_at.observed": "Observed on both dates",
    "looked_at.share": "Share observed",
    "looked_at.not_observed": "Not observed",
    "looked_at.regions": "Observed ground by region. Counted from pixels.",
    "looked_at.regions.rounded": (
        "Observed ground by region. Counted from pixels, then rounded: the ground asked and observed to two "
        "significant digits, shares to whole per cent."
    ),
    "column.region": "Region",
    "column.level": "Level",
    "column.region_km2": "Whole region",
    "column.asked": "Asked",
    "column.observed": "Observed",
    "column.share": "Share",
    "region.all": "Everything asked",
    "level.all": "all",
    "level.country": "country",
    "level.admin1": "first level",
    "level.admin2": "second level",
    # -------------------------------------------------------------------------------------------------- maps
    "map.looked_at.title": "Map of the ground that was seen and not seen",
    "map.looked_at.caption": (
        "Seen and not seen, by reason. Outlines of unseen ground are simplified for the eye; the figures are "
        "counted from pixels."
    ),
    "map.looked_at.description": (
        "Map of the compared ground, north up. {share} of the ground asked was observed on both dates. "
        "Reasons for unseen ground on the map: {reasons}."
    ),
    "map.overview.heading": "Overview map",
    "map.overview.title": "Overview map of the candidate cleared strips",
    "map.overview.image": "The after image, {date}.",
    "map.overview.numbers": "Strips carry their number in the table below.",
    "map.overview.description": (
        "Map of the compared ground, north up, with {count} numbered candidate cleared strips, region outlines and the "
        "ground that was not observed. The table of strips gives the same in words."
    ),
    "map.legend": "Signs of the map",
    "map.sign.observed": "observed on both dates",
    "map.sign.unseen": "ground not observed",
    "map.sign.strip": "strip, {verdict}",
    "map.sign.region": "region outline",
    "map.sign.country": "country outline",
    "reason.cloud": "cloud",
    "reason.shadow": "cloud shadow",
    "reason.saturation": "saturated or defective",
    "reason.nodata": "no data",
    "reason.outside": "outside of one image",
    "reason.not_asked": "not asked about: beyond the images, or outside of the area",
    "reason.other": "other reason",
    # ------------------------------------------------------------------------------------------------ inputs
    "inputs.heading": "Images and how they fit",
    "inputs.scenes": "The two images",
    "inputs.item": "Item",
    "inputs.pair.heading": "How they fit",
    "inputs.notes.heading": "Notes on the pair",
    "inputs.bands": "Match of brightness on unchanged ground: before = after × gain + offset",
    "scene.name": "File",
    "scene.layout": "Layout",
    "scene.sensor": "Sensor",
    "scene.product": "Product",
    "scene.baseline": "Processing baseline",
    "scene.acquired": "Acquired (UTC)",
    "scene.sun": "Sun",
    "scene.sun.value": "elevation {elevation}, azimuth {azimuth}",
    "scene.cloud": "Cloud, by the metadata",
    "scene.cloud.value": "{share} of the whole product, not of the ground asked: see “{heading}”",
    "scene.sky.some": "{value} ({count} of {total} scenes)",
    "scene.sky.radar": "does not apply to radar",
    "scene.bands": "Bands",
    "scene.quantity": "Quantity",
    "scene.scaling": "Scaling",
    "scene.mask": "Mask of cloud and shadow",
    "scene.crs": "Coordinate system",
    "scene.size": "Size",
    "scene.licence": "Licence",
    "scene.bytes": "File size",
    "scene.sha256": "SHA-256",
    "scene.synthetic": "Kind",
    "scene.synthetic.yes": "synthetic, made by simulation",
    "scene.synthetic.no": "not marked as synthetic",
    "scene.parts": "Scenes of the mosaic",
    "scene.notes": "Notes",
    "scene.notes.none": "none",
    "pair.shift": "Shift removed",
    "pair.shift.value": "{across}, {along} ({length} in all), spread {spread}",
    "pair.shift.east": "{distance} east",
    "pair.shift.west": "{distance} west",
    "pair.shift.north": "{distance} north",
    "pair.shift.south": "{distance} south",
    "pair.shift.tiles": "measured on {count} tiles that agree",
    "pair.shift.unmeasured": "could not be measured; none was removed",
    "pair.overlap": "Ground that both images cover",
    "pair.overlap.value": "{share} of the ground that either covers",
    "pair.clear": "Clear on both dates, by the survey's sample",
    "pair.grid": "Grid of the comparison",
    "pair.crs": "Coordinate system of axes and footprints",
    "pair.quantity": "Quantity compared",
    "column.band": "Band",
    "column.gain": "Gain",
    "column.offset": "Offset",
    "column.residual": "Residual on unchanged ground",
    # ------------------------------------------------------------------------------------------- bottom line
    "bottom.heading": "Bottom line",
    "bottom.none": "Nothing new found in {observed} observed ({share} of the {asked} asked).",
    "bottom.unseen": (
        "Not observed: none of the {asked} asked was seen clear on both dates. Nothing can be said about it."
    ),
    "bottom.nothing_asked": "Not observed: no ground was asked about.",
    "bottom.found.one": (
        "{count} candidate cleared strip is new or longer than before ({parts}), in {observed} observed "
        "({share} of the {asked} asked)."
    ),
    "bottom.found.many": (
        "{count} candidate cleared strips are new or longer than before ({parts}), in {observed} observed "
        "({share} of the {asked} asked)."
    ),
    "bottom.others": "Also listed: {parts}.",
    "bottom.no_strips": "No strip of any other verdict is listed.",
    "bottom.point": (
        "Operating point “{name}”: strips with a probability of {least} or more are listed, {length} or longer."
    ),
    "bottom.regions": (
        "Candidate cleared strips by region and verdict, beside the share of the region's ground that was observed"
    ),
    "bottom.words": "What the verdicts mean",
    "verdict.new": "new",
    "verdict.extended": "extended",
    "verdict.reopened": "reopened",
    "verdict.regrowing": "regrowing",
    "verdict.unchanged": "unchanged",
    "verdict.not_observed": "not observed",
    "verdicts.new": "new",
    "verdicts.extended": "extended",
    "verdicts.reopened": "reopened",
    "verdicts.regrowing": "regrowing",
    "verdicts.unchanged": "unchanged",
    "verdicts.not_observed": "not observed",
    "meaning.new": "seen in the after image, not in the before image",
    "meaning.extended": "seen in both, and longer in the after image",
    "meaning.reopened": "seen again after it had regrown",
    "meaning.regrowing": "seen in the before image, not in the after image",
    "meaning.unchanged": "seen in both",
    "meaning.not_observed": "too little of its axis was seen on one of the dates to tell",
    # ----------------------------------------------------------------------------------------------- ranking
    "ranking.heading": "Strips, ranked",
    "ranking.caption": (
        "Numbered by verdict, then by probability. Each number leads to the strip's sheet. Lengths with 90 % intervals."
    ),
    "ranking.caption.first": (
        "Numbered by verdict, then by probability. Each number up to {sheets} leads to the strip's sheet. Lengths with "
        "90 % intervals."
    ),
    "ranking.empty": "The table of strips is empty: no candidate cleared strip of any verdict in the observed ground.",
    "column.number": "No.",
    "column.strip": "Strip",
    "column.verdict": "Verdict",
    "column.probability": "Probability",
    "column.length": "Length",
    "column.width": "Width",
    "column.azimuth": "True azimuth",
    # ------------------------------------------------------------------------------------------------ sheets
    "sheets.heading": "Sheets, one a strip",
    "sheets.first": (
        "The first {sheets} of {strips} strips have a sheet. All of them stand in the table above, on the map and in "
        "the files of this run; a run of a smaller area gives each its sheet."
    ),
    "sheet.heading": "{number}. Strip {strip}",
    "sheet.headline": "{length} long, {width} wide, true azimuth {azimuth}, {region}",
    "sheet.headline.region_unknown": "region not known",
    "sheet.size": "Size and direction",
    "sheet.time_and_place": "Time and place",
    "sheet.probability": "How sure",
    "sheet.reasons": "Why it was flagged",
    "sheet.doubts": "It would be false",
    "sheet.rival": "Strongest counter-hypothesis",
    "sheet.care": "Community or health use possible",
    "sheet.care.text": (
        "An unregistered strip may be a community's only way to a doctor. Ask those who know the place before"
        " anything is done."
    ),
    "sheet.care.near": "May serve a community or health access: check before anything else. Near it: {layers}.",
    "sheet.no_pictures": "No pictures were made for this strip.",
    "photo.before": "Before",
    "photo.after": "After",
    "photo.change": "Change",
    "photo.caption": "{time}, {sensor}",
    "photo.caption.change": "after less before",
    "photo.sensor_unknown": "sensor not stated",
    "photo.alternative": (
        "{when} image, {time}, of {side} of ground around strip {strip}; the strip runs at {azimuth} from end"
        " 1 to end 2, "
        "at the ticks."
    ),
    "photo.alternative.change": "Change between the dates over the same {side} of ground around strip {strip}.",
    "photo.note": (
        "All {side} wide, {bands}, one stretch of brightness for both dates. Ticks mark the ends of the axis. Hatched:"
        " not observed on that date."
    ),
    "photo.note.change": (
        "Change: orange barer or brighter after, purple the reverse, white as before; colours end at {limit} times the"
        " noise of unchanged ground; hatched where either date was not observed."
    ),
    "photo.bands.true": "true colour",
    "photo.bands.false": "false colour ({bands} as red, green, blue)",
    "photo.bands.grey": "grey ({bands})",
    "fact.length": "Length",
    "fact.width": "Width",
    "fact.area": "Area",
    "fact.azimuth": "True azimuth",
    "fact.azimuth.value": "{first}° / {second}°",
    "fact.designator": "Designator",
    "fact.designator.value": "{designator}, indicative",
    "fact.designator.true": "{designator}, indicative (T: true, not magnetic)",
    "fact.snr": "Strength",
    "fact.snr.value": "{snr} times the noise of its surroundings",
    "fact.straightness": "Straightness",
    "fact.straightness.value": "traced pieces stray {distance} from the axis",
    "fact.radar": "Radar",
    "fact.radar.darker": "{change} dB darker after than before, relative to its flanks",
    "fact.radar.brighter": "{change} dB brighter after than before, relative to its flanks",
    "fact.first_seen": "First seen",
    "fact.first_seen.between": (
        "between {without} (last clear look without it) and {with_it} (first look with it), {gap}"
    ),
    "fact.first_seen.already": "{with_it}, the first look of this pair: it may be older",
    "fact.first_seen.open": "on {with_it}; there is no earlier clear look without it",
    "fact.first_seen.unknown": "not known from this pair",
    "fact.observed": "Axis observed",
    "fact.observed.value": "{share} on both dates",
    "fact.region": "Region",
    "fact.region.unknown": "not known: no region layer here",
    "fact.shares": "Shares",
    "fact.shares.value": "{level}: {parts}",
    "fact.border": "Nearest border",
    "fact.border.value": "{distance} to the nearest international border",
    "fact.border.unknown": "not known: countries are not known here",
    "fact.aerodrome": "Aerodrome",
    "fact.aerodrome.registered": "lies on a registered aerodrome: {name}",
    "fact.aerodrome.known": "lies on an aerodrome that a layer shows, and that is not stated to be registered: {name}",
    "fact.aerodrome.unknown": "in none of the registers given; they may be incomplete",
    "fact.aerodrome.nearest": "nearest: {name}, {distance}",
    "fact.aerodrome.none": "none of the registers given has an aerodrome within 400 km",
    "fact.aerodrome.not_given": "not known: no register was given",
    "fact.aerodrome.unnamed": "without a name",
    "fact.terrain": "Elevation and slope",
    "fact.terrain.elevation": "{elevation} (in forest: treetops), relief {relief}",
    "fact.terrain.slope": "slope {slope}",
    "fact.terrain.no_slope": "slope not known: the strip is short for this elevation model",
    "fact.terrain.unknown": "not known: no elevation model with heights here was given",
    "fact.around": "Around it",
    "fact.around.near": "{layer}: {name}, {distance}",
    "fact.around.near_unnamed": "{layer}: {distance}",
    "fact.around.inside": "{layer}: {name}; {share} of the axis inside",
    "fact.around.inside_unnamed": "{layer}: {share} of the axis inside",
    "fact.scenes": "Scenes",
    "position.caption": (
        "Positions on WGS 84 (EPSG:4326). Each end ± {error} along the axis (90 %, from the interval of the length);"
        " the before image's own error on the ground is not measured and adds to it."
    ),
    "position.hidden": "End {end} is hidden and may lie up to {further} further out.",
    "position.hidden_both": "Both ends are hidden: the strip may be up to {further} longer.",
    "position.point": "Point",
    "position.decimal": "Latitude, longitude",
    "position.dms": "Degrees, minutes, seconds",
    "position.mgrs": "MGRS",
    "position.end1": "End 1",
    "position.centre": "Centre",
    "position.end2": "End 2",
    "probability.value": "{probability} that this is a real strip with the verdict “{verdict}”.",
    "probability.basis": (
        "It holds where {density} strips stand in 1,000 km²; where {rare} do, the same evidence means {lower} or more."
    ),
    "rival.road": "A new road or logging track.",
    "settle.road": "Follow the line beyond both ends in a sharper image: a road goes on, bends or joins others.",
    "rival.river": "A river bar or a moved bank.",
    "settle.river": "Look for water beside it and compare with images at other water levels.",
    "rival.field_edge": "The edge of a field or plot.",
    "settle.field_edge": "See whether both sides are alike: a field edge has its straight side on one of them only.",
    "rival.cloud_edge": "The edge of a cloud, a shadow or a haze front.",
    "settle.cloud_edge": "Look at the next clear image: a cloud edge is gone, a strip stays.",
    "rival.power_line": "A power line or a pipeline.",
    "settle.power_line": "Follow it beyond both ends: such a line goes on for kilometres.",
    "rival.seam": "A seam between the sensor's detectors or a gap in the scan.",
    "settle.seam": "See whether it is parallel to the satellite's track and returns at the same place in other images.",
    "rival.misregistration": "An old road, bank or strip that the two images place differently.",
    "settle.misregistration": "Compare fixed points beside it on both dates: with them, the line moves too.",
    "rival.none": "A short straight track, for which no measure speaks clearly.",
    "settle.none": "A sharper image of both dates, or a look from the air, would settle whether it is a strip.",
    "rival.other": "{name}",
    # ---------------------------------------------------------------------------------------------- editions
    "edition.handling.5km": (
        "Edition 5km, for wider audiences: a position is a square of at least 5 km, sizes are rounded (length to "
        "100 m, width to 10 m, azimuth to 10°, areas looked at to two significant digits), and there are no pictures. "
        "It holds no exact position."
    ),
    "edition.handling.region": (
        "Edition region, for wider audiences: no positions but the names of regions, sizes are rounded (length to "
        "100 m, width to 10 m, azimuth to 10°, areas looked at to two significant digits), and there are no pictures."
    ),
    "edition.others": "Ask who made this edition for exact positions, pictures and reasons, if your task needs them.",
    "edition.counted": (
        "A strip is placed by the square of at least 5 km that holds its middle: where the square touches several "
        "regions, all are named and each counts it; the first row counts it once."
    ),
    "edition.levels": (
        "Regions are named down to the level at which each that has a strip was observed on at least {least}; those "
        "observed on less are left out."
    ),
    "edition.region.none": "not named",
    "edition.ranking": "By verdict, then by probability. Lengths, widths and azimuths are rounded.",
    "edition.map.description": (
        "Map of {count} squares, north up, each with the numbers of the strips whose middle lies in it. The table of "
        "strips gives the same in words."
    ),
    "edition.map.caption": (
        "A strip has its middle somewhere in the square that carries its number; a square has the colour of its first "
        "strip. Squares are those of a fixed lattice, 0.05° high and at least 5 km wide; the map shows them, not the "
        "ground that was looked at."
    ),
    "edition.map.sign": "square, first strip {verdict}",
    "column.square": "Square (WGS 84)",
    # -------------------------------------------------------------------------------- more of sheets and bottom line
    "inputs.radar": "The two radar images, which corroborate strips",
    "bottom.measured": (
        "Straight lines measured in the observed ground: {measured}; listed: {listed}; left out as less probable: "
        "{below}."
    ),
    "bottom.aerodromes": (
        "The strips listed, by the registers given: on a registered aerodrome {registered}; on one that a layer "
        "shows and that is not stated to be registered {known}; in none of the registers {unknown}. Registers may "
        "be incomplete."
    ),
    "band.blue": "blue",
    "band.green": "green",
    "band.red": "red",
    "band.nir": "near infrared",
    "band.swir16": "shortwave infrared (1.6 µm)",
    "band.swir22": "shortwave infrared (2.2 µm)",
    "profile.across": "Across the axis: {band}",
    "profile.along": "Along the axis: {band}",
    "profile.across.places": "metres right of the axis, seen from end 1",
    "profile.along.places": "metres from end 1",
    "profile.across.alternative": (
        "Mean {band} over the length of strip {strip}, against metres from its axis. On the strip {after_on} after"
        " and {before_on} before; beside it {after_beside} after and {before_beside} before. Measured width "
        "{width}."
    ),
    "profile.along.alternative": (
        "Mean {band} over the width of strip {strip}, against metres from end 1, from before end 1 to beyond end 2. "
        "Measured length {length}."
    ),
    "profile.note": (
        "Profiles: {quantity}, mean over the length and over the width, after matched to before. On the strip"
        " {before_on} before, {after_on} after; beside it {before_beside} before, {after_beside} after."
    ),
    "profile.sign.before": "before",
    "profile.sign.after": "after",
    "profile.sign.measured": "measured strip",
    "profile.sign.unseen": "not observed",
    "sheet.aircraft": "Length beside an aircraft's published figures",
    "aircraft.below": "{length}: shorter than the ground roll of a {aircraft} at its greatest mass.",
    "aircraft.roll": "{length}: longer than the ground roll of a {aircraft}, shorter than it needs over an obstacle.",
    "aircraft.landing": "{length}: longer than a {aircraft} needs to land over an obstacle, shorter than to take off.",
    "aircraft.both": "{length}: longer than a {aircraft} needs to land and to take off over an obstacle.",
    "aircraft.figures": (
        "By the type's handbook: ground roll {roll}; over an obstacle of 15 m, {landing} to land and {take_off} to "
        "take off; {mass}, sea level, 15 °C, no wind, hard, level, dry. Height, heat, slope and soft ground lengthen "
        "all."
    ),
    "aircraft.elevation": "Here: {elevation} by the elevation model.",
    "aircraft.slope": "Here: {elevation} and a slope of {slope} by the elevation model.",
    "aircraft.limit": "Length alone does not tell use.",
    # ------------------------------------------------------------------------------------ figures for notebooks
    "figure.title": "Candidate cleared strips, {before} to {after}",
    "figure.unseen": "not observed: {reason}",
    "figure.strip": "{strip}: candidate cleared strip, {verdict}, {length} long, {width} wide",
    "figure.strip.probable": "{told}, probability {probability}",
    "explore.strip": "{strip}: {verdict}",
    "explore.north": "North",
    "explore.close": "Close",
    "explore.hint": (
        "Drag to move; buttons, double click or Ctrl with the wheel to zoom; click on a strip for what is known of it. "
        "Nothing is fetched."
    ),
    # ---------------------------------------------------------------------- what the script adds to the page
    "map.tools": "Move the map",
    "map.tools.left": "Move left",
    "map.tools.right": "Move right",
    "map.tools.up": "Move up",
    "map.tools.down": "Move down",
    "map.tools.in": "Zoom in",
    "map.tools.out": "Zoom out",
    "map.tools.whole": "Whole map",
    "map.tools.hint": "Drag to move, Ctrl and wheel or two fingers to zoom; on the keyboard the arrows, +, − and 0.",
    "map.tools.links": "A strip or its number leads to its sheet.",
    "filter.heading": "Filter the strips",
    "filter.verdict": "Verdict",
    "filter.region": "Region",
    "filter.probability": "Least probability, %",
    "filter.text": "Text in the row",
    "filter.all": "all",
    "filter.clear": "Show all",
    "filter.shown": "{shown} of {all} strips shown",
    "filter.scope": (
        "The filter acts on this table and on the overview map. The sheets stay complete; so does all that is printed."
    ),
    "sort.hint": "A click on a column's name sorts by it; a second click turns the order round.",
    "swipe.label": "Swipe: before on the left, after on the right of the line",
    "swipe.value": "before on the left {share} % of the picture, after on the rest",
}
