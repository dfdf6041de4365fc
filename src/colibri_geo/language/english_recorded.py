"""The forms of the sentences that a run records in English: reasons, notes and the like; see `recorded`.

What the values are is told by their names: `colibri_geo.language.recorded.WORDS` and ``SENTENCES``, else numbers.
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
    "recorded.sensor.synthetic": "synthetic",
    "recorded.quantity.surface": "surface reflectance",
    "recorded.quantity.toa": "toa reflectance",
    "recorded.quantity.relative": "relative",
    "recorded.scaling.factor": "stored x {factor}",
    "recorded.scaling.offset": "(stored {offset}) x {factor}",
    "recorded.scaling.reflectance": "stored as reflectance",
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
    "recorded.note.relative": (
        "8-bit picture of unknown gain: brightness is relative, faint strips are lost to the 8-bit steps, "
        "and probabilities are less certain"
    ),
    "recorded.note.no_infrared": (
        "no near infrared: bare soil cannot be told from dry grass, bright vegetation or turbid water by its spectrum"
    ),
    "recorded.note.crs": "its coordinate reference system was given, {name}: the file names none that is known",
    "recorded.note.date_given": (
        "its acquisition time was given by the user, {start} (a date alone counts from 00:00)"
    ),
    "recorded.note.date_replaced": (
        "its acquisition time was given by the user, {start}, in place of {stop} in its metadata"
    ),
    "recorded.note.further_images": "the file holds further images: the first was used",
    "recorded.note.side_file": "the side file {name} beside it was ignored (SHA-256 {code})",
    "recorded.note.offset_gone": (
        "its metadata say that stored values hold the Sentinel-2 offset of {offset} (baseline {code}), but without it "
        "some ground would be darker than black: it was taken off before, and was not taken off again"
    ),
    "recorded.note.offset_doubt": (
        "hardly anything in it is darker than a reflectance of {dark}: bright ground, snow, cloud or haze, or the "
        "Sentinel-2 offset of 0.1 left in (its metadata say that there is none); none was taken off"
    ),
    "recorded.note.offset_untold": (
        "hardly anything in it is darker than a reflectance of {dark}: bright ground, snow, cloud or haze, or the "
        "Sentinel-2 offset of 0.1 left in (its metadata do not tell); none was taken off"
    ),
    "recorded.note.coarse_mask": "its scene classification is that of 60 m: the one of 20 m is missing",
    "recorded.note.landsat_tier": (
        "Tier 2 or real-time scene: its position on the ground may be wrong by more than 12 m"
    ),
    "recorded.note.landsat_gaps": "scan line corrector off: wedge-shaped gaps without data cross the scene",
    "recorded.note.udm": "only Planet's older mask (UDM) is there: haze and cloud shadow count as observed ground",
    "recorded.note.no_udm2": "no usable data mask (UDM2) is beside the image",
    "recorded.note.haze": (
        "light haze over {share} % of the scene counts as observed; reflectance is less certain there"
    ),
    "recorded.note.no_ground_control": ("located without ground control: its position may be wrong by more than 10 m"),
    "recorded.note.radar_speckle": (
        "a speckle filter of 7 x 7 pixels was applied: narrow strips are smeared into their flanks"
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
    "recorded.note.span": "its scenes were taken from {start} to {stop}: dated by the first",
    "recorded.note.settled": (
        "it lay {distance} m off the other scenes of its date, towards {azimuth} degrees from north, and was moved back"
    ),
    "recorded.note.each": "each of the {count} scenes: {note}",
    "recorded.note.of": "{name}: {note}",
    # ----------------------------------------------------------------------------------------- notes on the pair
    "recorded.note.coarser": (
        "the images have pixels of {fine} m and {coarse} m: nothing is seen sharper than in the coarser and widths "
        "are less certain than their intervals say"
    ),
    "recorded.note.shift": (
        "the images were shifted by {shift} px ({distance} m) against each other, more than the {limit} px of a sound "
        "pair: removed, but treat ends and edges with care"
    ),
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
    "recorded.note.heights": "heights were dropped",
    "recorded.note.no_geometry": "{count} feature(s) without a geometry left out",
    "recorded.note.layer_crs": "states no coordinate reference system; {name} was assumed",
    "recorded.note.no_codes": "no column known to hold codes: the regions have none",
    "recorded.note.joined": "{count} row(s) joined to another of the same code and name",
    "recorded.note.with": "with {name}, SHA-256 {code}",
    "recorded.note.unplaced": "{count} airport(s) without a place left out",
}
