// What scrolls sideways can be scrolled from the keyboard too: wide tables and code get a place in the tab order.
(() => {
  const mark = () => {
    for (const box of document.querySelectorAll(".bd-article table:not(.w2v2-grid), .bd-article pre, .bd-article .math")) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  addEventListener("load", mark);
  addEventListener("resize", mark);
})();
