// Where a picture comes from: a chosen file, one that is dragged in or pasted, or the camera.

const element = (id) => document.getElementById(id);

export function listenForPictures({ onPicture, onNothing }) {
  const take = (files) => {
    const file = [...files].find((found) => found.type.startsWith("image/") || /\.(hei[cf]|avif)$/i.test(found.name));
    // Something else is sent as well: the service says best why it is not a picture.
    if (file ?? files[0]) onPicture(file ?? files[0]);
    else onNothing();
  };
  for (const input of [element("file"), element("capture")]) {
    input.addEventListener("change", () => {
      if (input.files.length) take(input.files);
      input.value = ""; // so that the same file can be chosen again
    });
  }
  element("choose-file").addEventListener("click", () => element("file").click());
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) take(event.clipboardData.files);
    else onNothing();
  });
  const zone = element("drop-zone");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) zone.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    take(event.dataTransfer.files);
  });
}

export function listenForCamera({ onOpen, onPicture, onRefused }) {
  const dialog = element("camera");
  const video = dialog.querySelector("video");
  let stream = null;
  element("open-camera").addEventListener("click", async () => {
    onOpen();
    // Without a secure context there is no camera for pages; a phone's own camera app still works.
    if (!navigator.mediaDevices?.getUserMedia) return element("capture").click();
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "user", width: { ideal: 1920 }, height: { ideal: 1080 } },
      });
    } catch {
      return onRefused();
    }
    video.srcObject = stream;
    dialog.showModal();
    await video.play();
  });
  element("shoot").addEventListener("click", async () => {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext("2d").drawImage(video, 0, 0);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95));
    dialog.close();
    if (blob) onPicture(new File([blob], "camera.jpg", { type: "image/jpeg" }));
    else onRefused();
  });
  element("close-camera").addEventListener("click", () => dialog.close());
  // Also after Escape: no camera stays on unseen.
  dialog.addEventListener("close", () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    video.srcObject = null;
  });
}
