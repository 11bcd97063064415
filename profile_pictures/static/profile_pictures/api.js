// The public REST API, by session and CSRF token. Every failure is a Refusal with a sentence for a person.

const place = document.getElementById("my-picture").dataset;
export const words = JSON.parse(document.getElementById("words").textContent);
export const maxBytes = Number(place.maxBytes);

export class Refusal extends Error {
  constructor(code, sentence) {
    super(sentence);
    this.code = code;
  }
}

export const say = (name, values = {}) =>
  words[name].replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");

const csrfToken = () => document.querySelector("[name=csrfmiddlewaretoken]").value;

function refusal(status, body) {
  if (status === 401 || body?.code === "csrf_failed") return new Refusal("signed_out", words.signedOut);
  if (body?.detail) return new Refusal(body.code, body.detail);
  return new Refusal("trouble", words.trouble);
}

async function call(method, address, body) {
  let answer;
  try {
    answer = await fetch(address, {
      method,
      credentials: "same-origin",
      headers: { "X-CSRFToken": csrfToken(), ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Refusal("lost", words.lost);
  }
  const said = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw refusal(answer.status, said);
  return said;
}

export const confirmUpload = (id, crop) => call("POST", place.confirm, { upload_id: id, crop });
export const dropUpload = (id) => call("DELETE", `${place.uploads}${id}/`);
export const useAgain = (id) => call("POST", `${place.uploads}${id}/revert/`);

// All pages of one's own uploads, the newest first.
export async function allUploads() {
  const found = [];
  let query = "";
  do {
    const page = await call("GET", place.uploads + query);
    found.push(...page.results);
    query = page.next ? new URL(page.next).search : "";
  } while (query);
  return found;
}

// fetch cannot tell how much of a body is sent. `onProgress` gets a share from 0 to 1; `signal` stops it.
export function sendPicture(file, { onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", place.upload);
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded / event.total));
    request.addEventListener("load", () => {
      if (request.status === 201 && request.response) resolve(request.response);
      else reject(refusal(request.status, request.response));
    });
    request.addEventListener("error", () => reject(new Refusal("lost", words.lost)));
    request.addEventListener("abort", () => reject(new Refusal("stopped", words.stopped)));
    signal.addEventListener("abort", () => request.abort());
    const form = new FormData();
    form.append("image", file, file.name || "picture");
    request.send(form);
  });
}
