// What every explorer's script may use. It draws what the trace says; it computes nothing.
const root = document.querySelector('[data-explorer="' + NAME + '"]:not([data-live])');
if (!root) return;
root.setAttribute("data-live", "");
const trace = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
const all = (selector) => Array.from(root.querySelectorAll(selector));
const say = (text) => { root.querySelector(".w2v2-say").textContent = text; };
// A number as Python's explorers write it.
const written = (value, digits) => {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
};
// Refill a grid made by `table` in page.py.
const fill = (grid, values, rows, columns, digits, largest) => {
  const table = root.querySelector('[data-grid="' + grid + '"]');
  table.querySelectorAll("thead th").forEach((cell, i) => { cell.textContent = columns[i]; });
  table.querySelectorAll("tbody th").forEach((cell, i) => { cell.textContent = rows[i]; });
  const flat = values.flat();
  table.querySelectorAll("tbody td").forEach((cell, i) => {
    cell.textContent = written(flat[i], digits);
    cell.style.setProperty("--v", (Math.abs(flat[i]) / largest).toFixed(3));
  });
};
