"""The forms of the sentences that a run records in English: reasons, notes and the like; see `recorded`.

What the values are is told by their names: `colibri_geo.language.recorded.WORDS`, ``TIMES`` and ``SENTENCES``, else
numbers.
"""

from __future__ import annotations

RECORDED = {
    # -------------------------------------------------------------------------------- reasons: why it was flagged
    "recorded.why.new": (
        "a straight line of {length} m by {width} m on the after image, with {share}% of its contrast on the "
        "before image"
    ),
    "recorded.why.regrowing": (
        "a straight line of {length} m by {width} m on the before image, with {share}% of its contrast on the "
        "after image"
    ),
    "recorded.why.not_observed": (
        "a straight line of {length} m by {width} m on one image, of which the other shows too little to compare"
    ),
    "recorded.why.both": "a straight line of {length} m by {width} m on both images",
    "recorded.why.contrast": "contrast {times} times the scatter of parallel lines nearby",
    "recorded.why.straight": "its pieces stray {distance} m from a straight axis (root mean square)",
    "recorded.why.flanks": "the weaker flank shows {share}% of the contrast of the stronger",
    "recorded.why.beyond": "beyond end {number} {share}% of its contrast goes on",
    "recorded.why.resumes": "further ahead {share}% of its contrast comes back",
    "recorded.why.joined": "a line passes one of its ends across, with {share}% of its contrast",
    "recorded.why.lobe": "right beside it lies {share}% of its contrast with the opposite sign",
    "recorded.why.grain": "single pixels beside it scatter by {share}% of its contrast: little can be told",
    "recorded.why.observed": "{share}% of the axis was observed on both dates",
    "recorded.hidden.outside": "end {number} is cut by the edge of an image, it may be longer",
    "recorded.hidden.nodata": "end {number} is cut by the edge of the measured ground, it may be longer",
    "recorded.hidden.cloud": "cloud hides the ground beyond end {number}, it may be longer",
    "recorded.hidden.shadow": "a cloud's shadow hides the ground beyond end {number}, it may be longer",
    "recorded.hidden.saturation": "the ground beyond end {number} is too bright to measure, it may be longer",
    # ------------------------------------------------------------------------- reasons: what would make it false
    "recorded.doubt": "would be false {condition}",
    "recorded.doubt.road": "if it is a road or track: look whether it bends or goes on beyond its ends",
    "recorded.doubt.river": "if it is a river bar: look for water beside it",
    "recorded.doubt.field_edge": (
        "if it is the edge of a field or plot: look whether the ground on one side changed too"
    ),
    "recorded.doubt.cloud_edge": "if it is the edge of a cloud or shadow: look at a clear date",
    "recorded.doubt.power_line": "if it is a power line or pipeline: look whether it goes on for kilometres",
    "recorded.doubt.seam": (
        "if it is a seam of the sensor: look whether it runs along the detector or flight direction"
    ),
    "recorded.doubt.misregistration": (
        "if it is an old line shifted between the images: look whether a dark twin lies beside it"
    ),
    "recorded.doubt.none": "if it is a short straight road or track: look for what it serves at its ends",
    # ------------------------------------------------------------------------------------- what the values are
    "recorded.basis": "fitted on {pairs} simulated pairs, {area} km2; for {density} strips in 1,000 km2",
    "recorded.none": "none",
    "recorded.scenes.day": "{count} scenes of {start}",
    "recorded.scenes.days": "{count} scenes of {start} to {stop}",
    "recorded.layout.mosaic": "mosaic of {count} ({layout})",
    "recorded.layout.array": "array",
    "recorded.layout.item": "STAC item, archive not known here",
    "recorded.sensor.synthetic": "synthetic",
    "recorded.quantity.surface": "surface reflectance",
    "recorded.quantity.toa": "toa reflectance",
    "recorded.quantity.relative": "relative",
    "recorded.scaling.factor": "stored x {factor}",
    "recorded.scaling.offset": "(stored {offset}) x {factor}",
    "recorded.quantity.gamma0": "gamma0_db",
    "recorded.scaling.reflectance": "stored as reflectance",
    "recorded.scaling.float": "stored as reflectance (the offset {offset} in its tags is for integers)",
    "recorded.scaling.picture": "8-bit value / 255 (gain unknown)",
    "recorded.scaling.array": "given as array",
    "recorded.scaling.stated": "stored x {factor} {offset}",
    "recorded.scaling.item": "stored x {factor} {offset} (STAC item)",
    "recorded.scaling.user": "stored x {factor} {offset} (declared by the user)",
    "recorded.scaling.file": "stored x {factor} {offset} (declared in the file)",
    "recorded.scaling.harmonized": "stored x {factor} (harmonized with Sentinel-2)",
    "recorded.scaling.named": "stored x {factor} {offset} ({name}_MTL.{other})",
    "recorded.scaling.each.item": "scale and offset of each band as in the STAC item",
    "recorded.scaling.each.user": "scale and offset of each band as declared by the user",
    "recorded.scaling.each.file": "scale and offset of each band as declared in the file",
    "recorded.scaling.each.named": "scale and offset of each band as in {name}_MTL.{other}",
    "recorded.scaling.coefficient": "stored x reflectanceCoefficient of each band (top of atmosphere)",
    "recorded.scaling.decibels": "stored in dB",
    "recorded.scaling.power": "10 log10 of stored power",
    "recorded.scaling.amplitude": "20 log10 of stored amplitude",
    "recorded.mask.array": "given as array, Sentinel-2 SCL",
    "recorded.mask.landsat": "Landsat QA_PIXEL (cloud, dilated cloud, cirrus, cloud shadow, fill) and QA_RADSAT",
    "recorded.mask.udm": "Planet UDM (bright cloud, unusable pixels)",
    "recorded.mask.udm2": (
        "Planet UDM2 (cloud, heavy haze, shadow, unusable pixels; light haze and snow count as observed)"
    ),
    "recorded.mask.cirrus": "{name}, opaque cloud and cirrus",
    "recorded.mask.radar": "{name}, layover and shadow of the radar",
    "recorded.mask.scl": "{name}, Sentinel-2 SCL",
    "recorded.each": "each scene's own",
    "recorded.each.without": "each scene's own, none of {without} of {count}",
    # ------------------------------------------------------------------------------------------ notes on scenes
    "recorded.note.no_mask": "no cloud mask: clouds and their shadows count as observed ground",
    "recorded.note.screened": (
        "no cloud mask: clouds were recognised by brightness over about {share} % of the measured ground; thin cloud "
        "and shadow were not"
    ),
    "recorded.note.screened.little": (
        "no cloud mask: clouds were recognised by brightness over less than 1 % of the measured ground; thin cloud "
        "and shadow were not"
    ),
    "recorded.note.screened.none": (
        "no cloud mask: clouds were recognised by brightness, none in a sample of the measured ground; thin cloud "
        "and shadow were not"
    ),
    "recorded.note.screened.unmeasured": (
        "no cloud mask: clouds were recognised by brightness; thin cloud and shadow were not"
    ),
    "recorded.note.relative": (
        "8-bit picture of unknown gain: brightness is relative, faint strips are lost to the 8-bit steps, "
        "and probabilities are less certain"
    ),
    "recorded.note.no_infrared": (
        "no near infrared: bare soil cannot be told from dry grass, bright vegetation or turbid water by its spectrum"
    ),
    "recorded.note.crs": "its coordinate reference system was given, {name}: the file names none that is known",
    "recorded.note.own_crs": (
        "it is in {name}: {other}, which was given as its coordinate reference system, was left aside"
    ),
    "recorded.note.mask_part": (
        "its mask covers {share} % of it: the rest counts as not measured; give a mask of the whole image"
    ),
    "recorded.note.mask_crs": (
        "its mask is in {name}: {other}, which was given as its coordinate reference system, was left aside"
    ),
    "recorded.note.date_given": "its acquisition time was given by the user, {start}",
    "recorded.note.day_given": "its day was given by the user, {start}, without a time",
    "recorded.note.date_replaced": (
        "its acquisition time was given by the user, {start}, in place of {stop} in its metadata"
    ),
    "recorded.note.date_conflict": (
        "its name says {start}, its metadata say that it was acquired on {stop}: the metadata were believed"
    ),
    "recorded.note.classes": (
        "{name} has {count} values or fewer in areas of one value, as masks and maps of classes have: is it an image?"
    ),
    "recorded.note.bands_user": "its bands were named by the user: {name}",
    "recorded.note.bands_map": "its bands were named by the band map {other}: {name}",
    "recorded.note.nodata": "its nodata value {name} is none that its pixels can have: it was ignored",
    "recorded.note.tags": "of its tags {name}, the first {count} letters were read",
    "recorded.note.gamma0": (
        "backscatter taken as terrain-corrected gamma0, as its bands say vv or vh: the file does not tell"
    ),
    "recorded.note.sky": "{name} is {code}, which is no number from {low} to {high}: it was left aside",
    "recorded.note.further_images": "the file holds further images: the first was used",
    "recorded.note.side_file": "the side file {name} beside it was ignored (SHA-256 {code})",
    "recorded.note.offset_gone": (
        "its metadata say that stored values hold the Sentinel-2 offset of {offset} (baseline {code}), but without it "
        "some ground would be darker than black: it was taken off before, and was not taken off again"
    ),
    "recorded.note.offset_gone.unknown": (
        "its metadata say that stored values hold the Sentinel-2 offset of {offset}, but without it some ground would "
        "be darker than black: it was taken off before, and was not taken off again"
    ),
    "recorded.note.offset_name": (
        "that stored values hold the Sentinel-2 offset of {offset} is known only from its product id or file name "
        "(baseline {code}), and the values fit either way: the offset was taken off"
    ),
    "recorded.note.offset_none": "its metadata state processing baseline {code} and no {name}",
    "recorded.note.offset_none.unknown": "its metadata state no processing baseline and no {name}",
    "recorded.note.offset_doubt": (
        "hardly anything in it is darker than a reflectance of {dark}: bright ground, snow, cloud or haze, or the "
        "Sentinel-2 offset of 0.1 left in (its metadata say that there is none); none was taken off"
    ),
    "recorded.note.offset_untold": (
        "hardly anything in it is darker than a reflectance of {dark}: bright ground, snow, cloud or haze, or the "
        "Sentinel-2 offset of 0.1 left in (its metadata do not tell); none was taken off"
    ),
    "recorded.note.coarse_mask": "its scene classification is that of 60 m: the one of 20 m is missing",
    "recorded.note.no_cloud_shadow": (
        "the Level-1C mask tells cloud and cirrus alone: cloud shadows count as observed ground"
    ),
    "recorded.note.item_checksum": "file:checksum of {name} is no multihash that is known here: not checked",
    "recorded.note.item_crs": ("the item states EPSG:{code}, its rasters EPSG:{other}: that of the rasters was used"),
    "recorded.note.item_scale": "the item states no scale of {bands}: that of {name} was used",
    "recorded.note.item_offset_off": "the item says that the offset {offset} is off the stored values already",
    "recorded.note.item_offset_untold": (
        "the item states neither an offset to stored values nor a processing baseline"
    ),
    "recorded.note.item_offset_differs": (
        "the item states {offset} to be added to stored values, its processing baseline {code} has {known}"
    ),
    "recorded.note.item_narrow": "near infrared is the narrow band ({name}), the broad one is missing",
    "recorded.note.item_span": "made of images from {start} to {stop}: dated by the first",
    "recorded.note.landsat_tier": (
        "Tier 2 or real-time scene: its position on the ground may be wrong by more than 12 m"
    ),
    "recorded.note.landsat_gaps": "scan line corrector off: wedge-shaped gaps without data cross the scene",
    "recorded.note.udm": "only Planet's older mask (UDM) is there: haze and cloud shadow count as observed ground",
    "recorded.note.no_udm2": "no usable data mask (UDM2) is beside the image",
    "recorded.note.planet_no_metadata": (
        "no metadata are beside the image: the time of acquisition is that in its name"
    ),
    "recorded.note.planet_test": "Planet rates the scene as test quality",
    "recorded.note.planet_preview": (
        "preview edition: Planet replaces it by a finalized one with better geometry and calibration"
    ),
    "recorded.note.haze": (
        "light haze over {share} % of the scene counts as observed; reflectance is less certain there"
    ),
    "recorded.note.no_ground_control": ("located without ground control: its position may be wrong by more than 10 m"),
    "recorded.note.radar_speckle": (
        "a speckle filter of 7 x 7 pixels was applied: narrow strips are smeared into their flanks"
    ),
    "recorded.note.radar_hidden": ("no map of layover and shadow of the radar: they count as measured ground"),
    "recorded.note.radar_hidden.item": (
        "no map of layover and shadow of the radar beside it: they count as measured ground"
    ),
    "recorded.note.radar_water": "water was masked out and counts as not measured",
    "recorded.note.radar_early": (
        "taken no earlier than the later optical image: strips that this found new were there already"
    ),
    "recorded.note.radar_late": (
        "taken no later than the earlier optical image: strips that are new since were not there yet"
    ),
    "recorded.note.twin": "{name} holds the same as another scene, {other}: it was left out",
    "recorded.note.resampled": "{moved} of {count} scenes were resampled, by cubic convolution, to the grid {name}",
    "recorded.note.lacking.more": "{name} and {count} more without {bands}: it was left out of the mosaic",
    "recorded.note.lacking": "{name} without {bands}: it was left out of the mosaic",
    "recorded.note.stretched": (
        "the mosaic's grid stretches or shrinks the ground by {share}% at {name}: widths are less certain"
    ),
    "recorded.note.span": "its scenes were taken from {start} to {stop}: dated by the first",
    "recorded.note.settled": (
        "it lay {distance} m off the other scenes of its date, held against the other date, towards {azimuth} degrees "
        "from north, and was moved back"
    ),
    "recorded.note.each": "each of the {count} scenes: {note}",
    "recorded.note.of": "{name}: {note}",
    # ----------------------------------------------------------------------------------------- notes on the pair
    "recorded.note.coarser": (
        "the images have pixels of {fine} m and {coarse} m: nothing is seen sharper than in the coarser and widths "
        "are less certain than their intervals say"
    ),
    "recorded.note.same_pixels": "the two images have the same pixels: is one a copy of the other?",
    "recorded.note.shift": (
        "the images were shifted by {shift} px ({distance} m) against each other, more than the {limit} px of a sound "
        "pair: removed, but treat ends and edges with care"
    ),
    "recorded.note.apart": (
        "{others} of {count} tiles show another shift than the one removed: scenes of a date may be shifted against "
        "each other, and there what is old can look new; compare them one by one"
    ),
    "recorded.note.shift_unmeasured": (
        "shift between the images not measured ({count} tiles show enough common texture): none was removed"
    ),
    "recorded.note.shift_disputed": ("shift between the images not measured (the tiles disagree): none was removed"),
    "recorded.note.unmatched": (
        "too little ground was observed on both dates to match their radiometry: it was taken as it is"
    ),
    "recorded.note.brighter": "{name} was 0.1 brighter than {other} in every band, with the same contrast",
    "recorded.note.offset_held": "{note}: its values still held the Sentinel-2 offset, and 0.1 was taken off it",
    "recorded.note.offset_twice": (
        "{note}: the Sentinel-2 offset of {name} had been taken off twice, and 0.1 was added to it again"
    ),
    # -------------------------------------------------------------------------------------------- notes on layers
    "recorded.note.mended": "{count} invalid polygon(s) mended",
    "recorded.note.no_area": "{count} polygon(s) without an area left out",
    "recorded.note.closed": "{count} polygon(s) with a ring that was not closed were closed",
    "recorded.note.no_polygon": "{count} feature(s) that are no polygon with an area left out",
    "recorded.note.polygons": "{count} polygon(s) left out",
    "recorded.note.links": "links to other files are not followed",
    "recorded.note.encoding": "no .cpg says how its text is encoded; it is UTF-8 by its bytes",
    "recorded.note.scrambled": (
        "{count} name(s) had been decoded with the wrong table and were put right, as NariÃ±o to Nariño"
    ),
    "recorded.note.cut": "{count} name(s) of more than {limit} characters were cut",
    "recorded.note.codes": "{count} code(s) stand for more than one name, as {code}",
    "recorded.note.no_ends": (
        "{missing} of {count} runway(s) state no ends or one: the points of their airports stand for them"
    ),
    "recorded.note.heights": "heights were dropped",
    "recorded.note.no_geometry": "{count} feature(s) without a geometry left out",
    "recorded.note.layer_crs": "states no coordinate reference system; {name} was assumed",
    "recorded.note.no_codes": "no column known to hold codes: the regions have none",
    "recorded.note.joined": "{count} row(s) joined to another of the same code and name",
    "recorded.note.with": "with {name}, SHA-256 {code}",
    "recorded.note.far": (
        "nothing of it lies within {limit} km of the images: look whether it is of another place, or its coordinates "
        "are swapped"
    ),
    "recorded.note.unplaced": "{count} airport(s) without a place left out",
}
