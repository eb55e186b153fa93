// The editor of a message: TinyMCE over the textarea (which works as raw HTML without it), tag buttons, and a copy of
// what was typed, so that a session that ends while composing loses nothing.
(() => {
  "use strict";
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const area = form.querySelector("textarea[name=body]");
  const subject = form.querySelector("input[name=subject]");
  const packs = ["es", "it", "pl", "sv"];
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
      statusbar: true,
      elementpath: false,
      height: 460,
      skin: dark ? "oxide-dark" : "oxide",
      content_css: dark ? "dark" : "default",
      language: packs.includes(form.dataset.language) ? form.dataset.language : undefined,
      plugins: "link lists table image code wordcount autolink",
      toolbar: "undo redo | blocks | bold italic forecolor | link image table | bullist numlist | alignleft aligncenter | removeformat code",
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
  const keep = () => sessionStorage.setItem(key, JSON.stringify({ subject: subject.value, body: area.value, at: Date.now() / 1000 }));
  form.addEventListener("input", keep);
  const stored = JSON.parse(sessionStorage.getItem(key) || "null");
  const notice = document.getElementById("unsent");
  if (stored && stored.at > Number(form.dataset.kept) + 1 && (stored.body !== area.value || stored.subject !== subject.value)) {
    notice.hidden = false;
    notice.querySelector("button").addEventListener("click", () => {
      subject.value = stored.subject;
      area.value = stored.body;
      if (editor()) editor().setContent(stored.body);
      notice.hidden = true;
    });
  }
})();
