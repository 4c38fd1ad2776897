const buttons = all("tbody button"), L = trace.states, T = trace.frames;
const at = (t, s) => buttons[s * T + t];
function pick(t, s) {
  const cell = trace.cells[t * L + s];
  buttons.forEach((button, i) => {
    const frame = i % T, state = Math.floor(i / T);
    button.setAttribute("aria-pressed", String(frame === t && state === s));
    button.parentNode.classList.toggle("w2v2-lit", cell.lit[frame * L + state] === "1");
  });
  say(cell.words);
}
buttons.forEach((button, i) => {
  const t = i % T, s = Math.floor(i / T);
  button.addEventListener("click", () => pick(t, s));
  button.addEventListener("keydown", (event) => {
    const [dt, ds] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] || [];
    if (dt === undefined) return;
    event.preventDefault();
    const frame = Math.min(Math.max(t + dt, 0), T - 1), state = Math.min(Math.max(s + ds, 0), L - 1);
    at(frame, state).focus();
    pick(frame, state);
  });
});
