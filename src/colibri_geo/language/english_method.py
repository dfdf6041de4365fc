"""What the report says of its method, how often the detector is wrong, and the evidence, in English; see `english`."""

from __future__ import annotations

METHOD = {
    # ------------------------------------------------------------------------------------------------ method
    "method.heading": "Method and limits of this run",
    "method.steps": "How it was done",
    "method.limits": "What it cannot tell",
    "method.step.align": (
        "Both images were brought onto one grid, their shift was measured and removed, and their brightness "
        "matched on unchanged ground."
    ),
    "method.step.change": (
        "Change was measured in units of the noise of unchanged ground, and searched for straight narrow "
        "lines that differ from both of their sides."
    ),
    "method.step.judge": (
        "Each line was traced, measured on both dates, and given a verdict, a probability and its strongest "
        "counter-hypothesis."
    ),
    "method.limit.ground": (
        "Only ground that was clear on both dates was searched. Ground that was not observed says nothing."
    ),
    "method.limit.short": "Strips shorter than {length} or wider than {width} are not looked for.",
    "method.limit.pixel": (
        "A pixel is {pixel}: a strip of one to three pixels has a width that is known roughly, and details "
        "such as holes or laid branches cannot be seen."
    ),
    "method.limit.position": (
        "Positions are those of the before image; how well that image itself is placed on the ground is not "
        "part of the intervals."
    ),
    "method.limit.gone": "“Regrowing” means that it was not seen, not that it is unusable or gone.",
    "method.limit.terrain": (
        "Elevation and slope are those of the surface that the elevation model holds: in forest, of the global "
        "models, the treetops of the years when it was measured, not the ground that was cleared. The interval of a "
        "slope takes the height between two places to be wrong by {error} (setting vertical_error_m), which over 600 m "
        "is {slope} of slope, and adds the scatter along the axis. No verdict and no probability depends on them."
    ),
    "method.limit.use": "Use, owner, legal state and surface strength cannot be seen in these images.",
    "reliability.heading": "How often the detector is wrong",
    "reliability.measured": (
        "Measured on {date} with version {version} at the operating point “{point}”. On the simulated scenes no "
        "threshold and no model was chosen; the real ground was looked at while choosing, in part with the same strips."
    ),
    "reliability.nearest": (
        "The row nearest to your images tells most. Simulated ground is crowded with strips and look-alikes. Of real "
        "ground there was little. No figure was checked in the field."
    ),
    "reliability.counted": (
        "Each pair of the temperate forest counts the same square kilometre again, so that its intervals are too "
        "narrow; the rows of the Amazon share four pictures. Old strips that were called new are not among the false "
        "alarms."
    ),
    "reliability.settings": "This run has other settings than were measured ({names}): it may find more or less.",
    "reliability.groups": "New strips found and false alarms, with central 90 % intervals.",
    "reliability.pairs.one": "in {count} pair",
    "reliability.pairs.many": "in {count} pairs",
    "reliability.recall": "{share} of {count}",
    "reliability.group.ordinary": "Simulated, 10 m, four bands: strips of ordinary contrast among many look-alikes",
    "reliability.group.faint": (
        "Simulated, 10 m, four bands: faint strips (a tenth to four tenths of full contrast) among many look-alikes"
    ),
    "reliability.group.rough": (
        "Simulated, 10 m, four bands, restless ground with logging tracks and veils of cloud: ordinary and faint strips"
    ),
    "reliability.group.quiet": "Simulated, 10 m, four bands, restless ground, no new strip",
    "reliability.group.rgb": (
        "Simulated, 10 m, pictures of 8 bits and unknown gain, three bands: ordinary and faint strips"
    ),
    "reliability.group.six_bands": "Simulated, 10 m, six bands: ordinary and faint strips",
    "reliability.group.fine": "Simulated, 3 m, four bands: ordinary and faint strips",
    "reliability.group.coarse": "Simulated, 30 m, four bands: ordinary and faint strips",
    "reliability.group.planted_romania": (
        "Real Sentinel-2 dates of a temperate forest, 10 m, four bands: ordinary strips planted"
    ),
    "reliability.group.planted_peru": (
        "Real pictures of the Amazon, 10 m, three bands, the earlier date made of the later: ordinary strips planted"
    ),
    "reliability.group.planted_faint_peru": (
        "Real pictures of the Amazon, 10 m, three bands, the earlier date made of the later: faint strips planted"
    ),
    "reliability.group.quiet_romania": "Real Sentinel-2 dates of a temperate forest, 10 m, four bands: no strip",
    "reliability.group.painted_peru": (
        "Real pictures of the Amazon, 10 m, three bands: real strips, painted out of the earlier date, which is "
        "otherwise the same picture"
    ),
    "method.probability": "Probability",
    "method.probability.learnt": (
        "Learnt on simulated images with planted strips and look-alikes, not on strips that were seen in the field."
    ),
    "method.probability.density": (
        "It depends on how common strips are: it holds for {density} strips in 1,000 km², and is lower where they "
        "are rarer. The setting strips_per_1000_km2 states another number; the order of the strips hardly changes "
        "with it."
    ),
    "method.probability.basis": "Basis of this run: {basis}.",
    "method.operating_point": "Operating point",
    "method.operating_point.value": "{name}: probability of {least} or more",
    "method.min_length": "Shortest strip",
    "method.observed_share": "Least share of the axis observed on each date",
    "method.settings": "All settings",
    "method.versions": "Versions",
    "column.test_scenes": "Test scenes",
    "column.recall": "New strips found",
    "column.false_alarms": "False alarms in 1,000 km²",
    "column.setting": "Setting",
    "column.value": "Value",
    "column.software": "Software",
    "column.version": "Version",
    # ---------------------------------------------------------------------------------------------- evidence
    "evidence.heading": "Evidence annex",
    "evidence.files": "Inputs and their checksums",
    "evidence.verify": (
        "The file manifest.json beside this report holds the checksums of all inputs and outputs. In the "
        "folder that holds this one, with DIR its name, this command proves that nothing was changed:"
    ),
    "evidence.trace.heading": "From a figure back to the pixels",
    "evidence.trace.figure": (
        "In the source of this page each figure carries the name of its column (data-column), or its key in "
        "manifest.json (data-manifest). A column without the name of a table is one of the table of strips."
    ),
    "evidence.trace.row": (
        "The column stands in findings.gpkg, in the layer of that name; that of a strip in the layer “strips”, and"
        " in findings.csv, in the row with its strip_id."
    ),
    "evidence.trace.pixel": (
        "The geometry of that row is the axis. The inverse of run.pair.transform brings it to columns and rows of "
        "the comparison's grid, from which pictures and profiles were cut. Which files hold these pixels is proven"
        " by run.before.sha256 and run.after.sha256; run.pair tells the shift, gain and offset that were applied "
        "to the after image."
    ),
    "evidence.trace.again": (
        "With the same files, run.settings and run.versions, the same comparison gives the same figures, byte for byte."
    ),
    "evidence.end": "End of the report",
    "column.role": "Role",
    "column.file": "File",
    "column.sha256": "SHA-256",
    "column.credit": "Credit and notes",
    "role.before": "before image",
    "role.after": "after image",
    "role.before_mask": "mask of the before image",
    "role.after_mask": "mask of the after image",
    "role.before_radar": "radar image of about the before date",
    "role.after_radar": "radar image of about the after date",
    "role.country": "regions, countries",
    "role.admin1": "regions, first level",
    "role.admin2": "regions, second level",
    "role.aoi": "area of interest",
    "role.aerodromes": "aerodromes",
    "role.elevation": "elevation model",
    "role.layer": "what lies around: {name}",
}
