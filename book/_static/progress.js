// Which chapters have been read to their end, kept in this browser and nowhere else; without storage nothing happens.
(() => {
  const KEY = "w2v2-read";
  let read;
  try {
    read = new Set(JSON.parse(localStorage.getItem(KEY) ?? "[]"));
  } catch {
    return;
  }
  const chapterOf = (url) => new URL(url, location.href).pathname.match(/\/chapters\/([\w-]+)\.html$/)?.[1];
  const save = () => {
    try {
      localStorage.setItem(KEY, JSON.stringify([...read]));
    } catch {
      // storage is full or forbidden: the ticks last as long as the page
    }
  };

  const chapters = () =>
    [...document.querySelectorAll("nav.bd-links a.reference.internal")].filter((link) => chapterOf(link.href));

  function tick() {
    for (const link of chapters()) {
      link.querySelector(".w2v2-read")?.remove();
      if (read.has(chapterOf(link.href))) {
        link.insertAdjacentHTML(
          "beforeend",
          '<span class="w2v2-read"><span aria-hidden="true"> ✓</span><span class="w2v2-hidden"> (read)</span></span>',
        );
      }
    }
    const place = document.getElementById("w2v2-progress");
    if (!place) return;
    place.replaceChildren();
    const links = chapters();
    const next = links.find((link) => !read.has(chapterOf(link.href)));
    if (!links.some((link) => read.has(chapterOf(link.href)))) return;
    const count = links.filter((link) => read.has(chapterOf(link.href))).length;
    const line = document.createElement("p");
    line.textContent = `You have read ${count} of ${links.length} chapters. `;
    if (next) {
      const onward = document.createElement("a");
      onward.href = next.href;
      onward.textContent = `Go on with: ${next.textContent.trim()}`;
      line.append(onward, " ");
    }
    const forget = document.createElement("button");
    forget.type = "button";
    forget.textContent = "Forget this";
    forget.addEventListener("click", () => {
      read.clear();
      save();
      tick();
    });
    line.append(forget);
    place.append(line);
  }

  document.addEventListener("DOMContentLoaded", () => {
    tick();
    const here = chapterOf(location.href);
    const end = document.querySelector("#summary, #further-reading");
    if (!here || !end) return;
    new IntersectionObserver((seen, watcher) => {
      if (!seen.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      read.add(here);
      save();
      tick();
    }).observe(end);
  });
})();
