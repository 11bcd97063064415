// What waits for a yes, and the pictures so far.

import { say, words } from "./api.js";

const element = (id) => document.getElementById(id);
// In the page's language, and where the browser knows better, in that country's way.
const { lang } = document.documentElement;
const locale = navigator.language.startsWith(lang) ? navigator.language : lang;
const clock = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
export const readable = (moment) => clock.format(new Date(moment));

function make(tag, values = {}, ...children) {
  const made = Object.assign(document.createElement(tag), values);
  made.append(...children);
  return made;
}

// To whoever only hears it, the date tells one button from the next.
function button(text, date, onClick) {
  const made = make("button", { type: "button", textContent: text, ariaLabel: `${text} (${date})` });
  made.addEventListener("click", () => onClick(made));
  return made;
}

function entry(upload, date, ...children) {
  const image = make("img", { src: upload.thumbnails[256], alt: say("pictureOf", { date }), loading: "lazy" });
  return make("li", {}, image, make("p", { textContent: date }), ...children);
}

function waiting(upload, { onLook, onDrop }) {
  const date = readable(upload.uploaded_at);
  return entry(
    upload,
    date,
    button(words.look, date, () => onLook(upload)),
    button(words.drop, date, (pressed) => onDrop(upload, pressed)),
  );
}

function confirmed(upload, { onAgain }) {
  const date = readable(upload.confirmed_at);
  const last = upload.is_current
    ? make("p", { className: "today-mark", textContent: words.today })
    : button(words.again, date, (pressed) => onAgain(upload, pressed));
  return entry(upload, date, last);
}

function fill(section, entries) {
  section.querySelector("ul").replaceChildren(...entries);
  section.hidden = !entries.length;
}

// `looking` is the id of the one that is being looked at; it is not listed as waiting too.
export function showUploads(uploads, { looking, ...actions }) {
  const pending = uploads.filter((upload) => !upload.is_confirmed && upload.id !== looking);
  fill(element("waiting"), pending.map((upload) => waiting(upload, actions)));
  const pictures = uploads.filter((upload) => upload.is_confirmed);
  fill(element("history"), pictures.map((upload) => confirmed(upload, actions)));
  const today = pictures.find((upload) => upload.is_current);
  element("no-picture").hidden = Boolean(today);
  element("today").hidden = !today;
  if (today) element("today").src = today.thumbnails[256];
}
