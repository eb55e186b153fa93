// Small comforts. Every page works without this file.
(() => {
  "use strict";
  const root = document.documentElement;
  const theme = localStorage.getItem("theme");
  if (theme) root.dataset.theme = theme;

  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      localStorage.setItem("theme", root.dataset.theme);
    });
  }

  // A menu closes when one presses elsewhere, or Escape.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  // Only the buttons that were put to rest here: one that the server disabled stays so.
  const wake = (form) => {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[data-resting]")) { button.disabled = false; delete button.dataset.resting; }
  };

  // A form is sent once: the pressed button rests until the next page is there.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method !== "post" || event.defaultPrevented) return;
    form.dataset.sent = "yes";
    setTimeout(() => { for (const button of form.querySelectorAll("button:not([type=button]):enabled")) { button.disabled = true; button.dataset.resting = "yes"; } });
    setTimeout(() => { wake(form); }, 8000);
  });
  addEventListener("pageshow", () => {
    for (const form of document.forms) wake(form);
  });

  // What does not fit a choice is put away: data-shown-if="provider:brevo|mailgun" names the control and its values.
  const fit = () => {
    for (const part of document.querySelectorAll("[data-shown-if]")) {
      const [name, values] = part.dataset.shownIf.split(":");
      part.hidden = !values.split("|").includes(part.closest("form").elements[name].value);
    }
  };
  fit();
  document.addEventListener("change", fit);
  addEventListener("pageshow", fit);

  // On a phone the row of pages is wider than the window: the one that is open stands in it.
  for (const link of document.querySelectorAll(".subnav [aria-current]")) {
    const row = link.parentElement;
    row.scrollLeft = link.offsetLeft - row.offsetLeft - (row.clientWidth - link.offsetWidth) / 2;
  }

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => { print(); });
  }

  // A filter acts when it is changed.
  document.addEventListener("change", (event) => {
    if (event.target.closest("[data-submit]")) event.target.form.requestSubmit();
  });
})();
