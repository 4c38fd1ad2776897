const length = root.querySelector('[name="length"]'), window_ = root.querySelector('[name="window"]');
const lanes = all(".w2v2-lane"), values = all(".w2v2-value");
const share = (value) => (value / trace.largest).toFixed(3);
function show() {
  const n = Number(length.value), w = Number(window_.value);
  const here = trace.wrong[n][w], free = trace.wrong[n][trace.windows.length - 1];
  const longer = trace.lengths[n] + "× training", width = trace.windows[w];
  const seen = width === "full" ? "all frames" : "±" + width + " frames";
  [[length, longer], [window_, seen]].forEach(([slider, words]) => {
    slider.setAttribute("aria-valuetext", words);
    slider.nextElementSibling.textContent = words;
  });
  lanes.forEach((lane, i) => {
    lane.style.setProperty("--v", share(here[i]));
    lane.style.setProperty("--free", share(free[i]));
    values[i].textContent = written(here[i], 1) + " %";
  });
  const which = (rule) => trace.schemes.filter((_, i) => rule(here[i])).join("; ") || "no scheme";
  say(longer + ", " + seen + " in sight. Fewer than " + trace.low + " % wrong: " + which((v) => v < trace.low) +
    ". More than " + trace.high + " %: " + which((v) => v > trace.high) + ".");
}
[length, window_].forEach((slider) => slider.addEventListener("input", show));
