// Matching by eye: one photo at a time, by key, mouse or touch. Every pick is sent at once and kept by the server.
const root = document.querySelector("[data-eye]");
const items = [...root.querySelectorAll("[data-item]")];
const panel = root.querySelector("[data-search-panel]");
const typed = root.querySelector("[data-typed]");
const inClass = root.querySelector("[data-class]");
const found = root.querySelector("[data-found]");
const help = root.querySelector("[data-help]");
const undoable = [];
let at = 0;
let asked = 0;
let searched = Promise.resolve();
let sending = Promise.resolve("");

const say = (sentence) => { root.querySelector("[data-status]").textContent = sentence; };
const now = () => items[at];
const isSearching = () => panel && (typed.value.trim() !== "" || inClass.value !== "");
const cards = () => [...(isSearching() ? found : now()).querySelectorAll(".eye-card")];
const chosen = () => cards().find((card) => card.classList.contains("eye-chosen"));

function show(index) {
  at = index;
  for (const item of items) item.classList.toggle("eye-now", item === now());
  const left = items.filter((item) => !item.dataset.decided).length;
  root.querySelector("[data-left-count]").textContent = root.dataset.left.replace("{n}", left);
  clearSearch();
  if (panel) now().querySelector(".eye-side").append(panel);
  now().querySelector("h2").focus({ preventScroll: true });
}

// The next photo of which nothing was said: after this one, else from the beginning.
function next(also) {
  const open = (item) => !item.dataset.decided && !item.dataset.later;
  const order = [...items.slice(at + 1), ...items.slice(0, at)];
  const following = order.find(open) ?? (also ? undefined : order.find((item) => !item.dataset.decided));
  if (following) return show(items.indexOf(following));
  show(at);
  say(`${root.querySelector("[data-status]").textContent} ${root.dataset.last}`);
  root.querySelector("[data-picks]").focus();
}

// One after the other: a choice and its undoing must arrive in their order.
function send(item, student) {
  sending = sending.then(() => post(item, student));
  return sending;
}

async function post(item, student) {
  const body = new FormData(item);
  body.set("student", student);
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  if (cookie) body.set("csrfmiddlewaretoken", cookie[1]);  // another one since somebody signed in again
  try {
    const answer = await fetch(item.action, { method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual" });
    if (answer.status === 204) return "";
    return answer.status === 409 ? await answer.text() : root.dataset.unsaved;
  } catch {
    return root.dataset.unsaved;
  }
}

function mark(item, name) {
  item.dataset.decided = name ? "yes" : "";
  item.querySelector("[data-pick]").textContent = name;
  for (const caption of root.querySelectorAll("[data-name-of]")) {
    if (caption.dataset.nameOf === item.dataset.item) caption.textContent = name;
  }
}

async function pick(student, name) {
  const item = now();
  const before = item.querySelector("[data-pick]").textContent;
  mark(item, name);
  undoable.push(item);
  say(student === "nobody" ? root.dataset.nobody : root.dataset.said.replace("{name}", name));
  next();
  const refused = await send(item, student);
  if (!refused) return;
  mark(item, before);
  undoable.splice(undoable.lastIndexOf(item), 1);
  show(items.indexOf(item));
  say(refused);
}

async function undo() {
  const item = undoable.pop() ?? now();
  const before = item.querySelector("[data-pick]").textContent;
  if (!before) return;
  mark(item, "");
  show(items.indexOf(item));
  say(root.dataset.undone);
  const refused = await send(item, "");
  if (refused) { mark(item, before); say(refused); }
}

function later() {
  now().dataset.later = "yes";
  say(root.dataset.later);
  next();
}

function choose(step) {
  const all = cards();
  if (!all.length) return;
  const from = all.indexOf(chosen());
  const to = from < 0 ? (step > 0 ? 0 : all.length - 1) : (from + step + all.length) % all.length;
  all.forEach((card, index) => card.classList.toggle("eye-chosen", index === to));
  all[to].scrollIntoView({ block: "nearest" });
  say(all[to].dataset.name);
}

function clearSearch() {
  if (!panel) return;
  typed.value = "";
  searched = search();
}

async function search() {
  const mine = ++asked;
  const cardsHere = now().querySelector("[data-cards]");
  if (cardsHere) cardsHere.hidden = isSearching();
  if (!isSearching()) return found.replaceChildren();
  chosen()?.classList.remove("eye-chosen");
  const query = new URLSearchParams({ q: typed.value, class: inClass.value });
  const answer = await fetch(`${root.dataset.search}?${query}`, { redirect: "manual" }).catch(() => null);
  if (mine !== asked) return;
  if (!answer || !answer.ok) return say(root.dataset.unsaved);
  found.innerHTML = await answer.text();
  if (mine !== asked) return;
  // The best one is chosen by Enter; without a word typed, nobody is better than the others.
  if (typed.value.trim()) found.querySelector(".eye-card")?.classList.add("eye-chosen");
  say(found.querySelector(".eye-card")?.dataset.name ?? root.dataset.none);
}

function toggleHelp() {
  help.hidden = !help.hidden;
  root.querySelector("[data-help-button]").setAttribute("aria-expanded", String(!help.hidden));
}

const COMMANDS = {
  s: later, n: () => pick("nobody", root.dataset.nobody), u: undo, "?": toggleHelp,
  ArrowLeft: () => show(Math.max(at - 1, 0)), ArrowRight: () => show(Math.min(at + 1, items.length - 1)),
  ArrowUp: () => choose(-1), ArrowDown: () => choose(1), Enter: async () => { await searched; chosen()?.click(); },
  "/": () => typed.focus(), Escape: () => { clearSearch(); now().querySelector("h2").focus(); },
};
const WHILE_TYPING = ["ArrowUp", "ArrowDown", "Enter", "Escape"];

function pressed(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target === inClass) return;
  const isTyping = event.target === typed;
  const onButton = event.target.closest("button, a, summary") && root.contains(event.target);
  if (!isTyping && (event.target.closest("input, textarea, select") || !root.isConnected)) return;
  if (event.key === "Enter" && onButton) return;
  if (!panel && !["ArrowLeft", "ArrowRight", "?"].includes(event.key)) return;
  const digit = /^[1-6]$/.test(event.key) && !isTyping;
  const command = COMMANDS[event.key];
  if (digit) {
    event.preventDefault();
    cards()[Number(event.key) - 1]?.click();
  } else if (command && (!isTyping || WHILE_TYPING.includes(event.key))) {
    event.preventDefault();
    command();
  } else if (!isTyping && /^\p{L}$/u.test(event.key)) {
    typed.focus();  // the letter arrives there
  }
}

function submitted(event) {
  event.preventDefault();
  const button = event.submitter;
  if (!button) return;
  if (button.hasAttribute("data-undo")) undo();
  else pick(button.value, button.dataset.name);
}

if (items.length) {
  root.classList.add("eye-is-on");
  if (panel) panel.hidden = false;
  document.addEventListener("keydown", pressed);
  for (const item of items) {
    item.addEventListener("submit", submitted);
    item.querySelector("[data-later-button]")?.addEventListener("click", later);
    for (const button of item.querySelectorAll("[data-go]")) {
      const to = items.findIndex((one) => one.dataset.item === button.dataset.go);
      if (to >= 0) button.addEventListener("click", () => show(to));
      else button.disabled = true;  // it is known already
    }
  }
  typed?.addEventListener("input", () => { searched = search(); });
  inClass?.addEventListener("change", () => { searched = search(); });
  const first = items.findIndex((item) => !item.dataset.decided);
  show(Math.max(first, 0));
}
root.querySelector("[data-picks]").addEventListener("click", async (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const { href } = event.currentTarget;
  event.preventDefault();
  if (!(await sending)) window.location.assign(href);
});
root.querySelector("[data-help-button]").addEventListener("click", toggleHelp);
