// A file that is chosen is read into the field, where it can be looked at and mended before it is sent.
(() => {
  const chosen = document.querySelector("[data-import-file]");
  const text = document.getElementById("text");
  if (!chosen || !text) return;
  chosen.hidden = false;
  chosen.querySelector("input").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file) text.value = await file.text();
  });
})();
