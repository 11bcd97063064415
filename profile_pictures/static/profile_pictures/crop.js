// The square on the picture: dragged by mouse or finger, pinched by two, or set with three sliders.
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
      this.stage.addEventListener(end, (event) => this.#release(event));
    }
    for (const [name, slider] of Object.entries(this.sliders)) {
      slider.addEventListener("input", () => this.#slide(name, slider.valueAsNumber / 100));
    }
  }

  // A portrait's face is above its middle, so the first square stands a little higher.
  show({ preview_url: url, width, height }) {
    Object.assign(this, { width, height, grabbed: null, fingers: new Map() });
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
    if (event.button > 0 || this.fingers.size === 2) return;
    const resizing = event.target.id === "handle";
    // Beside the square one finger scrolls the page over the picture; a second one may pinch from there.
    if (!this.fingers.size && !resizing && !this.square.contains(event.target)) return;
    event.preventDefault();
    this.stage.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, this.#point(event));
    this.#hold(resizing);
  }

  #release(event) {
    if (this.fingers?.delete(event.pointerId)) this.#hold(false);
  }

  // From here on movements count from where the fingers and the square are now.
  #hold(resizing) {
    this.grabbed = this.fingers.size ? { from: [...this.fingers.values()], at: this.at, resizing } : null;
  }

  #drag(event) {
    if (!this.grabbed || !this.fingers.has(event.pointerId)) return;
    this.fingers.set(event.pointerId, this.#point(event));
    const { from: [before, second], at, resizing } = this.grabbed;
    const [now, other] = this.fingers.values();
    if (other) return this.#pinch([before, second], [now, other], at);
    const [right, down] = [now.x - before.x, now.y - before.y];
    if (!resizing) return this.#place({ ...at, x: at.x + right, y: at.y + down });
    // The upper left corner stays, so the square may grow only as far as the picture goes from there.
    const room = Math.min(this.width - at.x, this.height - at.y);
    this.#place({ ...at, size: Math.min(at.size + (right + down) / 2, room) });
  }

  // The square grows with the distance of two fingers and follows the point between them.
  #pinch(before, now, at) {
    const distance = ([one, two]) => Math.max(1, Math.hypot(one.x - two.x, one.y - two.y));
    const middle = ([one, two]) => ({ x: (one.x + two.x) / 2, y: (one.y + two.y) / 2 });
    const most = Math.min(this.width, this.height);
    const size = clamp((at.size * distance(now)) / distance(before), this.smallest, most);
    const [start, end] = [middle(before), middle(now)];
    const shrink = (at.size - size) / 2;
    this.#place({ x: at.x + shrink + end.x - start.x, y: at.y + shrink + end.y - start.y, size });
  }
}
