"use strict";
const map = document.getElementById("map");
const whole = map.getAttribute("viewBox").split(" ").map(Number);
let view = [...whole];

const perPixel = () => Math.max(view[2] / map.clientWidth, view[3] / map.clientHeight);

function niceLength(longest) {
  const power = 10 ** Math.floor(Math.log10(longest));
  return power * Math.max(...[1, 2, 5].filter(step => step * power <= longest));
}

function draw() {
  map.setAttribute("viewBox", view.join(" "));
  const unit = perPixel();
  for (const text of map.querySelectorAll("text")) {
    text.style.fontSize = `${(text.classList.contains("number") ? 15 : 13) * unit}px`;
    text.style.strokeWidth = `${3.5 * unit}px`;
  }
  for (const pattern of map.querySelectorAll("pattern")) {
    const turn = pattern.getAttribute("patternTransform").split(" scale")[0];
    pattern.setAttribute("patternTransform", `${turn} scale(${unit})`);
  }
  const metres = niceLength(unit * Number(map.dataset.metres) * 160);
  document.getElementById("bar").style.width = `${metres / Number(map.dataset.metres) / unit}px`;
  const shown = value => value.toLocaleString(document.documentElement.lang);
  document.getElementById("length").textContent = metres >= 1000 ? `${shown(metres / 1000)}\u00a0km` : `${shown(metres)}\u00a0m`;
}

function zoom(factor, across = 0.5, down = 0.5) {
  if (factor === 0) view = [...whole];
  else {
    const width = Math.min(Math.max(view[2] * factor, whole[2] / 200), whole[2] * 2);
    const height = width * whole[3] / whole[2];
    view = [view[0] + (view[2] - width) * across, view[1] + (view[3] - height) * down, width, height];
  }
  draw();
}

function placeOf(event) {
  const unit = perPixel(), box = map.getBoundingClientRect();
  const left = (box.width - view[2] / unit) / 2, top = (box.height - view[3] / unit) / 2;
  return [(event.clientX - box.left - left) * unit / view[2], (event.clientY - box.top - top) * unit / view[3]];
}

function show(strip) {
  for (const other of document.querySelectorAll(".strip")) other.classList.toggle("open", other === strip);
  for (const card of document.querySelectorAll("#cards section")) card.hidden = card.id !== strip?.dataset.card;
}

let grip = null, moved = false;
map.addEventListener("pointerdown", event => { grip = [event.clientX, event.clientY, ...view]; moved = false; });
addEventListener("pointermove", event => {
  if (!grip) return;
  const right = event.clientX - grip[0], down = event.clientY - grip[1], unit = perPixel();
  if (Math.hypot(right, down) < 4 && !moved) return;
  moved = true;
  view = [grip[2] - right * unit, grip[3] - down * unit, view[2], view[3]];
  draw();
});
addEventListener("pointerup", () => { grip = null; });
map.addEventListener("click", event => { if (!moved) show(event.target.closest(".strip")); });
map.addEventListener("dblclick", event => zoom(0.5, ...placeOf(event)));
map.addEventListener("wheel", event => {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  zoom(event.deltaY < 0 ? 0.8 : 1.25, ...placeOf(event));
}, { passive: false });
map.addEventListener("keydown", event => {
  const steps = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] };
  const factors = { "+": 0.6, "-": 1.7, "0": 0 };
  if (event.key in factors) zoom(factors[event.key]);
  else if (event.key in steps) {
    const [right, down] = steps[event.key];
    view = [view[0] + right * view[2], view[1] + down * view[3], view[2], view[3]];
    draw();
  } else if (event.key === "Enter" || event.key === " ") show(event.target.closest(".strip"));
  else if (event.key === "Escape") show(null);
  else return;
  event.preventDefault();
});
for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => zoom(Number(button.dataset.zoom)));
for (const button of document.querySelectorAll(".close")) button.addEventListener("click", () => show(null));
addEventListener("resize", draw);
draw();
