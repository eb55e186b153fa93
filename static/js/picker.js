// The panes in place: "Tick all", and a login page that never lands inside the step. Without JavaScript every button
// posts the form, and the double arrow takes the whole group.
(() => {
  "use strict";
  const show = () => {
    for (const button of document.querySelectorAll("[data-tick-all]")) button.hidden = false;
    for (const button of document.querySelectorAll("[data-plain]")) button.hidden = true;
  };
  show();
  document.addEventListener("htmx:afterSettle", show);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-tick-all]");
    if (!button) return;
    const boxes = [...button.closest(".pane").querySelectorAll("input[type=checkbox]")];
    const all = boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = !all;
  });

  // The session has ended, or the message is no draft any more: go there as a whole page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const answer = new URL(event.detail.xhr.responseURL || location.href);
    if (answer.pathname === location.pathname) return;
    event.detail.shouldSwap = false;
    location.assign(answer.pathname.startsWith("/accounts/") ? location.href : answer.href);
  });

  // Lists keep their place when the page is renewed under them.
  let places = [];
  const lists = () => [...document.querySelectorAll(".pane__list")];
  document.addEventListener("htmx:beforeSwap", () => { places = lists().map((list) => list.scrollTop); });
  document.addEventListener("htmx:afterSwap", () => { lists().forEach((list, index) => { list.scrollTop = places[index] || 0; }); });
})();
