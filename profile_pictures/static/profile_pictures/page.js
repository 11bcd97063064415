// One person, one picture: choose, send, look, say yes. Nothing here decides anything: the API does.

import { allUploads, confirmUpload, dropUpload, maxBytes, Refusal, say, sendPicture, useAgain, words } from "./api.js";
import { Cropper } from "./crop.js";
import { readable, showUploads } from "./history.js";
import { listenForCamera, listenForPictures } from "./sources.js";

// Links in the lists end after five minutes at the earliest.
const LINKS_LAST_MS = 4 * 60 * 1000;
const element = (id) => document.getElementById(id);
const cropper = new Cropper();
const state = { busy: false, looking: null, sending: null, listedAt: 0, lists: 0 };

function show(step) {
  for (const section of document.querySelectorAll("[data-step]")) section.hidden = section.dataset.step !== step;
  document.querySelector(`[data-step="${step}"] h2[tabindex]`)?.focus();
}

function tell(sentence) {
  element("notice").textContent = sentence;
  refuse("");
}

function refuse(sentence, again) {
  const [text, button] = element("refusal").children;
  text.textContent = sentence;
  button.hidden = !again;
  button.onclick = again ?? null;
  if (sentence) {
    element("notice").textContent = "";
    element("refusal").scrollIntoView({ block: "nearest" });
  }
}

// One thing at a time: a second click, or a second picture, while something is under way is no new wish.
// Bringing the lists up to date is none of it: a yes that is said meanwhile must be heard.
async function attempt(work, pressed) {
  if (state.busy) return;
  state.busy = true;
  if (pressed) pressed.disabled = true;
  try {
    await work();
  } catch (error) {
    const known = error instanceof Refusal ? error : new Refusal("trouble", words.trouble);
    const worthAnotherTry = ["lost", "trouble", "storage_unavailable", "database_unavailable"].includes(known.code);
    refuse(known.message, worthAnotherTry ? () => attempt(work, pressed) : null);
    if (!(error instanceof Refusal)) console.error(error);
  } finally {
    state.busy = false;
    if (pressed) pressed.disabled = false;
  }
}

async function list() {
  const turn = ++state.lists;
  const uploads = await allUploads();
  if (turn !== state.lists) return uploads; // a later question may have been answered first
  state.listedAt = Date.now();
  showUploads(uploads, { looking: state.looking?.id, onLook: look, onDrop: drop, onAgain: again });
  return uploads;
}

// Not an attempt: whatever is chosen or pressed while the list is still on its way must not be lost.
const refresh = () => list().catch((refusal) => refuse(refusal.message, refresh));

function send(file) {
  if (file.size > maxBytes) return refuse(words.tooLarge);
  return attempt(async () => {
    tell("");
    state.sending = new AbortController();
    progress(0);
    show("progress");
    try {
      look(await sendPicture(file, { onProgress: progress, signal: state.sending.signal }));
      refresh();
    } catch (refusal) {
      show(state.looking ? "crop" : "choose");
      // It may have arrived, or others wait already: what waits is listed either way.
      if (!["lost", "stopped"].includes(refusal.code)) await list().catch(() => null);
      throw refusal;
    }
  });
}

function progress(share) {
  const percent = Math.round(100 * share);
  element("progress").value = percent;
  element("progress-text").textContent = share < 1 ? say("sending", { percent }) : words.working;
}

function look(upload) {
  state.looking = upload;
  cropper.show(upload);
  element("waits-until").textContent = say("waitsUntil", { date: readable(upload.expires_at) });
  tell(words.ready);
  show("crop");
}

function leave() {
  state.looking = null;
  show("choose");
}

function confirm() {
  return attempt(async () => {
    const { id } = state.looking;
    try {
      const { message } = await confirmUpload(id, cropper.crop);
      changed(message);
    } catch (refusal) {
      if (refusal.code !== "upload_not_found_or_confirmed") throw refusal;
      // An answer that was lost on its way: the yes before this one was heard.
      const uploads = await list();
      if (uploads.some((upload) => upload.id === id && upload.is_current)) return changed(words.today);
      leave();
      throw new Refusal("gone", words.gone);
    }
  }, element("confirm"));
}

function changed(message) {
  leave();
  tell(message);
  window.scrollTo({ top: 0 });
  refresh();
}

function again(upload, pressed) {
  return attempt(async () => changed((await useAgain(upload.id)).message), pressed);
}

function drop(upload, pressed) {
  return attempt(async () => {
    await dropUpload(upload.id).catch((refusal) => {
      if (refusal.code !== "upload_not_found") throw refusal;
    });
    if (state.looking?.id === upload.id) leave();
    tell(words.dropped);
    refresh();
  }, pressed);
}

listenForPictures({ onPicture: send, onNothing: () => refuse(words.noPicture) });
listenForCamera({ onOpen: () => tell(""), onPicture: send, onRefused: () => refuse(words.cameraRefused) });
element("confirm").addEventListener("click", confirm);
element("start-again").addEventListener("click", (event) => drop(state.looking, event.currentTarget));
element("stop").addEventListener("click", () => state.sending.abort());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && Date.now() - state.listedAt > LINKS_LAST_MS) refresh();
});
// Hidden until now: a button that does nothing yet would be pressed twice.
show("choose");
refresh();
