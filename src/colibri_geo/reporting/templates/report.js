"use strict";
// The page is whole without this. It lets a reader move the map, sort and filter the table, and swipe pictures.
// It holds no words: those stand in the page, in <template> elements and data-text attributes.
(() => {
  const language = document.documentElement.lang;
  const numbers = new Intl.NumberFormat(language);
  const collator = new Intl.Collator(language, { numeric: true });
  const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const bring = (id) => document.getElementById(id).content.cloneNode(true);

  // ------------------------------------------------------------------------------------------------------------- map
  // A point p of the scene lies at p * zoom + shift. Lines and letters keep their size on the screen.
  const FARTHEST = 32, STEP = 1.5, STRIDE = 0.2, DRAG_PX = 4, WHEEL_PX = 250, LINE_PX = 16, BAR_ROOM = 250, EDGE = 70;

  function readPoints(path) {
    return path.getAttribute("d").slice(1).split("L").map((pair) => pair.split(" ").map(Number));
  }

  // Where a line of the graticule crosses `level` along `axis` (0: across, 1: down); NaN where it does not.
  function cross(points, axis, level) {
    for (let at = 1; at < points.length; at += 1) {
      const [start, end] = [points[at - 1], points[at]];
      const share = (level - start[axis]) / (end[axis] - start[axis]);
      if (share >= 0 && share <= 1) return start[1 - axis] + share * (end[1 - axis] - start[1 - axis]);
    }
    return NaN;
  }

  // Degrees stay at the edge of the map, each where its line meets it.
  function followLines(svg) {
    const { width, height } = svg.viewBox.baseVal;
    const lines = [...svg.querySelectorAll(".graticule")].map(readPoints);
    const labels = [...svg.querySelectorAll(".text-degrees")].map((text) => ({
      text, meridian: text.getAttribute("text-anchor") === "middle",
      across: Number(text.getAttribute("x")), down: Number(text.getAttribute("y")),
    }));
    return (zoom, shift) => labels.forEach(({ text, meridian, across, down }, at) => {
      const axis = meridian ? 1 : 0, level = ((meridian ? height : 0) - shift[axis]) / zoom;
      const met = cross(lines[at], axis, level) * zoom + shift[1 - axis];
      const seen = meridian ? met > EDGE && met < width - EDGE : met > EDGE && met < height - EDGE;
      text.setAttribute("visibility", seen || zoom === 1 ? "visible" : "hidden");
      text.setAttribute("x", meridian && zoom > 1 && seen ? met : across);
      text.setAttribute("y", !meridian && zoom > 1 && seen ? met - 6 : down);
    });
  }

  // The scale bar keeps its right end and stands for a round length at every zoom.
  function followScale(svg) {
    const group = svg.querySelector(".scale"), [bar, text] = ["path.bar", "text"].map((name) => group.querySelector(name));
    const box = bar.getBBox(), foot = box.y + box.height, right = box.x + box.width;
    const metresPerUnit = Number(group.dataset.length) / box.width;
    const drawn = [...group.querySelectorAll("path")].map((path) => path.getAttribute("d"));
    const words = [text.textContent, text.getAttribute("x")];
    return (zoom) => {
      const room = BAR_ROOM * metresPerUnit / zoom, power = 10 ** Math.floor(Math.log10(room));
      const length = [5, 2, 1].find((step) => step * power <= room) * power;
      const left = right - length * zoom / metresPerUnit;
      const paths = zoom === 1 ? drawn : [`M${left} ${foot}H${right}`, `M${left} ${foot}v-8v8H${right}v-8`];
      group.querySelectorAll("path").forEach((path, at) => path.setAttribute("d", paths[at]));
      const label = length >= 1000 ? `${numbers.format(length / 1000)}\u00a0km` : `${numbers.format(length)}\u00a0m`;
      [text.textContent] = zoom === 1 ? words : [label];
      text.setAttribute("x", zoom === 1 ? words[1] : (left + right) / 2);
    };
  }

  // Letters and hatching are drawn smaller as the scene grows; a strip's number stays beside the middle of its axis,
  // and its leader with it: drawn smaller about the middle of a straight axis, it still ends on that.
  function followSize(svg) {
    const texts = [...svg.querySelectorAll(".scene text, .scene a > :is(.leader, .leader-case)")].map((text) => {
      const axis = text.parentNode.matches("a") && svg.querySelector(`a[href="${text.parentNode.getAttribute("href")}"] path`);
      const box = axis ? axis.getBBox() : { x: text.x.baseVal[0].value, y: text.y.baseVal[0].value, width: 0, height: 0 };
      return { text, across: box.x + box.width / 2, down: box.y + box.height / 2 };
    });
    const hatches = [...svg.querySelectorAll("pattern")].map((pattern) => [pattern, pattern.getAttribute("patternTransform") || ""]);
    return (zoom) => {
      for (const { text, across, down } of texts) {
        text.setAttribute("transform", `translate(${across} ${down}) scale(${1 / zoom}) translate(${-across} ${-down})`);
      }
      for (const [pattern, turned] of hatches) pattern.setAttribute("patternTransform", `scale(${1 / zoom}) ${turned}`);
    };
  }

  function moveMap(figure) {
    const svg = figure.querySelector("svg.drawing"), scene = svg.querySelector(".scene");
    const { width, height } = svg.viewBox.baseVal, sides = [width, height];
    const followers = [followLines(svg), followScale(svg), followSize(svg)];
    let zoom = 1, shift = [0, 0];

    const show = (nextZoom, nextShift) => {
      zoom = clamp(nextZoom, 1, FARTHEST);
      shift = nextShift.map((value, axis) => clamp(value, sides[axis] * (1 - zoom), 0));
      scene.setAttribute("transform", `translate(${shift[0]} ${shift[1]}) scale(${zoom})`);
      svg.classList.toggle("zoomed", zoom > 1);
      followers.forEach((follow) => follow(zoom, shift));
    };
    const middle = () => sides.map((side) => side / 2);
    const zoomBy = (factor, point = middle()) => {
      const next = clamp(zoom * factor, 1, FARTHEST);
      show(next, shift.map((value, axis) => point[axis] - (point[axis] - value) * next / zoom));
    };
    const moveBy = (across, down) => show(zoom, [shift[0] + across, shift[1] + down]);
    const acts = {
      in: () => zoomBy(STEP), out: () => zoomBy(1 / STEP), whole: () => show(1, [0, 0]),
      left: () => moveBy(STRIDE * width, 0), right: () => moveBy(-STRIDE * width, 0),
      up: () => moveBy(0, STRIDE * height), down: () => moveBy(0, -STRIDE * height),
    };

    const tools = bring("map-tools");
    tools.querySelector("[role]").addEventListener("click", (event) => acts[event.target.dataset.act]?.());
    figure.prepend(tools);
    svg.classList.add("live");
    svg.setAttribute("tabindex", "0");
    const keys = { "+": "in", "=": "in", "-": "out", _: "out", 0: "whole" };
    const arrows = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
    svg.addEventListener("keydown", (event) => {
      const act = keys[event.key] || (zoom > 1 && arrows[event.key]); // the whole map leaves the arrows to the page
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      acts[act]();
    });
    followPointers(svg, { zoomBy, moveBy, isZoomed: () => zoom > 1 });
    acts.whole();

    let kept = null; // on paper the map is whole, afterwards as it was
    const unfold = () => { kept = kept || [zoom, shift]; acts.whole(); };
    const restore = () => { if (kept) show(...kept); kept = null; };
    addEventListener("beforeprint", unfold);
    addEventListener("afterprint", restore);
    matchMedia("print").addEventListener("change", (paper) => (paper.matches ? unfold() : restore()));
  }

  // Mouse, pen and fingers: one drags, two pinch; the wheel belongs to the page unless Ctrl is held.
  function followPointers(svg, { zoomBy, moveBy, isZoomed }) {
    const down = new Map();
    let start = [0, 0], dragged = false;
    const place = (event) => {
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      return [point.x, point.y];
    };
    const hold = () => {
      const [a, b = a] = [...down.values()];
      return { apart: Math.hypot(a[0] - b[0], a[1] - b[1]), middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] };
    };
    svg.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoomBy(2 ** (-event.deltaY * (event.deltaMode ? LINE_PX : 1) / WHEEL_PX), place(event));
    }, { passive: false });
    svg.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      if (!down.size) [start, dragged] = [[event.clientX, event.clientY], false];
      down.set(event.pointerId, place(event));
    });
    svg.addEventListener("pointermove", (event) => {
      if (!down.has(event.pointerId)) return;
      dragged ||= down.size > 1 || Math.hypot(event.clientX - start[0], event.clientY - start[1]) >= DRAG_PX;
      if (!dragged) return;
      svg.setPointerCapture(event.pointerId);
      const before = hold();
      down.set(event.pointerId, place(event));
      const after = hold();
      if (isZoomed()) moveBy(after.middle[0] - before.middle[0], after.middle[1] - before.middle[1]);
      if (before.apart && after.apart) zoomBy(after.apart / before.apart, after.middle);
    });
    for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, (event) => down.delete(event.pointerId));
    svg.addEventListener("dragstart", (event) => event.preventDefault());
    svg.addEventListener("click", (event) => { if (dragged && event.detail) event.preventDefault(); }, true);
  }

  // ----------------------------------------------------------------------------------------------------------- table
  const textOf = (cell) => cell.textContent.trim();
  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const numberOf = (cell) => (cell.dataset.value === "" ? NaN : Number(cell.dataset.value));

  // Rows that are equal keep their rank; what is not known comes last, whichever way round.
  function compareCells(a, b, sign) {
    if (a.dataset.value === undefined) return sign * collator.compare(textOf(a), textOf(b));
    const [first, second] = [numberOf(a), numberOf(b)];
    return isNaN(first) || isNaN(second) ? isNaN(first) - isNaN(second) : sign * (first - second);
  }

  function sortTable(table, rows) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
        table.tBodies[0].append(...[...rows].sort((a, b) => compareCells(a.cells[column], b.cells[column], sign)));
      });
    });
    heads[0].setAttribute("aria-sort", "ascending"); // as it comes: by rank
    table.classList.add("sortable");
  }

  // Each field tells whether it lets a row through. A list offers what its column holds, and what that lies within.
  function readField(field, rows) {
    const { place, within } = field.dataset;
    const cellOf = (row) => row.cells[place];
    if (field.type === "search") return (row) => fold(row.textContent).includes(fold(field.value.trim()));
    if (field.type === "number") return (row) => !field.value || Math.round(100 * numberOf(cellOf(row))) >= Number(field.value);
    const partsOf = (text) => (within ? text.split(within) : [text]);
    const chains = (text) => partsOf(text).map((_, at, parts) => parts.slice(0, at + 1).join(within));
    const held = new Map(rows.map((row) => [row, chains(textOf(cellOf(row)))]));
    const choices = [...new Set([...held.values()].flat())];
    if (within) choices.sort(collator.compare);
    field.append(...choices.map((choice) => new Option(choice, choice)));
    return (row) => !field.value || held.get(row).includes(field.value);
  }

  function filterTable(table, rows) {
    const panel = bring("filter").firstElementChild;
    const fields = [...panel.querySelectorAll("select, input")], shown = panel.querySelector(".shown");
    const tests = fields.map((field) => readField(field, rows));
    const placeOf = (part) => part && (part.id ? `#${part.id}` : part.getAttribute("href")); // of a sheet, or of the row
    const marks = new Map(rows.map((row) => [placeOf(row.querySelector("a, [id]")) ?? row, [row]])); // and its strip on the map
    for (const link of document.querySelectorAll(".map a")) marks.get(placeOf(link)).push(link);
    const apply = () => {
      let count = 0;
      for (const parts of marks.values()) {
        const through = tests.every((test) => test(parts[0]));
        count += through;
        parts.forEach((part) => part.classList.toggle("left-out", !through));
      }
      shown.textContent = fill(shown.dataset.text, { shown: numbers.format(count), all: numbers.format(rows.length) });
    };
    panel.addEventListener("input", apply);
    panel.querySelector("button").addEventListener("click", () => {
      fields.forEach((field) => { field.value = ""; });
      apply();
    });
    table.before(panel);
    apply();
  }

  // ----------------------------------------------------------------------------------------------------------- swipe
  // Before and after lie on one another; the range cuts the upper one.
  function swipePhotos(photos) {
    const [label, range] = bring("swipe").children;
    range.id = `${photos.closest(".sheet").id}-swipe`;
    label.htmlFor = range.id;
    const cut = () => {
      photos.style.setProperty("--cut", `${range.value}%`);
      range.setAttribute("aria-valuetext", fill(range.dataset.text, { share: numbers.format(range.value) }));
    };
    range.addEventListener("input", cut);
    photos.children[1].querySelector(".photo").append(range);
    photos.append(label);
    photos.classList.add("swiping");
    cut();
  }

  document.querySelectorAll(".map.overview").forEach(moveMap);
  for (const table of document.querySelectorAll("table.ranking")) {
    const rows = [...table.tBodies[0].rows];
    sortTable(table, rows);
    filterTable(table, rows);
  }
  document.querySelectorAll(".photos").forEach(swipePhotos);
})();
