// Photos by the hundred: many files or a folder become one zip here, which is sent in pieces and goes on after
// a lost line (tus). And the fields that name a student suggest some while somebody types.
const PIECE = 8 * 1024 * 1024;
const PAUSE = 3000;
const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit += 1) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

function numbers(...parts) {
  const view = new DataView(new ArrayBuffer(parts.reduce((sum, [size]) => sum + size, 0)));
  let at = 0;
  for (const [size, value] of parts) {
    if (size === 4) view.setUint32(at, value, true);
    else view.setUint16(at, value, true);
    at += size;
  }
  return view.buffer;
}

// A zip that packs nothing: the browser reads the files when it sends them, and holds one at a time.
async function zipped(files, tell) {
  const parts = [];
  const directory = [];
  let offset = 0;
  let done = 0;
  for (const { path, file } of files) {
    const name = new TextEncoder().encode(path);
    const crc = crc32(new Uint8Array(await file.arrayBuffer()));
    const said = [[2, 20], [2, 0x800], [2, 0], [2, 0], [2, 33], [4, crc], [4, file.size], [4, file.size]];
    parts.push(numbers([4, 0x04034b50], ...said, [2, name.length], [2, 0]), name, file);
    directory.push(
      numbers([4, 0x02014b50], [2, 20], ...said, [2, name.length], [2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]),
      name,
    );
    offset += 30 + name.length + file.size;
    done += 1;
    tell(done, files.length);
  }
  const size = new Blob(directory).size;
  const end = numbers([4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size], [4, offset], [2, 0]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

function request(method, url, body, headers, onProgress) {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest();
    asked.open(method, url);
    for (const [name, value] of Object.entries(headers)) asked.setRequestHeader(name, value);
    if (onProgress) asked.upload.addEventListener("progress", (event) => onProgress(event.loaded, event.total));
    asked.addEventListener("load", () => resolve(asked));
    asked.addEventListener("error", () => reject(new TypeError("network")));
    asked.send(body);
  });
}

const pause = () => new Promise((resolve) => { window.setTimeout(resolve, PAUSE); });

class Upload {
  constructor(form) {
    this.form = form;
    this.token = form.querySelector("[name=csrfmiddlewaretoken]").value;
    this.bar = form.querySelector("[data-bar]");
    this.told = form.querySelector("[data-told]");
    this.dropped = [];
  }

  tell(text) { this.told.textContent = text; }

  sent(bytes, total) {
    const percent = Math.floor((100 * bytes) / total);
    this.bar.hidden = false;
    this.bar.value = percent;
    this.tell(this.form.dataset.sending.replace("{percent}", percent));
  }

  files() {
    const chosen = [...this.form.querySelectorAll("input[type=file]")].flatMap((input) => [...input.files]);
    return [
      ...chosen.map((file) => ({ path: file.webkitRelativePath || file.name, file })),
      ...this.dropped,
    ];
  }

  async begin() {
    const files = this.files();
    if (!files.length) return;
    for (const button of this.form.querySelectorAll("button, input")) button.disabled = true;
    try {
      const id = await this.send(files);
      window.location.assign(`${this.form.dataset.page}${id}/`);
    } catch (error) {
      this.tell(error.message === "network" ? this.form.dataset.failed : error.message);
      for (const button of this.form.querySelectorAll("button, input")) button.disabled = false;
    }
  }

  async send(files) {
    const isZip = ({ path }) => path.toLowerCase().endsWith(".zip");
    if (files.length > 1 && files.some(isZip)) return this.sendForm(files.map(({ file }) => ["files", file, file.name]));
    const { packing } = this.form.dataset;
    const tell = (done, total) => this.tell(packing.replace("{done}", done).replace("{total}", total));
    const blob = isZip(files[0]) ? files[0].file : await zipped(files, tell);
    // A folder's name, but no photo's: that may be a child's.
    const [folder, inside] = files[0].path.split("/");
    const filename = isZip(files[0]) ? files[0].path : `${inside ? folder.slice(0, 200) : "photos"}.zip`;
    const body = JSON.stringify({ filename, size: blob.size });
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.token };
    const answer = await request("POST", this.form.dataset.announce, body, headers);
    const said = JSON.parse(answer.responseText);
    if (answer.status === 409 && said.code === "no_tus_here") return this.sendForm([["file", blob, filename]]);
    if (answer.status !== 201) throw new Error(said.detail);
    await this.sendPieces(new URL(said.upload_url).pathname, blob);
    return said.id;
  }

  async sendForm(parts) {
    const form = new FormData();
    for (const part of parts) form.append(...part);
    const answer = await request("POST", this.form.dataset.announce, form, { "X-CSRFToken": this.token }, (...how) => this.sent(...how));
    const said = JSON.parse(answer.responseText);
    if (answer.status !== 201) throw new Error(said.detail);
    return said.id;
  }

  async sendPieces(url, blob) {
    let offset = 0;
    while (offset < blob.size) {
      try {
        const headers = {
          "Content-Type": "application/offset+octet-stream",
          "Tus-Resumable": "1.0.0",
          "Upload-Offset": offset,
          "X-CSRFToken": this.token,
        };
        const begin = offset;
        const piece = blob.slice(begin, begin + PIECE);
        const answer = await request("PATCH", url, piece, headers, (loaded) => this.sent(begin + loaded, blob.size));
        if (answer.status === 204) offset = Number(answer.getResponseHeader("Upload-Offset"));
        else if (answer.status >= 500 || answer.status === 409 || answer.status === 423) throw new TypeError("network");
        else throw new Error(JSON.parse(answer.responseText).detail);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        this.tell(this.form.dataset.waiting);
        await pause();
        const where = await request("HEAD", url, null, { "Tus-Resumable": "1.0.0" }).catch(() => null);
        if (where?.status === 200) offset = Number(where.getResponseHeader("Upload-Offset"));
        else if (where && where.status < 500) throw new Error(this.form.dataset.failed);
      }
    }
  }

  async drop(items) {
    this.dropped = [];
    const read = async (entry) => {
      if (entry.isFile) {
        const file = await new Promise((resolve, reject) => { entry.file(resolve, reject); });
        this.dropped.push({ path: entry.fullPath.replace(/^\//, ""), file });
        return;
      }
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
        if (!some.length) return;
        for (const inner of some) await read(inner);
      }
    };
    for (const entry of items) await read(entry);
    this.begin();
  }
}

document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("[data-photos-upload]");
  if (form) {
    const upload = new Upload(form);
    for (const element of form.querySelectorAll("[data-needs-script]")) element.hidden = false;
    form.addEventListener("submit", (event) => { event.preventDefault(); upload.begin(); });
    // The admin's own script expects its own markup around every file field.
    form.addEventListener("change", (event) => event.stopPropagation(), true);
    const zone = form.querySelector("[data-dropzone]");
    for (const kind of ["dragover", "dragleave", "drop"]) {
      zone.addEventListener(kind, (event) => {
        event.preventDefault();
        zone.classList.toggle("admin-drop", kind === "dragover");
        if (kind !== "drop") return;
        upload.drop([...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean));
      });
    }
  }
  const page = document.querySelector("[data-find]");
  const list = document.querySelector("#students-found");
  if (!page || !list) return;
  let asked = 0;
  for (const field of page.querySelectorAll("[data-student]")) {
    field.addEventListener("input", async () => {
      asked += 1;
      const mine = asked;
      const answer = await fetch(`${page.dataset.find}?q=${encodeURIComponent(field.value)}`);
      if (!answer.ok || mine !== asked) return;
      const { students } = await answer.json();
      if (mine !== asked) return;
      list.replaceChildren(...students.map(({ text }) => Object.assign(document.createElement("option"), { value: text })));
    });
    // Enter chooses this row's student, and not the first button of the page.
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      field.closest("p").querySelector("button").click();
    });
  }
});
