// "Tick all" in the pane of people; without JavaScript the double arrow does the same for the whole group.
(() => {
  "use strict";
  for (const button of document.querySelectorAll("[data-tick-all]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const boxes = button.closest(".pane").querySelectorAll("input[type=checkbox]");
      const all = [...boxes].every((box) => box.checked);
      for (const box of boxes) box.checked = !all;
    });
  }
})();
