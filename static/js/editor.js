// The editor of a message: TinyMCE over the textarea (which works as raw HTML without it), tag buttons, and a copy of
// what was typed, so that a session that ends while composing loses nothing.
(() => {
  "use strict";
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const area = form.querySelector("textarea[name=body]");
  const subject = form.querySelector("input[name=subject]");
  const packs = { es: "es", ca: "ca", it: "it", pl: "pl", sv: "sv_SE" };
  let last = area;
  const editor = () => (window.tinymce ? tinymce.get(area.id) : null);

  if (window.tinymce) {
    const base = document.querySelector("script[src*='tinymce.min.js']").src.replace(/\/tinymce\.min\.js.*$/, "");
    const dark = document.documentElement.dataset.theme === "dark" || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    tinymce.init({
      target: area,
      base_url: base,
      suffix: ".min",
      license_key: "gpl",
      promotion: false,
      branding: false,
      menubar: false,
      statusbar: false,
      elementpath: false,
      height: 460,
      resize: false, // its handle has no accessible name
      toolbar_mode: "wrap",
      mobile: { toolbar_mode: "scrolling" },
      skin: dark ? "oxide-dark" : "oxide",
      content_css: "default",
      language: packs[form.dataset.language],
      plugins: "link lists table image code autolink",
      toolbar: "undo redo | blocks | bold italic | link bullist numlist | image table | forecolor alignleft aligncenter removeformat | code",
      entity_encoding: "raw",
      convert_urls: false,
      browser_spellcheck: true,
      contextmenu: false,
      iframe_aria_text: "",
      setup: (instance) => {
        instance.on("focus", () => { last = area; });
        instance.on("change input undo redo", () => { instance.save(); keep(); });
      },
    });
  }

  for (const field of [subject, area]) field.addEventListener("focus", () => { last = field; });
  for (const button of document.querySelectorAll("[data-tag]")) {
    button.addEventListener("click", () => {
      if (last === area && editor()) { editor().insertContent(button.dataset.tag); editor().focus(); return; }
      last.setRangeText(button.dataset.tag, last.selectionStart, last.selectionEnd, "end");
      last.focus();
      keep();
    });
  }

  const key = `draft-${location.pathname}`;
  const unkept = ["hidden", "file", "submit"];
  const names = [...new Set([...form.elements].filter((field) => field.name && !unkept.includes(field.type)).map((field) => field.name))];
  const typed = () => Object.fromEntries(names.map((name) => [name, new FormData(form).get(name) || ""]));
  const differs = (copy) => names.some((name) => name in copy && copy[name] !== typed()[name]);
  const bringBack = (copy) => {
    for (const name of names.filter((each) => each in copy)) {
      for (const field of form.querySelectorAll(`[name="${name}"]`)) {
        if (["checkbox", "radio"].includes(field.type)) field.checked = copy[name] === field.value;
        else field.value = copy[name];
      }
    }
    if (editor()) editor().setContent(copy.body);
  };
  const keep = () => {
    const copy = JSON.stringify({ ...typed(), at: Date.now() / 1000 });
    try { sessionStorage.setItem(key, copy); } catch { /* full or forbidden: the form itself still has the text */ }
  };
  form.addEventListener("input", keep);
  form.addEventListener("submit", () => { if (editor()) editor().save(); keep(); });
  let stored = null;
  try { stored = JSON.parse(sessionStorage.getItem(key) || "null"); } catch { /* no copy */ }
  const notice = document.getElementById("unsent");
  if (stored && stored.at > Number(form.dataset.kept) + 1 && differs(stored)) {
    notice.hidden = false;
    notice.querySelector("button").addEventListener("click", () => {
      bringBack(stored);
      notice.hidden = true;
    });
  }
})();
