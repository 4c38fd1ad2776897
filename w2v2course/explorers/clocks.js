const position = root.querySelector('[name="position"]'), offset = root.querySelector('[name="offset"]');
function hand(line, code, i) {
  line.setAttribute("x2", (trace.radius * code[2 * i]).toFixed(2));
  line.setAttribute("y2", (-trace.radius * code[2 * i + 1]).toFixed(2));
}
function show() {
  const here = Number(position.value);
  // The other position must exist, too.
  const away = Math.min(Math.max(Number(offset.value), -here), trace.frames - 1 - here);
  offset.value = away;
  all("svg").forEach((face, i) => {
    hand(face.querySelector(".w2v2-here"), trace.codes[here], i);
    hand(face.querySelector(".w2v2-there"), trace.codes[here + away], i);
  });
  const place = away + trace.reach;
  position.nextElementSibling.textContent = written(here, 0);
  offset.nextElementSibling.textContent = written(away, 0);
  say("Positions " + here + " and " + (here + away) + ": the clocks differ by " +
    trace.turns[place].slice(0, 4).join(", ") + " … Dot product " + trace.dots[place] +
    " of at most " + trace.largest + ".");
}
[position, offset].forEach((slider) => slider.addEventListener("input", show));
