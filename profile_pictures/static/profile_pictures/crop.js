// The square on the picture: dragged by mouse or finger, or set with three sliders.
// All measures are pixels of the preview; on the screen everything is a percentage, so resizing costs nothing.

const MIN_SIDE = 96;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const percent = (part, whole) => `${(100 * part) / whole}%`;
const element = (id) => document.getElementById(id);

export class Cropper {
  constructor() {
    this.stage = element("stage");
    this.image = element("stage-image");
    this.square = element("square");
    this.sliders = { size: element("crop-size"), x: element("crop-x"), y: element("crop-y") };
    this.previews = [...document.querySelectorAll(".preview img")];
    this.stage.addEventListener("pointerdown", (event) => this.#grab(event));
    this.stage.addEventListener("pointermove", (event) => this.#drag(event));
    for (const end of ["pointerup", "pointercancel"]) {
      this.stage.addEventListener(end, () => { this.grabbed = null; });
    }
    for (const [name, slider] of Object.entries(this.sliders)) {
      slider.addEventListener("input", () => this.#slide(name, slider.valueAsNumber / 100));
    }
  }

  // A portrait's face is above its middle, so the first square stands a little higher.
  show({ preview_url: url, width, height }) {
    Object.assign(this, { width, height, grabbed: null });
    const size = Math.min(width, height);
    this.smallest = Math.min(MIN_SIDE, size);
    for (const image of [this.image, ...this.previews]) image.src = url;
    this.#place({ x: (width - size) / 2, y: (height - size) / 3, size });
  }

  // What the API takes; null where the square is the whole picture.
  get crop() {
    const { x, y, size } = this.at;
    return size === this.width && size === this.height ? null : { x, y, size };
  }

  #place({ x, y, size }) {
    size = Math.round(clamp(size, this.smallest, Math.min(this.width, this.height)));
    x = Math.round(clamp(x, 0, this.width - size));
    y = Math.round(clamp(y, 0, this.height - size));
    this.at = { x, y, size };
    Object.assign(this.square.style, {
      left: percent(x, this.width), top: percent(y, this.height), width: percent(size, this.width),
    });
    for (const image of this.previews) {
      Object.assign(image.style, {
        left: percent(-x, size), top: percent(-y, size), width: percent(this.width, size),
      });
    }
    this.#showOnSliders();
  }

  #showOnSliders() {
    const { x, y, size } = this.at;
    const rooms = {
      size: [size - this.smallest, Math.min(this.width, this.height) - this.smallest],
      x: [x, this.width - size],
      y: [y, this.height - size],
    };
    for (const [name, [value, room]] of Object.entries(rooms)) {
      this.sliders[name].value = room ? (100 * value) / room : 0;
      this.sliders[name].disabled = !room;
    }
  }

  #slide(name, share) {
    const { x, y, size } = this.at;
    if (name === "x") this.#place({ x: share * (this.width - size), y, size });
    else if (name === "y") this.#place({ x, y: share * (this.height - size), size });
    else this.#resize(this.smallest + share * (Math.min(this.width, this.height) - this.smallest));
  }

  // Around its middle.
  #resize(size) {
    const { x, y, size: before } = this.at;
    this.#place({ x: x + (before - size) / 2, y: y + (before - size) / 2, size });
  }

  #point(event) {
    const box = this.stage.getBoundingClientRect();
    const scale = this.width / box.width;
    return { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
  }

  #grab(event) {
    if (!event.isPrimary || event.button > 0) return;
    const resizing = event.target.id === "handle";
    // Beside the square: no finger is caught there, so that the page can be scrolled over the picture.
    if (!resizing && !this.square.contains(event.target)) return;
    event.preventDefault();
    this.stage.setPointerCapture(event.pointerId);
    this.grabbed = { from: this.#point(event), at: this.at, resizing };
  }

  #drag(event) {
    if (!this.grabbed || !event.isPrimary) return;
    const { from, at, resizing } = this.grabbed;
    const now = this.#point(event);
    const [right, down] = [now.x - from.x, now.y - from.y];
    if (!resizing) return this.#place({ ...at, x: at.x + right, y: at.y + down });
    // The upper left corner stays, so the square may grow only as far as the picture goes from there.
    const room = Math.min(this.width - at.x, this.height - at.y);
    this.#place({ ...at, size: Math.min(at.size + (right + down) / 2, room) });
  }
}
