const slider = root.querySelector('[name="frame"]');
function term(value) {
  const text = written(value, 1);
  return text.startsWith("−") ? "(" + text + ")" : text;
}
function show() {
  const frame = Number(slider.value), [kernel, products] = trace.rows[frame];
  slider.nextElementSibling.textContent = String(frame);
  fill("kernel", [kernel], [""], trace.columns, 1, trace.largest[1]);
  fill("products", [products], [""], trace.columns, 1, trace.largest[2]);
  all("tbody tr").forEach((row) => row.querySelectorAll("td").forEach((cell, i) => {
    cell.classList.toggle("w2v2-lit", i >= frame && i < frame + trace.taps);
  }));
  const edge = frame < trace.reach || frame > trace.sums.length - 1 - trace.reach;
  say("Frame " + frame + ": " + products.slice(frame, frame + trace.taps).map(term).join(" + ") +
    " = " + written(trace.sums[frame], 1) + "." + (edge ? " One tap meets a zero that nobody spoke." : ""));
}
slider.addEventListener("input", show);
