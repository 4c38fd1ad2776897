const list = root.querySelector(".w2v2-beam"), place = root.querySelector("output");
const widths = all("[data-width]"), moves = all("[data-step]");
let width = widths.find((button) => button.getAttribute("aria-pressed") === "true").dataset.width, step = 0;
function element(name, style, text) {
  const made = document.createElement(name);
  if (style) made.className = style;
  made.textContent = text || "";
  return made;
}
function item(row) {
  const state = row.kept ? "kept" : "dropped", made = element("li", "w2v2-" + state), bar = element("span", "w2v2-mass");
  row.ways.forEach(([kind, size]) => {
    const segment = element("span", "w2v2-ends-" + kind);
    segment.style.width = size + "%";
    bar.append(segment);
  });
  const names = row.ways.map((way) => way[2]).join(" · ");
  made.append(element("b", "", row.name), bar, element("small", "", row.total + " " + state + " = " + names));
  return made;
}
function draw() {
  const steps = trace.widths[width];
  list.replaceChildren(...steps[step].rows.map(item));
  place.textContent = "after " + (step + 1) + " of " + steps.length + " frames";
  widths.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.width === width)));
  moves.forEach((button) => { button.disabled = !steps[step + Number(button.dataset.step)]; });
  say(steps[step].words);
}
function move(by) {
  step = Math.min(Math.max(step + by, 0), trace.widths[width].length - 1);
  draw();
  // A button that has done its work hands the focus on, so that the keyboard is never left behind.
  if (document.activeElement === document.body || document.activeElement.disabled) {
    moves.find((button) => !button.disabled)?.focus();
  }
}
widths.forEach((button) => button.addEventListener("click", () => { width = button.dataset.width; draw(); }));
moves.forEach((button) => button.addEventListener("click", () => move(Number(button.dataset.step))));
root.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!by) return;
  event.preventDefault();
  move(by);
});
