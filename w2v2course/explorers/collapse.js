const field = root.querySelector('[name="path"]'), slider = root.querySelector('[name="read"]');
const list = root.querySelector(".w2v2-path");
// The one script that computes: it must answer what is typed. A test holds it to Python's collapse.
const typed = (text) => Array.from(text.replace(/-/g, "ε").replace(/\s/g, ""));
function fates(path) {
  let last = null;
  return path.map((symbol, t) => {
    if (symbol === "ε") return "dropped";
    if (t && symbol === path[t - 1]) return "merged";
    const fate = symbol === last ? "again" : "kept";
    last = symbol;
    return fate;
  });
}
function show() {
  const path = typed(field.value), found = fates(path), read = Math.min(Number(slider.value), path.length);
  slider.nextElementSibling.textContent = String(read);
  list.replaceChildren(...path.map((symbol, t) => {
    const chip = document.createElement("li");
    chip.textContent = symbol;
    if (t < read) chip.dataset.fate = found[t];
    return chip;
  }));
  if (!path.length) return say("Type a path: one symbol a frame, a hyphen for ε.");
  const text = path.slice(0, read).filter((_, t) => found[t] === "kept" || found[t] === "again").join("");
  say("Frame " + read + " of " + path.length + ", " + path[read - 1] + ": " + trace.fates[found[read - 1]] +
    ". Text so far: " + (text || "(nothing)") + ".");
}
field.addEventListener("input", () => {
  const length = Math.max(typed(field.value).length, 1);
  slider.max = String(length);
  slider.value = String(length);
  show();
});
slider.addEventListener("input", show);
