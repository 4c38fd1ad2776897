const names = trace.names, chips = all("[data-place]");
const channels = all('[data-grid="outputs"] thead th').map((cell) => cell.textContent);
let order = names.map((_, i) => i), picked = null;
function show() {
  const state = trace.states[order.join("")], labels = order.map((i) => names[i]);
  chips.forEach((chip, place) => {
    chip.textContent = labels[place];
    chip.setAttribute("aria-pressed", String(place === picked));
  });
  fill("weights", state.weights, labels, labels, 2, 1);
  fill("outputs", state.outputs, labels, channels, 2, trace.largest);
  say("Order " + labels.join(" ") + ". Change in the frames' own outputs: " + state.change +
    ". Click two frames to swap them, or move one with the arrow keys.");
}
function swap(a, b) {
  if (b >= 0 && b < order.length) [order[a], order[b]] = [order[b], order[a]];
}
chips.forEach((chip, place) => {
  chip.addEventListener("click", () => {
    if (picked === null) picked = place;
    else { swap(picked, place); picked = null; }
    show();
  });
  chip.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    swap(place, place + step);
    picked = null;
    show();
    (chips[place + step] || chip).focus();
  });
});
const moves = {
  reverse: () => order.reverse(),
  rotate: () => order.unshift(order.pop()),
  start: () => order.sort((a, b) => a - b),
};
all("[data-do]").forEach((button) => button.addEventListener("click", () => {
  moves[button.dataset.do]();
  picked = null;
  show();
}));
