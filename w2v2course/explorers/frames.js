const slider = root.querySelector("input"), image = root.querySelector("img"), label = root.querySelector("output");
slider.addEventListener("input", () => {
  const i = Number(slider.value);
  image.src = trace.images[i];
  image.alt = trace.described[i];
  label.textContent = trace.labels[i];
  say(trace.described[i]);
});
