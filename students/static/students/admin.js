// The admin's photo panel: a preview of what was chosen or dropped, and a question before a removal.
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-confirm]")) {
    button.addEventListener("click", (event) => {
      if (!window.confirm(button.dataset.confirm)) event.preventDefault();
    });
  }
  const input = document.querySelector("[data-photo-preview]");
  if (!input) return;
  let figure = document.querySelector("[data-photo-preview-figure]");
  if (!figure) {
    // Where there is no photo panel yet, the preview stands under the field.
    figure = document.createElement("figure");
    figure.className = "admin-photo";
    figure.append(Object.assign(document.createElement("img"), { alt: "" }));
    (input.closest("div.grow.relative") ?? input.closest("div")).append(figure);
  }
  const image = figure.querySelector("img");
  const show = () => {
    const [file] = input.files;
    if (image.src) URL.revokeObjectURL(image.src);
    figure.hidden = !file;
    if (file) image.src = URL.createObjectURL(file);
  };
  input.addEventListener("change", show);
  // A browser that cannot show a HEIC still uploads it; an empty frame would only frighten.
  image.addEventListener("error", () => { figure.hidden = true; });
  const panel = document.querySelector("[data-photo-panel]");
  if (!panel) return;
  for (const kind of ["dragover", "dragleave", "drop"]) {
    panel.addEventListener(kind, (event) => {
      event.preventDefault();
      panel.classList.toggle("admin-drop", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files.length) {
        input.files = event.dataTransfer.files;
        show();
      }
    });
  }
});
