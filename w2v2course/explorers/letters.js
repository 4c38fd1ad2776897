const buttons = all("[data-piece]"), bands = all("rect"), names = all(".w2v2-lanes span");
const around = root.querySelector("[data-wide]"), whole = root.querySelector("audio");
let context = null, sound = null, playing = null, picked = null;
// The player's own WAV, 16 bits a sample behind a header of 44 bytes, as a buffer that can be cut exactly.
function prepare() {
  const bytes = Uint8Array.from(atob(whole.src.split(",")[1]), (letter) => letter.charCodeAt(0));
  const samples = new Int16Array(bytes.buffer, 44);
  context = new AudioContext();
  sound = context.createBuffer(1, samples.length, trace.rate);
  const channel = sound.getChannelData(0);
  samples.forEach((value, i) => { channel[i] = value / 32768; });
}
function play(from, to) {
  whole.pause();
  if (!window.AudioContext) return;
  if (!sound) prepare();
  if (playing) playing.stop();
  const gain = context.createGain(), now = context.currentTime, length = to - from;
  // Without a fade of a few milliseconds one would hear the cut, not the sound.
  gain.gain.setValueAtTime(0, now);
  gain.gain.linearRampToValueAtTime(1, now + 0.003);
  gain.gain.setValueAtTime(1, now + length - 0.003);
  gain.gain.linearRampToValueAtTime(0, now + length);
  playing = context.createBufferSource();
  playing.buffer = sound;
  playing.connect(gain).connect(context.destination);
  context.resume();
  playing.start(0, from, length);
}
function pick(index) {
  const piece = trace.pieces[index], wide = around.getAttribute("aria-pressed") === "true";
  const margin = wide ? trace.around : 0;
  picked = index;
  buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === index)));
  bands.forEach((band, i) => {
    const lit = trace.pieces[i].from >= piece.from - 1e-6 && trace.pieces[i].to <= piece.to + 1e-6;
    band.classList.toggle("w2v2-lit", lit);
    names[i].classList.toggle("w2v2-lit", lit);
  });
  say(piece.words + (wide ? trace.wide : ""));
  play(Math.max(piece.from - margin, 0), Math.min(piece.to + margin, trace.seconds));
}
buttons.forEach((button, i) => {
  button.addEventListener("click", () => pick(i));
  button.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const next = buttons[i + step];
    if (step === undefined) return;
    event.preventDefault();
    if (!next || next.parentNode !== button.parentNode) return;
    next.focus();
    pick(i + step);
  });
});
bands.forEach((band, i) => band.addEventListener("click", () => pick(i)));
around.addEventListener("click", () => {
  around.setAttribute("aria-pressed", String(around.getAttribute("aria-pressed") !== "true"));
  if (picked !== null) pick(picked);
});
